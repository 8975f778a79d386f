//! Private keys in PKCS#8 PEM.
//!
//! Written as version 1, without the public key inside: version 2 (RFC 5958), which the library writes by default, is
//! refused by OpenSSL 3.0 and by older readers. Both versions are read.

use std::fmt;

use ed25519::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signer as _, SigningKey};
use pkcs8::der::Decode as _;
use pkcs8::der::asn1::{AnyRef, OctetStringRef};
use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::{AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::weakness::{self, Weakness};
use crate::Error;

/// Above this, opening takes many seconds: a mistake or an attack, not protection.
const MAX_PBKDF2_ITERATIONS: u32 = 20_000_000;
/// The most memory that scrypt may take: `128 * N * r` bytes (RFC 7914 §2).
const MAX_SCRYPT_BYTES: u64 = 1 << 30;
const MAX_SCRYPT_PARALLELIZATION: u16 = 16;

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// A passphrase, wiped from memory when dropped and never shown by `Debug`.
pub type Passphrase = SecretString;

/// How a private key file is protected.
#[derive(Debug)]
pub enum Protection<'a> {
    /// Not at all: for keys that are protected by where they are kept.
    None,
    /// PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC (RFC 8018).
    Passphrase {
        /// The passphrase, not empty.
        passphrase: &'a Passphrase,
        /// PBKDF2 iterations; [`MIN_PBKDF2_ITERATIONS`](super::MIN_PBKDF2_ITERATIONS) except in tests.
        iterations: u32,
    },
}

/// An Ed25519 private key, wiped from memory when dropped and never shown by `Debug`.
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// Makes a new key from the operating system's random numbers.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn generate() -> Result<Self, Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|_| Error::Random)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public key, 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The Ed25519 signature over `message` (RFC 8032 §5.1.6), 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// The key as PKCS#8 v1 PEM.
    ///
    /// # Errors
    /// [`Error::EmptyPassphrase`], [`Error::Random`], [`Error::Encode`].
    pub fn to_pem(&self, protection: &Protection<'_>) -> Result<Zeroizing<String>, Error> {
        let (label, document) = match protection {
            Protection::None => (PLAIN, self.to_pkcs8_v1()?),
            Protection::Passphrase { passphrase, iterations } => {
                (ENCRYPTED, self.to_encrypted(passphrase, *iterations)?)
            }
        };
        document.to_pem(label, LineEnding::LF).map_err(|_| Error::Encode)
    }

    /// Reads PKCS#8 v1 or v2 PEM, plain or encrypted with PBES2 (PBKDF2 or scrypt, AES), and says what is weak about it.
    ///
    /// # Errors
    /// [`Error::NotAPrivateKey`], [`Error::NotEd25519`], [`Error::DamagedKey`], [`Error::PassphraseNeeded`],
    /// [`Error::WrongPassphrase`], [`Error::UnsupportedEncryption`], [`Error::TooCostly`].
    pub fn from_pem(pem: &str, passphrase: Option<&Passphrase>) -> Result<(Self, Vec<Weakness>), Error> {
        match split_pem(pem)? {
            (Form::Plain, document) => Ok((Self::from_der(document.as_bytes())?, vec![Weakness::Unencrypted])),
            (Form::Encrypted, document) => Self::from_encrypted(document.as_bytes(), passphrase),
        }
    }

    fn to_pkcs8_v1(&self) -> Result<SecretDocument, Error> {
        let bytes = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        bytes.to_pkcs8_der().map_err(|_| Error::Encode)
    }

    fn to_encrypted(&self, passphrase: &Passphrase, iterations: u32) -> Result<SecretDocument, Error> {
        if passphrase.expose_secret().is_empty() {
            return Err(Error::EmptyPassphrase);
        }
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        getrandom::fill(&mut salt).map_err(|_| Error::Random)?;
        getrandom::fill(&mut iv).map_err(|_| Error::Random)?;
        let parameters =
            Parameters::generate_pbkdf2_sha256_aes256cbc(iterations, &salt, iv).map_err(|_| Error::Encode)?;
        let plain = self.to_pkcs8_v1()?;
        let key = PrivateKeyInfoRef::try_from(plain.as_bytes()).map_err(|_| Error::Encode)?;
        key.encrypt_with_params(parameters, passphrase.expose_secret()).map_err(|_| Error::Encode)
    }

    fn from_encrypted(der: &[u8], passphrase: Option<&Passphrase>) -> Result<(Self, Vec<Weakness>), Error> {
        let encrypted = encrypted_info(der)?;
        let parameters = parameters(&encrypted)?;
        let passphrase = passphrase.ok_or(Error::PassphraseNeeded)?;
        let plain = encrypted.decrypt(passphrase.expose_secret()).map_err(|error| decryption_failed(&error))?;
        // A wrong passphrase passes the padding check now and then and gives rubbish: that is no damaged key.
        let key = Self::from_der(plain.as_bytes()).map_err(|error| match error {
            Error::NotAPrivateKey(_) => Error::WrongPassphrase,
            other => other,
        })?;
        Ok((key, weakness::of_encryption(parameters)))
    }

    fn from_der(der: &[u8]) -> Result<Self, Error> {
        let info = PrivateKeyInfoRef::try_from(der).map_err(|_| Error::NotAPrivateKey("its content is not PKCS#8"))?;
        SigningKey::try_from(info).map(Self).map_err(|error| match error {
            pkcs8::Error::PublicKey(_) | pkcs8::Error::ParametersMalformed => Error::NotEd25519,
            _ => Error::DamagedKey,
        })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PrivateKey(…)")
    }
}

/// Whether a private key is encrypted, and what is weak about it, as far as can be said without its passphrase.
///
/// # Errors
/// As [`PrivateKey::from_pem`].
pub(super) fn look_at(pem: &str) -> Result<(bool, Vec<Weakness>), Error> {
    match split_pem(pem)? {
        (Form::Plain, document) => {
            PrivateKey::from_der(document.as_bytes()).map(|_| (false, vec![Weakness::Unencrypted]))
        }
        (Form::Encrypted, document) => {
            let encrypted = encrypted_info(document.as_bytes())?;
            Ok((true, weakness::of_encryption(parameters(&encrypted)?)))
        }
    }
}

fn encrypted_info(der: &[u8]) -> Result<EncryptedPrivateKeyInfoRef<'_>, Error> {
    EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| unreadable_encryption(der))
}

/// How a private key is encrypted, if that is known here and costs no more than it may.
fn parameters<'a>(encrypted: &'a EncryptedPrivateKeyInfoRef<'_>) -> Result<&'a Parameters, Error> {
    let parameters = encrypted.encryption_algorithm.pbes2().ok_or(Error::UnsupportedEncryption)?;
    check_cost(parameters)?;
    Ok(parameters)
}

enum Form {
    Plain,
    Encrypted,
}

fn split_pem(pem: &str) -> Result<(Form, SecretDocument), Error> {
    let (label, document) =
        SecretDocument::from_pem(pem.trim()).map_err(|_| Error::NotAPrivateKey("it is not one PEM block"))?;
    match label {
        PLAIN => Ok((Form::Plain, document)),
        ENCRYPTED => Ok((Form::Encrypted, document)),
        "PUBLIC KEY" => Err(Error::NotAPrivateKey("it is a public key")),
        _ => Err(Error::NotAPrivateKey("it is another kind of PEM block")),
    }
}

/// Refuses parameters before any work is done with them. The checks of scrypt's `N` also keep the library from a panic.
fn check_cost(parameters: &Parameters) -> Result<(), Error> {
    match &parameters.kdf {
        Kdf::Pbkdf2(kdf) if kdf.iteration_count == 0 => Err(Error::UnsupportedEncryption),
        Kdf::Pbkdf2(kdf) if kdf.iteration_count > MAX_PBKDF2_ITERATIONS => {
            Err(Error::TooCostly(format!("{} PBKDF2 iterations", kdf.iteration_count)))
        }
        Kdf::Scrypt(kdf) if kdf.cost_parameter < 2 || !kdf.cost_parameter.is_power_of_two() || kdf.block_size == 0 => {
            Err(Error::UnsupportedEncryption)
        }
        Kdf::Scrypt(kdf) => {
            let bytes = kdf.cost_parameter.saturating_mul(128).saturating_mul(kdf.block_size.into());
            if bytes > MAX_SCRYPT_BYTES || kdf.parallelization > MAX_SCRYPT_PARALLELIZATION {
                let (n, r, p) = (kdf.cost_parameter, kdf.block_size, kdf.parallelization);
                return Err(Error::TooCostly(format!("scrypt N={n} r={r} p={p}")));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Tells a kind of encryption that the library does not know from what is no encrypted key at all (RFC 5208 §6).
fn unreadable_encryption(der: &[u8]) -> Error {
    let shape = AnyRef::from_der(der).and_then(|info| {
        info.sequence(|reader| {
            AlgorithmIdentifierRef::decode(reader)?;
            <&OctetStringRef>::decode(reader)
        })
    });
    match shape {
        Ok(_) => Error::UnsupportedEncryption,
        Err(_) => Error::NotAPrivateKey("its content is not PKCS#8"),
    }
}

fn decryption_failed(error: &pkcs8::Error) -> Error {
    match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            Error::WrongPassphrase
        }
        _ => Error::UnsupportedEncryption,
    }
}
