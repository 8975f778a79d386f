//! Keeps texts whose tokens were opened, so that the same texts cost next to nothing the next time.
//!
//! Only what can never change for a text and a keyring is kept; how the tokens stand is worked out on every call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aegis_core as core;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::cache::{keep, lookup, open_new};
use crate::keyring::Keyring;

/// Most bundles kept; the one that was asked for longest ago is dropped.
const CAPACITY: usize = 8;

/// Texts that were opened.
struct Opened {
    keyring: u64,
    /// Kept alive, so that no other text can take their address.
    texts: Vec<Py<PyString>>,
    bundle: Arc<core::Bundle>,
}

impl Opened {
    fn is_for(&self, texts: &[Bound<'_, PyString>], keyring: &Keyring) -> bool {
        let same = |(own, text): (&Py<PyString>, &Bound<'_, PyString>)| own.is(text) || is_equal(own, text);
        self.keyring == keyring.identity() && self.texts.len() == texts.len() && self.texts.iter().zip(texts).all(same)
    }
}

/// Whether two texts are equal, without running Python. A lone surrogate makes a text equal to none.
fn is_equal(own: &Py<PyString>, text: &Bound<'_, PyString>) -> bool {
    matches!((own.bind(text.py()).to_str(), text.to_str()), (Ok(own), Ok(text)) if own == text)
}

/// The tokens of some texts, opened now or before.
pub(crate) fn opened(texts: &[Bound<'_, PyString>], keyring: &Keyring) -> Arc<core::Bundle> {
    let known = {
        let mut all = bundles();
        all.iter().position(|opened| opened.is_for(texts, keyring)).map(|place| {
            let opened = all.remove(place);
            let bundle = Arc::clone(&opened.bundle);
            all.insert(0, opened);
            bundle
        })
    };
    known.unwrap_or_else(|| open(texts, keyring))
}

fn open(texts: &[Bound<'_, PyString>], keyring: &Keyring) -> Arc<core::Bundle> {
    let open_license = |py, token: &str| match lookup(py, token, keyring) {
        Some((license, _)) => Ok(license),
        None => open_new(token, keyring).inspect(|license| keep(token, keyring, Arc::clone(license), None)),
    };
    let joined = joined(texts);
    let py = texts.first().map(Bound::py);
    let open_license = |token: &str| match py {
        Some(py) => open_license(py, token),
        None => open_new(token, keyring),
    };
    let bundle = Arc::new(core::Bundle::open(&joined, keyring.core(), open_license));
    let texts = texts.iter().map(|text| text.clone().unbind()).collect();
    let opened = Opened { keyring: keyring.identity(), texts, bundle: Arc::clone(&bundle) };
    let mut all = bundles();
    all.insert(0, opened);
    let kept = all.len().min(CAPACITY);
    let dropped = all.split_off(kept);
    // Dropped only now that the lock is free: dropping a Python object may run Python.
    drop(all);
    drop(dropped);
    bundle
}

/// One text of several, kept apart by a sign that is no part of a token.
fn joined(texts: &[Bound<'_, PyString>]) -> String {
    texts.iter().map(|text| text.to_string_lossy()).collect::<Vec<_>>().join("\n|\n")
}

fn bundles() -> MutexGuard<'static, Vec<Opened>> {
    static BUNDLES: Mutex<Vec<Opened>> = Mutex::new(Vec::new());
    BUNDLES.lock().unwrap_or_else(PoisonError::into_inner)
}
