//! No panic reaches Python.
//!
//! `PyO3` would raise a `PanicException`, which derives from `BaseException` and passes by `except Exception`: it
//! would end an Odoo worker where a refused license is meant to be shown.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; if it panics, the answer is `fallback`.
pub(crate) fn contain<T>(work: impl FnOnce() -> T, fallback: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| fallback())
}
