//! The tables as SeaORM sees them.

#![allow(unreachable_pub, reason = "what SeaORM derives is public")]

pub(crate) mod api_key;
pub(crate) mod audit_log;
pub(crate) mod customer;
pub(crate) mod head;
pub(crate) mod idempotency;
pub(crate) mod license;
pub(crate) mod license_module;
pub(crate) mod revocation;
pub(crate) mod revocation_list;
pub(crate) mod signing_key;
