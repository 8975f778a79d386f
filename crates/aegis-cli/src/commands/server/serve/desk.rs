//! The server put together from the settings.

use std::sync::Arc;

use aegis_core::KeyUse;
use aegis_server::{App, Desk, DeskError, Limits, RateLimits, RecentKeys, SigningKey, Telemetry};
use aegis_storage::Store;
use chrono::Utc;

use crate::commands::server::database::explained;
use crate::commands::server::present;
use crate::commands::server::signers::{self, Opened};
use crate::commands::server::trust::Trust;
use crate::failure::Failure;
use crate::output::{instant, warn};
use crate::settings::Settings;

pub(super) async fn app(settings: &Settings, trust: &Trust, store: Store) -> Result<Arc<App>, Failure> {
    let Opened { signers, mut away } = signers::open(settings).await?;
    if signers.is_empty() && !away.is_empty() {
        return Err(away.swap_remove(0));
    }
    let keys = signers.into_iter().map(|signer| {
        let certificates = trust.certificates_of(signer.kid());
        SigningKey { signer, certificates }
    });
    let now = present();
    let telemetry = Telemetry::new();
    let desk = Desk::open(&store, &telemetry, &trust.issuer, trust.roots.clone(), keys.collect(), now).await;
    let desk = desk.map_err(|error| match error {
        DeskError::Storage(error) => explained(&error, &settings.database),
        other => Failure::new(other.to_string(), other.remedy()).for_good(),
    })?;
    if let Err(idle) = refuse_idle(&desk, now.timestamp()) {
        return Err(away.into_iter().next().unwrap_or(idle));
    }
    // Selling goes on without it. What runs would be tried again; what never opened waits for the next start.
    for failure in &away {
        warn(format!(
            "a signing key is left out until the server is started again: {} ({})",
            failure.what(),
            failure.remedy()
        ));
    }
    let limits = Limits {
        per_key: settings.rate_per_key,
        per_address: settings.rate_per_address,
        trusted_proxies: settings.trusted_proxies.clone(),
    };
    Ok(Arc::new(App {
        store,
        desk,
        clock: Box::new(Utc::now),
        api_keys: RecentKeys::default(),
        limits: RateLimits::new(limits),
        telemetry,
        cors_origins: settings.cors_origins.clone(),
    }))
}

/// A server that cannot issue anything, or never sign the list of what was revoked, is not what somebody wanted to start.
fn refuse_idle(desk: &Desk, now: i64) -> Result<(), Failure> {
    [(KeyUse::License, "licenses"), (KeyUse::Revocation, "revocation lists")]
        .into_iter()
        .try_for_each(|(key_use, what)| refuse_without(desk, key_use, what, now))
}

fn refuse_without(desk: &Desk, key_use: KeyUse, what: &str, now: i64) -> Result<(), Failure> {
    if desk.signer_at(key_use, now).is_some() {
        return Ok(());
    }
    let scopes = desk.signers().flat_map(|(_, scopes)| scopes);
    let fit: Vec<_> = scopes.filter(|scope| scope.may(key_use)).collect();
    let next = fit.iter().filter_map(|scope| scope.parts().not_before).filter(|begin| *begin > now).min();
    let last = fit.iter().filter_map(|scope| scope.parts().not_after).max();
    let why = match (next, last) {
        (Some(begin), _) => format!("that of the next begins on {}", instant(begin)),
        (None, Some(end)) => format!("that of the last ended on {}", instant(end)),
        (None, None) => format!("none of them is for {what}"),
    };
    let idle = Failure::new(
        format!("it is the time of no signing key for {what}: {why}"),
        "certify a key for the present (`aegis keys certify NAME --use license,revocation`, `aegis keys rotate`) and name it in AEGIS_SIGNER",
    );
    // A time that is to come is waited for.
    Err(if next.is_some() { idle } else { idle.for_good() })
}
