//! The instance that asks, and its fingerprint.

use aegis_core as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// One Odoo database at one address.
///
/// Args:
///     database_uuid (str): Odoo's system parameter ``database.uuid``.
///     domain (str): host and port of the base URL, such as ``acme.odoo.com`` or ``localhost:8069``.
///
/// Raises:
///     ValueError: one of them is empty or contains white space, or the domain is a whole URL.
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
    #[pyo3(signature = (*, database_uuid, domain))]
    fn new(database_uuid: &str, domain: &str) -> PyResult<Self> {
        let inner =
            core::Instance::new(database_uuid, domain).map_err(|error| PyValueError::new_err(error.to_string()))?;
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

    /// ``sha256:`` and 64 hexadecimal digits: what an exactly bound license names.
    #[getter]
    fn fingerprint(&self) -> String {
        self.inner.fingerprint().to_string()
    }

    fn __repr__(&self) -> String {
        format!("Instance(database_uuid={:?}, domain={:?})", self.database_uuid(), self.domain())
    }

    /// Pickles by its arguments: an instance is a plain value.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        let arguments = PyDict::new(py);
        arguments.set_item("database_uuid", slf.get().database_uuid())?;
        arguments.set_item("domain", slf.get().domain())?;
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
    Instance::new(database_uuid, domain).map(|instance| instance.fingerprint())
}
