//! The transit engine of Vault and OpenBao.

mod answer;
mod client;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;

use aegis_issuer::keyfile::KeyId;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::address::VaultKey;
use crate::verified::{Place, Verified, signature};
use crate::waiting::{Runtime, within_limit};
use crate::{Error, Secrets, SharedSigner};
use client::{Client, SERVICE};
use session::Session;

/// One version of a key in Vault.
struct Transit {
    session: Arc<Session>,
    runtime: Runtime,
    key: VaultKey,
}

/// A key, as `GET MOUNT/keys/KEY` tells it.
#[derive(Deserialize)]
struct KeyAnswer {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    derived: bool,
    /// By version; of keys that do not sign it holds a time instead.
    #[serde(default)]
    keys: BTreeMap<String, VersionAnswer>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum VersionAnswer {
    Public { public_key: String },
    Other(serde::de::IgnoredAny),
}

#[derive(Serialize)]
struct SignRequest {
    input: String,
    key_version: u32,
    /// For Ed25519 this only says how the signature is written: base64url without padding.
    marshaling_algorithm: &'static str,
}

#[derive(Deserialize)]
struct SignAnswer {
    signature: String,
}

/// Logs in and reads the public key.
pub(crate) async fn open(key: &VaultKey, kid: Option<&KeyId>, secrets: &Secrets) -> Result<SharedSigner, Error> {
    let session = Arc::new(Session::new(Client::new(&secrets.vault)?, &secrets.vault)?);
    let public = within_limit(SERVICE, public_key(&session, key)).await?;
    let place = Transit { session, runtime: Runtime::current(), key: key.clone() };
    Ok(Arc::new(Verified::new(place, &public, kid)?))
}

impl Place for Transit {
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
        let (session, key) = (Arc::clone(&self.session), self.key.clone());
        let input = STANDARD.encode(message);
        self.runtime.wait(SERVICE, async move { sign(&session, &key, input).await })
    }
}

async fn sign(session: &Session, key: &VaultKey, input: String) -> Result<[u8; 64], Error> {
    let request = SignRequest { input, key_version: key.version, marshaling_algorithm: "jws" };
    let path = format!("{}/sign/{}", key.mount, key.name);
    let answer: SignAnswer = session.ask(&path, Some(&request)).await.map_err(|failure| failure.about(key))?;
    let prefix = format!("vault:v{}:", key.version);
    let encoded = answer.signature.strip_prefix(&prefix).ok_or_else(|| other_version(key))?;
    signature(&URL_SAFE_NO_PAD.decode(encoded).unwrap_or_default())
}

async fn public_key(session: &Session, key: &VaultKey) -> Result<Vec<u8>, Error> {
    let path = format!("{}/keys/{}", key.mount, key.name);
    let answer: KeyAnswer = session.ask(&path, None::<&()>).await.map_err(|failure| failure.about(key))?;
    if answer.kind != "ed25519" || answer.derived {
        let derived = if answer.derived { "derived " } else { "" };
        let what = format!("{key} is a {derived}key of type {}, not ed25519", crate::error::said(&answer.kind));
        return Err(Error::refused(what, "make a key with `bao write -f MOUNT/keys/NAME type=ed25519`"));
    }
    match answer.keys.get(&key.version.to_string()) {
        Some(VersionAnswer::Public { public_key }) => Ok(STANDARD.decode(public_key).unwrap_or_default()),
        _ => Err(no_version(key, answer.keys.keys())),
    }
}

fn no_version<'a>(key: &VaultKey, versions: impl Iterator<Item = &'a String>) -> Error {
    let versions = versions.map(String::as_str).collect::<Vec<_>>().join(", ");
    let what = format!("{key} names a version that Vault does not give; it gives {versions}");
    Error::refused(what, "name one of these, or lower min_decryption_version of the key")
}

fn other_version(key: &VaultKey) -> Error {
    let what = format!("{key}: Vault signed with another version of the key");
    Error::refused(what, "report this with the version of Vault; nothing was issued")
}
