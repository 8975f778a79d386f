//! A verified license.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aegis_core as core;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// A license whose signature was checked and whose claims were read.
///
/// Attributes carry the names of the claims; times are Unix seconds, ends are exclusive.
#[pyclass(module = "aegis_license", frozen, eq, hash)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct License {
    inner: Arc<core::License>,
    status: core::Code,
}

impl Hash for License {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.jti.hash(state);
        self.status.hash(state);
    }
}

impl License {
    pub(crate) const fn new(inner: Arc<core::License>, status: core::Code) -> Self {
        Self { inner, status }
    }

    pub(crate) const fn code(&self) -> core::Code {
        self.status
    }
}

#[pymethods]
impl License {
    /// Id of the license, a UUID.
    #[getter]
    fn jti(&self) -> &str {
        &self.inner.jti
    }

    /// Issuer.
    #[getter]
    fn iss(&self) -> &str {
        &self.inner.iss
    }

    /// Issued at.
    #[getter]
    fn iat(&self) -> i64 {
        self.inner.iat
    }

    /// First instant at which it is no longer valid, or None.
    #[getter]
    fn exp(&self) -> Option<i64> {
        self.inner.exp
    }

    /// First valid instant, or None.
    #[getter]
    fn nbf(&self) -> Option<i64> {
        self.inner.nbf
    }

    /// Id of the key that signed it.
    #[getter]
    fn kid(&self) -> &str {
        &self.inner.kid
    }

    /// The vendor's id of the customer.
    #[getter]
    fn customer_id(&self) -> &str {
        &self.inner.customer.id
    }

    /// The customer's name: any text, to be escaped before it is shown as HTML.
    #[getter]
    fn customer_name(&self) -> &str {
        &self.inner.customer.name
    }

    /// ``perpetual``, ``subscription`` or ``demo``.
    #[getter]
    fn license_type(&self) -> &str {
        self.inner.license_type.as_str()
    }

    /// What is covered: dicts with ``technical_name``, ``allowed_major_versions`` and ``features`` (None for all).
    #[getter]
    fn modules<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let modules = self.inner.modules.iter().map(|covered| {
            let entry = PyDict::new(py);
            entry.set_item("technical_name", covered.pattern.to_string())?;
            let versions: Vec<_> = covered.versions.iter().map(u16::to_string).collect();
            entry.set_item("allowed_major_versions", versions)?;
            entry.set_item("features", covered.features.as_ref())?;
            Ok(entry)
        });
        PyTuple::new(py, modules.collect::<PyResult<Vec<_>>>()?)
    }

    /// The fingerprint of the one instance it is bound to, or None.
    #[getter]
    fn instance_fingerprint(&self) -> Option<String> {
        match &self.inner.binding {
            Some(core::Binding::Exact(fingerprint)) => Some(fingerprint.to_string()),
            _ => None,
        }
    }

    /// The kinds of components that it is bound to: some of ``database_uuid``, ``domain``, ``instance_id``.
    #[getter]
    fn bound_to<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let kinds = self.inner.binding.as_ref().map(core::Binding::kinds).unwrap_or_default();
        PyTuple::new(py, kinds.into_iter().map(core::ComponentKind::as_str))
    }

    /// How many days it goes on working after the instance it is bound to has changed.
    #[getter]
    fn move_grace_days(&self) -> i64 {
        self.inner.move_grace / 86_400
    }

    /// Administrators are warned from then on: as the license says or by default; None when it has no end.
    #[getter]
    fn notify_admins_from(&self) -> Option<i64> {
        self.inner.notice()
    }

    /// Users are warned from then on, or None.
    #[getter]
    fn notify_users_from(&self) -> Option<i64> {
        self.inner.notify_users_from
    }

    /// End of the grace period, or None.
    #[getter]
    fn grace_until(&self) -> Option<i64> {
        self.inner.grace_until
    }

    /// Releases dated at this instant or later are not covered; None for no such limit.
    #[getter]
    fn updates_until(&self) -> Option<i64> {
        self.inner.updates_until
    }

    /// Agreed quantities: ``users`` and ``companies`` where agreed. Reported, never enforced.
    #[getter]
    fn limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        limits_dict(py, &self.inner.limits.unwrap_or_default())
    }

    /// Where it stood in time when it was verified: ``valid``, ``expiring`` or ``grace``; in reports and exceptions
    /// also ``not_yet_valid`` and ``expired``.
    #[getter]
    fn status(&self) -> &str {
        self.status.as_str()
    }

    fn __repr__(&self) -> String {
        let modules: Vec<_> = self.inner.modules.iter().map(|covered| covered.pattern.to_string()).collect();
        format!(
            "<License {} {} modules={} exp={} status={}>",
            self.inner.jti,
            self.inner.license_type.as_str(),
            modules.join(","),
            self.inner.exp.map_or("never".to_owned(), |exp| exp.to_string()),
            self.status,
        )
    }

    /// Refuses: a license read from a pickle would be one that nobody verified.
    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a License cannot be pickled; keep the token and verify it again"))
    }
}

/// Limits as a dict, without those that are absent.
pub(crate) fn limits_dict<'py>(py: Python<'py>, limits: &core::Limits) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, quantity) in [("users", limits.users), ("companies", limits.companies)] {
        if let Some(quantity) = quantity {
            dict.set_item(name, quantity)?;
        }
    }
    Ok(dict)
}
