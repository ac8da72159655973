//! Batches of transfers to people: asking, showing, and word of the end.

use std::collections::BTreeSet;

use domain::transfer_batch::{TransferBatch, TransferDetail, detail_id};
use kernel::crypto::sha256;
use kernel::money::Amount;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{ApiError, FieldError};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::keys::PrivateKey;
use crate::notification::Event;
use crate::request::{Caller, Query, check_number, read_large_body, read_own};

const DETAILS_MAX: usize = 1_000;
const STATUSES: &[&str] = &["ALL", "SUCCESS", "FAIL", "WAIT_PAY"];

/// A parsed request to send a batch. Fields that it does not know are dropped.
#[derive(Clone, Debug, Serialize)]
pub struct CreateBatch {
    /// The merchant's app.
    pub appid: String,
    /// The merchant's number, 1 to 32 letters and digits.
    pub out_batch_no: String,
    /// Its name, 1 to 32 characters.
    pub batch_name: String,
    /// What the merchant says about it, 1 to 32 characters.
    pub batch_remark: String,
    /// The sum of the details.
    pub total_amount: Amount,
    /// What the money is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_scene_id: Option<String>,
    /// Where the end is notified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_url: Option<String>,
    /// 1 to 1,000 details.
    pub details: Vec<Detail>,
}

/// What one payee is to get.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
    /// The merchant's number, another one for each detail.
    pub out_detail_no: String,
    /// How much.
    pub transfer_amount: Amount,
    /// Shown to the payee.
    pub transfer_remark: String,
    /// The payee under the app.
    pub openid: String,
    /// The payee's name, opened; the fingerprint takes a hash of it.
    #[serde(skip)]
    pub user_name: Option<Zeroizing<String>>,
}

impl CreateBatch {
    /// Reads the body. `key` is the platform key that the caller named, if it named one.
    ///
    /// # Errors
    /// PARAM_ERROR for the first field that breaks a rule; NO_AUTH for a service provider's call.
    pub fn parse(
        body: &[u8],
        caller: &Caller<'_>,
        key: Option<&PrivateKey>,
    ) -> Result<Self, ApiError> {
        read_own(&read_large_body(body)?, |fields| Self::read(fields, caller, key))
    }

    fn read(
        fields: &Fields<'_>,
        caller: &Caller<'_>,
        key: Option<&PrivateKey>,
    ) -> Result<Self, FieldError> {
        let details = read_details(fields, key)?;
        let total = fields.get_amount("total_amount")?;
        let sum: i128 = details.iter().map(|one| i128::from(one.transfer_amount.minor())).sum();
        if sum != i128::from(total.minor()) {
            return Err(fields.fault("total_amount", Issue::Sum));
        }
        let num = fields.get_amount("total_num")?.minor();
        if usize::try_from(num) != Ok(details.len()) {
            return Err(fields.fault("total_num", Issue::Sum));
        }
        let words = |name| fields.get_words(name, 1..=32).map(str::to_owned);
        Ok(Self {
            appid: fields.get_text("appid", 1..=32)?.to_owned(),
            out_batch_no: read_number(fields, "out_batch_no")?,
            batch_name: words("batch_name")?,
            batch_remark: words("batch_remark")?,
            total_amount: total,
            transfer_scene_id: fields.find_text("transfer_scene_id", 1..=36)?.map(str::to_owned),
            notify_url: fields.find_url("notify_url", 256, caller.url_rule)?.map(str::to_owned),
            details,
        })
    }

    /// A hash over all that must be the same when the number is sent again. `names` are keyed
    /// hashes of the payees' names: the ciphertexts differ each time.
    #[must_use]
    pub fn fingerprint(&self, names: &[Option<[u8; 32]>]) -> [u8; 32] {
        let canonical = serde_json::to_vec(self).expect("plain fields are JSON");
        let names = serde_json::to_vec(names).expect("hashes are JSON");
        sha256(&[b"transfer_batch/1\n", &canonical, &names])
    }
}

fn read_details(fields: &Fields<'_>, key: Option<&PrivateKey>) -> Result<Vec<Detail>, FieldError> {
    let list = "transfer_detail_list";
    let items = fields.objects(list)?;
    if items.is_empty() {
        return Err(fields.fault(list, Issue::Missing));
    }
    if items.len() > DETAILS_MAX {
        return Err(fields.fault(list, Issue::AboveMaximum(DETAILS_MAX as i64)));
    }
    let mut seen = BTreeSet::new();
    let mut details = Vec::with_capacity(items.len());
    for item in items {
        let detail = Detail {
            out_detail_no: read_number(&item, "out_detail_no")?,
            transfer_amount: item.get_amount("transfer_amount")?,
            transfer_remark: item.get_words("transfer_remark", 1..=32)?.to_owned(),
            openid: item.get_text("openid", 1..=64)?.to_owned(),
            user_name: item.find_sealed("user_name", key)?,
        };
        if !seen.insert(detail.out_detail_no.clone()) {
            return Err(item.fault("out_detail_no", Issue::Twice));
        }
        details.push(detail);
    }
    Ok(details)
}

fn read_number(fields: &Fields<'_>, name: &'static str) -> Result<String, FieldError> {
    fields.get_checked(name, |text| check_number(text, 1..=32))
}

/// Which details a query wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedDetails {
    /// `SUCCESS` or `FAIL`; `None` for all.
    pub state: Option<&'static str>,
    /// Most details.
    pub limit: i64,
    /// How many are left out before.
    pub offset: i64,
}

/// Reads the query of a batch; `None` when no detail is wanted.
///
/// # Errors
/// PARAM_ERROR for a variable that breaks a rule.
pub fn wanted_details(raw: Option<&str>) -> Result<Option<WantedDetails>, ApiError> {
    let query = Query::new(raw);
    match query.get("need_query_detail")?.as_str() {
        "false" => return Ok(None),
        "true" => {}
        other => {
            let issue = Issue::Type("boolean");
            return Err(Query::fault("need_query_detail", Some(other), issue).into());
        }
    }
    let status = query.get("detail_status")?;
    let known = STATUSES.iter().copied().find(|known| *known == status);
    let issue = Issue::NotOneOf(STATUSES);
    let state = known.ok_or_else(|| Query::fault("detail_status", Some(&status), issue))?;
    Ok(Some(WantedDetails {
        state: (state != "ALL").then_some(state),
        limit: query.integer("limit", 20, 20..=100)?,
        offset: query.integer("offset", 0, 0..=1_000)?,
    }))
}

/// The answer to a create.
#[must_use]
pub fn created(batch: &TransferBatch) -> Vec<u8> {
    let wire = serde_json::json!({
        "out_batch_no": batch.out_batch_no,
        "batch_id": batch.batch_id,
        "create_time": batch.created_at.rfc3339(),
        "batch_status": batch.state.as_str(),
    });
    wire.to_string().into_bytes()
}

/// The bytes of a batch with the details that were asked for.
#[must_use]
pub fn shown(batch: &TransferBatch, details: Option<&[TransferDetail]>) -> Vec<u8> {
    let entry = |detail: &TransferDetail| WireEntry {
        detail_id: detail_id(&batch.batch_id, detail.place),
        out_detail_no: detail.out_detail_no.clone(),
        detail_status: detail.state.as_str(),
    };
    to_json(&WireShown {
        transfer_batch: WireBatch {
            mchid: &batch.mchid,
            out_batch_no: &batch.out_batch_no,
            batch_id: &batch.batch_id,
            appid: &batch.appid,
            batch_status: batch.state.as_str(),
            batch_type: "API",
            batch_name: &batch.name,
            batch_remark: &batch.remark,
            close_reason: batch.close_reason.map(|reason| reason.as_str()),
            total_amount: batch.total.minor(),
            total_num: batch.num,
            create_time: batch.created_at.rfc3339(),
            update_time: batch.updated_at.rfc3339(),
            success_amount: batch.success_minor,
            success_num: batch.success_num,
            fail_amount: batch.fail_minor,
            fail_num: batch.fail_num,
            transfer_scene_id: batch.scene_id.as_deref(),
        },
        transfer_detail_list: details.map(|details| details.iter().map(entry).collect()),
    })
}

/// The bytes of a detail; `user_name` is sealed for the merchant.
#[must_use]
pub fn detail_shown(
    batch: &TransferBatch,
    detail: &TransferDetail,
    user_name: Option<String>,
) -> Vec<u8> {
    to_json(&WireDetail {
        mchid: &batch.mchid,
        out_batch_no: &batch.out_batch_no,
        batch_id: &batch.batch_id,
        appid: &batch.appid,
        out_detail_no: &detail.out_detail_no,
        detail_id: detail_id(&batch.batch_id, detail.place),
        detail_status: detail.state.as_str(),
        transfer_amount: detail.amount.minor(),
        transfer_remark: &detail.remark,
        fail_reason: detail.failure.map(|failure| failure.as_str()),
        openid: &detail.openid,
        user_name,
        initiate_time: batch.created_at.rfc3339(),
        update_time: detail.updated_at.rfc3339(),
    })
}

impl Event {
    /// A batch has ended, or was closed.
    #[must_use]
    pub fn batch_ended(batch: &TransferBatch) -> Self {
        let mut resource = serde_json::json!({
            "mchid": batch.mchid,
            "out_batch_no": batch.out_batch_no,
            "batch_id": batch.batch_id,
            "batch_status": batch.state.as_str(),
            "total_num": batch.num,
            "total_amount": batch.total.minor(),
            "success_amount": batch.success_minor,
            "success_num": batch.success_num,
            "fail_amount": batch.fail_minor,
            "fail_num": batch.fail_num,
            "update_time": batch.updated_at.rfc3339(),
        });
        let (event_type, summary) = match batch.close_reason {
            None => ("MCHTRANSFER.BATCH.FINISHED", "商家转账批次完成"),
            Some(reason) => {
                resource["close_reason"] = reason.as_str().into();
                ("MCHTRANSFER.BATCH.CLOSED", "商家转账批次关闭")
            }
        };
        let resource = resource.to_string().into_bytes();
        Self::new(event_type, summary, "mch_payment", resource)
    }
}

fn to_json(wire: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(wire).expect("strings and numbers are JSON")
}

#[derive(Serialize)]
struct WireShown<'a> {
    transfer_batch: WireBatch<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_detail_list: Option<Vec<WireEntry>>,
}

#[derive(Serialize)]
struct WireBatch<'a> {
    mchid: &'a str,
    out_batch_no: &'a str,
    batch_id: &'a str,
    appid: &'a str,
    batch_status: &'static str,
    batch_type: &'static str,
    batch_name: &'a str,
    batch_remark: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_reason: Option<&'static str>,
    total_amount: i64,
    total_num: i64,
    create_time: String,
    update_time: String,
    success_amount: i64,
    success_num: i64,
    fail_amount: i64,
    fail_num: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer_scene_id: Option<&'a str>,
}

#[derive(Serialize)]
struct WireEntry {
    detail_id: String,
    out_detail_no: String,
    detail_status: &'static str,
}

#[derive(Serialize)]
struct WireDetail<'a> {
    mchid: &'a str,
    out_batch_no: &'a str,
    batch_id: &'a str,
    appid: &'a str,
    out_detail_no: &'a str,
    detail_id: String,
    detail_status: &'static str,
    transfer_amount: i64,
    transfer_remark: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fail_reason: Option<&'static str>,
    openid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    initiate_time: String,
    update_time: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::notify_url::UrlRule;

    const CALLER: Caller<'_> = Caller { mchid: "1900000001", url_rule: UrlRule::Public };

    fn body() -> Value {
        let detail = |number: &str| {
            json!({
                "out_detail_no": number, "transfer_amount": 50, "transfer_remark": "prize",
                "openid": "o1",
            })
        };
        json!({
            "appid": "wx0123456789abcdef",
            "out_batch_no": "B1",
            "batch_name": "prizes",
            "batch_remark": "November",
            "total_amount": 100,
            "total_num": 2,
            "transfer_detail_list": [detail("D1"), detail("D2")],
        })
    }

    #[test]
    fn a_batch_must_add_up_and_its_fault_is_named() {
        let parse = |body: &Value| CreateBatch::parse(body.to_string().as_bytes(), &CALLER, None);
        let read = parse(&body()).unwrap();
        assert_eq!((read.details.len(), read.total_amount.minor()), (2, 100));
        for (pointer, value, field) in [
            ("/total_amount", json!(101), "/total_amount"),
            ("/total_num", json!(3), "/total_num"),
            ("/out_batch_no", json!("B-1"), "/out_batch_no"),
            (
                "/transfer_detail_list/1/out_detail_no",
                json!("D1"),
                "/transfer_detail_list/1/out_detail_no",
            ),
            ("/transfer_detail_list", json!([]), "/transfer_detail_list"),
        ] {
            let mut body = body();
            *body.pointer_mut(pointer).unwrap() = value;
            assert_eq!(parse(&body).unwrap_err().field_error().unwrap().field, field);
        }
        let other = read.fingerprint(&[None, Some([1; 32])]);
        assert_ne!(read.fingerprint(&[None, None]), other);
    }

    #[test]
    fn a_query_says_whether_it_wants_details() {
        assert_eq!(wanted_details(Some("need_query_detail=false")).unwrap(), None);
        let all = wanted_details(Some("need_query_detail=true&detail_status=ALL")).unwrap();
        assert_eq!(all, Some(WantedDetails { state: None, limit: 20, offset: 0 }));
        for (query, field) in [
            ("", "need_query_detail"),
            ("need_query_detail=1", "need_query_detail"),
            ("need_query_detail=true", "detail_status"),
            ("need_query_detail=true&detail_status=X", "detail_status"),
            ("need_query_detail=true&detail_status=ALL&limit=19", "limit"),
        ] {
            let error = wanted_details(Some(query)).unwrap_err();
            assert_eq!(error.field_error().unwrap().field, field, "{query}");
        }
    }

    #[test]
    fn the_end_of_a_batch_is_told_as_finished_or_as_closed_with_its_reason() {
        use domain::transfer_batch::{BatchState, CloseReason};
        let finished = TransferBatch {
            mchid: "1900000001".into(),
            out_batch_no: "B1".into(),
            batch_id: "1030".into(),
            appid: "wx0123456789abcdef".into(),
            name: "prizes".into(),
            remark: "November".into(),
            total: Amount::fen(400).unwrap(),
            num: 2,
            scene_id: None,
            notify_url: None,
            state: BatchState::Finished,
            close_reason: None,
            done: 2,
            success_minor: 0,
            success_num: 0,
            fail_minor: 400,
            fail_num: 2,
            fingerprint: [0; 32],
            created_at: kernel::Timestamp::default(),
            updated_at: kernel::Timestamp::default(),
            journal: 0,
        };
        let (state, reason) = (BatchState::Closed, Some(CloseReason::OverdueClose));
        let closed = TransferBatch { state, close_reason: reason, ..finished.clone() };
        for (batch, event_type, status, reason) in [
            (finished, "MCHTRANSFER.BATCH.FINISHED", "FINISHED", Value::Null),
            (closed, "MCHTRANSFER.BATCH.CLOSED", "CLOSED", json!("OVERDUE_CLOSE")),
        ] {
            let event = Event::batch_ended(&batch);
            assert_eq!(event.event_type(), event_type);
            let told: Value = serde_json::from_slice(&event.into_resource()).unwrap();
            assert_eq!((&told["batch_status"], &told["close_reason"]), (&json!(status), &reason));
            assert_eq!(told["fail_amount"], 400);
        }
    }
}
