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
COMMENT ON COLUMN "attempts"."first_lock_at" IS 'When the first of these locks began.';
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
