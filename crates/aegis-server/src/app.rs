//! The whole of it: what endpoints share, and where they are.

use std::sync::Arc;
use std::time::Duration;

use aegis_storage::{Instant, Note, Store, Subject};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse as _;
use chrono::SubsecRound as _;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::access::{Caller, RecentKeys};
use crate::{
    Desk, Origin, Problem, RateLimits, Telemetry, admin, api_keys, bundle, customers, headers, health, info, keys,
    licenses, limits, openapi, request_log, revocations,
};

/// The largest body that is read, in bytes.
pub(crate) const LARGEST_BODY: usize = 64 * 1024;

/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the API begins.
pub(crate) const BASE: &str = "/api/v1";

/// Where people try the API out, without anything from elsewhere.
const DOCS: &str = "/docs";

/// Where the description of the API is.
const DESCRIPTION: &str = "/api/v1/openapi.json";

/// Tells the present.
pub type Clock = Box<dyn Fn() -> Instant + Send + Sync>;

/// What all endpoints share.
pub struct App {
    /// What is stored.
    pub store: Store,
    /// Where licenses are signed.
    pub desk: Desk,
    /// The present.
    pub clock: Clock,
    /// The API keys that were asked about a moment ago.
    pub api_keys: RecentKeys,
    /// How often one may ask.
    pub limits: RateLimits,
    /// What is counted and measured.
    pub telemetry: Telemetry,
    /// Where web pages come from that may use the API; none may, where this is empty.
    pub cors_origins: Vec<Origin>,
}

impl App {
    /// The present, to the second.
    pub(crate) fn now(&self) -> Instant {
        (self.clock)().trunc_subsecs(0)
    }

    /// A note for the audit log.
    pub(crate) fn note(
        caller: &Caller,
        action: &'static str,
        kind: &'static str,
        id: &str,
        detail: serde_json::Value,
    ) -> Note {
        Note { actor: caller.0.clone(), action, subject: Subject { kind, id: id.to_owned() }, detail }
    }
}

/// What answers requests.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = endpoints().split_for_parts();
    // The last is the outermost: what any of the others answers is logged.
    let router = router
        .merge(SwaggerUi::new(DOCS).url(DESCRIPTION, openapi()))
        .fallback(async || Problem::not_found("there is nothing at this path"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(|_| Problem::internal().caused_by(&"a panic").into_response()))
        .layer(from_fn_with_state(Arc::clone(&app), limits::by_address))
        .layer(from_fn(headers::guard));
    let router = match app.cors_origins.as_slice() {
        [] => router,
        origins => router.layer(headers::cors(origins)),
    };
    router.layer(from_fn_with_state(Arc::clone(&app), request_log::observe)).with_state(app)
}

async fn in_time(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Result<axum::response::Response, Problem> {
    tokio::time::timeout(PATIENCE, next.run(request)).await.map_err(|_| Problem::timed_out())
}

pub(crate) fn endpoints() -> OpenApiRouter<Arc<App>> {
    let api = OpenApiRouter::new()
        .routes(routes!(licenses::issue::issue, licenses::list::list))
        .routes(routes!(licenses::read::read, licenses::revoke::delete))
        .routes(routes!(licenses::read::token))
        .routes(routes!(licenses::renew::renew))
        .routes(routes!(licenses::rebind::rebind))
        .routes(routes!(licenses::revoke::revoke, licenses::revoke::revoke_by_delete))
        .routes(routes!(licenses::validate::by_token))
        .routes(routes!(licenses::validate::by_id))
        .routes(routes!(licenses::fingerprint::fingerprint))
        .routes(routes!(revocations::revocations))
        .routes(routes!(keys::keys))
        .routes(routes!(bundle::bundle))
        .routes(routes!(customers::add::add, customers::list::list))
        .routes(routes!(customers::read::read, customers::change::change, customers::delete::delete))
        .routes(routes!(api_keys::add::add, api_keys::list::list))
        .routes(routes!(api_keys::revoke::revoke))
        .routes(routes!(admin::stats::stats))
        .routes(routes!(admin::audit_logs::list));
    OpenApiRouter::new()
        .nest(BASE, api)
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(info::info))
}
