//! Names of modules, patterns over them, and versions of Odoo.

use std::fmt;

/// Longest name of a module that is read.
const MAX_NAME: usize = 128;

/// One module by its technical name, or all modules whose names begin alike (`biz4a_*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModulePattern {
    name: String,
    prefix: bool,
}

impl ModulePattern {
    /// Reads the technical name of one module: 1 to 128 letters, digits and underscores.
    #[must_use]
    pub fn exact(name: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let proper = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed);
        proper.then(|| Self { name: name.to_owned(), prefix: false })
    }

    /// Reads a technical name, or the beginning of one followed by `*`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('*') {
            None => Self::exact(text),
            Some(beginning) => Self::exact(beginning).map(|pattern| Self { prefix: true, ..pattern }),
        }
    }

    /// Whether the module called `name` is meant.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        if self.prefix { name.starts_with(&self.name) } else { name == self.name }
    }

    /// Whether every module that `other` means is meant by this one too.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        self.covers(&other.name) && (self.prefix || !other.prefix)
    }

    /// Whether some module could be meant by both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.includes(other) || other.includes(self)
    }
}

impl fmt::Display for ModulePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.name, if self.prefix { "*" } else { "" })
    }
}

/// Reads a version of Odoo as a license writes it: `17` or `17.0`.
#[must_use]
pub fn licensed_major(text: &str) -> Option<u16> {
    let digits = text.strip_suffix(".0").unwrap_or(text);
    leading_major(digits).filter(|(_, rest)| rest.is_empty()).map(|(major, _)| major)
}

/// Reads a version of Odoo as an installation reports it: `18`, `18.0`, `18.0+e`, `saas~18.2`.
///
/// Only the major version counts.
#[must_use]
pub fn running_major(text: &str) -> Option<u16> {
    let text = text.strip_prefix("saas~").or_else(|| text.strip_prefix("saas-")).unwrap_or(text);
    let (major, rest) = leading_major(text)?;
    let proper = rest.is_empty() || (rest.len() <= 32 && rest.starts_with(['.', '+', '-', '~']));
    proper.then_some(major)
}

/// One to three digits without a leading zero, and what follows them.
fn leading_major(text: &str) -> Option<(u16, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let proper = (1..=3).contains(&number.len()) && !number.starts_with('0');
    if proper { Some((number.parse().ok()?, rest)) } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_name_is_matched_exactly_and_a_pattern_by_its_beginning() {
        let exact = ModulePattern::parse("biz4a_payroll").unwrap();
        assert!(exact.covers("biz4a_payroll"));
        for other in ["biz4a_payroll_x", "biz4a_payrol", "Biz4a_payroll", ""] {
            assert!(!exact.covers(other), "{other}");
        }
        let prefix = ModulePattern::parse("biz4a_*").unwrap();
        assert!(prefix.covers("biz4a_payroll"));
        assert!(prefix.covers("biz4a_"));
        assert!(!prefix.covers("biz4a"));
        assert_eq!(prefix.to_string(), "biz4a_*");
        assert_eq!(exact.to_string(), "biz4a_payroll");
    }

    #[test]
    fn names_have_a_fixed_alphabet_and_length() {
        for text in ["", "*", "a-b", "a.b", "a b", "a**", "*a", "é", &"x".repeat(129)] {
            assert_eq!(ModulePattern::parse(text), None, "{text}");
        }
        assert!(ModulePattern::parse(&"x".repeat(128)).is_some());
        assert_eq!(ModulePattern::exact("a*"), None);
    }

    #[test]
    fn inclusion_and_overlap() {
        let pattern = |text| ModulePattern::parse(text).unwrap();
        assert!(pattern("a_*").includes(&pattern("a_b")));
        assert!(pattern("a_*").includes(&pattern("a_b_*")));
        assert!(!pattern("a_b_*").includes(&pattern("a_*")));
        assert!(!pattern("a_b").includes(&pattern("a_b*")));
        assert!(pattern("a_b_*").overlaps(&pattern("a_*")));
        assert!(pattern("a_b").overlaps(&pattern("a_*")));
        assert!(!pattern("a_*").overlaps(&pattern("b_*")));
        assert!(!pattern("a").overlaps(&pattern("b")));
    }

    #[test]
    fn versions_as_licenses_write_them() {
        assert_eq!(licensed_major("17"), Some(17));
        assert_eq!(licensed_major("17.0"), Some(17));
        for text in ["", "0", "017", "17.1", "17.", "17.00", "1700", "saas~17", " 17", "17.0.0", "x"] {
            assert_eq!(licensed_major(text), None, "{text}");
        }
    }

    #[test]
    fn versions_as_installations_report_them() {
        for text in ["18", "18.0", "18.0+e", "saas~18.2", "saas-18.2", "18.0-20261101"] {
            assert_eq!(running_major(text), Some(18), "{text}");
        }
        for text in ["", "018", "18x", "saas~", "v18", "1800", &format!("18.{}", "0".repeat(40))] {
            assert_eq!(running_major(text), None, "{text}");
        }
    }
}
