//! The vendor's side of AEGIS: signing keys and their files, signed licenses, and the ledger of what was issued.
//!
//! Nothing here reads the clock or decides where files go: times and paths are arguments. What signs is behind the
//! [`Signer`] trait, and every license is read back with the customer's own verifier before it is handed out.

mod claims;
pub mod dates;
mod error;
mod inspect;
mod issue;
pub mod keyfile;
pub mod ledger;
mod request;
mod signer;

pub use aegis_core::LicenseType;
pub use claims::Claims;
pub use error::Error;
pub use inspect::UnverifiedToken;
pub use issue::{IssueContext, Issued, LICENSE_TYP, issue};
pub use request::{Bind, Customer, LicenseRequest, Limits, ModuleGrant};
pub use signer::{FileSigner, SignError, Signer};
