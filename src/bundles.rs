//! Keeps texts whose tokens were opened, so that the same texts cost next to nothing the next time.
//!
//! Only what can never change for a text and a keyring is kept; how the tokens stand is worked out on every call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aegis_core as core;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::cache::{keep, open_new, opened_license};
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

/// A text with what it says.
struct Text<'a, 'py> {
    object: &'a Bound<'py, PyString>,
    content: &'a str,
}

impl Opened {
    /// Whether it is of these texts. Runs no Python, and makes nothing that Python would have to clean up: what is kept
    /// was read before.
    fn is_for(&self, texts: &[Text<'_, '_>], keyring: &Keyring) -> bool {
        let same = |(own, text): (&Py<PyString>, &Text<'_, '_>)| {
            own.is(text.object) || own.bind(text.object.py()).to_str().is_ok_and(|own| own == text.content)
        };
        self.keyring == keyring.identity() && self.texts.len() == texts.len() && self.texts.iter().zip(texts).all(same)
    }
}

/// The tokens of some texts, opened now or before.
pub(crate) fn opened(texts: &[Bound<'_, PyString>], keyring: &Keyring) -> Arc<core::Bundle> {
    let readable = texts.iter().map(|object| Some(Text { object, content: object.to_str().ok()? }));
    match readable.collect::<Option<Vec<_>>>() {
        Some(texts) => known(&texts, keyring).unwrap_or_else(|| open_and_keep(&texts, keyring)),
        // Lone surrogates are replaced: no token has any.
        None => open(&texts.iter().map(|text| text.to_string_lossy()).collect::<Vec<_>>(), keyring),
    }
}

fn known(texts: &[Text<'_, '_>], keyring: &Keyring) -> Option<Arc<core::Bundle>> {
    let mut all = bundles();
    let place = all.iter().position(|opened| opened.is_for(texts, keyring))?;
    let opened = all.remove(place);
    let bundle = Arc::clone(&opened.bundle);
    all.insert(0, opened);
    Some(bundle)
}

fn open_and_keep(texts: &[Text<'_, '_>], keyring: &Keyring) -> Arc<core::Bundle> {
    let bundle = open(&texts.iter().map(|text| text.content).collect::<Vec<_>>(), keyring);
    let texts = texts.iter().map(|text| text.object.clone().unbind()).collect();
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

fn open<T: AsRef<str>>(texts: &[T], keyring: &Keyring) -> Arc<core::Bundle> {
    let open_license = |token: &str| match opened_license(token, keyring) {
        Some(license) => Ok(license),
        None => open_new(token, keyring).inspect(|license| keep(token, keyring, Arc::clone(license), None)),
    };
    let texts: Vec<_> = texts.iter().map(AsRef::as_ref).collect();
    Arc::new(core::Bundle::open(&texts, keyring.core(), open_license))
}

fn bundles() -> MutexGuard<'static, Vec<Opened>> {
    static BUNDLES: Mutex<Vec<Opened>> = Mutex::new(Vec::new());
    BUNDLES.lock().unwrap_or_else(PoisonError::into_inner)
}
