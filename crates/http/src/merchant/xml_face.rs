//! The XML interface that tills still use: a few calls, signed inside with the merchant's key for
//! it. HTTP 200 always, and an answer signed the way it was asked. What it has besides with others
//! is refused in its own words.

use super::Face;
use super::code_payments::{Charge, reverse};
use super::fault::Fault;
use super::orders::find_order;
use super::rates::Family;
use super::refunds::order_of;
use super::trials::XmlTrial;
use super::xml_diagnosis::diagnose;
use super::xml_refunds::{refund, refund_query};
use crate::address::address_of;
use crate::layers::{count, log};
use crate::sandbox::{Act, CallNotes, Signature, Wishes, wish_of_charge};
use crate::shell;
use apiv3::order::OrderView;
use apiv3::refund::OrderName;
use apiv3::sign::request_id;
use apiv3::v2::order::{Micropay, NamedOrder, show, show_state, unpaid};
use apiv3::v2::refusal::reversal;
use apiv3::v2::xml::{self, Fields};
use apiv3::v2::{Answer, ApiV2Key, Diagnosis, Refused, SignType};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::any;
use domain::merchant::MerchantApiv2Key;
use domain::order::OrderByTransaction;
use std::sync::Arc;
use store::queries;
use tracing::Instrument;

/// Told to a stranger and to who signed wrongly alike.
const SIGN_ERROR: &str = "签名错误";
/// What a log has for a message that was not taken.
const NOT_TAKEN: &str = "FAIL";
const SYSTEM_ERROR: &str = "系统异常";
const LIMITED: &str = "频率超限";
const NOT_SUPPORTED: &str = "不支持该接口，请使用 /v3 接口";

/// Under which addresses this interface has its calls, those that we lack included.
const PLACES: [&str; 5] = ["/pay", "/secapi", "/mmpaymkttransfers", "/risk", "/tools"];

/// What is asked.
#[derive(Clone, Copy, Debug)]
enum Call {
    Micropay,
    OrderQuery,
    Reverse,
    Refund,
    RefundQuery,
}

impl Call {
    const ALL: [Self; 5] =
        [Self::Micropay, Self::OrderQuery, Self::Reverse, Self::Refund, Self::RefundQuery];

    const fn path(self) -> &'static str {
        match self {
            Self::Micropay => "/pay/micropay",
            Self::OrderQuery => "/pay/orderquery",
            Self::Reverse => "/secapi/pay/reverse",
            Self::Refund => "/secapi/pay/refund",
            Self::RefundQuery => "/pay/refundquery",
        }
    }

    /// Whose rate it counts to: the same calls of `/v3` count there too.
    const fn family(self) -> Family {
        match self {
            Self::Micropay => Family::CodePayments,
            Self::OrderQuery => Family::OrderQueries,
            Self::Reverse => Family::Closes,
            Self::Refund => Family::Refunds,
            Self::RefundQuery => Family::RefundQueries,
        }
    }

    /// What it makes, if a sandbox's developer can choose its answer.
    const fn trial(self) -> Option<XmlTrial> {
        let (act, number, amount) = match self {
            Self::Micropay => (Act::CodePayment, "out_trade_no", "total_fee"),
            Self::Refund => (Act::Refund, "out_refund_no", "refund_fee"),
            Self::OrderQuery | Self::Reverse | Self::RefundQuery => return None,
        };
        Some(XmlTrial { act, number, amount })
    }
}

/// The routes of this interface.
pub(super) fn routes(face: &Arc<Face>) -> Router {
    let mut router = Router::new();
    for call in Call::ALL {
        let serve = move |state: State<Arc<Face>>, request: Request| serve(call, state, request);
        router = router.route(call.path(), any(serve));
    }
    for place in PLACES {
        router = router.route(&format!("{place}/{{*rest}}"), any(refuse_call));
    }
    router.with_state(Arc::clone(face))
}

/// A call of this interface that is not there.
async fn refuse_call(State(face): State<Arc<Face>>, request: Request) -> Response {
    count(request.method(), "other xml", StatusCode::OK, 0);
    if let Some(notes) = request.extensions().get::<CallNotes>() {
        notes.answered_xml(NOT_TAKEN);
    }
    in_xml(Answer::not_taken(NOT_SUPPORTED), &request_id(face.random(), 0))
}

async fn serve(call: Call, State(face): State<Arc<Face>>, request: Request) -> Response {
    let began = face.app.shell.now();
    let method = request.method().clone();
    let notes = request.extensions().get::<CallNotes>().cloned();
    let id = request_id(face.random(), 0);
    let span = tracing::info_span!("till request", id, route = call.path());
    let (code, text) = answer_of(call, &face, request).instrument(span.clone()).await;
    let (status, micros) = (StatusCode::OK, face.app.shell.now().since(began));
    if let Some(notes) = notes {
        notes.answered_xml(code);
    }
    span.in_scope(|| log(status, code, micros));
    count(&method, call.path(), status, micros);
    in_xml(text, &id)
}

/// `id` names the request here and in the log.
fn in_xml(text: String, id: &str) -> Response {
    let mut response = Response::new(Body::from(text));
    let kind = HeaderValue::from_static("text/xml; charset=UTF-8");
    let id = HeaderValue::from_str(id).expect("digits and a dash are header text");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response.headers_mut().insert("request-id", id);
    response
}

/// What a log says of the answer, and its text.
async fn answer_of(call: Call, face: &Arc<Face>, request: Request) -> (&'static str, String) {
    let late = shell::in_time(face.app.limits.request);
    let address = address_of(&request, &face.app.limits.proxies);
    // In tasks of their own, so that a panic costs one answer, and neither a caller who leaves nor
    // the deadline interrupts anything.
    let reading = tokio::spawn(Asked::read(Arc::clone(face), request).in_current_span());
    let read = match shell::until(late, reading).await {
        Some(Ok(read)) => read,
        Some(Err(error)) => {
            tracing::error!(%error, "reading a till's message panicked");
            Err(SYSTEM_ERROR.into())
        }
        None => Err(SYSTEM_ERROR.into()),
    };
    let asked = match read {
        Ok(asked) => Arc::new(asked),
        Err(refused) => {
            let limiter = face.app.limits.anonymous.as_ref();
            let limited = limiter
                .zip(address)
                .map(|(limiter, address)| limiter.take(address, face.app.shell.now()));
            let is_limited = limited.is_some_and(|taken| taken.is_err());
            let refused = if is_limited { LIMITED.into() } else { refused };
            return (NOT_TAKEN, refused.write());
        }
    };
    let answer = match face.count_call(&asked.mchid, call.family()) {
        Err(_) => again(call, Refused::limited()),
        Ok(()) => {
            let done = done(call, Arc::clone(face), Arc::clone(&asked));
            match shell::until(late, tokio::spawn(done.in_current_span())).await {
                Some(Ok(answer)) => answer,
                Some(Err(error)) => {
                    tracing::error!(%error, "a till's call panicked");
                    again(call, Refused::system())
                }
                None => again(call, Refused::system()),
            }
        }
    };
    let nonce = apiv3::sign::nonce(face.random());
    let code = answer.code();
    (code, answer.write(&asked.fields, (&asked.key, asked.kind), &nonce))
}

/// What is answered when nothing, or nobody knows what, came of a call: it may come again.
fn again(call: Call, refused: Refused) -> Answer {
    match call {
        Call::Reverse => Answer::Refused(refused, recall("Y")),
        Call::Micropay | Call::OrderQuery | Call::Refund | Call::RefundQuery => refuse(refused),
    }
}

async fn done(call: Call, face: Arc<Face>, asked: Arc<Asked>) -> Answer {
    let served = served(call, &face, &asked);
    let asked = (asked.mchid.as_str(), &asked.fields, asked.wish.as_deref());
    match call.trial() {
        Some(trial) => trial.serve(&face, asked, served).await,
        None => served.await,
    }
}

async fn served(call: Call, face: &Face, asked: &Asked) -> Answer {
    match call {
        Call::Micropay => micropay(face, asked).await,
        Call::OrderQuery => order_query(face, asked).await,
        Call::Reverse => take_back(face, asked).await,
        Call::Refund => refund(face, asked).await,
        Call::RefundQuery => refund_query(face, asked).await,
    }
}

/// Why a message is not taken.
struct NotTaken {
    text: &'static str,
    /// Why its sign does not hold; in a sandbox only.
    diagnosis: Option<Box<Diagnosis>>,
}

impl From<&'static str> for NotTaken {
    fn from(text: &'static str) -> Self {
        Self { text, diagnosis: None }
    }
}

impl NotTaken {
    fn write(&self) -> String {
        match &self.diagnosis {
            Some(diagnosis) => Answer::not_signed(self.text, diagnosis),
            None => Answer::not_taken(self.text),
        }
    }
}

/// A message whose signature holds.
pub(super) struct Asked {
    pub(super) fields: Fields,
    pub(super) mchid: String,
    key: ApiV2Key,
    kind: SignType,
    /// What a sandbox's payer shall do, as a header says; means nothing elsewhere.
    wish: Option<String>,
}

impl Asked {
    async fn read(face: Arc<Face>, request: Request) -> Result<Self, NotTaken> {
        if request.method() != Method::POST {
            return Err("请使用 POST 方法".into());
        }
        let wish = Wishes::of(request.headers());
        let notes = request.extensions().get::<CallNotes>().cloned();
        let body: Bytes = match to_bytes(request.into_body(), xml::BYTES_MAX).await {
            Ok(body) => body,
            Err(_) => return Err("请求体过大或不完整".into()),
        };
        let fields = xml::read(&body).map_err(|_| "XML 格式错误")?;
        if let Some(notes) = &notes {
            notes.read_xml(&fields);
        }
        let kind = SignType::of(&fields).ok_or("sign_type 错误")?;
        let checked = check_sign(&face, &fields, kind).await;
        let mut refused = match checked {
            Ok((mchid, key)) => {
                if let Some(notes) = notes {
                    notes.signature_is(Signature::Right);
                }
                return Ok(Self { fields, mchid, key, kind, wish });
            }
            Err(text) => NotTaken::from(text),
        };
        if refused.text == SIGN_ERROR {
            refused.diagnosis = diagnose(&face, &body, (&fields, kind)).await;
            if let Some(notes) = notes {
                notes.sign_is_wrong(refused.diagnosis.as_deref());
            }
        }
        Err(refused)
    }
}

/// The merchant that a message names and its key, if it signed the message.
async fn check_sign(
    face: &Face,
    fields: &Fields,
    kind: SignType,
) -> Result<(String, ApiV2Key), &'static str> {
    let mchid = fields.get("mch_id").cloned().unwrap_or_default();
    let row = queries::find::<MerchantApiv2Key>(face.app.queries.as_ref(), &mchid).await;
    let row = row.map_err(|error| {
        tracing::warn!(%error, "a read failed");
        SYSTEM_ERROR
    })?;
    let key = ApiV2Key::open(&face.app.keys.personal_data, &row.ok_or(SIGN_ERROR)?);
    let key = key.map_err(|error| {
        tracing::error!(%error, mchid, "the key of the XML interface does not open");
        SYSTEM_ERROR
    })?;
    if key.verifies(fields, kind) { Ok((mchid, key)) } else { Err(SIGN_ERROR) }
}

pub(super) fn refuse(refused: Refused) -> Answer {
    Answer::Refused(refused, Fields::new())
}

async fn micropay(face: &Face, asked: &Asked) -> Answer {
    let request = match Micropay::parse(&asked.fields) {
        Ok(request) => request,
        Err(refused) => return refuse(refused),
    };
    let Ok(wish) = wish_of_charge(&face.app, asked.wish.as_deref()) else {
        return refuse(Refused::param("Sandbox-Outcome"));
    };
    let charge = Charge {
        mchid: &asked.mchid,
        appid: &request.appid,
        partner: request.partner.as_ref(),
        out_trade_no: &request.out_trade_no,
        description: &request.body,
        attach: request.attach.as_deref(),
        amount: request.total_fee,
        device_id: request.device_info.as_deref(),
        profit_sharing: request.profit_sharing,
        auth_code: &request.auth_code,
        fingerprint: request.fingerprint,
        wish,
    };
    let charged = match charge.run(face).await {
        Ok(Some(Ok(charged))) => charged,
        Ok(Some(Err(refusal))) => return refuse(refusal.into()),
        Ok(None) => return refuse(domain::payment_code::PayByCodeRefusal::CodeInvalid.into()),
        Err(_) => return refuse(Refused::system()),
    };
    let sub_mchid = request.partner.map(|partner| partner.sub_mchid);
    match find_order(face, &asked.mchid, sub_mchid, request.out_trade_no).await {
        Ok(Some(order)) => match unpaid(&order) {
            Some(refused) => refuse(refused),
            None if charged.is_new => Answer::Done(show(&order)),
            None => refuse(Refused::saying("ORDERPAID", "订单已支付")),
        },
        Ok(None) | Err(_) => refuse(Refused::system()),
    }
}

async fn order_query(face: &Face, asked: &Asked) -> Answer {
    let named = match NamedOrder::parse(&asked.fields) {
        Ok(named) => named,
        Err(refused) => return refuse(refused),
    };
    match find_named(face, asked, named).await {
        Ok(Some(order)) => Answer::Done(show_state(&order)),
        Ok(None) => no_order(),
        Err(_) => refuse(Refused::system()),
    }
}

/// The order that a merchant names, under its app.
pub(super) async fn find_named(
    face: &Face,
    asked: &Asked,
    named: NamedOrder,
) -> Result<Option<OrderView>, Fault> {
    let number = match &named.name {
        OrderName::OutTradeNo(number) => number.clone(),
        OrderName::TransactionId(id) | OrderName::Both { transaction_id: id, .. } => {
            let found = queries::find::<OrderByTransaction>(face.app.queries.as_ref(), id).await?;
            match found.filter(|found| found.mchid == asked.mchid) {
                Some(found) => found.out_trade_no,
                None => return Ok(None),
            }
        }
    };
    let found = find_order(face, &asked.mchid, named.sub_mchid.clone(), number).await?;
    Ok(found.filter(|order| named.is(order)))
}

pub(super) fn no_order() -> Answer {
    refuse(Refused::saying("ORDERNOTEXIST", "订单不存在"))
}

/// Whether a reversal is to be asked for again.
fn recall(again: &str) -> Fields {
    Fields::from([("recall".to_owned(), again.to_owned())])
}

async fn take_back(face: &Face, asked: &Asked) -> Answer {
    let named = match NamedOrder::parse(&asked.fields) {
        Ok(named) => named,
        Err(refused) => return Answer::Refused(refused, recall("N")),
    };
    // Nothing is read before: the charge may still be on its way, and this has to come after it.
    let order = order_of(&named.name);
    let (sub_mchid, appids) = (named.sub_mchid.as_deref(), (Some(named.appid.as_str()), None));
    match reverse(face, &asked.mchid, sub_mchid, order, appids).await {
        Ok(Ok(())) => Answer::Done(recall("N")),
        Ok(Err(refusal)) => {
            let (refused, again) = reversal(refusal);
            Answer::Refused(refused, recall(again))
        }
        Err(_) => Answer::Refused(Refused::system(), recall("Y")),
    }
}
