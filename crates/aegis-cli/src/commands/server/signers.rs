//! The keys that sign, opened.

use std::env;

use aegis_signers::{Secrets, SignerAddress};
use secrecy::ExposeSecret as _;

use crate::failure::Failure;
use crate::settings::Settings;

pub(super) use aegis_signers::SharedSigner;

/// Opens all keys that the settings name.
pub(super) async fn open(settings: &Settings) -> Result<Vec<SharedSigner>, Failure> {
    let passphrase = settings.passphrase.without_asking().map_err(Failure::for_good)?;
    let passphrase = passphrase.filter(|secret| !secret.expose_secret().is_empty());
    let secrets = Secrets { passphrase, ..Secrets::from_env(|name| env::var(name).ok()) };
    let mut signers = Vec::new();
    for address in &settings.signers {
        let address: SignerAddress = address.parse().map_err(failure)?;
        signers.extend(aegis_signers::open(&address, &secrets).await.map_err(failure)?);
    }
    Ok(signers)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failure(error: aegis_signers::Error) -> Failure {
    let failure = Failure::new(error.to_string(), error.remedy());
    if error.is_transient() { failure } else { failure.for_good() }
}
