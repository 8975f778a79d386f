//! Binding a license to one Odoo instance: exactly, or to most of its components.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::instance::Instance;
use crate::json::Json;
use crate::reader::{WRONG_TYPE, array, hexadecimal, member, object, string};
use crate::state::Matched;

const CLAIM: &str = "instance";

/// Most components that a license may list.
const MAX_COMPONENTS: usize = 16;

/// Longest salt, in characters.
const MAX_SALT: usize = 128;

/// SHA-256 of `database_uuid + ":" + domain`, which a license may be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of a database at an address.
    ///
    /// `domain` is host and port of the base URL as Odoo stores it: `acme.odoo.com`, `localhost:8069`.
    #[must_use]
    pub fn of(database_uuid: &str, domain: &str) -> Self {
        Self(sha256(&[database_uuid, domain]))
    }

    /// Reads `sha256:` and 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_prefix("sha256:").and_then(hexadecimal).map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// SHA-256 of texts with a colon between them.
fn sha256(texts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            hash.update(":");
        }
        hash.update(text);
    }
    hash.finalize().into()
}

/// What an instance is recognised by. None of them changes for an innocent reason alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ComponentKind {
    /// Odoo's `database.uuid`.
    DatabaseUuid,
    /// Host and port of the address.
    Domain,
    /// What the operator calls the installation.
    InstanceId,
}

impl ComponentKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::DatabaseUuid, Self::Domain, Self::InstanceId];

    /// Reads `database_uuid`, `domain` or `instance_id`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The word for it in the token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DatabaseUuid => "database_uuid",
            Self::Domain => "domain",
            Self::InstanceId => "instance_id",
        }
    }

    /// The hash of a value: SHA-256 of `salt + ":" + kind + ":" + value`.
    #[must_use]
    pub fn hash(self, salt: &str, value: &str) -> [u8; 32] {
        sha256(&[salt, self.as_str(), value])
    }

    /// For people.
    const fn title(self) -> &'static str {
        match self {
            Self::DatabaseUuid => "database UUID",
            Self::Domain => "address",
            Self::InstanceId => "instance id",
        }
    }
}

/// Which components of an instance differ from what a license is bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Difference {
    /// In the order of [`ComponentKind::ALL`].
    differs: [bool; 3],
    /// Whether it is known that each of them differs; else it is one of them.
    certain: bool,
}

impl Difference {
    /// One of the two that make a fingerprint.
    const EXACT: Self = Self { differs: [true, true, false], certain: false };

    fn of(differs: impl Fn(ComponentKind) -> bool) -> Self {
        Self { differs: ComponentKind::ALL.map(differs), certain: true }
    }

    /// The kinds that differ.
    pub fn kinds(self) -> impl Iterator<Item = ComponentKind> {
        ComponentKind::ALL.into_iter().zip(self.differs).filter_map(|(kind, differs)| differs.then_some(kind))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles: Vec<_> = self.kinds().map(ComponentKind::title).collect();
        formatter.write_str(&titles.join(if self.certain { " and " } else { " or " }))
    }
}

/// The instance that a license is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// This database at this address.
    Exact(Fingerprint),
    /// Most of its components.
    Tolerant(TolerantBinding),
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison<'a> {
    pub(crate) fits: bool,
    /// The components that differ; a binding that tolerates it fits nevertheless.
    pub(crate) difference: Difference,
    /// The address that fits.
    pub(crate) domain: Option<&'a str>,
}

/// The instance that asks, with what is remembered of it.
#[derive(Clone, Copy)]
pub(crate) struct Here<'a> {
    pub(crate) instance: &'a Instance,
    /// The addresses at which licenses of this issuer matched in this database: addresses change.
    pub(crate) known_domains: &'a [&'a str],
    /// The instance when this license last matched.
    pub(crate) last: Option<&'a Matched>,
}

impl<'a> Here<'a> {
    /// Without a memory.
    pub(crate) const fn new(instance: &'a Instance) -> Self {
        Self { instance, known_domains: &[], last: None }
    }

    /// The addresses that count, the one of the base URL first.
    fn domains(&self) -> impl Iterator<Item = &'a str> {
        self.instance.domains().chain(self.known_domains.iter().copied())
    }
}

impl Binding {
    /// The kinds of components that it names, each once.
    #[must_use]
    pub fn kinds(&self) -> Vec<ComponentKind> {
        match self {
            Self::Exact(_) => Difference::EXACT.kinds().collect(),
            Self::Tolerant(binding) => {
                let named = |kind: &ComponentKind| binding.of.iter().any(|component| component.kind == Some(*kind));
                ComponentKind::ALL.into_iter().filter(named).collect()
            }
        }
    }

    /// Compares with an instance.
    pub(crate) fn compare<'a>(&self, here: Here<'a>) -> Comparison<'a> {
        match self {
            Self::Exact(fingerprint) => compare_exactly(*fingerprint, here),
            Self::Tolerant(binding) => binding.compare(here),
        }
    }
}

fn compare_exactly(bound: Fingerprint, here: Here<'_>) -> Comparison<'_> {
    let instance = here.instance;
    if bound == instance.fingerprint() {
        return Comparison { fits: true, difference: Difference::default(), domain: Some(instance.domain()) };
    }
    let fits = |domain: &&str| bound == Fingerprint::of(instance.database_uuid(), domain);
    let domain = here.domains().skip(1).find(fits);
    let difference = match (domain, here.last) {
        (Some(_), _) => Difference::default(),
        (None, Some(last)) if last.database_uuid != instance.database_uuid() => {
            let same_domain = instance.domains().any(|domain| last.domain.as_deref() == Some(domain));
            Difference::of(|kind| match kind {
                ComponentKind::DatabaseUuid => true,
                ComponentKind::Domain => !same_domain,
                ComponentKind::InstanceId => false,
            })
        }
        (None, _) => Difference::EXACT,
    };
    Comparison { fits: domain.is_some(), difference, domain }
}

/// The claim `instance`: of the listed components, `need` have to match, and all that are required among them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TolerantBinding {
    salt: String,
    need: usize,
    of: Vec<BoundComponent>,
}

/// A component that a license lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct BoundComponent {
    /// `None` for a kind that is not known here.
    kind: Option<ComponentKind>,
    hash: [u8; 32],
    required: bool,
}

impl TolerantBinding {
    pub(crate) fn read(value: &Json<'_>) -> Result<Self, Error> {
        let binding = object(Some(value), CLAIM)?;
        let salt = string(member(binding, "salt", CLAIM)?, CLAIM)?;
        let of = array(member(binding, "of", CLAIM)?, CLAIM)?;
        let of = of.iter().map(BoundComponent::read).collect::<Result<Vec<_>, _>>()?;
        let need = match member(binding, "need", CLAIM)? {
            &Json::Int(need) => usize::try_from(need).unwrap_or(0),
            _ => return Err(Error::BadClaim { claim: CLAIM, problem: WRONG_TYPE }),
        };
        let twice = |(place, one): (usize, &BoundComponent)| of.iter().skip(place + 1).any(|other| one.is_same(other));
        if of.iter().enumerate().any(twice) {
            return Err(Error::BadClaim { claim: CLAIM, problem: "naming a component twice" });
        }
        let proper = (1..=MAX_SALT).contains(&salt.chars().count()) && of.len() <= MAX_COMPONENTS;
        if !proper || !(1..=of.len()).contains(&need) {
            return Err(Error::BadClaim { claim: CLAIM, problem: "out of range" });
        }
        Ok(Self { salt: salt.to_owned(), need, of })
    }

    pub(crate) fn has_unknown_kind(&self) -> bool {
        self.of.iter().any(|component| component.kind.is_none())
    }

    fn compare<'a>(&self, here: Here<'a>) -> Comparison<'a> {
        let known = self.of.iter().filter_map(|component| Some((component, component.kind?)));
        let values: Vec<_> =
            known.map(|(component, kind)| (component, kind, self.matching(component, kind, here))).collect();
        let count = values.iter().filter(|(.., value)| value.is_some()).count();
        let all_required = values.iter().all(|(component, _, value)| value.is_some() || !component.required);
        // Of several that are listed for one kind, such as two addresses, one is enough to call it the same.
        let matches = |kind| values.iter().find_map(|(_, own, value)| value.filter(|_| *own == kind));
        let listed = |kind| values.iter().any(|(_, own, _)| *own == kind);
        Comparison {
            fits: count >= self.need && all_required,
            difference: Difference::of(|kind| listed(kind) && matches(kind).is_none()),
            domain: matches(ComponentKind::Domain),
        }
    }

    /// The value of the instance that a component stands for.
    fn matching<'a>(&self, component: &BoundComponent, kind: ComponentKind, here: Here<'a>) -> Option<&'a str> {
        let same = |value: &&str| kind.hash(&self.salt, value) == component.hash;
        match kind {
            ComponentKind::DatabaseUuid => Some(here.instance.database_uuid()).filter(same),
            ComponentKind::Domain => here.domains().find(same),
            ComponentKind::InstanceId => here.instance.instance_id().filter(same),
        }
    }
}

impl BoundComponent {
    fn is_same(&self, other: &Self) -> bool {
        (self.kind, self.hash) == (other.kind, other.hash)
    }

    fn read(value: &Json<'_>) -> Result<Self, Error> {
        let component = object(Some(value), CLAIM)?;
        let kind = string(member(component, "kind", CLAIM)?, CLAIM)?;
        let hash = string(member(component, "hash", CLAIM)?, CLAIM)?;
        let required = match component.get("required") {
            None => false,
            Some(&Json::Bool(required)) => required,
            Some(_) => return Err(Error::BadClaim { claim: CLAIM, problem: WRONG_TYPE }),
        };
        let problem = "without a hash of 64 hexadecimal digits";
        let hash = hexadecimal(hash).ok_or(Error::BadClaim { claim: CLAIM, problem })?;
        Ok(Self { kind: ComponentKind::parse(kind), hash, required })
    }
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
}
