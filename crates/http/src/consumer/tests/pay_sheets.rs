//! What a page hands the wallet, where nobody plays.

use super::shop::{APPID, MCHID};
use crate::testing::Stage;
use apiv3::keys::PrivateKey;
use apiv3::paysign::{PayCaller, PaySheet};
use domain::merchant::AddMerchantCertificate;
use serde_json::{Value, json};

fn page(key: &PrivateKey, prepay_id: &str) -> Value {
    let (timestamp, nonce) = ("1764000000", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
    let sheet = PaySheet { appid: APPID, timestamp, nonce, prepay_id };
    json!({
        "appId": APPID, "timeStamp": timestamp, "nonceStr": nonce, "signType": "RSA",
        "package": format!("prepay_id={prepay_id}"),
        "paySign": sheet.sign(PayCaller::Page, key).unwrap(),
    })
}

#[tokio::test]
async fn a_signed_sheet_shows_the_order_to_its_payer_and_a_forged_one_tells_nothing() {
    let stage = Stage::new().await;
    let (payer, other) = (stage.rich(1, 10_000).await, stage.rich(2, 10_000).await);
    stage.open_shop().await;
    let [key, foreign] = [(); 2].map(|()| PrivateKey::generate().unwrap());
    let certificate = key.public_key().to_pem();
    let add = AddMerchantCertificate { mchid: MCHID.into(), serial: "0A".into(), certificate };
    stage.app.engine.run(add).await.unwrap();
    let body = json!({ "mchid": MCHID, "appid": APPID });
    let openid = stage.post("/v1/openids", body).by(&payer.token).send().await.text("/openid");
    let prepay_id = stage.place_for("order-1", 1_000, Some(openid)).await;
    let open = async |token: &str, key: &PrivateKey| {
        stage.post("/v1/pay-sheets", page(key, &prepay_id)).by(token).send().await
    };
    let shown = open(&payer.token, &key).await;
    assert_eq!((shown.status, shown.text("/order_ref")), (200, prepay_id.clone()));
    assert_eq!(open(&other.token, &key).await.problem(), (404, "ORDER_NOT_FOUND", None));
    let forged = open(&payer.token, &foreign).await;
    assert_eq!(forged.problem(), (401, "SIGNATURE_INVALID", Some("/paySign")));
    assert_eq!(forged.body.get("checked_text"), None, "only a sandbox tells what to sign");
}
