//! What opens signing keys: passphrases, PINs, and how to log in to Vault. Never shown by `Debug`.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::Error;

/// No file with a secret is larger.
const MAX_SECRET: u64 = 64 * 1024;

/// What opens signing keys. Only what the addresses need has to be there.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    /// The passphrase of encrypted key files.
    pub passphrase: Option<SecretString>,
    /// The PIN of PKCS#11 tokens whose address names no `pin-source`.
    pub pkcs11_pin: Option<SecretString>,
    /// Where Vault is and how to log in.
    pub vault: VaultAccess,
    /// Where AWS KMS is. Credentials are found as every AWS program finds them.
    pub kms: KmsAccess,
}

/// Where Vault (or OpenBao) is and how to log in.
#[derive(Debug, Clone, Default)]
pub struct VaultAccess {
    /// `VAULT_ADDR`, such as `https://vault.example:8200`.
    pub address: Option<String>,
    /// `VAULT_CACERT`: a PEM file with the only certificates that are trusted; otherwise those of the system are.
    pub ca_file: Option<PathBuf>,
    /// `VAULT_NAMESPACE`.
    pub namespace: Option<String>,
    /// How to log in.
    pub login: Option<VaultLogin>,
}

/// How to log in to Vault.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum VaultLogin {
    /// `VAULT_ROLE_ID` and `VAULT_SECRET_ID`.
    AppRole {
        /// The role's id: no secret by itself.
        role_id: String,
        /// The secret id.
        secret_id: SecretString,
    },
    /// `VAULT_ROLE_ID` and `VAULT_SECRET_ID_FILE`, which is read at each login.
    AppRoleFile {
        /// The role's id: no secret by itself.
        role_id: String,
        /// The file with the secret id.
        secret_id_file: PathBuf,
    },
    /// `VAULT_TOKEN`.
    Token(SecretString),
    /// `VAULT_TOKEN_FILE`, which is read again when the token has ended.
    TokenFile(PathBuf),
}

/// Where AWS KMS is, unless AWS's own settings say so.
#[derive(Debug, Clone, Default)]
pub struct KmsAccess {
    /// `AWS_ENDPOINT_URL_KMS`.
    pub endpoint: Option<String>,
    /// `AWS_REGION`.
    pub region: Option<String>,
}

impl Secrets {
    /// Reads the environment: `AEGIS_PKCS11_PIN`, `VAULT_…`, `AWS_REGION`, `AWS_ENDPOINT_URL_KMS`. The passphrase is the
    /// caller's, who may ask for it. What is empty counts as absent.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let secret = |name: &str| get(name).map(SecretString::from);
        let vault = VaultAccess {
            address: get("VAULT_ADDR"),
            ca_file: get("VAULT_CACERT").map(PathBuf::from),
            namespace: get("VAULT_NAMESPACE"),
            login: vault_login(&get),
        };
        let kms = KmsAccess { endpoint: get("AWS_ENDPOINT_URL_KMS"), region: get("AWS_REGION") };
        Self { passphrase: None, pkcs11_pin: secret("AEGIS_PKCS11_PIN"), vault, kms }
    }
}

/// A role goes before a token: its login can be repeated.
fn vault_login(get: &dyn Fn(&str) -> Option<String>) -> Option<VaultLogin> {
    let role = |role_id| match get("VAULT_SECRET_ID") {
        Some(secret_id) => Some(VaultLogin::AppRole { role_id, secret_id: secret_id.into() }),
        None => {
            get("VAULT_SECRET_ID_FILE").map(|file| VaultLogin::AppRoleFile { role_id, secret_id_file: file.into() })
        }
    };
    get("VAULT_ROLE_ID")
        .and_then(role)
        .or_else(|| get("VAULT_TOKEN").map(|token| VaultLogin::Token(token.into())))
        .or_else(|| get("VAULT_TOKEN_FILE").map(|file| VaultLogin::TokenFile(file.into())))
}

/// The secret in a file, without the end of its line.
pub(crate) fn read_secret(what: &str, path: &Path) -> Result<SecretString, Error> {
    let remedy = "check the path, that the account of the server may read it, and that it holds one line of text";
    let fault = |reason: &str| Error::setting(format!("cannot read {what} from {}: {reason}", path.display()), remedy);
    let mut text = Zeroizing::new(String::with_capacity(4096));
    let file = File::open(path).map_err(|error| fault(&error.to_string()))?;
    file.take(MAX_SECRET).read_to_string(&mut text).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => fault("it is no UTF-8"),
        _ => fault(&error.to_string()),
    })?;
    let line = text.trim_end_matches(['\r', '\n']);
    let usable = !line.is_empty() && !line.contains(['\r', '\n', '\0']);
    if usable { Ok(SecretString::from(line)) } else { Err(fault("it is not one line of text")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn from(pairs: &'static [(&'static str, &'static str)]) -> Secrets {
        let find = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Secrets::from_env(find)
    }

    #[test]
    fn the_environment_names_a_role_before_a_token() {
        let both = from(&[("VAULT_ROLE_ID", "r"), ("VAULT_SECRET_ID", "s"), ("VAULT_TOKEN", "t")]);
        assert!(matches!(both.vault.login, Some(VaultLogin::AppRole { .. })));
        let file = from(&[("VAULT_ROLE_ID", "r"), ("VAULT_SECRET_ID_FILE", "/s")]);
        assert!(matches!(file.vault.login, Some(VaultLogin::AppRoleFile { .. })));
        let half = from(&[("VAULT_ROLE_ID", "r"), ("VAULT_SECRET_ID", ""), ("VAULT_TOKEN", "t")]);
        assert!(matches!(half.vault.login, Some(VaultLogin::Token(_))));
        assert!(matches!(from(&[("VAULT_TOKEN_FILE", "/t")]).vault.login, Some(VaultLogin::TokenFile(_))));
        assert!(from(&[("VAULT_ROLE_ID", "r")]).vault.login.is_none());
    }

    #[test]
    fn no_secret_is_shown() {
        let secrets = from(&[
            ("AEGIS_PKCS11_PIN", "hush-pin"),
            ("VAULT_ROLE_ID", "r"),
            ("VAULT_SECRET_ID", "hush-secret"),
            ("VAULT_ADDR", "https://v"),
        ]);
        let token = from(&[("VAULT_TOKEN", "hush-token")]);
        let with = Secrets { passphrase: Some("hush-passphrase".into()), ..secrets };
        let shown = format!("{with:?} {token:?}");
        assert!(shown.contains("https://v") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_secret_file_is_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for (content, read) in [("1234\n", Some("1234")), ("12 34", Some("12 34")), ("", None), ("a\nb\n", None)] {
            fs::write(&path, content).unwrap();
            let secret = read_secret("the PIN", &path).map(|secret| secret.expose_secret().to_owned());
            assert_eq!(secret.ok().as_deref(), read, "{content:?}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(read_secret("the PIN", &path).unwrap_err().to_string().contains("UTF-8"));
        assert!(matches!(read_secret("the PIN", Path::new("/nowhere/pin")), Err(Error::Setting { .. })));
    }
}
