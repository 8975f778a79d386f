//! What the storage keeps and refuses, on both databases. One program, so that what it is built from is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;
mod full_disk;
mod import;
mod issuing;
mod records;
mod signing_keys;
