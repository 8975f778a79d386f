//! A keyring from the files of a folder: PEM files and `keyring.toml`.
//!
//! Only texts are passed in; the build script and the vendor's tools read the files.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::keyring::{Key, KeyFault, KeyParts, KeyUse, Keyring, KeyringError, public_key_from_pem};
use crate::module::ModulePattern;

/// One entry of `keyring.toml`, its table named after the key id.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    #[serde(rename = "use", default = "license_only")]
    uses: Vec<String>,
    modules: Option<Vec<String>>,
    not_before: Option<toml::value::Datetime>,
    not_after: Option<toml::value::Datetime>,
}

fn license_only() -> Vec<String> {
    vec![KeyUse::License.as_str().to_owned()]
}

/// Makes a keyring from PEM texts by key id and the text of `keyring.toml`.
///
/// # Errors
/// [`KeyringError`] when a text cannot be read, a PEM has no entry or an entry no PEM, and for everything that
/// [`Key::new`] and [`Keyring::new`] refuse.
pub fn keyring_from_files(pems: &BTreeMap<String, String>, keyring_toml: &str) -> Result<Keyring, KeyringError> {
    let mut entries: BTreeMap<String, Entry> = toml::from_str(keyring_toml)
        .map_err(|error| KeyringError::Toml { problem: error.to_string().trim_end().to_owned() })?;
    let keys = pems.iter().map(|(kid, pem)| {
        let fail = |fault| KeyringError::Key { kid: kid.clone(), fault };
        let public = public_key_from_pem(pem).map_err(fail)?;
        let entry = entries.remove(kid).ok_or_else(|| fail(KeyFault::NoEntry))?;
        Key::new(entry.with(kid, public).map_err(fail)?)
    });
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    match entries.pop_first() {
        Some((kid, _)) => Err(KeyringError::Key { kid, fault: KeyFault::NoPem }),
        None => Keyring::new(keys),
    }
}

impl Entry {
    fn with(self, kid: &str, public: [u8; 32]) -> Result<KeyParts, KeyFault> {
        let uses = self.uses.iter().map(|text| KeyUse::parse(text));
        let patterns =
            |names: Vec<String>| names.iter().map(|name| ModulePattern::parse(name)).collect::<Option<Vec<_>>>();
        Ok(KeyParts {
            kid: kid.to_owned(),
            issuer: self.issuer,
            uses: uses.collect::<Option<_>>().ok_or(KeyFault::Use)?,
            modules: self.modules.map(|names| patterns(names).ok_or(KeyFault::Modules)).transpose()?,
            not_before: self.not_before.map(|time| instant(time, 0)).transpose()?,
            not_after: self.not_after.map(|time| instant(time, 1)).transpose()?,
            public,
        })
    }
}

/// Unix seconds of an instant with its offset from UTC. A mere date means 00:00 UTC, `day_end` days later.
fn instant(time: toml::value::Datetime, day_end: u64) -> Result<i64, KeyFault> {
    let text = time.to_string();
    let day = text.parse::<chrono::NaiveDate>().ok().and_then(|day| day.checked_add_days(chrono::Days::new(day_end)));
    match day {
        Some(day) => Ok(day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()),
        None => {
            chrono::DateTime::parse_from_rfc3339(&text).map(|time| time.timestamp()).map_err(|_| KeyFault::WindowTime)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// The public key of RFC 8032 §7.1, test 1, as OpenSSL writes it.
    const PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
        -----END PUBLIC KEY-----\n";

    fn keyring(kids: &[&str], toml: &str) -> Result<Keyring, KeyringError> {
        keyring_from_files(&kids.iter().map(|&kid| (kid.to_owned(), PEM.to_owned())).collect(), toml)
    }

    fn fault(kids: &[&str], toml: &str) -> (String, KeyFault) {
        match keyring(kids, toml) {
            Err(KeyringError::Key { kid, fault }) => (kid, fault),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn an_entry_needs_only_an_issuer() {
        let keyring = keyring(&["k1"], "[k1]\nissuer = \"A\"\n").unwrap();
        let parts = keyring.get("k1").unwrap().parts();
        assert_eq!((parts.issuer.as_str(), &parts.uses[..], &parts.modules), ("A", &[KeyUse::License][..], &None));
        assert_eq!((parts.not_before, parts.not_after), (None, None));
        assert!(keyring.get("k2").is_none());
    }

    #[test]
    fn a_window_is_written_in_days_or_instants() {
        let text = "[k1]\nissuer = \"A\"\nuse = [\"license\", \"revocation\"]\nmodules = [\"a_*\"]\n\
            not_before = 2026-01-01\nnot_after = 2026-12-31\n\
            [\"k.2\"]\nissuer = \"A\"\nnot_after = 2027-01-01T01:00:00+01:00\n";
        let keyring = keyring(&["k1", "k.2"], text).unwrap();
        let parts = keyring.get("k1").unwrap().parts();
        // 2026-12-31 is the last day: the window ends with it.
        assert_eq!((parts.not_before, parts.not_after), (Some(1_767_225_600), Some(1_798_761_600)));
        assert_eq!(keyring.get("k.2").unwrap().parts().not_after, Some(1_798_761_600));
    }

    #[test]
    fn pem_and_entry_belong_together() {
        assert_eq!(fault(&["k1", "k2"], "[k1]\nissuer = \"A\"\n"), ("k2".into(), KeyFault::NoEntry));
        assert_eq!(fault(&["k1"], "[k1]\nissuer = \"A\"\n[k2]\nissuer = \"A\"\n"), ("k2".into(), KeyFault::NoPem));
    }

    #[test]
    fn values_that_mean_nothing_are_refused() {
        let with = |line: &str| fault(&["k1"], &format!("[k1]\nissuer = \"A\"\n{line}\n")).1;
        assert_eq!(with("use = [\"sign\"]"), KeyFault::Use);
        assert_eq!(with("modules = [\"*\"]"), KeyFault::Modules);
        assert_eq!(with("not_before = 10:00:00"), KeyFault::WindowTime);
        assert_eq!(with("not_before = 2026-01-01T10:00:00"), KeyFault::WindowTime);
        for line in ["[k1]\n", "k1 = 1\n", "[k1]\nissuer = \"A\"\nmoduls = []\n", "[k1]\nissuer = 1\n", "not toml"] {
            assert!(matches!(keyring(&["k1"], line), Err(KeyringError::Toml { .. })), "{line}");
        }
    }

    #[test]
    fn a_private_key_in_the_folder_is_refused() {
        let pems = [("k1".to_owned(), concat!("-----BEGIN ", "PRIVATE KEY-----\n").to_owned())].into();
        let error = keyring_from_files(&pems, "[k1]\nissuer = \"A\"\n").unwrap_err();
        assert_eq!(error, KeyringError::Key { kid: "k1".into(), fault: KeyFault::PrivateKey });
    }
}
