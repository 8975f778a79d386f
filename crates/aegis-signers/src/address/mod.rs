//! Where a signing key is: one line, such as `vault:transit/licenses?version=3`.

mod pkcs11_uri;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aegis_issuer::keyfile::KeyId;

use crate::Error;
pub use pkcs11_uri::Pkcs11Key;

const FORMS: &str = "write file:PATH, vault:MOUNT/KEY?version=N, pkcs11:token=NAME;object=NAME?module-path=FILE or \
                     awskms:KEY, each with #KID behind it if the key has an id of its own";
const VAULT_FORM: &str =
    "write vault:MOUNT/KEY?version=N; `bao read MOUNT/keys/KEY` (or `vault read`) shows the versions of the key";

/// The address of a signing key. `Display` leaves out what others need not know, such as the file with the PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerAddress {
    place: Place,
    kid: Option<KeyId>,
}

/// The kinds of places.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A key file, or a folder of them.
    File(PathBuf),
    /// A key of the transit engine of Vault or OpenBao.
    Vault(VaultKey),
    /// A key in an HSM or a token.
    Pkcs11(Pkcs11Key),
    /// A key in AWS KMS.
    AwsKms(KmsKey),
}

/// One version of a key of Vault's transit engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultKey {
    pub(crate) mount: String,
    pub(crate) name: String,
    pub(crate) version: u32,
}

/// The id, the ARN or the alias of a key in AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKey(pub(crate) String);

impl SignerAddress {
    /// The place.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The id of the key, where the address names one. Otherwise it is the key's thumbprint (RFC 7638); of key files
    /// without certificate it is the name of the file.
    #[must_use]
    pub fn kid(&self) -> Option<&KeyId> {
        self.kid.as_ref()
    }

    /// The address of a folder of key files, or of one.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self { place: Place::File(path.to_owned()), kid: None }
    }
}

impl FromStr for SignerAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (text, kid) = match text.rsplit_once('#') {
            Some((place, kid)) => (place, Some(parse_kid(kid)?)),
            None => (text, None),
        };
        let (scheme, rest) = text.split_once(':').ok_or_else(|| Error::bad_address("it has no colon", FORMS))?;
        let place = match scheme {
            "file" => Place::File(file(rest)?),
            "vault" => Place::Vault(vault(rest)?),
            "pkcs11" => Place::Pkcs11(pkcs11_uri::parse(rest)?),
            "awskms" => Place::AwsKms(kms(rest)?),
            _ => return Err(Error::bad_address("it begins with no known word and a colon", FORMS)),
        };
        Ok(Self { place, kid })
    }
}

impl fmt::Display for SignerAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => write!(out, "file:{}", path.display())?,
            Place::Vault(key) => write!(out, "{key}")?,
            Place::Pkcs11(key) => write!(out, "{key}")?,
            Place::AwsKms(key) => write!(out, "{key}")?,
        }
        self.kid.as_ref().map_or(Ok(()), |kid| write!(out, "#{kid}"))
    }
}

impl fmt::Display for VaultKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "vault:{}/{}?version={}", self.mount, self.name, self.version)
    }
}

impl fmt::Display for KmsKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "awskms:{}", self.0)
    }
}

fn parse_kid(text: &str) -> Result<KeyId, Error> {
    text.parse().map_err(|error: aegis_issuer::Error| {
        Error::bad_address(format!("what stands behind # is no key id ({error})"), error.remedy())
    })
}

fn file(path: &str) -> Result<PathBuf, Error> {
    let missing = || Error::bad_address("it names no file", "write file:PATH, such as file:/etc/aegis/keys");
    if path.is_empty() { Err(missing()) } else { Ok(path.into()) }
}

fn vault(rest: &str) -> Result<VaultKey, Error> {
    let wrong = |what: &str| Error::bad_address(what, VAULT_FORM);
    let (path, query) = rest.split_once('?').ok_or_else(|| wrong("the version of the key in Vault is missing"))?;
    let number = query.strip_prefix("version=").ok_or_else(|| wrong("behind ? stands something else than version="))?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let version = number.parse().ok().filter(|version| digits && *version > 0);
    let version = version.ok_or_else(|| wrong("the version of the key in Vault is no number from 1 on"))?;
    let (mount, name) = path.rsplit_once('/').ok_or_else(|| wrong("the mount and the key are not divided by /"))?;
    if !mount.split('/').chain([name]).all(is_segment) {
        return Err(wrong("the mount or the key in Vault has other characters than A-Z a-z 0-9 . _ -, or is empty"));
    }
    Ok(VaultKey { mount: mount.to_owned(), name: name.to_owned(), version })
}

/// What can stand in a path of Vault as it is. A dot alone or two would be another path.
fn is_segment(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed) && text != "." && text != ".."
}

fn kms(key: &str) -> Result<KmsKey, Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
    if (1..=2048).contains(&key.len()) && key.bytes().all(allowed) {
        return Ok(KmsKey(key.to_owned()));
    }
    let remedy = "write awskms: and the key's id, its ARN, or alias/NAME";
    Err(Error::bad_address("it names no key of AWS KMS", remedy))
}

impl KmsKey {
    /// The region that an ARN names.
    pub(crate) fn region(&self) -> Option<&str> {
        let mut parts = self.0.split(':');
        let is_arn = parts.next() == Some("arn") && parts.nth(1) == Some("kms");
        parts.next().filter(|region| is_arn && !region.is_empty())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn parsed(text: &str) -> SignerAddress {
        text.parse().unwrap()
    }

    fn refused(text: &str, what: &str) {
        let error = text.parse::<SignerAddress>().unwrap_err();
        let told = error.to_string();
        assert!(matches!(error, Error::BadAddress { .. }) && told.contains(what), "{text}: {told}");
        assert!(!error.remedy().is_empty());
    }

    #[test]
    fn each_kind_of_place_is_read() {
        assert_eq!(parsed("file:/etc/aegis/keys").place(), &Place::File("/etc/aegis/keys".into()));
        assert_eq!(parsed("file:keys/a.private.pem#acme-1").kid().unwrap().as_str(), "acme-1");
        let key = VaultKey { mount: "eng/transit".to_owned(), name: "lic-1".to_owned(), version: 12 };
        assert_eq!(parsed("vault:eng/transit/lic-1?version=12").place(), &Place::Vault(key));
        for key in ["alias/acme", "1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:eu-west-1:111122223333:key/12"] {
            assert_eq!(parsed(&format!("awskms:{key}")).place(), &Place::AwsKms(KmsKey(key.to_owned())));
        }
    }

    #[test]
    fn an_address_is_shown_as_it_is_written() {
        for text in ["file:/a/b#k1", "vault:transit/lic?version=3#k1", "awskms:alias/acme"] {
            assert_eq!(parsed(text).to_string(), text);
        }
        let key = parsed("pkcs11:token=a;object=b%20c?module-path=/m.so&pin-source=/run/pin#k");
        assert_eq!(key.to_string(), "pkcs11:token=a;object=b%20c#k");
    }

    #[test]
    fn an_arn_names_its_region() {
        let region = |key: &str| KmsKey(key.to_owned()).region().map(str::to_owned);
        assert_eq!(region("arn:aws:kms:eu-west-1:111122223333:key/12").as_deref(), Some("eu-west-1"));
        assert_eq!(region("arn:aws:iam::1:key/12"), None);
        assert_eq!(region("alias/acme"), None);
    }

    #[test]
    fn an_address_without_a_known_word_is_refused() {
        refused("", "no colon");
        refused("/etc/keys", "no colon");
        refused("azure:vault/key", "no known word");
        refused("FILE:/etc/keys", "no known word");
    }

    #[test]
    fn a_wrong_key_id_is_refused() {
        refused("file:/a#", "behind #");
        refused("file:/a#../b", "behind #");
        refused("awskms:alias/a#two words", "behind #");
    }

    #[test]
    fn a_file_without_a_path_is_refused() {
        refused("file:", "names no file");
        refused("file:#k", "names no file");
    }

    #[test]
    fn a_vault_key_without_its_version_is_refused() {
        refused("vault:transit/lic", "version of the key in Vault is missing");
        refused("vault:transit/lic?", "something else");
        refused("vault:transit/lic?v=1", "something else");
        for number in ["", "0", "-1", "+1", "1.0", "latest", "4294967296", "1&x=2"] {
            refused(&format!("vault:transit/lic?version={number}"), "no number");
        }
    }

    #[test]
    fn a_vault_path_that_is_none_is_refused() {
        refused("vault:lic?version=1", "not divided");
        for path in ["/lic", "transit/", "transit//lic", "../lic", "tran%73it/lic", "a b/lic", "transit/../sys"] {
            refused(&format!("vault:{path}?version=1"), "other characters");
        }
    }

    #[test]
    fn a_kms_key_that_is_none_is_refused() {
        refused("awskms:", "no key of AWS KMS");
        refused("awskms:a b", "no key of AWS KMS");
        refused("awskms:key?x=1", "no key of AWS KMS");
    }
}
