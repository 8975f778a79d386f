//! Waiting for an answer, but not for long: signing is asked for by threads, services are asked by tasks.

use std::future::Future;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::Error;

/// How long a service may take to answer, logging in and trying again included.
pub const LIMIT: Duration = Duration::from_secs(4);

/// The runtime in which a signer was opened.
pub(crate) struct Runtime(Handle);

impl Runtime {
    /// The one that runs the present task.
    pub(crate) fn current() -> Self {
        Self(Handle::current())
    }

    /// Waits for `work`, which runs there, from whatever thread. `Handle::block_on` would do, but panics in a thread
    /// that runs tasks itself, and knows no limit.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        service: &str,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = sync_channel(1);
        let task = self.0.spawn(async move {
            // Nobody waits for it any more: then it is not needed.
            let _ = answer.send(work.await);
        });
        answered.recv_timeout(LIMIT).unwrap_or_else(|_| {
            task.abort();
            Err(silent(service))
        })
    }
}

/// The same for those who are tasks.
pub(crate) async fn within_limit<T>(service: &str, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|_| Err(silent(service)))
}

/// What is told when there was no answer in time.
pub(crate) fn silent(service: &str) -> Error {
    let what = format!("{service} did not answer within {} seconds", LIMIT.as_secs());
    Error::unavailable(what, "check that it runs and that the network between lets it through")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::future::pending;
    use std::thread;
    use std::time::Instant;

    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    #[test]
    fn a_plain_thread_gets_the_answer() {
        let runtime = runtime();
        let waiting = Runtime(runtime.handle().clone());
        assert_eq!(thread::spawn(move || waiting.wait("it", async { Ok(7) })).join().unwrap(), Ok(7));
    }

    #[test]
    fn a_service_that_is_silent_is_unavailable_within_five_seconds() {
        let runtime = runtime();
        let start = Instant::now();
        let answer: Result<(), Error> = Runtime(runtime.handle().clone()).wait("the vault", pending());
        assert!(matches!(&answer, Err(Error::Unavailable { what, .. }) if what.contains("the vault")), "{answer:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_runtime_that_has_ended_is_unavailable_at_once() {
        let runtime = runtime();
        let waiting = Runtime(runtime.handle().clone());
        drop(runtime);
        let start = Instant::now();
        assert!(matches!(waiting.wait("it", async { Ok(()) }), Err(Error::Unavailable { .. })));
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}
