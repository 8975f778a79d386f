//! Keeps licenses whose signature was found good, so that the same token costs a comparison the next time.
//!
//! Only what can never change for a token and a keyring is kept: the signature held, and the claims say this.
//! Everything else is checked on every call.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aegis_core::{Error, License as CoreLicense, Refusal, open};
use pyo3::prelude::*;

use crate::boundary::contain;
use crate::keyring::Keyring;
use crate::license::License;

/// Most licenses kept; above that, all are dropped and the cache fills anew. At most 16 KiB of text each.
const CAPACITY: usize = 1024;

/// Where in a token, counted from its end, the eight characters lie that serve as its hash: inside the signature.
const TAG: std::ops::Range<usize> = 72..80;

type Slots = HashMap<(u64, [u8; 8]), Slot>;

struct Slot {
    token: Box<str>,
    license: Arc<CoreLicense>,
    object: Option<Py<License>>,
}

/// A license out of the cache, with the Python object last made for it.
pub(crate) struct Opened {
    pub(crate) license: Arc<CoreLicense>,
    pub(crate) object: Option<Py<License>>,
}

/// Opens a token, from the cache if it was opened before with the same keyring.
///
/// # Errors
/// As [`open`]; refusals are not kept.
pub(crate) fn open_cached(py: Python<'_>, token: &str, keyring: &Keyring) -> Result<Opened, Refusal> {
    let key = key_of(token, keyring);
    if let Some(opened) = key.and_then(|key| find(py, &key, token)) {
        return Ok(opened);
    }
    let internal = || Err(Refusal { error: Error::Internal, signature_held: false });
    let license = Arc::new(contain(|| open(token, keyring.core()), internal)?);
    if let Some(key) = key {
        insert(key, Slot { token: token.into(), license: Arc::clone(&license), object: None });
    }
    Ok(Opened { license, object: None })
}

/// Keeps the Python object made for a token.
pub(crate) fn keep_object(token: &str, keyring: &Keyring, object: Py<License>) {
    let Some(key) = key_of(token, keyring) else { return };
    let mut slots = slots();
    let replaced = match slots.get_mut(&key) {
        Some(slot) if *slot.token == *token => slot.object.replace(object),
        _ => Some(object),
    };
    // Dropped only now that the lock is free: dropping a Python object may run Python.
    drop(slots);
    drop(replaced);
}

fn key_of(token: &str, keyring: &Keyring) -> Option<(u64, [u8; 8])> {
    let bytes = token.as_bytes();
    let from = bytes.len().checked_sub(TAG.end)?;
    let tag = bytes.get(from..from + TAG.len())?.try_into().ok()?;
    Some((keyring.identity(), tag))
}

fn find(py: Python<'_>, key: &(u64, [u8; 8]), token: &str) -> Option<Opened> {
    let slots = slots();
    let slot = slots.get(key).filter(|slot| *slot.token == *token)?;
    Some(Opened { license: Arc::clone(&slot.license), object: slot.object.as_ref().map(|object| object.clone_ref(py)) })
}

fn insert(key: (u64, [u8; 8]), slot: Slot) {
    let mut slots = slots();
    let dropped = if slots.len() >= CAPACITY { mem::take(&mut *slots) } else { Slots::default() };
    let replaced = slots.insert(key, slot);
    drop(slots);
    drop((dropped, replaced));
}

fn slots() -> MutexGuard<'static, Slots> {
    static SLOTS: OnceLock<Mutex<Slots>> = OnceLock::new();
    SLOTS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}
