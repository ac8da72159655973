//! What the worker reads: rows that are or will be due, and facts to be told.

use crate::slots::{Held, Place};
use domain::fact::{Fact, SLOTS};
use domain::job::Job;
use domain::notification::Retry;
use domain::order::Order;
use store::queries::{Value, select};
use store::{Queries, QueryError};

/// The condition that a row belongs to a held slot.
fn in_slots(held: &Held) -> String {
    if held.len() == usize::try_from(SLOTS).unwrap_or(usize::MAX) {
        return "slot >= 0".into();
    }
    let slots: Vec<String> = held.keys().map(i64::to_string).collect();
    format!("slot IN ({})", slots.join(", "))
}

/// The condition that a text column is none of these.
fn none_of(column: &str, values: Vec<String>) -> (String, Vec<Value>) {
    if values.is_empty() {
        return (String::new(), Vec::new());
    }
    let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
    let condition = format!(" AND {column} NOT IN ({})", places.join(", "));
    (condition, values.into_iter().map(Value::Text).collect())
}

/// Jobs in order of their due time, as far as they were written up to a batch.
pub(crate) async fn jobs(
    queries: &dyn Queries,
    held: &Held,
    without_kinds: Vec<String>,
    up_to_batch: i64,
    limit: usize,
) -> Result<Vec<Job>, QueryError> {
    let (none_of, mut parameters) = none_of("kind", without_kinds);
    parameters.push(Value::Int(up_to_batch));
    let (slots, last) = (in_slots(held), parameters.len());
    let condition =
        format!("{slots}{none_of} AND version <= ${last} ORDER BY due_at LIMIT {limit}");
    select(queries, &condition, parameters).await
}

/// Notifications that are tried again, in order of their due time.
pub(crate) async fn retries(
    queries: &dyn Queries,
    held: &Held,
    without_merchants: Vec<String>,
    limit: usize,
) -> Result<Vec<Retry>, QueryError> {
    let (none_of, parameters) = none_of("mchid", without_merchants);
    let slots = in_slots(held);
    let condition = format!("state = 'WAITING' AND {slots}{none_of} ORDER BY due_at LIMIT {limit}");
    select(queries, &condition, parameters).await
}

/// Unpaid orders in order of the time at which they close.
pub(crate) async fn unpaid_orders(
    queries: &dyn Queries,
    limit: usize,
) -> Result<Vec<Order>, QueryError> {
    // As the index says it.
    let unpaid = "(state = 'NOTPAY' OR state = 'USERPAYING' OR state = 'BANK_PENDING')";
    let condition = format!("{unpaid} ORDER BY expires_at LIMIT {limit}");
    select(queries, &condition, Vec::new()).await
}

/// Facts of held slots after a place, up to a batch, in their order.
pub(crate) async fn facts(
    queries: &dyn Queries,
    held: &Held,
    after: Place,
    up_to_batch: i64,
    limit: usize,
) -> Result<Vec<Fact>, QueryError> {
    let slots = in_slots(held);
    let condition = format!(
        "(batch, place) > ($1, $2) AND batch <= $3 AND {slots} ORDER BY batch, place LIMIT {limit}"
    );
    let parameters = [after.0, after.1, up_to_batch].map(Value::Int).to_vec();
    select(queries, &condition, parameters).await
}
