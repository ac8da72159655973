//! Notifications in XML: what became of a refund that was asked for in XML. They carry no
//! signature; what they say is hidden under the merchant's key.

use super::refund::show_end;
use super::sign::ApiV2Key;
use super::xml::{self, Fields};

use crate::refund_view::RefundView;

/// Content type of such a notification.
pub const CONTENT_TYPE: &str = "text/xml; charset=UTF-8";

/// What a merchant finds in `req_info` once it decrypted it.
#[must_use]
pub fn revealed(refund: &RefundView) -> String {
    xml::write_as("root", &show_end(refund))
}

/// The body that tells a merchant of a refund. `appid` is the order's app, `nonce` is new.
#[must_use]
pub fn of_refund(refund: &RefundView, appid: &str, key: &ApiV2Key, nonce: &str) -> Vec<u8> {
    let hidden = key.hide(&revealed(refund));
    let pairs = [
        ("return_code", "SUCCESS"),
        ("appid", appid),
        ("mch_id", &refund.mchid),
        ("sub_mch_id", refund.sub_mchid.as_deref().unwrap_or_default()),
        ("nonce_str", nonce),
        ("req_info", &hidden),
    ];
    let pairs = pairs.into_iter().filter(|(_, text)| !text.is_empty());
    let fields: Fields = pairs.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    xml::write(&fields).into_bytes()
}

/// Whether a merchant's answer says that it was understood.
#[must_use]
pub fn is_acknowledged(answer: &[u8]) -> bool {
    xml::read(answer).is_ok_and(|fields| fields.get("return_code").is_some_and(|c| c == "SUCCESS"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refund_view::RefundState;
    use crate::testing;

    #[test]
    fn a_notification_hides_what_became_of_the_refund() {
        let key = ApiV2Key::from_random(&[7; 32]);
        let arrived = testing::arrived_refund();
        let fields = xml::read(&of_refund(&arrived, "wx1", &key, "n1")).unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["appid", "mch_id", "nonce_str", "req_info", "return_code"]);
        let told = key.reveal_hidden(&fields["req_info"]).unwrap();
        let inner = told.strip_prefix("<root>").and_then(|told| told.strip_suffix("</root>"));
        let told = xml::read(format!("<xml>{}</xml>", inner.unwrap()).as_bytes()).unwrap();
        let expected = [
            ("out_refund_no", "R1"),
            ("out_trade_no", "T2026-0001"),
            ("refund_account", "REFUND_SOURCE_RECHARGE_FUNDS"),
            ("refund_fee", "30"),
            ("refund_id", "50202611210000000000000000001"),
            ("refund_recv_accout", "支付用户零钱"),
            ("refund_request_source", "API"),
            ("refund_status", "SUCCESS"),
            ("settlement_refund_fee", "30"),
            ("settlement_total_fee", "100"),
            ("success_time", "2026-11-21 18:05:10"),
            ("total_fee", "100"),
            ("transaction_id", "4200202611210000000000000001"),
        ];
        let told: Vec<_> = told.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(told, expected);
        assert_eq!(ApiV2Key::from_random(&[8; 32]).reveal_hidden(&fields["req_info"]), None);
        let closed = RefundView { state: RefundState::Closed, ..arrived };
        assert_eq!(show_end(&closed).get("success_time"), None);
    }

    #[test]
    fn only_a_plain_yes_acknowledges() {
        let yes =
            "<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg>OK</return_msg></xml>";
        assert!(is_acknowledged(yes.as_bytes()));
        let no = "<xml><return_code>FAIL</return_code></xml>";
        for other in [no, "", "SUCCESS", "{}", "<xml></xml>"] {
            assert!(!is_acknowledged(other.as_bytes()), "{other}");
        }
    }
}
