//! The self-test of signing and encryption.

use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, run};
use super::route::Route;
use apiv3::echo::Echo;
use domain::merchant::EchoSecurity;

pub(super) const ROUTES: &[Route] =
    &[Route::post("/v3/security/echo", |call| Box::pin(echo(call)))];

/// Random digits of an echo's number, after the time.
const DRAWN_DIGITS: usize = 4;

async fn echo(call: Call) -> Result<Reply, Fault> {
    let echo = Echo::parse(&call.body, &call.caller(), call.named_key())?;
    if let Some(notify_url) = &echo.notify_url {
        run(&call.face, || EchoSecurity {
            mchid: call.mchid.clone(),
            number: call.face.app.draw_number(DRAWN_DIGITS),
            message: echo.message.clone(),
            notify_url: notify_url.clone(),
        })
        .await?;
    }
    let sealed = echo.opened.as_deref().map(|text| call.seal(text)).transpose()?;
    Ok(Reply::json(echo.answer(sealed.as_deref())))
}
