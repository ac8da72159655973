//! The caller's wallet: opened, shown, frozen in an emergency, and freed again.

use super::wallet_view::{WalletAnswer, show};
use crate::app::AppState;
use crate::extract::{Caller, Keyed, Wire};
use crate::problem::{Problem, ProblemDocument};
use crate::secret::Secret;
use crate::spelling::WalletStateText;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::catalogue::Code;
use domain::ids::WalletId;
use domain::wallet::{
    FreezeWallet, FrozenBy, LiftedBy, OpenWallet, UnfreezeWallet, Wallet, WalletState,
};
use serde::{Deserialize, Serialize};
use store::queries::find;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(open_wallet, get_wallet))
        .routes(routes!(freeze_wallet))
        .routes(routes!(unfreeze_wallet))
}

/// The caller's wallet.
///
/// # Errors
/// `OBJECT_NOT_FOUND` when none is open.
pub(super) async fn own_wallet(app: &AppState, caller: &Caller) -> Result<Wallet, Problem> {
    let id = own_wallet_id(caller)?;
    find::<Wallet>(app.queries.as_ref(), &id).await?.ok_or_else(|| Code::SystemError.into())
}

/// The id of the caller's wallet.
///
/// # Errors
/// `OBJECT_NOT_FOUND` when none is open.
pub(super) fn own_wallet_id(caller: &Caller) -> Result<WalletId, Problem> {
    caller.wallet.ok_or_else(|| Code::ObjectNotFound.into())
}

/// Nothing more than the call itself: `{}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmptyBody {}

impl Wire for EmptyBody {}

/// The wallet that the caller has now.
#[derive(Serialize, ToSchema)]
struct WalletOpenedAnswer {
    /// The wallet's id.
    #[schema(value_type = String)]
    id: WalletId,
    /// Whether it was opened just now.
    is_new: bool,
}

/// Opens the caller's wallet, in state `OPENING` until identity and payment password are there. Who
/// has one gets the same again.
#[utoipa::path(
    post, path = "/v1/wallet", tag = "wallet", operation_id = "openWallet",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = EmptyBody,
    responses(
        (status = 200, description = "It was open before", body = WalletOpenedAnswer),
        (status = 201, description = "It is open", body = WalletOpenedAnswer),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 409, description = "The key was used for another request",
            body = ProblemDocument),
    ),
)]
async fn open_wallet(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body: EmptyBody {}, key }: Keyed<EmptyBody>,
) -> Result<(StatusCode, Json<WalletOpenedAnswer>), Problem> {
    let command = OpenWallet {
        user: caller.user,
        wallet: WalletId::from_bytes(app.shell.id()),
        once: key.once(caller.owner()),
    };
    let opened = app.engine.run(command).await?;
    let status = if opened.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(WalletOpenedAnswer { id: opened.wallet, is_new: opened.is_new })))
}

/// Shows the caller's wallet: balance, state, class, and what is left of the limits.
#[utoipa::path(
    get, path = "/v1/wallet", tag = "wallet", operation_id = "getWallet",
    security(("session" = [])),
    responses(
        (status = 200, description = "The wallet", body = WalletAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
    ),
)]
async fn get_wallet(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<Json<WalletAnswer>, Problem> {
    let wallet = own_wallet(&app, &caller).await?;
    show(&app, wallet).await.map(Json)
}

/// Where a wallet stands after a change.
#[derive(Serialize, ToSchema)]
struct WalletStateAnswer {
    /// The wallet's id.
    #[schema(value_type = String)]
    id: WalletId,
    /// Where it stands now.
    #[schema(value_type = WalletStateText)]
    state: WalletState,
}

/// Freezes the caller's wallet at once: nothing leaves it, and every session of the caller ends,
/// this one too. Money can still come in.
#[utoipa::path(
    post, path = "/v1/wallet/freeze", tag = "wallet", operation_id = "freezeWallet",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = EmptyBody,
    responses(
        (status = 200, description = "It is frozen", body = WalletStateAnswer),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "The wallet is closed", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 409, description = "It is frozen already, or the key was used for another \
            request", body = ProblemDocument),
    ),
)]
async fn freeze_wallet(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body: EmptyBody {}, key }: Keyed<EmptyBody>,
) -> Result<Json<WalletStateAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let by = FrozenBy::Owner(caller.user);
    let id = app.engine.run(FreezeWallet { wallet, by, once: key.once(caller.owner()) }).await?;
    Ok(Json(WalletStateAnswer { id, state: WalletState::Frozen }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnfreezeWalletBody {
    /// The payment password: six digits.
    payment_password: Secret,
}

impl Wire for UnfreezeWalletBody {
    const SECRETS: &'static [&'static str] = &["payment_password"];
}

/// Lifts the freeze that the caller asked for. A freeze of the operator stays.
#[utoipa::path(
    post, path = "/v1/wallet/unfreeze", tag = "wallet", operation_id = "unfreezeWallet",
    security(("session" = [])),
    params(("Idempotency-Key" = String, Header, description = "16 to 64 characters")),
    request_body = UnfreezeWalletBody,
    responses(
        (status = 200, description = "It is free", body = WalletStateAnswer),
        (status = 400, description = "Malformed request, or no key", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 403, description = "Wrong payment password, or not the caller's to lift",
            body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
        (status = 409, description = "The key was used for another request",
            body = ProblemDocument),
        (status = 423, description = "The payment password is locked", body = ProblemDocument),
    ),
)]
async fn unfreeze_wallet(
    State(app): State<AppState>,
    caller: Caller,
    Keyed { body, key }: Keyed<UnfreezeWalletBody>,
) -> Result<Json<WalletStateAnswer>, Problem> {
    let wallet = own_wallet_id(&caller)?;
    let password =
        body.payment_password.as_payment_password(&app.keys, &key, wallet, "/payment_password")?;
    let by = LiftedBy::Owner { user: caller.user, password };
    let once = key.once(caller.owner());
    let lifted = app.engine.run(UnfreezeWallet { wallet, by, once }).await?;
    Ok(Json(WalletStateAnswer { id: lifted.wallet, state: lifted.state }))
}
