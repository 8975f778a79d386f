//! The vendor's side of AEGIS: signing keys and their files, signed licenses, key certificates and revocation lists, and
//! the ledger of what was issued.
//!
//! Nothing here reads the clock or decides where files go: times and paths are arguments. What signs is behind the
//! [`Signer`] trait, and everything signed is read back with the customer's own verifier before it is handed out.

mod activation;
mod bundle;
mod certificate;
mod claims;
pub mod dates;
mod error;
mod inspect;
mod issue;
mod journal;
mod jws;
pub mod keyfile;
pub mod ledger;
mod preview;
mod reissue;
mod renew;
mod request;
pub mod revocation;
mod signer;

pub use activation::{BindRequest, ComponentClaim, InstanceClaim};
pub use aegis_core::LicenseType;
pub use bundle::{Part, bundle, certificate_for};
pub use certificate::{CERTIFICATE_TYP, CertificateRequest, Certified, ROOT_USES, UnverifiedCertificate, certify};
pub use claims::Claims;
pub use error::Error;
pub use inspect::UnverifiedToken;
pub use issue::{IssueContext, Issued, LICENSE_TYP, issue};
pub use journal::{Journal, JournalContent, Record};
pub use preview::{Preview, stated};
pub use reissue::{NewInstance, Reissued, rebind, reissue};
pub use renew::renew;
pub use request::{Bind, Customer, LicenseRequest, Limits, ModuleGrant, RebindRequest, Renewal};
pub use signer::{FileSigner, SignError, Signer};
