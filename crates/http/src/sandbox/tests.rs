//! What a developer asks of a sandbox, as a caller.

use super::{
    Complained, ComplaintMove, Grievance, Inspector, Later, Outcome, Played, SandboxBank,
    SandboxPeople, ShownCode,
};
use crate::testing::Stage;
use axum::body::Body;
use axum::http::{Request, header};
use serde_json::json;
use std::sync::Arc;
use tower::ServiceExt;

/// A bank and people who do as they are told.
struct Told;

impl SandboxBank for Told {
    fn address(&self) -> String {
        "http://bank.test".to_owned()
    }

    fn raise_clock(&self, _: i64) -> Later<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn inbox(&self, _: Option<String>) -> Later<'_, String> {
        Box::pin(async { Ok("[]".to_owned()) })
    }
}

impl SandboxPeople for Told {
    fn pay(&self, _: String, outcome: Outcome) -> Later<'_, Played> {
        let (transaction_id, code, message) = (None, None, None);
        Box::pin(
            async move { Ok(Played { outcome, is_paid: false, transaction_id, code, message }) },
        )
    }

    fn show_code(&self, outcome: Outcome) -> Later<'_, ShownCode> {
        let (code, expires_at) = ("134567890123456789".into(), String::new());
        Box::pin(async move { Ok(ShownCode { code, expires_at, outcome }) })
    }

    fn complain(&self, grievance: Grievance) -> Later<'_, Complained> {
        let complaint_id = Some(grievance.transaction_id);
        Box::pin(async move { Ok(Complained { complaint_id, ..Complained::default() }) })
    }

    fn go_on_complaining(&self, id: String, step: ComplaintMove) -> Later<'_, Complained> {
        let state = Some(format!("{:?} {}", step.action, step.content.unwrap_or_default()));
        let complaint_id = Some(id);
        Box::pin(async move { Ok(Complained { complaint_id, state, ..Complained::default() }) })
    }

    fn openid(&self, mchid: String, appid: String) -> Later<'_, String> {
        Box::pin(async move { Ok(format!("{mchid}/{appid}")) })
    }
}

async fn sandbox() -> Stage {
    Stage::with(|app| {
        app.sandbox = Some(Arc::new(Told));
        app.people = Some(Arc::new(Told));
        app.inspector = Some(Arc::<Inspector>::default());
    })
    .await
}

#[tokio::test]
async fn unknown_orders_outcomes_and_merchants_are_told() {
    let stage = sandbox().await;
    let pay = async |body| stage.post("/sandbox/v1/payments", body).send().await;
    let unknown = pay(json!({ "order": "wx2026" })).await;
    assert_eq!(unknown.problem(), (404, "ORDER_NOT_FOUND", None));
    let wrong = pay(json!({ "order": "wx2026", "outcome": "lucky" })).await;
    assert_eq!((wrong.status, wrong.text("/field").as_str()), (400, "/outcome"));
    let about = json!({ "transaction_id": "4200", "apply_refund": 5 });
    let filed = stage.post("/sandbox/v1/complaints", about).send().await;
    assert_eq!((filed.status, filed.text("/complaint_id").as_str()), (200, "4200"));
    let step = json!({ "action": "reopen", "content": "still cold" });
    let moved = stage.post("/sandbox/v1/complaints/20", step).send().await;
    assert_eq!((moved.status, moved.text("/state").as_str()), (200, "Reopen still cold"));
    let wrong = stage.post("/sandbox/v1/complaints/20", json!({ "action": "shout" })).send().await;
    assert_eq!((wrong.status, wrong.text("/field").as_str()), (400, "/action"));
    let nobodys = stage.post("/sandbox/v1/complaints/x", json!({ "action": "confirm" }));
    assert_eq!(nobodys.send().await.problem(), (404, "OBJECT_NOT_FOUND", None));
    let choice = json!({ "mchid": "1900000001", "key": "public_key" });
    let nobody = stage.post("/sandbox/v1/notification-keys", choice).send().await;
    assert_eq!(nobody.problem(), (404, "OBJECT_NOT_FOUND", None));
    let only = json!({ "mchid": "1900000001", "public_key_only": true });
    let nobody = stage.post("/sandbox/v1/public-key-only", only).send().await;
    assert_eq!(nobody.problem(), (404, "OBJECT_NOT_FOUND", None));
}

#[tokio::test]
async fn a_code_is_shown_that_leads_to_what_was_asked_for() {
    let stage = sandbox().await;
    let show = async |body| stage.post("/sandbox/v1/codes", body).send().await;
    let usual = show(json!({})).await;
    assert_eq!((usual.status, usual.text("/outcome").as_str()), (200, "success"));
    let slow = show(json!({ "outcome": "slow" })).await;
    assert_eq!(slow.text("/outcome"), "slow");
    let wrong = show(json!({ "outcome": "lucky" })).await;
    assert_eq!((wrong.status, wrong.text("/field").as_str()), (400, "/outcome"));
}

#[tokio::test]
async fn nothing_of_it_is_there_outside_a_sandbox() {
    let stage = Stage::new().await;
    for path in ["/sandbox", "/sandbox/style.css", "/sandbox/v1/late-payments"] {
        assert_eq!(stage.get(path).send().await.problem().1, "ROUTE_UNKNOWN", "{path}");
    }
    let pay = stage.post("/sandbox/v1/payments", json!({ "order": "wx2026" })).send().await;
    assert_eq!(pay.problem().1, "ROUTE_UNKNOWN");
    let played = stage.post("/sandbox/cashier", json!({ "order": "wx2026" })).send().await;
    assert_eq!(played.problem().1, "ROUTE_UNKNOWN");
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let stage = sandbox().await;
    let router = crate::consumer_router(&stage.app, axum::Router::new());
    let send = async |target: &str, site: &str, form: &'static str| {
        let request = Request::post(target).header("sec-fetch-site", site).body(Body::from(form));
        router.clone().oneshot(request.unwrap()).await.unwrap()
    };
    for (site, status) in [("cross-site", 400), ("same-site", 400), ("same-origin", 404)] {
        let answer = send("/sandbox/cashier", site, "order=wx2026&outcome=slow").await;
        assert_eq!(answer.status().as_u16(), status, "{site}");
    }
    for (site, status) in [("cross-site", 400), ("same-site", 400), ("same-origin", 200)] {
        let answer = send("/sandbox/clock", site, "seconds=16").await;
        assert_eq!(answer.status().as_u16(), status, "{site}");
        if status == 200 {
            let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        }
    }
}
