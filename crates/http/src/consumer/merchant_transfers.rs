//! What merchants sent to the caller: looked at and taken.

use super::wallet::own_wallet;
use crate::app::AppState;
use crate::extract::{Body, Caller, Id, Wire};
use crate::problem::{Problem, ProblemDocument};
use crate::spelling::TransferStateText;
use crate::wire::Money;
use apiv3::transfer::parse_package_info;
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::ids::UserId;
use domain::merchant::{Merchant, Openid};
use domain::merchant_transfer::{
    ConfirmTransfer, MerchantTransfer, MerchantTransferByNo, NameCheck, TransferState,
    payee_name_place,
};
use domain::wallet::{Identity, Wallet, name_place};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(get_merchant_transfer)).routes(routes!(confirm))
}

/// The number that a package leads to.
struct Package(String);

impl FromStr for Package {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        parse_package_info(text).map(Self).ok_or(())
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmMerchantTransferBody {
    /// The package that the merchant's app got.
    package_info: String,
}

impl Wire for ConfirmMerchantTransferBody {}

/// What a merchant sent to the caller.
#[derive(Serialize, ToSchema)]
#[schema(as = MerchantTransfer)]
struct MerchantTransferAnswer {
    /// Our number of it.
    transfer_bill_no: String,
    /// Where it stands.
    #[schema(value_type = TransferStateText)]
    state: TransferState,
    /// The merchant's name.
    merchant_name: String,
    /// How much.
    amount: Money,
    /// What the merchant says about it.
    remark: String,
    /// What it is for, in words of the merchant's business.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    /// Until when it can be taken, RFC 3339.
    expires_at: String,
}

/// Shows what a merchant sent to the caller.
#[utoipa::path(
    get, path = "/v1/merchant-transfers/{package_info}", tag = "money",
    operation_id = "getMerchantTransfer",
    security(("session" = [])),
    params(("package_info" = String, Path, description = "What the merchant's app got")),
    responses(
        (status = 200, description = "The transfer", body = MerchantTransferAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "Nobody sent the caller this", body = ProblemDocument),
    ),
)]
async fn get_merchant_transfer(
    State(app): State<AppState>,
    caller: Caller,
    Id(Package(number)): Id<Package>,
) -> Result<Json<MerchantTransferAnswer>, Problem> {
    let transfer = find_own(&app, &caller, number).await?;
    answer(&app, transfer).await
}

/// Takes what a merchant sent: the money is in the balance when this returns. Where the merchant
/// named the payee, the name must be the caller's verified one; otherwise the money goes back.
#[utoipa::path(
    post, path = "/v1/merchant-transfers/confirm", tag = "money",
    operation_id = "confirmMerchantTransfer",
    security(("session" = [])),
    request_body = ConfirmMerchantTransferBody,
    responses(
        (status = 200, description = "Where the transfer stands", body = MerchantTransferAnswer),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Not verified, or no wallet", body = ProblemDocument),
        (status = 404, description = "Nobody sent the caller this", body = ProblemDocument),
        (status = 409, description = "It went back to the merchant", body = ProblemDocument),
    ),
)]
async fn confirm(
    State(app): State<AppState>,
    caller: Caller,
    Body(body): Body<ConfirmMerchantTransferBody>,
) -> Result<Json<MerchantTransferAnswer>, Problem> {
    let number = parse_package_info(&body.package_info).ok_or(Code::ObjectNotFound)?;
    let transfer = find_own(&app, &caller, number).await?;
    let wallet = own_wallet(&app, &caller).await?;
    take(&app, &transfer, caller.user, &wallet).await?;
    let transfer = find_own(&app, &caller, transfer.transfer_bill_no).await?;
    answer(&app, transfer).await
}

/// Takes a transfer for its payee, and gives where it stands then.
pub(crate) async fn take(
    app: &AppState,
    transfer: &MerchantTransfer,
    user: UserId,
    wallet: &Wallet,
) -> Result<TransferState, Problem> {
    let name = compare_names(app, transfer, wallet).await?;
    let transfer_bill_no = transfer.transfer_bill_no.clone();
    let command = ConfirmTransfer { user, wallet: wallet.id, transfer_bill_no, name };
    Ok(app.engine.run(command).await?)
}

/// The transfer that our number of it names, if there is one.
pub(crate) async fn find_by_number(
    app: &AppState,
    number: &String,
) -> Result<Option<MerchantTransfer>, Problem> {
    let queries = app.queries.as_ref();
    let Some(found) = find::<MerchantTransferByNo>(queries, number).await? else {
        return Ok(None);
    };
    let key = (found.mchid, found.out_bill_no);
    Ok(Some(find::<MerchantTransfer>(queries, &key).await?.ok_or(Code::SystemError)?))
}

/// The transfer, if it is the caller's.
async fn find_own(
    app: &AppState,
    caller: &Caller,
    number: String,
) -> Result<MerchantTransfer, Problem> {
    let transfer = find_by_number(app, &number).await?.ok_or(Code::ObjectNotFound)?;
    let payee = find::<Openid>(app.queries.as_ref(), &transfer.openid).await?;
    let own = payee.is_some_and(|payee| payee.user == caller.user);
    own.then_some(transfer).ok_or_else(|| Code::ObjectNotFound.into())
}

/// Whether the verified person has the name that the merchant gave, blanks apart.
async fn compare_names(
    app: &AppState,
    transfer: &MerchantTransfer,
    wallet: &Wallet,
) -> Result<NameCheck, Problem> {
    let (Some(given), Some(id)) = (&transfer.user_name, wallet.identity) else {
        return Ok(NameCheck::None);
    };
    let identity = find::<Identity>(app.queries.as_ref(), &id).await?.ok_or(Code::SystemError)?;
    let known = app.unseal(&name_place(&identity.document_index), &identity.name)?;
    let given = app.unseal(&payee_name_place(&transfer.mchid, &transfer.out_bill_no), given)?;
    Ok(NameCheck::compare(id, &known, &given))
}

async fn answer(
    app: &AppState,
    transfer: MerchantTransfer,
) -> Result<Json<MerchantTransferAnswer>, Problem> {
    let merchant = find::<Merchant>(app.queries.as_ref(), &transfer.mchid).await?;
    Ok(Json(MerchantTransferAnswer {
        transfer_bill_no: transfer.transfer_bill_no,
        state: transfer.state,
        merchant_name: merchant.ok_or(Code::SystemError)?.name,
        amount: transfer.amount.into(),
        remark: transfer.remark,
        purpose: transfer.perception,
        expires_at: transfer.expires_at.rfc3339(),
    }))
}
