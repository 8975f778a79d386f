//! Numbers about signing.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aegis_issuer::{SignError, Signer};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Durations, Label, Number, Telemetry, Timestamp, durations, kept};

/// What a signer is asked to sign to see whether it does. It is no token, and nothing that could be part of one.
const QUESTION: &[u8] = b"AEGIS: does this key sign?";

/// An answer counts for so long; a service that holds keys is not asked more often.
const COUNTS: Duration = Duration::from_secs(15);

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, PartialEq, Eq, Hash, prometheus_client::encoding::EncodeLabelSet)]
struct Signed {
    kid: String,
    result: &'static str,
}

/// How signing may end.
const RESULTS: [&str; 3] = ["ok", "unavailable", "refused"];

const fn result_of(outcome: &Result<[u8; 64], SignError>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(SignError::Unavailable(_)) => "unavailable",
        Err(_) => "refused",
    }
}

/// The numbers, and the signers that are asked whether they work.
#[derive(Debug, Clone)]
pub(super) struct Signers {
    signatures: Family<Signed, Counter>,
    durations: Durations<Label>,
    up: Family<Label, Number>,
    window_ends: Family<Label, Timestamp>,
    watched: Arc<Mutex<Vec<Arc<Watched>>>>,
}

impl Signers {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let took = Durations::new_with_constructor(durations as fn() -> Histogram);
        let ends = "When the window of a key ends in which it may sign";
        Self {
            signatures: kept(registry, "signatures", "Signatures that were asked for", Family::default()),
            durations: kept(registry, "signature_duration_seconds", "How long signing took", took),
            up: kept(registry, "signer_up", "Whether the key signs", Family::default()),
            window_ends: kept(registry, "key_window_end_timestamp_seconds", ends, Family::default()),
            watched: Arc::default(),
        }
    }

    fn watched(&self) -> Vec<Arc<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Telemetry {
    /// The same signer, whose signatures are counted and measured, and which is asked whether it works: when `/metrics` is
    /// read, and by [`Telemetry::signers_work`]. `window_end` is when it may sign no longer, in Unix seconds.
    #[must_use]
    pub fn watch(
        &self,
        signer: Arc<dyn Signer + Send + Sync>,
        window_end: Option<i64>,
    ) -> Arc<dyn Signer + Send + Sync> {
        let numbers = self.signers.clone();
        let kid = signer.kid().to_owned();
        for result in RESULTS {
            numbers.signatures.get_or_create_owned(&Signed { kid: kid.clone(), result });
        }
        if let Some(end) = window_end {
            #[expect(clippy::cast_precision_loss, reason = "exact for millions of years")]
            numbers.window_ends.get_or_create_owned(&[("kid", kid)]).set(end as f64);
        }
        let watched =
            Arc::new(Watched { signer, numbers, last: Mutex::default(), turn: tokio::sync::Mutex::default() });
        self.signers.watched.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&watched));
        watched
    }

    /// Whether each watched signer signs, by its key id. It is asked at most every 15 seconds; a signature that was made
    /// meanwhile is an answer too.
    pub async fn signers_work(&self) -> Vec<(String, bool)> {
        // One that does not answer does not keep the others waiting.
        let ask = |watched: Arc<Watched>| (watched.kid().to_owned(), tokio::spawn(watched.works()));
        let asked: Vec<_> = self.signers.watched().into_iter().map(ask).collect();
        let mut answers = Vec::new();
        for (kid, answer) in asked {
            answers.push((kid, answer.await.unwrap_or(false)));
        }
        answers
    }
}

/// A signer, and what is known of it.
struct Watched {
    signer: Arc<dyn Signer + Send + Sync>,
    numbers: Signers,
    last: Mutex<Option<(Instant, bool)>>,
    turn: tokio::sync::Mutex<()>,
}

impl Watched {
    /// Many who want to know at once ask once.
    async fn works(self: Arc<Self>) -> bool {
        let _turn = self.turn.lock().await;
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, works)) = last.filter(|(at, _)| at.elapsed() < COUNTS) {
            return works;
        }
        let asked = Arc::clone(&self);
        let answer = tokio::task::spawn_blocking(move || asked.signer.sign(QUESTION).is_ok());
        let works = matches!(tokio::time::timeout(PATIENCE, answer).await, Ok(Ok(true)));
        self.learned(works);
        works
    }

    fn learned(&self, works: bool) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), works));
        self.numbers.up.get_or_create_owned(&[("kid", self.kid().to_owned())]).set(works.into());
    }
}

impl Signer for Watched {
    fn kid(&self) -> &str {
        self.signer.kid()
    }

    fn public_key(&self) -> [u8; 32] {
        self.signer.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let begun = Instant::now();
        let outcome = self.signer.sign(message);
        let kid = self.kid().to_owned();
        self.numbers.durations.get_or_create_owned(&[("kid", kid.clone())]).observe(begun.elapsed().as_secs_f64());
        self.numbers.signatures.get_or_create_owned(&Signed { kid, result: result_of(&outcome) }).inc();
        self.learned(outcome.is_ok());
        outcome
    }

    fn waits(&self) -> bool {
        self.signer.waits()
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watched").field("kid", &self.kid()).finish_non_exhaustive()
    }
}
