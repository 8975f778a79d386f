//! What the first start makes: the folder of data, a signing key, an administrator's API key.

use aegis_core::KeyUse;
use aegis_issuer::keyfile::{KeyId, MIN_PBKDF2_ITERATIONS, NewKey, PrivateKey, Protection, thumbprint, write_new};
use aegis_server::Scope;
use aegis_storage::{Error, LicenseFilter, Store};
use secrecy::ExposeSecret as _;

use crate::commands::server::api_keys::{self, NotMade};
use crate::commands::server::database::{explained, is_empty};
use crate::commands::server::present;
use crate::failure::Failure;
use crate::output::now;
use crate::settings::Settings;
use crate::write::make_folder;

/// For whom a server signs that nobody has told.
const ISSUER: &str = "aegis.local";

/// What the key is for: both, so that one is enough.
const USES: [KeyUse; 2] = [KeyUse::License, KeyUse::Revocation];

/// Characters of the thumbprint in the name of a new key: two servers are not to have keys of one name.
const NAME: usize = 8;

/// Makes the folder of data, for its owner alone; where nothing belongs there it is not made.
pub(super) fn make_data(settings: &Settings) -> Result<(), Failure> {
    if settings.database_is_default || settings.keys_are_default { make_folder(&settings.data) } else { Ok(()) }
}

/// Makes a signing key where none was named and none is there, before anything was issued.
pub(super) async fn make_keys(settings: &Settings, store: &Store) -> Result<(), Failure> {
    let folder = settings.default_keys();
    if !settings.keys_are_default || !is_empty(&folder)? {
        return Ok(());
    }
    let issuer = settings.issuer.as_deref().unwrap_or(ISSUER);
    if has_signed(store, issuer).await.map_err(|error| explained(&error, &settings.database))? {
        return Err(Failure::new(
            format!(
                "the database {} is in use, but there is no signing key in {}",
                settings.database,
                folder.display()
            ),
            "bring its keys back (`aegis restore`), or name them with AEGIS_SIGNER and AEGIS_TRUST",
        )
        .for_good());
    }
    let passphrase = settings.passphrase.without_asking()?.filter(|secret| !secret.expose_secret().is_empty());
    let protection = match &passphrase {
        Some(passphrase) => Protection::Passphrase { passphrase, iterations: MIN_PBKDF2_ITERATIONS },
        None => Protection::None,
    };
    let key = PrivateKey::generate()?;
    let name: String = thumbprint(&key.public_key()).chars().take(NAME).collect();
    let kid: KeyId = format!("server-{name}").parse()?;
    write_new(&folder, &NewKey { kid, issuer, uses: &USES, created: now(), key: &key, protection })?;
    Ok(())
}

/// Whether a server has worked with this database: licenses that other keys sign would not be those that customers know.
async fn has_signed(store: &Store, issuer: &str) -> Result<bool, Error> {
    let has_keys = !store.signing_keys(issuer).await?.is_empty();
    Ok(has_keys || !store.licenses(&LicenseFilter::default(), 1).await?.items.is_empty())
}

/// Makes a key with all scopes where there is none yet.
pub(super) async fn make_api_key(settings: &Settings, store: &Store) -> Result<Option<String>, Failure> {
    let is_new = store.has_no_api_keys().await.map_err(|error| explained(&error, &settings.database))?;
    if !is_new {
        return Ok(None);
    }
    let made = api_keys::make(store, "administrator of the first start", &Scope::ALL, None, present()).await;
    match made {
        Ok((fresh, _)) => Ok(Some(fresh.key)),
        Err(NotMade::Random) => Err(api_keys::no_random()),
        Err(NotMade::Storage(error)) => Err(explained(&error, &settings.database)),
    }
}
