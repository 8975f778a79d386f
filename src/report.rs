//! The answer of `evaluate`.

use aegis_core::{self as core, Flag, Outcome, status};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::license::License;

/// One check with its result.
#[pyclass(module = "aegis_license", frozen, eq)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Check {
    inner: core::Check,
}

#[pymethods]
impl Check {
    /// The reason code of its failure.
    #[getter]
    fn code(&self) -> &str {
        self.inner.code.as_str()
    }

    /// ``passed``, ``failed`` or ``not_run``.
    #[getter]
    fn result(&self) -> &str {
        match self.inner.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::NotRun => "not_run",
        }
    }

    /// Why it failed, or None.
    #[getter]
    fn message(&self) -> Option<String> {
        match &self.inner.outcome {
            Outcome::Failed(error) => Some(error.to_string()),
            Outcome::Passed | Outcome::NotRun => None,
        }
    }

    fn __repr__(&self) -> String {
        format!("<Check {} {}>", self.code(), self.result())
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_pickle()
    }
}

/// How one token stands.
#[pyclass(module = "aegis_license", frozen, eq)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Assessment {
    inner: core::Assessment,
    now: i64,
}

#[pymethods]
impl Assessment {
    /// The reason code.
    #[getter]
    fn code(&self) -> &str {
        self.inner.code.as_str()
    }

    /// What has to be known beside the code: ``staging`` when the license is bound to another instance, which was
    /// passed over for a neutralized copy.
    #[getter]
    fn flags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        flag_names(py, &self.inner.flags)
    }

    /// The token, white space inside it dropped: what to keep of a text that was pasted. None for one that breaks off.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.inner.token.as_ref().map(core::TokenText::as_str)
    }

    /// Whether the license works.
    #[getter]
    fn ok(&self) -> bool {
        self.inner.code.works()
    }

    /// One sentence for people.
    #[getter]
    fn message(&self) -> String {
        self.inner.message()
    }

    /// What to do about it: one sentence, or empty.
    #[getter]
    fn remedy(&self) -> &str {
        self.inner.remedy()
    }

    /// The license, when the signature held and the claims could be read.
    #[getter]
    fn license(&self) -> Option<License> {
        self.inner.license.as_ref().map(|license| License::new(license.clone(), status(license, self.now)))
    }

    /// Every check, in the order of the codes.
    #[getter]
    fn checks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.checks.iter().map(|check| Check { inner: check.clone() }).collect::<Vec<_>>())
    }

    /// The next Unix second at which ``code`` changes by time alone, or None.
    #[getter]
    fn next_change(&self) -> Option<i64> {
        self.inner.next.map(|next| next.at)
    }

    /// What ``code`` changes to, or None.
    #[getter]
    fn next_code(&self) -> Option<&str> {
        self.inner.next.map(|next| next.code.as_str())
    }

    fn __repr__(&self) -> String {
        format!("<Assessment {}>", self.code())
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_pickle()
    }
}

/// The answer: the best of all licenses, with every check.
#[pyclass(module = "aegis_license", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct Report {
    inner: core::Report,
    now: i64,
}

impl Report {
    pub(crate) const fn new(inner: core::Report, now: i64) -> Self {
        Self { inner, now }
    }

    fn best(&self) -> Option<Assessment> {
        let best = self.inner.assessments.get(self.inner.best?)?;
        Some(Assessment { inner: best.clone(), now: self.now })
    }
}

#[pymethods]
impl Report {
    /// The reason code.
    #[getter]
    fn code(&self) -> &str {
        self.inner.code.as_str()
    }

    /// What has to be known beside the code: the flags of the token that decided.
    #[getter]
    fn flags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        flag_names(py, &self.inner.flags)
    }

    /// Whether a license works.
    #[getter]
    fn ok(&self) -> bool {
        self.inner.code.works()
    }

    /// One sentence for people.
    #[getter]
    fn message(&self) -> &str {
        &self.inner.message
    }

    /// What to do about it: one sentence, or empty.
    #[getter]
    fn remedy(&self) -> &str {
        self.inner.remedy
    }

    /// The license that decided, or None.
    #[getter]
    fn license(&self) -> Option<License> {
        self.best()?.license()
    }

    /// Every check of the token that decided, in the order of the codes; empty when there is none.
    #[getter]
    fn checks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.best().map_or_else(|| Ok(PyTuple::empty(py)), |best| best.checks(py))
    }

    /// The next Unix second at which ``code`` changes by time alone, or None.
    #[getter]
    fn next_change(&self) -> Option<i64> {
        self.inner.next.map(|next| next.at)
    }

    /// What ``code`` changes to, or None.
    #[getter]
    fn next_code(&self) -> Option<&str> {
        self.inner.next.map(|next| next.code.as_str())
    }

    /// Whether users are to be warned, beside administrators.
    #[getter]
    fn notify_users(&self) -> bool {
        self.inner.notify_users
    }

    /// Every token found, in the order of the text.
    #[getter]
    fn assessments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let all = self.inner.assessments.iter().map(|inner| Assessment { inner: inner.clone(), now: self.now });
        PyTuple::new(py, all.collect::<Vec<_>>())
    }

    fn __repr__(&self) -> String {
        format!("<Report {} of {} token(s)>", self.code(), self.inner.assessments.len())
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_pickle()
    }
}

fn flag_names<'py>(py: Python<'py>, flags: &[Flag]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, flags.iter().map(|flag| flag.as_str()))
}

/// An answer is true for an instant; one read from a pickle would be an answer nobody gave.
fn refuse_pickle() -> PyResult<()> {
    Err(PyTypeError::new_err("reports cannot be pickled; evaluate the tokens again"))
}
