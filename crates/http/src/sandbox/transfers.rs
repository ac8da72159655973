//! Plays the payee of a merchant's transfer, so that a developer needs no phone.

use super::advance;
use crate::app::AppState;
use crate::consumer::merchant_transfers::{find_by_number, take};
use crate::extract::{Body, Wire};
use crate::problem::{Problem, ProblemDocument};
use crate::spelling::TransferStateText;
use apiv3::transfer::parse_package_info;
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::merchant::Openid;
use domain::merchant_transfer::{ExpireTransfer, MerchantTransfer, TransferState};
use domain::user::User;
use domain::wallet::Wallet;
use kernel::time::SECOND;
use serde::{Deserialize, Serialize};
use store::queries::{Value, find, select};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(play))
}

/// What the payee does.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PayeeAction {
    /// Takes the money.
    Confirm,
    /// Looks at it and does not take it; the merchant hears nothing, and it can still be taken.
    Refuse,
    /// Lets its time pass: business time moves to its end, and the money goes back.
    Expire,
}

/// A transfer by one of its names, and what is done with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlayTransferBody {
    /// The merchant's number of it.
    out_bill_no: Option<String>,
    /// What the merchant got for the payee's app.
    package_info: Option<String>,
    /// What the payee does.
    action: PayeeAction,
}

impl Wire for PlayTransferBody {}

#[derive(Serialize, ToSchema)]
struct PlayedTransfer {
    /// The merchant's number of it.
    out_bill_no: String,
    /// Our number of it.
    transfer_bill_no: String,
    /// Where it stands now; `FAIL` when the merchant named the payee otherwise.
    #[schema(value_type = TransferStateText)]
    state: TransferState,
}

/// Plays the payee of a transfer.
#[utoipa::path(
    post, path = "/sandbox/v1/transfers", tag = "sandbox", operation_id = "playTransfer",
    request_body = PlayTransferBody,
    responses(
        (status = 200, description = "Where the transfer stands", body = PlayedTransfer),
        (status = 400, description = "Not one of the two names, or one of several transfers",
            body = ProblemDocument),
        (status = 403, description = "The payee is not verified", body = ProblemDocument),
        (status = 404, description = "No such transfer", body = ProblemDocument),
        (status = 409, description = "It went back to the merchant", body = ProblemDocument),
    ),
)]
async fn play(
    State(app): State<AppState>,
    Body(body): Body<PlayTransferBody>,
) -> Result<Json<PlayedTransfer>, Problem> {
    app.sandbox.as_ref().ok_or(Code::RouteUnknown)?;
    let transfer = named(&app, &body).await?;
    let state = match body.action {
        PayeeAction::Confirm => confirm(&app, &transfer).await?,
        PayeeAction::Refuse => transfer.state,
        PayeeAction::Expire => expire(&app, &transfer).await?,
    };
    let MerchantTransfer { out_bill_no, transfer_bill_no, .. } = transfer;
    Ok(Json(PlayedTransfer { out_bill_no, transfer_bill_no, state }))
}

async fn confirm(app: &AppState, transfer: &MerchantTransfer) -> Result<TransferState, Problem> {
    let queries = app.queries.as_ref();
    let payee = find::<Openid>(queries, &transfer.openid).await?.ok_or(Code::SystemError)?;
    let user = find::<User>(queries, &payee.user).await?.ok_or(Code::SystemError)?;
    let wallet = user.wallet.ok_or(Code::ObjectNotFound)?;
    let wallet = find::<Wallet>(queries, &wallet).await?.ok_or(Code::SystemError)?;
    take(app, transfer, user.id, &wallet).await
}

/// What has ended stays as it is, and business time too.
async fn expire(app: &AppState, transfer: &MerchantTransfer) -> Result<TransferState, Problem> {
    if transfer.state != TransferState::WaitUserConfirm {
        return Ok(transfer.state);
    }
    let left = transfer.expires_at.since(app.business_now()).max(0);
    advance(app, (left + SECOND - 1) / SECOND).await?;
    let transfer_bill_no = transfer.transfer_bill_no.clone();
    app.engine.run(ExpireTransfer { transfer_bill_no }).await?;
    let ended = find_by_number(app, &transfer.transfer_bill_no).await?;
    Ok(ended.ok_or(Code::SystemError)?.state)
}

/// The transfer that is meant. Merchants number their own, so a number may mean several.
async fn named(app: &AppState, body: &PlayTransferBody) -> Result<MerchantTransfer, Problem> {
    match (&body.out_bill_no, &body.package_info) {
        (None, Some(package)) => {
            let number = parse_package_info(package).ok_or(Code::ObjectNotFound)?;
            find_by_number(app, &number).await?.ok_or_else(|| Code::ObjectNotFound.into())
        }
        (Some(number), None) => {
            let number = vec![Value::Text(number.clone())];
            let queries = app.queries.as_ref();
            let mut found =
                select::<MerchantTransfer>(queries, "out_bill_no = $1 LIMIT 2", number).await?;
            match (found.pop(), found.is_empty()) {
                (Some(only), true) => Ok(only),
                (Some(_), false) => Err(Problem::invalid("/out_bill_no")),
                (None, _) => Err(Code::ObjectNotFound.into()),
            }
        }
        (None, None) | (Some(_), Some(_)) => Err(Problem::invalid("/out_bill_no")),
    }
}
