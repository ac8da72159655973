//! The OpenAPI document, assembled from the routes themselves, and the page that shows it.

use crate::app::AppState;
use crate::{consumer, sandbox};
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::{self, Next};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The name of the scheme that routes with a caller refer to: `security(("session" = []))`.
const SESSION: &str = "session";

/// The page draws itself with styles of its own; nothing comes from elsewhere.
const PAGE_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// The document of the whole API, the sandbox's part included.
pub fn document() -> OpenApi {
    described().merge(sandbox::routes()).into_openapi()
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

fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Jiaozi")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The API of the wallet. Money is in minor units (fen). Every answer from status 400 up \
             is a `Problem` in `application/problem+json`. Requests that change something carry an \
             `Idempotency-Key` of 16 to 64 characters: the same key with the same body gets the \
             same answer. `Accept-Language` chooses zh-CN (default) or en.",
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
