//! What surrounds every route: the request's id, its deadline, failures written for the reader, and
//! headers that keep browsers careful.

use crate::app::AppState;
use crate::extract::{Caller, Reader};
use crate::problem::Problem;
use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use domain::catalogue::Code;
use kernel::time::SECOND;
use std::any::Any;
use std::net::SocketAddr;
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

/// Wraps the routes of the consumer's listener.
pub(crate) fn around(routes: Router, app: &AppState) -> Router {
    routes
        .fallback(|| async { Problem::new(Code::RouteUnknown) })
        .method_not_allowed_fallback(|| async { Problem::new(Code::MethodNotAllowed) })
        .layer(middleware::from_fn_with_state(app.clone(), bound_strangers))
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
    let span = tracing::info_span!("request", %id, %method, route);
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
    span.in_scope(|| log(status, problem.as_ref()));
    count(&method, &route, status, app.shell.now().since(began));
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

fn log(status: StatusCode, problem: Option<&Problem>) {
    let code = problem.map_or("", |problem| problem.code().as_str());
    let status = status.as_u16();
    if status >= 500 {
        tracing::warn!(status, code, "answered");
    } else {
        tracing::debug!(status, code, "answered");
    }
}

pub(crate) fn count(method: &Method, route: &str, status: StatusCode, micros: i64) {
    let labels = [
        // A stranger's method has no bound, so only the known ones become a label.
        ("method", if is_known(method) { method.to_string() } else { "other".to_owned() }),
        ("route", route.to_owned()),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("jiaozi_http_requests_total", &labels).increment(1);
    metrics::histogram!("jiaozi_http_request_seconds", &labels[..2])
        .record(micros.max(0) as f64 / SECOND as f64);
}

fn is_known(method: &Method) -> bool {
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD]
        .contains(method)
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
/// here, so strangers behind the same address cannot lock a user out. A header alone proves
/// nothing: routes that need no session never look at it.
async fn bound_strangers(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(limiter) = &app.limits.anonymous else { return next.run(request).await };
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let Some(address) = address else { return next.run(request).await };
    match Caller::find(&app, request.headers()).await {
        Ok(Some(caller)) => {
            // Found once: the handler takes it from here.
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => match limiter.take(address, app.shell.now()) {
            Ok(()) => next.run(request).await,
            Err(seconds) => Problem::new(Code::RateLimited).after(seconds).into_response(),
        },
        Err(problem) => problem.into_response(),
    }
}
