//! How tokens write an Ed25519 public key and its curve. PKCS#11 3.0 §2.3.5 says one thing, tokens do several.

/// Object identifier 1.3.101.112 (RFC 8410 §3), and the names in a `PrintableString` (PKCS#11 3.0 §2.3.5).
const OID: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
const NAME: &[u8] = b"\x13\x0cedwards25519";
/// An older object identifier of the same curve, 1.3.6.1.4.1.11591.15.1, which some tokens write.
const OLD_OID: &[u8] = &[0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];
/// Tag and length of an OCTET STRING, and of a BIT STRING, around 32 bytes.
const OCTETS: &[u8] = &[0x04, 0x20];
const BITS: &[u8] = &[0x03, 0x21, 0x00];

/// Whether `CKA_EC_PARAMS` is that of Ed25519.
pub(super) fn is_ed25519(params: &[u8]) -> bool {
    [OID, NAME, OLD_OID].contains(&params)
}

/// The 32 bytes in `CKA_EC_POINT`: bare, or wrapped in an OCTET STRING or a BIT STRING.
pub(super) fn public_key(content: &[u8]) -> Option<[u8; 32]> {
    let bare =
        [OCTETS, BITS].into_iter().find_map(|wrapping| content.strip_prefix(wrapping).filter(|rest| rest.len() == 32));
    bare.unwrap_or(content).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_bare_and_wrapped() {
        let key = [7; 32];
        for wrapping in [&[][..], OCTETS, BITS] {
            assert_eq!(public_key(&[wrapping, &key[..]].concat()), Some(key), "{wrapping:?}");
        }
    }

    #[test]
    fn a_bare_point_that_begins_like_a_wrapping_is_read_as_it_is() {
        let mut key = [7; 32];
        key[..2].copy_from_slice(OCTETS);
        assert_eq!(public_key(&key), Some(key));
    }

    #[test]
    fn what_is_no_point_of_ed25519_is_refused() {
        for length in [0, 31, 33, 57, 65] {
            assert_eq!(public_key(&vec![4; length]), None, "{length}");
        }
        assert_eq!(public_key(&[OCTETS, &[7; 31]].concat()), None);
    }

    #[test]
    fn only_the_curve_of_ed25519_is_taken() {
        for curve in [OID, NAME, OLD_OID] {
            assert!(is_ed25519(curve));
        }
        let (p256, ed448): (&[u8], &[u8]) =
            (&[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], &[0x06, 0x03, 0x2b, 0x65, 0x71]);
        for curve in [p256, ed448, b"\x13\x0acurve25519", b"\x13\x0aedwards448", &[]] {
            assert!(!is_ed25519(curve), "{curve:?}");
        }
    }
}
