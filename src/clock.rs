//! Instants in Unix seconds: those that Python passes, and the present where it passes none.

use aegis_core::MAX_TIME;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

/// An instant as Python passes it: from 1970 to 9999, so that milliseconds are not taken for seconds.
pub(crate) struct UnixTime(pub(crate) i64);

impl<'py> FromPyObject<'_, 'py> for UnixTime {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let out_of_range = || PyValueError::new_err("a time in Unix seconds, of the years 1970 to 9999, is meant");
        match object.extract() {
            Ok(seconds) if (0..=MAX_TIME).contains(&seconds) => Ok(Self(seconds)),
            Ok(_) => Err(out_of_range()),
            Err(error) if PyErr::is_instance_of::<PyOverflowError>(&error, object.py()) => Err(out_of_range()),
            Err(error) => Err(error),
        }
    }
}

/// The present in Unix seconds. A clock before 1970 counts as 1970.
#[cfg(target_os = "linux")]
pub(crate) fn now() -> i64 {
    // Runs up to some milliseconds behind the fine clock, which costs four times as much.
    rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse).tv_sec.max(0)
}

/// The present in Unix seconds. A clock before 1970 counts as 1970.
#[cfg(not(target_os = "linux"))]
pub(crate) fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
}
