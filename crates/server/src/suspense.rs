//! `jiaozi suspense list`: money that a bank's contradicting words left between the accounts, for
//! an officer to look into.

use crate::cli::{ListFlags, SuspenseAction};
use crate::database;
use domain::card::BankMovement;
use domain::catalogue::Code;
use domain::ids::{CardId, WalletId};
use domain::ledger::Subject;
use domain::order::CardPayment;
use domain::refund::RefundPayout;
use domain::top_up::TopUp;
use domain::withdrawal::Withdrawal;
use kernel::{Amount, Timestamp};
use serde_json::{Value, json};
use std::error::Error;
use store::Queries;
use store::queries::{self, Described, QueryError, select};

/// Does what was typed.
pub(crate) async fn run(SuspenseAction::List(flags): SuspenseAction) -> Result<(), Box<dyn Error>> {
    let ListFlags { json, config } = flags;
    let database = database::read_only(&config.load()?)?;
    let queries = database.as_ref();
    let mut cases = Vec::new();
    cases.extend(read::<TopUp>(queries, "suspended_minor <> 0").await?);
    let or_exception = "(suspended_minor <> 0 OR state = 'EXCEPTION')";
    cases.extend(read::<Withdrawal>(queries, or_exception).await?);
    cases.extend(read::<CardPayment>(queries, "suspended_minor <> 0").await?);
    cases.extend(read::<RefundPayout>(queries, or_exception).await?);
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

/// What all movements at a bank have.
struct Case {
    kind: &'static str,
    /// What journals call it.
    subject: Subject,
    wallet: Option<WalletId>,
    card: CardId,
    state: &'static str,
    failure: Option<Code>,
    amount: Amount,
    suspended_minor: i64,
    bank_ref: Option<String>,
    created_at: Timestamp,
}

/// The cases of one table, the oldest first.
async fn read<R: Described>(
    queries: &dyn Queries,
    condition: &str,
) -> Result<Vec<Value>, QueryError>
where
    Case: From<R>,
{
    let mut cases = Vec::new();
    let rows = select::<R>(queries, &format!("{condition} ORDER BY id"), Vec::new()).await?;
    for case in rows.into_iter().map(Case::from) {
        cases.push(json!({
            "kind": case.kind,
            "id": case.subject.parts().1,
            "wallet": case.wallet,
            "card": case.card,
            "state": case.state,
            "failure": case.failure.map(|code| code.to_string()),
            "amount_minor": case.amount.minor(),
            "suspended_minor": case.suspended_minor,
            "bank_ref": case.bank_ref,
            "bank_movements": movements(queries, &case.subject).await?,
            "created_at": case.created_at.rfc3339(),
        }));
    }
    Ok(cases)
}

/// Declares how a row is a case: its kind, what journals call it, and whose wallet it is.
macro_rules! case_of {
    ($($row:ident, $kind:literal, $subject:literal, $wallet:expr;)+) => {$(
        impl From<$row> for Case {
            fn from(row: $row) -> Self {
                let wallet: fn(&$row) -> Option<WalletId> = $wallet;
                Self {
                    kind: $kind,
                    subject: Subject::new($subject, row.id),
                    wallet: wallet(&row),
                    card: row.card,
                    state: row.state.as_str(),
                    failure: row.failure,
                    amount: row.amount,
                    suspended_minor: row.suspended_minor,
                    bank_ref: row.bank_ref,
                    created_at: row.created_at,
                }
            }
        }
    )+};
}

case_of! {
    TopUp, "TOP_UP", "top_up", |row| Some(row.wallet);
    Withdrawal, "WITHDRAWAL", "withdrawal", |row| Some(row.wallet);
    CardPayment, "CARD_PAYMENT", "card_payment", |row| Some(row.wallet);
    RefundPayout, "REFUND_PAYOUT", "refund_payout", |_| None;
}

/// Every movement that the bank reported for one case.
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
