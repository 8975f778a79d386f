//! Whether the keys sign, whether customers trust them, and until when.

use aegis_core::{Key, KeyUse, Keyring};

use super::Check;
use crate::commands::server::present;
use crate::commands::server::signers::{self, Opened, SharedSigner};
use crate::commands::server::trust::Trust;
use crate::output::{counted, instant};
use crate::settings::Settings;

/// Seconds before the end of a key in which somebody is told.
const SOON: i64 = 30 * 86_400;

/// What is signed to see that it works. No customer takes it for anything.
const SAMPLE: &[u8] = b"aegis doctor";

pub(super) async fn checks(settings: &Settings) -> Vec<Check> {
    let trust = match Trust::read(settings) {
        Ok(trust) => trust,
        Err(failure) => return vec![Check::failed("trust", &failure)],
    };
    let keyring = trust.keyring();
    let Opened { signers, away } = match signers::open(settings).await {
        Ok(opened) => opened,
        Err(failure) => return vec![Check::failed("signer", &failure)],
    };
    let mut checks = vec![Check::ok(
        "trust",
        format!("customers of {:?} trust {}", trust.issuer, counted(keyring.iter().count(), "key")),
    )];
    checks.extend(away.iter().map(|failure| Check::failed("signer", failure)));
    for signer in &signers {
        checks.push(signs(signer, &keyring).await);
        checks.extend(keyring.get(signer.kid()).map(|key| window(key, present().timestamp())));
    }
    let now = present().timestamp();
    for (key_use, what) in [(KeyUse::License, "licenses"), (KeyUse::Revocation, "revocation lists")] {
        let serves = |signer: &SharedSigner| {
            keyring.get(signer.kid()).is_some_and(|key| key.may(key_use) && key.was_in_use(now))
        };
        // What is away may be the one.
        if away.is_empty() && !signers.iter().any(serves) {
            let remedy = "certify a key for the present: `aegis keys certify NAME --use license,revocation`, or `aegis keys rotate`";
            checks.push(Check::error("signer", format!("no key may sign {what} now"), remedy));
        }
    }
    checks
}

/// Signs something, and verifies it as customers do.
async fn signs(signer: &SharedSigner, keyring: &Keyring) -> Check {
    let kid = signer.kid().to_owned();
    let Some(key) = keyring.get(&kid) else {
        let remedy = "put its public key, or its certificate, into the folder that AEGIS_TRUST names";
        return Check::error("signer", format!("customers do not trust the signing key {kid}"), remedy);
    };
    let working = std::sync::Arc::clone(signer);
    let signed = tokio::task::spawn_blocking(move || working.sign(SAMPLE)).await;
    match signed {
        Ok(Ok(signature)) if key.signed(SAMPLE, &signature) => {
            Check::ok("signer", format!("{kid} signs, and customers verify it"))
        }
        Ok(Ok(_)) => Check::error(
            "signer",
            format!("what {kid} signs does not verify with the public key that customers trust"),
            "the two belong to different keys: correct AEGIS_SIGNER or the folder of AEGIS_TRUST",
        ),
        Ok(Err(error)) => Check::error("signer", format!("{kid}: {error}"), "check the place where the key is"),
        Err(_) => Check::error("signer", format!("{kid}: signing was interrupted"), "try again"),
    }
}

/// Until when the key signs.
fn window(key: &Key, now: i64) -> Check {
    let kid = key.kid();
    let remedy = "make its successor with `aegis keys rotate`, and give it to the server beside this one";
    match (key.parts().not_before, key.parts().not_after) {
        (_, Some(end)) if end <= now => {
            Check::warn("window", format!("the time of {kid} ended on {}", instant(end)), remedy)
        }
        (_, Some(end)) if end - now <= SOON => {
            Check::warn("window", format!("the time of {kid} ends on {}", instant(end)), remedy)
        }
        (Some(begin), _) if begin > now => {
            Check::ok("window", format!("the time of {kid} begins on {}", instant(begin)))
        }
        (_, Some(end)) => Check::ok("window", format!("{kid} signs until {}", instant(end))),
        (_, None) => Check::ok("window", format!("{kid} signs without an end")),
    }
}
