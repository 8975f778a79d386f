//! The settings of the license server.
//!
//! Each is a variable of the environment and a member of one TOML file; the environment wins. Nothing misspelled goes
//! unnoticed, and nothing secret is shown.

mod address;
mod known;
mod source;

use std::env;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aegis_issuer::keyfile::check_issuer;
use aegis_server::{LogLevel, Network, Origin};

pub(crate) use address::DatabaseAddress;
use known::Setting;
pub(crate) use source::Place;
use source::{Found, Source};

use crate::failure::Failure;
use crate::passphrase::PassphraseArgs;

/// The folder of keys, in that of data.
const KEYS: &str = "keys";

/// The embedded database, in the folder of data.
const DATABASE: &str = "aegis.db";

const DEFAULT_LISTEN: &str = "127.0.0.1:8750";
const DEFAULT_METRICS: &str = "127.0.0.1:8751";
const DEFAULT_RATE_PER_KEY: &str = "600";
const DEFAULT_RATE_PER_ADDRESS: &str = "300";

/// What the server does, and where things are.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) database: DatabaseAddress,
    /// Whether the database is the embedded one of the first start.
    pub(crate) database_is_default: bool,
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) metrics_listen: Option<SocketAddr>,
    pub(crate) issuer: Option<String>,
    /// Addresses of signing keys.
    pub(crate) signers: Vec<String>,
    /// The folder of what customers trust.
    pub(crate) trust: PathBuf,
    /// Whether neither keys nor trust were named: then they are made on the first start.
    pub(crate) keys_are_default: bool,
    pub(crate) passphrase: PassphraseArgs,
    pub(crate) log: LogLevel,
    pub(crate) rate_per_key: NonZeroU32,
    pub(crate) rate_per_address: NonZeroU32,
    pub(crate) cors_origins: Vec<Origin>,
    pub(crate) trusted_proxies: Vec<Network>,
    /// The file that they come from, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The file of the passphrase, if there is one.
    pub(crate) passphrase_file: Option<PathBuf>,
    shown: Vec<Shown>,
}

/// A setting for people: without secrets, and with where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) origin: Place,
}

impl Settings {
    /// Reads the environment and the file, which a flag may name.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        Reader { source: Source::read(file)?, shown: Vec::new() }.settings()
    }

    /// All of them, for people.
    pub(crate) fn shown(&self) -> &[Shown] {
        &self.shown
    }

    /// The folder of the keys that are made on the first start.
    pub(crate) fn default_keys(&self) -> PathBuf {
        self.data.join(KEYS)
    }

    /// The files and folders of those signing keys that are files.
    pub(crate) fn key_files(&self) -> Vec<PathBuf> {
        let path = |address: &String| address.strip_prefix("file:").map(|path| PathBuf::from(without_kid(path)));
        self.signers.iter().filter_map(path).collect()
    }
}

/// An address without the `#KID` at its end.
fn without_kid(path: &str) -> &str {
    path.rsplit_once('#').map_or(path, |(path, _)| path)
}

/// Reads one setting after the other, and keeps what is shown of each.
struct Reader {
    source: Source,
    shown: Vec<Shown>,
}

impl Reader {
    fn settings(mut self) -> Result<Settings, Failure> {
        let data = self.data()?;
        let (database, database_is_default) = self.database(&data)?;
        let listen = self.parsed(&known::LISTEN, DEFAULT_LISTEN, SOCKET, |text| text.parse().ok())?;
        let metrics_listen = self.parsed(&known::METRICS_LISTEN, DEFAULT_METRICS, SOCKET_OR_OFF, |text| {
            if text == "off" { Some(None) } else { text.parse().ok().map(Some) }
        })?;
        let issuer = self.issuer()?;
        let (signers, signers_are_default) = self.signers(&data)?;
        let (trust, trust_is_default) = self.path(&known::TRUST, || Ok(data.join(KEYS)))?;
        let (passphrase, passphrase_file) = self.passphrase()?;
        let log = self.parsed(&known::LOG, "info", "write error, warn, info or debug", |text| text.parse().ok())?;
        let rate_per_key = self.parsed(&known::RATE_PER_KEY, DEFAULT_RATE_PER_KEY, RATE, |text| text.parse().ok())?;
        let rate_per_address =
            self.parsed(&known::RATE_PER_ADDRESS, DEFAULT_RATE_PER_ADDRESS, RATE, |text| text.parse().ok())?;
        let cors_origins = self.words(&known::CORS_ORIGINS, ORIGINS)?;
        let trusted_proxies = self.words(&known::TRUSTED_PROXIES, ADDRESSES)?;
        Ok(Settings {
            database,
            database_is_default,
            data,
            listen,
            metrics_listen,
            issuer,
            signers,
            trust,
            keys_are_default: signers_are_default && trust_is_default,
            passphrase,
            log,
            rate_per_key,
            rate_per_address,
            cors_origins,
            trusted_proxies,
            file: self.source.file,
            passphrase_file,
            shown: self.shown,
        })
    }

    fn show(&mut self, setting: &Setting, value: impl Into<String>, origin: Place) {
        let name = setting.member.unwrap_or(setting.variable);
        self.shown.push(Shown { name, value: value.into(), origin });
    }

    fn data(&mut self) -> Result<PathBuf, Failure> {
        let (data, _) = self.path(&known::DATA, usual_data)?;
        Ok(data)
    }

    fn path(
        &mut self,
        setting: &Setting,
        usual: impl FnOnce() -> Result<PathBuf, Failure>,
    ) -> Result<(PathBuf, bool), Failure> {
        let (path, origin) = match self.source.text(setting)? {
            Some(Found { value, origin }) => (PathBuf::from(value), origin),
            None => (usual()?, Place::Default),
        };
        self.show(setting, path.display().to_string(), origin);
        Ok((path, origin == Place::Default))
    }

    fn database(&mut self, data: &Path) -> Result<(DatabaseAddress, bool), Failure> {
        let (address, origin) = match self.source.text(&known::DATABASE_URL)? {
            Some(Found { value, origin }) => (DatabaseAddress::parse(value)?, origin),
            None => (DatabaseAddress::of_file(&data.join(DATABASE))?, Place::Default),
        };
        self.show(&known::DATABASE_URL, address.to_string(), origin);
        Ok((address, origin == Place::Default))
    }

    fn issuer(&mut self) -> Result<Option<String>, Failure> {
        let Some(Found { value, origin }) = self.source.text(&known::ISSUER)? else {
            self.show(&known::ISSUER, "that of the keys", Place::Default);
            return Ok(None);
        };
        check_issuer(&value)?;
        self.show(&known::ISSUER, value.clone(), origin);
        Ok(Some(value))
    }

    fn signers(&mut self, data: &Path) -> Result<(Vec<String>, bool), Failure> {
        let (signers, origin) = match self.source.list(&known::SIGNERS)? {
            Some(Found { value, origin }) => (value, origin),
            None => (vec![format!("file:{}", data.join(KEYS).display())], Place::Default),
        };
        let redacted: Vec<String> = signers.iter().map(|address| redacted_signer(address)).collect();
        self.show(&known::SIGNERS, redacted.join(" "), origin);
        if signers.is_empty() {
            let remedy = "name at least one key in AEGIS_SIGNER, such as file:/etc/aegis/keys, or leave it out";
            return Err(Failure::new("no signing key is named", remedy));
        }
        Ok((signers, origin == Place::Default))
    }

    fn passphrase(&mut self) -> Result<(PassphraseArgs, Option<PathBuf>), Failure> {
        let file = self.source.text(&known::PASSPHRASE_FILE)?;
        let variable = self.source.text(&known::PASSPHRASE)?;
        let is_variable = |found: &Found<String>| matches!(found.origin, Place::Variable(_));
        if variable.is_some() && file.as_ref().is_some_and(is_variable) {
            return Err(Failure::new(
                "AEGIS_PASSPHRASE and AEGIS_PASSPHRASE_FILE are both set",
                "unset one of them: it would not be clear which counts",
            ));
        }
        // The environment wins.
        let file = file.filter(|_| variable.is_none());
        match &variable {
            Some(found) => self.show(&known::PASSPHRASE, "set, and not shown", found.origin),
            None => self.show(&known::PASSPHRASE, "not set", Place::Default),
        }
        match &file {
            Some(found) => self.show(&known::PASSPHRASE_FILE, found.value.clone(), found.origin),
            None => self.show(&known::PASSPHRASE_FILE, "none", Place::Default),
        }
        let file = file.map(|found| PathBuf::from(found.value));
        Ok((PassphraseArgs::of_file(file.clone()), file))
    }

    fn parsed<T>(
        &mut self,
        setting: &Setting,
        usual: &str,
        remedy: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        let found = self.source.text(setting)?;
        let Found { value, origin } =
            found.unwrap_or_else(|| Found { value: usual.to_owned(), origin: Place::Default });
        let parsed = parse(value.trim()).ok_or_else(|| bad_value(setting, &value, remedy))?;
        self.show(setting, value, origin);
        Ok(parsed)
    }

    fn words<T: FromStr>(&mut self, setting: &Setting, remedy: &str) -> Result<Vec<T>, Failure> {
        let Some(Found { value, origin }) = self.source.list(setting)? else {
            self.show(setting, "none", Place::Default);
            return Ok(Vec::new());
        };
        let split = |text: &String| text.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
        let words: Vec<String> = value.iter().flat_map(split).filter(|word| !word.is_empty()).collect();
        let parse = |word: &String| word.parse().map_err(|_| bad_value(setting, word, remedy));
        let parsed = words.iter().map(parse).collect::<Result<Vec<T>, Failure>>()?;
        self.show(setting, words.join(" "), origin);
        Ok(parsed)
    }
}

const SOCKET: &str = "write ADDRESS:PORT, such as 127.0.0.1:8750, or 0.0.0.0:8750 for all addresses";
const SOCKET_OR_OFF: &str = "write ADDRESS:PORT, such as 127.0.0.1:8751, or off";
const RATE: &str = "write how many requests a minute are answered, from 1 to 4294967295";
const ORIGINS: &str = "write origins as browsers send them, such as https://shop.example, with white space between";
const ADDRESSES: &str =
    "write the IP addresses of the proxies, or their networks such as 10.0.0.0/8, with white space between";

fn bad_value(setting: &Setting, value: &str, remedy: &str) -> Failure {
    let name = setting.member.unwrap_or(setting.variable);
    Failure::new(format!("the setting {name} ({}) cannot be {value:?}", setting.variable), remedy)
}

/// A PIN may be in an address, although that is refused where the key is opened.
fn redacted_signer(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let piece = |piece: &str| match piece.split_once('=') {
        Some((name, _)) if name.eq_ignore_ascii_case("pin-value") => format!("{name}=***"),
        _ => piece.to_owned(),
    };
    let path: Vec<String> = path.split(';').map(piece).collect();
    if query.is_empty() {
        return path.join(";");
    }
    let query: Vec<String> = query.split('&').map(piece).collect();
    format!("{}?{}", path.join(";"), query.join("&"))
}

/// As the XDG base directory specification has it.
fn usual_data() -> Result<PathBuf, Failure> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_DATA_HOME").or_else(|| folder("HOME").map(|home| home.join(".local").join("share")));
    base.map(|base| base.join("aegis")).ok_or_else(|| {
        Failure::new("it is not known where data belongs: there is no HOME", "name a folder in AEGIS_DATA")
    })
}

#[cfg(test)]
mod tests {
    use super::redacted_signer;

    #[test]
    fn a_pin_in_an_address_is_not_shown() {
        let shown = redacted_signer("pkcs11:token=a;object=b?module-path=/x.so&pin-value=1234");
        assert_eq!(shown, "pkcs11:token=a;object=b?module-path=/x.so&pin-value=***");
        assert_eq!(redacted_signer("pkcs11:token=a;pin-value=1234"), "pkcs11:token=a;pin-value=***");
        assert_eq!(redacted_signer("vault:transit/aegis?version=1"), "vault:transit/aegis?version=1");
    }
}
