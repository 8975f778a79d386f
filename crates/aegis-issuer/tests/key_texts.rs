//! Private keys as text: what is written, what is read, what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use aegis_issuer::Error;
use aegis_issuer::keyfile::{MIN_PBKDF2_ITERATIONS, Passphrase, PrivateKey, Protection, Weakness};
use pkcs8::der::Encode as _;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Parameters, Pbkdf2Params, ScryptParams};
use pkcs8::pkcs5::scrypt;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};

/// The secret and public key of RFC 8032 §7.1, test 1, as PKCS#8 v2 (RFC 8410 §10.3) would hold them.
const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn pem(label: &'static str, der: &[u8]) -> String {
    SecretDocument::try_from(der).unwrap().to_pem(label, LineEnding::LF).unwrap().to_string()
}

fn plain_v1(oid_last: u8, secret: &str) -> String {
    let mut der = bytes("302e020100300506032b6500 04220420".replace(' ', "").as_str());
    der[11] = oid_last;
    der.extend(bytes(secret));
    pem("PRIVATE KEY", &der)
}

fn plain_v2(public: &str) -> String {
    let mut der = bytes("3051020101300506032b657004220420");
    der.extend(bytes(SECRET));
    der.extend(bytes("812100"));
    der.extend(bytes(public));
    pem("PRIVATE KEY", &der)
}

fn low(passphrase: &Passphrase) -> Protection<'_> {
    Protection::Passphrase { passphrase, iterations: 1_000 }
}

/// An encrypted key with these parameters whose content is rubbish.
fn with_parameters(parameters: Parameters) -> String {
    let content = [7; 64];
    let encrypted_data = OctetStringRef::new(&content).unwrap();
    let info = EncryptedPrivateKeyInfoRef { encryption_algorithm: parameters.into(), encrypted_data };
    pem("ENCRYPTED PRIVATE KEY", &info.to_der().unwrap())
}

fn aes() -> EncryptionScheme {
    EncryptionScheme::Aes256Cbc { iv: [0; 16] }
}

fn open(pem: &str) -> Result<(PrivateKey, Vec<Weakness>), Error> {
    PrivateKey::from_pem(pem, Some(&"secret".into()))
}

#[test]
fn a_key_is_written_as_pkcs8_version_1_without_its_public_key() {
    let key = PrivateKey::generate().unwrap();
    let text = key.to_pem(&Protection::None).unwrap();
    let (label, document) = SecretDocument::from_pem(&text).unwrap();
    assert_eq!(label, "PRIVATE KEY");
    assert_eq!(document.as_bytes()[..16], bytes("302e020100300506032b657004220420"));
    assert_eq!(document.as_bytes().len(), 48);
}

#[test]
fn a_key_is_encrypted_with_pbkdf2_hmac_sha256_and_aes_256_cbc() {
    let passphrase = Passphrase::from("secret");
    let protection = Protection::Passphrase { passphrase: &passphrase, iterations: 1_000 };
    let text = PrivateKey::generate().unwrap().to_pem(&protection).unwrap();
    let (_, document) = SecretDocument::from_pem(&text).unwrap();
    let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).unwrap();
    let parameters = info.encryption_algorithm.pbes2().unwrap();
    let kdf = parameters.kdf.pbkdf2().unwrap();
    assert_eq!(kdf.iteration_count, 1_000);
    assert_eq!(kdf.salt.as_bytes().len(), 16);
    assert_eq!(kdf.prf, pkcs8::pkcs5::pbes2::Pbkdf2Prf::HmacWithSha256);
    assert!(matches!(parameters.encryption, EncryptionScheme::Aes256Cbc { .. }));
    assert_eq!(MIN_PBKDF2_ITERATIONS, 600_000);
}

#[test]
fn a_written_key_is_read_back() {
    let key = PrivateKey::generate().unwrap();
    let passphrase = Passphrase::from("pässword with spaces ");
    for protection in [Protection::None, low(&passphrase)] {
        let text = key.to_pem(&protection).unwrap();
        let encrypted = matches!(protection, Protection::Passphrase { .. });
        assert_eq!(text.contains("ENCRYPTED"), encrypted);
        let (read, weaknesses) = PrivateKey::from_pem(&text, Some(&passphrase)).unwrap();
        assert_eq!(read.public_key(), key.public_key());
        let expected = if encrypted { Weakness::FewIterations(1_000) } else { Weakness::Unencrypted };
        assert_eq!(weaknesses, [expected]);
    }
}

#[test]
fn two_keys_are_never_alike() {
    let key = || PrivateKey::generate().unwrap().public_key();
    assert_ne!(key(), key());
}

#[test]
fn a_key_with_crlf_or_space_around_it_is_read() {
    let text = plain_v1(0x70, SECRET);
    assert!(open(&text.replace('\n', "\r\n")).is_ok());
    assert!(open(&format!("\n{text}\n\n")).is_ok());
}

#[test]
fn pkcs8_version_1_and_2_are_read() {
    for text in [plain_v1(0x70, SECRET), plain_v2(PUBLIC)] {
        assert_eq!(open(&text).unwrap().0.public_key().to_vec(), bytes(PUBLIC));
    }
}

#[test]
fn a_version_2_key_whose_halves_do_not_match_is_refused() {
    let other = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    assert!(matches!(open(&plain_v2(other)), Err(Error::DamagedKey)));
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    assert!(matches!(open(&plain_v1(0x6e, SECRET)), Err(Error::NotEd25519)), "X25519");
    assert!(matches!(open(&plain_v1(0x71, SECRET)), Err(Error::NotEd25519)), "Ed448");
}

#[test]
fn what_is_no_private_key_is_refused() {
    let public = pem("PUBLIC KEY", &bytes(&format!("302a300506032b6570032100{PUBLIC}")));
    let openssh = pem("OPENSSH PRIVATE KEY", &[0x30, 0x00]);
    let rubbish = pem("PRIVATE KEY", &bytes("3003020105"));
    let two = plain_v1(0x70, SECRET).repeat(2);
    for text in ["", "hello", concat!("-----BEGIN ", "PRIVATE KEY-----\n"), &public, &openssh, &rubbish, &two] {
        assert!(matches!(open(text), Err(Error::NotAPrivateKey(_))), "{text}");
    }
}

#[test]
fn an_encrypted_key_needs_its_passphrase() {
    let passphrase = Passphrase::from("secret");
    let text = PrivateKey::generate().unwrap().to_pem(&low(&passphrase)).unwrap();
    assert!(matches!(PrivateKey::from_pem(&text, None), Err(Error::PassphraseNeeded)));
}

#[test]
fn a_key_is_never_encrypted_with_an_empty_passphrase() {
    let result = PrivateKey::generate().unwrap().to_pem(&low(&Passphrase::from("")));
    assert!(matches!(result, Err(Error::EmptyPassphrase)));
}

/// One wrong passphrase in 256 leaves padding that looks right; the rubbish before it must not be called a damaged key.
#[test]
fn a_wrong_passphrase_is_always_called_that() {
    let passphrase = Passphrase::from("secret");
    let protection = Protection::Passphrase { passphrase: &passphrase, iterations: 1 };
    let text = PrivateKey::generate().unwrap().to_pem(&protection).unwrap();
    for attempt in 0..2_000 {
        let result = PrivateKey::from_pem(&text, Some(&format!("wrong {attempt}").into()));
        assert!(matches!(result, Err(Error::WrongPassphrase)), "{attempt}: {result:?}");
    }
}

#[test]
fn parameters_that_would_take_for_ever_are_refused_before_any_work() {
    let pbkdf2 = Pbkdf2Params::hmac_sha256(100_000_000, &[1; 16]).unwrap();
    let mut memory = ScryptParams::from_params_and_salt(scrypt::Params::new(20, 16, 1).unwrap(), &[1; 16]).unwrap();
    let mut parallel = memory;
    memory.cost_parameter = 1 << 40;
    parallel.cost_parameter = 1 << 14;
    parallel.parallelization = 17;
    for kdf in [pbkdf2.into(), memory.into(), parallel.into()] {
        let text = with_parameters(Parameters { kdf, encryption: aes() });
        assert!(matches!(open(&text), Err(Error::TooCostly(_))));
    }
}

#[test]
fn impossible_parameters_are_refused_without_a_panic() {
    let proper = ScryptParams::from_params_and_salt(scrypt::Params::new(14, 8, 1).unwrap(), &[1; 16]).unwrap();
    let no_rounds = Pbkdf2Params { iteration_count: 0, ..Pbkdf2Params::hmac_sha256(1, &[1; 16]).unwrap() };
    let mut kdfs = vec![no_rounds.into()];
    for cost_parameter in [0, 1, 3, (1 << 14) - 1] {
        kdfs.push(ScryptParams { cost_parameter, ..proper }.into());
    }
    kdfs.push(ScryptParams { block_size: 0, ..proper }.into());
    kdfs.push(ScryptParams { parallelization: 0, ..proper }.into());
    kdfs.push(ScryptParams { key_length: Some(5), ..proper }.into());
    for kdf in kdfs {
        let text = with_parameters(Parameters { kdf, encryption: aes() });
        assert!(matches!(open(&text), Err(Error::UnsupportedEncryption)), "{text}");
    }
}

#[test]
fn cheap_scrypt_is_called_weak() {
    let key = PrivateKey::generate().unwrap().to_pem(&Protection::None).unwrap();
    let (_, plain) = SecretDocument::from_pem(&key).unwrap();
    let info = pkcs8::PrivateKeyInfoRef::try_from(plain.as_bytes()).unwrap();
    for (log_n, weak) in [(10, true), (14, false)] {
        let cost = scrypt::Params::new(log_n, 8, 1).unwrap();
        let parameters = Parameters::generate_scrypt_aes256cbc(cost, &[1; 16], [2; 16]).unwrap();
        let encrypted = info.encrypt_with_params(parameters, "secret").unwrap();
        let (_, weaknesses) = open(&pem("ENCRYPTED PRIVATE KEY", encrypted.as_bytes())).unwrap();
        assert_eq!(!weaknesses.is_empty(), weak, "{weaknesses:?}");
    }
}

#[test]
fn neither_errors_nor_debug_show_the_key_or_the_passphrase() {
    let passphrase = Passphrase::from("hunter2");
    let key = PrivateKey::generate().unwrap();
    let protection = low(&passphrase);
    assert!(!format!("{protection:?}").contains("hunter2"));
    assert_eq!(format!("{key:?}"), "PrivateKey(…)");
}
