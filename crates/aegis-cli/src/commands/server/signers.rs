//! The keys that sign, opened.

use std::env;

use aegis_signers::{Secrets, SignerAddress};
use secrecy::ExposeSecret as _;

use crate::failure::Failure;
use crate::settings::Settings;

pub(super) use aegis_signers::SharedSigner;

/// The keys that the settings name.
pub(super) struct Opened {
    pub(super) signers: Vec<SharedSigner>,
    /// Why others cannot be reached now.
    pub(super) away: Vec<Failure>,
}

/// Opens all keys that the settings name, as far as they can be reached.
pub(super) async fn open(settings: &Settings) -> Result<Opened, Failure> {
    let passphrase = settings.passphrase.without_asking().map_err(Failure::for_good)?;
    let passphrase = passphrase.filter(|secret| !secret.expose_secret().is_empty());
    let secrets = Secrets { passphrase, ..Secrets::from_env(|name| env::var(name).ok()) };
    let (mut signers, mut away) = (Vec::new(), Vec::new());
    for address in &settings.signers {
        let address: SignerAddress = address.parse().map_err(failure)?;
        match aegis_signers::open(&address, &secrets).await {
            Ok(opened) => signers.extend(opened),
            Err(error) if error.is_transient() => away.push(failure(error)),
            Err(error) => return Err(failure(error)),
        }
    }
    Ok(Opened { signers, away })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failure(error: aegis_signers::Error) -> Failure {
    let failure = Failure::new(error.to_string(), error.remedy());
    if error.is_transient() { failure } else { failure.for_good() }
}
