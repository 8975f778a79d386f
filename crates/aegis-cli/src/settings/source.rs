//! Where settings come from: the environment, then a file, then what is usual.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::known::{self, Setting};
use crate::failure::Failure;
use crate::output::warn;

/// Names the file of settings where no flag does.
const CONFIG: &str = "AEGIS_CONFIG";

/// Where a setting was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// This variable of the environment.
    Variable(&'static str),
    /// This member of the file.
    Member(&'static str),
    /// It was not: this is what is usual.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(out, "{name}"),
            Self::Member(name) => write!(out, "{name} in the file"),
            Self::Default => write!(out, "default"),
        }
    }
}

/// A setting as it was found.
#[derive(Debug)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) origin: Place,
}

/// The environment and the file.
#[derive(Debug, Default)]
pub(super) struct Source {
    variables: BTreeMap<&'static str, String>,
    table: Table,
    /// The file, if there is one.
    pub(super) file: Option<PathBuf>,
}

impl Source {
    /// Reads the environment and the file that a flag or the environment names.
    pub(super) fn read(flag: Option<&Path>) -> Result<Self, Failure> {
        let all: Vec<(OsString, OsString)> = env::vars_os().collect();
        refuse_misspelled(&all)?;
        let variables = read_variables(&all)?;
        let named = env::var_os(CONFIG).filter(|name| !name.is_empty()).map(PathBuf::from);
        let file = flag.map(Path::to_owned).or(named);
        let table = file.as_deref().map(read_file).transpose()?.unwrap_or_default();
        Ok(Self { variables, table, file })
    }

    /// A setting that is one text.
    pub(super) fn text(&self, setting: &Setting) -> Result<Option<Found<String>>, Failure> {
        if let Some(found) = self.variable(setting) {
            return Ok(Some(found));
        }
        let Some((member, value)) = self.member(setting) else { return Ok(None) };
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            _ => return Err(wrong_kind(member, "a text in quotation marks")),
        };
        Ok(Some(Found { value, origin: Place::Member(member) }))
    }

    /// A setting that is a list: words in the environment, an array (or one text) in the file.
    pub(super) fn list(&self, setting: &Setting) -> Result<Option<Found<Vec<String>>>, Failure> {
        if let Some(Found { value, origin }) = self.variable(setting) {
            let value = value.split_whitespace().map(str::to_owned).collect();
            return Ok(Some(Found { value, origin }));
        }
        let Some((member, value)) = self.member(setting) else { return Ok(None) };
        let value = match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(items) => texts(items).ok_or_else(|| wrong_kind(member, "an array of texts"))?,
            _ => return Err(wrong_kind(member, "an array of texts")),
        };
        Ok(Some(Found { value, origin: Place::Member(member) }))
    }

    fn variable(&self, setting: &Setting) -> Option<Found<String>> {
        let mut names = [Some(setting.variable), setting.fallback].into_iter().flatten();
        let found = |name: &'static str| self.variables.get(name).map(|value| (name, value.clone()));
        names.find_map(found).map(|(name, value)| Found { value, origin: Place::Variable(name) })
    }

    fn member(&self, setting: &Setting) -> Option<(&'static str, &Value)> {
        let member = setting.member?;
        self.table.get(member).map(|value| (member, value))
    }
}

fn texts(items: &[Value]) -> Option<Vec<String>> {
    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn wrong_kind(member: &str, expected: &str) -> Failure {
    Failure::new(format!("{member} in the file of settings is not {expected}"), format!("write {expected}"))
}

/// What is misspelled would go unnoticed otherwise. What is like none of ours may be somebody else's.
fn refuse_misspelled(all: &[(OsString, OsString)]) -> Result<(), Failure> {
    let names = all.iter().filter_map(|(name, _)| name.to_str());
    for name in names.filter(|name| known::is_unread(name)) {
        let what = format!("nothing reads the environment variable {name}");
        match known::meant_variable(name) {
            Some(meant) => return Err(Failure::new(what, format!("is {meant} meant? Else unset it"))),
            None => warn(what),
        }
    }
    Ok(())
}

/// Those that are set. An empty one counts as not set, as tools that start containers leave them.
fn read_variables(all: &[(OsString, OsString)]) -> Result<BTreeMap<&'static str, String>, Failure> {
    let mut variables = BTreeMap::new();
    for known in known::variables() {
        let Some((_, value)) = all.iter().find(|(name, _)| name == known) else { continue };
        // The value is not shown: it may be a secret.
        let wrong = || Failure::new(format!("{known} is not UTF-8 text"), "set it again");
        let value = value.to_str().ok_or_else(wrong)?;
        if !value.trim().is_empty() {
            variables.insert(known, value.to_owned());
        }
    }
    Ok(variables)
}

fn read_file(path: &Path) -> Result<Table, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        let remedy = "check the path and who may read it, or leave --config and AEGIS_CONFIG out";
        Failure::new(format!("cannot read the settings in {}: {error}", path.display()), remedy)
    })?;
    // Neither the line nor the value is repeated: it may hold a password.
    let table: Table = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
        Failure::new(format!("line {line} of {} is not TOML", path.display()), "write NAME = \"VALUE\" on a line each")
    })?;
    refuse_unknown(path, &table)?;
    Ok(table)
}

fn refuse_unknown(path: &Path, table: &Table) -> Result<(), Failure> {
    let Some(name) = table.keys().find(|name| !known::members().any(|known| known == name.as_str())) else {
        return Ok(());
    };
    let what = format!("{} sets {name:?}, which is no setting", path.display());
    let all = || format!("the settings are {}", known::members().collect::<Vec<_>>().join(", "));
    Err(Failure::new(what, known::meant_member(name).map_or_else(all, |meant| format!("is {meant} meant?"))))
}
