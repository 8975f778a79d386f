//! Ctrl-C while a passphrase is asked for: the terminal must be put back in order before the program ends. And signals
//! while something secret lies about that has to be removed.

#[cfg(feature = "server")]
use std::io::{self, Read, Write};
#[cfg(feature = "server")]
use std::sync::Arc;
#[cfg(feature = "server")]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "server")]
use crate::failure::Failure;

#[cfg(unix)]
pub(crate) use unix::hold;

/// Whether SIGINT or SIGTERM came, once somebody waits for them. A second one ends the program at once.
#[cfg(feature = "server")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

#[cfg(feature = "server")]
impl Interrupt {
    /// From now on these signals do not end the program.
    fn wait() -> Self {
        let interrupt = Self::default();
        #[cfg(unix)]
        unix::wait(&interrupt.0);
        interrupt
    }

    fn came(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn check(&self) -> io::Result<()> {
        if self.came() { Err(io::Error::other("it was interrupted")) } else { Ok(()) }
    }
}

/// Does `work`, which SIGINT and SIGTERM do not end: it is to look whether one came, and to tidy up.
///
/// # Errors
/// Those of `work`; [`Failure::interrupted`] where it failed after a signal.
#[cfg(feature = "server")]
pub(crate) fn interruptible<T>(work: impl FnOnce(&Interrupt) -> Result<T, Failure>) -> Result<T, Failure> {
    let interrupt = Interrupt::wait();
    let done = work(&interrupt);
    if done.is_err() && interrupt.came() { Err(Failure::interrupted()) } else { done }
}

/// What is read or written until a signal comes; then it fails.
#[cfg(feature = "server")]
pub(crate) struct Interruptible<T>(pub(crate) T, pub(crate) Interrupt);

#[cfg(feature = "server")]
impl<T: Read> Read for Interruptible<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer);
        self.1.check().and(read)
    }
}

#[cfg(feature = "server")]
impl<T: Write> Write for Interruptible<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.check()?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Does `work`; elsewhere than on Unix interrupts need no holding.
#[cfg(not(unix))]
pub(crate) fn hold<T>(work: impl FnOnce() -> T) -> (T, bool) {
    (work(), false)
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, OnceLock};

    use signal_hook::consts::SIGINT;
    use signal_hook::{SigId, flag, low_level};

    /// Whether SIGINT ends the program, as it does where nobody handles it.
    ///
    /// Once a signal is handled its handler stays, and would ignore it where nothing is registered any more.
    static DEADLY: OnceLock<Arc<AtomicBool>> = OnceLock::new();

    /// Does `work`, in which SIGINT does not end the program, and tells whether one came. Afterwards it does so again.
    pub(crate) fn hold<T>(work: impl FnOnce() -> T) -> (T, bool) {
        let came = Arc::new(AtomicBool::new(false));
        // Where signals cannot be handled, they end the program as ever.
        let held = register(&came);
        let result = work();
        if let Ok((deadly, id)) = held {
            deadly.store(true, Ordering::SeqCst);
            low_level::unregister(id);
        }
        (result, came.load(Ordering::SeqCst))
    }

    /// Sets `came` when a signal comes.
    #[cfg(feature = "server")]
    pub(super) fn wait(came: &Arc<AtomicBool>) {
        for signal in [SIGINT, signal_hook::consts::SIGTERM] {
            // Where signals cannot be handled, they end the program as ever.
            let _ = flag::register_conditional_default(signal, Arc::clone(came))
                .and_then(|_| flag::register(signal, Arc::clone(came)));
        }
    }

    fn register(came: &Arc<AtomicBool>) -> io::Result<(&'static AtomicBool, SigId)> {
        let id = flag::register(SIGINT, Arc::clone(came))?;
        if DEADLY.get().is_none() {
            let deadly = Arc::new(AtomicBool::new(false));
            flag::register_conditional_default(SIGINT, Arc::clone(&deadly))?;
            // Nobody else sets it: passphrases are asked for by one thread.
            let _ = DEADLY.set(deadly);
        }
        let deadly = DEADLY.get().ok_or(io::ErrorKind::Other)?;
        deadly.store(false, Ordering::SeqCst);
        Ok((deadly, id))
    }
}
