//! The `aegis` command as its users call it. One program, so that what it is built from is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bind_requests;
mod bundles;
mod common;
mod interoperability;
mod keys;
mod ledger;
mod licenses;
mod preview;
#[cfg(unix)]
mod prompts;
mod rebind;
mod reissue;
mod revoke;
mod roots;
mod rotation;
#[cfg(feature = "server")]
mod server_backup;
#[cfg(feature = "server")]
mod server_ledger;
#[cfg(feature = "server")]
mod server_readme;
#[cfg(feature = "server")]
mod server_serve;
#[cfg(feature = "server")]
mod server_settings;
#[cfg(feature = "server")]
mod server_upkeep;
