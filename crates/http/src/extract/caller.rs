//! Who calls: a user with a session, proved by an opaque bearer token.

use crate::app::AppState;
use crate::problem::Problem;
use crate::shell::Shell;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::catalogue::Code;
use domain::ids::{DeviceId, UserId, WalletId};
use domain::user::{Session, TouchSession, User};
use kernel::crypto::sha256;
use store::queries::find_with;

/// The user of this request. A route that takes it answers SESSION_EXPIRED to everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The session, by the hash of its token.
    pub session: [u8; 32],
    /// The device that the session is on.
    pub device: DeviceId,
    /// The user's wallet, if one was open when the request came.
    pub wallet: Option<WalletId>,
}

impl Caller {
    /// Whose share of the queue and whose idempotency keys the caller's commands take.
    pub fn owner(&self) -> String {
        self.user.to_string()
    }

    /// Who proves to call; `None` for a stranger.
    async fn find(app: &AppState, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(token) = SessionToken::of(headers) else { return Ok(None) };
        let found = find_caller(app, token.hash).await?;
        match &found {
            Some(caller) => app.callers.keep(*caller),
            None => app.callers.forget(&token.hash),
        }
        Ok(found)
    }
}

/// A caller for a command that looks at the session itself: the engine has it in memory, so the
/// edge need not read it for every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCaller {
    /// The user, as of the last time the session was looked up.
    pub caller: Caller,
    /// Whether the session was looked up for this very request.
    pub is_proved: bool,
}

impl KnownCaller {
    /// Who calls, or called a moment ago with the same token; `None` for a stranger.
    pub(crate) async fn find(app: &AppState, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(token) = SessionToken::of(headers) else { return Ok(None) };
        if let Some(caller) = app.callers.get(&token.hash) {
            return Ok(Some(Self { caller, is_proved: false }));
        }
        let found = Caller::find(app, headers).await?;
        Ok(found.map(|caller| Self { caller, is_proved: true }))
    }
}

impl FromRequestParts<AppState> for KnownCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        if let Some(caller) = parts.extensions.get::<Caller>() {
            return Ok(Self { caller: *caller, is_proved: true });
        }
        Self::find(app, &parts.headers).await?.ok_or_else(|| Code::SessionExpired.into())
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(*known);
        }
        Self::find(app, &parts.headers).await?.ok_or_else(|| Code::SessionExpired.into())
    }
}

async fn find_caller(app: &AppState, hash: [u8; 32]) -> Result<Option<Caller>, Problem> {
    let on = "b.id = a.\"user\"";
    let found = find_with::<Session, User>(app.queries.as_ref(), &hash, on).await?;
    let Some((session, Some(user))) = found else { return Ok(None) };
    let now = app.business_now();
    if !session.is_live(&user, now, &app.rules()) {
        return Ok(None);
    }
    if TouchSession::is_due(&session, now) {
        let touch = TouchSession { user: user.id, token_hash: hash };
        // The request does not depend on it; the next one tries again.
        if let Err(failed) = app.engine.run(touch).await {
            tracing::debug!(?failed, "session was not touched");
        }
    }
    Ok(Some(Caller { user: user.id, session: hash, device: session.device, wallet: user.wallet }))
}

/// A bearer token: 256 random bits, of which we keep a hash only.
pub struct SessionToken {
    /// SHA-256 of the bits, by which the session is found.
    pub hash: [u8; 32],
    text: String,
}

impl SessionToken {
    /// Draws a new one.
    pub fn draw(shell: &dyn Shell) -> Self {
        let bits = shell.token();
        Self { hash: sha256(&[&bits]), text: URL_SAFE_NO_PAD.encode(bits) }
    }

    /// The token as it is handed to its user, once.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Reads the header `Authorization`.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, text) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let bits: [u8; 32] = URL_SAFE_NO_PAD.decode(text.trim()).ok()?.try_into().ok()?;
        Some(Self { hash: sha256(&[&bits]), text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::SystemShell;

    fn hash_of(header: &str) -> Option<[u8; 32]> {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, header.parse().unwrap())]);
        SessionToken::of(&headers).map(|token| token.hash)
    }

    #[test]
    fn a_token_is_found_by_what_was_handed_out() {
        let token = SessionToken::draw(&SystemShell::default());
        let hash = token.hash;
        let text = token.into_text();
        assert_eq!(text.len(), 43);
        assert_eq!(hash_of(&format!("Bearer {text}")), Some(hash));
        assert_eq!(hash_of(&format!("bearer {text}")), Some(hash));
        for other in [text.clone(), format!("Basic {text}"), format!("Bearer {text}A")] {
            assert_eq!(hash_of(&other), None, "{other}");
        }
    }
}
