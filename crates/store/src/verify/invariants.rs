//! Rules that one SQL statement can say about everything. Each gives one text column, `offender`,
//! and no row while the rule holds. A statement sees one committed state, so its rule holds
//! whenever it runs. The text is the same for every database.

use super::Rule;
use super::finding::Findings;
use crate::BOOK;
use crate::ddl::quoted;
use crate::queries::{Queries, QueryError};
use crate::registry;
use crate::value::{Kind, Value};

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Invariant {
    /// Its short name.
    pub rule: &'static str,
    /// What it says.
    pub says: &'static str,
    /// The statement that finds its offenders.
    pub sql: &'static str,
}

const fn rule(rule: &'static str, says: &'static str, sql: &'static str) -> Invariant {
    Invariant { rule, says, sql }
}

/// Runs a statement that gives offenders. One that the database refuses while it answers others is
/// a finding: a sum beyond all bounds, or a text that cannot be read.
pub(super) async fn check(
    queries: &dyn Queries,
    rule: Rule,
    sql: &str,
    parameters: Vec<Value>,
    findings: &mut Findings,
) -> Result<(), QueryError> {
    let sql = format!("SELECT offender FROM ({sql}) AS found LIMIT {}", super::OFFENDERS_MAX);
    let refused = match queries.rows(sql, parameters, vec![Kind::Text]).await {
        Ok(rows) => {
            rows.into_iter().for_each(|row| findings.add(rule, text(row)));
            return Ok(());
        }
        Err(refused) => refused,
    };
    let still = "SELECT MAX(seq) FROM batch WHERE book = 1".to_owned();
    queries.rows(still, Vec::new(), vec![Kind::Int]).await?;
    findings.add(rule, format_args!("cannot be checked: {refused}"));
    Ok(())
}

fn text(row: Vec<Value>) -> String {
    match row.into_iter().next() {
        Some(Value::Text(text)) => text,
        other => format!("{other:?}"),
    }
}

/// The rule about the batch that last wrote a row.
pub(super) const V1: Rule = ("V1", "no row says that it was written by a batch that is not there");

/// Looks through every table whose rows say who wrote them.
pub(super) async fn check_versions(
    queries: &dyn Queries,
    findings: &mut Findings,
) -> Result<(), QueryError> {
    for entry in registry::all().iter().filter(|entry| entry.table.is_versioned()) {
        let (name, table) = (entry.table.name, quoted(entry.table.name));
        let sql = format!(
            "SELECT MAX(version) FROM {table} WHERE book = {BOOK} AND version > \
             (SELECT COALESCE(MAX(b.seq), 0) FROM batch b WHERE b.book = {BOOK})"
        );
        let rows = queries.rows(sql, Vec::new(), vec![Kind::Int]).await?;
        if let Some([Value::Int(version)]) = rows.first().map(Vec::as_slice) {
            findings.add(V1, format_args!("{name} of batch {version}"));
        }
    }
    Ok(())
}

/// What an order's merchant must be.
pub(super) const O9: &str = "an order's merchant is there, with an account of its own";
/// What a wallet stands on.
pub(super) const P1: &str = "a wallet has a balance account of its user, and its identity is there";

/// What a top-up has to show.
pub(super) const B1: &str =
    "a successful top-up, and no other, has a journal that gave its amount to its wallet";

/// Every rule of one statement.
pub const ALL: &[Invariant] = &[
    rule(
        "R1",
        "nothing lies outside the numbers that batches gave out",
        "SELECT 'batch ' || CAST(seq AS TEXT) AS offender FROM batch WHERE book = 1 AND seq <= 0 \
         UNION ALL SELECT 'journal ' || CAST(number AS TEXT) FROM journal \
         WHERE book = 1 AND number <= 0 \
         UNION ALL SELECT 'journal ' || CAST(number AS TEXT) FROM journal \
         WHERE book = 1 AND number > COALESCE((SELECT b.last_journal FROM batch b \
         WHERE b.book = 1 ORDER BY b.seq DESC LIMIT 1), 0) \
         UNION ALL SELECT 'entry ' || CAST(journal AS TEXT) FROM entry \
         WHERE book = 1 AND journal <= 0 \
         UNION ALL SELECT 'entry ' || CAST(journal AS TEXT) FROM entry \
         WHERE book = 1 AND journal > COALESCE((SELECT b.last_journal FROM batch b \
         WHERE b.book = 1 ORDER BY b.seq DESC LIMIT 1), 0) \
         UNION ALL SELECT 'account ' || CAST(number AS TEXT) FROM account \
         WHERE book = 1 AND number <= 0 \
         UNION ALL SELECT 'account ' || CAST(number AS TEXT) FROM account \
         WHERE book = 1 AND number > COALESCE((SELECT b.last_account FROM batch b \
         WHERE b.book = 1 ORDER BY b.seq DESC LIMIT 1), 0) \
         UNION ALL SELECT 'path ' || CAST(number AS TEXT) FROM account_path \
         WHERE book = 1 AND number <= 0 \
         UNION ALL SELECT 'path ' || CAST(number AS TEXT) FROM account_path \
         WHERE book = 1 AND number > COALESCE((SELECT b.last_account FROM batch b \
         WHERE b.book = 1 ORDER BY b.seq DESC LIMIT 1), 0) \
         UNION ALL SELECT 'fact ' || CAST(batch AS TEXT) FROM fact \
         WHERE book = 1 AND batch <= 0 \
         UNION ALL SELECT 'fact ' || CAST(batch AS TEXT) FROM fact \
         WHERE book = 1 AND batch > COALESCE((SELECT MAX(b.seq) FROM batch b \
         WHERE b.book = 1), 0)",
    ),
    rule(
        "O9",
        O9,
        "SELECT m.mchid AS offender FROM merchant m \
         LEFT JOIN account_path p ON p.book = m.book AND p.number = m.balance_account \
         AND p.owner_kind = 'MERCHANT' AND p.owner = m.mchid AND p.purpose = 'BALANCE' \
         WHERE m.book = 1 AND p.number IS NULL",
    ),
    rule(
        "P1",
        P1,
        "SELECT CAST(balance_account AS TEXT) AS offender FROM wallet \
         WHERE book = 1 GROUP BY balance_account HAVING COUNT(*) > 1",
    ),
    rule(
        "L13",
        "all balances of a currency add up to zero",
        "SELECT currency AS offender FROM account WHERE book = 1 \
         GROUP BY currency HAVING SUM(balance) <> 0",
    ),
    rule(
        "W2",
        "a waiting notification has its fact",
        "SELECT CAST(r.batch AS TEXT) || '/' || CAST(r.place AS TEXT) AS offender FROM retry r \
         LEFT JOIN fact f ON f.book = r.book AND f.batch = r.batch AND f.place = r.place \
         WHERE r.book = 1 AND f.batch IS NULL",
    ),
    rule(
        "P3",
        "an identity counts its wallets",
        "SELECT CAST(i.verified_at AS TEXT) AS offender FROM identity i \
         LEFT JOIN (SELECT identity, COUNT(*) AS n FROM wallet WHERE book = 1 GROUP BY identity) w \
         ON w.identity = i.id WHERE i.book = 1 AND COALESCE(w.n, 0) <> i.wallets",
    ),
    rule(
        "B1",
        B1,
        "SELECT j.subject AS offender FROM journal j WHERE j.book = 1 AND j.kind = 'TOP_UP' \
         AND j.number NOT IN (SELECT t.journal FROM top_up t WHERE t.book = 1)",
    ),
    rule(
        "B2",
        "a movement at the bank belongs to one top-up, withdrawal, card payment or payout",
        "SELECT bank_ref AS offender FROM bank_movement WHERE book = 1 \
         GROUP BY bank_ref HAVING COUNT(*) > 1",
    ),
    rule(
        "B3",
        "no top-up waits for the bank's word for more than three days",
        "SELECT CAST(t.created_at AS TEXT) AS offender FROM top_up t, \
         (SELECT COALESCE(MAX(now), 0) AS now FROM batch WHERE book = 1) b WHERE t.book = 1 \
         AND t.state IN ('BANK_PROCESSING', 'UNKNOWN') AND t.created_at < b.now - 259200000000",
    ),
    rule(
        "B4",
        "money in transit is the sum of the withdrawals that are not settled",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a JOIN account_path p \
         ON p.book = a.book AND p.number = a.number AND p.purpose = 'TRANSIT_WITHDRAWAL', \
         (SELECT COALESCE(SUM(amount + fee_minor), 0) AS total FROM withdrawal WHERE book = 1 \
         AND state IN ('HELD', 'BANK_PROCESSING')) w WHERE a.book = 1 AND a.balance <> w.total",
    ),
    rule(
        "B5",
        "money in transit to cards is the sum of the payouts that are under way and of the refunds \
         that no card took",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a JOIN account_path p \
         ON p.book = a.book AND p.number = a.number AND p.purpose = 'TRANSIT_REFUND', \
         (SELECT COALESCE(SUM(amount), 0) AS total FROM refund_payout WHERE book = 1 \
         AND state = 'PROCESSING') o, \
         (SELECT COALESCE(SUM(amount), 0) AS total FROM refund WHERE book = 1 \
         AND state = 'ABNORMAL') r WHERE a.book = 1 AND a.balance <> o.total + r.total",
    ),
    rule(
        "B6",
        "money in suspense is the sum of what movements at the bank say lies there",
        "SELECT CAST(s.total AS TEXT) AS offender FROM \
         (SELECT COALESCE(SUM(a.balance), 0) AS total FROM account a JOIN account_path p \
         ON p.book = a.book AND p.number = a.number AND p.purpose = 'SUSPENSE' \
         WHERE a.book = 1) s, \
         (SELECT COALESCE(SUM(suspended_minor), 0) AS total FROM top_up WHERE book = 1) t, \
         (SELECT COALESCE(SUM(suspended_minor), 0) AS total FROM withdrawal WHERE book = 1) w, \
         (SELECT COALESCE(SUM(suspended_minor), 0) AS total FROM card_payment WHERE book = 1) c, \
         (SELECT COALESCE(SUM(suspended_minor), 0) AS total FROM refund_payout WHERE book = 1) o \
         WHERE s.total <> t.total + w.total + c.total + o.total",
    ),
    rule(
        "B7",
        "a top-up is credited once; a withdrawal starts once and ends once",
        "SELECT subject AS offender FROM journal WHERE book = 1 \
         AND kind IN ('TOP_UP', 'WITHDRAWAL_START') GROUP BY subject HAVING COUNT(*) > 1 \
         UNION ALL SELECT subject AS offender FROM journal WHERE book = 1 \
         AND kind IN ('WITHDRAWAL_SETTLE', 'WITHDRAWAL_RETURN') \
         GROUP BY subject HAVING COUNT(*) > 1 \
         UNION ALL SELECT e.subject AS offender FROM journal e LEFT JOIN journal s \
         ON s.book = e.book AND s.subject = e.subject AND s.kind = 'WITHDRAWAL_START' \
         WHERE e.book = 1 AND e.kind IN ('WITHDRAWAL_SETTLE', 'WITHDRAWAL_RETURN') \
         AND s.number IS NULL",
    ),
    rule(
        "B8",
        "there are as many withdrawals as journals that started one, and as many ends",
        "SELECT CAST(w.n AS TEXT) || ' / ' || CAST(j.n AS TEXT) AS offender FROM \
         (SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN state IN ('HELD', 'BANK_PROCESSING') \
         THEN 0 ELSE 1 END), 0) AS ended FROM withdrawal WHERE book = 1) w, \
         (SELECT COUNT(*) AS n FROM journal WHERE book = 1 AND kind = 'WITHDRAWAL_START') j, \
         (SELECT COUNT(*) AS n FROM journal WHERE book = 1 \
         AND kind IN ('WITHDRAWAL_SETTLE', 'WITHDRAWAL_RETURN')) e \
         WHERE w.n <> j.n OR w.ended <> e.n",
    ),
    rule(
        "B11",
        "there are as many payouts and late payments as journals that tell of them",
        "SELECT CAST(o.n AS TEXT) || ' / ' || CAST(c.n AS TEXT) AS offender FROM \
         (SELECT COUNT(*) AS n, COUNT(DISTINCT journal) AS d FROM refund_payout WHERE book = 1 \
         AND journal > 0) o, \
         (SELECT COUNT(*) AS n FROM journal WHERE book = 1 AND kind = 'REFUND_SETTLE') s, \
         (SELECT COUNT(*) AS n FROM card_payment WHERE book = 1 \
         AND state IN ('REFUNDING', 'REFUNDED')) c, \
         (SELECT COUNT(*) AS n FROM journal WHERE book = 1 AND kind = 'LATE_PAYMENT') l \
         WHERE o.n <> s.n OR o.d <> o.n OR c.n <> l.n",
    ),
    rule(
        "M1",
        "a merchant's unsettled money is the sum of what of its orders waits for sharing and of \
         what requests that are not finished are about",
        "SELECT p.owner AS offender FROM account_path p JOIN account a \
         ON a.book = p.book AND a.number = p.number LEFT JOIN ( \
         SELECT payee, SUM(total) AS total FROM ( \
         SELECT COALESCE(sub_mchid, mchid) AS payee, unsettled_minor AS total \
         FROM \"order\" WHERE book = 1 AND unsettled_minor > 0 \
         UNION ALL SELECT COALESCE(sub_mchid, mchid) AS payee, \
         shared_minor + unfrozen_minor AS total \
         FROM profit_order WHERE book = 1 AND state = 'PROCESSING') items \
         GROUP BY payee) o ON o.payee = p.owner \
         WHERE p.book = 1 AND p.owner_kind = 'MERCHANT' AND p.purpose = 'UNSETTLED' \
         AND a.balance <> COALESCE(o.total, 0)",
    ),
    rule(
        "M2",
        "money in escrow is the sum of the transfers that nobody has taken or given back",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a JOIN account_path p \
         ON p.book = a.book AND p.number = a.number AND p.purpose = 'ESCROW_TRANSFER', \
         (SELECT COALESCE(SUM(amount), 0) AS total FROM merchant_transfer WHERE book = 1 \
         AND state = 'WAIT_USER_CONFIRM') t, \
         (SELECT COALESCE(SUM(amount), 0) AS total FROM transfer_detail WHERE book = 1 \
         AND state = 'PROCESSING') d WHERE a.book = 1 AND a.balance <> t.total + d.total",
    ),
    rule(
        "M3",
        "an order knows what was shared of it, and how often",
        "SELECT g.mchid || ':' || g.out_trade_no AS offender FROM ( \
         SELECT mchid, out_trade_no, SUM(shared_minor) AS total, COUNT(*) AS n \
         FROM profit_order WHERE book = 1 GROUP BY mchid, out_trade_no) g LEFT JOIN ( \
         SELECT s.mchid, t.out_trade_no, SUM(s.amount) AS back FROM profit_return s \
         JOIN profit_order t ON t.book = s.book AND t.mchid = s.mchid \
         AND t.out_order_no = s.out_order_no WHERE s.book = 1 AND s.result = 'SUCCESS' \
         GROUP BY s.mchid, t.out_trade_no) b \
         ON b.mchid = g.mchid AND b.out_trade_no = g.out_trade_no LEFT JOIN \"order\" o \
         ON o.book = 1 AND o.mchid = g.mchid AND o.out_trade_no = g.out_trade_no \
         WHERE COALESCE(o.profit_orders, 0) <> g.n \
         OR COALESCE(o.shared_minor, -1) <> g.total - COALESCE(b.back, 0)",
    ),
    rule(
        "P4",
        "a wallet counts its bound cards, and a card number the wallets it is bound to",
        "SELECT CAST(w.balance_account AS TEXT) AS offender FROM wallet w \
         LEFT JOIN (SELECT wallet, COUNT(*) AS n FROM card WHERE book = 1 \
         AND state <> 'UNBOUND' GROUP BY wallet) c ON c.wallet = w.id \
         WHERE w.book = 1 AND COALESCE(c.n, 0) <> w.cards \
         UNION ALL SELECT CAST(u.wallets AS TEXT) AS offender FROM card_use u \
         LEFT JOIN (SELECT number_index, COUNT(*) AS n FROM card_by_number WHERE book = 1 \
         GROUP BY number_index) c ON c.number_index = u.number_index \
         WHERE u.book = 1 AND COALESCE(c.n, 0) <> u.wallets",
    ),
    rule(
        "P5",
        "a card counts the movements of money that go on with it",
        "SELECT c.bank || CAST(c.bound_at AS TEXT) AS offender FROM card c \
         LEFT JOIN (SELECT card, COUNT(*) AS n FROM ( \
         SELECT card FROM top_up WHERE book = 1 AND state IN ('BANK_PROCESSING', 'UNKNOWN') \
         UNION ALL SELECT card FROM withdrawal WHERE book = 1 \
         AND state IN ('HELD', 'BANK_PROCESSING') \
         UNION ALL SELECT card FROM card_payment WHERE book = 1 \
         AND state IN ('BANK_PROCESSING', 'UNKNOWN') \
         UNION ALL SELECT card FROM refund_payout WHERE book = 1 \
         AND state = 'PROCESSING') open_items GROUP BY card) o ON o.card = c.id \
         WHERE c.book = 1 AND COALESCE(o.n, 0) <> c.open_items",
    ),
    rule(
        "K1",
        "what payment codes name leads to the wallet that shows them",
        "SELECT CAST(c.locator AS TEXT) AS offender FROM payment_codes c \
         LEFT JOIN payment_code_locator l ON l.book = c.book AND l.locator = c.locator \
         WHERE c.book = 1 AND (l.wallet IS NULL OR l.wallet <> c.wallet)",
    ),
    rule(
        "K2",
        "what a person paid by code on a day is the sum of these orders",
        "SELECT CAST(u.day_from AS TEXT) AS offender FROM payment_code_usage u \
         LEFT JOIN wallet w ON w.book = u.book AND w.identity = u.identity \
         LEFT JOIN \"order\" o ON o.book = w.book AND o.payer = w.id \
         AND o.trade_type = 'MICROPAY' AND o.journal > 0 \
         AND o.paid_at >= u.day_from AND o.paid_at < u.day_from + 86400000000 \
         WHERE u.book = 1 GROUP BY u.identity, u.day_from, u.paid_minor \
         HAVING COALESCE(SUM(o.amount), 0) <> u.paid_minor",
    ),
];
