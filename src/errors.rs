//! The exceptions: one class per reason code, all of them a `LicenseError`.

use aegis_core::{Code, Error};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::license::License;

create_exception!(aegis_license, LicenseError, PyException, "A license was refused; see .code, .message and .remedy.");
create_exception!(aegis_license, MissingError, LicenseError, "No license is there.");
create_exception!(aegis_license, MalformedError, LicenseError, "The token cannot be read.");
create_exception!(aegis_license, UnsupportedError, LicenseError, "The token asks for something unknown.");
create_exception!(aegis_license, UnknownKeyError, LicenseError, "No trusted key may have signed this token.");
create_exception!(aegis_license, BadSignatureError, LicenseError, "The signature does not match.");
create_exception!(aegis_license, WrongIssuerError, LicenseError, "The token names another issuer than its key does.");
create_exception!(aegis_license, WrongModuleError, LicenseError, "The license does not cover the module.");
create_exception!(aegis_license, WrongOdooVersionError, LicenseError, "The license does not cover this Odoo.");
create_exception!(aegis_license, RevokedError, LicenseError, "The vendor has withdrawn the license.");
create_exception!(aegis_license, WrongInstanceError, LicenseError, "The license is bound to another instance.");
create_exception!(aegis_license, NotYetValidError, LicenseError, "The license begins later.");
create_exception!(aegis_license, ExpiredError, LicenseError, "The license has ended.");
create_exception!(aegis_license, UpdatesEndedError, LicenseError, "The license does not cover a release this new.");

/// The exception for a refusal; `license` when the signature held and the claims could be read.
pub(crate) fn refused(py: Python<'_>, error: &Error, license: Option<Py<License>>) -> PyErr {
    let message = error.to_string();
    let exception = class_of(error.code())(message.clone());
    let value = exception.value(py);
    let attributes = [
        value.setattr("code", error.code().as_str()),
        value.setattr("message", message),
        value.setattr("remedy", error.remedy()),
        value.setattr("license", license),
    ];
    attributes.into_iter().find_map(Result::err).unwrap_or(exception)
}

/// The exception class called `name`, if there is one.
pub(crate) fn exception_named<'py>(py: Python<'py>, name: &str) -> Option<Bound<'py, PyType>> {
    Some(match name {
        "LicenseError" => py.get_type::<LicenseError>(),
        "MissingError" => py.get_type::<MissingError>(),
        "MalformedError" => py.get_type::<MalformedError>(),
        "UnsupportedError" => py.get_type::<UnsupportedError>(),
        "UnknownKeyError" => py.get_type::<UnknownKeyError>(),
        "BadSignatureError" => py.get_type::<BadSignatureError>(),
        "WrongIssuerError" => py.get_type::<WrongIssuerError>(),
        "WrongModuleError" => py.get_type::<WrongModuleError>(),
        "WrongOdooVersionError" => py.get_type::<WrongOdooVersionError>(),
        "RevokedError" => py.get_type::<RevokedError>(),
        "WrongInstanceError" => py.get_type::<WrongInstanceError>(),
        "NotYetValidError" => py.get_type::<NotYetValidError>(),
        "ExpiredError" => py.get_type::<ExpiredError>(),
        "UpdatesEndedError" => py.get_type::<UpdatesEndedError>(),
        _ => return None,
    })
}

fn class_of(code: Code) -> fn(String) -> PyErr {
    match code {
        Code::Missing => MissingError::new_err,
        Code::Malformed => MalformedError::new_err,
        Code::Unsupported => UnsupportedError::new_err,
        Code::UnknownKey => UnknownKeyError::new_err,
        Code::BadSignature => BadSignatureError::new_err,
        Code::WrongIssuer => WrongIssuerError::new_err,
        Code::WrongModule => WrongModuleError::new_err,
        Code::WrongOdooVersion => WrongOdooVersionError::new_err,
        Code::Revoked => RevokedError::new_err,
        Code::WrongInstance => WrongInstanceError::new_err,
        Code::NotYetValid => NotYetValidError::new_err,
        Code::Expired => ExpiredError::new_err,
        Code::UpdatesEnded => UpdatesEndedError::new_err,
        _ => LicenseError::new_err,
    }
}
