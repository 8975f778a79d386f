//! `aegis restore`

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use age::{Identity, IdentityFile};
use clap::Args;
use serde_json::json;

use super::archive::{self, DATABASE, KEYS, TRUST};
use super::database::is_empty;
use crate::failure::Failure;
use crate::interrupt::{Interrupt, Interruptible, interruptible};
use crate::keyrings::folder_of;
use crate::output::{Outcome, counted};
use crate::write::make_folder;

/// `aegis restore …`
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The file that `aegis backup` has written
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The age identity that opens it: the file that age-keygen has written
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// A new or empty folder; it can be the AEGIS_DATA of the server then
    #[arg(long, value_name = "DIR")]
    into: PathBuf,
    /// Answer with one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &RestoreArgs) -> Result<Outcome, Failure> {
    interruptible(|interrupt| restore(arguments, interrupt))
}

fn restore(arguments: &RestoreArgs, interrupt: &Interrupt) -> Result<Outcome, Failure> {
    let into = &arguments.into;
    if !is_empty(into)? {
        return Err(Failure::new(
            format!("{} is not empty, and nothing is overwritten", into.display()),
            "name a new folder, look at what is there, and move it into its place yourself",
        ));
    }
    let identities = identities(&arguments.identity)?;
    let files = unpack(&arguments.from, &identities, into, interrupt)?;
    if arguments.json {
        return Outcome::json(&json!({ "folder": into, "files": files, "database": into.join(DATABASE).exists() }));
    }
    Ok(Outcome::text(summary(into, files)))
}

fn identities(path: &Path) -> Result<Vec<Box<dyn Identity>>, Failure> {
    let remedy = "give the file that `age-keygen -o FILE` has written, with a line that begins with AGE-SECRET-KEY-1";
    let file = File::open(path)
        .map_err(|error| Failure::new(format!("cannot read the identity {}: {error}", path.display()), remedy))?;
    // What is wrong with it is not repeated: it may be a secret.
    let wrong = || Failure::new(format!("{} is no age identity", path.display()), remedy);
    let file = IdentityFile::from_buffer(BufReader::new(file)).map_err(|_| wrong())?;
    let identities = file.into_identities().map_err(|_| wrong())?;
    if identities.is_empty() {
        Err(wrong())
    } else {
        Ok(identities.into_iter().map(|one| one as Box<dyn Identity>).collect())
    }
}

/// Into another folder first: what is torn or forged leaves nothing behind.
fn unpack(from: &Path, identities: &[Box<dyn Identity>], into: &Path, interrupt: &Interrupt) -> Result<usize, Failure> {
    let unreadable = |error: &io::Error| {
        Failure::new(
            format!("cannot restore {}: {error}", from.display()),
            "check that it is a whole file of `aegis backup`, that the identity belongs to one of its recipients, and the space on the disk",
        )
    };
    let archive = File::open(from).map_err(|error| unreadable(&error))?;
    let parent = folder_of(into);
    make_folder(parent)?;
    let unfinished = archive::folder_for_a_moment(parent).map_err(|error| unreadable(&error))?;
    let archive = BufReader::new(Interruptible(archive, interrupt.clone()));
    let count = archive::unpack(archive, identities, unfinished.path()).map_err(|error| unreadable(&error))?;
    // A folder takes the place of an empty one, and of nothing else.
    fs::rename(unfinished.path(), into).map_err(|error| unreadable(&error))?;
    // It is not there any more under that name.
    drop(unfinished.keep());
    Ok(count)
}

fn summary(into: &Path, files: usize) -> String {
    let folder = into.display();
    let trust = into.join(TRUST);
    let trust = if trust.exists() { format!(" AEGIS_TRUST={}", trust.display()) } else { String::new() };
    let next = if into.join(DATABASE).exists() {
        format!("To start the server with it: AEGIS_DATA={folder}{trust} aegis serve")
    } else {
        let keys = into.join(KEYS);
        let keys = keys.display();
        format!(
            "The database is not in it: restore that with pg_restore, as docs/runbooks.md says. Then AEGIS_SIGNER=file:{keys}{trust}"
        )
    };
    format!("Restored {} into {folder}.\n{next}", counted(files, "file"))
}
