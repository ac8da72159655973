//! The OpenAPI document, assembled from the routes themselves, and the page that shows it.

use crate::app::AppState;
use crate::{consumer, sandbox};
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::{self, Next};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    ServerBuilder,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The name of the scheme that routes with a caller refer to: `security(("session" = []))`.
const SESSION: &str = "session";

/// The page draws itself with styles of its own; nothing comes from elsewhere.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// The document of the whole API, the sandbox's part included.
pub fn document() -> OpenApi {
    let mut document = described().merge(sandbox::routes()).into_openapi();
    complete(&mut document);
    document
}

/// The routes of the consumer API with the document that describes them.
pub(crate) fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(frame()).merge(consumer::routes())
}

/// The page at `/docs`, and the document at `/openapi.json`.
pub(crate) fn pages(document: OpenApi) -> Router<AppState> {
    let config = Config::from("/openapi.json").validator_url("none");
    let page = SwaggerUi::new("/docs").url("/openapi.json", document).config(config);
    Router::from(page).layer(middleware::from_fn(async |request: Request, next: Next| {
        let mut response = next.run(request).await;
        let policy = HeaderValue::from_static(PAGE_POLICY);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        response
    }))
}

/// What every route can answer without its handler having a say. Written once here, so that no
/// operation lacks it.
const OF_ALL: [(&str, &str); 3] = [
    ("429", "Too many requests without a session from this address"),
    ("500", "A fault of ours"),
    ("503", "Too busy, or the outcome is not known: `retry.class` says which"),
];
const OF_GUARDED: (&str, &str) = ("401", "No valid session");
const OF_BODIES: [(&str, &str); 2] =
    [("413", "The body is larger than 64 KiB"), ("415", "The body is not JSON in UTF-8")];
const PROBLEM: &str = "application/problem+json";

/// Adds to each operation what the layers around it answer, and says of each refusal what it is.
pub(crate) fn complete(document: &mut OpenApi) {
    for operation in document.paths.paths.values_mut().flat_map(operations_mut) {
        let mut common = OF_ALL.to_vec();
        common.extend(operation.security.is_some().then_some(OF_GUARDED));
        common.extend(operation.request_body.iter().flat_map(|_| OF_BODIES));
        let responses = &mut operation.responses.responses;
        for (status, description) in common {
            let missing = || ResponseBuilder::new().description(description).build().into();
            responses.entry(status.to_owned()).or_insert_with(missing);
        }
        for (status, response) in responses {
            if let RefOr::T(response) = response
                && status.as_str() >= "400"
            {
                refuse(response);
            }
        }
    }
}

fn refuse(response: &mut Response) {
    let problem = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(problem)).build();
    response.content.clear();
    response.content.insert(PROBLEM.to_owned(), content.into());
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().flatten()
}

fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Jiaozi")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The API of the wallet. Money is in minor units (fen). Every answer from status 400 up \
             is a `Problem` in `application/problem+json`. Operations that list the header \
             `Idempotency-Key` need one, 16 to 64 letters, digits, `_` and `-`: the same key with \
             the same body happens once and gets the same answer. The others take none. \
             `Accept-Language` chooses zh-CN (default) or en.",
        ))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token that logging in returns"))
        .build();
    let mut components = Components::new();
    components.add_security_scheme(SESSION, SecurityScheme::Http(bearer));
    let mut frame = OpenApi::new(info, utoipa::openapi::Paths::new());
    frame.components = Some(components);
    frame.servers = Some(vec![
        ServerBuilder::new().url("/").description(Some("Where this document is served")).build(),
    ]);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

    #[test]
    fn openapi_document_is_committed_fresh() {
        let mut fresh = document().to_pretty_json().unwrap();
        fresh.push('\n');
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(COMMITTED, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
        assert!(fresh == committed, "docs/openapi.json is old: run `make openapi`");
    }

    #[test]
    fn every_operation_declares_what_its_layers_answer() {
        let mut walked = 0;
        for (path, mut item) in document().paths.paths {
            for operation in operations_mut(&mut item) {
                let mut expected = vec!["429", "500", "503"];
                expected.extend(operation.security.is_some().then_some("401"));
                expected.extend(operation.request_body.iter().flat_map(|_| ["400", "413", "415"]));
                for status in expected {
                    let response = operation.responses.responses.get(status);
                    let Some(RefOr::T(response)) = response else { panic!("{path} {status}") };
                    assert!(!response.description.is_empty());
                    assert_eq!(response.content.keys().collect::<Vec<_>>(), [PROBLEM], "{path}");
                }
                walked += 1;
            }
        }
        assert!(walked > 30, "{walked}");
    }

    #[test]
    fn closed_lists_of_words_are_told() {
        let document = serde_json::to_value(document()).unwrap();
        let schemas = &document["components"]["schemas"];
        assert_eq!(schemas["OtpPurpose"]["enum"], serde_json::json!(["REGISTER", "LOG_IN"]));
        let mut retry: Vec<&str> = Vec::new();
        retry
            .extend(schemas["Retry"]["enum"].as_array().unwrap().iter().filter_map(|v| v.as_str()));
        retry.sort_unstable();
        assert_eq!(retry, ["after_fix", "later", "no", "now", "query"]);
        for (name, schema) in schemas.as_object().unwrap() {
            for (field, of) in schema["properties"].as_object().into_iter().flatten() {
                let is_closed = ["state", "kind", "class", "purpose", "retry"].contains(&&**field);
                assert!(!is_closed || of["type"] != "string", "{name}.{field} is any text");
            }
        }
    }

    #[test]
    fn every_operation_has_a_name_and_a_summary() {
        for (path, item) in document().paths.paths {
            let operations = [item.get, item.post, item.put, item.patch, item.delete];
            for operation in operations.into_iter().flatten() {
                assert!(operation.operation_id.is_some(), "{path}");
                assert!(operation.summary.is_some(), "{path}");
            }
        }
    }
}
