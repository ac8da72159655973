//! One fault for every rule, at least, planted into [`play`](crate::story::play)'s rows.

use crate::tampers::{Attacker, restore, save};
use std::collections::BTreeSet;
use store::Queries;
use store::verify::{rules, verify};

/// A rule, and a fault that it must find.
pub const FAULTS: &[(&str, &str)] = &[
    ("L1", "UPDATE entry SET amount = amount + 1 WHERE journal = 2 AND amount > 0"),
    ("L2", "UPDATE journal SET legs = 4 WHERE number = 1"),
    ("L3", "DELETE FROM journal WHERE number = 3"),
    ("L4", "UPDATE journal SET currency = 'HKD' WHERE number = 1"),
    ("L5", "UPDATE account SET balance = balance + 1 WHERE sign = 'CREDIT' AND balance > 0"),
    ("L6", "UPDATE account SET balance = -1 WHERE sign = 'CREDIT' AND balance > 0"),
    ("L9", "UPDATE entry SET amount = 0 WHERE journal = 1"),
    ("L10", "UPDATE entry SET balance = balance + 1 WHERE journal = 2"),
    ("L10", "UPDATE entry SET previous = 0 WHERE journal = 5"),
    ("L11", "UPDATE entry SET number = number + 7 WHERE journal = 4"),
    ("L11", "UPDATE account SET last_entry = 1 WHERE entries > 2"),
    ("L12", "DELETE FROM journal WHERE number = (SELECT MAX(number) FROM journal)"),
    ("L13", "UPDATE account SET balance = balance + 1 WHERE sign = 'EITHER' AND balance > 0"),
    ("L14", "UPDATE batch SET previous = zeroblob(32) WHERE seq = 4"),
    ("L14", "DELETE FROM batch WHERE seq = 3"),
    ("A1", "DELETE FROM account_path WHERE number = 2"),
    ("A1", "DELETE FROM account WHERE number = 2"),
    ("A2", "UPDATE account SET sign = 'EITHER' WHERE sign = 'DEBIT'"),
    ("J1", "UPDATE journal SET at = at + 1 WHERE number = 2"),
    ("O1", "UPDATE refund SET amount = 2001"),
    ("O1", "UPDATE refund SET state = 'CLOSED' WHERE state = 'ABNORMAL'"),
    ("O1", "UPDATE \"order\" SET refunds = 2 WHERE out_trade_no = 'T1'"),
    ("O2", "UPDATE \"order\" SET journal = 1 WHERE out_trade_no = 'T2'"),
    ("O2", "UPDATE \"order\" SET amount = 5001 WHERE out_trade_no = 'T2'"),
    ("O3", "UPDATE refund SET journal = 1"),
    ("O3", "UPDATE refund SET journal = (SELECT journal FROM \"order\" WHERE out_trade_no = 'T1')"),
    ("O3", "UPDATE refund SET card = NULL WHERE state = 'PROCESSING'"),
    ("O11", "UPDATE refund SET end_journal = 0 WHERE out_refund_no = 'KR1'"),
    ("O11", "UPDATE refund SET channel = 'ORIGINAL' WHERE out_refund_no = 'KR4'"),
    ("O13", "UPDATE refund SET unsettled_minor = 1 WHERE out_refund_no = 'KR1'"),
    ("O12", "UPDATE card_payment SET state = 'FAILED' WHERE state = 'BANK_PROCESSING'"),
    ("O7", "DELETE FROM order_by_transaction WHERE out_trade_no = 'T2'"),
    ("O7", "UPDATE order_by_transaction SET out_trade_no = 'T9' WHERE out_trade_no = 'T2'"),
    ("O8", "DELETE FROM \"order\" WHERE out_trade_no = 'T4'"),
    ("O8", "DELETE FROM refund_by_id"),
    ("O9", "DELETE FROM merchant"),
    ("O9", "UPDATE merchant SET balance_account = 1"),
    ("O9", "UPDATE \"order\" SET sub_mchid = '1900000007' WHERE out_trade_no = 'T4'"),
    ("O9", "UPDATE \"order\" SET sub_mchid = mchid WHERE out_trade_no = 'T4'"),
    ("O10", "UPDATE combined_order SET amount = amount + 1"),
    ("O10", "UPDATE combined_part SET part_no = 'T1' WHERE place = 2"),
    ("O8", "DELETE FROM combined_order"),
    ("W1", "DELETE FROM fact WHERE subject = 'T2'"),
    ("W1", "UPDATE fact SET kind = 'REFUND_SUCCEEDED' WHERE subject = 'T2'"),
    ("W2", "UPDATE retry SET place = 2"),
    ("P1", "UPDATE wallet SET balance_account = 1"),
    ("P1", "DELETE FROM identity"),
    ("P2", "DELETE FROM payment_password"),
    ("P3", "UPDATE identity SET wallets = 2"),
    ("P4", "UPDATE wallet SET cards = 2"),
    ("P4", "UPDATE card_use SET wallets = 2"),
    ("P5", "UPDATE card SET open_items = 0"),
    ("P5", "UPDATE refund_payout SET state = 'FAILED' WHERE state = 'PROCESSING'"),
    ("B1", "UPDATE top_up SET state = 'FAILED', journal = 0 WHERE bank_ref = 'B2'"),
    ("B1", "UPDATE top_up SET amount = amount + 1 WHERE bank_ref = 'B2'"),
    ("B2", "UPDATE bank_movement SET bank_ref = 'B1' WHERE bank_ref = 'B9'"),
    ("B3", "UPDATE top_up SET created_at = 5 WHERE state = 'BANK_PROCESSING'"),
    ("B4", "UPDATE withdrawal SET amount = amount + 1 WHERE state = 'HELD'"),
    ("B4", "UPDATE withdrawal SET state = 'RETURNED' WHERE state = 'HELD'"),
    ("B5", "UPDATE refund SET state = 'PROCESSING' WHERE state = 'ABNORMAL'"),
    ("B5", "UPDATE refund_payout SET state = 'SUCCESS' WHERE state = 'PROCESSING'"),
    ("B6", "UPDATE top_up SET suspended_minor = 0"),
    ("B6", "UPDATE card_payment SET suspended_minor = 7 WHERE state = 'SUCCESS'"),
    ("B9", "UPDATE card_payment SET state = 'FAILED' WHERE state = 'REFUNDING'"),
    ("B9", "UPDATE card_payment SET journal = journal - 1 WHERE state = 'SUCCESS'"),
    ("B10", "UPDATE refund_payout SET amount = amount + 1 WHERE journal > 0"),
    ("B11", "UPDATE refund_payout SET journal = 0 WHERE journal > 0"),
    (
        "B7",
        "UPDATE journal SET subject = (SELECT subject FROM journal WHERE kind = 'TOP_UP' \
            ORDER BY number DESC LIMIT 1) WHERE kind = 'TOP_UP'",
    ),
    ("B8", "DELETE FROM withdrawal WHERE state = 'SUCCESS'"),
    ("M1", "UPDATE \"order\" SET unsettled_minor = unsettled_minor - 1 WHERE out_trade_no = 'S1'"),
    ("M1", "UPDATE profit_order SET shared_minor = shared_minor + 1 WHERE out_order_no = 'P2'"),
    ("M2", "UPDATE merchant_transfer SET state = 'CANCELLED' WHERE out_bill_no = 'X2'"),
    ("M3", "UPDATE \"order\" SET shared_minor = shared_minor + 1 WHERE out_trade_no = 'S1'"),
    ("M3", "UPDATE \"order\" SET profit_orders = 0 WHERE out_trade_no = 'S1'"),
    ("M4", "UPDATE profit_share SET amount = amount + 1"),
    ("M4", "UPDATE profit_share SET result = 'CLOSED' WHERE out_order_no = 'P2'"),
    ("M4", "UPDATE profit_order SET journal = journal - 1"),
    ("M5", "UPDATE profit_share SET returned_minor = 0"),
    ("M5", "UPDATE profit_return SET journal = 1"),
    ("M6", "UPDATE merchant_transfer SET amount = amount + 1 WHERE out_bill_no = 'X1'"),
    ("M6", "UPDATE merchant_transfer SET end_journal = journal WHERE out_bill_no = 'X1'"),
    ("M2", "UPDATE transfer_detail SET state = 'FAIL' WHERE out_batch_no = 'Y2'"),
    ("M7", "UPDATE transfer_batch SET total = total + 1 WHERE out_batch_no = 'Y2'"),
    (
        "M7",
        "UPDATE transfer_batch SET success_minor = 0, success_num = 0 WHERE out_batch_no = 'Y1'",
    ),
    ("M8", "UPDATE transfer_detail SET account = 1 WHERE state = 'SUCCESS'"),
    ("K1", "UPDATE payment_codes SET locator = 99"),
    ("K1", "DELETE FROM payment_code_locator"),
    ("K2", "UPDATE payment_code_usage SET paid_minor = paid_minor + 1"),
    ("K2", "UPDATE payment_code_usage SET day_from = day_from + 86400000000"),
    ("I2", "INSERT INTO idempotency_odd SELECT * FROM idempotency_even LIMIT 1"),
    ("S3", "DELETE FROM device"),
    ("X1", "UPDATE usage SET paid_lifetime = paid_lifetime + 1"),
    ("X1", "UPDATE usage SET free_used = free_used - 1"),
    ("X1", "UPDATE usage SET topped_up_day = 0"),
    ("X1", "DELETE FROM usage"),
    ("C1", "UPDATE journal SET subject = 'order:1900000001:T9' WHERE number = 3"),
    ("C1", "UPDATE account_path SET owner = 'someone' WHERE number = 1"),
    ("C2", "UPDATE batch SET now = now + 1 WHERE seq = (SELECT MAX(seq) FROM batch)"),
    ("A3", "UPDATE account SET version = version - 1 WHERE entries > 2"),
    ("A3", "UPDATE account_path SET version = version + 1 WHERE number = 1"),
    ("D1", "UPDATE journal SET kind = 'LOAN' WHERE number = 3"),
    ("R1", "UPDATE account_path SET number = 99 WHERE number = 2"),
    ("R1", "UPDATE entry SET journal = -1 WHERE journal = 2 AND amount > 0"),
    ("V1", "UPDATE wallet SET version = 9999"),
    ("W3", "UPDATE fact SET subject = 'T3' WHERE subject = 'T2'"),
    ("C2", "UPDATE batch SET root = zeroblob(32), hash = zeroblob(32) WHERE seq = 5"),
];

/// Plants one after the other, each into the good database.
pub async fn each_is_found<A: Attacker>(queries: &dyn Queries, attacker: &mut A) {
    let mut found = BTreeSet::new();
    for (rule, fault) in FAULTS {
        let words: Vec<&str> = fault.split_whitespace().collect();
        let table = words[if words[0] == "UPDATE" { 1 } else { 2 }].trim_matches('"');
        save(attacker, table).await;
        let fault = fault.replace("zeroblob(32)", &A::bytes(&"00".repeat(32)));
        let changed = attacker.run(&fault).await.unwrap();
        assert!(changed > 0, "the fault changes something: {fault}");
        let report = verify(queries, &|_, _, _| ()).await.unwrap();
        let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule).collect();
        assert!(rules.contains(rule), "{rule} misses: {fault}; found {rules:?}");
        found.insert(*rule);
        restore(attacker, table).await;
    }
    assert_eq!(verify(queries, &|_, _, _| ()).await.unwrap().findings, []);
    // Only an audit that is told of a head can miss it.
    found.insert("H1");
    let missing: Vec<_> = rules().into_iter().filter(|rule| !found.contains(rule.0)).collect();
    assert!(missing.is_empty(), "rules without a planted fault: {missing:?}");
}
