//! Offline verification of AEGIS license tokens.
//!
//! Pure: time, keys and the instance are arguments. There is no clock here, no file, no environment and no network.
//! Read [`verify`](verify()) first; it reads like the format's description.
//!
//! No input makes a function of this crate panic or run without bound.

mod activation;
mod binding;
mod bundle;
mod certificate;
mod claims;
mod error;
mod evaluate;
mod inspect;
mod instance;
pub mod json;
mod keyring;
#[cfg(feature = "keyring-toml")]
mod keyring_files;
mod module;
mod opened;
mod reader;
mod revocation;
mod standing;
mod state;
mod table;
mod timeline;
mod token;
mod trust;
mod verify;

pub use activation::{ActivationRequest, Component, NoRequest};
pub use binding::{Binding, ComponentKind, Difference, Fingerprint, TolerantBinding};
pub use bundle::{MAX_BUNDLE, MAX_TOKENS, split_bundle};
pub use certificate::{Certificate, thumbprint};
pub use claims::{CoveredModule, Customer, License, LicenseType, Limits, MAX_TIME};
pub use error::{Code, Error};
pub use evaluate::{Assessment, Check, Flag, Outcome, Report, evaluate};
pub use inspect::{Unverified, inspect};
pub use instance::{BadInstance, Instance};
pub use keyring::{Key, KeyFault, KeyParts, KeyUse, Keyring, KeyringError, public_key_from_pem};
#[cfg(feature = "keyring-toml")]
pub use keyring_files::keyring_from_files;
pub use module::{ModulePattern, licensed_major, running_major};
pub use opened::Bundle;
pub use revocation::{LicenseId, RevocationList};
pub use state::{NoState, State};
pub use timeline::{Change, Event};
pub use token::{Kind, MAX_LIST, MAX_TOKEN, TokenText};
pub use trust::{Revocation, TrustContent, TrustToken};
pub use verify::{Context, Refusal, check, check_key_scope, day_start, open, sole_token, status, trim, verify};
