//! Tokens of SoftHSM, made with the tools that the documentation names.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aegis_signers::Secrets;
use uuid::Uuid;

use super::lab;
use super::process::run;

pub(crate) const PIN: &str = "hush-4711";
const OFFICER_PIN: &str = "hush-officer-0815";

/// SoftHSM stumbles over a token that is being made, in whatever process.
static MAKING: Mutex<()> = Mutex::new(());

/// A token of a test's own.
pub(crate) struct Token {
    pub(crate) label: String,
    pub(crate) module: String,
}

impl Token {
    /// A new token; a test's own, since logins are shared by all of a program.
    pub(crate) fn new() -> Option<Self> {
        let module = lab("AEGIS_TEST_PKCS11_MODULE")?;
        let label = format!("aegis {}", &Uuid::new_v4().simple().to_string()[..12]);
        let pins = ["--pin", PIN, "--so-pin", OFFICER_PIN];
        one_by_one("softhsm2-util", &[&["--init-token", "--free", "--label", &label][..], &pins].concat());
        Some(Self { label, module })
    }

    /// A new token with an Ed25519 key `lic`.
    pub(crate) fn with_key() -> Option<Self> {
        let token = Self::new()?;
        token.make_key("EC:edwards25519", "lic", "01");
        Some(token)
    }

    pub(crate) fn make_key(&self, kind: &str, label: &str, id: &str) {
        self.tool(&["--keypairgen", "--key-type", kind, "--label", label, "--id", id, "--usage-sign"]);
    }

    pub(crate) fn tool(&self, arguments: &[&str]) -> String {
        let at = ["--module", &self.module, "--token-label", &self.label, "--login", "--pin", PIN];
        one_by_one("pkcs11-tool", &[&at[..], arguments].concat())
    }

    /// Where SoftHSM keeps it.
    pub(crate) fn folder(&self) -> PathBuf {
        let settings = fs::read_to_string(env::var("SOFTHSM2_CONF").unwrap()).unwrap();
        let all = settings.lines().find_map(|line| line.strip_prefix("directories.tokendir = ")).unwrap();
        let label = self.label.as_bytes();
        let is_mine = |folder: &PathBuf| {
            let about = fs::read(folder.join("token.object")).unwrap_or_default();
            about.windows(label.len()).any(|part| part == label)
        };
        fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).find(is_mine).unwrap()
    }

    /// The address of a key in it, by the attributes that name it.
    pub(crate) fn address(&self, key: &str) -> String {
        self.address_by(&self.module, key)
    }

    /// The same by another module.
    pub(crate) fn address_by(&self, module: &str, key: &str) -> String {
        format!("pkcs11:token={};{key}?module-path={module}", self.label.replace(' ', "%20"))
    }
}

/// While this is kept, no token is being made.
pub(crate) fn settled() -> MutexGuard<'static, ()> {
    MAKING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn one_by_one(program: &str, arguments: &[&str]) -> String {
    let _settled = settled();
    run(program, arguments)
}

pub(crate) fn with_pin(pin: &str) -> Secrets {
    Secrets { pkcs11_pin: Some(pin.into()), ..Secrets::default() }
}

/// A file that holds a PIN.
pub(crate) fn pin_file(pin: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pin");
    fs::write(&file, format!("{pin}\n")).unwrap();
    (folder, file)
}
