//! One line of `revocations.jsonl`.

use serde::{Deserialize, Serialize};

use crate::journal::Record;

/// Something that a vendor withdrew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// When it was withdrawn, Unix seconds.
    pub at: i64,
    /// The issuer in whose lists it belongs.
    pub iss: String,
    /// What was withdrawn.
    #[serde(flatten)]
    pub what: Revoked,
    /// Why, for the vendor; customers are not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What can be withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Revoked {
    /// A license.
    License {
        /// Its id, exactly as it was signed.
        jti: String,
        /// When it stops working anyway, Unix seconds; `null` for never.
        ends: Option<i64>,
    },
    /// A key, with all that it signed.
    Key {
        /// Its id, as in the header of what it signed.
        kid: String,
    },
}

impl Revoked {
    /// Whether both name the same license or key.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::License { jti, .. }, Self::License { jti: other, .. }) => jti == other,
            (Self::Key { kid }, Self::Key { kid: other }) => kid == other,
            _ => false,
        }
    }
}

impl Record for Revocation {
    const JOURNAL: &'static str = "the journal of revocations";
    const TORN: &'static str = "revoke again what it was about";
}
