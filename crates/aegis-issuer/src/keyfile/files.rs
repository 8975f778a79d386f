//! The three files of a key: written together, never over anything, and taken back when one of them fails.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use aegis_core::KeyUse;
use zeroize::Zeroizing;

use super::{
    KeyId, KeyMetadata, Passphrase, PrivateKey, Protection, Weakness, check_issuer, private, public, thumbprint,
};
use crate::{Error, dates};

/// No key file is larger; what is, is not read.
const MAX_FILE: u64 = 64 * 1024;

/// How the name of a private key file ends, after the key id.
pub const PRIVATE_SUFFIX: &str = ".private.pem";
/// How the name of a public key file ends, after the key id.
pub const PUBLIC_SUFFIX: &str = ".public.pem";
/// How the name of the file with a key's certificates ends, after the key id.
pub const CERTIFICATE_SUFFIX: &str = ".certificate";

/// Where the files of one key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPaths {
    /// `<kid>.private.pem`
    pub private: PathBuf,
    /// `<kid>.public.pem`
    pub public: PathBuf,
    /// `<kid>.json`
    pub metadata: PathBuf,
    /// `<kid>.certificate`: only where a root has certified the key.
    pub certificate: PathBuf,
}

impl KeyPaths {
    /// The files of `kid` in the folder `dir`.
    #[must_use]
    pub fn new(dir: &Path, kid: &str) -> Self {
        let file = |suffix: &str| dir.join(format!("{kid}{suffix}"));
        Self {
            private: file(PRIVATE_SUFFIX),
            public: file(PUBLIC_SUFFIX),
            metadata: file(".json"),
            certificate: file(CERTIFICATE_SUFFIX),
        }
    }

    /// The files beside a private (or public) key file, or `None` when its name does not follow the convention.
    #[must_use]
    pub fn beside(key_file: &Path) -> Option<Self> {
        let name = key_file.file_name()?.to_str()?;
        let kid = [PRIVATE_SUFFIX, PUBLIC_SUFFIX].into_iter().find_map(|suffix| name.strip_suffix(suffix))?;
        kid.parse::<KeyId>().ok()?;
        Some(Self::new(key_file.parent().unwrap_or(Path::new("")), kid))
    }
}

/// A key about to be written.
#[derive(Debug)]
pub struct NewKey<'a> {
    /// Its id.
    pub kid: KeyId,
    /// The issuer it speaks for.
    pub issuer: &'a str,
    /// What it is for.
    pub uses: &'a [KeyUse],
    /// When it was made, Unix seconds.
    pub created: i64,
    /// The key.
    pub key: &'a PrivateKey,
    /// How its file is protected.
    pub protection: Protection<'a>,
}

/// A private key as read from its file.
#[derive(Debug)]
pub struct StoredKey {
    /// The key.
    pub key: PrivateKey,
    /// What is weak about the file.
    pub weaknesses: Vec<Weakness>,
}

/// Writes the three files of a key into `dir`, which is made (mode 0700) if it is not there.
///
/// All are written and flushed to disk; on an error none is left behind, and an existing file is never touched. A run
/// that is killed in between may leave files, incomplete ones too: later runs find them in the way and name them.
///
/// # Errors
/// [`Error::BadIssuer`], [`Error::FileExists`], [`Error::Io`], and those of [`PrivateKey::to_pem`].
pub fn write_new(dir: &Path, new: &NewKey<'_>) -> Result<(KeyPaths, KeyMetadata), Error> {
    check_issuer(new.issuer)?;
    let metadata = describe(new);
    let private_pem = new.key.to_pem(&new.protection)?;
    let public_pem = public::public_to_pem(new.key.public_key())?;
    let json = serde_json::to_string_pretty(&metadata).map_err(|_| Error::Encode)? + "\n";

    make_folder(dir)?;
    let paths = KeyPaths::new(dir, new.kid.as_str());
    let mut batch = Batch::default();
    // All three names are taken before anything is written, so that one in the way stops all.
    batch.take(&paths.private, 0o600)?;
    batch.take(&paths.public, 0o644)?;
    batch.take(&paths.metadata, 0o644)?;
    batch.write_all(&[private_pem.as_bytes(), public_pem.as_bytes(), json.as_bytes()])?;
    sync_folder(dir)?;
    batch.keep();
    Ok((paths, metadata))
}

/// Reads a private key file. With `passphrase` `None` an encrypted file is [`Error::PassphraseNeeded`].
///
/// # Errors
/// [`Error::Io`], [`Error::FileTooLarge`], or [`Error::InFile`] with an error of [`PrivateKey::from_pem`].
pub fn read_private(path: &Path, passphrase: Option<&Passphrase>) -> Result<StoredKey, Error> {
    let pem = read_limited(path)?;
    let (key, mut weaknesses) = PrivateKey::from_pem(&pem, passphrase).map_err(Error::in_file(path))?;
    weaknesses.extend(open_mode(path)?);
    Ok(StoredKey { key, weaknesses })
}

/// Reads a public key file.
///
/// # Errors
/// [`Error::Io`], [`Error::FileTooLarge`], or [`Error::InFile`] with [`Error::NotAPublicKey`].
pub fn read_public(path: &Path) -> Result<[u8; 32], Error> {
    let pem = read_limited(path)?;
    public::public_from_pem(&pem).map_err(Error::in_file(path))
}

/// Copies the public key and the metadata of a key into another folder, unless they lie there already.
///
/// # Errors
/// [`Error::Io`], [`Error::FileTooLarge`].
pub fn copy_public(from: &KeyPaths, dir: &Path) -> Result<bool, Error> {
    let kid = from.public.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(PUBLIC_SUFFIX));
    let to = KeyPaths::new(dir, kid.unwrap_or_default());
    if to.public.exists() || to.metadata.exists() {
        return Ok(false);
    }
    let (public, metadata) = (read_limited(&from.public)?, read_limited(&from.metadata)?);
    let mut batch = Batch::default();
    batch.take(&to.public, 0o644)?;
    batch.take(&to.metadata, 0o644)?;
    batch.write_all(&[public.as_bytes(), metadata.as_bytes()])?;
    sync_folder(dir)?;
    batch.keep();
    Ok(true)
}

/// What is weak about a private key file, without opening it; and whether it is encrypted.
///
/// # Errors
/// As [`read_private`].
pub fn look_at_private(path: &Path) -> Result<(bool, Vec<Weakness>), Error> {
    let pem = read_limited(path)?;
    let (encrypted, mut weaknesses) = private::look_at(&pem).map_err(Error::in_file(path))?;
    weaknesses.extend(open_mode(path)?);
    Ok((encrypted, weaknesses))
}

fn describe(new: &NewKey<'_>) -> KeyMetadata {
    KeyMetadata {
        kid: new.kid.to_string(),
        issuer: new.issuer.to_owned(),
        created: dates::format_utc(new.created),
        thumbprint: thumbprint(&new.key.public_key()),
        uses: new.uses.iter().map(|key_use| key_use.as_str().to_owned()).collect(),
    }
}

pub(super) fn read_limited(path: &Path) -> Result<Zeroizing<String>, Error> {
    let mut text = Zeroizing::new(String::with_capacity(4096));
    let file = File::open(path).map_err(|error| Error::io("read", path, error))?;
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(|error| Error::io("read", path, error))?;
    let fits = u64::try_from(text.len()).is_ok_and(|size| size <= MAX_FILE);
    if fits { Ok(text) } else { Err(Error::FileTooLarge { path: path.to_owned() }) }
}

/// Files made by one operation; those not [kept](Batch::keep) are removed when it is dropped.
#[derive(Default)]
struct Batch(Vec<(PathBuf, File)>);

impl Batch {
    fn take(&mut self, path: &Path, mode: u32) -> Result<(), Error> {
        let file = create_new(path, mode).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::FileExists { path: path.to_owned() },
            _ => Error::io("create", path, error),
        })?;
        let moded = set_mode(&file, mode);
        // Kept in mind before a failure is told, so that nothing is left behind.
        self.0.push((path.to_owned(), file));
        moded.map_err(|error| Error::io("change the mode of", path, error))
    }

    fn write_all(&mut self, contents: &[&[u8]]) -> Result<(), Error> {
        for ((path, file), content) in self.0.iter_mut().zip(contents) {
            file.write_all(content).and_then(|()| file.sync_all()).map_err(|error| Error::io("write", path, error))?;
        }
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for (path, _) in self.0.drain(..) {
            // Best effort while another error is already on its way to the caller.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(unix)]
fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create_new(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// The mode of creating is narrowed by the umask; a public key that its owner alone can read helps nobody.
#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// Makes a folder and those above it, and flushes their names.
fn make_folder(dir: &Path) -> Result<(), Error> {
    let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let new: Vec<&Path> = dir.ancestors().take_while(is_new).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|error| Error::io("create", dir, error))?;
    new.into_iter().try_for_each(sync_parent)
}

/// Flushes the folder in which a file or folder is.
pub(crate) fn sync_parent(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// Flushes a folder, so that the names of new files survive a power cut.
fn sync_folder(dir: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        File::open(dir).and_then(|folder| folder.sync_all()).map_err(|error| Error::io("flush", dir, error))?;
    }
    Ok(())
}

#[cfg(unix)]
fn open_mode(path: &Path) -> Result<Option<Weakness>, Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = fs::metadata(path).map_err(|error| Error::io("read", path, error))?.permissions().mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(Weakness::OpenMode(mode)))
}

#[cfg(not(unix))]
fn open_mode(_path: &Path) -> Result<Option<Weakness>, Error> {
    Ok(None)
}
