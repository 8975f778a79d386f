//! The settings of the license server.
//!
//! Each is a variable of the environment and a member of one TOML file; the environment wins. Nothing misspelled goes
//! unnoticed, and nothing secret is shown.

mod address;
mod known;
mod source;

use std::env;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use aegis_issuer::keyfile::check_issuer;

pub(crate) use address::DatabaseAddress;
use known::Setting;
pub(crate) use source::Origin;
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
    #[expect(dead_code, reason = "for what limits and logs")]
    pub(crate) log: LogLevel,
    #[expect(dead_code, reason = "for what limits and logs")]
    pub(crate) rate_per_key: NonZeroU32,
    #[expect(dead_code, reason = "for what limits and logs")]
    pub(crate) rate_per_address: NonZeroU32,
    #[expect(dead_code, reason = "for what limits and logs")]
    pub(crate) cors_origins: Vec<String>,
    /// Addresses and networks.
    #[expect(dead_code, reason = "for what limits and logs")]
    pub(crate) trusted_proxies: Vec<String>,
    /// The file that they come from, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// The file of the passphrase, if there is one.
    pub(crate) passphrase_file: Option<PathBuf>,
    shown: Vec<Shown>,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

impl LogLevel {
    const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// The word for it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// A setting for people: without secrets, and with where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) origin: Origin,
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
        let log = self.parsed(&known::LOG, "info", "write error, warn, info or debug", |text| {
            LogLevel::ALL.into_iter().find(|level| level.as_str() == text)
        })?;
        let rate_per_key = self.parsed(&known::RATE_PER_KEY, DEFAULT_RATE_PER_KEY, RATE, |text| text.parse().ok())?;
        let rate_per_address =
            self.parsed(&known::RATE_PER_ADDRESS, DEFAULT_RATE_PER_ADDRESS, RATE, |text| text.parse().ok())?;
        let cors_origins = self.words(&known::CORS_ORIGINS, ORIGINS, is_origin)?;
        let trusted_proxies = self.words(&known::TRUSTED_PROXIES, ADDRESSES, is_network)?;
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

    fn show(&mut self, setting: &Setting, value: impl Into<String>, origin: Origin) {
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
            None => (usual()?, Origin::Default),
        };
        self.show(setting, path.display().to_string(), origin);
        Ok((path, origin == Origin::Default))
    }

    fn database(&mut self, data: &Path) -> Result<(DatabaseAddress, bool), Failure> {
        let (address, origin) = match self.source.text(&known::DATABASE_URL)? {
            Some(Found { value, origin }) => (DatabaseAddress::parse(value)?, origin),
            None => (DatabaseAddress::of_file(&data.join(DATABASE))?, Origin::Default),
        };
        self.show(&known::DATABASE_URL, address.to_string(), origin);
        Ok((address, origin == Origin::Default))
    }

    fn issuer(&mut self) -> Result<Option<String>, Failure> {
        let Some(Found { value, origin }) = self.source.text(&known::ISSUER)? else {
            self.show(&known::ISSUER, "that of the keys", Origin::Default);
            return Ok(None);
        };
        check_issuer(&value)?;
        self.show(&known::ISSUER, value.clone(), origin);
        Ok(Some(value))
    }

    fn signers(&mut self, data: &Path) -> Result<(Vec<String>, bool), Failure> {
        let (signers, origin) = match self.source.list(&known::SIGNERS)? {
            Some(Found { value, origin }) => (value, origin),
            None => (vec![format!("file:{}", data.join(KEYS).display())], Origin::Default),
        };
        let redacted: Vec<String> = signers.iter().map(|address| redacted_signer(address)).collect();
        self.show(&known::SIGNERS, redacted.join(" "), origin);
        if signers.is_empty() {
            let remedy = "name at least one key in AEGIS_SIGNER, such as file:/etc/aegis/keys, or leave it out";
            return Err(Failure::new("no signing key is named", remedy));
        }
        Ok((signers, origin == Origin::Default))
    }

    fn passphrase(&mut self) -> Result<(PassphraseArgs, Option<PathBuf>), Failure> {
        let file = self.source.text(&known::PASSPHRASE_FILE)?;
        let variable = self.source.text(&known::PASSPHRASE)?;
        match &variable {
            Some(found) => self.show(&known::PASSPHRASE, "set, and not shown", found.origin),
            None => self.show(&known::PASSPHRASE, "not set", Origin::Default),
        }
        match &file {
            Some(found) => self.show(&known::PASSPHRASE_FILE, found.value.clone(), found.origin),
            None => self.show(&known::PASSPHRASE_FILE, "none", Origin::Default),
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
            found.unwrap_or_else(|| Found { value: usual.to_owned(), origin: Origin::Default });
        let parsed = parse(value.trim()).ok_or_else(|| bad_value(setting, &value, remedy))?;
        self.show(setting, value, origin);
        Ok(parsed)
    }

    fn words(
        &mut self,
        setting: &Setting,
        remedy: &str,
        is_good: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, Failure> {
        let Some(Found { value, origin }) = self.source.list(setting)? else {
            self.show(setting, "none", Origin::Default);
            return Ok(Vec::new());
        };
        let split = |text: &String| text.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
        let words: Vec<String> = value.iter().flat_map(split).filter(|word| !word.is_empty()).collect();
        if let Some(word) = words.iter().find(|word| !is_good(word)) {
            return Err(bad_value(setting, word, remedy));
        }
        self.show(setting, words.join(" "), origin);
        Ok(words)
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

/// `https://shop.example`, and nothing behind it.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}

/// An address, or a network such as `10.0.0.0/8`.
fn is_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
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
    use super::{is_network, is_origin, redacted_signer};

    #[test]
    fn a_network_has_as_many_bits_as_its_addresses() {
        for text in ["192.0.2.1", "10.0.0.0/8", "2001:db8::/64", "::1", "0.0.0.0/0"] {
            assert!(is_network(text), "{text}");
        }
        for text in ["10.0.0.0/33", "2001:db8::/129", "proxy", "10.0.0.0/", "10.0.0.0/-1", ""] {
            assert!(!is_network(text), "{text}");
        }
    }

    #[test]
    fn a_pin_in_an_address_is_not_shown() {
        let shown = redacted_signer("pkcs11:token=a;object=b?module-path=/x.so&pin-value=1234");
        assert_eq!(shown, "pkcs11:token=a;object=b?module-path=/x.so&pin-value=***");
        assert_eq!(redacted_signer("pkcs11:token=a;pin-value=1234"), "pkcs11:token=a;pin-value=***");
        assert_eq!(redacted_signer("vault:transit/aegis?version=1"), "vault:transit/aegis?version=1");
    }

    #[test]
    fn an_origin_has_no_path() {
        assert!(is_origin("https://shop.example") && is_origin("http://localhost:8069"));
        for text in ["https://shop.example/", "https://shop.example/a", "shop.example", "*", "null"] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
