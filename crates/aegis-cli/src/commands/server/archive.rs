//! What a backup is: a tar archive, encrypted with age. `age --decrypt` and `tar` read it too.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use age::{Decryptor, Encryptor, Identity, Recipient};
use tar::{Archive, Builder, EntryType, Header};
use tempfile::TempDir;

/// The embedded database in a backup.
pub(super) const DATABASE: &str = "aegis.db";

/// The folder of keys in a backup.
pub(super) const KEYS: &str = "keys";

/// The folder of what customers trust in a backup, where it is not that of the keys.
pub(super) const TRUST: &str = "trust";

/// The mode of the files of a backup: public keys are readable, all else is not.
#[cfg(unix)]
const MODES: u32 = 0o644;

/// Files by their paths in the archive.
pub(super) type Files = BTreeMap<PathBuf, PathBuf>;

/// How the name of a folder for a moment begins.
const UNFINISHED: &str = ".aegis-unfinished-";

/// After this time nobody works in a folder for a moment any more.
const ABANDONED: Duration = Duration::from_hours(24);

/// A folder in `parent` for a moment, for its owner alone. It is removed when it is dropped, or else by the next: where
/// the program was killed, what is secret stayed.
pub(super) fn folder_for_a_moment(parent: &Path) -> io::Result<TempDir> {
    for item in fs::read_dir(parent)? {
        let item = item?;
        if item.file_name().to_string_lossy().starts_with(UNFINISHED) && is_abandoned(&item.metadata()?) {
            fs::remove_dir_all(item.path())?;
        }
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

fn is_abandoned(metadata: &fs::Metadata) -> bool {
    let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
    metadata.is_dir() && age.is_some_and(|age| age > ABANDONED)
}

/// Writes the files into an encrypted archive.
pub(super) fn write(to: impl Write, files: &Files, recipients: &[impl Recipient]) -> io::Result<()> {
    let recipients = recipients.iter().map(|recipient| recipient as &dyn Recipient);
    let encrypted = Encryptor::with_recipients(recipients).map_err(io::Error::other)?.wrap_output(to)?;
    let mut archive = Builder::new(encrypted);
    for (name, path) in files {
        let mut file = File::open(path)?;
        let mut header = Header::new_ustar();
        header.set_metadata_in_mode(&file.metadata()?, tar::HeaderMode::Complete);
        if name.as_path() == Path::new(DATABASE) {
            header.set_mode(0o600);
        }
        // Whoever unpacks it is the owner.
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, name, &mut file)?;
    }
    archive.into_inner()?.finish()?.flush()
}

/// Unpacks an archive into a folder, and returns how many files it has. All of it is genuine, or none of it is kept.
pub(super) fn unpack(from: impl Read, identities: &[Box<dyn Identity>], folder: &Path) -> io::Result<usize> {
    let decryptor = Decryptor::new(from).map_err(io::Error::other)?;
    let decrypted = decryptor.decrypt(identities.iter().map(AsRef::as_ref)).map_err(io::Error::other)?;
    let mut archive = Archive::new(decrypted);
    let mut count = 0;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.into_owned();
        if entry.header().entry_type() != EntryType::Regular || !is_ours(&name) {
            let what = format!("{:?} is no file of a backup", name.display().to_string());
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let mode = entry.header().mode()?;
        let path = folder.join(name);
        create_folder(path.parent().unwrap_or(folder))?;
        let mut file = create(&path, mode)?;
        io::copy(&mut entry, &mut file)?;
        file.sync_all()?;
        count += 1;
    }
    // To the end: only there it shows that nothing was cut off.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(count)
}

/// The database, or a file in one of the two folders.
fn is_ours(name: &Path) -> bool {
    let parts: Vec<Component<'_>> = name.components().collect();
    match parts.as_slice() {
        [Component::Normal(file)] => *file == DATABASE,
        [Component::Normal(folder), Component::Normal(_)] => *folder == KEYS || *folder == TRUST,
        _ => false,
    }
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn create(path: &Path, mode: u32) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(mode & MODES).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _mode: u32) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::is_ours;

    #[test]
    fn only_files_of_a_backup_are_unpacked() {
        for name in ["aegis.db", "keys/k1.private.pem", "trust/keyring.toml"] {
            assert!(is_ours(Path::new(name)), "{name}");
        }
        for name in ["/aegis.db", "../aegis.db", "keys/../../x", "keys/a/b", "other", "etc/passwd", "keys", ""] {
            assert!(!is_ours(Path::new(name)), "{name}");
        }
    }
}
