//! Rules about tables that grow with every payment: the same statements as elsewhere, but each run
//! looks at one range of keys, so that none takes long. What belongs to a row is found by key, in a
//! subquery, which every database runs as a search and not as a join of whole tables.

use super::finding::Findings;
use super::invariants::{B1, O9, P1, check};
use super::lanes::Meter;
use super::rows::numbers;
use crate::BOOK;
use crate::ddl::{quoted, quoted_list};
use crate::queries::{Queries, QueryError};
use crate::registry::registered;
use crate::table::Table;
use crate::value::{Kind, Value};
use std::collections::BTreeMap;

/// Rows of a page.
const PAGE: i64 = 50_000;

/// One rule about the rows of one table.
#[derive(Clone, Copy, Debug)]
pub struct Paged {
    /// Its short name.
    pub rule: &'static str,
    /// What it says.
    pub says: &'static str,
    /// The table whose rows are gone through.
    pub table: &'static str,
    /// The statement that finds its offenders. The table is called `x`; `{page}` stands for the
    /// rows of the page, `{range r}` for the rows of another table `r` in the same range of keys.
    pub sql: &'static str,
}

const fn rule(
    rule: &'static str,
    says: &'static str,
    table: &'static str,
    sql: &'static str,
) -> Paged {
    Paged { rule, says, table, sql }
}

const O7: &str = "a payment number leads to its order, and a paid order to its number";
const O8: &str = "a prepay id leads to an order, and a refund number to a refund";

/// Every rule.
pub const ALL: &[Paged] = &[
    rule(
        "O1",
        "an order knows the sum and number of its refunds, which are at most what was paid",
        "order",
        "SELECT x.mchid || ':' || x.out_trade_no AS offender FROM \"order\" x LEFT JOIN ( \
         SELECT r.mchid, r.out_trade_no, \
         SUM(CASE WHEN r.state = 'CLOSED' THEN 0 ELSE r.amount END) AS total, \
         SUM(CASE WHEN r.state = 'CLOSED' THEN 0 ELSE r.fee_minor END) AS fee, \
         COUNT(*) AS n, SUM(CASE WHEN r.state = 'SUCCESS' THEN r.amount ELSE 0 END) AS arrived \
         FROM refund r WHERE {range r} \
         GROUP BY r.mchid, r.out_trade_no) g \
         ON g.mchid = x.mchid AND g.out_trade_no = x.out_trade_no WHERE {page} \
         AND (COALESCE(g.total, 0) <> x.refunded_minor OR COALESCE(g.n, 0) <> x.refunds \
         OR COALESCE(g.arrived, 0) <> x.refund_arrived_minor \
         OR COALESCE(g.fee, 0) <> x.fee_refunded_minor OR COALESCE(g.total, 0) > x.amount)",
    ),
    rule(
        "O2",
        "a paid order has a payment journal, of its own or of the combined order that it is a part \
         of, that took what is paid from its payer",
        "order",
        "SELECT x.mchid || ':' || x.out_trade_no AS offender FROM \"order\" x WHERE {page} \
         AND x.journal > 0 AND (COALESCE((SELECT j.subject FROM journal j \
         WHERE j.book = x.book AND j.number = x.journal AND j.kind = 'PAYMENT'), '') \
         <> CASE WHEN x.combined_no IS NULL THEN 'order:' || x.mchid || ':' || x.out_trade_no \
         ELSE 'combined_order:' || x.combined_mchid || ':' || x.combined_no END \
         OR COALESCE((SELECT e.amount FROM entry e WHERE e.book = x.book \
         AND e.journal = x.journal AND e.account = x.payer_account), 0) \
         <> CASE WHEN x.combined_no IS NULL THEN -x.amount \
         ELSE COALESCE((SELECT -c.amount FROM combined_order c WHERE c.book = x.book \
         AND c.mchid = x.combined_mchid AND c.out_trade_no = x.combined_no), 0) END)",
    ),
    rule(
        "O3",
        "a refund has a journal of its own that gave its amount to the payer of its order, or to \
         transit on its way to a card",
        "refund",
        "SELECT x.mchid || ':' || x.out_refund_no AS offender FROM refund x WHERE {page} \
         AND (COALESCE((SELECT j.subject FROM journal j \
         WHERE j.book = x.book AND j.number = x.journal AND j.kind = CASE WHEN x.card IS NULL \
         THEN 'REFUND' ELSE 'REFUND_START' END), '') \
         <> 'refund:' || x.mchid || ':' || x.out_refund_no \
         OR COALESCE((SELECT e.amount FROM entry e WHERE e.book = x.book \
         AND e.journal = x.journal AND e.account = CASE WHEN x.card IS NULL \
         THEN (SELECT w.balance_account FROM \"order\" o JOIN wallet w ON w.book = o.book \
         AND w.id = o.payer WHERE o.book = x.book AND o.mchid = x.mchid \
         AND o.out_trade_no = x.out_trade_no) \
         ELSE (SELECT p.number FROM account_path p WHERE p.book = x.book \
         AND p.owner_kind = 'SYSTEM' AND p.owner = '' AND p.purpose = 'TRANSIT_REFUND' \
         AND p.currency = 'CNY') END), 0) <> x.amount)",
    ),
    rule(
        "O11",
        "a refund to a card that ended has a journal that took its amount out of transit: to the \
         bank, or back to its merchant",
        "refund",
        "SELECT x.mchid || ':' || x.out_refund_no AS offender FROM refund x WHERE {page} \
         AND x.card IS NOT NULL AND CASE WHEN x.state IN ('SUCCESS', 'CLOSED') \
         THEN COALESCE((SELECT e.amount FROM entry e JOIN journal j ON j.book = e.book \
         AND j.number = e.journal WHERE e.book = x.book AND e.journal = x.end_journal \
         AND e.account = (SELECT p.number FROM account_path p WHERE p.book = x.book \
         AND p.owner_kind = 'SYSTEM' AND p.owner = '' AND p.purpose = 'TRANSIT_REFUND' \
         AND p.currency = 'CNY') AND j.kind = CASE WHEN x.state = 'SUCCESS' \
         AND x.channel <> 'OTHER_BALANCE' THEN 'REFUND_SETTLE' ELSE 'REFUND_RETURN' END \
         AND (j.kind = 'REFUND_SETTLE' \
         OR j.subject = 'refund:' || x.mchid || ':' || x.out_refund_no)), 0) ELSE -x.amount END \
         <> -x.amount",
    ),
    rule(
        "O12",
        "an order that waits for a bank has an open card payment",
        "order",
        "SELECT x.mchid || ':' || x.out_trade_no AS offender FROM \"order\" x WHERE {page} \
         AND x.state = 'BANK_PENDING' AND (SELECT COUNT(*) FROM card_payment c \
         WHERE c.book = x.book AND c.id = x.card_payment \
         AND c.state IN ('BANK_PROCESSING', 'UNKNOWN')) = 0",
    ),
    rule(
        "O13",
        "a refund took what it says from the money of its order that waits for sharing, and one \
         that closed gave it back",
        "refund",
        "SELECT x.mchid || ':' || x.out_refund_no AS offender FROM refund x \
         JOIN \"order\" o ON o.book = x.book AND o.mchid = x.mchid \
         AND o.out_trade_no = x.out_trade_no WHERE {page} AND (COALESCE((SELECT e.amount \
         FROM entry e WHERE e.book = x.book AND e.journal = x.journal \
         AND e.account = o.unsettled_account), 0) <> -x.unsettled_minor \
         OR (x.state = 'CLOSED' AND COALESCE((SELECT e.amount FROM entry e \
         WHERE e.book = x.book AND e.journal = x.end_journal \
         AND e.account = o.unsettled_account), 0) <> x.unsettled_minor))",
    ),
    rule(
        "B9",
        "what a bank gave for an order paid it, or is on its way back",
        "card_payment",
        "SELECT CAST(x.created_at AS TEXT) AS offender FROM card_payment x WHERE {page} \
         AND (x.state IN ('SUCCESS', 'REFUNDING', 'REFUNDED')) <> ((SELECT COUNT(*) \
         FROM journal j JOIN entry e ON e.book = j.book AND e.journal = j.number \
         JOIN account_path p ON p.book = e.book AND p.number = e.account AND p.purpose = 'BANK' \
         WHERE j.book = x.book AND j.number = x.journal AND e.amount = -x.amount \
         AND j.kind = CASE x.state WHEN 'SUCCESS' THEN 'PAYMENT' ELSE 'LATE_PAYMENT' END) = 1)",
    ),
    rule(
        "B10",
        "what a bank paid back to a card left transit, once",
        "refund_payout",
        "SELECT CAST(x.created_at AS TEXT) AS offender FROM refund_payout x WHERE {page} \
         AND x.journal > 0 AND COALESCE((SELECT e.amount FROM entry e JOIN journal j \
         ON j.book = e.book AND j.number = e.journal WHERE e.book = x.book \
         AND e.journal = x.journal AND j.kind = 'REFUND_SETTLE' \
         AND e.account = (SELECT p.number FROM account_path p WHERE p.book = x.book \
         AND p.owner_kind = 'SYSTEM' AND p.owner = '' AND p.purpose = 'TRANSIT_REFUND' \
         AND p.currency = 'CNY')), 0) <> -x.amount",
    ),
    rule(
        "O7",
        O7,
        "order",
        "SELECT x.mchid || ':' || x.out_trade_no AS offender FROM \"order\" x WHERE {page} \
         AND x.transaction_id IS NOT NULL AND COALESCE((SELECT t.mchid || ':' || t.out_trade_no \
         FROM order_by_transaction t WHERE t.book = x.book \
         AND t.transaction_id = x.transaction_id), '') <> x.mchid || ':' || x.out_trade_no",
    ),
    rule(
        "O7",
        O7,
        "order_by_transaction",
        "SELECT x.transaction_id AS offender FROM order_by_transaction x WHERE {page} \
         AND COALESCE((SELECT o.transaction_id FROM \"order\" o WHERE o.book = x.book \
         AND o.mchid = x.mchid AND o.out_trade_no = x.out_trade_no), '') <> x.transaction_id",
    ),
    rule(
        "O8",
        O8,
        "order_by_prepay",
        "SELECT x.prepay_id AS offender FROM order_by_prepay x WHERE {page} \
         AND CASE x.kind WHEN 'ORDER' THEN (SELECT COUNT(*) FROM \"order\" o \
         WHERE o.book = x.book AND o.mchid = x.mchid AND o.out_trade_no = x.out_trade_no) \
         ELSE (SELECT COUNT(*) FROM combined_order c WHERE c.book = x.book \
         AND c.mchid = x.mchid AND c.out_trade_no = x.out_trade_no) END = 0",
    ),
    rule(
        "O8",
        O8,
        "refund",
        "SELECT x.mchid || ':' || x.out_refund_no AS offender FROM refund x WHERE {page} \
         AND COALESCE((SELECT i.mchid || ':' || i.out_refund_no FROM refund_by_id i \
         WHERE i.book = x.book AND i.refund_id = x.refund_id), '') \
         <> x.mchid || ':' || x.out_refund_no",
    ),
    rule(
        "O9",
        O9,
        "order",
        "SELECT x.mchid || ':' || x.out_trade_no AS offender FROM \"order\" x WHERE {page} \
         AND (NOT EXISTS (SELECT 1 FROM merchant m WHERE m.book = x.book AND m.mchid = x.mchid) \
         OR x.sub_mchid IS NOT NULL AND (x.sub_mchid = x.mchid OR NOT EXISTS (SELECT 1 \
         FROM merchant m WHERE m.book = x.book AND m.mchid = x.sub_mchid)))",
    ),
    rule(
        "O10",
        "a combined order is the sum of its parts, which stand where it stands and share its \
         journal",
        "combined_order",
        "SELECT x.mchid || ':' || x.out_trade_no AS offender FROM combined_order x WHERE {page} \
         AND (x.parts <> (SELECT COUNT(*) FROM combined_part p JOIN \"order\" o \
         ON o.book = p.book AND o.mchid = p.part_mchid AND o.out_trade_no = p.part_no \
         WHERE p.book = x.book AND p.mchid = x.mchid AND p.out_trade_no = x.out_trade_no \
         AND o.combined_mchid = x.mchid AND o.combined_no = x.out_trade_no \
         AND o.state = x.state AND o.journal = x.journal) \
         OR x.amount <> COALESCE((SELECT SUM(o.amount) FROM combined_part p JOIN \"order\" o \
         ON o.book = p.book AND o.mchid = p.part_mchid AND o.out_trade_no = p.part_no \
         WHERE p.book = x.book AND p.mchid = x.mchid AND p.out_trade_no = x.out_trade_no), 0))",
    ),
    rule(
        "W3",
        "a fact about a journal names the order, combined order or refund that has this journal",
        "fact",
        "SELECT CAST(x.batch AS TEXT) || '/' || CAST(x.place AS TEXT) AS offender FROM fact x \
         WHERE {page} AND x.journal > 0 AND x.journal <> CASE x.kind \
         WHEN 'PAYMENT_SUCCEEDED' THEN COALESCE((SELECT o.journal FROM \"order\" o \
         WHERE o.book = x.book AND o.mchid = x.mchid AND o.out_trade_no = x.subject), 0) \
         WHEN 'COMBINED_PAYMENT_SUCCEEDED' THEN COALESCE((SELECT c.journal \
         FROM combined_order c WHERE c.book = x.book AND c.mchid = x.mchid \
         AND c.out_trade_no = x.subject), 0) \
         ELSE COALESCE((SELECT r.journal FROM refund r WHERE r.book = x.book \
         AND r.mchid = x.mchid AND r.out_refund_no = x.subject), 0) END",
    ),
    rule(
        "M4",
        "a request of sharing is about what its shares say, and once it is finished it has a \
         journal of its own that moved this",
        "profit_order",
        "SELECT x.mchid || ':' || x.out_order_no AS offender FROM profit_order x WHERE {page} \
         AND (COALESCE((SELECT SUM(s.amount) FROM profit_share s WHERE s.book = x.book \
         AND s.mchid = x.mchid AND s.out_order_no = x.out_order_no \
         AND s.result = CASE x.state WHEN 'PROCESSING' THEN 'PENDING' ELSE 'SUCCESS' END), 0) \
         <> CASE x.kind WHEN 'SHARE' THEN x.shared_minor \
         ELSE x.unfrozen_minor END OR (x.journal > 0 AND (COALESCE((SELECT j.subject \
         FROM journal j WHERE j.book = x.book AND j.number = x.journal), '') \
         <> 'profit_order:' || x.mchid || ':' || x.out_order_no \
         OR COALESCE((SELECT e.amount FROM entry e WHERE e.book = x.book \
         AND e.journal = x.journal AND e.account = (SELECT o.unsettled_account FROM \"order\" o \
         WHERE o.book = x.book AND o.mchid = x.mchid AND o.out_trade_no = x.out_trade_no)), 0) \
         <> -(x.shared_minor + x.unfrozen_minor))))",
    ),
    rule(
        "M5",
        "what a receiver gave back has a journal, and its share knows the sum",
        "profit_return",
        "SELECT x.mchid || ':' || x.out_return_no AS offender FROM profit_return x WHERE {page} \
         AND x.result = 'SUCCESS' AND (COALESCE((SELECT j.subject FROM journal j \
         WHERE j.book = x.book AND j.number = x.journal AND j.kind = 'PROFIT_RETURN'), '') \
         <> 'profit_return:' || x.mchid || ':' || x.out_return_no \
         OR (SELECT COALESCE(SUM(r.amount), 0) FROM profit_return r WHERE r.book = x.book \
         AND r.mchid = x.mchid AND r.out_order_no = x.out_order_no AND r.result = 'SUCCESS') \
         <> (SELECT COALESCE(SUM(s.returned_minor), 0) FROM profit_share s \
         WHERE s.book = x.book AND s.mchid = x.mchid AND s.out_order_no = x.out_order_no))",
    ),
    rule(
        "M6",
        "a transfer to a person took its amount from its merchant, and gave it away once",
        "merchant_transfer",
        "SELECT x.mchid || ':' || x.out_bill_no AS offender FROM merchant_transfer x \
         WHERE {page} AND (COALESCE((SELECT e.amount FROM entry e JOIN journal j \
         ON j.book = e.book AND j.number = e.journal JOIN merchant m ON m.book = e.book \
         AND m.balance_account = e.account WHERE e.book = x.book AND e.journal = x.journal \
         AND m.mchid = x.mchid AND j.kind = 'MERCHANT_TRANSFER_RESERVE' \
         AND j.subject = 'merchant_transfer:' || x.mchid || ':' || x.out_bill_no), 0) \
         <> -x.amount OR (x.end_journal > 0 AND COALESCE((SELECT e.amount FROM entry e \
         JOIN journal j ON j.book = e.book AND j.number = e.journal WHERE e.book = x.book \
         AND e.journal = x.end_journal AND e.account = x.end_account \
         AND j.kind = CASE x.state WHEN 'SUCCESS' THEN 'MERCHANT_TRANSFER_SETTLE' \
         ELSE 'MERCHANT_TRANSFER_RETURN' END \
         AND j.subject = 'merchant_transfer:' || x.mchid || ':' || x.out_bill_no), 0) \
         <> x.amount))",
    ),
    rule(
        "M7",
        "a batch took its total from its merchant, and its details are what it counts",
        "transfer_batch",
        "SELECT x.mchid || ':' || x.out_batch_no AS offender FROM transfer_batch x WHERE {page} \
         AND ((x.journal > 0 AND COALESCE((SELECT e.amount FROM entry e \
         JOIN journal j ON j.book = e.book AND j.number = e.journal \
         JOIN merchant m ON m.book = e.book \
         AND m.balance_account = e.account WHERE e.book = x.book AND e.journal = x.journal \
         AND m.mchid = x.mchid AND j.kind = 'TRANSFER_BATCH_RESERVE' \
         AND j.subject = 'transfer_batch:' || x.mchid || ':' || x.out_batch_no), 0) <> -x.total) \
         OR COALESCE((SELECT SUM(d.amount) FROM transfer_detail d WHERE d.book = x.book \
         AND d.mchid = x.mchid AND d.out_batch_no = x.out_batch_no), 0) <> x.total \
         OR COALESCE((SELECT SUM(d.amount) FROM transfer_detail d WHERE d.book = x.book \
         AND d.mchid = x.mchid AND d.out_batch_no = x.out_batch_no AND d.state = 'SUCCESS'), 0) \
         <> x.success_minor OR COALESCE((SELECT SUM(d.amount) FROM transfer_detail d \
         WHERE d.book = x.book AND d.mchid = x.mchid AND d.out_batch_no = x.out_batch_no \
         AND d.state = 'FAIL'), 0) <> x.fail_minor)",
    ),
    rule(
        "M8",
        "a detail of a batch that ended gave its amount away once",
        "transfer_detail",
        "SELECT x.mchid || ':' || x.out_batch_no || ':' || CAST(x.place AS TEXT) AS offender \
         FROM transfer_detail x WHERE {page} AND x.journal > 0 AND COALESCE((SELECT e.amount \
         FROM entry e JOIN journal j ON j.book = e.book AND j.number = e.journal \
         WHERE e.book = x.book AND e.journal = x.journal AND e.account = x.account \
         AND j.kind = CASE x.state WHEN 'SUCCESS' THEN 'TRANSFER_DETAIL_SETTLE' \
         ELSE 'TRANSFER_DETAIL_RETURN' END AND j.subject = 'transfer_detail:' || x.mchid || ':' \
         || x.out_batch_no || ':' || CAST(x.place AS TEXT)), 0) <> x.amount",
    ),
    rule(
        "P1",
        P1,
        "wallet",
        "SELECT CAST(x.balance_account AS TEXT) AS offender FROM wallet x WHERE {page} AND ( \
         (SELECT COUNT(*) FROM account_path p WHERE p.book = x.book \
         AND p.number = x.balance_account AND p.owner_kind = 'USER' \
         AND p.purpose = 'BALANCE') = 0 OR (x.identity IS NOT NULL AND (SELECT COUNT(*) \
         FROM identity i WHERE i.book = x.book AND i.id = x.identity) = 0))",
    ),
    rule(
        "P2",
        "an active wallet has a verified person and a payment password",
        "wallet",
        "SELECT CAST(x.balance_account AS TEXT) AS offender FROM wallet x WHERE {page} AND ( \
         (x.state = 'ACTIVE' AND (x.identity IS NULL OR x.has_password = 0)) \
         OR x.has_password <> (SELECT COUNT(*) FROM payment_password p WHERE p.book = x.book \
         AND p.wallet = x.id))",
    ),
    rule(
        "B1",
        B1,
        "top_up",
        "SELECT CAST(x.journal AS TEXT) AS offender FROM top_up x WHERE {page} \
         AND (x.state = 'SUCCESS') <> ((SELECT COUNT(*) FROM journal j \
         JOIN entry e ON e.book = j.book AND e.journal = j.number \
         JOIN wallet w ON w.book = e.book AND w.balance_account = e.account \
         WHERE j.book = x.book AND j.number = x.journal AND j.kind = 'TOP_UP' \
         AND e.amount = x.amount AND w.id = x.wallet) = 1)",
    ),
    rule(
        "I2",
        "a key was answered once",
        "idempotency_odd",
        "SELECT CAST(x.at AS TEXT) AS offender FROM idempotency_odd x WHERE {page} \
         AND (SELECT COUNT(*) FROM idempotency_even e WHERE e.book = x.book \
         AND e.key = x.key AND e.owner = x.owner) > 0",
    ),
    rule(
        "S3",
        "a session belongs to a user and device that are there",
        "session",
        "SELECT CAST(x.created_at AS TEXT) AS offender FROM session x WHERE {page} AND ( \
         (SELECT COUNT(*) FROM \"user\" u WHERE u.book = x.book AND u.id = x.\"user\") = 0 \
         OR (SELECT COUNT(*) FROM device d WHERE d.book = x.book AND d.id = x.device \
         AND d.\"user\" = x.\"user\") = 0)",
    ),
];

/// A key as values of its columns, after the first `book`.
pub(super) type Key = Vec<Value>;

/// A table cut into pages when the audit starts. Rows that come later belong to the next audit.
pub(super) struct Cut {
    table: &'static Table,
    /// Page `n` lies behind key `n` and ends with key `n + 1`.
    keys: Vec<Key>,
    /// Rows of the last page; every other one is full.
    last: u64,
}

/// The tables of all rules, cut into pages.
pub(super) struct Pages(BTreeMap<&'static str, Cut>);

impl Pages {
    /// Cuts the tables.
    pub(super) async fn of(
        queries: &dyn Queries,
        since: i64,
        meter: &Meter<'_>,
    ) -> Result<Self, QueryError> {
        let mut cuts = BTreeMap::new();
        for rule in ALL {
            if !cuts.contains_key(rule.table) {
                cuts.insert(rule.table, Cut::of(queries, rule.table, since).await?);
            }
            meter.expect(cuts[rule.table].rows());
        }
        Ok(Self(cuts))
    }

    /// The pages of a table: conditions and their parameters, see [`Cut::pages`].
    pub(super) fn table(&self, name: &str) -> &Cut {
        self.0.get(name).expect("every table that is asked for has a rule")
    }

    /// Checks every rule.
    pub(super) async fn check(
        &self,
        queries: &dyn Queries,
        since: i64,
        meter: &Meter<'_>,
        findings: &mut Findings,
    ) -> Result<(), QueryError> {
        for paged in ALL {
            let Paged { rule, says, table, sql } = *paged;
            let (condition, pages) = self.table(table).pages(since);
            let range = self.table(table).range("r.");
            let sql = sql.replace("{page}", &condition).replace("{range r}", &range);
            for (rows, page) in pages {
                check(queries, (rule, says), &sql, page, findings).await?;
                meter.did(says, rows);
            }
        }
        Ok(())
    }
}

impl Cut {
    async fn of(queries: &dyn Queries, name: &'static str, since: i64) -> Result<Self, QueryError> {
        let table = registered(name).expect("a rule names a table that is there").table;
        let kinds: Vec<Kind> = table.key_columns().iter().map(|column| column.kind).collect();
        let columns = |after| quoted_list(table.key_columns().iter().map(|c| c.name)) + after;
        let select = format!("SELECT {} FROM {}", columns(""), quoted(name));
        let mut first: Key = kinds.iter().map(|kind| lowest(*kind)).collect();
        if !table.is_versioned() {
            // What is written once has the batch first in its key.
            first[0] = Value::Int(since);
        }
        let newest = format!(
            "{select} WHERE book = {BOOK} ORDER BY {} DESC LIMIT 1",
            columns("").replace(", ", " DESC, ")
        );
        let newest = queries.rows(newest, Vec::new(), kinds.clone()).await?;
        let mut keys = vec![first];
        let Some(newest) = newest.into_iter().next() else {
            return Ok(Self { table, keys, last: 0 });
        };
        let behind = bound(table, "", ">", 1);
        let next = format!(
            "{select} WHERE book = {BOOK} AND {behind} ORDER BY {} LIMIT 1 OFFSET {}",
            columns(""),
            PAGE - 1
        );
        while let Some(last) = keys.last() {
            let found = queries.rows(next.clone(), last.clone(), kinds.clone()).await?;
            match found.into_iter().next() {
                Some(key) => keys.push(key),
                None => break,
            }
        }
        let count =
            format!("SELECT COUNT(*) FROM {} WHERE book = {BOOK} AND {behind}", quoted(name));
        let last = keys.last().cloned().unwrap_or_default();
        let count = queries.rows(count, last, vec![Kind::Int]).await?;
        let [last] = numbers(count.first().map_or(&[], Vec::as_slice));
        keys.push(newest);
        Ok(Self { table, keys, last: last as u64 })
    }

    fn rows(&self) -> u64 {
        self.keys.len().saturating_sub(2) as u64 * PAGE as u64 + self.last
    }

    /// The condition that keys lie in the range of a page.
    fn range(&self, prefix: &str) -> String {
        let behind = bound(self.table, prefix, ">", 1);
        let up_to = bound(self.table, prefix, "<=", self.table.key + 1);
        format!("{prefix}book = {BOOK} AND {behind} AND {up_to}")
    }

    /// The condition of a page, for a table that is called `x`, and every page: its rows, and the
    /// parameters (the key before it, its last key, and the batch that rows must have been written
    /// behind).
    pub(super) fn pages(&self, since: i64) -> (String, Vec<(u64, Vec<Value>)>) {
        let keys = self.table.key;
        let mut condition = self.range("x.");
        let is_part = self.table.is_versioned() && since > 0;
        if is_part {
            condition += &format!(" AND x.version > ${}", 2 * keys + 1);
        }
        let full = self.keys.len().saturating_sub(2);
        let page = |(place, pair): (usize, &[Key])| {
            let mut parameters = [pair[0].as_slice(), &pair[1]].concat();
            parameters.extend(is_part.then_some(Value::Int(since)));
            (if place < full { PAGE as u64 } else { self.last }, parameters)
        };
        (condition, self.keys.windows(2).enumerate().map(page).collect())
    }
}

/// `(x."a", x."b") > ($1, $2)`.
fn bound(table: &Table, prefix: &str, comparison: &str, first: usize) -> String {
    let columns = table.key_columns().iter().map(|c| format!("{prefix}{}", quoted(c.name)));
    let columns: Vec<String> = columns.collect();
    let places: Vec<String> = (0..columns.len()).map(|n| format!("${}", first + n)).collect();
    match columns.as_slice() {
        [column] => format!("{column} {comparison} {}", places[0]),
        _ => format!("({}) {comparison} ({})", columns.join(", "), places.join(", ")),
    }
}

fn lowest(kind: Kind) -> Value {
    match kind {
        Kind::Int => Value::Int(i64::MIN),
        Kind::Text => Value::Text(String::new()),
        Kind::Bytes => Value::Bytes(Vec::new()),
    }
}
