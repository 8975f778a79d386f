//! Keys in HSMs and tokens: PKCS#11 2.40 and 3.x, `CKM_EDDSA` without parameters, which is pure Ed25519.

mod module;
mod objects;
mod point;
mod thread;
mod trouble;

use std::sync::Arc;

use aegis_issuer::keyfile::KeyId;
use secrecy::SecretString;

use crate::address::Pkcs11Key;
use crate::secrets::read_secret;
use crate::verified::{Place, Verified};
use crate::{Error, Secrets, SharedSigner};
use thread::ModuleThread;

/// A key in a token, and the PIN.
pub(crate) struct TokenKey {
    address: Pkcs11Key,
    pin: Option<SecretString>,
}

struct InToken {
    key: Arc<TokenKey>,
    thread: ModuleThread,
}

impl Place for InToken {
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
        let (key, message) = (Arc::clone(&self.key), message.to_vec());
        self.thread.ask(move |module| module.sign(&key, &message))
    }
}

/// Loads the module, logs in to the token and reads the public key.
pub(crate) async fn open(key: &Pkcs11Key, kid: Option<&KeyId>, secrets: &Secrets) -> Result<SharedSigner, Error> {
    let pin = match &key.pin_file {
        Some(path) => Some(read_secret("the PIN", path)?),
        None => secrets.pkcs11_pin.clone(),
    };
    let key = Arc::new(TokenKey { address: key.clone(), pin });
    let thread = ModuleThread::of(&key.address.module)?;
    let (asking, asked) = (thread.clone(), Arc::clone(&key));
    let work = move || asking.ask(move |module| module.open(&asked));
    let ended = |_| Error::unavailable("opening the token was interrupted", "start again");
    let public = tokio::task::spawn_blocking(work).await.map_err(ended)??;
    Ok(Arc::new(Verified::new(InToken { key, thread }, &public, kid)?))
}
