//! The self-test of signing and encryption.

use super::answer::Reply;
use super::call::Call;
use super::fault::Fault;
use super::route::Route;
use apiv3::echo::Echo;

pub(super) const ROUTES: &[Route] =
    &[Route::post("/v3/security/echo", |call| Box::pin(echo(call)))];

async fn echo(call: Call) -> Result<Reply, Fault> {
    let echo = Echo::parse(&call.body, &call.caller(), call.named_key())?;
    let sealed = echo.opened.as_deref().map(|text| call.seal(text)).transpose()?;
    Ok(Reply::json(echo.answer(sealed.as_deref())))
}
