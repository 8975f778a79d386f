//! A PyO3 module with one class that checks Ed25519 signatures and does nothing else.

#![allow(clippy::doc_markdown, reason = "the comments become docstrings of Python")]

/// The extension module `aegis_bench_verify`.
#[pyo3::pymodule]
mod aegis_bench_verify {
    use ed25519_dalek::{Signature, VerifyingKey};
    use pyo3::exceptions::PyValueError;
    use pyo3::prelude::*;

    /// A public key, decoded once.
    ///
    /// Args:
    ///     public (bytes): 32 bytes (RFC 8032 §5.1.5).
    ///
    /// Raises:
    ///     ValueError: these are not 32 bytes, or no point of the curve.
    #[pyclass(frozen)]
    struct Key {
        verifying: VerifyingKey,
    }

    #[pymethods]
    impl Key {
        #[new]
        fn new(public: &[u8]) -> PyResult<Self> {
            let verifying = VerifyingKey::try_from(public).map_err(|error| PyValueError::new_err(error.to_string()))?;
            Ok(Self { verifying })
        }

        /// Whether `signature` (64 bytes) over `message` holds, strictly (RFC 8032 §5.1.7 and §8.4).
        fn verify_strict(&self, message: &[u8], signature: &[u8]) -> bool {
            Signature::from_slice(signature)
                .is_ok_and(|signature| self.verifying.verify_strict(message, &signature).is_ok())
        }
    }
}
