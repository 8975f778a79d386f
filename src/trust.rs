//! A key certificate or a revocation list that was found in a text.

use aegis_core as core;
use aegis_core::{Certificate, Error, Kind, RevocationList, TrustContent};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::report::refuse_pickle;

/// A key certificate or a revocation list. What it says is None, or empty, when it was refused.
#[pyclass(module = "aegis_license", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct TrustToken {
    inner: core::TrustToken,
}

impl TrustToken {
    pub(crate) const fn new(inner: core::TrustToken) -> Self {
        Self { inner }
    }

    fn error(&self) -> Option<&Error> {
        self.inner.content.as_ref().err().map(|refusal| &refusal.error)
    }

    fn list(&self) -> Option<&RevocationList> {
        match &self.inner.content {
            Ok(TrustContent::List(list)) => Some(list),
            _ => None,
        }
    }

    fn certificate(&self) -> Option<&Certificate> {
        match &self.inner.content {
            Ok(TrustContent::Certificate(certificate)) => Some(certificate),
            _ => None,
        }
    }
}

#[pymethods]
impl TrustToken {
    /// ``key_certificate`` or ``revocation_list``.
    #[getter]
    fn kind(&self) -> &str {
        if self.inner.kind == Kind::KeyCertificate { "key_certificate" } else { "revocation_list" }
    }

    /// The token, white space inside it dropped.
    #[getter]
    fn token(&self) -> &str {
        self.inner.token.as_str()
    }

    /// ``valid``, or the reason code.
    #[getter]
    fn code(&self) -> &str {
        self.error().map_or(core::Code::Valid, Error::code).as_str()
    }

    /// Whether it is genuine.
    #[getter]
    fn ok(&self) -> bool {
        self.error().is_none()
    }

    /// Whether it has an effect: a list that a newer one replaces has none, nor has a certificate of an embedded key.
    #[getter]
    fn in_force(&self) -> bool {
        self.inner.in_force
    }

    /// One sentence for people.
    #[getter]
    fn message(&self) -> String {
        match (self.error(), self.list()) {
            (Some(error), _) => error.to_string(),
            (None, Some(_)) if !self.in_force() => "A newer list of this vendor is in force.".to_owned(),
            (None, Some(list)) => format!("What the vendor has withdrawn; licenses: {}.", list.len()),
            (None, None) if !self.in_force() => "The key is trusted without this certificate.".to_owned(),
            (None, None) => "The key is certified by the vendor.".to_owned(),
        }
    }

    /// What to do about it: one sentence, or empty.
    #[getter]
    fn remedy(&self) -> &str {
        self.error().map_or("", Error::remedy)
    }

    /// Issuer.
    #[getter]
    fn issuer(&self) -> Option<&str> {
        let list = self.list().map(|list| list.iss.as_str());
        list.or_else(|| self.certificate().map(|certificate| certificate.iss.as_str()))
    }

    /// Issued at.
    #[getter]
    fn iat(&self) -> Option<i64> {
        self.list().map(|list| list.iat).or_else(|| self.certificate().map(|certificate| certificate.iat))
    }

    /// Id of a key: the one that signed the list, the one that is certified.
    #[getter]
    fn kid(&self) -> Option<&str> {
        let list = self.list().map(|list| list.kid.as_str());
        list.or_else(|| self.certificate().map(|certificate| certificate.key.kid()))
    }

    /// The list's place among those of its issuer: the greatest counts.
    #[getter]
    fn seq(&self) -> Option<i64> {
        self.list().map(|list| list.seq)
    }

    /// How many licenses the list withdraws.
    #[getter]
    fn count(&self) -> Option<usize> {
        self.list().map(RevocationList::len)
    }

    /// Ids of the keys that the list withdraws.
    #[getter]
    fn revoked_keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.list().map(|list| list.revoked_keys.as_slice()).unwrap_or_default())
    }

    /// What the vendor calls the certified key.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.certificate().map(|certificate| certificate.name.as_str())
    }

    /// What the certified key may sign: some of ``license``, ``revocation``.
    #[getter]
    fn r#use<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let uses = self.certificate().map(|certificate| certificate.key.parts().uses.as_slice()).unwrap_or_default();
        PyTuple::new(py, uses.iter().map(|key_use| key_use.as_str()))
    }

    /// The modules and patterns that the certified key may license; None for all.
    #[getter]
    fn modules<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let modules = self.certificate().and_then(|certificate| certificate.key.parts().modules.as_ref());
        let names = modules.map(|patterns| patterns.iter().map(ToString::to_string).collect::<Vec<_>>());
        names.map(|names| PyTuple::new(py, names)).transpose()
    }

    /// What the certified key signs from this Unix second on counts, or None.
    #[getter]
    fn not_before(&self) -> Option<i64> {
        self.certificate().and_then(|certificate| certificate.key.parts().not_before)
    }

    /// What the certified key signs from this Unix second on counts no more, or None.
    #[getter]
    fn not_after(&self) -> Option<i64> {
        self.certificate().and_then(|certificate| certificate.key.parts().not_after)
    }

    fn __repr__(&self) -> String {
        format!("<TrustToken {} {}>", self.kind(), self.code())
    }

    fn __reduce__(&self) -> PyResult<()> {
        refuse_pickle()
    }
}
