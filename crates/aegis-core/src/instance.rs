//! The Odoo instance that asks.

use crate::binding::Fingerprint;
use crate::verify::is_space;

/// Longest id that an operator may give an installation, in bytes.
const MAX_INSTANCE_ID: usize = 128;

/// The Odoo instance that asks: one database at one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_field_names, reason = "`instance_id` is the format's word")]
pub struct Instance {
    database_uuid: String,
    domain: String,
    fingerprint: Fingerprint,
    instance_id: Option<String>,
    other_domains: Vec<String>,
}

impl Instance {
    /// Describes an instance by Odoo's `database.uuid` and the host and port of its base URL.
    ///
    /// # Errors
    /// [`BadInstance`] when one of them is empty, contains white space, or `domain` is a whole URL or a UUID: such a
    /// value could never match what a vendor bound a license to.
    pub fn new(database_uuid: &str, domain: &str) -> Result<Self, BadInstance> {
        if is_odd(database_uuid) {
            return Err(BadInstance::DatabaseUuid);
        }
        check_domain(domain)?;
        Ok(Self {
            database_uuid: database_uuid.to_owned(),
            domain: domain.to_owned(),
            fingerprint: Fingerprint::of(database_uuid, domain),
            instance_id: None,
            other_domains: Vec::new(),
        })
    }

    /// The same instance with the id that its operator gave it.
    ///
    /// # Errors
    /// [`BadInstance::InstanceId`] when it is empty, too long or contains white space.
    pub fn with_instance_id(self, instance_id: &str) -> Result<Self, BadInstance> {
        if is_odd(instance_id) || instance_id.len() > MAX_INSTANCE_ID {
            return Err(BadInstance::InstanceId);
        }
        Ok(Self { instance_id: Some(instance_id.to_owned()), ..self })
    }

    /// The same instance with another address at which it is reached too.
    ///
    /// # Errors
    /// [`BadInstance::Domain`], as for [`Instance::new`].
    pub fn with_other_domain(mut self, domain: &str) -> Result<Self, BadInstance> {
        check_domain(domain)?;
        self.other_domains.push(domain.to_owned());
        Ok(self)
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

    /// What the operator calls the installation.
    #[must_use]
    pub fn instance_id(&self) -> Option<&str> {
        self.instance_id.as_deref()
    }

    /// Further addresses at which it is reached.
    #[must_use]
    pub fn other_domains(&self) -> &[String] {
        &self.other_domains
    }

    /// All addresses, the one of its base URL first.
    pub(crate) fn domains(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.domain()).chain(self.other_domains.iter().map(String::as_str))
    }

    /// What an exactly bound license has to name.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

fn is_odd(text: &str) -> bool {
    text.is_empty() || text.contains(is_space)
}

fn check_domain(domain: &str) -> Result<(), BadInstance> {
    let swapped = uuid::Uuid::try_parse(domain).is_ok();
    if is_odd(domain) || domain.contains('/') || swapped { Err(BadInstance::Domain) } else { Ok(()) }
}

/// A value that cannot describe an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadInstance {
    /// The database's identifier.
    #[error("the database UUID is empty or contains white space; take the system parameter database.uuid as it is")]
    DatabaseUuid,
    /// The operator's id of the installation.
    #[error("the instance id has 1 to 128 characters and no white space")]
    InstanceId,
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
    fn an_instance_that_could_never_match_is_refused() {
        for domain in ["", "https://acme.odoo.com", "acme.odoo.com/", " acme.odoo.com", "acme.odoo.com\u{200b}", UUID] {
            assert_eq!(Instance::new(UUID, domain), Err(BadInstance::Domain), "{domain}");
        }
        assert_eq!(Instance::new("", "acme.odoo.com"), Err(BadInstance::DatabaseUuid));
        assert_eq!(Instance::new("a b", "acme.odoo.com"), Err(BadInstance::DatabaseUuid));
        let instance = Instance::new(UUID, "localhost:8069").unwrap();
        assert_eq!((instance.database_uuid(), instance.domain()), (UUID, "localhost:8069"));
    }

    #[test]
    fn an_instance_id_is_one_word() {
        let named = |id: &str| Instance::new(UUID, "acme.odoo.com").unwrap().with_instance_id(id);
        assert_eq!(named("acme-erp-1").unwrap().instance_id(), Some("acme-erp-1"));
        for bad in ["", "a b", "a\n", &"x".repeat(129)] {
            assert_eq!(named(bad), Err(BadInstance::InstanceId), "{bad}");
        }
    }

    #[test]
    fn further_addresses_are_addresses() {
        let instance = Instance::new(UUID, "acme.odoo.com").unwrap().with_other_domain("erp.acme.com").unwrap();
        assert_eq!(instance.domains().collect::<Vec<_>>(), ["acme.odoo.com", "erp.acme.com"]);
        assert_eq!(instance.with_other_domain("https://erp.acme.com"), Err(BadInstance::Domain));
    }
}
