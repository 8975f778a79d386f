//! A folder of keys: what is known of each, the certificates, and the roots.

use std::path::{Path, PathBuf};

use aegis_core::{Key, KeyParts, KeyUse, Keyring};
use aegis_issuer::UnverifiedCertificate;
use aegis_issuer::keyfile::{
    CERTIFICATE_SUFFIX, KeyId, KeyMetadata, KeyPaths, PUBLIC_SUFFIX, read_certificates, read_metadata, read_public,
    thumbprint,
};

use crate::failure::Failure;
use crate::keyrings::{self, files_ending, kid_of};

/// A folder in which a vendor keeps keys.
#[derive(Debug)]
pub(crate) struct KeyFolder {
    dir: PathBuf,
    pub(crate) keys: Vec<KnownKey>,
    /// All certificates, those of one key in the order in which they were made.
    pub(crate) certificates: Vec<String>,
}

/// A public key in the folder.
#[derive(Debug)]
pub(crate) struct KnownKey {
    /// The name of its files.
    pub(crate) name: String,
    pub(crate) public: [u8; 32],
    pub(crate) metadata: Option<KeyMetadata>,
    pub(crate) is_certified: bool,
}

impl KeyFolder {
    /// Reads what is public in a folder; one that is not there is empty.
    pub(crate) fn read(dir: &Path) -> Result<Self, Failure> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let (mut keys, mut certificates) = (Vec::new(), Vec::new());
        if dir.is_dir() {
            for file in files_ending(dir, PUBLIC_SUFFIX)? {
                keys.extend(KnownKey::read(&file)?);
            }
            for file in files_ending(dir, CERTIFICATE_SUFFIX)? {
                certificates.extend(read_certificates(&file)?);
            }
        }
        Ok(Self { dir: dir.to_owned(), keys, certificates })
    }

    /// The key of this name, or with this thumbprint.
    pub(crate) fn find(&self, kid: &str) -> Option<&KnownKey> {
        let by_name = self.keys.iter().find(|key| key.name == kid);
        by_name.or_else(|| self.keys.iter().find(|key| key.thumbprint() == kid))
    }

    /// The names of the root keys.
    pub(crate) fn roots(&self) -> Vec<&str> {
        self.keys.iter().filter(|key| key.is_root()).map(|key| key.name.as_str()).collect()
    }

    /// Where the private key of a root is, if it is in this folder.
    pub(crate) fn private_root(&self) -> Option<PathBuf> {
        let private = |root| KeyPaths::new(&self.dir, root).private;
        self.roots().into_iter().map(private).find(|path| path.exists())
    }

    /// Whether roots are kept beside the keys that they certify, and not each in a place of its own.
    pub(crate) fn keeps_roots(&self) -> bool {
        self.private_root().is_some() && self.keys.iter().any(|key| !key.is_root())
    }

    /// What customers of an issuer trust: the folder's `keyring.toml`, or else all keys of the issuer that lie there.
    pub(crate) fn trusted(&self, issuer: &str) -> Result<Option<Keyring>, Failure> {
        if let Some(keyring) = keyrings::of_folder(&self.dir)? {
            return Ok(Some(keyring));
        }
        let keys = self.keys.iter().filter_map(|key| key.trusted(issuer)).collect::<Result<Vec<_>, _>>();
        let keyring = keys.and_then(|keys| if keys.is_empty() { Ok(None) } else { Keyring::new(keys).map(Some) });
        keyring
            .map_err(|error| Failure::new(format!("{}: {error}", self.dir.display()), "correct the files of that key"))
    }

    /// What people call a key, by the id in what it signed.
    pub(crate) fn name_of<'k>(&'k self, kid: &'k str) -> &'k str {
        self.find(kid).map_or(kid, |key| key.name.as_str())
    }

    /// The certificates of a key, by its thumbprint.
    pub(crate) fn certificates_of<'k>(
        &'k self,
        kid: &'k str,
    ) -> impl Iterator<Item = (&'k String, UnverifiedCertificate)> {
        let stated = |token: &'k String| UnverifiedCertificate::decode(token).ok().map(|stated| (token, stated));
        self.certificates.iter().filter_map(stated).filter(move |(_, stated)| stated.kid == kid)
    }
}

impl KnownKey {
    /// `None` for a file that follows no convention: it is nobody's.
    fn read(file: &Path) -> Result<Option<Self>, Failure> {
        let Some(paths) = KeyPaths::beside(file) else { return Ok(None) };
        let metadata = read_metadata(&paths.metadata)?;
        let is_certified = paths.certificate.exists();
        Ok(Some(Self { name: kid_of(file)?, public: read_public(file)?, metadata, is_certified }))
    }

    pub(crate) fn thumbprint(&self) -> String {
        thumbprint(&self.public)
    }

    pub(crate) fn is_root(&self) -> bool {
        self.metadata.as_ref().is_some_and(KeyMetadata::is_root)
    }

    /// The id in what it signs.
    pub(crate) fn kid(&self) -> String {
        if self.is_certified { self.thumbprint() } else { self.name.clone() }
    }

    /// As wheels would trust it; `None` for a key of another issuer.
    fn trusted(&self, issuer: &str) -> Option<Result<Key, aegis_core::KeyringError>> {
        let metadata = self.metadata.as_ref().filter(|metadata| metadata.issuer == issuer)?;
        let parts = KeyParts {
            kid: self.name.clone(),
            issuer: issuer.to_owned(),
            uses: keyrings::uses(metadata),
            modules: None,
            not_before: None,
            not_after: None,
            public: self.public,
        };
        Some(Key::new(parts))
    }
}

/// The files of a key that is named by its id in `dir`, or by the path of one of its files.
pub(crate) fn paths_of(name: &Path, dir: &Path) -> KeyPaths {
    let kid = name.to_str().filter(|text| text.parse::<KeyId>().is_ok());
    match (KeyPaths::beside(name), kid) {
        (Some(paths), _) => paths,
        (None, Some(kid)) => KeyPaths::new(dir, kid),
        (None, None) => {
            // A path without an ending, such as /media/stick/root-a.
            let kid = name.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            KeyPaths::new(name.parent().unwrap_or(dir), kid)
        }
    }
}

/// Whether one root is all there is: then nothing can replace it when it is lost.
pub(crate) fn warns_of_one_root(roots: &[&str]) -> Option<String> {
    match roots {
        [only] => Some(format!(
            "{only} is the only root here, and a wheel needs two, so that one can be lost: make another with `aegis keys generate --root`, and keep it elsewhere"
        )),
        _ => None,
    }
}

/// Whether a key may be used for `key_use`, as its metadata says.
pub(crate) fn may(metadata: Option<&KeyMetadata>, key_use: KeyUse) -> bool {
    metadata.map_or(key_use == KeyUse::License, |metadata| metadata.may(key_use))
}
