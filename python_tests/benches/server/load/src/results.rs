//! What came of it.

use std::time::Duration;

use serde::Serialize;

/// Times are in microseconds.
#[derive(Serialize)]
pub(crate) struct Results {
    answers: usize,
    per_second: f64,
    p50: f64,
    p99: f64,
    max: f64,
}

impl Results {
    pub(crate) fn new(mut latencies: Vec<Duration>, seconds: Duration) -> Self {
        latencies.sort_unstable();
        let answers = latencies.len();
        // The smallest that as many percent do not exceed.
        let percentile = |percent: usize| {
            let rank = (answers * percent).div_ceil(100).max(1) - 1;
            latencies.get(rank).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1e6)
        };
        #[expect(clippy::cast_precision_loss, reason = "there are not that many answers")]
        let per_second = answers as f64 / seconds.as_secs_f64();
        Self { answers, per_second, p50: percentile(50), p99: percentile(99), max: percentile(100) }
    }
}
