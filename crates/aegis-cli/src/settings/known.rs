//! The names of the settings.

/// A setting: what it is called in the environment and in the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) variable: &'static str,
    /// Another variable, which counts where the first is not set.
    pub(super) fallback: Option<&'static str>,
    /// `None` for what belongs in no file.
    pub(crate) member: Option<&'static str>,
}

const fn setting(variable: &'static str, member: &'static str) -> Setting {
    Setting { variable, fallback: None, member: Some(member) }
}

pub(super) const DATABASE_URL: Setting =
    Setting { fallback: Some("DATABASE_URL"), ..setting("AEGIS_DATABASE_URL", "database_url") };
pub(super) const DATA: Setting = setting("AEGIS_DATA", "data");
pub(super) const LISTEN: Setting = setting("AEGIS_LISTEN", "listen");
pub(super) const METRICS_LISTEN: Setting = setting("AEGIS_METRICS_LISTEN", "metrics_listen");
pub(super) const ISSUER: Setting = setting("AEGIS_ISSUER", "issuer");
pub(super) const SIGNERS: Setting = setting("AEGIS_SIGNER", "signers");
pub(super) const TRUST: Setting = setting("AEGIS_TRUST", "trust");
pub(super) const PASSPHRASE: Setting = Setting { variable: "AEGIS_PASSPHRASE", fallback: None, member: None };
pub(super) const PASSPHRASE_FILE: Setting = setting("AEGIS_PASSPHRASE_FILE", "passphrase_file");
pub(super) const LOG: Setting = setting("AEGIS_LOG", "log");
pub(super) const RATE_PER_KEY: Setting = setting("AEGIS_RATE_PER_KEY", "rate_per_key");
pub(super) const RATE_PER_ADDRESS: Setting = setting("AEGIS_RATE_PER_ADDRESS", "rate_per_address");
pub(super) const CORS_ORIGINS: Setting = setting("AEGIS_CORS_ORIGINS", "cors_origins");
pub(super) const TRUSTED_PROXIES: Setting = setting("AEGIS_TRUSTED_PROXIES", "trusted_proxies");

const ALL: [&Setting; 14] = [
    &DATABASE_URL,
    &DATA,
    &LISTEN,
    &METRICS_LISTEN,
    &ISSUER,
    &SIGNERS,
    &TRUST,
    &PASSPHRASE,
    &PASSPHRASE_FILE,
    &LOG,
    &RATE_PER_KEY,
    &RATE_PER_ADDRESS,
    &CORS_ORIGINS,
    &TRUSTED_PROXIES,
];

/// Other variables of ours, which are no settings of the server.
const OTHERS: [&str; 3] = ["AEGIS_CONFIG", "AEGIS_ROOT_PASSPHRASE", "AEGIS_PKCS11_PIN"];

/// What reads other variables that begin with `AEGIS_`: the addon, the wheel's builds, the tests.
const ELSEWHERE: [&str; 4] = ["AEGIS_LICENSE_FILE", "AEGIS_PUBLIC_KEYS", "AEGIS_ODOO_", "AEGIS_TEST_"];

/// The variables that are read.
pub(super) fn variables() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|setting| [Some(setting.variable), setting.fallback]).flatten()
}

/// The members that a file may have.
pub(super) fn members() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter_map(|setting| setting.member)
}

/// Whether nothing reads a variable that looks like one of ours. Kubernetes makes such for a service called "aegis".
pub(super) fn is_unread(name: &str) -> bool {
    name.starts_with("AEGIS_")
        && !variables().chain(OTHERS).any(|known| known == name)
        && !ELSEWHERE.iter().any(|elsewhere| name.starts_with(elsewhere))
}

/// The variable that was meant by one that nothing reads.
pub(super) fn meant_variable(name: &str) -> Option<&'static str> {
    if is_unread(name) { nearest(name, variables().chain(OTHERS)) } else { None }
}

/// The member that was meant by one that there is not.
pub(super) fn meant_member(name: &str) -> Option<&'static str> {
    // The name of the variable, perhaps.
    let lower = name.to_ascii_lowercase();
    let bare = lower.strip_prefix("aegis_").unwrap_or(&lower);
    members().find(|known| *known == bare).or_else(|| nearest(bare, members()))
}

/// The known name that is at most two letters away, or that one name continues.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let continues = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('_'));
    let near = known.filter(|known| distance(name, known) <= 2 || continues(name, known) || continues(known, name));
    near.min_by_key(|known| distance(name, known))
}

/// How many letters have to be added, dropped or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut next = vec![line + 1];
        for (place, (pair, also)) in row.windows(2).zip(other.chars()).enumerate() {
            let [diagonal, above] = pair else { continue };
            let left = next.get(place).copied().unwrap_or(usize::MAX - 1);
            next.push((diagonal + usize::from(letter != also)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, is_unread, meant_member, meant_variable};

    #[test]
    fn letters_are_counted() {
        for (one, other, count) in
            [("", "", 0), ("", "abc", 3), ("listen", "listen", 0), ("lisen", "listen", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (count, count), "{one} {other}");
        }
    }

    #[test]
    fn a_variable_that_is_almost_a_known_one_is_recognized() {
        for (name, meant) in [
            ("AEGIS_SIGNERS", Some("AEGIS_SIGNER")),
            ("AEGIS_LISTN", Some("AEGIS_LISTEN")),
            ("AEGIS_LOG_LEVEL", Some("AEGIS_LOG")),
            ("AEGIS_DATABASE", Some("AEGIS_DATABASE_URL")),
            ("AEGIS_SERVICE_HOST", None),
            ("AEGIS_PUBLIC_KEYS", None),
            ("AEGIS_TEST_POSTGRES", None),
            ("AEGIS_LISTEN", None),
            ("AEGIS_CONFIG", None),
            ("HOME", None),
        ] {
            assert_eq!(meant_variable(name), meant, "{name}");
        }
    }

    #[test]
    fn what_others_read_is_not_unread() {
        for name in ["AEGIS_SERVICE_HOST", "AEGIS_RATELIMIT", "AEGIS_LISTN"] {
            assert!(is_unread(name), "{name}");
        }
        for name in
            ["AEGIS_PUBLIC_KEYS", "AEGIS_TEST_POSTGRES", "AEGIS_ODOO_18", "AEGIS_LISTEN", "AEGIS_CONFIG", "HOME"]
        {
            assert!(!is_unread(name), "{name}");
        }
    }

    #[test]
    fn a_member_under_the_name_of_its_variable_is_recognized() {
        assert_eq!(meant_member("AEGIS_LISTEN"), Some("listen"));
        assert_eq!(meant_member("signer"), Some("signers"));
        assert_eq!(meant_member("database"), Some("database_url"));
        assert_eq!(meant_member("colour"), None);
    }
}
