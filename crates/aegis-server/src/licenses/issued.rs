//! What happens to a license once it is signed: it is kept, once for each request, and answered.

use aegis_core::{Binding, License as SignedLicense};
use aegis_storage::{Idempotency, Instant, Issue, License, NewLicense, Outcome};
use axum::Json;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::LicenseView;
use crate::access::Caller;
use crate::app::BASE;
use crate::desk::Signed;
use crate::digest::sha256;
use crate::{App, Problem};

/// Makes a repeated request known (as the draft of the IETF's HTTPAPI group names it).
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A license that was issued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedLicense {
    #[serde(flatten)]
    license: LicenseView,
    /// The license itself.
    token: String,
    /// What to mail to the customer: the license, with what is needed to read it.
    bundle: String,
}

/// A request whose answer is a license.
pub(super) struct IssueRequest<'a> {
    app: &'a App,
    caller: &'a Caller,
    action: &'static str,
    /// The license in whose place the new one comes.
    replaces: Option<String>,
    idempotency: Option<Idempotency>,
}

impl<'a> IssueRequest<'a> {
    /// `wanted` is what two requests with the same Idempotency-Key must share.
    pub(super) fn new<W: Serialize>(
        app: &'a App,
        caller: &'a Caller,
        headers: &HeaderMap,
        action: &'static str,
        replaces: Option<String>,
        wanted: &W,
    ) -> Result<Self, Problem> {
        let idempotency = match headers.get(IDEMPOTENCY_KEY) {
            None => None,
            Some(key) => {
                let key = key.to_str().ok().filter(|key| (1..=128).contains(&key.len()));
                let remedy = "use 1 to 128 visible ASCII characters, such as a UUID";
                let key = key.ok_or_else(|| Problem::invalid("Idempotency-Key", "this is no key", remedy))?;
                let wanted = serde_json::to_vec(&(action, &replaces, wanted)).map_err(|_| Problem::internal())?;
                let request_hash = sha256(wanted);
                Some(Idempotency { actor: caller.0.clone(), key: key.to_owned(), request_hash })
            }
        };
        Ok(Self { app, caller, action, replaces, idempotency })
    }

    /// The answer, where the same request was answered before.
    pub(super) async fn repeated(&self) -> Result<Option<Response>, Problem> {
        let Some(request) = &self.idempotency else { return Ok(None) };
        match self.app.store.repeated(request).await? {
            Some(id) => answer(self.app, self.app.store.license(&id).await?).await.map(Some),
            None => Ok(None),
        }
    }

    /// Keeps what was signed, and answers it when it is durable. Where the same request came twice at once, the license
    /// that was kept first is the answer to both.
    pub(super) async fn keep(self, signed: Signed) -> Result<Response, Problem> {
        let Self { app, caller, action, replaces, idempotency } = self;
        let license = new_license(&signed, replaces)?;
        let license_type = license.license_type.clone();
        let detail = json!({
            "customer": license.customer_id, "modules": license.modules, "ends_at": license.ends_at,
            "replaces": license.replaces,
        });
        let note = App::note(caller, action, "license", &license.id, detail);
        let outcome = app.store.issue(Issue { license, note, idempotency, at: app.now() }).await?;
        let kept = match outcome {
            Outcome::Stored(kept) => {
                app.telemetry.issued(&license_type);
                *kept
            }
            Outcome::Repeated(first) => app.store.license(&first).await?,
        };
        answer(app, kept).await
    }
}

fn new_license(signed: &Signed, replaces: Option<String>) -> Result<NewLicense, Problem> {
    let license: &SignedLicense = &signed.license;
    let instant = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or_else(Problem::internal);
    let end = |seconds: Option<i64>| -> Result<Option<Instant>, Problem> { seconds.map(instant).transpose() };
    let instance = license.binding.as_ref().map(|binding| match binding {
        Binding::Exact(fingerprint) => fingerprint.to_string(),
        Binding::Tolerant(_) => "tolerant".to_owned(),
    });
    Ok(NewLicense {
        id: license.jti.clone(),
        issuer: license.iss.clone(),
        kid: license.kid.clone(),
        customer_id: license.customer.id.clone(),
        customer_name: license.customer.name.clone(),
        modules: license.modules.iter().map(|covered| covered.pattern.to_string()).collect(),
        license_type: license.license_type.as_str().to_owned(),
        instance,
        issued_at: instant(license.iat)?,
        expires_at: end(license.exp)?,
        ends_at: end(license.grace_until.or(license.exp))?,
        replaces,
        token: signed.token.clone(),
    })
}

async fn answer(app: &App, license: License) -> Result<Response, Problem> {
    let (token, bundle) = (license.token.clone(), bundle_of(app, &license).await?);
    let location = format!("{BASE}/licenses/{}", license.id);
    let issued = IssuedLicense { license: LicenseView::at(license, app.now()), token, bundle };
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(issued)).into_response())
}

/// What to mail to the customer.
pub(crate) async fn bundle_of(app: &App, license: &License) -> Result<String, Problem> {
    let heading = format!("License for {} ({})", license.customer_name, license.module_names.replace(',', ", "));
    app.desk.bundle(&app.store, &heading, license).await
}
