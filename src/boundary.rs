//! What comes in from Python, and what must not go out.
//!
//! No panic reaches Python. `PyO3` would raise a `PanicException`, which derives from `BaseException` and passes by
//! `except Exception`: it would end an Odoo worker where a refused license is meant to be shown.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PySequence, PyString};

/// Runs `work`; if it panics, the answer is `fallback`.
pub(crate) fn contain<T>(work: impl FnOnce() -> T, fallback: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| fallback())
}

/// The texts of a sequence, which may not be one text itself. Lone surrogates are replaced: no token has any.
pub(crate) fn texts(object: &Bound<'_, PyAny>, argument: &str) -> PyResult<Vec<String>> {
    Ok(strings(object, argument)?.iter().map(|text| text.to_string_lossy().into_owned()).collect())
}

/// The strings of a sequence, which may not be one string itself.
///
/// Memory is taken as the items come: what `len()` says is up to the caller.
pub(crate) fn strings<'py>(object: &Bound<'py, PyAny>, argument: &str) -> PyResult<Vec<Bound<'py, PyString>>> {
    let wrong = || PyTypeError::new_err(format!("{argument}: a sequence of str is meant"));
    if object.is_instance_of::<PyString>() {
        return Err(wrong());
    }
    let mut strings = Vec::new();
    for item in object.cast::<PySequence>().map_err(|_| wrong())?.try_iter()? {
        strings.push(item?.cast_into::<PyString>().map_err(|_| wrong())?);
    }
    Ok(strings)
}
