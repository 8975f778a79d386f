//! When to stop: Ctrl-C, or SIGTERM from what runs the server.

use std::io;

use crate::failure::Failure;

/// What is done when somebody asks the server to stop. Asked for before anything is made, so that nothing is left half
/// made by a signal.
pub(in crate::commands::server) fn asked() -> Result<impl Future<Output = ()> + Send, Failure> {
    signals().map_err(|error| Failure::new(format!("cannot wait for signals: {error}"), "report this"))
}

#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        // Where it cannot be waited for, it ends the program as ever.
        let _ = tokio::signal::ctrl_c().await;
    })
}
