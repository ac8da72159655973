//! Transfers of merchants to people: asking, showing, cancelling, and word of the end.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::merchant::TRANSFER_SCENES;
use domain::merchant_transfer::{
    MerchantTransfer, RED_PACKET_MAX_MINOR, SceneTerms, TransferState,
};
use kernel::crypto::sha256;
use kernel::money::Amount;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{ApiError, FieldError};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::keys::PrivateKey;
use crate::notification::Event;
use crate::request::{Caller, check_number, read_body, read_own};

const RED_PACKET: &str = "RED_PACKET";
const STYLES: &[&str] = &["CONFIRM_PAGE", RED_PACKET];
/// What a name of 2048 bits of ciphertext holds.
const NAME_BYTES_MAX: usize = 214;
/// Before the number of a transfer in its package.
const PACKAGE_PREFIX: &str = "jiaozi/transfer/";

/// A parsed request to send money. Fields that it does not know are dropped.
#[derive(Clone, Debug, Serialize)]
pub struct CreateTransfer {
    /// The merchant's app, 1 to 32 bytes.
    pub appid: String,
    /// The merchant's number, 1 to 32 letters and digits.
    pub out_bill_no: String,
    /// What the money is for.
    pub transfer_scene_id: &'static str,
    /// The payee under the app, 1 to 64 bytes.
    pub openid: String,
    /// The payee's name, opened; the fingerprint takes a hash of it.
    #[serde(skip)]
    pub user_name: Option<Zeroizing<String>>,
    /// How much.
    pub transfer_amount: Amount,
    /// Shown to the payee, 1 to 32 bytes.
    pub transfer_remark: String,
    /// Where the end is notified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_url: Option<String>,
    /// What the payee is told it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_recv_perception: Option<String>,
    /// What the merchant reports about the purpose: kinds and contents.
    pub transfer_scene_report_infos: Vec<(String, String)>,
}

impl CreateTransfer {
    /// Reads the body. `key` is the platform key that the caller named, if it named one.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule; NO_AUTH for a service provider's call.
    pub fn parse(
        body: &[u8],
        caller: &Caller<'_>,
        key: Option<&PrivateKey>,
    ) -> Result<Self, ApiError> {
        read_own(&read_body(body)?, |fields| Self::read(fields, caller, key))
    }

    fn read(
        fields: &Fields<'_>,
        caller: &Caller<'_>,
        key: Option<&PrivateKey>,
    ) -> Result<Self, FieldError> {
        let user_name = fields.find_sealed("user_name", key)?;
        if user_name.as_ref().is_some_and(|name| !(1..=NAME_BYTES_MAX).contains(&name.len())) {
            return Err(fields.fault("user_name", Issue::Unreadable));
        }
        let transfer_scene_id = fields.get_literal("transfer_scene_id", TRANSFER_SCENES)?;
        let transfer_amount = fields.get_amount("transfer_amount")?;
        let terms = SceneTerms::of(transfer_scene_id);
        check_style(fields, terms, transfer_amount)?;
        Ok(Self {
            appid: fields.get_text("appid", 1..=32)?.to_owned(),
            out_bill_no: fields.get_checked("out_bill_no", |text| check_number(text, 1..=32))?,
            transfer_scene_id,
            openid: fields.get_text("openid", 1..=64)?.to_owned(),
            user_name,
            transfer_amount,
            transfer_remark: fields.get_words("transfer_remark", 1..=32)?.to_owned(),
            notify_url: fields.find_url("notify_url", 256, caller.url_rule)?.map(str::to_owned),
            user_recv_perception: fields
                .find_text("user_recv_perception", 1..=128)?
                .map(str::to_owned),
            transfer_scene_report_infos: read_reports(fields, terms)?,
        })
    }

    /// A hash over all that must be the same when the number is sent again. `name` is a keyed hash
    /// of the payee's name: the ciphertext differs each time.
    #[must_use]
    pub fn fingerprint(&self, name: Option<[u8; 32]>) -> [u8; 32] {
        let canonical = serde_json::to_vec(self).expect("plain fields are JSON");
        sha256(&[b"transfer/1\n", &canonical, name.as_ref().map_or(&[], |name| &name[..])])
    }
}

/// As a red packet goes only what is small, and not for every purpose.
fn check_style(fields: &Fields<'_>, terms: SceneTerms, amount: Amount) -> Result<(), FieldError> {
    let Some(style) = fields.find_object("user_recv_style")? else { return Ok(()) };
    if style.get_literal("type", STYLES)? != RED_PACKET {
        return Ok(());
    }
    if !terms.takes_red_packet {
        return Err(style.fault("type", Issue::Contradicts("transfer_scene_id")));
    }
    if amount.minor() > RED_PACKET_MAX_MINOR {
        return Err(fields.fault("transfer_amount", Issue::AboveMaximum(RED_PACKET_MAX_MINOR)));
    }
    Ok(())
}

fn read_reports(
    fields: &Fields<'_>,
    terms: SceneTerms,
) -> Result<Vec<(String, String)>, FieldError> {
    const LIST: &str = "transfer_scene_report_infos";
    let mut reports = Vec::new();
    for report in fields.objects(LIST)? {
        let kind = report.get_words("info_type", 1..=15)?;
        let content = report.get_words("info_content", 1..=32)?;
        reports.push((kind.to_owned(), content.to_owned()));
    }
    if reports.is_empty() {
        return Err(fields.fault(LIST, Issue::Missing));
    }
    let kinds: Vec<&str> = reports.iter().map(|(kind, _)| kind.as_str()).collect();
    if !terms.are_reported_by(&kinds) {
        return Err(fields.fault(LIST, Issue::OneOfEach(terms.reports)));
    }
    Ok(reports)
}

/// What the payee's app gets, to show the transfer and have it confirmed.
#[must_use]
pub fn package_info(transfer_bill_no: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{PACKAGE_PREFIX}{transfer_bill_no}"))
}

/// The number of the transfer in a package; `None` for none of ours.
#[must_use]
pub fn parse_package_info(text: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let number = text.strip_prefix(PACKAGE_PREFIX)?;
    check_number(number, 1..=64).ok().map(|()| number.to_owned())
}

/// What a merchant sees of where a transfer stands. Money moves at once here, so the protocol's
/// states on the way are only played, in a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenState {
    /// Where it stands.
    At(TransferState),
    /// Taken, not more.
    Accepted,
    /// The merchant's money is being reserved.
    Processing,
    /// The payee took it, and the money is under way.
    Transferring,
    /// The merchant takes it back, and the money is under way.
    Cancelling,
}

impl SeenState {
    fn as_str(self) -> &'static str {
        match self {
            Self::At(state) => state.as_str(),
            Self::Accepted => "ACCEPTED",
            Self::Processing => "PROCESSING",
            Self::Transferring => "TRANSFERING",
            Self::Cancelling => "CANCELING",
        }
    }
}

/// The answer to a create.
#[must_use]
pub fn created(transfer: &MerchantTransfer, seen: SeenState) -> Vec<u8> {
    to_json(&Created {
        out_bill_no: &transfer.out_bill_no,
        transfer_bill_no: &transfer.transfer_bill_no,
        create_time: transfer.created_at.rfc3339(),
        state: seen.as_str(),
        fail_reason: transfer.failure.map(|failure| failure.as_str()),
        package_info: (seen == SeenState::At(TransferState::WaitUserConfirm))
            .then(|| package_info(&transfer.transfer_bill_no)),
    })
}

/// The answer to a query; `user_name` is sealed for the merchant.
#[must_use]
pub fn shown(transfer: &MerchantTransfer, seen: SeenState, user_name: Option<String>) -> Vec<u8> {
    to_json(&Shown {
        mch_id: &transfer.mchid,
        mchid: None,
        out_bill_no: &transfer.out_bill_no,
        transfer_bill_no: &transfer.transfer_bill_no,
        appid: Some(&transfer.appid),
        state: seen.as_str(),
        transfer_amount: transfer.amount.minor(),
        transfer_remark: Some(&transfer.remark),
        fail_reason: transfer.failure.map(|failure| failure.as_str()),
        openid: &transfer.openid,
        user_name,
        create_time: transfer.created_at.rfc3339(),
        update_time: transfer.updated_at.rfc3339(),
    })
}

/// The answer to a cancel.
#[must_use]
pub fn cancelled(transfer: &MerchantTransfer, seen: SeenState) -> Vec<u8> {
    to_json(&Cancelled {
        out_bill_no: &transfer.out_bill_no,
        transfer_bill_no: &transfer.transfer_bill_no,
        state: seen.as_str(),
        update_time: transfer.updated_at.rfc3339(),
    })
}

impl Event {
    /// A transfer ended; `None` for one that waits. Sources differ in how the merchant's field is
    /// spelled, so it is there in both spellings.
    #[must_use]
    pub fn transfer_ended(transfer: &MerchantTransfer) -> Option<Self> {
        let summary = match transfer.state {
            TransferState::WaitUserConfirm => return None,
            TransferState::Success => "商家转账成功",
            TransferState::Fail => "商家转账失败",
            TransferState::Cancelled => "商家转账已撤销",
        };
        let resource = to_json(&Shown {
            mch_id: &transfer.mchid,
            mchid: Some(&transfer.mchid),
            out_bill_no: &transfer.out_bill_no,
            transfer_bill_no: &transfer.transfer_bill_no,
            appid: None,
            state: transfer.state.as_str(),
            transfer_amount: transfer.amount.minor(),
            transfer_remark: None,
            fail_reason: transfer.failure.map(|failure| failure.as_str()),
            openid: &transfer.openid,
            user_name: None,
            create_time: transfer.created_at.rfc3339(),
            update_time: transfer.updated_at.rfc3339(),
        });
        Some(Self::new("MCHTRANSFER.BILL.FINISHED", summary, "mch_payment", resource))
    }
}

fn to_json(wire: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(wire).expect("strings and numbers are JSON")
}

#[derive(Serialize)]
struct Created<'a> {
    out_bill_no: &'a str,
    transfer_bill_no: &'a str,
    create_time: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_info: Option<String>,
}

#[derive(Serialize)]
struct Shown<'a> {
    mch_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mchid: Option<&'a str>,
    out_bill_no: &'a str,
    transfer_bill_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    appid: Option<&'a str>,
    state: &'static str,
    transfer_amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_remark: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_reason: Option<&'static str>,
    openid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    create_time: String,
    update_time: String,
}

#[derive(Serialize)]
struct Cancelled<'a> {
    out_bill_no: &'a str,
    transfer_bill_no: &'a str,
    state: &'static str,
    update_time: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notify_url::UrlRule;

    const CALLER: Caller<'_> = Caller { mchid: "1900000001", url_rule: UrlRule::Public };

    fn body() -> Value {
        json!({
            "appid": "wx0123456789abcdef",
            "out_bill_no": "B20261121",
            "transfer_scene_id": "1000",
            "openid": "oABC",
            "transfer_amount": 100,
            "transfer_remark": "prize",
            "transfer_scene_report_infos": [
                {"info_type": "活动名称", "info_content": "新会员有礼"},
                {"info_type": "奖励说明", "info_content": "抽奖"},
            ],
        })
    }

    fn parse(body: &Value) -> Result<CreateTransfer, ApiError> {
        CreateTransfer::parse(body.to_string().as_bytes(), &CALLER, None)
    }

    #[test]
    fn a_request_is_read_and_its_fingerprint_follows_its_meaning() {
        let first = parse(&body()).unwrap();
        assert_eq!((first.transfer_amount.minor(), first.transfer_scene_id), (100, "1000"));
        assert_eq!(parse(&body()).unwrap().fingerprint(None), first.fingerprint(None));
        assert_ne!(first.fingerprint(Some([1; 32])), first.fingerprint(None));
        let mut other = body();
        other["transfer_remark"] = json!("price");
        assert_ne!(parse(&other).unwrap().fingerprint(None), first.fingerprint(None));
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (field, value) in [
            ("out_bill_no", json!("B-1")),
            ("transfer_scene_id", json!("9999")),
            ("transfer_amount", json!(0)),
            ("transfer_remark", json!("")),
            ("notify_url", json!("https://shop.example.com/n?a=1")),
            ("transfer_scene_report_infos", json!([])),
            ("openid", Value::Null),
        ] {
            let mut body = body();
            body[field] = value;
            let error = parse(&body).unwrap_err();
            assert_eq!(error.field_error().unwrap().field, format!("/{field}"));
        }
        let mut sealed = body();
        sealed["user_name"] = json!("AAAA");
        let error = parse(&sealed).unwrap_err();
        assert_eq!(error.field_error().unwrap().issue, Issue::PlatformKey);
    }

    #[test]
    fn what_has_to_be_reported_depends_on_the_scene() {
        let mut body = body();
        body["transfer_scene_id"] = json!("1011");
        let error = parse(&body).unwrap_err();
        let error = error.field_error().unwrap();
        assert_eq!(error.field, "/transfer_scene_report_infos");
        assert_eq!(error.issue, Issue::OneOfEach(&["赔付原因"]));
        body["transfer_scene_report_infos"] =
            json!([{"info_type": "赔付原因", "info_content": "商品质量问题"}]);
        assert_eq!(parse(&body).unwrap().transfer_scene_id, "1011");
        body["transfer_scene_report_infos"][0]["info_content"] = json!("长".repeat(33));
        assert!(parse(&body).is_err());
    }

    #[test]
    fn a_red_packet_is_small_and_not_for_every_scene() {
        let mut body = body();
        body["user_recv_style"] = json!({"type": "RED_PACKET"});
        body["transfer_amount"] = json!(20_000);
        assert!(parse(&body).is_ok());
        body["transfer_amount"] = json!(20_001);
        let error = parse(&body).unwrap_err();
        assert_eq!(error.field_error().unwrap().field, "/transfer_amount");
        body["user_recv_style"] = json!({"type": "CONFIRM_PAGE"});
        assert!(parse(&body).is_ok());
        body["user_recv_style"] = json!({"type": "RED_PACKET"});
        body["transfer_amount"] = json!(100);
        body["transfer_scene_id"] = json!("1009");
        body["transfer_scene_report_infos"] =
            json!([{"info_type": "采购商品名称", "info_content": "茶叶"}]);
        let error = parse(&body).unwrap_err();
        assert_eq!(error.field_error().unwrap().field, "/user_recv_style/type");
    }

    #[test]
    fn a_package_leads_to_its_transfer_and_nothing_else_does() {
        assert_eq!(parse_package_info(&package_info("13300001")).unwrap(), "13300001");
        for other in ["", "13300001", "amlhb3ppL3RyYW5zZmVyLw", "a b"] {
            assert_eq!(parse_package_info(other), None, "{other}");
        }
    }
}
