//! What an operator does from the command line. While a server runs, it does it: the request goes
//! to its socket in the data folder. Otherwise this process opens the database with an engine of
//! its own for that one request. Never SQL.

mod complaints;
mod keys;
mod perform;
mod request;
mod socket;
mod transfers;

pub(crate) use complaints::ComplaintRequest;
pub(crate) use keys::KeyRequest;
pub(crate) use perform::Operator;
pub(crate) use request::{Answer, FreezeBecause, H5DomainRequest, Request, SigningKey, WebhookOf};
pub(crate) use socket::{Socket, serve};
pub(crate) use transfers::{TransferRequest, Verdict};

use crate::cli::ConfigFlags;
use crate::config::Config;
use crate::database::Database;
use crate::key_file;
use std::error::Error;
use std::sync::Arc;

/// Has a request performed, by the running server or by ourselves.
pub(crate) async fn ask(config: &Config, request: &Request) -> Result<Answer, Box<dyn Error>> {
    if let Some(answer) = socket::ask(&config.control_socket(), request).await? {
        return Ok(answer);
    }
    let keys = Arc::new(key_file::load(&config.key_file())?);
    let database = Database::open(config).await?;
    let (engine, merchant_address) = (database.engine.clone(), config.merchant_listen);
    let queries = Arc::clone(&database.queries);
    let operator = Operator { engine, queries, keys, merchant_address, reset: None };
    let answer = operator.perform(request).await;
    database.close().await;
    Ok(answer)
}

/// Who of the staff types, for what is kept of what they did: the name that their environment has
/// for them, before they became another user. It proves nothing; who gets here is trusted.
pub(crate) fn staff() -> String {
    let named = ["SUDO_USER", "USER"].into_iter().filter_map(|name| std::env::var(name).ok());
    let mut named = named.filter(|name| !name.trim().is_empty());
    named.next().unwrap_or_else(|| "operator".to_owned())
}

/// Has a request performed and prints what came of it.
pub(crate) async fn tell(flags: &ConfigFlags, request: &Request) -> Result<(), Box<dyn Error>> {
    match ask(&flags.load()?, request).await? {
        Answer::Done(told) => say!("{told}"),
        Answer::Failed(why) => return Err(why.into()),
    }
    Ok(())
}
