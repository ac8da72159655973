//! `jiaozi suspense list`: money that a bank's contradicting words left between the accounts, for
//! an officer to look into.

use crate::cli::{ListFlags, SuspenseAction};
use crate::database;
use domain::card::BankMovement;
use domain::ledger::Subject;
use domain::top_up::TopUp;
use domain::withdrawal::Withdrawal;
use serde_json::{Value, json};
use std::error::Error;
use store::Queries;
use store::queries::{self, QueryError, select};

/// Does what was typed.
pub(crate) async fn run(SuspenseAction::List(flags): SuspenseAction) -> Result<(), Box<dyn Error>> {
    let ListFlags { json, config } = flags;
    let database = database::read_only(&config.load()?)?;
    let mut cases = Vec::new();
    let condition = "suspended_minor <> 0 ORDER BY id";
    for case in select::<TopUp>(database.as_ref(), condition, Vec::new()).await? {
        cases.push(top_up(database.as_ref(), &case).await?);
    }
    let condition = "(suspended_minor <> 0 OR state = 'EXCEPTION') ORDER BY id";
    for case in select::<Withdrawal>(database.as_ref(), condition, Vec::new()).await? {
        cases.push(withdrawal(database.as_ref(), &case).await?);
    }
    if json {
        say!("{}", Value::from(cases));
        return Ok(());
    }
    for case in &cases {
        let text = |name: &str| case[name].as_str().unwrap_or("-").to_owned();
        let [id, wallet, state] = ["id", "wallet", "state"].map(text);
        let (amount, suspended) = (&case["amount_minor"], &case["suspended_minor"]);
        say!("{id}  {wallet}  {state:<9}  amount {amount} fen, in suspense {suspended} fen");
        say!("    references of the bank: {}", case["bank_movements"]);
    }
    Ok(())
}

async fn top_up(queries: &dyn Queries, case: &TopUp) -> Result<Value, QueryError> {
    Ok(json!({
        "kind": "TOP_UP",
        "id": case.id,
        "wallet": case.wallet,
        "card": case.card,
        "state": case.state,
        "failure": case.failure.map(|code| code.to_string()),
        "amount_minor": case.amount.minor(),
        "suspended_minor": case.suspended_minor,
        "bank_ref": case.bank_ref,
        "bank_movements": movements(queries, &Subject::new("top_up", case.id)).await?,
        "created_at": case.created_at.rfc3339(),
    }))
}

async fn withdrawal(queries: &dyn Queries, case: &Withdrawal) -> Result<Value, QueryError> {
    Ok(json!({
        "kind": "WITHDRAWAL",
        "id": case.id,
        "wallet": case.wallet,
        "card": case.card,
        "state": case.state,
        "failure": case.failure.map(|code| code.to_string()),
        "amount_minor": case.amount.minor(),
        "suspended_minor": case.suspended_minor,
        "bank_ref": case.bank_ref,
        "bank_movements": movements(queries, &Subject::new("withdrawal", case.id)).await?,
        "created_at": case.created_at.rfc3339(),
    }))
}

/// Every movement that the bank reported for one top-up or withdrawal.
async fn movements(queries: &dyn Queries, subject: &Subject) -> Result<Value, QueryError> {
    let parameters = vec![queries::Value::Text(subject.as_str().to_owned())];
    let reported: Vec<BankMovement> =
        select(queries, "subject = $1 ORDER BY reported_at, bank_ref", parameters).await?;
    let shown = reported.iter().map(|movement| {
        json!({
            "bank_ref": movement.bank_ref,
            "state": movement.state,
            "amount_minor": movement.amount.minor(),
            "journal": movement.journal,
            "reported_at": movement.reported_at.rfc3339(),
        })
    });
    Ok(shown.collect())
}
