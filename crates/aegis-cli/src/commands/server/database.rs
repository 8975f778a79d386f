//! The server's database, for commands.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use aegis_storage::{Error, Store};
use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;
use crate::keyrings::folder_of;
use crate::settings::{DatabaseAddress, Settings};
use crate::write::make_folder;

const DOES_NOT_ANSWER: &str = "check that it runs and that AEGIS_DATABASE_URL is right; `aegis doctor` shows more";

/// What runs the server and what waits for the database.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(format!("cannot start threads: {error}"), "raise the limits of this user (ulimit -u)")
    })
}

/// Does something with a database that is there and has its tables.
pub(super) fn with_store<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    runtime()?.block_on(async {
        let store = existing(settings).await?;
        let done = work(store.clone()).await;
        // What was changed is stored; a connection that cannot be closed helps nobody to know of.
        let _ = store.close().await;
        done
    })
}

/// Connects to a database that is there and has its tables.
pub(super) async fn existing(settings: &Settings) -> Result<Store, Failure> {
    refuse_missing(&settings.database)?;
    let store = connect(&settings.database).await?;
    refuse_pending(&store, &settings.database).await?;
    Ok(store)
}

/// A command that only looks does not make a database.
pub(super) fn refuse_missing(address: &DatabaseAddress) -> Result<(), Failure> {
    match address.file().filter(|file| !file.exists()) {
        Some(file) => Err(Failure::new(
            format!("there is no database at {}", file.display()),
            "name another with AEGIS_DATA or AEGIS_DATABASE_URL; `aegis serve` and `aegis migrate` make one",
        )),
        None => Ok(()),
    }
}

/// Connects; the file of an embedded database is made where it is not there.
pub(super) async fn connect(address: &DatabaseAddress) -> Result<Store, Failure> {
    if let Some(file) = address.file() {
        make_file(&file)?;
    }
    Store::connect(address.secret()).await.map_err(|error| explained(&error, address))
}

/// For its owner alone, as all that lies beside it will be.
fn make_file(file: &Path) -> Result<(), Failure> {
    let unusable = |error: &io::Error| {
        let remedy = "check the path in AEGIS_DATA or AEGIS_DATABASE_URL, and who may write there";
        Failure::new(format!("cannot use the database {}: {error}", file.display()), remedy)
    };
    make_folder(folder_of(file))?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop).map_err(|error| unusable(&error))?;
    // SQLite writes a journal beside it.
    let probe = tempfile::Builder::new().prefix(".aegis").tempfile_in(folder_of(file));
    probe.map(drop).map_err(|error| unusable(&error))
}

/// Tables of an earlier version would be misunderstood.
pub(super) async fn refuse_pending(store: &Store, address: &DatabaseAddress) -> Result<(), Failure> {
    match store.pending_migrations().await.map_err(|error| explained(&error, address))? {
        0 => Ok(()),
        _ => Err(Failure::new(
            format!("the tables of the database {address} are not those of this version"),
            "make a backup, then run `aegis migrate`",
        )),
    }
}

/// What the storage says, with what to do about it, and without the password.
pub(super) fn explained(error: &Error, address: &DatabaseAddress) -> Failure {
    let what = address.scrubbed(&error.to_string());
    match error {
        Error::Unavailable(_) | Error::OutcomeUnknown(_) => {
            Failure::new(format!("{what} ({address})"), DOES_NOT_ANSWER)
        }
        Error::Schema(_) => Failure::new(
            format!("{what} ({address})"),
            "use the version of aegis that wrote to it last, or a newer one; or name another database",
        ),
        Error::Refused(_) => Failure::new(
            format!("{what} ({address})"),
            "check the rights of the database's user and the space on its disk; `aegis doctor` shows more",
        ),
        _ => storage_failure(error),
    }
}

/// The same where the address does not matter.
fn storage_failure(error: &Error) -> Failure {
    let remedy = match error {
        Error::NotFound { what: "API key", .. } => "`aegis api-keys list` shows the ids",
        Error::NotFound { .. } => "check the id",
        Error::Exists { .. } => "choose another id",
        Error::BrokenChain(_) => {
            "compare with a backup: somebody changed the audit log in the database, or a part of it was lost"
        }
        _ => DOES_NOT_ANSWER,
    };
    Failure::new(error.to_string(), remedy)
}

/// Whether a folder has nothing in it, or is not there.
pub(super) fn is_empty(folder: &Path) -> Result<bool, Failure> {
    match fs::read_dir(folder) {
        Ok(mut items) => Ok(items.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => {
            let what = format!("cannot read the folder {}: {error}", folder.display());
            Err(Failure::new(what, "check the path and who may read it"))
        }
    }
}
