//! What a merchant is told that asked for a refund in XML.

use crate::merchant::MerchantServer;
use crate::stage::{PERSON, Stage, fen};
use apiv3::refund_view::RefundView;
use apiv3::v2::{ApiV2Key, notice, xml};
use domain::merchant::SetApiv2Key;
use domain::order::CreateOrder;
use domain::refund::{CreateRefund, NoticeForm, Refund};
use domain::testing::{self, APPID, MCHID};
use kernel::time::{MINUTE, SECOND};

const YES: &str = "<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>";
const NO: &str = "<xml><return_code><![CDATA[FAIL]]></return_code></xml>";

#[tokio::test]
async fn a_refund_in_xml_is_told_in_xml_until_the_answer_says_yes() {
    let stage = Stage::new().await;
    let mut server = MerchantServer::answering(200).await;
    stage.add_person(10_000).await;
    stage.add_merchant(MCHID).await;
    let key = ApiV2Key::from_random(&[5; 32]);
    let sealed = key.seal(&stage.keys.personal_data, MCHID, &[9; 56]);
    stage.engine.run(SetApiv2Key { mchid: MCHID.into(), key: sealed }).await.unwrap();
    let order = CreateOrder { notify_url: None, ..testing::order("T0001", fen(500)) };
    stage.engine.run(order.clone()).await.unwrap();
    stage.engine.run(PERSON.pay(&order)).await.unwrap();
    stage.advance(MINUTE).await;
    let refund = CreateRefund {
        notify_url: Some(server.url.clone()),
        notice_form: NoticeForm::Xml,
        ..testing::refund(&order, "R1", fen(200))
    };
    let worker = stage.start_worker("one");
    stage.engine.run(refund).await.unwrap();
    let first = server.next().await;
    assert_eq!(first.headers["content-type"], "text/xml; charset=UTF-8");
    assert!(!first.headers.contains_key("wechatpay-signature"));
    let told = xml::read(&first.body).unwrap();
    let row = stage.get::<Refund>(&(MCHID.into(), "R1".into())).await;
    let arrived = RefundView::of(&row).unwrap();
    let expected = notice::of_refund(&arrived, APPID, &key, &told["nonce_str"]);
    assert_eq!(first.body, expected, "hidden under the merchant's key");
    // A status alone is no yes here, and neither is a no.
    for (says, wait) in [(NO, 15), (YES, 15)] {
        stage.until("it waits", async || stage.retry().await.is_some()).await;
        assert_eq!(stage.retry().await.unwrap().last_error, "answer without SUCCESS", "{says}");
        server.now_says(says);
        let attempts = stage.retry().await.unwrap().attempts;
        stage.advance(wait * SECOND).await;
        server.next().await;
        let has_gone_on =
            async || stage.retry().await.is_none_or(|retry| retry.attempts > attempts);
        stage.until("it was tried", has_gone_on).await;
    }
    assert!(stage.retry().await.is_none(), "acknowledged");
    worker.stop().await;
    stage.check_ledger().await;
}
