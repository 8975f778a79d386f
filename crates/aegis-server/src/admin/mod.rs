//! `/admin`: numbers, and who did what.

pub(crate) mod audit_logs;
pub(crate) mod stats;
