//! What surrounds every route: the request's id, its deadline, failures written for the reader, and
//! headers that keep browsers careful.

use crate::address::address_of;
use crate::app::AppState;
use crate::extract::{KnownCaller, Reader};
use crate::problem::Problem;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use domain::catalogue::Code;
use kernel::time::SECOND;
use std::any::Any;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument;

kernel::public_id!(
    /// Names one request, in its answer and in the logs.
    RequestId,
    "req"
);

/// Told by the deadline's layer and turned into a problem here.
const DEADLINE: StatusCode = StatusCode::GATEWAY_TIMEOUT;

/// The policy of answers that are no pages: nothing may run, nothing may frame them.
const NO_CONTENT: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Wraps the routes of a listener. Callers of `proven` are not bounded as strangers: one bank sends
/// all its messages from one address.
pub(crate) fn around(routes: Router, proven: Router, app: &AppState) -> Router {
    let other_method = || async { Problem::new(Code::MethodNotAllowed) };
    routes
        .fallback(|| async { Problem::new(Code::RouteUnknown) })
        .method_not_allowed_fallback(other_method)
        .layer(middleware::from_fn_with_state(app.clone(), bound_strangers))
        .merge(proven.method_not_allowed_fallback(other_method))
        .layer(TimeoutLayer::with_status_code(DEADLINE, app.limits.request))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), answer))
}

/// Marks the answer of a handler that panicked. The log has the place; the message could quote a
/// value, so nobody reads it.
#[derive(Clone)]
struct Panicked;

fn panicked(_: Box<dyn Any + Send>) -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Panicked);
    response
}

/// The outermost layer: names the request, counts it, and writes the problem for the reader.
async fn answer(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = RequestId::from_bytes(app.shell.id());
    let reader = Reader::of(request.headers());
    let method = request.method().clone();
    let route = route_of(&request);
    let began = app.shell.now();
    request.extensions_mut().insert(id);
    let span = tracing::info_span!("request", %id, method = method_name(&method), route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| {
        if response.extensions().get::<Panicked>().is_some() {
            return Some(Problem::new(unfinished(&method, Code::SystemError)));
        }
        let late = response.status() == DEADLINE;
        late.then(|| Problem::new(unfinished(&method, Code::SystemBusy)).after(1))
    });
    if let Some(problem) = &problem {
        response = problem.answer(reader.0, &id.to_string());
    }
    let status = response.status();
    let micros = app.shell.now().since(began);
    let code = problem.as_ref().map_or("", |problem| problem.code().as_str());
    span.in_scope(|| log(status, code, micros));
    count(&method, &route, status, micros);
    careful(&mut response);
    let id = HeaderValue::try_from(id.to_string()).expect("an id is plain text");
    response.headers_mut().insert("x-request-id", id);
    response
}

/// A handler did not come to its end. What it asked for may have happened or may still happen,
/// unless it only read.
fn unfinished(method: &Method, read: Code) -> Code {
    if method.is_safe() { read } else { Code::ResultUnknown }
}

/// The route's pattern, never the path: a path holds ids, and its values have no bound.
fn route_of(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or("none", MatchedPath::as_str).to_owned()
}

/// One line for each answer, inside the span that names the request. Refusals are in the log as it
/// is by default, so that what a person quotes is found there.
pub(crate) fn log(status: StatusCode, code: &str, micros: i64) {
    let status = status.as_u16();
    match status {
        500.. => tracing::warn!(status, code, micros, "answered"),
        400.. => tracing::info!(status, code, micros, "refused"),
        _ => tracing::debug!(status, micros, "answered"),
    }
}

pub(crate) fn count(method: &Method, route: &str, status: StatusCode, micros: i64) {
    let labels = [
        ("method", method_name(method).to_owned()),
        ("route", route.to_owned()),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("jiaozi_http_requests_total", &labels).increment(1);
    metrics::histogram!("jiaozi_http_request_seconds", &labels[..2])
        .record(micros.max(0) as f64 / SECOND as f64);
}

/// A stranger's method has no bound, so only the known ones get into logs and labels.
pub(crate) fn method_name(method: &Method) -> &str {
    let known =
        [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];
    if known.contains(method) { method.as_str() } else { "other" }
}

fn careful(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let policy = HeaderValue::from_static(NO_CONTENT);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(policy);
}

/// Bounds what one address may ask for without a session. Who proves a session is not refused
/// here, so strangers behind the same address cannot lock a user out; neither is who proved one a
/// moment ago, and the handler looks again. A header alone proves nothing: routes that need no
/// session never look at it.
async fn bound_strangers(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(limiter) = &app.limits.anonymous else { return next.run(request).await };
    let Some(address) = address_of(&request, &app.limits.proxies) else {
        return next.run(request).await;
    };
    match KnownCaller::find(&app, request.headers()).await {
        Ok(Some(KnownCaller { caller, is_proved })) => {
            if is_proved {
                // Found once: the handler takes it from here.
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
        Ok(None) => match limiter.take(address, app.shell.now()) {
            Ok(()) => next.run(request).await,
            Err(seconds) => Problem::new(Code::RateLimited).after(seconds).into_response(),
        },
        Err(problem) => problem.into_response(),
    }
}
