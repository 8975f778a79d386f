//! What the server's customers trust.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aegis_core::Keyring;
use aegis_issuer::UnverifiedCertificate;

use crate::failure::Failure;
use crate::key_folder::KeyFolder;
use crate::keyrings::{self, folder_of};
use crate::settings::Settings;

/// What the wheels of customers hold, and the certificates that are at hand.
pub(super) struct Trust {
    /// For whom the server signs.
    pub(super) issuer: String,
    /// What wheels hold.
    pub(super) roots: Keyring,
    certificates: Vec<String>,
}

impl Trust {
    /// Reads the folder of trust, and the certificates beside the keys.
    pub(super) fn read(settings: &Settings) -> Result<Self, Failure> {
        let folder = KeyFolder::read(&settings.trust)?;
        let keyring = keyrings::of_folder(&settings.trust)?;
        let issuers: BTreeSet<String> = match &keyring {
            Some(keyring) => keyring.iter().map(|key| key.parts().issuer.clone()).collect(),
            None => folder.keys.iter().filter_map(|key| Some(key.metadata.as_ref()?.issuer.clone())).collect(),
        };
        let issuer = issuer(settings, &issuers)?;
        let roots = match keyring {
            Some(keyring) => Some(keyring),
            None => folder.trusted(&issuer)?,
        };
        let roots = roots.ok_or_else(|| nothing_trusted(&settings.trust, Some(&issuer)))?;
        let mut certificates = folder.certificates;
        for folder in key_folders(settings) {
            certificates.extend(KeyFolder::read(&folder)?.certificates);
        }
        Ok(Self { issuer, roots, certificates })
    }

    /// What customers trust who have all certificates.
    pub(super) fn keyring(&self) -> Keyring {
        self.roots.with_trust(&self.certificates.join("\n")).0
    }

    /// The certificates of a key, each once.
    pub(super) fn certificates_of(&self, kid: &str) -> Vec<String> {
        let is_of = |token: &&String| UnverifiedCertificate::decode(token).is_ok_and(|stated| stated.kid == kid);
        let found: BTreeSet<&String> = self.certificates.iter().filter(is_of).collect();
        found.into_iter().cloned().collect()
    }
}

/// The folders of those signing keys that are files.
pub(super) fn key_folders(settings: &Settings) -> BTreeSet<PathBuf> {
    let folder = |path: &PathBuf| if path.is_dir() { path.clone() } else { folder_of(path).to_owned() };
    settings.key_files().iter().map(folder).collect()
}

fn issuer(settings: &Settings, known: &BTreeSet<String>) -> Result<String, Failure> {
    if let Some(issuer) = &settings.issuer {
        return Ok(issuer.clone());
    }
    let mut known = known.iter();
    match (known.next(), known.next()) {
        (Some(issuer), None) => Ok(issuer.clone()),
        (None, _) => Err(nothing_trusted(&settings.trust, None)),
        (Some(one), Some(other)) => Err(Failure::new(
            format!("{} has keys of several issuers, such as {one:?} and {other:?}", settings.trust.display()),
            "say with AEGIS_ISSUER for which of them the server signs",
        )),
    }
}

fn nothing_trusted(folder: &Path, issuer: Option<&str>) -> Failure {
    let whose = issuer.map_or_else(String::new, |issuer| format!(" of {issuer:?}"));
    Failure::new(
        format!("there is no public key{whose} in {}", folder.display()),
        "name with AEGIS_TRUST the folder from which the wheels of customers are built, or that of the keys; a public key there needs its .json file, or keyring.toml",
    )
}
