-- Written from the table descriptions by `make ddl`; never edited by hand.

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jiaozi_app') THEN
        CREATE ROLE jiaozi_app NOLOGIN;
    END IF;
END $$;

CREATE FUNCTION jiaozi_forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '% is forbidden on %', TG_OP, TG_TABLE_NAME USING ERRCODE = '23514';
END $$;

CREATE TABLE "batch" (
    "book" bigint NOT NULL,
    "seq" bigint NOT NULL,
    "id" bytea NOT NULL,
    "now" bigint NOT NULL,
    "offset" bigint NOT NULL,
    "last_journal" bigint NOT NULL,
    "last_account" bigint NOT NULL,
    "turn" bigint NOT NULL,
    "turned_at" bigint NOT NULL,
    "root" bytea NOT NULL,
    "previous" bytea NOT NULL,
    "hash" bytea NOT NULL,
    CHECK (seq > 0),
    CHECK (turn IN (0, 1)),
    CHECK ("offset" >= 0),
    PRIMARY KEY ("book", "seq")
);
CREATE TRIGGER "batch_update" BEFORE UPDATE ON "batch"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "batch_delete" BEFORE DELETE ON "batch"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "batch_truncate" BEFORE TRUNCATE ON "batch"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "batch" FROM PUBLIC;
GRANT SELECT, INSERT ON "batch" TO jiaozi_app;
COMMENT ON TABLE "batch" IS 'One place in the sequence of committed batches.';
COMMENT ON COLUMN "batch"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "batch"."seq" IS 'Its place, gap-free from 1.';
COMMENT ON COLUMN "batch"."id" IS 'Drawn for each attempt to commit, so that an attempt can be told from another.';
COMMENT ON COLUMN "batch"."now" IS 'The batch''s time, never before the last batch''s.';
COMMENT ON COLUMN "batch"."offset" IS 'How far business time is ahead of the real clock, in microseconds.';
COMMENT ON COLUMN "batch"."last_journal" IS 'The last journal number given out.';
COMMENT ON COLUMN "batch"."last_account" IS 'The last account number given out.';
COMMENT ON COLUMN "batch"."turn" IS 'Which idempotency table is current, 0 or 1.';
COMMENT ON COLUMN "batch"."turned_at" IS 'When the idempotency tables took turns last.';
COMMENT ON COLUMN "batch"."root" IS 'Root of the hash tree over its journals and opened accounts.';
COMMENT ON COLUMN "batch"."previous" IS 'The hash of the batch before.';
COMMENT ON COLUMN "batch"."hash" IS 'The hash over everything above.';

CREATE TABLE "journal" (
    "book" bigint NOT NULL,
    "number" bigint NOT NULL,
    "batch" bigint NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "subject" text COLLATE "C" NOT NULL,
    "currency" text COLLATE "C" NOT NULL,
    "legs" bigint NOT NULL,
    "at" bigint NOT NULL,
    CHECK (number > 0),
    CHECK (legs >= 2),
    PRIMARY KEY ("book", "number")
);
CREATE TRIGGER "journal_update" BEFORE UPDATE ON "journal"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "journal_delete" BEFORE DELETE ON "journal"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "journal_truncate" BEFORE TRUNCATE ON "journal"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "journal" FROM PUBLIC;
GRANT SELECT, INSERT ON "journal" TO jiaozi_app;
COMMENT ON TABLE "journal" IS 'The head of one balanced posting.';
COMMENT ON COLUMN "journal"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "journal"."number" IS 'Its number, gap-free from 1.';
COMMENT ON COLUMN "journal"."batch" IS 'The batch that wrote it.';
COMMENT ON COLUMN "journal"."kind" IS 'What it is about.';
COMMENT ON COLUMN "journal"."subject" IS 'The open item it opens or closes.';
COMMENT ON COLUMN "journal"."currency" IS 'The currency of all its entries.';
COMMENT ON COLUMN "journal"."legs" IS 'How many entries it has.';
COMMENT ON COLUMN "journal"."at" IS 'The batch''s time.';

CREATE TABLE "entry" (
    "book" bigint NOT NULL,
    "journal" bigint NOT NULL,
    "account" bigint NOT NULL,
    "amount" bigint NOT NULL,
    "balance" bigint NOT NULL,
    "number" bigint NOT NULL,
    "previous" bigint NOT NULL,
    CHECK (amount <> 0),
    CHECK (amount BETWEEN -99999999999 AND 99999999999),
    CHECK (number > 0),
    CHECK (previous >= 0 AND previous < journal),
    PRIMARY KEY ("book", "journal", "account")
);
CREATE TRIGGER "entry_update" BEFORE UPDATE ON "entry"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "entry_delete" BEFORE DELETE ON "entry"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "entry_truncate" BEFORE TRUNCATE ON "entry"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "entry" FROM PUBLIC;
GRANT SELECT, INSERT ON "entry" TO jiaozi_app;
COMMENT ON TABLE "entry" IS 'What one journal did to one account.';
COMMENT ON COLUMN "entry"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "entry"."journal" IS 'The journal.';
COMMENT ON COLUMN "entry"."account" IS 'The account.';
COMMENT ON COLUMN "entry"."amount" IS 'Minor units, credit positive, never zero.';
COMMENT ON COLUMN "entry"."balance" IS 'The account''s balance after it.';
COMMENT ON COLUMN "entry"."number" IS 'Its number within the account, from 1.';
COMMENT ON COLUMN "entry"."previous" IS 'The journal of the account''s entry before it, 0 for the first.';

CREATE TABLE "account" (
    "book" bigint NOT NULL,
    "number" bigint NOT NULL,
    "currency" text COLLATE "C" NOT NULL,
    "sign" text COLLATE "C" NOT NULL,
    "balance" bigint NOT NULL,
    "entries" bigint NOT NULL,
    "last_entry" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (number > 0),
    CHECK (sign <> 'CREDIT' OR balance >= 0),
    CHECK (sign <> 'DEBIT' OR balance <= 0),
    CHECK (entries >= 0 AND last_entry >= 0),
    PRIMARY KEY ("book", "number")
);
CREATE TRIGGER "account_delete" BEFORE DELETE ON "account"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "account_truncate" BEFORE TRUNCATE ON "account"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "account_rename" BEFORE UPDATE ON "account"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."number" IS DISTINCT FROM NEW."number"
    OR OLD."currency" IS DISTINCT FROM NEW."currency"
    OR OLD."sign" IS DISTINCT FROM NEW."sign") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "account" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "account" TO jiaozi_app;
COMMENT ON TABLE "account" IS 'The money of one account.';
COMMENT ON COLUMN "account"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "account"."number" IS 'Its number within the book, from 1.';
COMMENT ON COLUMN "account"."currency" IS 'The currency of its balance.';
COMMENT ON COLUMN "account"."sign" IS 'The sign that its balance keeps.';
COMMENT ON COLUMN "account"."balance" IS 'Minor units, credit positive.';
COMMENT ON COLUMN "account"."entries" IS 'How many entries it has.';
COMMENT ON COLUMN "account"."last_entry" IS 'The journal of its last entry, 0 when it has none.';
COMMENT ON COLUMN "account"."version" IS 'The batch that last wrote it.';

CREATE TABLE "account_path" (
    "book" bigint NOT NULL,
    "owner_kind" text COLLATE "C" NOT NULL,
    "owner" text COLLATE "C" NOT NULL,
    "purpose" text COLLATE "C" NOT NULL,
    "currency" text COLLATE "C" NOT NULL,
    "number" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (number > 0),
    PRIMARY KEY ("book", "owner_kind", "owner", "purpose", "currency")
);
CREATE INDEX "account_path_number" ON "account_path" ("book", number);
CREATE TRIGGER "account_path_delete" BEFORE DELETE ON "account_path"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "account_path_truncate" BEFORE TRUNCATE ON "account_path"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "account_path_rename" BEFORE UPDATE ON "account_path"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."owner_kind" IS DISTINCT FROM NEW."owner_kind"
    OR OLD."owner" IS DISTINCT FROM NEW."owner"
    OR OLD."purpose" IS DISTINCT FROM NEW."purpose"
    OR OLD."currency" IS DISTINCT FROM NEW."currency"
    OR OLD."number" IS DISTINCT FROM NEW."number") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "account_path" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "account_path" TO jiaozi_app;
COMMENT ON TABLE "account_path" IS 'Which account it is: owner, purpose and currency.';
COMMENT ON COLUMN "account_path"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "account_path"."owner_kind" IS 'What kind of party owns it.';
COMMENT ON COLUMN "account_path"."owner" IS 'The owner''s id.';
COMMENT ON COLUMN "account_path"."purpose" IS 'What it is for.';
COMMENT ON COLUMN "account_path"."currency" IS 'Its currency.';
COMMENT ON COLUMN "account_path"."number" IS 'Its number.';
COMMENT ON COLUMN "account_path"."version" IS 'The batch that last wrote it.';

CREATE TABLE "fact" (
    "book" bigint NOT NULL,
    "batch" bigint NOT NULL,
    "place" bigint NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "slot" bigint NOT NULL,
    "subject" text COLLATE "C" NOT NULL,
    "journal" bigint NOT NULL,
    "at" bigint NOT NULL,
    CHECK (place > 0),
    CHECK (slot BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "batch", "place")
);
CREATE TRIGGER "fact_update" BEFORE UPDATE ON "fact"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "fact_delete" BEFORE DELETE ON "fact"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "fact_truncate" BEFORE TRUNCATE ON "fact"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "fact" FROM PUBLIC;
GRANT SELECT, INSERT ON "fact" TO jiaozi_app;
COMMENT ON TABLE "fact" IS 'One thing that happened, in the order of batches.';
COMMENT ON COLUMN "fact"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "fact"."batch" IS 'The batch it happened in.';
COMMENT ON COLUMN "fact"."place" IS 'Its place within the batch, from 1.';
COMMENT ON COLUMN "fact"."kind" IS 'What happened.';
COMMENT ON COLUMN "fact"."mchid" IS 'The merchant it concerns.';
COMMENT ON COLUMN "fact"."slot" IS 'The merchant''s share for delivery, 0 to 63.';
COMMENT ON COLUMN "fact"."subject" IS 'The merchant''s number of the order or refund.';
COMMENT ON COLUMN "fact"."journal" IS 'The journal it tells of, 0 for none.';
COMMENT ON COLUMN "fact"."at" IS 'When it happened.';

CREATE TABLE "job" (
    "book" bigint NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "subject" text COLLATE "C" NOT NULL,
    "due_at" bigint NOT NULL,
    "attempts" bigint NOT NULL,
    "slot" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (attempts >= 0),
    CHECK (slot BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "kind", "subject")
);
CREATE INDEX "job_due" ON "job" ("book", due_at);
REVOKE ALL ON "job" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "job" TO jiaozi_app;
COMMENT ON TABLE "job" IS 'An obligation that a worker meets.';
COMMENT ON COLUMN "job"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "job"."kind" IS 'What is owed.';
COMMENT ON COLUMN "job"."subject" IS 'The id of the object it is about.';
COMMENT ON COLUMN "job"."due_at" IS 'When it is to be done, in business time.';
COMMENT ON COLUMN "job"."attempts" IS 'How often it was tried.';
COMMENT ON COLUMN "job"."slot" IS 'The share it belongs to, 0 to 63.';
COMMENT ON COLUMN "job"."version" IS 'The batch that last wrote it.';

CREATE TABLE "idempotency_even" (
    "book" bigint NOT NULL,
    "key" text COLLATE "C" NOT NULL,
    "owner" text COLLATE "C" NOT NULL,
    "fingerprint" bytea NOT NULL,
    "code" text COLLATE "C" NOT NULL,
    "form" bigint NOT NULL,
    "outcome" text COLLATE "C" NOT NULL,
    "at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "key", "owner")
);
REVOKE ALL ON "idempotency_even" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "idempotency_even" TO jiaozi_app;
COMMENT ON TABLE "idempotency_even" IS 'An answered request, written while the turn is 0.';
COMMENT ON COLUMN "idempotency_even"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "idempotency_even"."key" IS 'The caller''s key.';
COMMENT ON COLUMN "idempotency_even"."owner" IS 'Whose key it is.';
COMMENT ON COLUMN "idempotency_even"."fingerprint" IS 'Keyed hash of the request without secrets.';
COMMENT ON COLUMN "idempotency_even"."code" IS 'Empty when done, otherwise the refusal''s catalogue code.';
COMMENT ON COLUMN "idempotency_even"."form" IS 'The form of the outcome.';
COMMENT ON COLUMN "idempotency_even"."outcome" IS 'The done value or the refusal''s parameters, as JSON.';
COMMENT ON COLUMN "idempotency_even"."at" IS 'When it was answered.';
COMMENT ON COLUMN "idempotency_even"."version" IS 'The batch that last wrote it.';

CREATE TABLE "idempotency_odd" (
    "book" bigint NOT NULL,
    "key" text COLLATE "C" NOT NULL,
    "owner" text COLLATE "C" NOT NULL,
    "fingerprint" bytea NOT NULL,
    "code" text COLLATE "C" NOT NULL,
    "form" bigint NOT NULL,
    "outcome" text COLLATE "C" NOT NULL,
    "at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "key", "owner")
);
REVOKE ALL ON "idempotency_odd" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "idempotency_odd" TO jiaozi_app;
COMMENT ON TABLE "idempotency_odd" IS 'An answered request, written while the turn is 1.';
COMMENT ON COLUMN "idempotency_odd"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "idempotency_odd"."key" IS 'The caller''s key.';
COMMENT ON COLUMN "idempotency_odd"."owner" IS 'Whose key it is.';
COMMENT ON COLUMN "idempotency_odd"."fingerprint" IS 'Keyed hash of the request without secrets.';
COMMENT ON COLUMN "idempotency_odd"."code" IS 'Empty when done, otherwise the refusal''s catalogue code.';
COMMENT ON COLUMN "idempotency_odd"."form" IS 'The form of the outcome.';
COMMENT ON COLUMN "idempotency_odd"."outcome" IS 'The done value or the refusal''s parameters, as JSON.';
COMMENT ON COLUMN "idempotency_odd"."at" IS 'When it was answered.';
COMMENT ON COLUMN "idempotency_odd"."version" IS 'The batch that last wrote it.';

CREATE TABLE "wallet" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "user" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "freeze" text COLLATE "C",
    "before_freeze" text COLLATE "C",
    "identity" bytea,
    "has_password" bigint NOT NULL,
    "balance_account" bigint NOT NULL,
    "cards" bigint NOT NULL,
    "opened_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (cards >= 0),
    CHECK ((state = 'FROZEN') = (freeze IS NOT NULL)),
    PRIMARY KEY ("book", "id")
);
CREATE TRIGGER "wallet_delete" BEFORE DELETE ON "wallet"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "wallet_truncate" BEFORE TRUNCATE ON "wallet"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "wallet" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "wallet" TO jiaozi_app;
COMMENT ON TABLE "wallet" IS 'A user''s wallet.';
COMMENT ON COLUMN "wallet"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "wallet"."id" IS 'Its public id.';
COMMENT ON COLUMN "wallet"."user" IS 'Who opened it.';
COMMENT ON COLUMN "wallet"."state" IS 'Where it stands.';
COMMENT ON COLUMN "wallet"."freeze" IS 'Who froze it, while it is frozen.';
COMMENT ON COLUMN "wallet"."before_freeze" IS 'What it returns to when it is unfrozen.';
COMMENT ON COLUMN "wallet"."identity" IS 'The verified person.';
COMMENT ON COLUMN "wallet"."has_password" IS 'Whether a payment password is set.';
COMMENT ON COLUMN "wallet"."balance_account" IS 'The ledger account of its balance.';
COMMENT ON COLUMN "wallet"."cards" IS 'How many cards are bound.';
COMMENT ON COLUMN "wallet"."opened_at" IS 'When it was opened.';
COMMENT ON COLUMN "wallet"."version" IS 'The batch that last wrote it.';

CREATE TABLE "identity" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "document" text COLLATE "C" NOT NULL,
    "document_index" bytea NOT NULL,
    "name" bytea NOT NULL,
    "number" bytea NOT NULL,
    "channels" bigint NOT NULL,
    "card_bank" text COLLATE "C" NOT NULL,
    "wallets" bigint NOT NULL,
    "verified_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (channels BETWEEN 1 AND 31),
    CHECK (wallets >= 0),
    PRIMARY KEY ("book", "id")
);
CREATE TRIGGER "identity_delete" BEFORE DELETE ON "identity"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "identity_truncate" BEFORE TRUNCATE ON "identity"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "identity" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "identity" TO jiaozi_app;
COMMENT ON TABLE "identity" IS 'A verified person across wallets.';
COMMENT ON COLUMN "identity"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "identity"."id" IS 'Its id.';
COMMENT ON COLUMN "identity"."document" IS 'The kind of document that it was verified with.';
COMMENT ON COLUMN "identity"."document_index" IS 'Blind index of document type and number.';
COMMENT ON COLUMN "identity"."name" IS 'The sealed name.';
COMMENT ON COLUMN "identity"."number" IS 'The sealed document number.';
COMMENT ON COLUMN "identity"."channels" IS 'Bits of the channels it was verified through.';
COMMENT ON COLUMN "identity"."card_bank" IS 'The bank of the first card that verified it, empty for none.';
COMMENT ON COLUMN "identity"."wallets" IS 'How many wallets it has.';
COMMENT ON COLUMN "identity"."verified_at" IS 'When it was verified first.';
COMMENT ON COLUMN "identity"."version" IS 'The batch that last wrote it.';

CREATE TABLE "usage" (
    "book" bigint NOT NULL,
    "identity" bytea NOT NULL,
    "day" bigint NOT NULL,
    "paid_day" bigint NOT NULL,
    "topped_up_day" bigint NOT NULL,
    "withdrawn_day" bigint NOT NULL,
    "withdrawals_day" bigint NOT NULL,
    "year" bigint NOT NULL,
    "paid_year" bigint NOT NULL,
    "paid_lifetime" bigint NOT NULL,
    "free_used" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (paid_day >= 0 AND topped_up_day >= 0 AND withdrawn_day >= 0 AND withdrawals_day >= 0),
    CHECK (paid_year >= paid_day AND paid_lifetime >= paid_year AND free_used >= 0),
    PRIMARY KEY ("book", "identity")
);
CREATE TRIGGER "usage_delete" BEFORE DELETE ON "usage"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "usage_truncate" BEFORE TRUNCATE ON "usage"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "usage" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "usage" TO jiaozi_app;
COMMENT ON TABLE "usage" IS 'What an identity has used of its caps.';
COMMENT ON COLUMN "usage"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "usage"."identity" IS 'The person.';
COMMENT ON COLUMN "usage"."day" IS 'The business day of the daily sums, as yyyymmdd.';
COMMENT ON COLUMN "usage"."paid_day" IS 'Paid from balances that day, in fen.';
COMMENT ON COLUMN "usage"."topped_up_day" IS 'Topped up that day, in fen.';
COMMENT ON COLUMN "usage"."withdrawn_day" IS 'Withdrawn that day without fees, in fen.';
COMMENT ON COLUMN "usage"."withdrawals_day" IS 'Withdrawals that day.';
COMMENT ON COLUMN "usage"."year" IS 'The calendar year of the yearly sum.';
COMMENT ON COLUMN "usage"."paid_year" IS 'Paid from balances that year, in fen.';
COMMENT ON COLUMN "usage"."paid_lifetime" IS 'Paid from balances ever, in fen.';
COMMENT ON COLUMN "usage"."free_used" IS 'Used of the free withdrawal allowance, in fen.';
COMMENT ON COLUMN "usage"."version" IS 'The batch that last wrote it.';

CREATE TABLE "attempts" (
    "book" bigint NOT NULL,
    "subject" text COLLATE "C" NOT NULL,
    "purpose" text COLLATE "C" NOT NULL,
    "failed" bigint NOT NULL,
    "locked_until" bigint NOT NULL,
    "locks" bigint NOT NULL,
    "first_lock_at" bigint NOT NULL,
    "last_try" bytea NOT NULL,
    "version" bigint NOT NULL,
    CHECK (failed >= 0),
    CHECK (locks >= 0),
    PRIMARY KEY ("book", "subject", "purpose")
);
CREATE TRIGGER "attempts_delete" BEFORE DELETE ON "attempts"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "attempts_truncate" BEFORE TRUNCATE ON "attempts"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "attempts" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "attempts" TO jiaozi_app;
COMMENT ON TABLE "attempts" IS 'Wrong tries of a secret.';
COMMENT ON COLUMN "attempts"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "attempts"."subject" IS 'Whose secret: an id or a blind index in text.';
COMMENT ON COLUMN "attempts"."purpose" IS 'Which secret.';
COMMENT ON COLUMN "attempts"."failed" IS 'Wrong tries in a row.';
COMMENT ON COLUMN "attempts"."locked_until" IS 'Locked until then.';
COMMENT ON COLUMN "attempts"."locks" IS 'Locks in the 24 hours since the first of them.';
COMMENT ON COLUMN "attempts"."first_lock_at" IS 'When the first of these locks, or the window of counting, began.';
COMMENT ON COLUMN "attempts"."last_try" IS 'Keyed hash of request and secret of the last counted try.';
COMMENT ON COLUMN "attempts"."version" IS 'The batch that last wrote it.';

CREATE TABLE "payment_password" (
    "book" bigint NOT NULL,
    "wallet" bytea NOT NULL,
    "tag" bytea NOT NULL,
    "key_version" bigint NOT NULL,
    "earlier" bytea NOT NULL,
    "set_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (key_version BETWEEN 0 AND 255),
    PRIMARY KEY ("book", "wallet")
);
CREATE TRIGGER "payment_password_delete" BEFORE DELETE ON "payment_password"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "payment_password_truncate" BEFORE TRUNCATE ON "payment_password"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "payment_password" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "payment_password" TO jiaozi_app;
COMMENT ON TABLE "payment_password" IS 'The tag of a wallet''s payment password.';
COMMENT ON COLUMN "payment_password"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "payment_password"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "payment_password"."tag" IS 'Keyed hash over wallet and digits.';
COMMENT ON COLUMN "payment_password"."key_version" IS 'The version of the key.';
COMMENT ON COLUMN "payment_password"."earlier" IS 'Earlier tags, newest first: a version byte and 32 bytes each.';
COMMENT ON COLUMN "payment_password"."set_at" IS 'When it was set.';
COMMENT ON COLUMN "payment_password"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "fee_bp" bigint NOT NULL,
    "balance_account" bigint NOT NULL,
    "apiv3_key" bytea NOT NULL,
    "added_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (fee_bp BETWEEN 0 AND 10000),
    PRIMARY KEY ("book", "mchid")
);
CREATE TRIGGER "merchant_delete" BEFORE DELETE ON "merchant"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "merchant_truncate" BEFORE TRUNCATE ON "merchant"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "merchant" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "merchant" TO jiaozi_app;
COMMENT ON TABLE "merchant" IS 'A merchant that takes payments.';
COMMENT ON COLUMN "merchant"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant"."mchid" IS 'Its number: ten digits.';
COMMENT ON COLUMN "merchant"."name" IS 'The name that payers see.';
COMMENT ON COLUMN "merchant"."state" IS 'Where it stands.';
COMMENT ON COLUMN "merchant"."fee_bp" IS 'Its fee, in hundredths of a percent of a payment.';
COMMENT ON COLUMN "merchant"."balance_account" IS 'The ledger account of what is owed to it.';
COMMENT ON COLUMN "merchant"."apiv3_key" IS 'Its sealed APIv3 key.';
COMMENT ON COLUMN "merchant"."added_at" IS 'When it was added.';
COMMENT ON COLUMN "merchant"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant_appid" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "appid" text COLLATE "C" NOT NULL,
    "added_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid", "appid")
);
CREATE TRIGGER "merchant_appid_delete" BEFORE DELETE ON "merchant_appid"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "merchant_appid_truncate" BEFORE TRUNCATE ON "merchant_appid"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "merchant_appid" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "merchant_appid" TO jiaozi_app;
COMMENT ON TABLE "merchant_appid" IS 'An app id that a merchant may name.';
COMMENT ON COLUMN "merchant_appid"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant_appid"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "merchant_appid"."appid" IS 'The app id.';
COMMENT ON COLUMN "merchant_appid"."added_at" IS 'When it was added.';
COMMENT ON COLUMN "merchant_appid"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant_certificate" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "serial" text COLLATE "C" NOT NULL,
    "certificate" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "added_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid", "serial")
);
CREATE TRIGGER "merchant_certificate_delete" BEFORE DELETE ON "merchant_certificate"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "merchant_certificate_truncate" BEFORE TRUNCATE ON "merchant_certificate"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "merchant_certificate" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "merchant_certificate" TO jiaozi_app;
COMMENT ON TABLE "merchant_certificate" IS 'A certificate that a merchant signs with.';
COMMENT ON COLUMN "merchant_certificate"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant_certificate"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "merchant_certificate"."serial" IS 'Its serial number in upper-case hexadecimal digits.';
COMMENT ON COLUMN "merchant_certificate"."certificate" IS 'The certificate, PEM.';
COMMENT ON COLUMN "merchant_certificate"."state" IS 'Where it stands.';
COMMENT ON COLUMN "merchant_certificate"."added_at" IS 'When it was added.';
COMMENT ON COLUMN "merchant_certificate"."version" IS 'The batch that last wrote it.';

CREATE TABLE "platform_key" (
    "book" bigint NOT NULL,
    "id" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "public" text COLLATE "C" NOT NULL,
    "private" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "not_before" bigint NOT NULL,
    "not_after" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "id")
);
CREATE TRIGGER "platform_key_delete" BEFORE DELETE ON "platform_key"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "platform_key_truncate" BEFORE TRUNCATE ON "platform_key"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "platform_key" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "platform_key" TO jiaozi_app;
COMMENT ON TABLE "platform_key" IS 'A key that we sign answers and notifications with.';
COMMENT ON COLUMN "platform_key"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "platform_key"."id" IS 'The certificate''s serial number, or PUB_KEY_ID_ and digits.';
COMMENT ON COLUMN "platform_key"."kind" IS 'What it is given to merchants as.';
COMMENT ON COLUMN "platform_key"."public" IS 'The certificate or public key, PEM.';
COMMENT ON COLUMN "platform_key"."private" IS 'The sealed private key, PKCS#8.';
COMMENT ON COLUMN "platform_key"."state" IS 'Where it stands.';
COMMENT ON COLUMN "platform_key"."not_before" IS 'From when it is used.';
COMMENT ON COLUMN "platform_key"."not_after" IS 'Until when it is used.';
COMMENT ON COLUMN "platform_key"."version" IS 'The batch that last wrote it.';

CREATE TABLE "openid" (
    "book" bigint NOT NULL,
    "openid" text COLLATE "C" NOT NULL,
    "appid" text COLLATE "C" NOT NULL,
    "user" bytea NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "openid")
);
CREATE TRIGGER "openid_delete" BEFORE DELETE ON "openid"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "openid_truncate" BEFORE TRUNCATE ON "openid"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "openid" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "openid" TO jiaozi_app;
COMMENT ON TABLE "openid" IS 'The name that a person has under an app id.';
COMMENT ON COLUMN "openid"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "openid"."openid" IS 'The name: 28 characters.';
COMMENT ON COLUMN "openid"."appid" IS 'The app id.';
COMMENT ON COLUMN "openid"."user" IS 'The person.';
COMMENT ON COLUMN "openid"."version" IS 'The batch that last wrote it.';

CREATE TABLE "order" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "appid" text COLLATE "C" NOT NULL,
    "trade_type" text COLLATE "C" NOT NULL,
    "description" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "attach" text COLLATE "C",
    "notify_url" text COLLATE "C" NOT NULL,
    "openid" text COLLATE "C",
    "device_id" text COLLATE "C",
    "fingerprint" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "created_at" bigint NOT NULL,
    "expires_at" bigint NOT NULL,
    "payer" bytea,
    "payer_openid" text COLLATE "C",
    "payer_account" bigint NOT NULL,
    "transaction_id" text COLLATE "C",
    "paid_at" bigint,
    "journal" bigint NOT NULL,
    "fee_minor" bigint NOT NULL,
    "refunded_minor" bigint NOT NULL,
    "refund_arrived_minor" bigint NOT NULL,
    "fee_refunded_minor" bigint NOT NULL,
    "refunds" bigint NOT NULL,
    "last_refund_at" bigint,
    "version" bigint NOT NULL,
    CHECK (amount BETWEEN 1 AND 99999999999),
    CHECK ((state = 'SUCCESS') = (journal > 0)),
    CHECK ((state = 'SUCCESS') = (transaction_id IS NOT NULL)),
    CHECK (refunded_minor BETWEEN 0 AND amount),
    CHECK (refund_arrived_minor BETWEEN 0 AND refunded_minor),
    CHECK (fee_minor BETWEEN 0 AND amount AND fee_refunded_minor BETWEEN 0 AND fee_minor),
    CHECK (refunds >= 0),
    PRIMARY KEY ("book", "mchid", "out_trade_no")
);
CREATE INDEX "order_open" ON "order" ("book", expires_at) WHERE state = 'NOTPAY';
CREATE TRIGGER "order_delete" BEFORE DELETE ON "order"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "order_truncate" BEFORE TRUNCATE ON "order"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "order" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "order" TO jiaozi_app;
COMMENT ON TABLE "order" IS 'An order of a merchant.';
COMMENT ON COLUMN "order"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "order"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "order"."out_trade_no" IS 'The merchant''s number of it.';
COMMENT ON COLUMN "order"."appid" IS 'The app id it was placed under.';
COMMENT ON COLUMN "order"."trade_type" IS 'How the payer meets it.';
COMMENT ON COLUMN "order"."description" IS 'What the payer sees.';
COMMENT ON COLUMN "order"."amount" IS 'What is to be paid, in fen.';
COMMENT ON COLUMN "order"."attach" IS 'The merchant''s own data, given back with the result.';
COMMENT ON COLUMN "order"."notify_url" IS 'Where the result is notified.';
COMMENT ON COLUMN "order"."openid" IS 'The only payer, named under the app id.';
COMMENT ON COLUMN "order"."device_id" IS 'The merchant''s device.';
COMMENT ON COLUMN "order"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "order"."state" IS 'Where it stands.';
COMMENT ON COLUMN "order"."created_at" IS 'When it was placed.';
COMMENT ON COLUMN "order"."expires_at" IS 'When it closes by itself.';
COMMENT ON COLUMN "order"."payer" IS 'The wallet that paid.';
COMMENT ON COLUMN "order"."payer_openid" IS 'The payer''s name under the app id.';
COMMENT ON COLUMN "order"."payer_account" IS 'The account that paid, 0 while unpaid.';
COMMENT ON COLUMN "order"."transaction_id" IS 'Our number of the payment.';
COMMENT ON COLUMN "order"."paid_at" IS 'When it was paid.';
COMMENT ON COLUMN "order"."journal" IS 'The journal of the payment, 0 while unpaid.';
COMMENT ON COLUMN "order"."fee_minor" IS 'The merchant''s fee on it, in fen.';
COMMENT ON COLUMN "order"."refunded_minor" IS 'Accepted refunds, in fen.';
COMMENT ON COLUMN "order"."refund_arrived_minor" IS 'Refunds that arrived, in fen.';
COMMENT ON COLUMN "order"."fee_refunded_minor" IS 'What of the fee went back with refunds, in fen.';
COMMENT ON COLUMN "order"."refunds" IS 'How many refunds were accepted.';
COMMENT ON COLUMN "order"."last_refund_at" IS 'When the last refund was accepted.';
COMMENT ON COLUMN "order"."version" IS 'The batch that last wrote it.';

CREATE TABLE "order_by_prepay" (
    "book" bigint NOT NULL,
    "prepay_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "expires_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "prepay_id")
);
CREATE TRIGGER "order_by_prepay_delete" BEFORE DELETE ON "order_by_prepay"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "order_by_prepay_truncate" BEFORE TRUNCATE ON "order_by_prepay"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "order_by_prepay" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "order_by_prepay" TO jiaozi_app;
COMMENT ON TABLE "order_by_prepay" IS 'Finds an order by a prepay id.';
COMMENT ON COLUMN "order_by_prepay"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "order_by_prepay"."prepay_id" IS 'The prepay id, which is also what the order''s code carries.';
COMMENT ON COLUMN "order_by_prepay"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "order_by_prepay"."out_trade_no" IS 'The merchant''s number.';
COMMENT ON COLUMN "order_by_prepay"."expires_at" IS 'Until when it can be used.';
COMMENT ON COLUMN "order_by_prepay"."version" IS 'The batch that last wrote it.';

CREATE TABLE "order_by_transaction" (
    "book" bigint NOT NULL,
    "transaction_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "transaction_id")
);
CREATE TRIGGER "order_by_transaction_delete" BEFORE DELETE ON "order_by_transaction"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "order_by_transaction_truncate" BEFORE TRUNCATE ON "order_by_transaction"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "order_by_transaction" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "order_by_transaction" TO jiaozi_app;
COMMENT ON TABLE "order_by_transaction" IS 'Finds an order by the number of its payment.';
COMMENT ON COLUMN "order_by_transaction"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "order_by_transaction"."transaction_id" IS 'Our number of the payment.';
COMMENT ON COLUMN "order_by_transaction"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "order_by_transaction"."out_trade_no" IS 'The merchant''s number.';
COMMENT ON COLUMN "order_by_transaction"."version" IS 'The batch that last wrote it.';

CREATE TABLE "refund" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_refund_no" text COLLATE "C" NOT NULL,
    "refund_id" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "transaction_id" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "total" bigint NOT NULL,
    "reason" text COLLATE "C",
    "notify_url" text COLLATE "C",
    "state" text COLLATE "C" NOT NULL,
    "fee_minor" bigint NOT NULL,
    "fingerprint" bytea NOT NULL,
    "created_at" bigint NOT NULL,
    "succeeded_at" bigint,
    "journal" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (amount BETWEEN 1 AND total),
    CHECK (fee_minor BETWEEN 0 AND amount),
    CHECK (journal > 0),
    CHECK ((state = 'SUCCESS') = (succeeded_at IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_refund_no")
);
CREATE INDEX "refund_order" ON "refund" ("book", mchid, out_trade_no);
CREATE TRIGGER "refund_delete" BEFORE DELETE ON "refund"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "refund_truncate" BEFORE TRUNCATE ON "refund"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "refund" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "refund" TO jiaozi_app;
COMMENT ON TABLE "refund" IS 'One refund of an order.';
COMMENT ON COLUMN "refund"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "refund"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "refund"."out_refund_no" IS 'The merchant''s number of it.';
COMMENT ON COLUMN "refund"."refund_id" IS 'Our number of it.';
COMMENT ON COLUMN "refund"."out_trade_no" IS 'The order''s number.';
COMMENT ON COLUMN "refund"."transaction_id" IS 'The number of the payment.';
COMMENT ON COLUMN "refund"."amount" IS 'What goes back, in fen.';
COMMENT ON COLUMN "refund"."total" IS 'The total of the order, in fen.';
COMMENT ON COLUMN "refund"."reason" IS 'Told to the payer.';
COMMENT ON COLUMN "refund"."notify_url" IS 'Where the result is notified.';
COMMENT ON COLUMN "refund"."state" IS 'Where it stands.';
COMMENT ON COLUMN "refund"."fee_minor" IS 'What of the merchant''s fee goes back with it, in fen.';
COMMENT ON COLUMN "refund"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "refund"."created_at" IS 'When it was accepted.';
COMMENT ON COLUMN "refund"."succeeded_at" IS 'When it arrived.';
COMMENT ON COLUMN "refund"."journal" IS 'The journal of it.';
COMMENT ON COLUMN "refund"."version" IS 'The batch that last wrote it.';

CREATE TABLE "refund_by_id" (
    "book" bigint NOT NULL,
    "refund_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_refund_no" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "refund_id")
);
CREATE TRIGGER "refund_by_id_delete" BEFORE DELETE ON "refund_by_id"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "refund_by_id_truncate" BEFORE TRUNCATE ON "refund_by_id"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "refund_by_id" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "refund_by_id" TO jiaozi_app;
COMMENT ON TABLE "refund_by_id" IS 'Keeps our refund numbers unique.';
COMMENT ON COLUMN "refund_by_id"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "refund_by_id"."refund_id" IS 'Our number.';
COMMENT ON COLUMN "refund_by_id"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "refund_by_id"."out_refund_no" IS 'The merchant''s number.';
COMMENT ON COLUMN "refund_by_id"."version" IS 'The batch that last wrote it.';

CREATE TABLE "slot" (
    "book" bigint NOT NULL,
    "slot" bigint NOT NULL,
    "holder" text COLLATE "C" NOT NULL,
    "lease_until" bigint NOT NULL,
    "cursor_batch" bigint NOT NULL,
    "cursor_place" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (slot BETWEEN 0 AND 63),
    CHECK (cursor_batch >= 0 AND cursor_place >= 0),
    PRIMARY KEY ("book", "slot")
);
CREATE TRIGGER "slot_delete" BEFORE DELETE ON "slot"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "slot_truncate" BEFORE TRUNCATE ON "slot"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "slot" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "slot" TO jiaozi_app;
COMMENT ON TABLE "slot" IS 'One share of the merchants and how far its facts are dealt with.';
COMMENT ON COLUMN "slot"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "slot"."slot" IS 'Its number, 0 to 63.';
COMMENT ON COLUMN "slot"."holder" IS 'The process that holds it.';
COMMENT ON COLUMN "slot"."lease_until" IS 'Until when.';
COMMENT ON COLUMN "slot"."cursor_batch" IS 'The batch of the last fact that is delivered or waits in retry.';
COMMENT ON COLUMN "slot"."cursor_place" IS 'Its place in that batch.';
COMMENT ON COLUMN "slot"."version" IS 'The batch that last wrote it.';

CREATE TABLE "retry" (
    "book" bigint NOT NULL,
    "batch" bigint NOT NULL,
    "place" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "slot" bigint NOT NULL,
    "attempts" bigint NOT NULL,
    "due_at" bigint NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "last_error" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    CHECK (attempts >= 0),
    CHECK (slot BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "batch", "place")
);
CREATE INDEX "retry_due" ON "retry" ("book", due_at) WHERE state = 'WAITING';
REVOKE ALL ON "retry" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "retry" TO jiaozi_app;
COMMENT ON TABLE "retry" IS 'A notification that failed at first.';
COMMENT ON COLUMN "retry"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "retry"."batch" IS 'The batch of its fact.';
COMMENT ON COLUMN "retry"."place" IS 'The place of its fact.';
COMMENT ON COLUMN "retry"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "retry"."slot" IS 'The merchant''s share, 0 to 63.';
COMMENT ON COLUMN "retry"."attempts" IS 'How often delivery failed.';
COMMENT ON COLUMN "retry"."due_at" IS 'When it is tried next.';
COMMENT ON COLUMN "retry"."state" IS 'Where it stands.';
COMMENT ON COLUMN "retry"."last_error" IS 'How the last try failed.';
COMMENT ON COLUMN "retry"."version" IS 'The batch that last wrote it.';
