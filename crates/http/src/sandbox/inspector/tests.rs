//! What is remembered, what is masked, and what the page makes of it.

use super::record::masked;
use super::*;
use crate::sandbox::inspector::page::page;
use crate::sandbox::late_payments::LatePayment;
use crate::wire::Money;
use domain::order::CardPaymentState;
use kernel::Timestamp;

fn seen(batch: i64, outcome: &str) -> NoticeSeen {
    NoticeSeen {
        batch,
        place: 1,
        at: Timestamp::from_micros(1_700_000_000_000_000),
        mchid: "1900000001".into(),
        subject: "order-<1>".into(),
        url: "http://127.0.0.1/notify".into(),
        headers: vec![("Wechatpay-Serial".into(), "5157".into())],
        body: b"{\"id\":\"<script>\"}".to_vec(),
        event_type: "TRANSACTION.SUCCESS",
        resource: b"{\"attach\":\"<i>7\"}".to_vec(),
        outcome: outcome.into(),
    }
}

#[test]
fn attempts_of_one_notification_stay_together_and_the_last_tried_is_first() {
    let inspector = Inspector::default();
    for (batch, outcome) in [(1, "status 500"), (2, "acknowledged"), (1, "acknowledged")] {
        inspector.saw(seen(batch, outcome));
    }
    let notices = inspector.notices();
    let tried: Vec<_> = notices.iter().map(|one| (one.batch, one.attempts.len())).collect();
    assert_eq!(tried, [(1, 2), (2, 1)]);
}

#[test]
fn only_the_newest_are_kept() {
    let inspector = Inspector::default();
    for batch in 0..KEPT as i64 + 5 {
        inspector.saw(seen(batch, "acknowledged"));
    }
    let notices = inspector.notices();
    assert_eq!((notices.len(), notices.last().map(|one| one.batch)), (KEPT, Some(5)));
}

#[test]
fn payment_codes_show_only_their_beginning() {
    let body =
        r#"{"auth_code":"134567890123456789","total":18,"id":"4200123456789012345678901234"}"#;
    let shown = masked(body);
    assert_eq!(shown, body.replace("134567890123456789", "1345**************"));
    assert_eq!(masked("<auth_code>101234567890123456</auth_code>").matches('*').count(), 14);
    for other in ["auth_code 164567890123456789", "out_trade_no=134567890123456789", "金额 12 分"]
    {
        assert_eq!(masked(other), other);
    }
}

#[test]
fn the_page_runs_nothing_that_somebody_sent() {
    let inspector = Inspector::default();
    inspector.saw(seen(1, "status 500"));
    let late = LatePayment {
        prepay_id: "wx1".into(),
        mchid: "1900000001".into(),
        out_trade_no: "<b>".into(),
        amount: Money::cny(9_008),
        state: CardPaymentState::Refunding,
        came_at: None,
    };
    let html = page(&inspector, &[late], Timestamp::from_micros(0), Some("\"><img src=x>"));
    assert!(html.contains("<td>9008</td><td>REFUNDING</td>") && html.contains("&lt;b&gt;"));
    assert!(html.contains("order-&lt;1&gt;") && html.contains("&lt;script&gt;"));
    let decrypted = "decrypted<pre>{&quot;attach&quot;:&quot;&lt;i&gt;7&quot;}</pre>";
    assert!(html.contains(decrypted) && html.contains("TRANSACTION.SUCCESS merchant 1900000001"));
    assert!(html.contains("&quot;&gt;&lt;img src=x&gt;"));
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("style="));
}
