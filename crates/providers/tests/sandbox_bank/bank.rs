//! Cards, debits, credits and statements.

use crate::stage::{self, CREDIT_SETTLED_US, LATE_US, Stage, id};
use jiaozi_providers::bank::{
    Bank, BankAnswer, Direction, LineMovement, Revocation, RevokeAnswer, SigningAnswer,
    StatementQuery,
};
use jiaozi_providers::{RequestId, Unclear};
use kernel::Amount;

fn fen(minor: i64) -> Amount {
    Amount::fen(minor).unwrap()
}

fn reference(answer: &BankAnswer) -> String {
    match answer {
        BankAnswer::Done { bank_ref } | BankAnswer::Pending { bank_ref } => bank_ref.clone(),
        other => panic!("no reference in {other:?}"),
    }
}

fn declined(code: &str) -> BankAnswer {
    BankAnswer::Declined { code: code.to_owned() }
}

#[tokio::test]
async fn a_card_is_signed_with_the_code_from_the_inbox() {
    let stage = Stage::start("").await;
    let check = stage.check("b1", "6222020123456789015");
    assert!(matches!(stage.bank.check_card(&check).await, SigningAnswer::CodeSent));
    assert!(matches!(stage.bank.check_card(&check).await, SigningAnswer::CodeSent));
    let code = stage.code().await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let tried = stage.confirm("b1", "c1", wrong).await;
    assert!(matches!(tried, SigningAnswer::WrongCode { tries_left: 4 }), "{tried:?}");
    let again = stage.confirm("b1", "c1", wrong).await;
    assert!(matches!(again, SigningAnswer::WrongCode { tries_left: 4 }), "{again:?}");
    let SigningAnswer::Signed { token } = stage.confirm("b1", "c2", &code).await else {
        panic!("not signed");
    };
    let found = stage.bank.find_signing(&id("b1")).await;
    let SigningAnswer::Signed { token: found } = found else { panic!("{found:?}") };
    use kernel::ExposeSecret;
    assert_eq!(token.expose_secret(), found.expose_secret());
    assert!(!format!("{token:?} {check:?}").contains(token.expose_secret()));
    assert!(!format!("{check:?}").contains("6222020123456789015"));
    assert_eq!(stage.messages().await.len(), 1);
}

#[tokio::test]
async fn five_wrong_codes_and_an_old_code_end_a_signing() {
    let stage = Stage::start("").await;
    stage.bank.check_card(&stage.check("b1", "6222020123456789015")).await;
    for attempt in 0..4 {
        let tried = stage.confirm("b1", &format!("c{attempt}"), "x").await;
        assert!(matches!(tried, SigningAnswer::WrongCode { .. }), "{tried:?}");
    }
    assert!(matches!(stage.confirm("b1", "c4", "x").await, SigningAnswer::TooManyTries));
    let right = stage.code().await;
    assert!(matches!(stage.confirm("b1", "c5", &right).await, SigningAnswer::TooManyTries));

    stage.bank.check_card(&stage.check("b2", "6222020123456789015")).await;
    let right = stage.code().await;
    stage.clock.raise_offset(5 * 60 * 1_000_000 + 1).await.unwrap();
    assert!(matches!(stage.confirm("b2", "c6", &right).await, SigningAnswer::CodeExpired));
}

#[tokio::test]
async fn checks_are_declined_put_off_or_never_seen() {
    let stage = Stage::start("CARD_PHONE_MISMATCH\nCARD_CVV_INVALID").await;
    let answer = stage.bank.check_card(&stage.check("b1", "6222020123456789014")).await;
    assert!(matches!(&answer, SigningAnswer::Declined { code } if code == "14"), "{answer:?}");
    for (request, code) in [("b2", "CARD_PHONE_MISMATCH"), ("b3", "CARD_CVV_INVALID")] {
        let card = stage.card(code, Some("BIND"));
        let answer = stage.bank.check_card(&stage.check(request, &card)).await;
        assert!(matches!(&answer, SigningAnswer::Declined { code: c } if c == code), "{answer:?}");
    }
    let pending = stage.check("b4", &stage.card("pending", Some("BIND")));
    assert!(matches!(stage.bank.check_card(&pending).await, SigningAnswer::Pending));
    stage.clock.raise_offset(600 * 1_000_000 + 1).await.unwrap();
    assert!(matches!(stage.bank.find_signing(&id("b4")).await, SigningAnswer::CodeSent));
    assert!(matches!(stage.bank.find_signing(&id("b5")).await, SigningAnswer::NotSeen));

    let mut expired = stage.check("b6", "6222103456789018");
    let number = sandbox_bank::card_number("622210", 16, 7);
    expired.card_number = number.into();
    expired.credit.as_mut().unwrap().expiry = "01/20".to_owned().into();
    let answer = stage.bank.check_card(&expired).await;
    assert!(matches!(&answer, SigningAnswer::Declined { code } if code == "54"), "{answer:?}");
}

#[tokio::test]
async fn a_check_whose_answer_is_late_or_lost_is_found_by_asking() {
    let stage = Stage::start("").await;
    for (request, name, why) in
        [("b1", "late", Unclear::TimedOut), ("b2", "lost", Unclear::Connection)]
    {
        let check = stage.check(request, &stage.card(name, Some("BIND")));
        let answer = stage.hasty_bank.check_card(&check).await;
        assert!(matches!(answer, SigningAnswer::Unknown(found) if found == why), "{answer:?}");
        assert!(matches!(stage.bank.find_signing(&id(request)).await, SigningAnswer::CodeSent));
    }
}

#[tokio::test]
async fn a_debit_happens_once_and_a_credit_arrives_later() {
    let stage = Stage::start("").await;
    let token = stage.sign("6222020123456789015").await;
    let debit = stage.movement("d1", &token, fen(12_300));
    let first = stage.bank.debit(&debit).await;
    assert!(matches!(first, BankAnswer::Done { .. }), "{first:?}");
    assert_eq!(stage.bank.debit(&debit).await, first);
    assert_eq!(stage.bank.find_debit(&id("d1"), fen(12_300)).await, first);

    let otherwise = stage.bank.find_debit(&id("d1"), fen(12_301)).await;
    assert_eq!(otherwise, BankAnswer::Unknown(Unclear::Unreadable), "another amount is no answer");

    let other = stage.movement("d1", &token, fen(12_400));
    assert_eq!(stage.bank.debit(&other).await, BankAnswer::Unknown(Unclear::Status(409)));

    let credit = stage.movement("d1", &token, fen(500));
    let accepted = stage.bank.credit(&credit).await;
    assert!(matches!(accepted, BankAnswer::Pending { .. }), "{accepted:?}");
    stage.clock.raise_offset(CREDIT_SETTLED_US).await.unwrap();
    let bank_ref = reference(&accepted);
    let found = stage.bank.find_credit(&id("d1"), fen(500)).await;
    assert_eq!(found, BankAnswer::Done { bank_ref });
    let otherwise = stage.bank.find_credit(&id("d1"), fen(50)).await;
    assert_eq!(otherwise, BankAnswer::Unknown(Unclear::Unreadable), "another amount is no answer");
    assert_eq!(stage.bank.find_credit(&id("d2"), fen(500)).await, BankAnswer::NotSeen);
}

#[tokio::test]
async fn the_bank_says_no_by_card_by_amount_by_limit_and_without_a_token() {
    let stage = Stage::start("BANK_DECLINED\nWITHDRAW_CARD_CLASS_LIMIT").await;
    let refusing = stage.sign(&stage.card("BANK_DECLINED", Some("DEBIT"))).await;
    let answer = stage.bank.debit(&stage.movement("d1", &refusing, fen(100))).await;
    assert_eq!(answer, declined("BANK_DECLINED"));
    let full = stage.sign(&stage.card("WITHDRAW_CARD_CLASS_LIMIT", Some("CREDIT"))).await;
    let answer = stage.bank.credit(&stage.movement("w1", &full, fen(100))).await;
    assert_eq!(answer, declined("WITHDRAW_CARD_CLASS_LIMIT"));
    let iso = stage.sign(&stage.card("iso-75", Some("DEBIT"))).await;
    assert_eq!(stage.bank.debit(&stage.movement("d2", &iso, fen(100))).await, declined("75"));

    let plain = stage.sign("6222020123456789015").await;
    assert_eq!(stage.bank.debit(&stage.movement("d3", &plain, fen(151))).await, declined("51"));
    let single = stage.movement("d4", &plain, fen(3_000_001));
    assert_eq!(stage.bank.debit(&single).await, declined("61"));
    for (request, amount, done) in [("d5", 3_000_000, true), ("d6", 2_000_001, false)] {
        let answer = stage.bank.debit(&stage.movement(request, &plain, fen(amount))).await;
        assert_eq!(matches!(answer, BankAnswer::Done { .. }), done, "{answer:?}");
    }

    let unknown = stage.movement("d7", "tok_none", fen(100));
    assert_eq!(stage.bank.debit(&unknown).await, declined("14"));
    let request_id = id("r1");
    let revocation = Revocation { request_id, token: plain.clone().into() };
    assert_eq!(stage.bank.revoke(&revocation).await, RevokeAnswer::Revoked);
    assert_eq!(stage.bank.revoke(&revocation).await, RevokeAnswer::Revoked);
    assert_eq!(stage.bank.debit(&stage.movement("d8", &plain, fen(100))).await, declined("57"));
    let unknown = Revocation { request_id: id("r2"), token: "tok_none".to_owned().into() };
    assert_eq!(stage.bank.revoke(&unknown).await, RevokeAnswer::NotSeen);
}

#[tokio::test]
async fn a_late_lost_or_garbled_answer_is_unknown_and_a_query_tells() {
    let stage = Stage::start("").await;
    for (name, why) in [
        ("late", Unclear::TimedOut),
        ("lost", Unclear::Connection),
        ("garbled", Unclear::Unreadable),
    ] {
        let unknown = BankAnswer::Unknown(why);
        let token = stage.sign(&stage.card(name, Some("DEBIT"))).await;
        let debit = stage.movement(name, &token, fen(700));
        assert_eq!(stage.hasty_bank.debit(&debit).await, unknown, "{name}");
        let found = stage.bank.find_debit(&id(name), fen(700)).await;
        assert!(matches!(found, BankAnswer::Done { .. }), "{name} {found:?}");

        let token = stage.sign(&stage.card(name, Some("CREDIT"))).await;
        let credit = stage.movement(name, &token, fen(700));
        assert_eq!(stage.hasty_bank.credit(&credit).await, unknown, "{name}");
        let found = stage.bank.find_credit(&id(name), fen(700)).await;
        assert!(matches!(found, BankAnswer::Pending { .. }), "{name} {found:?}");
    }
    let busy = stage.sign(&stage.card("busy", Some("DEBIT"))).await;
    let debit = stage.movement("busy", &busy, fen(700));
    for _ in 0..2 {
        assert_eq!(stage.bank.debit(&debit).await, BankAnswer::Unknown(Unclear::Status(503)));
        assert_eq!(stage.bank.find_debit(&id("busy"), fen(700)).await, BankAnswer::NotSeen);
    }
    assert!(matches!(stage.bank.debit(&debit).await, BankAnswer::Done { .. }));
}

#[tokio::test]
async fn a_request_that_never_arrived_may_be_sent_again_under_its_id() {
    let stage = Stage::start("").await;
    let token = stage.sign(&stage.card("never-arrives", Some("CREDIT"))).await;
    let credit = stage.movement("w1", &token, fen(700));
    let answer = stage.bank.credit(&credit).await;
    assert_eq!(answer, BankAnswer::Unknown(Unclear::Connection));
    assert_eq!(stage.bank.find_credit(&id("w1"), fen(700)).await, BankAnswer::NotSeen);
    assert!(matches!(stage.bank.credit(&credit).await, BankAnswer::Pending { .. }));
}

#[tokio::test]
async fn a_bank_that_contradicts_itself_says_so_by_query_and_callback() {
    let mut stage = Stage::start("").await;
    let token = stage.sign(&stage.card("declined-then-done", Some("DEBIT"))).await;
    let first = stage.bank.debit(&stage.movement("d1", &token, fen(700))).await;
    assert_eq!(first, declined("05"));
    stage.clock.raise_offset(LATE_US).await.unwrap();
    let found = stage.bank.find_debit(&id("d1"), fen(700)).await;
    let told = stage.callback().await;
    assert_eq!((told.direction, told.request_id.as_str()), (Direction::Debit, "d1"));
    assert!(matches!(told.answer, BankAnswer::Done { .. }));
    assert_eq!(told.answer, found);

    let token = stage.sign(&stage.card("done-then-returned", Some("CREDIT"))).await;
    let first = stage.bank.credit(&stage.movement("w1", &token, fen(700))).await;
    let bank_ref = reference(&first);
    stage.clock.raise_offset(LATE_US + CREDIT_SETTLED_US).await.unwrap();
    let returned = BankAnswer::Returned { bank_ref, code: "05".to_owned() };
    assert_eq!(stage.bank.find_credit(&id("w1"), fen(700)).await, returned);
    let told = stage.callback().await;
    assert_eq!((told.direction, told.answer), (Direction::Credit, returned));
}

#[tokio::test]
async fn a_double_is_reported_twice_with_two_references() {
    let mut stage = Stage::start("").await;
    let token = stage.sign(&stage.card("double", Some("DEBIT"))).await;
    let first = stage.bank.debit(&stage.movement("d1", &token, fen(700))).await;
    let told = [stage.callback().await, stage.callback().await];
    assert_eq!(told[0].answer, first);
    assert_eq!(told[1].request_id, told[0].request_id);
    assert_ne!(reference(&told[1].answer), reference(&first));
}

#[tokio::test]
async fn a_withdrawal_that_the_bank_sends_back_was_pending_first() {
    let mut stage = Stage::start("WITHDRAW_BANK_REJECTED").await;
    let token = stage.sign(&stage.card("WITHDRAW_BANK_REJECTED", Some("CREDIT"))).await;
    let first = stage.bank.credit(&stage.movement("w1", &token, fen(700))).await;
    assert!(matches!(first, BankAnswer::Pending { .. }), "{first:?}");
    stage.clock.raise_offset(CREDIT_SETTLED_US).await.unwrap();
    assert_eq!(stage.callback().await.answer, declined("WITHDRAW_BANK_REJECTED"));
    assert_eq!(
        stage.bank.find_credit(&id("w1"), fen(700)).await,
        declined("WITHDRAW_BANK_REJECTED")
    );
}

#[tokio::test]
async fn the_statement_has_every_movement_that_happened_and_no_other() {
    let stage = Stage::start("").await;
    let token = stage.sign("6222020123456789015").await;
    let done = stage.bank.debit(&stage.movement("d1", &token, fen(700))).await;
    stage.bank.debit(&stage.movement("d2", &token, fen(751))).await;
    stage.bank.credit(&stage.movement("w1", &token, fen(300))).await;
    let day = stage.today().await;
    let query = StatementQuery { bank: "ICBC".to_owned(), day };
    let lines = stage.bank.statement(&query).await.unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].bank_ref, reference(&done));
    assert_eq!(lines[0].request_id, "d1");
    assert_eq!((lines[0].movement, lines[0].amount), (LineMovement::Debit, fen(700)));
    let other = StatementQuery { bank: "CCB".to_owned(), ..query };
    assert_eq!(stage.bank.statement(&other).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_wrong_secret_or_a_dead_bank_is_unknown_and_never_a_no() {
    let stage = Stage::start("").await;
    let stranger = stage.stranger();
    let debit = stage.movement("d1", "tok", fen(100));
    assert_eq!(stranger.debit(&debit).await, BankAnswer::Unknown(Unclear::Status(401)));
    let found = stranger.find_debit(&RequestId::parse("d1").unwrap(), fen(100)).await;
    assert_eq!(found, BankAnswer::Unknown(Unclear::Status(401)));
    let dead = stage::bank_at("http://127.0.0.1:1");
    assert_eq!(dead.debit(&debit).await, BankAnswer::Unknown(Unclear::Connection));
}
