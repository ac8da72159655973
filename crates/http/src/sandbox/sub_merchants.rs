//! A sub-merchant for a merchant that wants to try what service providers do.

use crate::app::AppState;
use crate::extract::{Body, Wire};
use crate::merchant::{MerchantRequest, add_merchant};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::merchant::{
    AllowProfitReturn, BindSubMerchant, Merchant, MerchantAppid, SubMerchant, SubMerchantState,
};
use serde::{Deserialize, Serialize};
use store::queries::{Value, find, select};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const NAME: &str = "Demo Noodle Shop 示例面馆";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(serve_sub_merchant))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProviderBody {
    /// The merchant that becomes a service provider.
    mchid: String,
}

impl Wire for ProviderBody {}

#[derive(Serialize, ToSchema)]
struct ServedSubMerchant {
    /// The sub-merchant's number.
    sub_mchid: String,
    /// Its app id.
    sub_appid: String,
    /// Its name, which a merchant that adds it as a receiver of shares has to know.
    sub_name: String,
}

/// Gives a merchant a sub-merchant that it serves: the same one each time, made at the first.
#[utoipa::path(
    post, path = "/sandbox/v1/sub-merchants", tag = "sandbox", operation_id = "serveSubMerchant",
    request_body = ProviderBody,
    responses(
        (status = 200, description = "It is served by the merchant", body = ServedSubMerchant),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 404, description = "No such merchant", body = ProblemDocument),
    ),
)]
async fn serve_sub_merchant(
    State(app): State<AppState>,
    Body(ProviderBody { mchid }): Body<ProviderBody>,
) -> Result<Json<ServedSubMerchant>, Problem> {
    find::<Merchant>(app.queries.as_ref(), &mchid).await?.ok_or(Code::ObjectNotFound)?;
    if let Some(served) = served(&app, &mchid).await? {
        return Ok(Json(served));
    }
    let request = MerchantRequest { name: NAME.into(), ..Default::default() };
    let made = add_merchant(&app.engine, &app.keys, app.shell.as_ref(), &request).await;
    let made = made.map_err(|error| {
        tracing::warn!(%error, "no sub-merchant was made");
        Problem::new(Code::SystemBusy).after(1)
    })?;
    let (sub_mchid, sub_appid) = (made.mchid, made.appid);
    let state = SubMerchantState::Active;
    app.engine.run(BindSubMerchant { mchid, sub_mchid: sub_mchid.clone(), state }).await?;
    // So that returns of shares can be tried too.
    let agree = AllowProfitReturn { mchid: sub_mchid.clone(), is_allowed: true };
    app.engine.run(agree).await?;
    Ok(Json(ServedSubMerchant { sub_mchid, sub_appid, sub_name: request.name }))
}

/// The first one that the merchant serves.
async fn served(app: &AppState, mchid: &str) -> Result<Option<ServedSubMerchant>, Problem> {
    let queries = app.queries.as_ref();
    let condition = "mchid = $1 AND state = $2 ORDER BY since, sub_mchid LIMIT 1";
    let state = SubMerchantState::Active.as_str().to_owned();
    let parameters = vec![Value::Text(mchid.to_owned()), Value::Text(state)];
    let Some(relation) = select::<SubMerchant>(queries, condition, parameters).await?.pop() else {
        return Ok(None);
    };
    let condition = "mchid = $1 ORDER BY added_at, appid LIMIT 1";
    let parameters = vec![Value::Text(relation.sub_mchid.clone())];
    let bound = select::<MerchantAppid>(queries, condition, parameters).await?.pop();
    let MerchantAppid { mchid: sub_mchid, appid: sub_appid, .. } =
        bound.ok_or_else(|| Problem::new(Code::ObjectNotFound))?;
    let merchant = find::<Merchant>(queries, &sub_mchid).await?;
    let sub_name = merchant.ok_or_else(|| Problem::new(Code::ObjectNotFound))?.name;
    Ok(Some(ServedSubMerchant { sub_mchid, sub_appid, sub_name }))
}
