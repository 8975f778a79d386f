//! A future change of an answer.

use aegis_core as core;
use pyo3::prelude::*;

use crate::report::refuse_pickle;

/// A future change that is known today.
#[pyclass(module = "aegis_license", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct Change {
    inner: core::Change,
}

impl Change {
    pub(crate) const fn new(inner: core::Change) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl Change {
    /// The first Unix second of it.
    #[getter]
    fn at(&self) -> i64 {
        self.inner.at
    }

    /// The reason code from then on.
    #[getter]
    fn code(&self) -> &str {
        self.inner.code.as_str()
    }

    /// What changes: ``status`` (the code), ``users_warned`` (users are reminded too) or ``updates_end`` (releases dated
    /// from then on are not covered).
    #[getter]
    fn event(&self) -> &str {
        self.inner.event.as_str()
    }

    /// Id of the license that decides from then on, or None.
    #[getter]
    fn license(&self) -> Option<&str> {
        self.inner.license.as_ref().map(|license| license.jti.as_str())
    }

    /// One sentence for people.
    #[getter]
    fn message(&self) -> &str {
        &self.inner.message
    }

    /// What it means for those who work there, in one sentence.
    #[getter]
    fn effect(&self) -> &str {
        self.inner.code.effect()
    }

    fn __repr__(&self) -> String {
        format!("<Change {} {} at {}>", self.event(), self.code(), self.at())
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_pickle()
    }
}
