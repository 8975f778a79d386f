//! Files for customers: never over anything, and whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::failure::Failure;

/// Writes a new file, readable by its owner alone, and flushes it to disk.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // It may hold licenses.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => failure(path, &error),
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        // Best effort: the error is on its way.
        let _ = fs::remove_file(path);
        failure(path, &error)
    })
}

/// Makes a folder that only its owner can read, unless it is there.
pub(crate) fn make_folder(path: &Path) -> Result<(), Failure> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| failure(path, &error))
}

/// That a file is in the way.
pub(crate) fn exists(path: &Path) -> Failure {
    Failure::new(format!("{} exists already, and nothing is overwritten", path.display()), "choose another name")
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()), "check the path and who may write there")
}
