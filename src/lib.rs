//! The Python face of the verifier: converts types and errors, keeps a cache, and decides nothing.

#![allow(clippy::doc_markdown, reason = "the comments become docstrings of Python")]
#![allow(clippy::unused_self, reason = "Python calls __reduce__ as a method")]

mod boundary;
mod bundles;
mod cache;
mod clock;
mod errors;
mod fingerprint;
mod inspect;
mod keyring;
mod license;
mod report;
mod state;
mod timeline;
mod trust;
mod verify;

/// The extension module `aegis_license._native`.
#[pyo3::pymodule]
mod _native {
    use pyo3::exceptions::PyAttributeError;
    use pyo3::prelude::*;
    use pyo3::types::PyType;

    use crate::errors::exception_named;
    use crate::fingerprint::Instance;
    use crate::inspect::UnverifiedToken;
    use crate::keyring::Keyring;
    use crate::license::License;
    use crate::report::{Assessment, Check, Report};
    use crate::state::State;
    use crate::timeline::Change;
    use crate::trust::TrustToken;

    #[pymodule_export]
    use crate::fingerprint::{activation_request, fingerprint};
    #[pymodule_export]
    use crate::inspect::inspect_token;
    #[pymodule_export]
    use crate::keyring::embedded_keyring;
    #[pymodule_export]
    use crate::verify::{evaluate, verify_license};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    /// The class called `name` (PEP 562). Classes are made on first use: to make them all would take longer than the
    /// rest of the import.
    #[pyfunction]
    fn __getattr__<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
        Ok(match name {
            "Assessment" => py.get_type::<Assessment>(),
            "Change" => py.get_type::<Change>(),
            "Check" => py.get_type::<Check>(),
            "Instance" => py.get_type::<Instance>(),
            "Keyring" => py.get_type::<Keyring>(),
            "License" => py.get_type::<License>(),
            "Report" => py.get_type::<Report>(),
            "State" => py.get_type::<State>(),
            "TrustToken" => py.get_type::<TrustToken>(),
            "UnverifiedToken" => py.get_type::<UnverifiedToken>(),
            _ => {
                let unknown = || PyAttributeError::new_err(format!("module 'aegis_license' has no attribute {name:?}"));
                return exception_named(py, name).ok_or_else(unknown);
            }
        })
    }
}
