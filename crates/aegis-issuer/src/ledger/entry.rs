//! One line of the ledger.

use serde::{Deserialize, Serialize};

use crate::{Error, inspect};

/// What the ledger keeps of a license. All but `issued_by` is read from the token, which stays the truth.
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
            token: aegis_core::trim(token).to_owned(),
        })
    }

    /// Reads a line; `None` for an empty one.
    pub(super) fn from_line(line: &[u8]) -> Option<Result<Self, String>> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return None;
        }
        // serde's message may quote the line, which holds a token: only say where it went wrong.
        Some(serde_json::from_slice(line).map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => {
                "it breaks off, as after a crash; if its license was handed out, it can be imported again".to_owned()
            }
            _ => format!("it is not a ledger entry (column {})", error.column()),
        }))
    }

    pub(super) fn to_line(&self) -> Result<String, Error> {
        serde_json::to_string(self).map(|line| line + "\n").map_err(|_| Error::Encode)
    }
}
