//! Signing keys for the license server: in a file, in Vault or OpenBao, in an HSM (PKCS#11), in AWS KMS.
//!
//! [`SignerAddress`] says where a key is, [`Secrets`] what opens it, and [`open`] gives what signs with it, behind
//! [`aegis_issuer::Signer`]. Whatever the place:
//!
//! - the public key is read when it is opened, and every signature that comes from outside of this process is verified
//!   with it before it is handed out;
//! - a place that does not answer is [`aegis_issuer::SignError::Unavailable`] within [`LIMIT`], and works again by itself
//!   when it is back;
//! - no error and no `Debug` shows a passphrase, PIN, token or secret id.

mod address;
mod aws_kms;
mod error;
mod file;
mod pkcs11;
mod secrets;
mod vault;
mod verified;
mod waiting;

use std::sync::Arc;

use aegis_issuer::Signer;

pub use address::{KmsKey, Pkcs11Key, Place, SignerAddress, VaultKey};
pub use aws_kms::MAX_KMS_MESSAGE;
pub use error::Error;
pub use secrets::{KmsAccess, Secrets, VaultAccess, VaultLogin};
pub use waiting::LIMIT;

/// What signs, shared by threads.
pub type SharedSigner = Arc<dyn Signer + Send + Sync>;

/// Opens what `address` names: one key, or all of a folder. Each place is asked for the public key.
///
/// What is returned may be called from any thread. Signers of services do their work on the tokio runtime in which this
/// was called.
///
/// # Errors
/// [`Error`]: a setting is missing, the place cannot be reached now, or it does not let us use the key.
pub async fn open(address: &SignerAddress, secrets: &Secrets) -> Result<Vec<SharedSigner>, Error> {
    let kid = address.kid();
    match address.place() {
        Place::File(path) => file::open(path, kid, secrets).await,
        Place::Vault(key) => Ok(vec![vault::open(key, kid, secrets).await?]),
        Place::Pkcs11(key) => Ok(vec![pkcs11::open(key, kid, secrets).await?]),
        Place::AwsKms(key) => Ok(vec![Box::pin(aws_kms::open(key, kid, secrets)).await?]),
    }
}
