//! What a caller remembers between two evaluations.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use aegis_core as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

/// What is remembered between two evaluations: first sights, last matches, and when a count-down began.
///
/// ``State()`` remembers nothing. Keep what ``Report.state`` says and pass it the next time. No trust lies in it.
#[pyclass(module = "aegis_license", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct State {
    inner: Arc<core::State>,
}

impl State {
    pub(crate) const fn new(inner: Arc<core::State>) -> Self {
        Self { inner }
    }

    pub(crate) const fn core(&self) -> &Arc<core::State> {
        &self.inner
    }
}

#[pymethods]
impl State {
    #[new]
    fn empty() -> Self {
        Self { inner: Arc::default() }
    }

    /// Reads what ``to_json`` wrote.
    ///
    /// Args:
    ///     text (str): a JSON object.
    ///
    /// Raises:
    ///     ValueError: the text is something else.
    #[staticmethod]
    fn from_json(text: &Bound<'_, PyString>) -> PyResult<Self> {
        let read = core::State::from_json(&text.to_string_lossy());
        read.map(|state| Self { inner: Arc::new(state) }).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// A JSON object, the same for equal states.
    fn to_json(&self) -> String {
        self.inner.to_json()
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.to_json().hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        format!("State.from_json({:?})", self.to_json())
    }

    /// Pickles by its JSON.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyTuple>> {
        let py = slf.py();
        (slf.getattr("from_json")?, (slf.get().to_json(),)).into_pyobject(py)
    }
}
