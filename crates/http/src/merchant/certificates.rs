//! Our certificates, encrypted for the merchant that downloads them.

use super::answer::Reply;
use super::call::Call;
use super::fault::Fault;
use super::route::Route;
use apiv3::aead::AeadNonce;
use apiv3::certificates;
use apiv3::code::Code;
use apiv3::error::ApiError;
use apiv3::sealed::open_apiv3_key;
use domain::merchant::Merchant;

pub(super) const ROUTES: &[Route] =
    &[Route::get("/v3/certificates", |call| Box::pin(download(call)))];

/// SDKs that look for certificates first take this code for an empty list.
const NO_CERTIFICATES: ApiError = ApiError::saying(
    Code::NotFound,
    "无可用的平台证书，请使用平台公钥",
    "this merchant has no platform certificates, use the platform's public key",
);

async fn download(call: Call) -> Result<Reply, Fault> {
    certificates::check_query(call.query())?;
    let merchant = call.find::<Merchant>(&call.mchid).await?;
    let merchant = merchant.ok_or_else(|| Fault::defect("a certificate without merchant"))?;
    if merchant.public_key_only {
        return Err(NO_CERTIFICATES.into());
    }
    let app = &call.face.app;
    let key = open_apiv3_key(&app.keys.personal_data, &merchant)
        .map_err(|error| Fault::defect(&format!("APIv3 key of {}: {error}", merchant.mchid)))?;
    let valid: Vec<_> = call
        .keys
        .certificates(app.shell.now())
        .map(|certificate| (certificate, AeadNonce::from_random(call.face.random())))
        .collect();
    if valid.is_empty() {
        return Err(Code::NotFound.into());
    }
    Ok(Reply::json(certificates::answer(valid, &key)))
}
