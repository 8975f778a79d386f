//! Whether the certificates beside a key are in order.

use aegis_core::{Certificate, Keyring, TrustContent};
use aegis_issuer::keyfile::{read_certificates, thumbprint};
use aegis_issuer::{UnverifiedCertificate, dates};

use super::{Level, NamedKey, Report};
use crate::key_folder::KeyFolder;
use crate::keyrings::folder_of;
use crate::output::{instant, now};

/// How long before its end a certificate is warned of, in days.
const NOTICE_DAYS: i64 = 60;

pub(super) fn check(key: &NamedKey, public: Option<[u8; 32]>, report: &mut Report<'_>) {
    let Some(tokens) = report.or_problem(read_certificates(&key.paths.certificate)) else { return };
    let mut latest: Option<i64> = None;
    for token in &tokens {
        let Some(stated) = report.or_problem(UnverifiedCertificate::decode(token)) else { continue };
        if public.is_some_and(|public| stated.kid != thumbprint(&public)) {
            report.add(Level::Problem, "the certificate belongs to another key");
            continue;
        }
        let Some(certificate) = verified(token, &stated, key, report) else { continue };
        latest = latest.max(Some(certificate.key.parts().not_after.unwrap_or(i64::MAX)));
    }
    if let Some(until) = latest {
        tell_end(until, report);
    }
}

/// The certificate, if a root beside the key has signed it.
fn verified(
    token: &str,
    stated: &UnverifiedCertificate,
    key: &NamedKey,
    report: &mut Report<'_>,
) -> Option<std::sync::Arc<Certificate>> {
    let folder = KeyFolder::read(folder_of(&key.paths.public)).and_then(|folder| folder.trusted(&stated.iss));
    let roots: Option<Keyring> = match folder {
        Ok(roots) => roots.filter(|roots| roots.get(&stated.root).is_some()),
        Err(failure) => {
            report.add(Level::Problem, failure.what());
            return None;
        }
    };
    let Some(roots) = roots else {
        let text = format!("the certificate was not verified: its root {} is not here", stated.root);
        report.add(Level::Warning, text);
        return None;
    };
    match roots.with_trust(token).1.into_iter().next().map(|found| found.content) {
        Some(Ok(TrustContent::Certificate(certificate))) => Some(certificate),
        Some(Err(refusal)) => {
            report.add(Level::Problem, format!("the certificate does not verify: {}", refusal.error));
            None
        }
        _ => {
            report.add(Level::Problem, "the certificate is none");
            None
        }
    }
}

fn tell_end(until: i64, report: &mut Report<'_>) {
    if until == i64::MAX {
        report.add(Level::Ok, "it is certified, without end");
    } else if until <= now() {
        report.add(Level::Note, format!("it is retired: its certificate ended at {}", instant(until)));
    } else if until - now() < NOTICE_DAYS * dates::DAY {
        let text = format!("its certificate ends at {}: rotate it with `aegis keys rotate`", instant(until));
        report.add(Level::Warning, text);
    } else {
        report.add(Level::Ok, format!("it is certified until {}", instant(until)));
    }
}
