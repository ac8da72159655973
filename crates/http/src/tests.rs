//! Through the router, as a caller: what every route has in common.

use crate::rate_limit::AddressLimiter;
use crate::sandbox::{Later, SandboxBank};
use crate::testing::{Answer, Call, Stage};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use axum::routing::get;
use axum::{Extension, Router};
use kernel::time::{DAY, SECOND};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tower::ServiceExt;

/// A stand-in that answers from memory.
#[derive(Default)]
struct TestBank {
    offset: AtomicI64,
}

impl SandboxBank for TestBank {
    fn address(&self) -> String {
        "http://bank.test".to_owned()
    }

    fn raise_clock(&self, offset: i64) -> Later<'_, ()> {
        self.offset.fetch_max(offset, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn inbox(&self, query: Option<String>) -> Later<'_, String> {
        Box::pin(async move { Ok(json!({ "messages": [], "query": query }).to_string()) })
    }
}

async fn sandbox() -> (Stage, Arc<TestBank>) {
    let bank = Arc::new(TestBank::default());
    let stage = Stage::with(|app| app.sandbox = Some(bank.clone())).await;
    (stage, bank)
}

async fn english(call: Call<'_>) -> Answer {
    call.language("en").send().await
}

#[tokio::test]
async fn a_problem_is_told_in_the_readers_language() {
    let stage = Stage::new().await;
    let chinese = stage.get("/nowhere").send().await;
    assert_eq!(chinese.headers[header::CONTENT_LANGUAGE], "zh-CN");
    assert_eq!(chinese.text("/message"), "请求的地址不存在");
    let mut english = english(stage.get("/nowhere")).await;
    assert_eq!(english.status, 404);
    assert_eq!(english.headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(english.headers[header::CONTENT_LANGUAGE], "en");
    let trace_id = english.body["trace_id"].take();
    assert_eq!(trace_id, english.headers["x-request-id"].to_str().unwrap());
    assert_eq!(
        english.body,
        json!({
            "code": "ROUTE_UNKNOWN",
            "status": 404,
            "message": "There is nothing at this address",
            "remedies": [
                { "id": "R04", "text": "Update the app to the latest version" },
                {
                    "id": "R12",
                    "text": "Contact customer service and quote the code ROUTE_UNKNOWN"
                },
            ],
            "retry": { "class": "no" },
            "trace_id": null,
        })
    );
}

#[tokio::test]
async fn another_method_of_a_route_is_named_as_such() {
    let stage = Stage::new().await;
    let answer = stage.post("/v1/catalogue", json!({})).send().await;
    assert_eq!(answer.problem(), (405, "METHOD_NOT_ALLOWED", None));
    assert_eq!(answer.headers[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn every_answer_keeps_browsers_careful() {
    let stage = Stage::new().await;
    for path in ["/healthz", "/v1/catalogue", "/nowhere", "/docs/"] {
        let headers = stage.get(path).send().await.headers;
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src '") && !policy.contains("script-src"), "{policy}");
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
    }
}

#[tokio::test]
async fn the_catalogue_pages_to_its_end_and_explains_each_code() {
    let stage = Stage::new().await;
    let (mut path, mut seen) = ("/v1/catalogue?limit=100".to_owned(), Vec::new());
    loop {
        let page = stage.get(&path).send().await.body;
        for item in page["items"].as_array().unwrap() {
            seen.push(item["code"].as_str().unwrap().to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/catalogue?limit=100&cursor={cursor}");
    }
    let all: Vec<String> = domain::catalogue::Code::all().map(|code| code.to_string()).collect();
    assert_eq!(seen, all);
    let one = english(stage.get("/v1/catalogue/SESSION_EXPIRED")).await;
    assert_eq!(one.status, 200);
    assert_eq!(
        one.body,
        json!({
            "code": "SESSION_EXPIRED",
            "status": 401,
            "sources": ["client"],
            "retry": "after_fix",
            "message": "Your session has ended; log in again",
            "remedies": [
                { "id": "R02", "text": "Close and reopen the app, or log out and in again" },
            ],
        })
    );
    let none = stage.get("/v1/catalogue/NO_SUCH_CODE").send().await;
    assert_eq!(none.problem(), (404, "OBJECT_NOT_FOUND", None));
}

#[tokio::test]
async fn unknown_words_in_a_query_are_refused() {
    let stage = Stage::new().await;
    for query in ["limit=0", "limit=101", "limit=x", "cursor=!", "source=moon", "extra=1"] {
        let answer = stage.get(&format!("/v1/catalogue?{query}")).send().await;
        let (status, code, _) = answer.problem();
        assert_eq!((status, code), (400, "PARAM_INVALID"), "{query}");
    }
}

#[tokio::test]
async fn the_clock_of_the_sandbox_moves_forward_only() {
    let (stage, bank) = sandbox().await;
    let move_by = |body| stage.post("/sandbox/v1/clock", body).send();
    let moved = move_by(json!({ "advance_seconds": 3600 })).await;
    let now = json!({ "now": "2026-11-21T11:00:00+08:00", "business_date": "2026-11-21" });
    assert_eq!(moved.body, now);
    assert_eq!(bank.offset.load(Ordering::SeqCst), 3600 * SECOND);
    for (body, field) in [
        (json!({ "advance_seconds": -1 }), "/advance_seconds"),
        (json!({ "advance_seconds": 1.5 }), "/advance_seconds"),
        (json!({}), "/advance_seconds"),
        (json!({ "advance_seconds": 1, "back": true }), "/back"),
    ] {
        assert_eq!(move_by(body).await.problem(), (400, "PARAM_INVALID", Some(field)));
    }
    assert_eq!(stage.get("/readyz").send().await.body["clock_offset_s"], 3600);
}

#[tokio::test]
async fn the_inbox_is_the_stand_ins_and_its_pages_are_there() {
    let (stage, _) = sandbox().await;
    let inbox = stage.get("/sandbox/v1/inbox?after=3").send().await;
    assert_eq!(inbox.body, json!({ "messages": [], "query": "after=3" }));
    for query in ["after=x", "after=1.5", "from=1"] {
        let refused = stage.get(&format!("/sandbox/v1/inbox?{query}")).send().await;
        assert_eq!(refused.problem(), (400, "PARAM_INVALID", None), "{query}");
    }
    for (path, page) in [("/sandbox/inbox", "inbox"), ("/sandbox/cards", "cards")] {
        let answer = stage.get(path).send().await;
        assert_eq!(answer.status, 307);
        assert_eq!(answer.headers[header::LOCATION], format!("http://bank.test/{page}"));
    }
}

#[tokio::test]
async fn outside_the_sandbox_its_routes_do_not_exist() {
    let stage = Stage::new().await;
    let clock = stage.post("/sandbox/v1/clock", json!({ "advance_seconds": 1 })).send().await;
    let inbox = stage.get("/sandbox/v1/inbox").send().await;
    for answer in [clock, inbox] {
        assert_eq!(answer.problem(), (404, "ROUTE_UNKNOWN", None));
    }
}

#[tokio::test]
async fn readiness_names_the_calendar_year_that_is_missing() {
    let (stage, _) = sandbox().await;
    let ready = stage.get("/readyz").send().await;
    assert_eq!(ready.status, 200);
    let calendar = json!({ "known_until": "2026-12-31", "missing_year": 2027, "ends_soon": true });
    assert_eq!(ready.body["calendar"], calendar);
    stage.app.engine.shutdown().await;
    assert_eq!(stage.get("/readyz").send().await.status, 503);
    assert_eq!(stage.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn strangers_of_one_address_are_bounded_and_users_are_not() {
    let limiter = Arc::new(AddressLimiter::new(1, 2));
    let stage = Stage::with(|app| app.limits.anonymous = Some(limiter)).await;
    let token = stage.register("+8613800138000").await;
    let address: SocketAddr = "192.0.2.1:1000".parse().unwrap();
    let router =
        crate::consumer_router(&stage.app, Router::new()).layer(Extension(ConnectInfo(address)));
    let status = |token: Option<&str>| {
        let bearer = token.map(|token| (header::AUTHORIZATION, format!("Bearer {token}")));
        let mut request = Request::get("/v1/catalogue").body(Body::empty()).unwrap();
        let bearer = bearer.map(|(name, value)| (name, value.parse().unwrap()));
        request.headers_mut().extend(bearer);
        let sent = router.clone().oneshot(request);
        async { sent.await.unwrap().status().as_u16() }
    };
    assert_eq!([status(None).await, status(None).await, status(None).await], [200, 200, 429]);
    assert_eq!(status(Some(&token)).await, 200);
    for forged in ["x", &"A".repeat(43)] {
        assert_eq!(status(Some(forged)).await, 429, "a header proves nothing: {forged}");
    }
    stage.wait(SECOND);
    assert_eq!([status(None).await, status(None).await], [200, 429]);
}

#[tokio::test]
async fn behind_a_named_proxy_each_caller_has_bounds_of_its_own() {
    let limiter = Arc::new(AddressLimiter::new(1, 1));
    let stage = Stage::with(|app| {
        app.limits.anonymous = Some(limiter);
        app.limits.proxies = Arc::new(["192.0.2.1".parse().unwrap()]);
    })
    .await;
    let proxy: SocketAddr = "192.0.2.1:1000".parse().unwrap();
    let router =
        crate::consumer_router(&stage.app, Router::new()).layer(Extension(ConnectInfo(proxy)));
    let status = async |caller: &str| {
        let request = Request::get("/v1/catalogue").header("X-Forwarded-For", caller);
        let sent = router.clone().oneshot(request.body(Body::empty()).unwrap());
        sent.await.unwrap().status().as_u16()
    };
    assert_eq!([status("198.51.100.7").await, status("198.51.100.8").await], [200, 200]);
    assert_eq!(status("203.0.113.9, 198.51.100.7").await, 429, "what it says of others is nothing");
}

#[tokio::test]
async fn who_proves_itself_otherwise_is_not_bounded_and_has_every_layer() {
    let stage = Stage::with(|app| {
        app.limits.anonymous = Some(Arc::new(AddressLimiter::new(1, 1)));
    })
    .await;
    let address: SocketAddr = "192.0.2.1:1000".parse().unwrap();
    let proven = Router::new().route("/callbacks/test", axum::routing::post(|| async { "taken" }));
    let router = crate::consumer_router(&stage.app, proven).layer(Extension(ConnectInfo(address)));
    let send = async |method: &str| {
        let request = Request::builder().method(method).uri("/callbacks/test");
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    for _ in 0..3 {
        let answer = send("POST").await;
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().contains_key("x-request-id"));
    }
    let answer = send("GET").await;
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
}

#[tokio::test]
async fn figures_are_for_operators_unless_it_is_a_sandbox() {
    let stage = Stage::new().await;
    assert_eq!(stage.get("/healthz").send().await.status, 200);
    for path in ["/metrics", "/readyz"] {
        assert_eq!(stage.get(path).send().await.problem(), (404, "ROUTE_UNKNOWN", None));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = crate::operations_router(&stage.app).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    let (stage, _) = sandbox().await;
    assert_eq!(stage.get("/metrics").send().await.status, 200);
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Written(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_trace_id_of_a_refusal_is_in_the_log_and_nothing_of_the_request() {
    let stage = Stage::new().await;
    let written = Written::default();
    let writer = written.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let secret = "/v1/top-ups/top_13800138000?phone=13800138000";
    let refused = stage.get(secret).send().await;
    let served = stage.get("/healthz").send().await;
    drop(guard);
    let log = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains(&refused.text("/trace_id"))).unwrap();
    for part in ["INFO", "GET", "/v1/top-ups/{id}", "401", "SESSION_EXPIRED", "micros=0"] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!log.contains("13800138000"), "{log}");
    assert!(!log.contains(served.headers["x-request-id"].to_str().unwrap()), "{log}");
}

#[tokio::test]
async fn a_session_ends_by_idleness_and_by_age() {
    let stage = Stage::new().await;
    let me = async |token: &str| stage.get("/v1/me").by(token).send().await;
    let idle = stage.register("+8613800138001").await;
    stage.wait(29 * DAY);
    assert_eq!(me(&idle).await.status, 200);
    stage.wait(30 * DAY);
    let expired = me(&idle).await;
    assert_eq!(expired.problem(), (401, "SESSION_EXPIRED", None));
    assert_eq!(expired.headers[header::WWW_AUTHENTICATE], "Bearer");
    let used = stage.register("+8613800138002").await;
    for _ in 0..6 {
        stage.wait(29 * DAY);
        assert_eq!(me(&used).await.status, 200);
    }
    stage.wait(6 * DAY);
    assert_eq!(me(&used).await.status, 401, "180 days");
    assert_eq!(me(&"A".repeat(43)).await.status, 401);
}

#[tokio::test]
async fn a_handler_that_does_not_end_is_told_as_unknown_unless_it_only_read() {
    let limits = |app: &mut crate::AppState| app.limits.request = Duration::from_millis(20);
    let stage = Stage::with(limits).await;
    let panics = || async {
        if true {
            panic!("a bug")
        }
    };
    let hangs = std::future::pending::<()>;
    let routes = Router::new()
        .route("/panics", get(panics).post(panics))
        .route("/hangs", get(hangs).post(hangs));
    let router = crate::layers::around(routes, Router::new(), &stage.app);
    for (method, path, status, code) in [
        ("GET", "/panics", 500, "SYSTEM_ERROR"),
        ("POST", "/panics", 503, "RESULT_UNKNOWN"),
        ("GET", "/hangs", 503, "SYSTEM_BUSY"),
        ("POST", "/hangs", 503, "RESULT_UNKNOWN"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], code, "{method} {path}");
        assert!(!body.to_string().contains("a bug"));
    }
}
