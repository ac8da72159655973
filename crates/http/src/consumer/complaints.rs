//! The caller's complaints about orders.

use super::wallet::own_wallet_id;
use crate::app::AppState;
use crate::extract::{Body, Caller, Id, Keyed, Reader, Wire};
use crate::problem::{Problem, ProblemDocument};
use crate::spelling::{
    ComplaintEndText, ComplaintStateText, ComplaintStepText, PlatformReasonText, ProblemTypeText,
    SatisfactionText,
};
use crate::wire::Money;
use apiv3::complaint::IMAGES_MAX;
use apiv3::complaint_text::step_details;
use apiv3::request::check_media_id;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalogue::{Code, Language};
use domain::complaint::{
    ApplyPlatformService, CancelPlatformService, Complaint, ComplaintEnd, ComplaintLog,
    ComplaintState, ComplaintStep, ConfirmComplaint, ContinueComplaint, FileComplaint,
    PlatformReason, ProblemType, RateComplaint, ReopenComplaint, Satisfaction, WORDS_CHARS_MAX,
    WithdrawComplaint,
};
use domain::ids::UserId;
use domain::order::Order;
use engine::Failed;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use store::queries::{Value, find, select};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Random digits of a complaint's number, after `20` and the time.
const DRAWN_DIGITS: usize = 8;
/// How often a number is drawn anew.
const DRAWS_MAX: usize = 3;
/// Most steps of a complaint that are shown at once.
const STEPS_SHOWN_MAX: i64 = 300;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(file_complaint))
        .routes(routes!(get_complaint))
        .routes(routes!(continue_complaint))
        .routes(routes!(reopen_complaint))
        .routes(routes!(confirm_complaint))
        .routes(routes!(withdraw_complaint))
        .routes(routes!(apply_platform_service))
        .routes(routes!(cancel_platform_service))
        .routes(routes!(rate_complaint))
}

/// The number of a complaint: digits only.
pub(crate) struct Number(pub(crate) String);

impl FromStr for Number {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(text.to_owned())).ok_or(())
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FileComplaintBody {
    /// Our number of the payment, as the bill shows it.
    transaction_id: String,
    /// What it is about.
    #[schema(value_type = ProblemTypeText)]
    problem_type: ProblemType,
    /// What happened, at most 500 characters.
    detail: String,
    /// What should come back, in fen.
    #[serde(default)]
    apply_refund: Option<i64>,
    /// The ids of at most four pictures that the caller uploaded.
    #[serde(default)]
    pictures: Vec<String>,
}

impl Wire for FileComplaintBody {}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContinueComplaintBody {
    /// What there is to say, at most 500 characters.
    content: String,
    /// The ids of at most four pictures that the caller uploaded.
    #[serde(default)]
    pictures: Vec<String>,
}

impl Wire for ContinueComplaintBody {}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplyPlatformServiceBody {
    /// Why.
    #[schema(value_type = PlatformReasonText)]
    reason: PlatformReason,
    /// The same in the caller's words, at most 500 characters.
    #[serde(default)]
    content: String,
    /// The ids of at most four pictures that the caller uploaded.
    #[serde(default)]
    pictures: Vec<String>,
}

impl Wire for ApplyPlatformServiceBody {}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RateComplaintBody {
    /// How the caller finds what came of it.
    #[schema(value_type = SatisfactionText)]
    satisfaction: Satisfaction,
    /// The same in the caller's words, at most 500 characters.
    #[serde(default)]
    content: String,
}

impl Wire for RateComplaintBody {}

/// A complaint.
#[derive(Serialize, ToSchema)]
#[schema(as = Complaint)]
struct ComplaintAnswer {
    /// Its number.
    id: String,
    /// Where it stands.
    #[schema(value_type = ComplaintStateText)]
    state: ComplaintState,
    /// Who says that it is dealt with, while it is `PROCESSED`.
    #[schema(value_type = Option<ComplaintEndText>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<ComplaintEnd>,
    /// Whether the caller asked the platform to step in, and it is not done.
    in_platform_service: bool,
    /// How the caller finds what came of it, if it said so, while it is `PROCESSED`.
    #[schema(value_type = Option<SatisfactionText>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    satisfaction: Option<Satisfaction>,
    /// What it is about.
    #[schema(value_type = ProblemTypeText)]
    problem_type: ProblemType,
    /// What was paid.
    amount: Money,
    /// Our number of the payment.
    transaction_id: String,
    /// What the payer wants back, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    apply_refund: Option<Money>,
    /// What of the payment came back.
    refunded: Money,
    /// When it was filed, RFC 3339.
    at: String,
    /// What was done about it, the oldest first; of more than 300 the last ones.
    steps: Vec<ComplaintStepAnswer>,
}

/// What was done about a complaint.
#[derive(Serialize, ToSchema)]
#[schema(as = ComplaintStepEntry)]
struct ComplaintStepAnswer {
    /// What it was.
    #[schema(value_type = ComplaintStepText)]
    step: ComplaintStep,
    /// The words of who did it, and what was done in words of the reader's language.
    details: String,
    /// The ids of the pictures that go with it.
    pictures: Vec<String>,
    /// When, RFC 3339.
    at: String,
}

/// Complains about a payment. The merchant is told at once; a complaint that the merchant says is
/// dealt with is taken up again by complaining again.
#[utoipa::path(
    post, path = "/v1/complaints", tag = "orders", operation_id = "fileComplaint",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = FileComplaintBody,
    responses(
        (status = 201, description = "It is filed", body = ComplaintAnswer),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller paid no such order", body = ProblemDocument),
        (status = 409, description = "A complaint about it is open, or the key was used for \
            another request", body = ProblemDocument),
        (status = 422, description = "Too long ago, or more than was paid", body = ProblemDocument),
        (status = 429, description = "Too much said about complaints today",
            body = ProblemDocument),
    ),
)]
async fn file_complaint(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Keyed { body, key }: Keyed<FileComplaintBody>,
) -> Result<(StatusCode, Json<ComplaintAnswer>), Problem> {
    let wallet = own_wallet_id(&caller)?;
    let detail = checked_text(&body.detail, "/detail")?;
    let pictures = checked_pictures(body.pictures)?;
    let refund = body.apply_refund.unwrap_or(0);
    if refund < 0 {
        return Err(Problem::invalid("/apply_refund"));
    }
    let mut draws = 0;
    let filed = loop {
        draws += 1;
        let command = FileComplaint {
            user: caller.user,
            wallet,
            transaction_id: body.transaction_id.clone(),
            problem: body.problem_type,
            detail: detail.clone(),
            apply_refund_minor: refund,
            images: pictures.clone(),
            complaint_id: format!("20{}", app.draw_number(DRAWN_DIGITS)),
            once: key.once(caller.user.to_string()),
        };
        match app.engine.run(command).await {
            Err(Failed::Stale) if draws < DRAWS_MAX => {}
            ended => break ended?,
        }
    };
    let complaint = show(&app, caller.user, filed.complaint_id, language).await?;
    Ok((StatusCode::CREATED, Json(complaint)))
}

/// Shows one of the caller's complaints with its history.
#[utoipa::path(
    get, path = "/v1/complaints/{id}", tag = "orders", operation_id = "getComplaint",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
    ),
)]
async fn get_complaint(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    show(&app, caller.user, id, language).await.map(Json)
}

/// Says something about an open complaint.
#[utoipa::path(
    post, path = "/v1/complaints/{id}/responses", tag = "orders",
    operation_id = "continueComplaint",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    request_body = ContinueComplaintBody,
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
        (status = 409, description = "It is dealt with", body = ProblemDocument),
        (status = 429, description = "Too much said about complaints today",
            body = ProblemDocument),
    ),
)]
async fn continue_complaint(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
    Body(body): Body<ContinueComplaintBody>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    let (content, images) = body.checked()?;
    let (user, complaint_id) = (caller.user, id.clone());
    app.engine.run(ContinueComplaint { user, complaint_id, content, images }).await?;
    show(&app, caller.user, id, language).await.map(Json)
}

/// Says that a complaint is not settled, though the merchant says that it is dealt with.
#[utoipa::path(
    post, path = "/v1/complaints/{id}/reopen", tag = "orders", operation_id = "reopenComplaint",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    request_body = ContinueComplaintBody,
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
        (status = 409, description = "It is open, or the caller ended it", body = ProblemDocument),
        (status = 422, description = "The payment was too long ago", body = ProblemDocument),
        (status = 429, description = "Too much said about complaints today",
            body = ProblemDocument),
    ),
)]
async fn reopen_complaint(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
    Body(body): Body<ContinueComplaintBody>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    let (content, images) = body.checked()?;
    let (user, complaint_id) = (caller.user, id.clone());
    app.engine.run(ReopenComplaint { user, complaint_id, content, images }).await?;
    show(&app, caller.user, id, language).await.map(Json)
}

/// Says that a complaint is settled. The merchant need not have said so. Saying it twice is saying
/// it once.
#[utoipa::path(
    post, path = "/v1/complaints/{id}/confirm", tag = "orders", operation_id = "confirmComplaint",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
        (status = 409, description = "The caller withdrew it", body = ProblemDocument),
    ),
)]
async fn confirm_complaint(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    app.engine.run(ConfirmComplaint { user: caller.user, complaint_id: id.clone() }).await?;
    show(&app, caller.user, id, language).await.map(Json)
}

/// Withdraws an open complaint. Withdrawing twice is withdrawing once.
#[utoipa::path(
    post, path = "/v1/complaints/{id}/withdraw", tag = "orders",
    operation_id = "withdrawComplaint",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
        (status = 409, description = "It is dealt with", body = ProblemDocument),
    ),
)]
async fn withdraw_complaint(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    app.engine.run(WithdrawComplaint { user: caller.user, complaint_id: id.clone() }).await?;
    show(&app, caller.user, id, language).await.map(Json)
}

/// Asks the platform to step in. Asking again while it is asked is asking once.
#[utoipa::path(
    post, path = "/v1/complaints/{id}/apply-platform-service", tag = "orders",
    operation_id = "applyPlatformService",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    request_body = ApplyPlatformServiceBody,
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
        (status = 409, description = "It is dealt with", body = ProblemDocument),
        (status = 429, description = "Too much said about complaints today",
            body = ProblemDocument),
    ),
)]
async fn apply_platform_service(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
    Body(body): Body<ApplyPlatformServiceBody>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    let command = ApplyPlatformService {
        user: caller.user,
        complaint_id: id.clone(),
        reason: body.reason,
        content: checked_words(&body.content)?,
        images: checked_pictures(body.pictures)?,
    };
    app.engine.run(command).await?;
    show(&app, caller.user, id, language).await.map(Json)
}

/// Asks the platform to step in no more. Where it was not asked, or is done, nothing changes.
#[utoipa::path(
    post, path = "/v1/complaints/{id}/cancel-platform-service", tag = "orders",
    operation_id = "cancelPlatformService",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
    ),
)]
async fn cancel_platform_service(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    app.engine.run(CancelPlatformService { user: caller.user, complaint_id: id.clone() }).await?;
    show(&app, caller.user, id, language).await.map(Json)
}

/// Says how the caller finds what came of a complaint that is dealt with. Another word replaces the
/// last one.
#[utoipa::path(
    post, path = "/v1/complaints/{id}/satisfaction", tag = "orders",
    operation_id = "rateComplaint",
    security(("session" = [])),
    params(("id" = String, Path, description = "The complaint's number")),
    request_body = RateComplaintBody,
    responses(
        (status = 200, description = "The complaint", body = ComplaintAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such complaint", body = ProblemDocument),
        (status = 409, description = "It is open", body = ProblemDocument),
        (status = 429, description = "Too much said about complaints today",
            body = ProblemDocument),
    ),
)]
async fn rate_complaint(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(Number(id)): Id<Number>,
    Body(body): Body<RateComplaintBody>,
) -> Result<Json<ComplaintAnswer>, Problem> {
    let (user, complaint_id) = (caller.user, id.clone());
    let (satisfaction, content) = (body.satisfaction, checked_words(&body.content)?);
    app.engine.run(RateComplaint { user, complaint_id, satisfaction, content }).await?;
    show(&app, caller.user, id, language).await.map(Json)
}

/// The caller's complaint of this number.
pub(super) async fn own(app: &AppState, user: UserId, id: &str) -> Result<Complaint, Problem> {
    let complaint = find::<Complaint>(app.queries.as_ref(), &id.to_owned()).await?;
    let complaint = complaint.filter(|complaint| complaint.payer == user);
    complaint.ok_or_else(|| Code::ObjectNotFound.into())
}

impl ContinueComplaintBody {
    /// The words and the ids of the pictures.
    fn checked(self) -> Result<(String, Vec<String>), Problem> {
        Ok((checked_text(&self.content, "/content")?, checked_pictures(self.pictures)?))
    }
}

fn checked_text(text: &str, field: &'static str) -> Result<String, Problem> {
    let text = text.trim();
    let fits = (1..=WORDS_CHARS_MAX).contains(&text.chars().count());
    fits.then(|| text.to_owned()).ok_or_else(|| Problem::invalid(field))
}

/// Words that need not be there.
fn checked_words(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() { Ok(String::new()) } else { checked_text(text, "/content") }
}

fn checked_pictures(ids: Vec<String>) -> Result<Vec<String>, Problem> {
    let are_ids = ids.iter().all(|id| check_media_id(id).is_ok());
    let fits = are_ids && ids.len() <= IMAGES_MAX;
    fits.then_some(ids).ok_or_else(|| Problem::invalid("/pictures"))
}

async fn show(
    app: &AppState,
    user: UserId,
    id: String,
    language: Language,
) -> Result<ComplaintAnswer, Problem> {
    let queries = app.queries.as_ref();
    let complaint = own(app, user, &id).await?;
    let order = (complaint.mchid.clone(), complaint.out_trade_no.clone());
    let order = find::<Order>(queries, &order).await?;
    let refunded = order.map_or(0, |order| order.refund_arrived_minor);
    let asked = Some(complaint.apply_refund_minor).filter(|minor| *minor > 0);
    let (before, last) = (complaint.steps - STEPS_SHOWN_MAX, complaint.steps);
    let condition = "complaint_id = $1 AND number > $2 AND number <= $3 ORDER BY number";
    let parameters = vec![Value::Text(id), Value::Int(before), Value::Int(last)];
    let logs = select::<ComplaintLog>(queries, condition, parameters);
    let steps = logs.await?.into_iter().map(|log| ComplaintStepAnswer {
        step: log.step,
        pictures: log.image_ids().map(str::to_owned).collect(),
        details: step_details(&log, language),
        at: log.at.rfc3339(),
    });
    Ok(ComplaintAnswer {
        id: complaint.complaint_id,
        state: complaint.state,
        ended: complaint.ended,
        in_platform_service: complaint.in_platform_service,
        satisfaction: complaint.satisfaction,
        problem_type: complaint.problem,
        amount: complaint.amount.into(),
        transaction_id: complaint.transaction_id,
        apply_refund: asked.map(Money::cny),
        refunded: Money::cny(refunded),
        at: complaint.created_at.rfc3339(),
        steps: steps.collect(),
    })
}
