//! Proving who holds a wallet, with a resident ID or a passport. What can be checked here is
//! checked here, so that a mistyped digit is named at once; then the authority is asked.

use super::verification_body::SubmitVerificationBody;
use super::wallet::own_wallet_id;
use crate::app::AppState;
use crate::extract::{Caller, Id, Keyed, Reader};
use crate::personal::document_index;
use crate::problem::{Explanation, Problem, ProblemDocument};
use crate::spelling::{DocumentKindText, VerificationStateText};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalogue::{Code, Params};
use domain::identity::{SubmitVerification, Verification, VerificationState};
use domain::ids::VerificationId;
use domain::job::{Job, JobKind};
use domain::wallet::{DocumentKind, name_place, number_place};
use serde::Serialize;
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(submit)).routes(routes!(get_verification))
}

/// A submission that was accepted.
#[derive(Serialize, ToSchema)]
struct VerificationSubmitted {
    /// Its id.
    #[schema(value_type = String)]
    id: VerificationId,
    /// The kind of document: `RESIDENT_ID` or `PASSPORT`.
    #[schema(value_type = DocumentKindText)]
    document: DocumentKind,
    /// `SUBMITTED`: the authority is asked.
    #[schema(value_type = VerificationStateText)]
    state: VerificationState,
}

/// Where a verification stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Verification)]
struct VerificationAnswer {
    /// Its id.
    #[schema(value_type = String)]
    id: VerificationId,
    /// The kind of document: `RESIDENT_ID` or `PASSPORT`.
    #[schema(value_type = DocumentKindText)]
    document: DocumentKind,
    /// `SUBMITTED`, `VERIFIED` or `REJECTED`.
    #[schema(value_type = VerificationStateText)]
    state: VerificationState,
    /// When it was submitted, RFC 3339.
    submitted_at: String,
    /// When the authority answered, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
    /// Why it was rejected, or why it takes long.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// Submits a document. The answer of the authority is read with the id.
#[utoipa::path(
    post, path = "/v1/verifications", tag = "wallet", operation_id = "submitVerification",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = SubmitVerificationBody,
    responses(
        (status = 201, description = "The authority is asked", body = VerificationSubmitted),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Consent is missing, the person is too young, or the wallet \
            is another person's", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 409, description = "An earlier submission is open, the person has too many \
            wallets, or the key was used for another request", body = ProblemDocument),
        (status = 422, description = "Name or document cannot be right: `field` and `reason` say \
            where", body = ProblemDocument),
        (status = 429, description = "Too many were rejected", body = ProblemDocument),
    ),
)]
async fn submit(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body, key }: Keyed<SubmitVerificationBody>,
) -> Result<(StatusCode, Json<VerificationSubmitted>), Problem> {
    let person = body.read(app.business_now().business_date(), &app.rules())?;
    let wallet = own_wallet_id(&caller)?;
    let index = document_index(&app.keys, person.document, &person.issuer, &person.number);
    let command = SubmitVerification {
        verification: VerificationId::from_bytes(app.shell.id()),
        user: caller.user,
        wallet,
        document: person.document,
        document_index: index,
        name: app.seal(&name_place(&index), person.name.as_str()),
        number: app.seal(&number_place(&index), &person.number),
        consent: person.consent,
        once: key.once(caller.owner()),
    };
    let id = app.engine.run(command).await?;
    let state = VerificationState::Submitted;
    let document = person.document;
    Ok((StatusCode::CREATED, Json(VerificationSubmitted { id, document, state })))
}

/// Shows where a verification stands.
#[utoipa::path(
    get, path = "/v1/verifications/{id}", tag = "wallet", operation_id = "getVerification",
    security(("session" = [])),
    params(("id" = String, Path, description = "The verification's id")),
    responses(
        (status = 200, description = "The verification", body = VerificationAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such verification", body = ProblemDocument),
    ),
)]
async fn get_verification(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(id): Id<VerificationId>,
) -> Result<Json<VerificationAnswer>, Problem> {
    let queries = app.queries.as_ref();
    let verification = find::<Verification>(queries, &id)
        .await?
        .filter(|verification| verification.user == caller.user)
        .ok_or(Code::ObjectNotFound)?;
    let why = match verification.state {
        VerificationState::Submitted => {
            let job = find::<Job>(queries, &(JobKind::CheckIdentity, id.to_string())).await?;
            let was_asked = job.is_some_and(|job| job.attempts > 0);
            was_asked.then_some(Code::IdAuthorityUnavailable)
        }
        VerificationState::Verified => None,
        VerificationState::Rejected => verification.reason.map(|reason| reason.code()),
    };
    Ok(Json(VerificationAnswer {
        id,
        document: verification.document,
        state: verification.state,
        submitted_at: verification.submitted_at.rfc3339(),
        decided_at: verification.decided_at.map(|at| at.rfc3339()),
        notice: why.map(|code| Explanation::new(code, &Params::default(), language)),
    }))
}
