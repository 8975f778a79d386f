//! A PyO3 module with one function that does nothing.

#![allow(clippy::doc_markdown, reason = "the comments become docstrings of Python")]

/// The extension module `aegis_bench_empty`.
#[pyo3::pymodule]
mod aegis_bench_empty {
    use pyo3::prelude::*;

    /// Takes a text, as `verify_license` does, and does nothing with it.
    #[pyfunction]
    fn noop(text: &str) {
        let _ = text;
    }
}
