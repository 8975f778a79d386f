//! `verify_license` and `evaluate`.

use std::sync::Arc;

use aegis_core::{self as core, Context, Error, check, running_major, sole_token, status};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::boundary::{contain, strings};
use crate::bundles::opened;
use crate::cache::{keep, keep_last, last, lookup, open_new};
use crate::clock::{self, UnixTime};
use crate::errors::refused;
use crate::fingerprint::Instance;
use crate::keyring::{BUILD_TIME, Keyring, embedded};
use crate::license::License;
use crate::report::Report;
use crate::state::State;

/// Verifies one license token, offline.
///
/// Args:
///     token (str): the token; white space around it is ignored.
///     module (str): technical name of the module that asks.
///     odoo_version (str): version of Odoo, such as ``18.0``; the major version counts.
///     instance (Instance | None): the instance that asks; a bound license is refused without it.
///     now (int | None): the present in Unix seconds; None for the system clock.
///     keyring (Keyring | None): None for the keys compiled into this wheel.
///
/// Returns:
///     License: its ``status`` is ``valid``, ``expiring`` or ``grace``.
///
/// Raises:
///     LicenseError: a subclass named after the reason code, with ``.code``, ``.message``, ``.remedy`` and, when the
///         signature held, ``.license``.
///     ValueError: ``odoo_version`` is no version of Odoo, or another argument is out of range or no text.
#[pyfunction]
#[pyo3(signature = (token, module, odoo_version, instance=None, now=None, keyring=None))]
pub(crate) fn verify_license(
    py: Python<'_>,
    token: &Bound<'_, PyString>,
    module: &str,
    odoo_version: &str,
    instance: Option<&Bound<'_, Instance>>,
    now: Option<UnixTime>,
    keyring: Option<&Bound<'_, Keyring>>,
) -> PyResult<Py<License>> {
    let keyring = keyring.map_or_else(|| embedded(py).map(Py::get), |keyring| Ok(keyring.get()))?;
    let (now, floor) = present(now);
    let context = Context {
        module: Some(module),
        instance: instance.map(|instance| instance.get().core()),
        floor,
        ..Context::new(major_version(odoo_version)?, now)
    };
    let checked = |license: &_| contain(|| check(license, keyring.core(), &context), || Err(Error::Internal));
    // The object made before serves again if the status is still the same.
    let again = |license: &_, object: &Py<License>| {
        let same = checked(license).is_ok_and(|code| object.get().code() == code);
        same.then(|| object.clone_ref(py))
    };
    if let Some(object) = last(token, keyring, again) {
        return Ok(object);
    }
    // Lone surrogates are no UTF-8: such a text is no token.
    let text = sole_token(token.to_str().unwrap_or("?")).map_err(|error| refused(py, &error, None))?;
    let (license, object) = match lookup(py, text, keyring) {
        Some(found) => found,
        None => (open_new(text, keyring).map_err(|refusal| refused(py, &refusal.error, None))?, None),
    };
    let result = checked(&license);
    let present = context.present(Some(license.iat));
    let status = result.as_ref().map_or_else(|_| status(&license, present), |code| *code);
    let object = match object {
        Some(object) if object.get().code() == status => object,
        _ => {
            let object = Py::new(py, License::new(Arc::clone(&license), status))?;
            keep(text, keyring, Arc::clone(&license), Some(object.clone_ref(py)));
            object
        }
    };
    keep_last(token, keyring, license, object.clone_ref(py));
    match result {
        Ok(_) => Ok(object),
        Err(error) => Err(refused(py, &error, Some(object))),
    }
}

/// Evaluates a text with any number of tokens, offline: licenses, key certificates and revocation lists. A bad token is
/// part of the answer.
///
/// Args:
///     tokens (str | Sequence[str]): one text or several: tokens, or whole messages that contain them.
///     module (str | None): technical name of the module that asks; None asks whether the licenses are in order by
///         themselves, whatever modules they cover.
///     odoo_version (str): version of Odoo, such as ``18.0``; the major version counts.
///     feature (str | None): a feature of the module; None asks for the module as such.
///     instance (Instance | None): the instance that asks; a bound license is refused without it.
///     now (int | None): the present in Unix seconds, taken as it is; None for the system clock, which counts as no
///         earlier than the build of this wheel and the latest that the issuer is known to have issued.
///     released (str | None): date of the module's release, ``YYYY-MM-DD``; None counts as covered.
///     neutralized (bool): whether the database is a neutralized copy, as for staging: a license that is bound to
///         another instance then works, with the flag ``staging``.
///     state (State | None): what was remembered of the evaluations before; None for nothing.
///     database_date (int | None): the latest date that the database itself keeps, in Unix seconds: evidence against a
///         clock that is behind.
///     users (int | None): how many active internal users there are, for licenses that limit them.
///     companies (int | None): how many companies there are.
///     keyring (Keyring | None): None for the keys compiled into this wheel.
///
/// Returns:
///     Report: the answer with all its checks; its ``state`` is to be remembered.
///
/// Raises:
///     ValueError: ``odoo_version`` is no version of Odoo, ``released`` no date, ``feature`` or ``released`` is given
///         without a module, or another argument is out of range or no text.
#[pyfunction]
#[pyo3(signature = (
    tokens, *, module, odoo_version, feature=None, instance=None, now=None, released=None, neutralized=false,
    state=None, database_date=None, users=None, companies=None, keyring=None,
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of a Python function")]
pub(crate) fn evaluate(
    py: Python<'_>,
    tokens: &Bound<'_, PyAny>,
    module: Option<&str>,
    odoo_version: &str,
    feature: Option<&str>,
    instance: Option<&Bound<'_, Instance>>,
    now: Option<UnixTime>,
    released: Option<&str>,
    neutralized: bool,
    state: Option<&Bound<'_, State>>,
    database_date: Option<UnixTime>,
    users: Option<u32>,
    companies: Option<u32>,
    keyring: Option<&Bound<'_, Keyring>>,
) -> PyResult<Report> {
    if module.is_none() && (feature.is_some() || released.is_some()) {
        return Err(PyValueError::new_err("feature, released: they belong to a module; name the module too"));
    }
    let keyring = keyring.map_or_else(|| embedded(py).map(Py::get), |keyring| Ok(keyring.get()))?;
    let (now, floor) = present(now);
    let context = Context {
        module,
        feature,
        odoo_major: major_version(odoo_version)?,
        instance: instance.map(|instance| instance.get().core()),
        now,
        floor,
        released: released.map(release_date).transpose()?,
        neutralized,
        state: state.map(|state| state.get().core()),
        database_date: database_date.map(|date| date.0),
        usage: core::Limits { users: users.map(i64::from), companies: companies.map(i64::from) },
    };
    let texts = match tokens.cast::<PyString>() {
        Ok(text) => vec![text.clone()],
        Err(_) => strings(tokens, "tokens")?,
    };
    let report = contain(
        || opened(&texts, keyring).report(&context),
        || core::Report::without_license(Error::Internal, now, context.state),
    );
    Ok(Report::new(report))
}

/// The present and, where the clock tells it, what has passed for certain.
fn present(now: Option<UnixTime>) -> (i64, Option<i64>) {
    now.map_or_else(|| (clock::now(), Some(BUILD_TIME)), |now| (now.0, None))
}

fn major_version(odoo_version: &str) -> PyResult<u16> {
    let problem = || PyValueError::new_err("odoo_version: a version of Odoo such as 18.0 is meant");
    running_major(odoo_version).ok_or_else(problem)
}

/// 00:00 UTC of a day, in Unix seconds.
fn release_date(day: &str) -> PyResult<i64> {
    core::day_start(day).ok_or_else(|| PyValueError::new_err("released: a date such as 2026-11-01 is meant"))
}
