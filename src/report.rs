//! The answer of `evaluate`.

use aegis_core::{self as core, ComponentKind, Flag, Outcome, status};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::license::{License, limits_dict};
use crate::state::State;
use crate::timeline::Change;
use crate::trust::TrustToken;

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
}

#[pymethods]
impl Assessment {
    /// The reason code.
    #[getter]
    fn code(&self) -> &str {
        self.inner.code.as_str()
    }

    /// What has to be known beside the code: ``clock_suspect`` when the database holds dates far ahead of the clock,
    /// ``staging`` when the license is bound to another instance, which was passed over for a neutralized copy,
    /// ``counting_down`` when it works for some days only.
    #[getter]
    fn flags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        flag_names(py, &self.inner.flags())
    }

    /// The token, white space inside it dropped: what to keep of a text that was pasted. None for one that breaks off.
    #[getter]
    fn token(&self) -> Option<&str> {
        self.inner.token().map(core::TokenText::as_str)
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
        self.inner.license().map(|license| License::new(license.clone(), status(license, self.inner.now())))
    }

    /// Every check, in the order of the codes.
    #[getter]
    fn checks<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.checks().into_iter().map(|inner| Check { inner }).collect::<Vec<_>>())
    }

    /// The next Unix second at which ``code`` changes by time alone, or None.
    #[getter]
    fn next_change(&self) -> Option<i64> {
        self.inner.next().map(|(at, _)| at)
    }

    /// What ``code`` changes to, or None.
    #[getter]
    fn next_code(&self) -> Option<&str> {
        self.inner.next().map(|(_, code)| code.as_str())
    }

    /// The kinds of components that no longer match what the license is bound to.
    #[getter]
    fn changed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.changed().into_iter().map(ComponentKind::as_str).collect::<Vec<_>>())
    }

    /// Every future change of this license that is known today, in the order of time.
    fn timeline<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.timeline().into_iter().map(Change::new).collect::<Vec<_>>())
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
}

impl Report {
    pub(crate) const fn new(inner: core::Report) -> Self {
        Self { inner }
    }

    fn best(&self) -> Option<Assessment> {
        self.inner.deciding().map(|best| Assessment { inner: best.clone() })
    }
}

#[pymethods]
impl Report {
    /// The reason code.
    #[getter]
    fn code(&self) -> &str {
        self.inner.code.as_str()
    }

    /// What has to be known beside the code: the flags of the token that decided, and ``over_limit`` when there are
    /// more users or companies than the working licenses allow.
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
    fn message(&self) -> String {
        self.inner.message()
    }

    /// What to do about it: one sentence, or empty.
    #[getter]
    fn remedy(&self) -> &str {
        self.inner.remedy()
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
        self.inner.next().map(|(at, _)| at)
    }

    /// What ``code`` changes to, or None.
    #[getter]
    fn next_code(&self) -> Option<&str> {
        self.inner.next().map(|(_, code)| code.as_str())
    }

    /// Whether users are to be warned, beside administrators.
    #[getter]
    fn notify_users(&self) -> bool {
        self.inner.notify_users()
    }

    /// The kinds of components that no longer match what the license that decided is bound to.
    #[getter]
    fn changed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.best().map_or_else(|| Ok(PyTuple::empty(py)), |best| best.changed(py))
    }

    /// The most that the working licenses allow: ``users`` and ``companies``, where they are limited.
    #[getter]
    fn limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        limits_dict(py, &self.inner.limits)
    }

    /// The present that the answer is for, in Unix seconds.
    #[getter]
    fn now(&self) -> i64 {
        self.inner.now
    }

    /// What is to be remembered: the state that was passed, where there is nothing new.
    #[getter]
    fn state(&self) -> State {
        State::new(self.inner.state.clone())
    }

    /// The key certificates and revocation lists found, in the order of the text.
    #[getter]
    fn trust<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.trust.iter().cloned().map(TrustToken::new).collect::<Vec<_>>())
    }

    /// Every future change that is known today, in the order of time: of the answer for the module that was asked
    /// for, or, where none was, of each license by itself.
    fn timeline<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.timeline().into_iter().map(Change::new).collect::<Vec<_>>())
    }

    /// Every license found, and what could not be read, in the order of the text.
    #[getter]
    fn assessments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let all = self.inner.assessments.iter().map(|inner| Assessment { inner: inner.clone() });
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
pub(crate) fn refuse_pickle() -> PyResult<()> {
    Err(PyTypeError::new_err("reports cannot be pickled; evaluate the tokens again"))
}
