//! A PyO3 module whose functions do nothing.

#![allow(clippy::doc_markdown, reason = "the comments become docstrings of Python")]

/// The extension module `aegis_bench_empty`.
#[pyo3::pymodule]
mod aegis_bench_empty {
    use pyo3::prelude::*;
    use pyo3::types::PyString;

    /// Takes a text, as `verify_license` does, and does nothing with it.
    #[pyfunction]
    fn noop(text: &str) {
        let _ = text;
    }

    /// Takes the arguments of `verify_license`, answers with an object, and does nothing in between.
    #[pyfunction]
    #[pyo3(signature = (token, module, odoo_version, instance=None, now=None, keyring=None))]
    fn noop_verify<'py>(
        token: &Bound<'py, PyString>,
        module: &str,
        odoo_version: &str,
        instance: Option<&Bound<'py, PyAny>>,
        now: Option<i64>,
        keyring: Option<&Bound<'py, PyAny>>,
    ) -> Bound<'py, PyString> {
        let _ = (module, odoo_version, instance, now, keyring);
        token.clone()
    }
}
