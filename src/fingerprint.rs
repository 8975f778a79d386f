//! The instance that asks, and its fingerprint.

use aegis_core as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::boundary::texts;

/// One Odoo database at one address.
///
/// Args:
///     database_uuid (str): Odoo's system parameter ``database.uuid``.
///     domain (str): host and port of the base URL, such as ``acme.odoo.com`` or ``localhost:8069``.
///     instance_id (str | None): what the operator calls the installation, wherever it runs.
///     other_domains (Sequence[str]): further addresses at which it is reached.
///
/// Raises:
///     ValueError: one of them is empty or contains white space, or a domain is a whole URL.
#[pyclass(module = "aegis_license", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Instance {
    inner: core::Instance,
}

impl Instance {
    pub(crate) const fn core(&self) -> &core::Instance {
        &self.inner
    }
}

#[pymethods]
impl Instance {
    #[new]
    #[pyo3(signature = (*, database_uuid, domain, instance_id=None, other_domains=None))]
    fn new(
        database_uuid: &str,
        domain: &str,
        instance_id: Option<&str>,
        other_domains: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let others = other_domains.map(|others| texts(others, "other_domains")).transpose()?.unwrap_or_default();
        let mut inner = core::Instance::new(database_uuid, domain).map_err(value_error)?;
        if let Some(instance_id) = instance_id {
            inner = inner.with_instance_id(instance_id).map_err(value_error)?;
        }
        for domain in others {
            inner = inner.with_other_domain(&domain).map_err(value_error)?;
        }
        Ok(Self { inner })
    }

    /// Odoo's ``database.uuid``.
    #[getter]
    fn database_uuid(&self) -> &str {
        self.inner.database_uuid()
    }

    /// Host and port of the base URL.
    #[getter]
    fn domain(&self) -> &str {
        self.inner.domain()
    }

    /// What the operator calls the installation, or None.
    #[getter]
    fn instance_id(&self) -> Option<&str> {
        self.inner.instance_id()
    }

    /// Further addresses at which it is reached.
    #[getter]
    fn other_domains<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.other_domains())
    }

    /// ``sha256:`` and 64 hexadecimal digits: what an exactly bound license names.
    #[getter]
    fn fingerprint(&self) -> String {
        self.inner.fingerprint().to_string()
    }

    fn __repr__(&self) -> String {
        let named = self.instance_id().map(|name| format!(", instance_id={name:?}")).unwrap_or_default();
        let others = self.inner.other_domains();
        let others = if others.is_empty() { String::new() } else { format!(", other_domains={others:?}") };
        format!("Instance(database_uuid={:?}, domain={:?}{named}{others})", self.database_uuid(), self.domain())
    }

    /// Pickles by its arguments: an instance is a plain value.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let arguments = PyDict::new(py);
        arguments.set_item("database_uuid", slf.get().database_uuid())?;
        arguments.set_item("domain", slf.get().domain())?;
        arguments.set_item("instance_id", slf.get().instance_id())?;
        arguments.set_item("other_domains", slf.get().other_domains(py)?)?;
        let partial = py.import("functools")?.getattr("partial")?.call((slf.get_type(),), Some(&arguments))?;
        (partial, PyTuple::empty(py)).into_pyobject(py)
    }
}

/// The fingerprint of an instance: SHA-256 of ``database_uuid + ":" + domain``.
///
/// Args:
///     database_uuid (str): Odoo's system parameter ``database.uuid``.
///     domain (str): host and port of the base URL.
///
/// Returns:
///     str: ``sha256:`` and 64 hexadecimal digits.
///
/// Raises:
///     ValueError: as for ``Instance``.
#[pyfunction]
pub(crate) fn fingerprint(database_uuid: &str, domain: &str) -> PyResult<String> {
    let instance = core::Instance::new(database_uuid, domain).map_err(value_error)?;
    Ok(instance.fingerprint().to_string())
}

/// The activation request of an instance: a short text by which the vendor can bind a license to it.
///
/// It holds salted hashes only, and is always the same for the same instance.
///
/// Args:
///     instance (Instance): the instance.
///
/// Returns:
///     str: one line that begins with ``aegis-request.``
#[pyfunction]
pub(crate) fn activation_request(instance: &Bound<'_, Instance>) -> String {
    core::ActivationRequest::of(instance.get().core()).to_string()
}

fn value_error(error: core::BadInstance) -> PyErr {
    PyValueError::new_err(error.to_string())
}
