//! Reading the text of a file or of standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

/// No input is larger.
const MAX_INPUT: u64 = 64 * 1024 * 1024;

/// Reads a file, or standard input for `-`.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        return read_all(io::stdin().lock(), "standard input");
    }
    let name = path.display().to_string();
    if name.starts_with("eyJ") && !path.exists() {
        // Not echoed: it is a license.
        let remedy = "save it in a file and name that, or pipe it in";
        return Err(Failure::usage("a license was given where the name of a file belongs", remedy));
    }
    let file = File::open(path).map_err(|error| failure(&name, &error))?;
    read_all(file, &name)
}

fn read_all(source: impl Read, name: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let size = source.take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(|error| failure(name, &error))?;
    if u64::try_from(size).unwrap_or(u64::MAX) > MAX_INPUT {
        return Err(Failure::new(format!("{name} is too large"), "give only the licenses"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("{name} is not UTF-8 text"), "save it as UTF-8"))
}

fn failure(name: &str, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read {name}: {error}"), "check the path and who may read it")
}
