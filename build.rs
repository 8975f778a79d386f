//! Compiles the public keys of `public_keys/`, or of the folder that `AEGIS_PUBLIC_KEYS` names, into the wheel, and lays
//! out the addon for maturin, which puts it at `odoo/addons/` of the wheel.
//!
//! The build fails, naming the file, on a private key in the folder, on a weak or malformed key, and on everything
//! else that [`aegis_core::keyring_from_files`] refuses.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use aegis_core::{Key, Keyring, KeyringError, keyring_from_files};

type Outcome<T> = Result<T, String>;

/// The folder of the Odoo addon.
const ADDON: &str = "aegis_client";

/// Folders of the addon that are not for customers.
const LEFT_OUT: [&str; 2] = ["tests", "__pycache__"];

fn main() {
    if let Err(problem) = run() {
        println!("cargo::error={}", problem.replace('\n', " "));
    }
}

fn run() -> Outcome<()> {
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("OUT_DIR is not set")?;
    embed_keys(&out.join("embedded_keyring.rs"))?;
    lay_out_addon(&out.join(ADDON)).map_err(|error| format!("{ADDON}: {error}"))
}

fn embed_keys(file: &Path) -> Outcome<()> {
    println!("cargo::rerun-if-env-changed=AEGIS_PUBLIC_KEYS");
    let named = env::var_os("AEGIS_PUBLIC_KEYS").filter(|folder| !folder.is_empty());
    let folder = named.map_or_else(|| PathBuf::from("public_keys"), PathBuf::from);
    println!("cargo::rerun-if-changed={}", folder.display());
    let keyring = read_keyring(&folder).map_err(|problem| format!("{}: {problem}", folder.display()))?;
    fs::write(file, source(&keyring)).map_err(|error| format!("{}: {error}", file.display()))
}

/// Copies the addon as it goes into the wheel, and nothing of the build before.
fn lay_out_addon(target: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={ADDON}");
    if target.exists() {
        fs::remove_dir_all(target)?;
    }
    copy_folder(Path::new(ADDON), target)
}

fn copy_folder(source: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), target.join(entry.file_name()));
        if !entry.file_type()?.is_dir() {
            fs::copy(from, to)?;
        } else if !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
            copy_folder(&from, &to)?;
        }
    }
    Ok(())
}

fn read_keyring(folder: &Path) -> Outcome<Keyring> {
    let (mut pems, mut toml) = (BTreeMap::new(), None);
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A folder reads as nothing, and is refused by its name.
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        if text.contains("PRIVATE KEY-----") {
            return Err(format!("{name} holds a PRIVATE key; move it away at once: only public keys belong here"));
        }
        let kid = name.strip_suffix(".public.pem");
        if kid.is_none() && name != "keyring.toml" && name != "README.md" {
            // What is not known may be a private key in any of its forms, and would go into the source distribution.
            let only = "only NAME.public.pem, keyring.toml and README.md belong in this folder";
            return Err(format!("{name}: {only}; if it holds a private key, move it away at once"));
        }
        match kid {
            Some(kid) => drop(pems.insert(kid.to_owned(), text)),
            None if name == "keyring.toml" => toml = Some(text),
            None => {}
        }
    }
    let toml = toml.ok_or("keyring.toml is missing")?;
    keyring_from_files(&pems, &toml).map_err(|error| match error {
        KeyringError::Key { kid, fault } => format!("{kid}.public.pem: {fault}"),
        other => other.to_string(),
    })
}

/// The keyring as Rust source. The keys were checked, and are checked once more when the wheel loads them.
fn source(keyring: &Keyring) -> String {
    let keys = keyring.iter().fold(String::new(), |mut text, key| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {},", key_source(key));
        text
    });
    format!("pub(crate) static EMBEDDED: &[EmbeddedKey] = &[\n{keys}];\n")
}

fn key_source(key: &Key) -> String {
    let parts = key.parts();
    let uses: Vec<_> = parts.uses.iter().map(|key_use| key_use.as_str()).collect();
    let names =
        |patterns: &Vec<aegis_core::ModulePattern>| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
    let modules = parts.modules.as_ref().map(names).map_or("None".to_owned(), |names| format!("Some(&{names:?})"));
    format!(
        "EmbeddedKey {{ kid: {:?}, issuer: {:?}, uses: &{uses:?}, modules: {modules}, not_before: {:?}, not_after: {:?}, public: {:?} }}",
        parts.kid, parts.issuer, parts.not_before, parts.not_after, parts.public,
    )
}
