//! Compiles the public keys of `public_keys/`, or of the folder that `AEGIS_PUBLIC_KEYS` names, into the wheel, and lays
//! out the addon for maturin, which puts it at `odoo/addons/` of the wheel.
//!
//! The build fails, naming the file, on a private key in the folder, on a weak or malformed key, and on everything
//! else that [`aegis_core::keyring_from_files`] refuses.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

use aegis_core::{Key, Keyring, KeyringError, keyring_from_files, split_bundle};

type Outcome<T> = Result<T, String>;

/// The file of the certificates and lists that the wheel brings along.
const TRUST: &str = "trust.jwt";

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
    let in_folder = |problem| format!("{}: {problem}", folder.display());
    let (keyring, trust) = read_keyring(&folder).map_err(in_folder)?;
    check_trust(&keyring, &trust).map_err(|problem| in_folder(format!("{TRUST}: {problem}")))?;
    let source = format!("{}{}{}", source(&keyring), trust_source(&trust), time_source()?);
    fs::write(file, source).map_err(|error| format!("{}: {error}", file.display()))
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

fn read_keyring(folder: &Path) -> Outcome<(Keyring, String)> {
    let (mut pems, mut toml, mut trust) = (BTreeMap::new(), None, String::new());
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // A folder reads as nothing, and is refused by its name.
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        if text.contains("PRIVATE KEY-----") {
            return Err(format!("{name} holds a PRIVATE key; move it away at once: only public keys belong here"));
        }
        let kid = name.strip_suffix(".public.pem");
        if kid.is_none() && !["keyring.toml", TRUST, "README.md"].contains(&name.as_str()) {
            // What is not known may be a private key in any of its forms, and would go into the source distribution.
            let only = "only NAME.public.pem, keyring.toml, trust.jwt and README.md belong in this folder";
            return Err(format!("{name}: {only}; if it holds a private key, move it away at once"));
        }
        match kid {
            Some(kid) => drop(pems.insert(kid.to_owned(), text)),
            None if name == "keyring.toml" => toml = Some(text),
            None if name == TRUST => trust = text,
            None => {}
        }
    }
    let toml = toml.ok_or("keyring.toml is missing")?;
    let keyring = keyring_from_files(&pems, &toml).map_err(|error| match error {
        KeyringError::Key { kid, fault } => format!("{kid}.public.pem: {fault}"),
        other => other.to_string(),
    })?;
    Ok((keyring, trust))
}

/// Every token of the file is a certificate or a list that counts with these keys.
fn check_trust(keyring: &Keyring, text: &str) -> Outcome<()> {
    let tokens = split_bundle(text).map_err(|error| error.to_string())?;
    let (_, trust) = keyring.with_trust(text);
    if tokens.len() != trust.len() || (tokens.is_empty() && !text.trim().is_empty()) {
        return Err("it holds something else than whole key certificates and revocation lists".to_owned());
    }
    for (place, token) in trust.iter().enumerate() {
        let problem = match &token.content {
            Err(refusal) => refusal.error.to_string(),
            Ok(_) if !token.in_force => "A newer list of this issuer is in force.".to_owned(),
            Ok(_) => continue,
        };
        return Err(format!("token {}: {problem}", place + 1));
    }
    Ok(())
}

fn trust_source(trust: &str) -> String {
    let tokens = split_bundle(trust).unwrap_or_default();
    let tokens: Vec<_> = tokens.into_iter().flatten().map(Cow::into_owned).collect();
    format!("pub(crate) static EMBEDDED_TRUST: &str = {:?};\n", tokens.join("\n"))
}

/// When this wheel was built: the clock of a customer cannot be earlier. `SOURCE_DATE_EPOCH` makes it repeatable.
fn time_source() -> Outcome<String> {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let time = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse::<u32>().map_err(|_| "SOURCE_DATE_EPOCH: Unix seconds are meant".to_owned())?.into(),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs()),
    };
    let expect = "#[expect(clippy::unreadable_literal, reason = \"generated\")]";
    Ok(format!("{expect}\npub(crate) const BUILD_TIME: i64 = {time};\n"))
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
