//! The bank's statement against what we heard of the bank, line by line and day by day.

use crate::sandbox::Sandbox;
use domain::card::{BankMovement, MovementState};
use kernel::Timestamp;
use kernel::time::DAY;
use serde::Deserialize;

/// One movement of money: the request, the bank's reference, which way, and how much in fen.
type Line = (String, String, String, i64);

#[derive(Deserialize)]
struct Statement {
    lines: Vec<Booked>,
}

#[derive(Deserialize)]
struct Booked {
    request_id: String,
    bank_ref: String,
    direction: String,
    amount: i64,
}

/// Every line of the bank since `first` is a movement of ours and the other way round, and our
/// account at the bank is what they add up to.
pub(crate) async fn agrees(sandbox: &Sandbox, first: Timestamp) {
    // The demo person topped up before, and midnight may have passed since.
    let mut day = first.plus(-DAY).business_date();
    let last = sandbox.now().await.business_date();
    let mut theirs: Vec<Line> = Vec::new();
    while day <= last {
        let path = format!("/bank/v1/statement?day={day}");
        let booked = sandbox.ask_bank::<Statement>(&path).await.lines.into_iter();
        theirs.extend(booked.map(|b| (b.request_id, b.bank_ref, b.direction, b.amount)));
        day = day.tomorrow().unwrap();
    }
    let movements: Vec<BankMovement> = sandbox.rows("TRUE", &[]).await;
    let mut ours: Vec<Line> = movements.iter().flat_map(lines).collect();
    theirs.sort();
    ours.sort();
    let missing: Vec<_> = theirs.iter().filter(|line| !ours.contains(line)).collect();
    let extra: Vec<_> = ours.iter().filter(|line| !theirs.contains(line)).collect();
    assert_eq!(theirs, ours, "we lack {missing:?}, the bank lacks {extra:?}");
    for way in ["DEBIT", "CREDIT", "DEBIT_RETURN", "CREDIT_RETURN"] {
        assert!(ours.iter().any(|(_, _, of_ours, _)| of_ours == way), "no {way}");
    }
    let net: i64 = ours.iter().map(|(_, _, way, amount)| sign(way) * amount).sum();
    let audit = sandbox.audit().await;
    assert!(audit.is_clean(), "{:?}", audit.findings);
    let bank = audit.trial_balance.iter().find(|line| line.account.ends_with("/BANK"));
    let bank = bank.unwrap_or_else(|| panic!("no account at the bank: {:?}", audit.trial_balance));
    assert_eq!(-bank.balance, net, "our account at the bank");
}

fn lines(movement: &BankMovement) -> Vec<Line> {
    let (kind, id) = movement.subject.split_once(':').unwrap();
    let way = match kind {
        "top_up" => "DEBIT",
        "withdrawal" => "CREDIT",
        other => panic!("a movement of {other}"),
    };
    let line =
        |way: String| (id.to_owned(), movement.bank_ref.clone(), way, movement.amount.minor());
    match movement.state {
        MovementState::Done => vec![line(way.into())],
        MovementState::Returned => vec![line(way.into()), line(format!("{way}_RETURN"))],
    }
}

/// Whether the line brings money to us.
fn sign(way: &str) -> i64 {
    if matches!(way, "DEBIT" | "CREDIT_RETURN") { 1 } else { -1 }
}
