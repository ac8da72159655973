//! Rules that SQL can say. Each statement gives one text column, `offender`, and no row while the
//! rule holds. The text is the same for every database.

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

/// Every rule.
pub const ALL: &[Invariant] = &[
    rule(
        "L1",
        "a journal balances",
        "SELECT CAST(journal AS TEXT) AS offender FROM entry WHERE book = 1 \
         GROUP BY journal HAVING SUM(amount) <> 0",
    ),
    rule(
        "L2",
        "a journal has the entries it says, at least two",
        "SELECT CAST(j.number AS TEXT) AS offender FROM journal j \
         LEFT JOIN entry e ON e.book = j.book AND e.journal = j.number WHERE j.book = 1 \
         GROUP BY j.number, j.legs HAVING COUNT(e.account) <> j.legs OR COUNT(e.account) < 2",
    ),
    rule(
        "L3",
        "an entry has its journal and its account",
        "SELECT CAST(e.journal AS TEXT) || '/' || CAST(e.account AS TEXT) AS offender FROM entry e \
         LEFT JOIN journal j ON j.book = e.book AND j.number = e.journal \
         LEFT JOIN account a ON a.book = e.book AND a.number = e.account \
         WHERE e.book = 1 AND (j.number IS NULL OR a.number IS NULL)",
    ),
    rule(
        "L4",
        "an entry is in its account's currency",
        "SELECT CAST(e.journal AS TEXT) || '/' || CAST(e.account AS TEXT) AS offender FROM entry e \
         JOIN journal j ON j.book = e.book AND j.number = e.journal \
         JOIN account a ON a.book = e.book AND a.number = e.account \
         WHERE e.book = 1 AND a.currency <> j.currency",
    ),
    rule(
        "L5",
        "a balance is the sum of its entries",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a LEFT JOIN \
         (SELECT account, SUM(amount) AS total FROM entry WHERE book = 1 GROUP BY account) e \
         ON e.account = a.number WHERE a.book = 1 AND COALESCE(e.total, 0) <> a.balance",
    ),
    rule(
        "L6",
        "a balance keeps its sign",
        "SELECT CAST(number AS TEXT) AS offender FROM account WHERE book = 1 AND \
         ((sign = 'CREDIT' AND balance < 0) OR (sign = 'DEBIT' AND balance > 0))",
    ),
    rule(
        "L9",
        "an entry's amount is not zero and in range",
        "SELECT CAST(journal AS TEXT) || '/' || CAST(account AS TEXT) AS offender FROM entry \
         WHERE book = 1 AND (amount = 0 OR amount > 99999999999 OR amount < -99999999999)",
    ),
    rule(
        "L10",
        "entries of an account continue its running balance and name the entry before",
        "SELECT CAST(journal AS TEXT) || '/' || CAST(account AS TEXT) AS offender FROM ( \
         SELECT journal, account, amount, balance, previous, \
         LAG(balance, 1, 0) OVER (PARTITION BY account ORDER BY number) AS balance_before, \
         LAG(journal, 1, 0) OVER (PARTITION BY account ORDER BY number) AS journal_before \
         FROM entry WHERE book = 1) x \
         WHERE balance <> balance_before + amount OR previous <> journal_before",
    ),
    rule(
        "L11",
        "entries of an account are numbered without gap, and the account knows the last",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a LEFT JOIN ( \
         SELECT account, COUNT(*) AS n, COUNT(DISTINCT number) AS d, MAX(number) AS m, \
         MAX(journal) AS j FROM entry WHERE book = 1 GROUP BY account) e ON e.account = a.number \
         WHERE a.book = 1 AND (COALESCE(e.n, 0) <> a.entries OR COALESCE(e.d, 0) <> a.entries \
         OR COALESCE(e.m, 0) <> a.entries OR COALESCE(e.j, 0) <> a.last_entry)",
    ),
    rule(
        "L12",
        "journals are numbered without gap up to what the last batch says",
        "SELECT CAST(j.n AS TEXT) || ' of ' || CAST(j.m AS TEXT) AS offender FROM \
         (SELECT COUNT(*) AS n, COALESCE(MAX(number), 0) AS m, COALESCE(MIN(number), 1) AS l \
         FROM journal WHERE book = 1) j, \
         (SELECT COALESCE(MAX(last_journal), 0) AS m FROM batch WHERE book = 1) b \
         WHERE j.n <> j.m OR j.l <> 1 OR j.m <> b.m",
    ),
    rule(
        "L13",
        "all balances of a currency add up to zero",
        "SELECT currency AS offender FROM account WHERE book = 1 \
         GROUP BY currency HAVING SUM(balance) <> 0",
    ),
    rule(
        "L14",
        "batches are numbered without gap, and each names the hash of the one before",
        "SELECT CAST(seq AS TEXT) AS offender FROM (SELECT seq, previous, last_journal, now, \
         LAG(seq, 1, 0) OVER (ORDER BY seq) AS seq_before, \
         LAG(hash, 1) OVER (ORDER BY seq) AS hash_before, \
         LAG(last_journal, 1, 0) OVER (ORDER BY seq) AS journal_before, \
         LAG(now, 1, 0) OVER (ORDER BY seq) AS now_before \
         FROM batch WHERE book = 1) x \
         WHERE seq <> seq_before + 1 OR (seq > 1 AND previous <> hash_before) \
         OR last_journal < journal_before OR now < now_before",
    ),
    rule(
        "A1",
        "accounts are numbered without gap, and each has exactly one path",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a \
         LEFT JOIN account_path p ON p.book = a.book AND p.number = a.number \
         WHERE a.book = 1 GROUP BY a.number HAVING COUNT(p.number) <> 1 \
         UNION ALL SELECT 'path ' || CAST(p.number AS TEXT) AS offender FROM account_path p \
         LEFT JOIN account a ON a.book = p.book AND a.number = p.number \
         WHERE p.book = 1 AND a.number IS NULL \
         UNION ALL SELECT CAST(x.n AS TEXT) || ' of ' || CAST(b.m AS TEXT) AS offender FROM \
         (SELECT COUNT(*) AS n, COALESCE(MAX(number), 0) AS m FROM account WHERE book = 1) x, \
         (SELECT COALESCE(MAX(last_account), 0) AS m FROM batch WHERE book = 1) b \
         WHERE x.n <> x.m OR x.m <> b.m",
    ),
    rule(
        "A2",
        "an account has the currency of its path and the sign of its purpose",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a \
         JOIN account_path p ON p.book = a.book AND p.number = a.number WHERE a.book = 1 \
         AND (a.currency <> p.currency OR a.sign <> CASE \
         WHEN p.purpose IN ('BALANCE', 'UNSETTLED', 'FROZEN', 'TRANSIT_WITHDRAWAL', \
         'TRANSIT_REFUND', 'ESCROW_TRANSFER', 'ESCROW_RED_PACKET') THEN 'CREDIT' \
         WHEN p.purpose = 'BANK' THEN 'DEBIT' ELSE 'EITHER' END)",
    ),
    rule(
        "J1",
        "a journal lies in a batch that is there and gives out its number",
        "SELECT CAST(j.number AS TEXT) AS offender FROM journal j \
         LEFT JOIN batch b ON b.book = j.book AND b.seq = j.batch WHERE j.book = 1 \
         AND (b.seq IS NULL OR j.number > b.last_journal OR j.at <> b.now)",
    ),
    rule(
        "O1",
        "an order knows the sum and number of its refunds, which are at most what was paid",
        "SELECT o.mchid || ':' || o.out_trade_no AS offender FROM \"order\" o LEFT JOIN ( \
         SELECT mchid, out_trade_no, SUM(amount) AS total, SUM(fee_minor) AS fee, COUNT(*) AS n, \
         SUM(CASE WHEN state = 'SUCCESS' THEN amount ELSE 0 END) AS arrived \
         FROM refund WHERE book = 1 AND state <> 'CLOSED' GROUP BY mchid, out_trade_no) r \
         ON r.mchid = o.mchid AND r.out_trade_no = o.out_trade_no WHERE o.book = 1 \
         AND (COALESCE(r.total, 0) <> o.refunded_minor OR COALESCE(r.arrived, 0) <> \
         o.refund_arrived_minor OR COALESCE(r.fee, 0) <> o.fee_refunded_minor \
         OR COALESCE(r.n, 0) <> o.refunds OR COALESCE(r.total, 0) > o.amount)",
    ),
    rule(
        "O2",
        "a paid order has one payment journal that took its amount from its payer",
        "SELECT o.mchid || ':' || o.out_trade_no AS offender FROM \"order\" o \
         LEFT JOIN journal j ON j.book = o.book AND j.number = o.journal AND j.kind = 'PAYMENT' \
         AND j.subject = 'order:' || o.mchid || ':' || o.out_trade_no \
         LEFT JOIN entry e ON e.book = o.book AND e.journal = o.journal \
         AND e.account = o.payer_account AND e.amount = -o.amount \
         WHERE o.book = 1 AND o.state = 'SUCCESS' AND (j.number IS NULL OR e.journal IS NULL) \
         UNION ALL SELECT j.subject AS offender FROM journal j WHERE j.book = 1 \
         AND j.kind = 'PAYMENT' GROUP BY j.subject HAVING COUNT(*) <> 1 \
         UNION ALL SELECT j.subject AS offender FROM journal j \
         LEFT JOIN \"order\" o ON o.book = j.book AND o.journal = j.number \
         WHERE j.book = 1 AND j.kind = 'PAYMENT' AND o.journal IS NULL",
    ),
    rule(
        "O3",
        "a refund has one journal that gave its amount to the payer of its order",
        "SELECT r.mchid || ':' || r.out_refund_no AS offender FROM refund r \
         LEFT JOIN \"order\" o ON o.book = r.book AND o.mchid = r.mchid \
         AND o.out_trade_no = r.out_trade_no \
         LEFT JOIN journal j ON j.book = r.book AND j.number = r.journal AND j.kind = 'REFUND' \
         AND j.subject = 'refund:' || r.mchid || ':' || r.out_refund_no \
         LEFT JOIN entry e ON e.book = r.book AND e.journal = r.journal \
         AND e.account = o.payer_account AND e.amount = r.amount \
         WHERE r.book = 1 AND (o.mchid IS NULL OR j.number IS NULL OR e.journal IS NULL) \
         UNION ALL SELECT j.subject AS offender FROM journal j \
         LEFT JOIN refund r ON r.book = j.book AND r.journal = j.number \
         WHERE j.book = 1 AND j.kind = 'REFUND' AND r.journal IS NULL",
    ),
    rule(
        "O6",
        "a journal serves one payment or refund",
        "SELECT CAST(journal AS TEXT) AS offender FROM ( \
         SELECT journal FROM \"order\" WHERE book = 1 AND journal > 0 \
         UNION ALL SELECT journal FROM refund WHERE book = 1) x \
         GROUP BY journal HAVING COUNT(*) > 1",
    ),
    rule(
        "O7",
        "a payment number leads to its order, and a paid order to its number",
        "SELECT o.mchid || ':' || o.out_trade_no AS offender FROM \"order\" o \
         LEFT JOIN order_by_transaction t ON t.book = o.book \
         AND t.transaction_id = o.transaction_id AND t.mchid = o.mchid \
         AND t.out_trade_no = o.out_trade_no \
         WHERE o.book = 1 AND o.transaction_id IS NOT NULL AND t.mchid IS NULL \
         UNION ALL SELECT t.transaction_id AS offender FROM order_by_transaction t \
         LEFT JOIN \"order\" o ON o.book = t.book AND o.mchid = t.mchid \
         AND o.out_trade_no = t.out_trade_no AND o.transaction_id = t.transaction_id \
         WHERE t.book = 1 AND o.mchid IS NULL",
    ),
    rule(
        "O8",
        "a prepay id leads to an order, and a refund number to a refund",
        "SELECT p.prepay_id AS offender FROM order_by_prepay p \
         LEFT JOIN \"order\" o ON o.book = p.book AND o.mchid = p.mchid \
         AND o.out_trade_no = p.out_trade_no WHERE p.book = 1 AND o.mchid IS NULL \
         UNION ALL SELECT r.mchid || ':' || r.out_refund_no AS offender FROM refund r \
         LEFT JOIN refund_by_id i ON i.book = r.book AND i.refund_id = r.refund_id \
         AND i.mchid = r.mchid AND i.out_refund_no = r.out_refund_no \
         WHERE r.book = 1 AND i.mchid IS NULL",
    ),
    rule(
        "O9",
        "an order's and a refund's merchant is there, with an account of its own",
        "SELECT o.mchid || ':' || o.out_trade_no AS offender FROM \"order\" o \
         LEFT JOIN merchant m ON m.book = o.book AND m.mchid = o.mchid \
         WHERE o.book = 1 AND m.mchid IS NULL \
         UNION ALL SELECT m.mchid AS offender FROM merchant m \
         LEFT JOIN account_path p ON p.book = m.book AND p.number = m.balance_account \
         AND p.owner_kind = 'MERCHANT' AND p.owner = m.mchid AND p.purpose = 'BALANCE' \
         WHERE m.book = 1 AND p.number IS NULL",
    ),
    rule(
        "W1",
        "a payment or refund journal has exactly one fact, of its kind, that names it",
        "SELECT CAST(j.number AS TEXT) AS offender FROM journal j \
         LEFT JOIN fact f ON f.book = j.book AND f.journal = j.number AND f.batch = j.batch \
         AND f.kind = CASE j.kind WHEN 'PAYMENT' THEN 'PAYMENT_SUCCEEDED' \
         ELSE 'REFUND_SUCCEEDED' END \
         WHERE j.book = 1 AND j.kind IN ('PAYMENT', 'REFUND') \
         GROUP BY j.number HAVING COUNT(f.journal) <> 1 \
         UNION ALL SELECT CAST(f.batch AS TEXT) || '/' || CAST(f.place AS TEXT) AS offender \
         FROM fact f LEFT JOIN journal j ON j.book = f.book AND j.number = f.journal \
         WHERE f.book = 1 AND f.journal > 0 AND j.number IS NULL",
    ),
    rule(
        "W2",
        "a waiting notification has its fact",
        "SELECT CAST(r.batch AS TEXT) || '/' || CAST(r.place AS TEXT) AS offender FROM retry r \
         LEFT JOIN fact f ON f.book = r.book AND f.batch = r.batch AND f.place = r.place \
         WHERE r.book = 1 AND f.batch IS NULL",
    ),
    rule(
        "P1",
        "a wallet has a balance account of its user, and its identity is there",
        "SELECT CAST(w.balance_account AS TEXT) AS offender FROM wallet w \
         LEFT JOIN account_path p ON p.book = w.book AND p.number = w.balance_account \
         AND p.owner_kind = 'USER' AND p.purpose = 'BALANCE' \
         LEFT JOIN identity i ON i.book = w.book AND i.id = w.identity \
         WHERE w.book = 1 AND (p.number IS NULL OR (w.identity IS NOT NULL AND i.id IS NULL)) \
         UNION ALL SELECT CAST(balance_account AS TEXT) AS offender FROM wallet \
         WHERE book = 1 GROUP BY balance_account HAVING COUNT(*) > 1",
    ),
    rule(
        "P2",
        "an active wallet has a verified person and a payment password",
        "SELECT CAST(w.balance_account AS TEXT) AS offender FROM wallet w \
         LEFT JOIN payment_password p ON p.book = w.book AND p.wallet = w.id \
         WHERE w.book = 1 AND ((w.state = 'ACTIVE' AND (w.identity IS NULL OR p.wallet IS NULL)) \
         OR (w.has_password = 1) <> (p.wallet IS NOT NULL))",
    ),
    rule(
        "P3",
        "an identity counts its wallets",
        "SELECT CAST(i.verified_at AS TEXT) AS offender FROM identity i \
         LEFT JOIN wallet w ON w.book = i.book AND w.identity = i.id WHERE i.book = 1 \
         GROUP BY i.id, i.wallets, i.verified_at HAVING COUNT(w.id) <> i.wallets",
    ),
    rule(
        "B1",
        "a successful top-up, and no other, has a journal that gave its amount to its wallet",
        "SELECT CAST(t.journal AS TEXT) AS offender FROM top_up t \
         JOIN wallet w ON w.book = t.book AND w.id = t.wallet \
         LEFT JOIN journal j ON j.book = t.book AND j.number = t.journal AND j.kind = 'TOP_UP' \
         LEFT JOIN entry e ON e.book = t.book AND e.journal = t.journal \
         AND e.account = w.balance_account AND e.amount = t.amount WHERE t.book = 1 \
         AND (t.state = 'SUCCESS') <> (j.number IS NOT NULL AND e.journal IS NOT NULL) \
         UNION ALL SELECT j.subject AS offender FROM journal j \
         LEFT JOIN top_up t ON t.book = j.book AND t.journal = j.number \
         WHERE j.book = 1 AND j.kind = 'TOP_UP' AND t.journal IS NULL",
    ),
    rule(
        "B2",
        "a movement at the bank belongs to one top-up or withdrawal",
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
        "money in transit to cards is the sum of the refunds that have not arrived",
        "SELECT CAST(a.number AS TEXT) AS offender FROM account a JOIN account_path p \
         ON p.book = a.book AND p.number = a.number AND p.purpose = 'TRANSIT_REFUND', \
         (SELECT COALESCE(SUM(amount), 0) AS total FROM refund WHERE book = 1 \
         AND state IN ('PROCESSING', 'ABNORMAL')) r WHERE a.book = 1 AND a.balance <> r.total",
    ),
    rule(
        "B6",
        "money in suspense is the sum of what top-ups and withdrawals say lies there",
        "SELECT CAST(s.total AS TEXT) AS offender FROM \
         (SELECT COALESCE(SUM(a.balance), 0) AS total FROM account a JOIN account_path p \
         ON p.book = a.book AND p.number = a.number AND p.purpose = 'SUSPENSE' \
         WHERE a.book = 1) s, \
         (SELECT COALESCE(SUM(suspended_minor), 0) AS total FROM top_up WHERE book = 1) t, \
         (SELECT COALESCE(SUM(suspended_minor), 0) AS total FROM withdrawal WHERE book = 1) w \
         WHERE s.total <> t.total + w.total",
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
        "P4",
        "a wallet counts its bound cards, and a card number the wallets it is bound to",
        "SELECT CAST(w.balance_account AS TEXT) AS offender FROM wallet w LEFT JOIN card c \
         ON c.book = w.book AND c.wallet = w.id AND c.state <> 'UNBOUND' WHERE w.book = 1 \
         GROUP BY w.id, w.cards, w.balance_account HAVING COUNT(c.id) <> w.cards \
         UNION ALL SELECT CAST(u.wallets AS TEXT) AS offender FROM card_use u \
         LEFT JOIN card_by_number n ON n.book = u.book AND n.number_index = u.number_index \
         WHERE u.book = 1 GROUP BY u.number_index, u.wallets HAVING COUNT(n.wallet) <> u.wallets",
    ),
    rule(
        "I2",
        "a key was answered once",
        "SELECT CAST(e.at AS TEXT) AS offender FROM idempotency_even e \
         JOIN idempotency_odd o ON o.book = e.book AND o.key = e.key AND o.owner = e.owner \
         WHERE e.book = 1",
    ),
    rule(
        "S3",
        "a session belongs to a user and device that are there",
        "SELECT CAST(s.created_at AS TEXT) AS offender FROM session s \
         LEFT JOIN \"user\" u ON u.book = s.book AND u.id = s.\"user\" \
         LEFT JOIN device d ON d.book = s.book AND d.id = s.device AND d.\"user\" = s.\"user\" \
         WHERE s.book = 1 AND (u.id IS NULL OR d.id IS NULL)",
    ),
    rule(
        "P5",
        "a card counts the top-ups and withdrawals that go on with it",
        "SELECT c.bank || CAST(c.bound_at AS TEXT) AS offender FROM card c \
         LEFT JOIN (SELECT card, COUNT(*) AS n FROM ( \
         SELECT card FROM top_up WHERE book = 1 AND state IN ('BANK_PROCESSING', 'UNKNOWN') \
         UNION ALL SELECT card FROM withdrawal WHERE book = 1 \
         AND state IN ('HELD', 'BANK_PROCESSING')) open_items GROUP BY card) o ON o.card = c.id \
         WHERE c.book = 1 AND COALESCE(o.n, 0) <> c.open_items",
    ),
];
