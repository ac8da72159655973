//! What pages and apps hand the wallet: the sandbox's payer checks it as every wallet does.

use crate::partner;
use crate::sandbox::{ask, sandbox};
use crate::world::{Party, World};
use apiv3::paysign::{PayCaller, PaySheet};
use domain::merchant::{BindSubMerchant, SubMerchantState};
use jiaozi_http::Shell;
use serde_json::{Value, json};

/// A change of what is handed over: the field, and its value; nothing to take it away.
type Change = (&'static str, Option<Value>);

/// What one signs with a key of its own for an order under an app id.
fn signed(
    world: &World,
    (party, appid): (&Party, &str),
    caller: PayCaller,
    prepay_id: &str,
) -> Value {
    let nonce = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";
    let timestamp = Shell::now(&world.clock).seconds().to_string();
    let sheet = PaySheet { appid, timestamp: &timestamp, nonce, prepay_id };
    let signature = sheet.sign(caller, &party.key).unwrap();
    match caller {
        PayCaller::Page => json!({
            "appId": appid, "timeStamp": timestamp, "nonceStr": nonce,
            "package": format!("prepay_id={prepay_id}"), "signType": "RSA", "paySign": signature,
        }),
        PayCaller::App => json!({
            "appid": appid, "partnerid": party.made.mchid, "prepayid": prepay_id,
            "package": "Sign=WXPay", "noncestr": nonce, "timestamp": timestamp, "sign": signature,
        }),
    }
}

/// Places an order that is paid from there.
async fn placed(world: &World, caller: PayCaller) -> String {
    let mut order = world.order(&format!("T2026-{caller:?}-1"));
    let target = match caller {
        PayCaller::Page => {
            order["payer"] = json!({ "openid": world.known_payer().await });
            "/v3/pay/transactions/jsapi"
        }
        PayCaller::App => "/v3/pay/transactions/app",
    };
    let answer = world.post(target, &order).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["prepay_id"].as_str().unwrap().to_owned()
}

fn own(world: &World) -> (&Party, &str) {
    (&world.merchant, &world.merchant.made.appid)
}

async fn hand_over(world: &World, sheet: &Value, (field, value): Change) -> (u16, Value) {
    let mut sheet = sheet.clone();
    match value {
        Some(value) => sheet[field] = value,
        None => drop(sheet.as_object_mut().unwrap().remove(field)),
    }
    ask(world, "payments", json!({ "sheet": sheet })).await
}

#[tokio::test]
async fn what_the_merchant_signed_opens_its_order() {
    let world = sandbox().await;
    let for_app = placed(&world, PayCaller::App).await;
    let orders = [(PayCaller::Page, &placed(&world, PayCaller::Page).await)];
    for (caller, prepay_id) in orders.into_iter().chain([(PayCaller::App, &for_app)]) {
        let sheet = signed(&world, own(&world), caller, prepay_id);
        let (status, played) = ask(&world, "payments", json!({ "sheet": sheet })).await;
        assert_eq!((status, &played["outcome"]), (200, &json!("success")), "{caller:?}");
    }
    let mut sheet = signed(&world, own(&world), PayCaller::App, &for_app);
    sheet["timestamp"] = sheet["timestamp"].as_str().unwrap().parse::<u64>().unwrap().into();
    assert_eq!(ask(&world, "payments", json!({ "sheet": sheet })).await.0, 200, "as a number");
    let both = json!({ "sheet": sheet, "order": for_app });
    let (status, problem) = ask(&world, "payments", both).await;
    assert_eq!((status, &problem["field"]), (400, &json!("/order")));
}

#[tokio::test]
async fn what_is_not_signed_so_opens_nothing_and_a_developer_is_told_why() {
    let world = sandbox().await;
    let other = world.add_merchant("Coffee house").await;
    let prepay_id = placed(&world, PayCaller::Page).await;
    let page = signed(&world, own(&world), PayCaller::Page, &prepay_id);
    let for_app = placed(&world, PayCaller::App).await;
    let app = signed(&world, own(&world), PayCaller::App, &for_app);
    let millis = || Some(json!(format!("{}000", app["timestamp"].as_str().unwrap())));
    let cases: [(&Value, Change, u16, &str); 13] = [
        (&page, ("nonceStr", Some(json!("abd"))), 401, "/paySign"),
        (&page, ("paySign", Some(json!("x"))), 401, "/paySign"),
        (&page, ("paySign", Some(app["sign"].clone())), 401, "/paySign"),
        (&page, ("appId", Some(json!(other.made.appid))), 401, "/appId"),
        (&page, ("package", Some(json!(prepay_id))), 400, "/package"),
        (&page, ("signType", Some(json!("MD5"))), 400, "/signType"),
        (&page, ("timeStamp", millis()), 400, "/timeStamp"),
        (&page, ("paySign", None), 400, "/paySign"),
        (&app, ("sign", Some(page["paySign"].clone())), 401, "/sign"),
        (&app, ("partnerid", Some(json!(other.made.mchid))), 400, "/partnerid"),
        (&app, ("partnerid", None), 400, "/partnerid"),
        (&app, ("prepayid", None), 400, "/prepayid"),
        (&app, ("package", Some(json!("prepay_id=x"))), 400, "/package"),
    ];
    for (sheet, change, status, field) in cases {
        let told = hand_over(&world, sheet, change.clone()).await;
        assert_eq!((told.0, &told.1["field"]), (status, &json!(field)), "{change:?} {}", told.1);
    }
    let appid = world.merchant.made.appid.as_str();
    let forged = signed(&world, (&other, appid), PayCaller::Page, &prepay_id);
    let (status, problem) = ask(&world, "payments", json!({ "sheet": forged })).await;
    assert_eq!((status, &problem["code"]), (401, &json!("SIGNATURE_INVALID")));
    let [at, nonce] = ["timeStamp", "nonceStr"].map(|name| forged[name].as_str().unwrap());
    let lines = format!("{appid}\n{at}\n{nonce}\nprepay_id={prepay_id}\n");
    assert_eq!(problem["checked_text"], json!(lines));
    let gone = signed(&world, own(&world), PayCaller::Page, "wx20990101000000000000");
    let (status, problem) = ask(&world, "payments", json!({ "sheet": gone })).await;
    assert_eq!((status, &problem["code"]), (404, &json!("ORDER_NOT_FOUND")));
}

#[tokio::test]
async fn an_order_opens_only_from_where_it_was_placed_to_be_paid() {
    let world = sandbox().await;
    let (for_page, for_app) =
        (placed(&world, PayCaller::Page).await, placed(&world, PayCaller::App).await);
    let scanned = world.place("T2026-0001").await;
    let cases = [
        (PayCaller::App, &for_page),
        (PayCaller::Page, &for_app),
        (PayCaller::Page, &scanned),
        (PayCaller::App, &scanned),
    ];
    for (caller, prepay_id) in cases {
        let sheet = signed(&world, own(&world), caller, prepay_id);
        let (status, problem) = ask(&world, "payments", json!({ "sheet": sheet })).await;
        let told = (status, &problem["code"], &problem["field"]);
        assert_eq!(told, (400, &json!("PARAM_INVALID"), &json!("/package")), "{caller:?}");
    }
}

#[tokio::test]
async fn a_provider_signs_for_its_sub_merchant_under_either_app_id() {
    let world = sandbox().await;
    let sub = world.add_merchant("Noodle shop").await;
    let (mchid, sub_mchid) = (world.merchant.made.mchid.clone(), sub.made.mchid.clone());
    let bind = BindSubMerchant { mchid, sub_mchid, state: SubMerchantState::Active };
    world.app.engine.run(bind).await.unwrap();
    let body = partner::order(&world, &sub, "T2026-0001");
    let placed = world.post("/v3/pay/partner/transactions/app", &body).await.json();
    let prepay_id = placed["prepay_id"].as_str().unwrap();
    let sheet = |party, appid| signed(&world, (party, appid), PayCaller::App, prepay_id);
    for appid in [&world.merchant.made.appid, &sub.made.appid] {
        let sheet = sheet(&world.merchant, appid);
        for mchid in [&world.merchant.made.mchid, &sub.made.mchid] {
            let (status, played) =
                hand_over(&world, &sheet, ("partnerid", Some(json!(mchid)))).await;
            assert_eq!(status, 200, "{played}");
        }
    }
    let (status, problem) =
        ask(&world, "payments", json!({ "sheet": sheet(&sub, &sub.made.appid) })).await;
    assert_eq!((status, &problem["code"]), (401, &json!("SIGNATURE_INVALID")), "it placed nothing");
}
