//! The present, read where Python passes none.

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
