//! Ctrl-C while a passphrase is asked for: the terminal must be put back in order before the program ends.

#[cfg(unix)]
pub(crate) use unix::hold;

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
