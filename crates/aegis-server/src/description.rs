//! The API in the words of OpenAPI.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, PathItem, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::app::endpoints;
use crate::limits;
use crate::problem::{MEDIA_TYPE, ProblemDocument};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "AEGIS license server",
        description = "Issues, finds and revokes licenses of Odoo modules. What goes wrong is answered by a problem \
                       document (RFC 9457), whose `code` is for programs.",
        license(name = "LGPL-3.0-or-later", identifier = "LGPL-3.0-or-later"),
    ),
    servers((url = "/", description = "this server")),
    components(schemas(ProblemDocument)),
    security(("bearer" = []), ("api_key" = [])),
    modifiers(&ApiKeys),
)]
struct Description;

/// The two ways to send an API key.
struct ApiKeys;

impl Modify for ApiKeys {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key.")).build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let header = ApiKeyValue::with_description("X-API-Key", "An API key, as older callers send it.");
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
    }
}

/// What every endpoint may answer.
const ALWAYS: [(&str, &str); 3] =
    [("408", "the request took too long"), ("500", "the server failed"), ("503", "the server cannot do this now")];

/// What endpoints may answer that ask for an API key.
const WITH_KEY: [(&str, &str); 3] = [
    ("400", "the request cannot be read"),
    ("401", "there is no valid API key"),
    ("403", "the API key does not allow this"),
];

/// What endpoints may answer that read a body.
const WITH_BODY: [(&str, &str); 2] = [("413", "the body is too large"), ("415", "the body is not JSON")];

/// The API in the words of OpenAPI 3.1.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = endpoints().into_openapi();
    api.merge(Description::openapi());
    let described = Description::openapi();
    (api.info, api.servers, api.security) = (described.info, described.servers, described.security);
    api.paths.paths.values_mut().flat_map(operations).for_each(complete);
    limits::describe(&mut api);
    api
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let methods = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
    methods.into_iter().filter_map(Option::as_mut)
}

/// Adds what endpoints have in common, so that each says only what is its own.
fn complete(operation: &mut Operation) {
    let mut common: Vec<(&str, &str)> = ALWAYS.to_vec();
    if operation.security.is_none() {
        common.extend(WITH_KEY);
    }
    if operation.request_body.is_some() {
        common.extend(WITH_BODY);
    }
    let answers = &mut operation.responses.responses;
    for (status, description) in common {
        answers.entry(status.to_owned()).or_insert_with(|| problem(description).into());
    }
    for (status, answer) in answers.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        let RefOr::T(Response { description, .. }) = answer else { continue };
        let description = if description.is_empty() { title(status) } else { description };
        *answer = problem(description).into();
    }
}

fn problem(description: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("ProblemDocument")));
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}

const fn title(status: &str) -> &'static str {
    match status.as_bytes() {
        b"404" => "there is no such thing",
        b"409" => "it cannot be done as things stand",
        _ => "the request asks for something that is not done",
    }
}
