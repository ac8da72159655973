//! Complaints as merchants see and answer them.

use domain::catalogue::Language;
use domain::complaint::{Complaint, ComplaintLog, ComplaintState, ComplaintStep, ProblemType};
use domain::user::{User, phone_place};
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::crypto::{self, WrapKey};
use serde::Serialize;

use crate::code::Code;
use crate::complaint_text::{reason_text, step_details};
use crate::error::{ApiError, FieldError, Location};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::keys::PublicKey;
use crate::notification::Event;
use crate::oaep;
use crate::request::{Caller, Query, check_media_id, read_body};
use crate::sealed::SealedError;

/// Most days in which a merchant may say that it will refund: a year, for which it can. Ours; the
/// protocol has no bound.
const LAUNCH_DAYS_MAX: i64 = 365;

/// Longest span of a list, in days.
const SPAN_DAYS: i64 = 30;
/// Most pictures of one step, a payer's or a merchant's.
pub const IMAGES_MAX: usize = 4;

/// A payer is not led elsewhere from a complaint.
const NO_LINKS: ApiError =
    ApiError::saying(Code::NoAuth, "回复中不支持跳转链接", "an answer to a payer has no links");

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Most items.
    pub limit: i64,
    /// How many are left out before.
    pub offset: i64,
}

/// A request to list complaints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListComplaints {
    /// The first day.
    pub begin: Date,
    /// The last day.
    pub end: Date,
    /// About whom alone, if not about everybody.
    pub complainted_mchid: Option<String>,
    /// Which part of the list.
    pub slice: Slice,
}

impl ListComplaints {
    /// Reads the query.
    ///
    /// # Errors
    /// PARAM_ERROR for a variable that breaks a rule.
    pub fn parse(raw: Option<&str>) -> Result<Self, ApiError> {
        let query = Query::new(raw);
        let slice = read_slice(&query, 10, 50)?;
        let (begin, end) = (read_day(&query, "begin_date")?, read_day(&query, "end_date")?);
        let longest = begin.checked_add(SPAN_DAYS.days());
        if end < begin || longest.is_ok_and(|last| end > last) {
            let text = end.to_string();
            return Err(Query::fault("end_date", Some(&text), Issue::TimeOutOfRange).into());
        }
        Ok(Self { begin, end, complainted_mchid: query.find("complainted_mchid")?, slice })
    }
}

/// Reads which part of the history of a complaint is wanted.
///
/// # Errors
/// PARAM_ERROR for a variable that breaks a rule.
pub fn history_slice(raw: Option<&str>) -> Result<Slice, ApiError> {
    Ok(read_slice(&Query::new(raw), 100, 300)?)
}

fn read_slice(query: &Query<'_>, usual: i64, most: i64) -> Result<Slice, FieldError> {
    Ok(Slice {
        limit: query.integer("limit", usual, 1..=most)?,
        offset: query.integer("offset", 0, 0..=1_000_000)?,
    })
}

fn read_day(query: &Query<'_>, name: &'static str) -> Result<Date, FieldError> {
    let text = query.get(name)?;
    let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| Query::fault(name, Some(&text), Issue::Date))
}

/// What a merchant says to a payer.
#[derive(Clone, Debug)]
pub struct Response {
    /// About whom the complaint is, 1 to 64 bytes.
    pub complainted_mchid: String,
    /// Its words, 1 to 200 characters.
    pub content: String,
    /// The ids of at most four pictures.
    pub images: Vec<String>,
}

impl Response {
    /// Reads the body.
    ///
    /// # Errors
    /// PARAM_ERROR for a field that breaks a rule; NO_AUTH for a link.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let complainted_mchid = read_complainted(&fields)?;
        let content = fields.get_words("response_content", 1..=200)?.to_owned();
        let images = read_images(&fields, "response_images")?;
        let url = fields.find_text("jump_url", 0..=512)?;
        fields.find_text("jump_url_text", 0..=30)?;
        let program = fields.find_object("mini_program_jump_info")?;
        if let Some(program) = &program {
            program.get_text("appid", 1..=32)?;
            program.get_text("path", 1..=512)?;
            program.get_text("text", 1..=30)?;
        }
        if program.is_some() || url.is_some_and(|url| !url.is_empty()) {
            return Err(NO_LINKS);
        }
        Ok(Self { complainted_mchid, content, images })
    }
}

/// What a merchant says about the refund that a payer asked for.
#[derive(Clone, Debug)]
pub enum RefundProgress {
    /// It will refund.
    Approve {
        /// Its words.
        remark: String,
        /// In how many days, if it says so.
        launch_refund_day: Option<i64>,
    },
    /// It will not.
    Reject {
        /// Why.
        reason: String,
        /// Its words besides.
        remark: String,
        /// The ids of at most four pictures.
        images: Vec<String>,
    },
}

impl RefundProgress {
    /// Reads the body.
    ///
    /// # Errors
    /// PARAM_ERROR for a field that breaks a rule.
    pub fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let body = read_body(body)?;
        let fields = Fields::top(&body);
        let remark = fields.find_words("remark", 0..=200)?.unwrap_or_default().to_owned();
        let launch_refund_day = fields.find_integer("launch_refund_day", 0)?;
        if launch_refund_day.is_some_and(|day| day > LAUNCH_DAYS_MAX) {
            let issue = Issue::AboveMaximum(LAUNCH_DAYS_MAX);
            return Err(fields.fault("launch_refund_day", issue).into());
        }
        match fields.get_literal("action", &["APPROVE", "REJECT"])? {
            "APPROVE" => Ok(Self::Approve { remark, launch_refund_day }),
            _ => Ok(Self::Reject {
                reason: fields.get_words("reject_reason", 1..=200)?.to_owned(),
                remark,
                images: read_images(&fields, "reject_media_list")?,
            }),
        }
    }
}

/// Reads who is named by a call that says that a complaint is dealt with.
///
/// # Errors
/// PARAM_ERROR if nobody is.
pub fn read_complete(body: &[u8]) -> Result<String, ApiError> {
    let body = read_body(body)?;
    Ok(read_complainted(&Fields::top(&body))?)
}

/// Reads the address that word of complaints goes to.
///
/// # Errors
/// PARAM_ERROR for none, or one that would not be called.
pub fn read_url(body: &[u8], caller: &Caller<'_>) -> Result<String, ApiError> {
    let body = read_body(body)?;
    let fields = Fields::top(&body);
    Ok(fields.get_url("url", 255, caller.url_rule)?.to_owned())
}

/// The bytes that say which step of the history an answer is.
#[must_use]
pub fn step_answer(complaint_id: &str, number: i64) -> Vec<u8> {
    let log_id = ComplaintLog::id_of(complaint_id, number);
    serde_json::json!({ "log_id": log_id }).to_string().into_bytes()
}

/// The bytes that say where word of complaints goes.
#[must_use]
pub fn url_answer(mchid: &str, url: &str) -> Vec<u8> {
    serde_json::json!({ "mchid": mchid, "url": url }).to_string().into_bytes()
}

fn read_complainted(fields: &Fields<'_>) -> Result<String, FieldError> {
    fields.get_text("complainted_mchid", 1..=64).map(str::to_owned)
}

fn read_images(fields: &Fields<'_>, name: &'static str) -> Result<Vec<String>, FieldError> {
    let items = fields.items(name)?;
    if items.len() > IMAGES_MAX {
        return Err(fields.fault(name, Issue::AboveMaximum(IMAGES_MAX as i64)));
    }
    let id = |(pointer, item): (String, &serde_json::Value)| {
        let fault = |issue| FieldError::new(Location::Body, pointer.clone(), Some(item), issue);
        let id = item.as_str().ok_or_else(|| fault(Issue::Type("string")))?;
        check_media_id(id).map_err(fault)?;
        Ok(id.to_owned())
    };
    items.into_iter().map(id).collect()
}

/// A complaint with what only the merchant's edge knows.
#[derive(Clone, Debug)]
pub struct ComplaintView {
    /// The complaint.
    pub complaint: Complaint,
    /// Whether the whole order was refunded.
    pub full_refunded: bool,
    /// The addresses of the pictures that the payer complained with.
    pub pictures: Vec<String>,
    /// The payer's phone, sealed for the merchant.
    pub payer_phone: Option<String>,
}

impl ComplaintView {
    /// The bytes of one complaint.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(&self.wire(true))
    }

    fn wire(&self, with_openid: bool) -> WireComplaint<'_> {
        let complaint = &self.complaint;
        let refund = complaint.apply_refund_minor;
        WireComplaint {
            complaint_id: &complaint.complaint_id,
            complaint_time: complaint.created_at.rfc3339(),
            complaint_detail: &complaint.detail,
            complaint_state: complaint.state.as_str(),
            complainted_mchid: complaint.complainted(),
            payer_phone: self.payer_phone.as_deref(),
            payer_openid: with_openid.then_some(&complaint.openid),
            complaint_order_info: [WireOrder {
                transaction_id: &complaint.transaction_id,
                out_trade_no: &complaint.out_trade_no,
                amount: complaint.amount.minor(),
            }],
            complaint_media_list: (!self.pictures.is_empty())
                .then(|| [WireMedia { media_type: OF_PAYER, media_url: self.pictures.clone() }]),
            complaint_full_refunded: self.full_refunded,
            incoming_user_response: complaint.payer_waits
                && complaint.state != ComplaintState::Processed,
            problem_description: problem(complaint.problem),
            user_complaint_times: complaint.times,
            problem_type: complaint.problem.as_str(),
            apply_refund_amount: (refund > 0).then_some(refund),
            in_platform_service: complaint.in_platform_service,
            need_immediate_service: false,
            is_agent_mode: false,
        }
    }
}

/// The payer's phone, sealed for a merchant's key.
///
/// # Errors
/// `Open` if it does not open, `Form` if it is none or does not fit.
pub fn payer_phone(
    keys: &dyn WrapKey,
    payer: &User,
    merchant: &PublicKey,
) -> Result<String, SealedError> {
    let phone = crypto::open(keys, &phone_place(&payer.phone_index), &payer.phone)?;
    let phone = std::str::from_utf8(&phone).map_err(|_| SealedError::Form)?;
    oaep::encrypt(merchant, phone).ok_or(SealedError::Form)
}

fn problem(problem: ProblemType) -> &'static str {
    match problem {
        ProblemType::Refund => "申请退款",
        ProblemType::ServiceNotWork => "服务权益未生效",
        ProblemType::Others => "其他问题",
    }
}

/// The bytes of a list of complaints.
#[must_use]
pub fn list_answer(views: &[ComplaintView], slice: Slice, total: i64) -> Vec<u8> {
    to_json(&WireList {
        data: views.iter().map(|view| view.wire(false)).collect(),
        limit: slice.limit,
        offset: slice.offset,
        total_count: total,
    })
}

/// The bytes of a complaint's history. `image_url` is put before the id of a picture.
#[must_use]
pub fn history_answer(
    logs: &[ComplaintLog],
    slice: Slice,
    total: i64,
    names: Names<'_>,
    image_url: &str,
) -> Vec<u8> {
    let data = logs.iter().map(|log| {
        let images: Vec<String> = log.image_ids().map(|id| format!("{image_url}{id}")).collect();
        let (operator, media_type) = match actor(log.step) {
            Actor::Payer => (names.payer, OF_PAYER),
            Actor::Merchant => (names.merchant, "OPERATION_IMAGE"),
            Actor::Platform => (names.platform, "OPERATION_IMAGE"),
        };
        let reason = log.platform_reason;
        WireLog {
            log_id: ComplaintLog::id_of(&log.complaint_id, log.number),
            operator,
            operate_time: log.at.rfc3339(),
            operate_type: log.step.as_str(),
            operate_details: step_details(log, Language::ZhCn),
            complaint_media_list: (!images.is_empty())
                .then(|| WireMedia { media_type, media_url: images.clone() }),
            image_list: images,
            user_appy_platform_service_reason: reason
                .map(|reason| reason_text(reason, Language::ZhCn)),
            user_appy_platform_service_reason_description: reason
                .and(Some(log.details.as_str()))
                .filter(|words| !words.is_empty()),
        }
    });
    to_json(&WireList {
        data: data.collect(),
        limit: slice.limit,
        offset: slice.offset,
        total_count: total,
    })
}

/// Under which names a history shows who did something.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The payer.
    pub payer: &'a str,
    /// The merchant.
    pub merchant: &'a str,
    /// We ourselves.
    pub platform: &'a str,
}

/// What pictures of a payer are called.
const OF_PAYER: &str = "USER_COMPLAINT_IMAGE";

enum Actor {
    Payer,
    Merchant,
    Platform,
}

fn actor(step: ComplaintStep) -> Actor {
    match step {
        ComplaintStep::UserCreate
        | ComplaintStep::UserContinue
        | ComplaintStep::UserResponse
        | ComplaintStep::UserWithdraw
        | ComplaintStep::UserConfirm
        | ComplaintStep::UserApplyPlatform
        | ComplaintStep::UserCancelPlatform
        | ComplaintStep::UserRate => Actor::Payer,
        ComplaintStep::MerchantResponse
        | ComplaintStep::MerchantComplete
        | ComplaintStep::MerchantApproveRefund
        | ComplaintStep::MerchantRefuseRefund => Actor::Merchant,
        ComplaintStep::PlatformResponse
        | ComplaintStep::PlatformFinish
        | ComplaintStep::PartialRefunded
        | ComplaintStep::FullRefunded
        | ComplaintStep::RefundReceived => Actor::Platform,
    }
}

impl Event {
    /// Something was done about a complaint. `payer_phone` is sealed for the merchant.
    #[must_use]
    pub fn complaint(complaint: &Complaint, log: &ComplaintLog, payer_phone: Option<&str>) -> Self {
        let action = match log.step {
            ComplaintStep::UserCreate => "CREATE_COMPLAINT",
            ComplaintStep::UserContinue => "CONTINUE_COMPLAINT",
            // The protocol lists no action for all but the first: the payer said something. Where
            // the complaint stands tells the rest, and its history.
            ComplaintStep::UserResponse
            | ComplaintStep::UserWithdraw
            | ComplaintStep::UserConfirm
            | ComplaintStep::UserApplyPlatform
            | ComplaintStep::UserCancelPlatform
            | ComplaintStep::UserRate => "USER_RESPONSE",
            // Nor one for the end of our service.
            ComplaintStep::PlatformResponse | ComplaintStep::PlatformFinish => {
                "RESPONSE_BY_PLATFORM"
            }
            ComplaintStep::MerchantResponse => "MERCHANT_RESPONSE",
            ComplaintStep::MerchantComplete => "MERCHANT_CONFIRM_COMPLETE",
            ComplaintStep::MerchantApproveRefund => "MERCHANT_APPROVE_REFUND",
            ComplaintStep::MerchantRefuseRefund => "MERCHANT_REJECT_REFUND",
            ComplaintStep::PartialRefunded | ComplaintStep::FullRefunded => "SELLER_REFUND",
            ComplaintStep::RefundReceived => "REFUND_SUCCESS",
        };
        let resource = to_json(&WireNotice {
            complaint_id: &complaint.complaint_id,
            action_type: action,
            transaction_id: &complaint.transaction_id,
            out_trade_no: &complaint.out_trade_no,
            amount: complaint.amount.minor(),
            payer_phone,
            complaint_detail: &complaint.detail,
            complaint_state: log.state.as_str(),
            complaint_time: complaint.created_at.rfc3339(),
        });
        match log.step {
            ComplaintStep::UserCreate => {
                Self::new("COMPLAINT.CREATE", "产生新投诉", "complaint", resource)
            }
            _ => Self::new("COMPLAINT.STATE_CHANGE", "投诉状态变化", "complaint", resource),
        }
    }
}

fn to_json(wire: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(wire).expect("strings and numbers are JSON")
}

#[derive(Serialize)]
struct WireComplaint<'a> {
    complaint_id: &'a str,
    complaint_time: String,
    complaint_detail: &'a str,
    complaint_state: &'static str,
    complainted_mchid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_openid: Option<&'a String>,
    complaint_order_info: [WireOrder<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint_media_list: Option<[WireMedia; 1]>,
    complaint_full_refunded: bool,
    incoming_user_response: bool,
    problem_description: &'static str,
    user_complaint_times: i64,
    problem_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    apply_refund_amount: Option<i64>,
    in_platform_service: bool,
    need_immediate_service: bool,
    is_agent_mode: bool,
}

#[derive(Serialize)]
struct WireOrder<'a> {
    transaction_id: &'a str,
    out_trade_no: &'a str,
    amount: i64,
}

#[derive(Serialize)]
struct WireList<T> {
    data: Vec<T>,
    limit: i64,
    offset: i64,
    total_count: i64,
}

#[derive(Serialize)]
struct WireLog<'a> {
    log_id: String,
    operator: &'a str,
    operate_time: String,
    operate_type: &'static str,
    operate_details: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    complaint_media_list: Option<WireMedia>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_list: Vec<String>,
    // The protocol spells it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_appy_platform_service_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_appy_platform_service_reason_description: Option<&'a str>,
}

#[derive(Serialize)]
struct WireMedia {
    media_type: &'static str,
    media_url: Vec<String>,
}

#[derive(Serialize)]
struct WireNotice<'a> {
    complaint_id: &'a str,
    action_type: &'static str,
    transaction_id: &'a str,
    out_trade_no: &'a str,
    amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_phone: Option<&'a str>,
    complaint_detail: &'a str,
    /// Where it stands when the merchant is told.
    complaint_state: &'static str,
    complaint_time: String,
}

#[cfg(test)]
#[path = "complaint_tests.rs"]
mod tests;
