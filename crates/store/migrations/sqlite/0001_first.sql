-- Written from the table descriptions by `make ddl`; never edited by hand.

-- One place in the sequence of committed batches.
CREATE TABLE "batch" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "seq" INTEGER NOT NULL, -- Its place, gap-free from 1.
    "id" BLOB NOT NULL, -- Drawn for each attempt to commit, so that an attempt can be told from another.
    "now" INTEGER NOT NULL, -- The batch's time, never before the last batch's.
    "offset" INTEGER NOT NULL, -- How far business time is ahead of the real clock, in microseconds.
    "last_journal" INTEGER NOT NULL, -- The last journal number given out.
    "last_account" INTEGER NOT NULL, -- The last account number given out.
    "turn" INTEGER NOT NULL, -- Which idempotency table is current, 0 or 1.
    "turned_at" INTEGER NOT NULL, -- When the idempotency tables took turns last.
    "root" BLOB NOT NULL, -- Root of the hash tree over its journals and opened accounts.
    "previous" BLOB NOT NULL, -- The hash of the batch before.
    "hash" BLOB NOT NULL, -- The hash over everything above.
    CHECK (seq > 0),
    CHECK (turn IN (0, 1)),
    CHECK ("offset" >= 0),
    PRIMARY KEY ("book", "seq")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "batch_update" BEFORE UPDATE ON "batch"
BEGIN SELECT RAISE(ABORT, 'update is forbidden on batch'); END;
CREATE TRIGGER "batch_delete" BEFORE DELETE ON "batch"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on batch'); END;

-- The head of one balanced posting.
CREATE TABLE "journal" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "number" INTEGER NOT NULL, -- Its number, gap-free from 1.
    "batch" INTEGER NOT NULL, -- The batch that wrote it.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What it is about.
    "subject" TEXT COLLATE BINARY NOT NULL, -- The open item it opens or closes.
    "currency" TEXT COLLATE BINARY NOT NULL, -- The currency of all its entries.
    "legs" INTEGER NOT NULL, -- How many entries it has.
    "at" INTEGER NOT NULL, -- The batch's time.
    CHECK (number > 0),
    CHECK (legs >= 2),
    PRIMARY KEY ("book", "number")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "journal_update" BEFORE UPDATE ON "journal"
BEGIN SELECT RAISE(ABORT, 'update is forbidden on journal'); END;
CREATE TRIGGER "journal_delete" BEFORE DELETE ON "journal"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on journal'); END;

-- What one journal did to one account.
CREATE TABLE "entry" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "journal" INTEGER NOT NULL, -- The journal.
    "account" INTEGER NOT NULL, -- The account.
    "amount" INTEGER NOT NULL, -- Minor units, credit positive, never zero.
    "balance" INTEGER NOT NULL, -- The account's balance after it.
    "number" INTEGER NOT NULL, -- Its number within the account, from 1.
    "previous" INTEGER NOT NULL, -- The journal of the account's entry before it, 0 for the first.
    CHECK (amount <> 0),
    CHECK (amount BETWEEN -99999999999 AND 99999999999),
    CHECK (number > 0),
    CHECK (previous >= 0 AND previous < journal),
    PRIMARY KEY ("book", "journal", "account")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "entry_update" BEFORE UPDATE ON "entry"
BEGIN SELECT RAISE(ABORT, 'update is forbidden on entry'); END;
CREATE TRIGGER "entry_delete" BEFORE DELETE ON "entry"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on entry'); END;

-- The money of one account.
CREATE TABLE "account" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "number" INTEGER NOT NULL, -- Its number within the book, from 1.
    "currency" TEXT COLLATE BINARY NOT NULL, -- The currency of its balance.
    "sign" TEXT COLLATE BINARY NOT NULL, -- The sign that its balance keeps.
    "balance" INTEGER NOT NULL, -- Minor units, credit positive.
    "entries" INTEGER NOT NULL, -- How many entries it has.
    "last_entry" INTEGER NOT NULL, -- The journal of its last entry, 0 when it has none.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (number > 0),
    CHECK (sign <> 'CREDIT' OR balance >= 0),
    CHECK (sign <> 'DEBIT' OR balance <= 0),
    CHECK (entries >= 0 AND last_entry >= 0),
    PRIMARY KEY ("book", "number")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "account_delete" BEFORE DELETE ON "account"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on account'); END;
CREATE TRIGGER "account_rename" BEFORE UPDATE ON "account"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."number" IS NOT NEW."number"
    OR OLD."currency" IS NOT NEW."currency"
    OR OLD."sign" IS NOT NEW."sign"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on account'); END;

-- Which account it is: owner, purpose and currency.
CREATE TABLE "account_path" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "owner_kind" TEXT COLLATE BINARY NOT NULL, -- What kind of party owns it.
    "owner" TEXT COLLATE BINARY NOT NULL, -- The owner's id.
    "purpose" TEXT COLLATE BINARY NOT NULL, -- What it is for.
    "currency" TEXT COLLATE BINARY NOT NULL, -- Its currency.
    "number" INTEGER NOT NULL, -- Its number.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (number > 0),
    PRIMARY KEY ("book", "owner_kind", "owner", "purpose", "currency")
) STRICT, WITHOUT ROWID;
CREATE INDEX "account_path_number" ON "account_path" ("book", number);
CREATE TRIGGER "account_path_delete" BEFORE DELETE ON "account_path"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on account_path'); END;
CREATE TRIGGER "account_path_rename" BEFORE UPDATE ON "account_path"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."owner_kind" IS NOT NEW."owner_kind"
    OR OLD."owner" IS NOT NEW."owner"
    OR OLD."purpose" IS NOT NEW."purpose"
    OR OLD."currency" IS NOT NEW."currency"
    OR OLD."number" IS NOT NEW."number"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on account_path'); END;

-- One thing that happened, in the order of batches.
CREATE TABLE "fact" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "batch" INTEGER NOT NULL, -- The batch it happened in.
    "place" INTEGER NOT NULL, -- Its place within the batch, from 1.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What happened.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant it concerns.
    "slot" INTEGER NOT NULL, -- The merchant's share for delivery, 0 to 63.
    "subject" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of the order or refund.
    "journal" INTEGER NOT NULL, -- The journal it tells of, 0 for none.
    "at" INTEGER NOT NULL, -- When it happened.
    CHECK (place > 0),
    CHECK (slot BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "batch", "place")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "fact_update" BEFORE UPDATE ON "fact"
BEGIN SELECT RAISE(ABORT, 'update is forbidden on fact'); END;
CREATE TRIGGER "fact_delete" BEFORE DELETE ON "fact"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on fact'); END;

-- An obligation that a worker meets.
CREATE TABLE "job" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What is owed.
    "subject" TEXT COLLATE BINARY NOT NULL, -- The id of the object it is about.
    "due_at" INTEGER NOT NULL, -- When it is to be done, in business time.
    "attempts" INTEGER NOT NULL, -- How often it was tried.
    "slot" INTEGER NOT NULL, -- The share it belongs to, 0 to 63.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (attempts >= 0),
    CHECK (slot BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "kind", "subject")
) STRICT, WITHOUT ROWID;
CREATE INDEX "job_due" ON "job" ("book", due_at);

-- An answered request, written while the turn is 0.
CREATE TABLE "idempotency_even" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "key" TEXT COLLATE BINARY NOT NULL, -- The caller's key.
    "owner" TEXT COLLATE BINARY NOT NULL, -- Whose key it is.
    "fingerprint" BLOB NOT NULL, -- Keyed hash of the request without secrets.
    "code" TEXT COLLATE BINARY NOT NULL, -- Empty when done, otherwise the refusal's catalogue code.
    "form" INTEGER NOT NULL, -- The form of the outcome.
    "outcome" TEXT COLLATE BINARY NOT NULL, -- The done value or the refusal's parameters, as JSON.
    "at" INTEGER NOT NULL, -- When it was answered.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "key", "owner")
) STRICT, WITHOUT ROWID;

-- An answered request, written while the turn is 1.
CREATE TABLE "idempotency_odd" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "key" TEXT COLLATE BINARY NOT NULL, -- The caller's key.
    "owner" TEXT COLLATE BINARY NOT NULL, -- Whose key it is.
    "fingerprint" BLOB NOT NULL, -- Keyed hash of the request without secrets.
    "code" TEXT COLLATE BINARY NOT NULL, -- Empty when done, otherwise the refusal's catalogue code.
    "form" INTEGER NOT NULL, -- The form of the outcome.
    "outcome" TEXT COLLATE BINARY NOT NULL, -- The done value or the refusal's parameters, as JSON.
    "at" INTEGER NOT NULL, -- When it was answered.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "key", "owner")
) STRICT, WITHOUT ROWID;

-- A user's wallet.
CREATE TABLE "wallet" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id.
    "user" BLOB NOT NULL, -- Who opened it.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "freeze" TEXT COLLATE BINARY, -- Who froze it, while it is frozen.
    "before_freeze" TEXT COLLATE BINARY, -- What it returns to when it is unfrozen.
    "identity" BLOB, -- The verified person.
    "has_password" INTEGER NOT NULL, -- Whether a payment password is set.
    "balance_account" INTEGER NOT NULL, -- The ledger account of its balance.
    "cards" INTEGER NOT NULL, -- How many cards are bound.
    "opened_at" INTEGER NOT NULL, -- When it was opened.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (cards >= 0),
    CHECK ((state = 'FROZEN') = (freeze IS NOT NULL)),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "wallet_delete" BEFORE DELETE ON "wallet"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on wallet'); END;

-- A verified person across wallets.
CREATE TABLE "identity" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its id.
    "document" TEXT COLLATE BINARY NOT NULL, -- The kind of document that it was verified with.
    "document_index" BLOB NOT NULL, -- Blind index of document type and number.
    "name" BLOB NOT NULL, -- The sealed name.
    "number" BLOB NOT NULL, -- The sealed document number.
    "channels" INTEGER NOT NULL, -- Bits of the channels it was verified through.
    "card_bank" TEXT COLLATE BINARY NOT NULL, -- The bank of the first card that verified it, empty for none.
    "wallets" INTEGER NOT NULL, -- How many wallets it has.
    "verified_at" INTEGER NOT NULL, -- When it was verified first.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (channels BETWEEN 1 AND 31),
    CHECK (wallets >= 0),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "identity_delete" BEFORE DELETE ON "identity"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on identity'); END;

-- What an identity has used of its caps.
CREATE TABLE "usage" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "identity" BLOB NOT NULL, -- The person.
    "day" INTEGER NOT NULL, -- The business day of the daily sums, as yyyymmdd.
    "paid_day" INTEGER NOT NULL, -- Paid from balances that day, in fen.
    "topped_up_day" INTEGER NOT NULL, -- Topped up that day, in fen.
    "withdrawn_day" INTEGER NOT NULL, -- Withdrawn that day without fees, in fen.
    "withdrawals_day" INTEGER NOT NULL, -- Withdrawals that day.
    "year" INTEGER NOT NULL, -- The calendar year of the yearly sum.
    "paid_year" INTEGER NOT NULL, -- Paid from balances that year, in fen.
    "paid_lifetime" INTEGER NOT NULL, -- Paid from balances ever, in fen.
    "free_used" INTEGER NOT NULL, -- Used of the free withdrawal allowance, in fen.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (paid_day >= 0 AND topped_up_day >= 0 AND withdrawn_day >= 0 AND withdrawals_day >= 0),
    CHECK (paid_year >= paid_day AND paid_lifetime >= paid_year AND free_used >= 0),
    PRIMARY KEY ("book", "identity")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "usage_delete" BEFORE DELETE ON "usage"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on usage'); END;

-- Wrong tries of a secret.
CREATE TABLE "attempts" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "subject" TEXT COLLATE BINARY NOT NULL, -- Whose secret: an id or a blind index in text.
    "purpose" TEXT COLLATE BINARY NOT NULL, -- Which secret.
    "failed" INTEGER NOT NULL, -- Wrong tries in a row.
    "locked_until" INTEGER NOT NULL, -- Locked until then.
    "locks" INTEGER NOT NULL, -- Locks in the 24 hours since the first of them.
    "first_lock_at" INTEGER NOT NULL, -- When the first of these locks, or the window of counting, began.
    "last_try" BLOB NOT NULL, -- Keyed hash of request and secret of the last counted try.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (failed >= 0),
    CHECK (locks >= 0),
    PRIMARY KEY ("book", "subject", "purpose")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "attempts_delete" BEFORE DELETE ON "attempts"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on attempts'); END;

-- The tag of a wallet's payment password.
CREATE TABLE "payment_password" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "wallet" BLOB NOT NULL, -- The wallet.
    "tag" BLOB NOT NULL, -- Keyed hash over wallet and digits.
    "key_version" INTEGER NOT NULL, -- The version of the key.
    "earlier" BLOB NOT NULL, -- Earlier tags, newest first: a version byte and 32 bytes each.
    "set_at" INTEGER NOT NULL, -- When it was set.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (key_version BETWEEN 0 AND 255),
    PRIMARY KEY ("book", "wallet")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "payment_password_delete" BEFORE DELETE ON "payment_password"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on payment_password'); END;

-- A merchant that takes payments.
CREATE TABLE "merchant" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- Its number: ten digits.
    "name" TEXT COLLATE BINARY NOT NULL, -- The name that payers see.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "fee_bp" INTEGER NOT NULL, -- Its fee, in hundredths of a percent of a payment.
    "balance_account" INTEGER NOT NULL, -- The ledger account of what is owed to it.
    "apiv3_key" BLOB NOT NULL, -- Its sealed APIv3 key.
    "added_at" INTEGER NOT NULL, -- When it was added.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (fee_bp BETWEEN 0 AND 10000),
    PRIMARY KEY ("book", "mchid")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "merchant_delete" BEFORE DELETE ON "merchant"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on merchant'); END;

-- An app id that a merchant may name.
CREATE TABLE "merchant_appid" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "appid" TEXT COLLATE BINARY NOT NULL, -- The app id.
    "added_at" INTEGER NOT NULL, -- When it was added.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid", "appid")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "merchant_appid_delete" BEFORE DELETE ON "merchant_appid"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on merchant_appid'); END;

-- A certificate that a merchant signs with.
CREATE TABLE "merchant_certificate" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "serial" TEXT COLLATE BINARY NOT NULL, -- Its serial number in upper-case hexadecimal digits.
    "certificate" TEXT COLLATE BINARY NOT NULL, -- The certificate, PEM.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "added_at" INTEGER NOT NULL, -- When it was added.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid", "serial")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "merchant_certificate_delete" BEFORE DELETE ON "merchant_certificate"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on merchant_certificate'); END;

-- A key that we sign answers and notifications with.
CREATE TABLE "platform_key" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" TEXT COLLATE BINARY NOT NULL, -- The certificate's serial number, or PUB_KEY_ID_ and digits.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What it is given to merchants as.
    "public" TEXT COLLATE BINARY NOT NULL, -- The certificate or public key, PEM.
    "private" BLOB NOT NULL, -- The sealed private key, PKCS#8.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "not_before" INTEGER NOT NULL, -- From when it is used.
    "not_after" INTEGER NOT NULL, -- Until when it is used.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "platform_key_delete" BEFORE DELETE ON "platform_key"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on platform_key'); END;

-- The name that a person has under an app id.
CREATE TABLE "openid" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "openid" TEXT COLLATE BINARY NOT NULL, -- The name: 28 characters.
    "appid" TEXT COLLATE BINARY NOT NULL, -- The app id.
    "user" BLOB NOT NULL, -- The person.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "openid")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "openid_delete" BEFORE DELETE ON "openid"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on openid'); END;

-- An order of a merchant.
CREATE TABLE "order" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of it.
    "appid" TEXT COLLATE BINARY NOT NULL, -- The app id it was placed under.
    "trade_type" TEXT COLLATE BINARY NOT NULL, -- How the payer meets it.
    "description" TEXT COLLATE BINARY NOT NULL, -- What the payer sees.
    "amount" INTEGER NOT NULL, -- What is to be paid, in fen.
    "attach" TEXT COLLATE BINARY, -- The merchant's own data, given back with the result.
    "notify_url" TEXT COLLATE BINARY NOT NULL, -- Where the result is notified.
    "openid" TEXT COLLATE BINARY, -- The only payer, named under the app id.
    "device_id" TEXT COLLATE BINARY, -- The merchant's device.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "created_at" INTEGER NOT NULL, -- When it was placed.
    "expires_at" INTEGER NOT NULL, -- When it closes by itself.
    "payer" BLOB, -- The wallet that paid.
    "payer_openid" TEXT COLLATE BINARY, -- The payer's name under the app id.
    "payer_account" INTEGER NOT NULL, -- The account that paid, 0 while unpaid.
    "transaction_id" TEXT COLLATE BINARY, -- Our number of the payment.
    "paid_at" INTEGER, -- When it was paid.
    "journal" INTEGER NOT NULL, -- The journal of the payment, 0 while unpaid.
    "fee_minor" INTEGER NOT NULL, -- The merchant's fee on it, in fen.
    "refunded_minor" INTEGER NOT NULL, -- Accepted refunds, in fen.
    "refund_arrived_minor" INTEGER NOT NULL, -- Refunds that arrived, in fen.
    "fee_refunded_minor" INTEGER NOT NULL, -- What of the fee went back with refunds, in fen.
    "refunds" INTEGER NOT NULL, -- How many refunds were accepted.
    "last_refund_at" INTEGER, -- When the last refund was accepted.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (amount BETWEEN 1 AND 99999999999),
    CHECK ((state = 'SUCCESS') = (journal > 0)),
    CHECK ((state = 'SUCCESS') = (transaction_id IS NOT NULL)),
    CHECK (refunded_minor BETWEEN 0 AND amount),
    CHECK (refund_arrived_minor BETWEEN 0 AND refunded_minor),
    CHECK (fee_minor BETWEEN 0 AND amount AND fee_refunded_minor BETWEEN 0 AND fee_minor),
    CHECK (refunds >= 0),
    PRIMARY KEY ("book", "mchid", "out_trade_no")
) STRICT, WITHOUT ROWID;
CREATE INDEX "order_open" ON "order" ("book", expires_at) WHERE state = 'NOTPAY';
CREATE TRIGGER "order_delete" BEFORE DELETE ON "order"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on order'); END;

-- Finds an order by a prepay id.
CREATE TABLE "order_by_prepay" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "prepay_id" TEXT COLLATE BINARY NOT NULL, -- The prepay id, which is also what the order's code carries.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number.
    "expires_at" INTEGER NOT NULL, -- Until when it can be used.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "prepay_id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "order_by_prepay_delete" BEFORE DELETE ON "order_by_prepay"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on order_by_prepay'); END;

-- Finds an order by the number of its payment.
CREATE TABLE "order_by_transaction" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "transaction_id" TEXT COLLATE BINARY NOT NULL, -- Our number of the payment.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "transaction_id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "order_by_transaction_delete" BEFORE DELETE ON "order_by_transaction"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on order_by_transaction'); END;

-- One refund of an order.
CREATE TABLE "refund" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_refund_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of it.
    "refund_id" TEXT COLLATE BINARY NOT NULL, -- Our number of it.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The order's number.
    "transaction_id" TEXT COLLATE BINARY NOT NULL, -- The number of the payment.
    "amount" INTEGER NOT NULL, -- What goes back, in fen.
    "total" INTEGER NOT NULL, -- The total of the order, in fen.
    "reason" TEXT COLLATE BINARY, -- Told to the payer.
    "notify_url" TEXT COLLATE BINARY, -- Where the result is notified.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "fee_minor" INTEGER NOT NULL, -- What of the merchant's fee goes back with it, in fen.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "created_at" INTEGER NOT NULL, -- When it was accepted.
    "succeeded_at" INTEGER, -- When it arrived.
    "journal" INTEGER NOT NULL, -- The journal of it.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (amount BETWEEN 1 AND total),
    CHECK (fee_minor BETWEEN 0 AND amount),
    CHECK (journal > 0),
    CHECK ((state = 'SUCCESS') = (succeeded_at IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_refund_no")
) STRICT, WITHOUT ROWID;
CREATE INDEX "refund_order" ON "refund" ("book", mchid, out_trade_no);
CREATE TRIGGER "refund_delete" BEFORE DELETE ON "refund"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on refund'); END;

-- Keeps our refund numbers unique.
CREATE TABLE "refund_by_id" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "refund_id" TEXT COLLATE BINARY NOT NULL, -- Our number.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_refund_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "refund_id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "refund_by_id_delete" BEFORE DELETE ON "refund_by_id"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on refund_by_id'); END;

-- One share of the merchants and how far its facts are dealt with.
CREATE TABLE "slot" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "slot" INTEGER NOT NULL, -- Its number, 0 to 63.
    "holder" TEXT COLLATE BINARY NOT NULL, -- The process that holds it.
    "lease_until" INTEGER NOT NULL, -- Until when.
    "cursor_batch" INTEGER NOT NULL, -- The batch of the last fact that is delivered or waits in retry.
    "cursor_place" INTEGER NOT NULL, -- Its place in that batch.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (slot BETWEEN 0 AND 63),
    CHECK (cursor_batch >= 0 AND cursor_place >= 0),
    PRIMARY KEY ("book", "slot")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "slot_delete" BEFORE DELETE ON "slot"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on slot'); END;

-- A notification that failed at first.
CREATE TABLE "retry" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "batch" INTEGER NOT NULL, -- The batch of its fact.
    "place" INTEGER NOT NULL, -- The place of its fact.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "slot" INTEGER NOT NULL, -- The merchant's share, 0 to 63.
    "attempts" INTEGER NOT NULL, -- How often delivery failed.
    "due_at" INTEGER NOT NULL, -- When it is tried next.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "last_error" TEXT COLLATE BINARY NOT NULL, -- How the last try failed.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (attempts >= 0),
    CHECK (slot BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "batch", "place")
) STRICT, WITHOUT ROWID;
CREATE INDEX "retry_due" ON "retry" ("book", due_at) WHERE state = 'WAITING';
