//! The Python face of the verifier: converts types and errors, keeps a cache, and decides nothing.

#![allow(clippy::doc_markdown, reason = "the comments become docstrings of Python")]
#![allow(clippy::unused_self, reason = "Python calls __reduce__ as a method")]

mod boundary;
mod cache;
mod errors;
mod fingerprint;
mod inspect;
mod keyring;
mod license;
mod report;
mod verify;

/// The extension module `aegis_license._native`.
#[pyo3::pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::errors::{
        BadSignatureError, ExpiredError, LicenseError, MalformedError, MissingError, NotYetValidError, RevokedError,
        UnknownKeyError, UnsupportedError, UpdatesEndedError, WrongInstanceError, WrongIssuerError, WrongModuleError,
        WrongOdooVersionError,
    };
    #[pymodule_export]
    use crate::fingerprint::{Instance, fingerprint};
    #[pymodule_export]
    use crate::inspect::{UnverifiedToken, inspect_token};
    #[pymodule_export]
    use crate::keyring::{Keyring, embedded_keyring};
    #[pymodule_export]
    use crate::license::License;
    #[pymodule_export]
    use crate::report::{Assessment, Check, Report};
    #[pymodule_export]
    use crate::verify::{evaluate, verify_license};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
