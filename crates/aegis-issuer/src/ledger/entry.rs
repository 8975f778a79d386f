//! One line of the ledger.

use serde::{Deserialize, Serialize};

use crate::journal::Record;
use crate::{Error, inspect};

/// What the ledger keeps of a license. All but `issued_by` and `reissue_of` is read from the token, which stays the
/// truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// Id of the license.
    pub jti: String,
    /// Id of the key that signed it.
    pub kid: String,
    /// Issuer.
    pub iss: String,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// First instant at which it is no longer valid, Unix seconds; `null` for ever.
    pub exp: Option<i64>,
    /// Whom it is for.
    pub customer: LedgerCustomer,
    /// The modules and patterns covered.
    pub modules: Vec<String>,
    /// `perpetual`, `subscription` or `demo`.
    pub license_type: String,
    /// The instance it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_fingerprint: Option<String>,
    /// Who issued it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
    /// Id of the license in whose place it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reissue_of: Option<String>,
    /// The license itself.
    pub token: String,
}

/// A customer as licenses name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCustomer {
    /// The vendor's id of the customer.
    pub id: String,
    /// The customer's name.
    pub name: String,
}

/// The claims that an entry shows, of licenses in every form; other claims are left alone.
#[derive(Deserialize)]
struct Shown {
    jti: String,
    iss: String,
    iat: i64,
    exp: Option<i64>,
    customer: LedgerCustomer,
    module: Option<ShownModule>,
    modules: Option<Vec<ShownModule>>,
    license_type: String,
    instance_fingerprint: Option<String>,
}

#[derive(Deserialize)]
struct ShownModule {
    technical_name: String,
}

#[derive(Deserialize)]
struct ShownEnd {
    exp: Option<i64>,
    grace_until: Option<i64>,
}

#[derive(Deserialize)]
struct ShownHeader {
    kid: String,
}

impl LedgerEntry {
    /// The entry of a license, from its token. The signature is not checked here.
    ///
    /// # Errors
    /// [`Error::NotAToken`].
    pub fn from_token(token: &str, issued_by: Option<String>) -> Result<Self, Error> {
        let (header, claims): (ShownHeader, Shown) = inspect::parts(token)?;
        let modules = claims.module.into_iter().chain(claims.modules.into_iter().flatten());
        Ok(Self {
            jti: claims.jti,
            kid: header.kid,
            iss: claims.iss,
            iat: claims.iat,
            exp: claims.exp,
            customer: claims.customer,
            modules: modules.map(|module| module.technical_name).collect(),
            license_type: claims.license_type,
            instance_fingerprint: claims.instance_fingerprint,
            issued_by,
            reissue_of: None,
            token: aegis_core::trim(token).to_owned(),
        })
    }

    /// When it stops working, its grace period included: the first such instant in Unix seconds, `None` for never.
    ///
    /// # Errors
    /// [`Error::NotAToken`].
    pub fn end(&self) -> Result<Option<i64>, Error> {
        let (_, claims): (ShownHeader, ShownEnd) = inspect::parts(&self.token)?;
        Ok(claims.grace_until.or(claims.exp))
    }
}

impl Record for LedgerEntry {
    const JOURNAL: &'static str = "the ledger";
    const TORN: &'static str = "if its license was handed out, it can be imported again";
}
