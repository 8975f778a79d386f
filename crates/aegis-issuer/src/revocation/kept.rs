//! The lists that were signed, one file each: `<seq>.jwt`.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aegis_core::LicenseId;
use serde::Deserialize;

use crate::keyfile::sync_parent;
use crate::{Error, inspect};

/// The folder's usual name, beside the ledger.
pub const LISTS_FOLDER: &str = "revocation-lists";

const SUFFIX: &str = "jwt";

/// The folder of signed lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLists {
    dir: PathBuf,
}

/// A list that was signed here. It is our own, and its signature is not checked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptList {
    /// Issuer.
    pub iss: String,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Its number.
    pub seq: i64,
    /// Id of the key that signed it.
    pub kid: String,
    /// The licenses it names.
    pub revoked: Vec<LicenseId>,
    /// The keys it names: none where no root signed it.
    pub revoked_keys: Vec<String>,
    /// The list itself.
    pub token: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    iat: i64,
    seq: i64,
    revoked: Vec<String>,
    #[serde(default)]
    revoked_keys: Vec<String>,
}

#[derive(Deserialize)]
struct Header {
    kid: String,
}

impl KeptLists {
    /// The lists in `dir`, which need not exist yet.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where they are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Reads all lists, in the order of their numbers.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::InFile`] with [`Error::NotAToken`].
    pub fn read(&self) -> Result<Vec<KeptList>, Error> {
        let fault = |error| Error::io("read", &self.dir, error);
        let items = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            items => items.map_err(fault)?,
        };
        let mut lists = Vec::new();
        for item in items {
            let path = item.map_err(fault)?.path();
            if path.extension().is_some_and(|extension| extension == SUFFIX) {
                let text = fs::read_to_string(&path).map_err(|error| Error::io("read", &path, error))?;
                lists.push(KeptList::from_token(&text).map_err(Error::in_file(&path))?);
            }
        }
        lists.sort_by_key(|list| list.seq);
        Ok(lists)
    }

    /// Keeps a list and flushes it to disk.
    pub(super) fn keep(&self, seq: i64, token: &str) -> Result<(), Error> {
        let path = self.dir.join(format!("{seq}.{SUFFIX}"));
        let unfinished = path.with_extension("unfinished");
        let fault = |error| Error::io("write", &path, error);
        self.make_folder()?;
        // Under another name first: a crash leaves no half list behind, which would stop every later one.
        let write = |mut file: File| file.write_all(format!("{token}\n").as_bytes()).and_then(|()| file.sync_all());
        File::create(&unfinished).and_then(write).map_err(fault)?;
        fs::rename(&unfinished, &path).map_err(fault)?;
        sync_parent(&path)
    }

    fn make_folder(&self) -> Result<(), Error> {
        if self.dir.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.dir).map_err(|error| Error::io("create", &self.dir, error))?;
        sync_parent(&self.dir)
    }
}

impl KeptList {
    /// A list that was signed here, from its token. Its signature is not checked.
    ///
    /// # Errors
    /// [`Error::NotAToken`].
    pub fn from_token(text: &str) -> Result<Self, Error> {
        let (Header { kid }, claims): (Header, Claims) = inspect::parts(text)?;
        let id = |text: &String| LicenseId::parse(text);
        let revoked: Option<Vec<LicenseId>> = claims.revoked.iter().map(id).collect();
        let Claims { iss, iat, seq, revoked_keys, .. } = claims;
        let revoked = revoked.ok_or_else(|| Error::NotAToken("it names something that is no license".to_owned()))?;
        Ok(Self { iss, iat, seq, kid, revoked, revoked_keys, token: aegis_core::trim(text).to_owned() })
    }

    /// The lists that customers of an issuer need: the newest, and before it the newest that revokes keys.
    #[must_use]
    pub fn in_force<'l>(lists: &'l [Self], issuer: &str) -> Vec<&'l Self> {
        let own = || lists.iter().filter(|list| list.iss == issuer);
        let newest = own().max_by_key(|list| list.seq);
        let of_root = own().filter(|list| !list.revoked_keys.is_empty()).max_by_key(|list| list.seq);
        let older = of_root.filter(|list| Some(list.seq) != newest.map(|newest| newest.seq));
        older.into_iter().chain(newest).collect()
    }
}
