//! What a license server stores, on PostgreSQL or SQLite.
//!
//! Every change and its row of the audit log are one transaction, and nothing is answered before it is committed. All
//! changes are put into one order by the row of `heads`, whose lock a transaction takes first: so the audit log is one
//! chain, and the numbers in it have no gaps, whatever number of servers write. What that order would cost in speed,
//! [`Store::issue`] wins back by committing many licenses at once.
//!
//! Nothing here reads the clock: times are arguments, in whole seconds.

mod api_keys;
mod audit;
mod change;
mod customers;
mod entity;
mod error;
mod export;
mod import;
mod issuing;
mod licenses;
mod migrations;
mod revocations;
mod signing_keys;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod upkeep;

pub use api_keys::{ApiKey, NewApiKey};
pub use audit::{AuditEntry, AuditFilter, BrokenChain, Note, Subject};
pub use customers::{Customer, CustomerPatch, NewCustomer};
pub use error::Error;
pub use export::ExportedLicense;
pub use import::{Imported, ImportedLicense, ImportedLicenses, ImportedRevocation, Run};
pub use issuing::{Idempotency, Issue, Outcome};
pub use licenses::{License, LicenseFilter, NewLicense, Page, Standing, Stats};
pub use revocations::{NewRevocation, Revocation, RevocationKind, SignedList};
pub use signing_keys::{NewSigningKey, SigningKey};
pub use store::{Connections, Database, Store};

/// An instant, in UTC. Kept to the second.
pub type Instant = chrono::DateTime<chrono::Utc>;
