//! One thread for each module: what is called there may hang, and is not to be begun anew while another calls it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::module::Module;
use crate::Error;
use crate::waiting::{LIMIT, silent};

/// How many may wait for a module.
const QUEUE: usize = 256;

/// Modules stay loaded: most cannot be loaded twice, and some not unloaded.
static THREADS: Mutex<BTreeMap<PathBuf, ModuleThread>> = Mutex::new(BTreeMap::new());

type Job = Box<dyn FnOnce(&mut Module) + Send>;

/// The thread that calls one module.
#[derive(Clone)]
pub(super) struct ModuleThread {
    jobs: SyncSender<Job>,
    name: String,
}

impl ModuleThread {
    /// The thread of the module in the file `path`, which is started for the first key.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = threads.get(path) {
            return Ok(thread.clone());
        }
        let thread = Self::start(path)?;
        threads.insert(path.to_owned(), thread.clone());
        Ok(thread)
    }

    /// Waits for what `work` gives, but not for longer than [`LIMIT`].
    pub(super) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Module) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = sync_channel(1);
        let until = Instant::now() + LIMIT;
        let job: Job = Box::new(move |module| {
            // Of what waited too long behind a module that hung, nobody wants to know any more.
            if Instant::now() < until {
                let _ = answer.send(work(module));
            }
        });
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::unavailable(
                format!("too many wait for {}", self.name),
                "check that the token answers, or spread the load over more servers",
            ),
            TrySendError::Disconnected(_) => silent(&self.name),
        })?;
        answered.recv_timeout(LIMIT).unwrap_or_else(|_| Err(silent(&self.name)))
    }

    fn start(path: &Path) -> Result<Self, Error> {
        let (jobs, received) = sync_channel(QUEUE);
        let name = format!("the PKCS#11 module {}", path.display());
        let path = path.to_owned();
        let fault = |error| Error::unavailable(format!("cannot start a thread for {name}: {error}"), "free memory");
        thread::Builder::new().name("pkcs11".to_owned()).spawn(move || serve(&path, &received)).map_err(fault)?;
        Ok(Self { jobs, name })
    }
}

fn serve(path: &Path, jobs: &Receiver<Job>) {
    let mut module = Module::new(path);
    while let Ok(job) = jobs.recv() {
        // What panics is told as silence; the thread goes on, with the module as new.
        if catch_unwind(AssertUnwindSafe(|| job(&mut module))).is_err() {
            module = Module::new(path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::panic, clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_thread_outlives_a_job_that_panics() {
        let thread = ModuleThread::of(Path::new("/nowhere/panics.so")).unwrap();
        let answer: Result<(), Error> = thread.ask(|_| panic!("on purpose"));
        assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
        assert_eq!(thread.ask(|_| Ok(7)), Ok(7));
    }

    #[test]
    fn a_module_that_hangs_is_unavailable_within_five_seconds_and_what_waited_too_long_is_left_out() {
        let thread = ModuleThread::of(Path::new("/nowhere/hangs.so")).unwrap();
        let (release, released) = sync_channel::<()>(1);
        let start = Instant::now();
        let answer: Result<(), Error> = thread.ask(move |_| {
            let _ = released.recv();
            Ok(())
        });
        assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
        let late = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&late);
        let answer: Result<(), Error> = thread.ask(move |_| {
            seen.store(true, Ordering::SeqCst);
            Ok(())
        });
        assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
        assert!(start.elapsed().as_secs() < 10);
        release.send(()).unwrap();
        assert_eq!(thread.ask(|_| Ok(7)), Ok(7));
        assert!(!late.load(Ordering::SeqCst));
    }
}
