//! The way to the outside world: bank, SMS carrier and identity authority, and back for what the
//! bank tells by itself.

use crate::bank_process::BankProcess;
use crate::config::Config;
use crate::key_file;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::catalogue::Code;
use http_api::problem::Problem;
use kernel::SecretString;
use providers::bank::SandboxBank;
use providers::identity::SandboxIdentity;
use providers::sms::SandboxSms;
use providers::{Connection, ConnectionError};
use std::sync::Arc;
use std::time::Duration;
use worker::{BankCallbacks, CallbackFailed, Providers};

/// Where the bank tells what it does by itself.
pub(crate) const CALLBACK_PATH: &str = "/callbacks/bank";

/// How long one exchange may take before its outcome is unknown.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const CALLBACK_BYTES_MAX: usize = 64 * 1024;

/// Why the outside world cannot be reached.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// Nobody said where it is.
    #[error("no providers: set `providers.url`, or run with --sandbox")]
    Unset,
    /// The secret is not there or not secret.
    #[error(transparent)]
    Secret(#[from] key_file::KeyError),
    /// There is no file with the secret.
    #[error("file {0} is missing: it holds the secret that the providers gave you")]
    NoSecret(std::path::PathBuf),
    /// The client cannot be made.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}

/// Where the providers are, and what is shown to them.
pub(crate) struct Link {
    url: String,
    secret: SecretString,
}

impl Link {
    /// To the sandbox bank if there is one, otherwise to what is configured.
    pub(crate) fn of(config: &Config, bank: Option<&BankProcess>) -> Result<Self, LinkError> {
        if let Some(bank) = bank {
            let url = format!("http://{}", bank.address);
            return Ok(Self { url, secret: bank.secret.clone() });
        }
        if config.providers_url.is_empty() {
            return Err(LinkError::Unset);
        }
        Ok(Self { url: config.providers_url.clone(), secret: providers_secret(config)? })
    }

    /// The clients.
    pub(crate) fn providers(&self) -> Result<Providers, LinkError> {
        let connection = Connection::try_new(&self.url, self.secret.clone(), TIME_LIMIT)?;
        Ok(Providers {
            bank: Arc::new(SandboxBank::new(connection.clone())),
            sms: Arc::new(SandboxSms::new(connection.clone())),
            identity: Arc::new(SandboxIdentity::new(connection)),
        })
    }

    /// The route on which the bank's messages arrive.
    pub(crate) fn callbacks(&self, app: &http_api::AppState) -> Router {
        let callbacks = BankCallbacks {
            engine: app.engine.clone(),
            queries: Arc::clone(&app.queries),
            shell: Arc::new(worker::SystemShell::default()),
            keys: Arc::clone(&app.keys),
            secret: self.secret.clone(),
        };
        Router::new()
            .route(CALLBACK_PATH, post(take))
            .layer(DefaultBodyLimit::max(CALLBACK_BYTES_MAX))
            .with_state(callbacks)
    }
}

/// What the providers gave us to show to them.
pub(crate) fn providers_secret(config: &Config) -> Result<SecretString, LinkError> {
    let file = config.providers_secret();
    let secret = key_file::read_secret(&file)?.ok_or(LinkError::NoSecret(file))?;
    Ok(SecretString::from(secret.trim().to_owned()))
}

async fn take(
    State(callbacks): State<BankCallbacks>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = body.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Code::BodyTooLarge),
        _ => Problem::invalid(""),
    })?;
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match callbacks.take(header("bank-timestamp"), header("bank-signature"), &body).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(CallbackFailed::Refused(_)) => Err(Code::SignatureInvalid.into()),
        Err(CallbackFailed::Unknown) => Err(Code::ObjectNotFound.into()),
        Err(CallbackFailed::Unavailable) => Err(Problem::new(Code::SystemBusy).after(1)),
    }
}
