//! The license server as its callers see it: requests over HTTP, on both databases. One program, so that what it is built from is linked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod access;
mod common;
mod description;
mod keys;
mod licenses;
mod limits;
mod metrics;
mod renewals;
mod shutdown;
