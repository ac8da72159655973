//! Plays the staff of a merchant, which approves batches of transfers: an operator's choice and a
//! person's word, which in the sandbox are the developer's.

use crate::app::AppState;
use crate::extract::{Body, Wire};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::merchant::SetBatchApproval;
use domain::transfer_batch::{ApproveTransferBatch, RejectTransferBatch, TransferBatch};
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(set_approval)).routes(routes!(play))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchApprovalBody {
    /// The merchant's number.
    mchid: String,
    /// Whether its batches of transfers wait until its staff approves them.
    approves_batches: bool,
}

impl Wire for BatchApprovalBody {}

/// Has a merchant's batches of transfers wait for approval, or no more.
#[utoipa::path(
    post, path = "/sandbox/v1/batch-approval", tag = "sandbox", operation_id = "setBatchApproval",
    request_body = BatchApprovalBody,
    responses(
        (status = 200, description = "It is so from now on", body = BatchApprovalBody),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 404, description = "No such merchant", body = ProblemDocument),
    ),
)]
async fn set_approval(
    State(app): State<AppState>,
    Body(wanted): Body<BatchApprovalBody>,
) -> Result<Json<BatchApprovalBody>, Problem> {
    app.sandbox.as_ref().ok_or(Code::RouteUnknown)?;
    let (mchid, approves_batches) = (wanted.mchid.clone(), wanted.approves_batches);
    app.engine.run(SetBatchApproval { mchid, approves_batches }).await?;
    Ok(Json(wanted))
}

/// What the staff says.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum StaffAction {
    /// It is paid.
    Approve,
    /// It is not.
    Reject,
}

/// A batch, and what the staff says of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlayBatchBody {
    /// The merchant's number.
    mchid: String,
    /// The merchant's number of the batch.
    out_batch_no: String,
    /// What the staff says.
    action: StaffAction,
}

impl Wire for PlayBatchBody {}

#[derive(Serialize, ToSchema)]
struct PlayedBatch {
    /// The merchant's number of the batch.
    out_batch_no: String,
    /// Our number of it.
    batch_id: String,
    /// Where it stands now, as the protocol spells it.
    batch_status: String,
}

/// Plays the staff of a merchant, of which a batch of transfers waits.
#[utoipa::path(
    post, path = "/sandbox/v1/transfer-batches", tag = "sandbox", operation_id = "playBatch",
    request_body = PlayBatchBody,
    responses(
        (status = 200, description = "Where the batch stands", body = PlayedBatch),
        (status = 400, description = "Malformed request, or a limit of the day would be broken",
            body = ProblemDocument),
        (status = 402, description = "The merchant has too little money", body = ProblemDocument),
        (status = 404, description = "No such batch", body = ProblemDocument),
        (status = 409, description = "It waits no more", body = ProblemDocument),
    ),
)]
async fn play(
    State(app): State<AppState>,
    Body(body): Body<PlayBatchBody>,
) -> Result<Json<PlayedBatch>, Problem> {
    app.sandbox.as_ref().ok_or(Code::RouteUnknown)?;
    let key = (body.mchid.clone(), body.out_batch_no.clone());
    let (mchid, out_batch_no) = (body.mchid, body.out_batch_no);
    match body.action {
        StaffAction::Approve => {
            app.engine.run(ApproveTransferBatch { mchid, out_batch_no }).await?;
        }
        StaffAction::Reject => {
            app.engine.run(RejectTransferBatch { mchid, out_batch_no }).await?;
        }
    }
    let batch =
        find::<TransferBatch>(app.queries.as_ref(), &key).await?.ok_or(Code::SystemError)?;
    let batch_status = batch.state.as_str().to_owned();
    let (out_batch_no, batch_id) = (batch.out_batch_no, batch.batch_id);
    Ok(Json(PlayedBatch { out_batch_no, batch_id, batch_status }))
}
