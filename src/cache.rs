//! Keeps licenses whose signature was found good, so that the same token costs a comparison the next time.
//!
//! Only what can never change for a token and a keyring is kept: the signature held, and the claims say this.
//! Everything else is checked on every call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use aegis_core::{Error, License as CoreLicense, Refusal, open};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::boundary::contain;
use crate::keyring::Keyring;
use crate::license::License;

/// Most licenses kept; above that, all are dropped and the cache fills anew. At most 16 KiB of text each.
const CAPACITY: usize = 1024;

/// Where in a token, counted from its end, the eight characters lie that serve as its hash: inside the signature.
const TAG: std::ops::Range<usize> = 72..80;

/// A license that was opened.
struct Slot {
    keyring: u64,
    token: Box<str>,
    license: Arc<CoreLicense>,
    /// The Python object last made for it.
    object: Option<Py<License>>,
}

impl Slot {
    fn is_for(&self, token: &str, keyring: &Keyring) -> bool {
        self.keyring == keyring.identity() && *self.token == *token
    }
}

/// What a thread was given last. In a worker process the same `str` object comes again and again, and need not even be
/// compared.
struct Last {
    keyring: u64,
    /// Kept alive, so that no other text can take its address.
    text: Py<PyString>,
    license: Arc<CoreLicense>,
    object: Py<License>,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// If `text` is the object that this thread asked for last, with the same keyring, applies `read` to what was found.
///
/// `read` must not run Python.
pub(crate) fn last<T>(
    text: &Bound<'_, PyString>,
    keyring: &Keyring,
    read: impl FnOnce(&CoreLicense, &Py<License>) -> Option<T>,
) -> Option<T> {
    let read_cell = |cell: &RefCell<Option<Last>>| {
        let last = cell.borrow();
        let last = last.as_ref().filter(|last| last.text.is(text) && last.keyring == keyring.identity())?;
        read(&last.license, &last.object)
    };
    LAST.try_with(read_cell).ok().flatten()
}

/// Makes this the license that this thread was given last.
pub(crate) fn keep_last(text: &Bound<'_, PyString>, keyring: &Keyring, license: Arc<CoreLicense>, object: Py<License>) {
    let new = Last { keyring: keyring.identity(), text: text.clone().unbind(), license, object };
    // The one before is dropped only when the cell is free again: dropping a Python object may run Python. A thread
    // that is ending has no cell any more.
    drop(LAST.try_with(|cell| cell.replace(Some(new))));
}

/// Looks up a license that was opened before with the same keyring, and the Python object last made for it.
pub(crate) fn lookup(
    py: Python<'_>,
    token: &str,
    keyring: &Keyring,
) -> Option<(Arc<CoreLicense>, Option<Py<License>>)> {
    find(token, keyring, |slot| (Arc::clone(&slot.license), slot.object.as_ref().map(|object| object.clone_ref(py))))
}

/// Looks up a license that was opened before with the same keyring.
pub(crate) fn opened_license(token: &str, keyring: &Keyring) -> Option<Arc<CoreLicense>> {
    find(token, keyring, |slot| Arc::clone(&slot.license))
}

fn find<T>(token: &str, keyring: &Keyring, read: impl FnOnce(&Slot) -> T) -> Option<T> {
    let slots = slots();
    slots.get(&tag(token, keyring)?).filter(|slot| slot.is_for(token, keyring)).map(read)
}

/// Opens a token that is not in the cache.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_new(token: &str, keyring: &Keyring) -> Result<Arc<CoreLicense>, Refusal> {
    let internal = || Err(Refusal { error: Error::Internal, signature_held: false });
    contain(|| open(token, keyring.core()), internal).map(Arc::new)
}

/// Keeps an opened license, and the Python object made for it.
pub(crate) fn keep(token: &str, keyring: &Keyring, license: Arc<CoreLicense>, object: Option<Py<License>>) {
    let Some(tag) = tag(token, keyring) else { return };
    let slot = Slot { keyring: keyring.identity(), token: token.into(), license, object };
    let mut slots = slots();
    let full = slots.len() >= CAPACITY && !slots.contains_key(&tag);
    let dropped = if full { mem::take(&mut *slots) } else { Slots::default() };
    let replaced = slots.insert(tag, slot);
    // Dropped only now that the lock is free: dropping a Python object may run Python.
    drop(slots);
    drop((dropped, replaced));
}

/// Eight characters of the signature with the keyring's identity. Two tokens with the same tag replace each other.
fn tag(token: &str, keyring: &Keyring) -> Option<u64> {
    let bytes = token.as_bytes();
    let from = bytes.len().checked_sub(TAG.end)?;
    let tag = bytes.get(from..from + TAG.len())?.try_into().ok()?;
    Some(u64::from_ne_bytes(tag) ^ keyring.identity())
}

type Slots = HashMap<u64, Slot, BuildHasherDefault<Spread>>;

fn slots() -> MutexGuard<'static, Slots> {
    static SLOTS: LazyLock<Mutex<Slots>> = LazyLock::new(Mutex::default);
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Spreads a tag over the table. A signature is as good as random, and only the vendor can make one that gets here.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }

    fn write_u64(&mut self, tag: u64) {
        // 2^64 divided by the golden ratio.
        self.0 = tag.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
