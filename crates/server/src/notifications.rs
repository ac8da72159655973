//! `jiaozi merchant notifications` and `resend`: what merchants were not told yet.

use crate::cli::{ListFlags, NotificationFlags, ResendFlags};
use crate::database;
use crate::operator::{self, Request};
use domain::fact::Fact;
use domain::notification::{Retry, RetryState};
use serde_json::{Value, json};
use std::error::Error;
use store::queries::{self, find, select};

/// Lists those that failed at first, in the order in which they happened.
pub(crate) async fn list(flags: NotificationFlags) -> Result<(), Box<dyn Error>> {
    let NotificationFlags { mchid, dead, list: ListFlags { json, config } } = flags;
    let queries = database::read_only(&config.load()?)?;
    let (of_merchant, parameters) = match mchid {
        None => ("", Vec::new()),
        Some(mchid) => (" AND mchid = $1", vec![queries::Value::Text(mchid)]),
    };
    let dead = if dead { " AND state = 'DEAD'" } else { "" };
    let condition = format!("1 = 1{of_merchant}{dead} ORDER BY batch, place");
    let retries: Vec<Retry> = select(queries.as_ref(), &condition, parameters).await?;
    let mut shown = Vec::new();
    for retry in retries {
        let fact = find::<Fact>(queries.as_ref(), &(retry.batch, retry.place)).await?;
        shown.push(to_json(&retry, fact.as_ref()));
    }
    if json {
        say!("{}", Value::from(shown));
        return Ok(());
    }
    for one in &shown {
        let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        let [id, state, mchid] = ["notification", "state", "mchid"].map(text);
        let [event, subject, due, error] = ["event", "subject", "due_at", "last_error"].map(text);
        let attempts = &one["attempts"];
        say!(
            "{id:<12} {state:<7} {mchid}  {event} {subject}  {attempts} failed, due {due}, {error}"
        );
    }
    Ok(())
}

fn to_json(retry: &Retry, fact: Option<&Fact>) -> Value {
    json!({
        "notification": format!("{}/{}", retry.batch, retry.place),
        "state": retry.state,
        "mchid": retry.mchid,
        "event": fact.map(|fact| fact.kind),
        "subject": fact.map(|fact| &fact.subject),
        "happened_at": fact.map(|fact| fact.at.rfc3339()),
        "attempts": retry.attempts,
        "due_at": (retry.state == RetryState::Waiting).then(|| retry.due_at.rfc3339()),
        "last_error": retry.last_error,
    })
}

/// Has one sent again.
pub(crate) async fn resend(flags: &ResendFlags) -> Result<(), Box<dyn Error>> {
    let parts = flags.notification.split_once('/');
    let numbers = parts.map(|(batch, place)| (batch.parse(), place.parse()));
    let Some((Ok(batch), Ok(place))) = numbers else {
        return Err("not a notification: it is written <batch>/<place>".into());
    };
    operator::tell(&flags.config, &Request::Resend { batch, place }).await
}
