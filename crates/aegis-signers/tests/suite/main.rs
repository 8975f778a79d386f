//! Keys held elsewhere: each kind of signer against the real thing. One program, so that what it is built from is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;
mod files;
mod hushed;
mod kms;
mod pkcs11;
mod pkcs11_trouble;
mod vault;
mod vault_trouble;
