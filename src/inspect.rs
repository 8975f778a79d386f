//! A look into a token without any check of its signature.

use aegis_core::json::{Json, Object};
use aegis_core::{Error, Unverified, inspect};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::boundary::contain;
use crate::errors::refused;

/// What a token says, NOT VERIFIED: anybody can write such a token.
#[pyclass(module = "aegis_license", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct UnverifiedToken {
    inner: Unverified,
}

#[pymethods]
impl UnverifiedToken {
    /// The header's members.
    #[getter]
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        to_dict(py, &self.inner.header().map_err(|error| refused(py, &error, None))?)
    }

    /// The claims.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        to_dict(py, &self.inner.claims().map_err(|error| refused(py, &error, None))?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (header, claims) = (self.header(py)?.repr()?, self.claims(py)?.repr()?);
        Ok(format!("<UnverifiedToken NOT VERIFIED header={header} claims={claims}>"))
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("an UnverifiedToken cannot be pickled; keep the token"))
    }
}

/// Decodes a token WITHOUT verifying it, to see what it says.
///
/// Args:
///     token (str): the token; white space around it is ignored.
///
/// Returns:
///     UnverifiedToken: its header and claims.
///
/// Raises:
///     LicenseError: with the code ``missing`` or ``malformed``.
#[pyfunction]
pub(crate) fn inspect_token(py: Python<'_>, token: &Bound<'_, PyString>) -> PyResult<UnverifiedToken> {
    // Lone surrogates are no UTF-8: such a text is no token.
    let text = token.to_str().unwrap_or("?");
    let inner = contain(|| inspect(text), || Err(Error::Internal)).map_err(|error| refused(py, &error, None))?;
    Ok(UnverifiedToken { inner })
}

fn to_dict<'py>(py: Python<'py>, object: &Object<'_>) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in object.iter() {
        dict.set_item(name, to_python(py, value)?)?;
    }
    Ok(dict)
}

fn to_python<'py>(py: Python<'py>, value: &Json<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Json::Null => py.None().into_bound(py),
        Json::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        Json::Int(value) => value.into_pyobject(py)?.into_any(),
        Json::Float(value) => value.into_pyobject(py)?.into_any(),
        Json::Str(value) => value.as_ref().into_pyobject(py)?.into_any(),
        Json::Array(items) => {
            let items = items.iter().map(|item| to_python(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Json::Object(object) => to_dict(py, object)?.into_any(),
    })
}
