//! Numbers about the database, asked when `/metrics` is read.

use std::time::Duration;

use aegis_storage::{Error as StorageError, Instant};
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::sync::Mutex;

use super::{Label, Number, kept};
use crate::App;

/// Counting a million licenses takes its time: so long, what was counted stands.
const STANDS: chrono::Duration = chrono::Duration::seconds(60);

/// How long the database is waited for: Prometheus does not wait much longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Licenses about to end are counted for these numbers of days.
const SOON: [(&str, i64); 2] = [("7d", 7), ("30d", 30)];

#[derive(Debug)]
pub(super) struct DatabaseGauges {
    up: Number,
    connections: Family<Label, Number>,
    licenses: Family<Label, Number>,
    ending: Family<Label, Number>,
    counted: Mutex<Option<Instant>>,
}

impl DatabaseGauges {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (standing, ending) =
            ("Licenses by where they stand", "Active licenses that end soon, with their grace period");
        Self {
            up: kept(registry, "database_up", "Whether the database answers", Number::default()),
            connections: kept(registry, "database_connections", "Connections to the database", Family::default()),
            licenses: kept(registry, "licenses", standing, Family::default()),
            ending: kept(registry, "licenses_ending", ending, Family::default()),
            counted: Mutex::default(),
        }
    }

    /// Asks the database. Where it does not answer, the numbers stay as they were, and `aegis_database_up` says so.
    pub(super) async fn ask(&self, app: &App) {
        let answered = tokio::time::timeout(PATIENCE, app.store.ping()).await;
        let up = matches!(answered, Ok(Ok(())));
        self.up.set(up.into());
        let connections = app.store.connections();
        set(&self.connections, "state", "idle", connections.idle.into());
        set(&self.connections, "state", "used", connections.used.into());
        if up {
            let counting = tokio::time::timeout(PATIENCE, self.count(app)).await;
            let error =
                counting.map_or_else(|late| Some(late.to_string()), |done| done.err().map(|error| error.to_string()));
            if let Some(error) = error {
                tracing::warn!(error, "licenses could not be counted");
            }
        }
    }

    /// Two who ask at once do not count twice.
    async fn count(&self, app: &App) -> Result<(), StorageError> {
        let mut counted = self.counted.lock().await;
        let now = app.now();
        if counted.is_some_and(|at| at <= now && now < at + STANDS) {
            return Ok(());
        }
        let stats = app.store.stats(now).await?;
        for (status, number) in [("active", stats.active), ("expired", stats.expired), ("revoked", stats.revoked)] {
            set(&self.licenses, "status", status, number);
        }
        for (within, days) in SOON {
            let number = app.store.count_ending(now, now + chrono::Duration::days(days)).await?;
            set(&self.ending, "within", within, number);
        }
        *counted = Some(now);
        Ok(())
    }
}

fn set(gauges: &Family<Label, Number>, label: &'static str, value: &str, number: u64) {
    gauges.get_or_create_owned(&[(label, value.to_owned())]).set(i64::try_from(number).unwrap_or(i64::MAX));
}
