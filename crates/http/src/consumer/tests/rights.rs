//! Nobody without a session gets anywhere but to the doors that are meant to be open.

use crate::openapi;
use crate::testing::Stage;
use serde_json::json;

/// The operations of `/v1` that need no session.
const OPEN: [&str; 5] = ["getCatalogueEntry", "listCatalogue", "logIn", "register", "requestOtp"];

/// Every operation of `/v1`: its name, method, path with the parameters filled in, and whether the
/// document asks for a session.
fn operations() -> Vec<(String, &'static str, String, bool)> {
    let mut all = Vec::new();
    for (path, item) in openapi::document().paths.paths {
        if !path.starts_with("/v1/") {
            continue;
        }
        let steps = path.split('/').map(|step| if step.starts_with('{') { "x" } else { step });
        let filled = steps.collect::<Vec<_>>().join("/");
        for (method, operation) in [
            ("GET", item.get),
            ("POST", item.post),
            ("PUT", item.put),
            ("PATCH", item.patch),
            ("DELETE", item.delete),
        ] {
            if let Some(operation) = operation {
                let is_guarded = operation.security.is_some_and(|needed| !needed.is_empty());
                all.push((operation.operation_id.unwrap(), method, filled.clone(), is_guarded));
            }
        }
    }
    all
}

#[tokio::test]
async fn every_route_is_walked_without_rights() {
    let stage = Stage::new().await;
    let stranger = "A".repeat(43);
    let mut walked = 0;
    for (name, method, path, is_guarded) in operations() {
        if !is_guarded {
            continue;
        }
        for token in [None, Some("short"), Some(stranger.as_str())] {
            let call = match method {
                "GET" => stage.get(&path),
                "DELETE" => stage.delete(&path),
                "PUT" => stage.put(&path, json!({})),
                "POST" => stage.post(&path, json!({})),
                other => panic!("{name} has the method {other}"),
            };
            let call = token.iter().fold(call.key("walk"), |call, token| call.by(token));
            let answer = call.send().await;
            assert_eq!(answer.problem(), (401, "SESSION_EXPIRED", None), "{name} {token:?}");
        }
        walked += 1;
    }
    assert!(walked >= 8, "only {walked} routes have a guard");
}

#[test]
fn routes_without_a_session_are_the_known_ones() {
    let all = operations().into_iter();
    let mut open: Vec<String> =
        all.filter(|(.., is_guarded)| !is_guarded).map(|(name, ..)| name).collect();
    open.sort();
    assert_eq!(open, OPEN);
}

#[tokio::test]
async fn what_belongs_to_another_person_does_not_exist() {
    let stage = Stage::new().await;
    let owner = stage.wallet_of("13800138000").await;
    let other = stage.wallet_of("13800138001").await;
    let body = super::resident("张三", "110101199003070011");
    let submitted = stage.post("/v1/verifications", body).by(&owner).key("verify").send().await;
    let path = format!("/v1/verifications/{}", submitted.text("/id"));
    assert_eq!(stage.get(&path).by(&owner).send().await.status, 200);
    let foreign = stage.get(&path).by(&other).send().await;
    let unknown = stage.get("/v1/verifications/ver_0").by(&other).send().await;
    for answer in [foreign, unknown] {
        assert_eq!(answer.problem(), (404, "OBJECT_NOT_FOUND", None));
    }
}

#[tokio::test]
async fn without_a_wallet_there_is_nothing_to_show_or_change() {
    let stage = Stage::new().await;
    let token = stage.register("13800138000").await;
    let password = json!({"new_password": "739204", "confirmation": "739204"});
    for call in [
        stage.get("/v1/wallet"),
        stage.post("/v1/wallet/freeze", json!({})),
        stage.post("/v1/wallet/unfreeze", json!({"payment_password": "739204"})),
        stage.post("/v1/verifications", super::resident("张三", "110101199003070011")),
        stage.put("/v1/payment-password", password),
    ] {
        let answer = call.by(&token).key("nothing").send().await;
        assert_eq!(answer.problem(), (404, "OBJECT_NOT_FOUND", None));
    }
}
