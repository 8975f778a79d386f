//! Binding a license to one Odoo instance.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::verify::is_space;

/// SHA-256 of `database_uuid + ":" + domain`, which a license may be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a database at an address.
    ///
    /// `domain` is host and port of the base URL as Odoo stores it: `acme.odoo.com`, `localhost:8069`.
    #[must_use]
    pub fn of(database_uuid: &str, domain: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(database_uuid);
        hash.update(":");
        hash.update(domain);
        Self(hash.finalize().into())
    }

    /// Reads `sha256:` and 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:")?.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().try_fold(0, |sum, &digit| Some(sum << 4 | hexadecimal(digit)?))?;
        }
        Some(Self(bytes))
    }
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// The Odoo instance that asks: one database at one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    database_uuid: String,
    domain: String,
    fingerprint: Fingerprint,
}

impl Instance {
    /// Describes an instance by Odoo's `database.uuid` and the host and port of its base URL.
    ///
    /// # Errors
    /// [`BadInstance`] when one of them is empty, contains white space, or `domain` is a whole URL or a UUID: such a
    /// value could never match what a vendor bound a license to.
    pub fn new(database_uuid: &str, domain: &str) -> Result<Self, BadInstance> {
        let odd = |text: &str| text.is_empty() || text.contains(is_space);
        if odd(database_uuid) {
            return Err(BadInstance::DatabaseUuid);
        }
        let swapped = uuid::Uuid::try_parse(domain).is_ok();
        if odd(domain) || domain.contains('/') || swapped {
            return Err(BadInstance::Domain);
        }
        Ok(Self {
            database_uuid: database_uuid.to_owned(),
            domain: domain.to_owned(),
            fingerprint: Fingerprint::of(database_uuid, domain),
        })
    }

    /// Odoo's `database.uuid`.
    #[must_use]
    pub fn database_uuid(&self) -> &str {
        &self.database_uuid
    }

    /// Host and port of the base URL.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What an exactly bound license has to name.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// A value that cannot describe an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadInstance {
    /// The database's identifier.
    #[error("the database UUID is empty or contains white space; take the system parameter database.uuid as it is")]
    DatabaseUuid,
    /// The address.
    #[error("the domain is host and port only, such as acme.odoo.com or localhost:8069, without https:// or a path")]
    Domain,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const UUID: &str = "a3f1c6de-0d3c-4a53-9d1c-2f64a7f1f5b0";

    #[test]
    fn a_fingerprint_is_the_sha256_of_uuid_colon_domain() {
        // Recomputed with: printf '%s' "$UUID:acme.odoo.com" | sha256sum
        let expected = "sha256:ed055a8bfb7eb6366377e2dfd51e99184ad877f59600008c633e4a9f87f0be68";
        assert_eq!(Fingerprint::of(UUID, "acme.odoo.com").to_string(), expected);
        assert_eq!(Instance::new(UUID, "acme.odoo.com").unwrap().fingerprint().to_string(), expected);
    }

    #[test]
    fn a_fingerprint_is_read_in_either_case_and_in_no_other_form() {
        let fingerprint = Fingerprint::of(UUID, "acme.odoo.com");
        let text = fingerprint.to_string();
        assert_eq!(Fingerprint::parse(&text), Some(fingerprint));
        assert_eq!(Fingerprint::parse(&text.to_uppercase().replace("SHA256", "sha256")), Some(fingerprint));
        for bad in [
            &text[7..],
            &text[..70],
            &format!("{text}0"),
            "sha256:",
            &text.replace("sha256", "SHA256"),
            &format!("{}g", &text[..70]),
        ] {
            assert_eq!(Fingerprint::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_instance_that_could_never_match_is_refused() {
        for domain in ["", "https://acme.odoo.com", "acme.odoo.com/", " acme.odoo.com", "acme.odoo.com\u{200b}", UUID] {
            assert_eq!(Instance::new(UUID, domain), Err(BadInstance::Domain), "{domain}");
        }
        assert_eq!(Instance::new("", "acme.odoo.com"), Err(BadInstance::DatabaseUuid));
        assert_eq!(Instance::new("a b", "acme.odoo.com"), Err(BadInstance::DatabaseUuid));
        let instance = Instance::new(UUID, "localhost:8069").unwrap();
        assert_eq!((instance.database_uuid(), instance.domain()), (UUID, "localhost:8069"));
    }
}
