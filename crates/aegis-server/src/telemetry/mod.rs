//! What is counted and measured, for Prometheus. Each server of a process has numbers of its own.

mod database;
mod page;
mod signers;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

pub use page::metrics_router;

use database::DatabaseGauges;
use signers::Signers;

/// A label and its value.
type Label = [(&'static str, String); 1];

/// A gauge that is a small number.
type Number = Gauge<i64>;

/// A gauge that is an instant, in Unix seconds.
type Timestamp = Gauge<f64, AtomicU64>;

/// From half a millisecond to 16 seconds.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 16))
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    path: String,
    status: u16,
}

/// What was asked for too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitedBy {
    Key,
    Address,
}

impl LimitedBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Address => "address",
        }
    }
}

/// The numbers of one server.
pub struct Telemetry {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Durations<Asked>,
    limited: Family<Label, Counter>,
    issued: Family<Label, Counter>,
    validated: Family<Label, Counter>,
    revoked: Counter,
    signers: Signers,
    database: DatabaseGauges,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

impl Telemetry {
    /// Begins to count.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("aegis");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the server", version);
        let limited = Family::<Label, Counter>::default();
        for by in [LimitedBy::Key, LimitedBy::Address] {
            // So that the first one that is refused is seen as a rise.
            limited.get_or_create_owned(&[("by", by.as_str().to_owned())]);
        }
        let durations = Durations::new_with_constructor(durations as fn() -> Histogram);
        Self {
            requests: kept(&mut registry, "http_requests", "Requests that were answered", Family::default()),
            durations: kept(&mut registry, "http_request_duration_seconds", "How long requests took", durations),
            limited: kept(&mut registry, "rate_limited", "Requests that were refused as too many", limited),
            issued: kept(&mut registry, "licenses_issued", "Licenses that were issued", Family::default()),
            validated: kept(&mut registry, "licenses_validated", "Validations by their result", Family::default()),
            revoked: kept(&mut registry, "licenses_revoked", "Licenses that were revoked", Counter::default()),
            signers: Signers::new(&mut registry),
            database: DatabaseGauges::new(&mut registry),
            registry,
        }
    }

    pub(crate) fn answered(&self, method: &'static str, path: &str, status: u16, took: Duration) {
        let path = path.to_owned();
        self.requests.get_or_create_owned(&Answered { method, path: path.clone(), status }).inc();
        self.durations.get_or_create_owned(&Asked { method, path }).observe(took.as_secs_f64());
    }

    pub(crate) fn limited(&self, by: LimitedBy) {
        self.limited.get_or_create_owned(&[("by", by.as_str().to_owned())]).inc();
    }

    /// Counts a license that was stored; not one that is answered again.
    pub(crate) fn issued(&self, license_type: &str) {
        self.issued.get_or_create_owned(&[("license_type", license_type.to_owned())]).inc();
    }

    /// Counts a validation by its reason code.
    pub(crate) fn validated(&self, code: &'static str) {
        self.validated.get_or_create_owned(&[("code", code.to_owned())]).inc();
    }

    /// Counts a license that was revoked now; not one that had been.
    pub(crate) fn revoked(&self) {
        self.revoked.inc();
    }
}

/// Registers a metric, and keeps it. Its copies are one metric.
fn kept<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}
