//! Complaints: lists, histories, answers, and where word of them goes.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, attempt_keyed, run};
use super::route::Route;
use super::uploads::IMAGES;
use apiv3::code::Code;
use apiv3::complaint::{
    self, ComplaintView, ListComplaints, Names, RefundProgress, Response, history_slice,
    payer_phone, read_complete, read_url,
};
use apiv3::error::ApiError;
use domain::Refusal;
use domain::complaint::{
    AnswerComplaint, Complaint, ComplaintAct, ComplaintLog, ComplaintStep, may_list_about,
};
use domain::merchant::{
    Merchant, MerchantWebhook, SetWebhook, SetWebhookRefusal, SubMerchant, WebhookChange,
    WebhookKind,
};
use domain::order::Order;
use domain::user::User;
use engine::Failure;
use kernel::Timestamp;
use store::queries::{Value, count, select};

pub(super) const ROUTES: &[Route] = &[
    Route::get("/v3/merchant-service/complaints-v2", |call| Box::pin(list(call))),
    Route::get("/v3/merchant-service/complaints-v2/{complaint_id}", |call| Box::pin(show(call))),
    Route::get("/v3/merchant-service/complaints-v2/{complaint_id}/negotiation-historys", |call| {
        Box::pin(history(call))
    }),
    Route::post("/v3/merchant-service/complaints-v2/{complaint_id}/response", |call| {
        Box::pin(respond(call))
    }),
    Route::post(
        "/v3/merchant-service/complaints-v2/{complaint_id}/response-immediate-service",
        |call| Box::pin(respond_at_once(call)),
    ),
    Route::post("/v3/merchant-service/complaints-v2/{complaint_id}/complete", |call| {
        Box::pin(complete(call))
    }),
    Route::post(
        "/v3/merchant-service/complaints-v2/{complaint_id}/update-refund-progress",
        |call| Box::pin(refund_progress(call)),
    ),
    Route::post(NOTIFICATIONS, |call| Box::pin(create_url(call))),
    Route::put(NOTIFICATIONS, |call| Box::pin(replace_url(call))),
    Route::get(NOTIFICATIONS, |call| Box::pin(show_url(call))),
    Route::delete(NOTIFICATIONS, |call| Box::pin(delete_url(call))),
];

const NOTIFICATIONS: &str = "/v3/merchant-service/complaint-notifications";

async fn list(call: Call) -> Result<Reply, Fault> {
    let asked = ListComplaints::parse(call.query())?;
    let about = asked.complainted_mchid.unwrap_or_default();
    check_about(&call, &about).await?;
    let starts = |day: Option<jiff::civil::Date>| {
        day.and_then(Timestamp::start_of_business_day).unwrap_or_default().micros()
    };
    let (from, to) = (starts(Some(asked.begin)), starts(asked.end.tomorrow().ok()));
    let parameters =
        vec![Value::Text(call.mchid.clone()), Value::Int(from), Value::Int(to), Value::Text(about)];
    let within = "mchid = $1 AND created_at >= $2 AND created_at < $3 \
                  AND $4 IN ('', COALESCE(sub_mchid, mchid))";
    let queries = call.face.app.queries.as_ref();
    let total = count::<Complaint>(queries, within, parameters.clone()).await?;
    let condition = format!(
        "{within} ORDER BY created_at DESC, complaint_id LIMIT {} OFFSET {}",
        asked.slice.limit, asked.slice.offset
    );
    let mut views = Vec::new();
    for complaint in select::<Complaint>(queries, &condition, parameters).await? {
        views.push(view(&call, complaint).await?);
    }
    Ok(Reply::json(complaint::list_answer(&views, asked.slice, total)))
}

/// Refuses to list what is about a merchant that the caller never served; nobody is everybody.
async fn check_about(call: &Call, about: &str) -> Result<(), Fault> {
    if about.is_empty() {
        return Ok(());
    }
    let relation = call.find::<SubMerchant>(&(call.mchid.clone(), about.to_owned())).await?;
    let may_list = may_list_about(&call.mchid, about, relation.as_ref());
    may_list.then_some(()).ok_or_else(|| Code::NoAuth.into())
}

async fn show(call: Call) -> Result<Reply, Fault> {
    let complaint = own(&call).await?;
    Ok(Reply::json(view(&call, complaint).await?.to_json()))
}

/// The complaint that the path names, which must be the merchant's.
async fn own(call: &Call) -> Result<Complaint, Fault> {
    let complaint = call.find::<Complaint>(&call.variable("complaint_id")).await?;
    let complaint = complaint.ok_or(Code::ResourceNotExists)?;
    let is_shown = complaint.is_shown_to(&call.mchid);
    is_shown.then_some(complaint).ok_or_else(|| Code::NoAuth.into())
}

async fn view(call: &Call, complaint: Complaint) -> Result<ComplaintView, Fault> {
    let key = (complaint.mchid.clone(), complaint.out_trade_no.clone());
    let order = call.find::<Order>(&key).await?;
    let full_refunded =
        order.is_some_and(|order| order.refund_arrived_minor == order.amount.minor());
    let payer_phone = match call.find::<User>(&complaint.payer).await? {
        None => None,
        Some(user) => {
            let key = &call.certificate.public_key;
            let phone = payer_phone(&call.face.app.keys.personal_data, &user, key);
            Some(phone.map_err(|error| Fault::defect(&error.to_string()))?)
        }
    };
    let pictures = pictures(call, &complaint.complaint_id).await?;
    Ok(ComplaintView { complaint, full_refunded, pictures, payer_phone })
}

/// The addresses of the pictures that the payer complained with, the first time and again; of very
/// many the last ones.
async fn pictures(call: &Call, complaint_id: &str) -> Result<Vec<String>, Fault> {
    let condition = "complaint_id = $1 AND step IN ($2, $3) ORDER BY number DESC LIMIT 300";
    let steps = [ComplaintStep::UserCreate, ComplaintStep::UserContinue];
    let mut parameters = vec![Value::Text(complaint_id.to_owned())];
    parameters.extend(steps.map(|step| Value::Text(step.as_str().to_owned())));
    let queries = call.face.app.queries.as_ref();
    let logs = select::<ComplaintLog>(queries, condition, parameters).await?;
    let address = |id| format!("{}{IMAGES}{id}", call.gateway);
    Ok(logs.iter().rev().flat_map(ComplaintLog::image_ids).map(address).collect())
}

async fn history(call: Call) -> Result<Reply, Fault> {
    let slice = history_slice(call.query())?;
    let complaint = own(&call).await?;
    let condition = format!(
        "complaint_id = $1 ORDER BY number DESC LIMIT {} OFFSET {}",
        slice.limit, slice.offset
    );
    let id = vec![Value::Text(complaint.complaint_id.clone())];
    let logs = select::<ComplaintLog>(call.face.app.queries.as_ref(), &condition, id).await?;
    let merchant = call.find::<Merchant>(&call.mchid).await?;
    let merchant = merchant.ok_or_else(|| Fault::defect("a certificate without merchant"))?;
    let names = Names { payer: "投诉人", merchant: merchant.name.as_str(), platform: "系统" };
    let url = format!("{}{IMAGES}", call.gateway);
    Ok(Reply::json(complaint::history_answer(&logs, slice, complaint.steps, names, &url)))
}

async fn respond(call: Call) -> Result<Reply, Fault> {
    respond_step(&call).await?;
    Ok(Reply::no_content())
}

/// The same answer; who calls so is told the number of the step.
async fn respond_at_once(call: Call) -> Result<Reply, Fault> {
    let number = respond_step(&call).await?;
    Ok(Reply::json(complaint::step_answer(&call.variable("complaint_id"), number)))
}

async fn respond_step(call: &Call) -> Result<i64, Fault> {
    let Response { complainted_mchid: about, content, images } = Response::parse(&call.body)?;
    let mchid = call.mchid.clone();
    answer(call, ComplaintAct::Respond { mchid, about, content, images }).await
}

async fn complete(call: Call) -> Result<Reply, Fault> {
    let (mchid, about) = (call.mchid.clone(), read_complete(&call.body)?);
    answer(&call, ComplaintAct::Complete { mchid, about }).await?;
    Ok(Reply::no_content())
}

async fn refund_progress(call: Call) -> Result<Reply, Fault> {
    let mchid = call.mchid.clone();
    let act = match RefundProgress::parse(&call.body)? {
        RefundProgress::Approve { remark, launch_refund_day } => {
            ComplaintAct::ApproveRefund { mchid, remark, launch_refund_day }
        }
        RefundProgress::Reject { reason, remark, images } => {
            ComplaintAct::RejectRefund { mchid, reason, remark, images }
        }
    };
    answer(&call, act).await?;
    Ok(Reply::no_content())
}

/// Gives the number of the step.
async fn answer(call: &Call, act: ComplaintAct) -> Result<i64, Fault> {
    let complaint_id = call.variable("complaint_id");
    run(&call.face, || AnswerComplaint { complaint_id: complaint_id.clone(), act: act.clone() })
        .await
}

async fn create_url(call: Call) -> Result<Reply, Fault> {
    let url = read_url(&call.body, &call.caller())?;
    let change = WebhookChange::Create { url: url.clone(), request: call.name };
    set_url(&call, change).await?;
    Ok(Reply::json(complaint::url_answer(&call.mchid, &url)))
}

async fn replace_url(call: Call) -> Result<Reply, Fault> {
    let url = read_url(&call.body, &call.caller())?;
    set_url(&call, WebhookChange::Replace(url)).await?;
    show_url(call).await
}

async fn delete_url(call: Call) -> Result<Reply, Fault> {
    set_url(&call, WebhookChange::Remove).await?;
    Ok(Reply::no_content())
}

async fn set_url(call: &Call, change: WebhookChange) -> Result<(), Fault> {
    let make = || SetWebhook {
        mchid: call.mchid.clone(),
        kind: WebhookKind::Complaint,
        change: change.clone(),
    };
    // Naming one for the first time has a key, and one reason to be refused.
    let exists = SetWebhookRefusal::Exists;
    let read = |stored: &Failure| (stored.code == exists.code()).then_some(exists);
    Ok(attempt_keyed(&call.face, make, read).await?.map_err(ApiError::from)?)
}

async fn show_url(call: Call) -> Result<Reply, Fault> {
    let key = (call.mchid.clone(), WebhookKind::Complaint);
    let hook = call.find::<MerchantWebhook>(&key).await?.ok_or(Code::ResourceNotExists)?;
    Ok(Reply::json(complaint::url_answer(&call.mchid, &hook.url)))
}
