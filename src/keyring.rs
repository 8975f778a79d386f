//! The keys that are trusted.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use aegis_core as core;
use aegis_core::{Key, KeyParts, KeyUse, ModulePattern, public_key_from_pem};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::boundary::texts;
use crate::clock::UnixTime;

/// A key as the build script writes it.
pub(crate) struct EmbeddedKey {
    kid: &'static str,
    issuer: &'static str,
    uses: &'static [&'static str],
    modules: Option<&'static [&'static str]>,
    not_before: Option<i64>,
    not_after: Option<i64>,
    public: [u8; 32],
}

include!(concat!(env!("OUT_DIR"), "/embedded_keyring.rs"));

/// The keys that are trusted, and what each may sign. Made by ``Keyring.from_pem`` or ``embedded_keyring``.
#[pyclass(module = "aegis_license", frozen)]
pub(crate) struct Keyring {
    inner: core::Keyring,
    /// The certificates and lists that belong to it.
    trust: &'static str,
    /// Tells keyrings apart in the cache; never used twice.
    identity: u64,
}

impl Keyring {
    fn of(keys: Vec<Key>, trust: &'static str) -> Result<Self, core::KeyringError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let identity = NEXT.fetch_add(1, Ordering::Relaxed);
        let (inner, _) = core::Keyring::new(keys)?.with_trust(trust);
        Ok(Self { inner, trust, identity })
    }

    pub(crate) const fn core(&self) -> &core::Keyring {
        &self.inner
    }

    pub(crate) const fn identity(&self) -> u64 {
        self.identity
    }
}

#[pymethods]
impl Keyring {
    /// Makes a keyring of one issuer's public keys, for tools and tests.
    ///
    /// Args:
    ///     pems (dict[str, str]): public keys in PEM (SPKI, RFC 8410) by key id.
    ///     issuer (str): the issuer that the keys speak for.
    ///     use (list[str]): some of ``license``, ``revocation``, ``certify``.
    ///     modules (list[str] | None): modules or patterns that the keys may license; None for all.
    ///     not_before (int | None): tokens issued before this Unix second are refused.
    ///     not_after (int | None): tokens issued at this Unix second or later are refused.
    ///
    /// Raises:
    ///     ValueError: a key is malformed, weak or private, an id occurs twice, or an argument means nothing.
    #[staticmethod]
    #[pyo3(signature = (pems, *, issuer, r#use=None, modules=None, not_before=None, not_after=None))]
    fn from_pem(
        pems: &Bound<'_, PyDict>,
        issuer: &str,
        r#use: Option<&Bound<'_, PyAny>>,
        modules: Option<&Bound<'_, PyAny>>,
        not_before: Option<UnixTime>,
        not_after: Option<UnixTime>,
    ) -> PyResult<Self> {
        let (not_before, not_after) = (not_before.map(|time| time.0), not_after.map(|time| time.0));
        let uses = match r#use {
            Some(words) => texts(words, "use")?.iter().map(|word| parse_use(word)).collect::<PyResult<_>>()?,
            None => vec![KeyUse::License],
        };
        let names = modules.map(|names| texts(names, "modules")).transpose()?;
        let patterns = names.map(|names| names.iter().map(|name| parse_module(name)).collect()).transpose()?;
        let mut keys = Vec::with_capacity(pems.len());
        for (kid, pem) in pems {
            let kid: String = kid.extract()?;
            let public = public_key_from_pem(pem.extract()?)
                .map_err(|fault| PyValueError::new_err(format!("key {kid:?}: {fault}")))?;
            let (issuer, uses, modules) = (issuer.to_owned(), uses.clone(), patterns.clone());
            let parts = KeyParts { kid, issuer, uses, modules, not_before, not_after, public };
            keys.push(Key::new(parts).map_err(value_error)?);
        }
        Self::of(keys, "").map_err(value_error)
    }

    /// The keys: dicts with ``kid``, ``issuer``, ``use``, ``modules``, ``not_before``, ``not_after``, ``public``
    /// (32 bytes).
    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let keys = self.inner.iter().map(|key| describe(py, key.parts()));
        PyTuple::new(py, keys.collect::<PyResult<Vec<_>>>()?)
    }

    /// Puts two keyrings together, as for several issuers.
    ///
    /// Raises:
    ///     ValueError: an id occurs twice, or two issuers may license the same module.
    fn __or__(&self, other: &Self) -> PyResult<Self> {
        let keys = self.inner.iter().chain(other.inner.iter()).cloned().collect();
        let trust = if self.trust.is_empty() { other.trust } else { self.trust };
        Self::of(keys, trust).map_err(value_error)
    }

    fn __len__(&self) -> usize {
        self.inner.iter().count()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.trust == other.trust && self.inner.iter().map(Key::parts).eq(other.inner.iter().map(Key::parts))
    }

    fn __hash__(&self) -> u64 {
        u64::from(self.inner.iter().fold(0_u32, |sum, key| sum.rotate_left(8) ^ u32::from_le_bytes(head(key))))
    }

    fn __repr__(&self) -> String {
        let kids: Vec<_> = self.inner.iter().map(|key| key.parts().kid.as_str()).collect();
        format!("<Keyring {}>", kids.join(", "))
    }

    /// Refuses: what is trusted must not come out of a pickle.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a Keyring cannot be pickled; make it again from its PEM texts"))
    }
}

/// The first bytes of a public key.
fn head(key: &Key) -> [u8; 4] {
    let [first, second, third, fourth, ..] = key.parts().public;
    [first, second, third, fourth]
}

fn describe<'py>(py: Python<'py>, parts: &KeyParts) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let uses: Vec<_> = parts.uses.iter().map(|key_use| key_use.as_str()).collect();
    let names = |patterns: &Vec<ModulePattern>| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
    dict.set_item("kid", &parts.kid)?;
    dict.set_item("issuer", &parts.issuer)?;
    dict.set_item("use", uses)?;
    dict.set_item("modules", parts.modules.as_ref().map(names))?;
    dict.set_item("not_before", parts.not_before)?;
    dict.set_item("not_after", parts.not_after)?;
    dict.set_item("public", PyBytes::new(py, &parts.public))?;
    Ok(dict)
}

/// The keyring that was compiled into this wheel. Nothing at run time can add to it.
#[pyfunction]
pub(crate) fn embedded_keyring(py: Python<'_>) -> PyResult<Py<Keyring>> {
    embedded(py).map(|keyring| keyring.clone_ref(py))
}

/// The embedded keyring, made on first use.
pub(crate) fn embedded(py: Python<'_>) -> PyResult<&'static Py<Keyring>> {
    static KEYRING: OnceLock<Py<Keyring>> = OnceLock::new();
    if let Some(keyring) = KEYRING.get() {
        return Ok(keyring);
    }
    let keys = EMBEDDED.iter().map(EmbeddedKey::check).collect::<PyResult<_>>()?;
    let keyring = Py::new(py, Keyring::of(keys, EMBEDDED_TRUST).map_err(value_error)?)?;
    Ok(KEYRING.get_or_init(|| keyring))
}

impl EmbeddedKey {
    fn check(&self) -> PyResult<Key> {
        let parse = |names: &&[&str]| names.iter().map(|name| parse_module(name)).collect::<PyResult<Vec<_>>>();
        let parts = KeyParts {
            kid: self.kid.to_owned(),
            issuer: self.issuer.to_owned(),
            uses: self.uses.iter().map(|text| parse_use(text)).collect::<PyResult<_>>()?,
            modules: self.modules.as_ref().map(parse).transpose()?,
            not_before: self.not_before,
            not_after: self.not_after,
            public: self.public,
        };
        Key::new(parts).map_err(value_error)
    }
}

fn parse_use(text: &str) -> PyResult<KeyUse> {
    let problem = || PyValueError::new_err("use: some of license, revocation, certify are meant");
    KeyUse::parse(text).ok_or_else(problem)
}

fn parse_module(text: &str) -> PyResult<ModulePattern> {
    let problem = || PyValueError::new_err("modules: technical names or patterns such as biz4a_* are meant");
    ModulePattern::parse(text).ok_or_else(problem)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn value_error(error: core::KeyringError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
