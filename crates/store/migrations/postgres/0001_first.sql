-- Written from the table descriptions by `make ddl`; never edited by hand.

DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jiaozi_app') THEN
        CREATE ROLE jiaozi_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- Another database of this server makes it at the same moment.
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
    CHECK ("seq" > 0),
    CHECK ("turn" IN (0, 1)),
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
    CHECK ("number" > 0),
    CHECK ("legs" >= 2),
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
    CHECK ("amount" <> 0),
    CHECK ("amount" BETWEEN -99999999999 AND 99999999999),
    CHECK ("number" > 0),
    CHECK ("previous" >= 0 AND "previous" < "journal"),
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
    CHECK ("number" > 0),
    CHECK ("sign" <> 'CREDIT' OR "balance" >= 0),
    CHECK ("sign" <> 'DEBIT' OR "balance" <= 0),
    CHECK ("entries" >= 0 AND "last_entry" >= 0),
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
    CHECK ("number" > 0),
    PRIMARY KEY ("book", "owner_kind", "owner", "purpose", "currency")
);
CREATE INDEX "account_path_number" ON "account_path" ("book", "number");
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
    CHECK ("place" > 0),
    CHECK ("slot" BETWEEN 0 AND 63),
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
    CHECK ("attempts" >= 0),
    CHECK ("slot" BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "kind", "subject")
);
CREATE INDEX "job_due" ON "job" ("book", "due_at");
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
    CHECK ("cards" >= 0),
    CHECK (("state" = 'FROZEN') = ("freeze" IS NOT NULL)),
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
    CHECK ("channels" BETWEEN 1 AND 31),
    CHECK ("wallets" >= 0),
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
    CHECK ("paid_day" >= 0 AND "topped_up_day" >= 0 AND "withdrawn_day" >= 0 AND "withdrawals_day" >= 0),
    CHECK ("paid_year" >= "paid_day" AND "paid_lifetime" >= "paid_year" AND "free_used" >= 0),
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
    CHECK ("failed" >= 0),
    CHECK ("locks" >= 0),
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
    "reset_at" bigint,
    "version" bigint NOT NULL,
    CHECK ("key_version" BETWEEN 0 AND 255),
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
COMMENT ON COLUMN "payment_password"."reset_at" IS 'When it was last set without the old one.';
COMMENT ON COLUMN "payment_password"."version" IS 'The batch that last wrote it.';

CREATE TABLE "freeze" (
    "book" bigint NOT NULL,
    "wallet" bytea NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "frozen_by" text COLLATE "C" NOT NULL,
    "reason" text COLLATE "C" NOT NULL,
    "frozen_at" bigint NOT NULL,
    "lifted_by" text COLLATE "C" NOT NULL,
    "lifted_at" bigint,
    "version" bigint NOT NULL,
    CHECK (("lifted_at" IS NULL) = ("lifted_by" = '')),
    PRIMARY KEY ("book", "wallet", "kind")
);
CREATE TRIGGER "freeze_delete" BEFORE DELETE ON "freeze"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "freeze_truncate" BEFORE TRUNCATE ON "freeze"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "freeze" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "freeze" TO jiaozi_app;
COMMENT ON TABLE "freeze" IS 'The freeze of a kind that is in force, or the last one.';
COMMENT ON COLUMN "freeze"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "freeze"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "freeze"."kind" IS 'Which kind.';
COMMENT ON COLUMN "freeze"."frozen_by" IS 'Who froze it: a user''s id or an operator''s name.';
COMMENT ON COLUMN "freeze"."reason" IS 'Why, in the operator''s words.';
COMMENT ON COLUMN "freeze"."frozen_at" IS 'Since when.';
COMMENT ON COLUMN "freeze"."lifted_by" IS 'Who lifted it; empty while it is in force.';
COMMENT ON COLUMN "freeze"."lifted_at" IS 'When it was lifted.';
COMMENT ON COLUMN "freeze"."version" IS 'The batch that last wrote it.';

CREATE TABLE "identity_by_document" (
    "book" bigint NOT NULL,
    "document_index" bytea NOT NULL,
    "identity" bytea NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "document_index")
);
CREATE TRIGGER "identity_by_document_delete" BEFORE DELETE ON "identity_by_document"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "identity_by_document_truncate" BEFORE TRUNCATE ON "identity_by_document"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "identity_by_document_rename" BEFORE UPDATE ON "identity_by_document"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."document_index" IS DISTINCT FROM NEW."document_index"
    OR OLD."identity" IS DISTINCT FROM NEW."identity") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "identity_by_document" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "identity_by_document" TO jiaozi_app;
COMMENT ON TABLE "identity_by_document" IS 'The person that a document belongs to.';
COMMENT ON COLUMN "identity_by_document"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "identity_by_document"."document_index" IS 'Blind index of document type and number.';
COMMENT ON COLUMN "identity_by_document"."identity" IS 'The person.';
COMMENT ON COLUMN "identity_by_document"."version" IS 'The batch that last wrote it.';

CREATE TABLE "user" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "phone_index" bytea NOT NULL,
    "phone" bytea NOT NULL,
    "wallet" bytea,
    "session_epoch" bigint NOT NULL,
    "registered_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("session_epoch" >= 0),
    PRIMARY KEY ("book", "id")
);
CREATE TRIGGER "user_delete" BEFORE DELETE ON "user"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "user_truncate" BEFORE TRUNCATE ON "user"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "user_rename" BEFORE UPDATE ON "user"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."registered_at" IS DISTINCT FROM NEW."registered_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "user" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "user" TO jiaozi_app;
COMMENT ON TABLE "user" IS 'A person who logs in.';
COMMENT ON COLUMN "user"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "user"."id" IS 'Its public id.';
COMMENT ON COLUMN "user"."phone_index" IS 'Blind index of the phone.';
COMMENT ON COLUMN "user"."phone" IS 'The sealed phone.';
COMMENT ON COLUMN "user"."wallet" IS 'The wallet, once opened.';
COMMENT ON COLUMN "user"."session_epoch" IS 'Sessions of an earlier epoch are over.';
COMMENT ON COLUMN "user"."registered_at" IS 'When the person registered.';
COMMENT ON COLUMN "user"."version" IS 'The batch that last wrote it.';

CREATE TABLE "user_by_phone" (
    "book" bigint NOT NULL,
    "phone_index" bytea NOT NULL,
    "user" bytea NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "phone_index")
);
CREATE TRIGGER "user_by_phone_delete" BEFORE DELETE ON "user_by_phone"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "user_by_phone_truncate" BEFORE TRUNCATE ON "user_by_phone"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "user_by_phone" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "user_by_phone" TO jiaozi_app;
COMMENT ON TABLE "user_by_phone" IS 'Whose phone it is.';
COMMENT ON COLUMN "user_by_phone"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "user_by_phone"."phone_index" IS 'Blind index of the phone.';
COMMENT ON COLUMN "user_by_phone"."user" IS 'The user.';
COMMENT ON COLUMN "user_by_phone"."version" IS 'The batch that last wrote it.';

CREATE TABLE "device" (
    "book" bigint NOT NULL,
    "user" bytea NOT NULL,
    "id" bytea NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    "first_at" bigint NOT NULL,
    "last_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("last_at" >= "first_at"),
    PRIMARY KEY ("book", "user", "id")
);
CREATE TRIGGER "device_delete" BEFORE DELETE ON "device"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "device_truncate" BEFORE TRUNCATE ON "device"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "device_rename" BEFORE UPDATE ON "device"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."user" IS DISTINCT FROM NEW."user"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."first_at" IS DISTINCT FROM NEW."first_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "device" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "device" TO jiaozi_app;
COMMENT ON TABLE "device" IS 'A device that a user logged in on.';
COMMENT ON COLUMN "device"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "device"."user" IS 'The user.';
COMMENT ON COLUMN "device"."id" IS 'The id that the device keeps.';
COMMENT ON COLUMN "device"."name" IS 'What its owner calls it.';
COMMENT ON COLUMN "device"."first_at" IS 'When this user logged in on it first.';
COMMENT ON COLUMN "device"."last_at" IS 'When this user logged in on it last.';
COMMENT ON COLUMN "device"."version" IS 'The batch that last wrote it.';

CREATE TABLE "session" (
    "book" bigint NOT NULL,
    "token_hash" bytea NOT NULL,
    "user" bytea NOT NULL,
    "device" bytea NOT NULL,
    "epoch" bigint NOT NULL,
    "created_at" bigint NOT NULL,
    "seen_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("seen_at" >= "created_at"),
    PRIMARY KEY ("book", "token_hash")
);
CREATE TRIGGER "session_rename" BEFORE UPDATE ON "session"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."token_hash" IS DISTINCT FROM NEW."token_hash"
    OR OLD."user" IS DISTINCT FROM NEW."user"
    OR OLD."device" IS DISTINCT FROM NEW."device"
    OR OLD."created_at" IS DISTINCT FROM NEW."created_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "session" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "session" TO jiaozi_app;
COMMENT ON TABLE "session" IS 'A log-in that is not over.';
COMMENT ON COLUMN "session"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "session"."token_hash" IS 'SHA-256 of the token.';
COMMENT ON COLUMN "session"."user" IS 'The user.';
COMMENT ON COLUMN "session"."device" IS 'The device.';
COMMENT ON COLUMN "session"."epoch" IS 'The epoch of the user that it belongs to; later ones end it.';
COMMENT ON COLUMN "session"."created_at" IS 'When it began.';
COMMENT ON COLUMN "session"."seen_at" IS 'When it was used last, written at most once a day.';
COMMENT ON COLUMN "session"."version" IS 'The batch that last wrote it.';

CREATE TABLE "otp" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "phone_index" bytea NOT NULL,
    "purpose" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "phone" bytea NOT NULL,
    "created_at" bigint NOT NULL,
    "expires_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (("state" = 'CREATED') = (length("phone") > 0)),
    CHECK ("expires_at" >= "created_at"),
    PRIMARY KEY ("book", "id")
);
CREATE TRIGGER "otp_rename" BEFORE UPDATE ON "otp"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."phone_index" IS DISTINCT FROM NEW."phone_index"
    OR OLD."purpose" IS DISTINCT FROM NEW."purpose"
    OR OLD."created_at" IS DISTINCT FROM NEW."created_at"
    OR OLD."expires_at" IS DISTINCT FROM NEW."expires_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "otp" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "otp" TO jiaozi_app;
COMMENT ON TABLE "otp" IS 'A challenge by a one-time password that can still be met.';
COMMENT ON COLUMN "otp"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "otp"."id" IS 'Its id.';
COMMENT ON COLUMN "otp"."phone_index" IS 'Blind index of the phone.';
COMMENT ON COLUMN "otp"."purpose" IS 'What it authorises.';
COMMENT ON COLUMN "otp"."state" IS 'Where its message stands.';
COMMENT ON COLUMN "otp"."phone" IS 'The sealed phone while the message is to be sent, otherwise empty.';
COMMENT ON COLUMN "otp"."created_at" IS 'When it was asked for.';
COMMENT ON COLUMN "otp"."expires_at" IS 'Valid before then.';
COMMENT ON COLUMN "otp"."version" IS 'The batch that last wrote it.';

CREATE TABLE "otp_sends" (
    "book" bigint NOT NULL,
    "phone_index" bytea NOT NULL,
    "purpose" text COLLATE "C" NOT NULL,
    "newest" bytea NOT NULL,
    "newest_at" bigint NOT NULL,
    "hour_from" bigint NOT NULL,
    "in_hour" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("in_hour" > 0),
    CHECK ("newest_at" >= "hour_from"),
    PRIMARY KEY ("book", "phone_index", "purpose")
);
CREATE TRIGGER "otp_sends_delete" BEFORE DELETE ON "otp_sends"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "otp_sends_truncate" BEFORE TRUNCATE ON "otp_sends"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "otp_sends" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "otp_sends" TO jiaozi_app;
COMMENT ON TABLE "otp_sends" IS 'What a phone was sent for one purpose.';
COMMENT ON COLUMN "otp_sends"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "otp_sends"."phone_index" IS 'Blind index of the phone.';
COMMENT ON COLUMN "otp_sends"."purpose" IS 'The purpose.';
COMMENT ON COLUMN "otp_sends"."newest" IS 'The newest challenge, which alone is valid.';
COMMENT ON COLUMN "otp_sends"."newest_at" IS 'When the newest was asked for.';
COMMENT ON COLUMN "otp_sends"."hour_from" IS 'When the hour that is being counted began.';
COMMENT ON COLUMN "otp_sends"."in_hour" IS 'Challenges in that hour.';
COMMENT ON COLUMN "otp_sends"."version" IS 'The batch that last wrote it.';

CREATE TABLE "otp_day" (
    "book" bigint NOT NULL,
    "phone_index" bytea NOT NULL,
    "day_from" bigint NOT NULL,
    "in_day" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("in_day" > 0),
    PRIMARY KEY ("book", "phone_index")
);
CREATE TRIGGER "otp_day_delete" BEFORE DELETE ON "otp_day"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "otp_day_truncate" BEFORE TRUNCATE ON "otp_day"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "otp_day" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "otp_day" TO jiaozi_app;
COMMENT ON TABLE "otp_day" IS 'What a phone was sent on one business day.';
COMMENT ON COLUMN "otp_day"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "otp_day"."phone_index" IS 'Blind index of the phone.';
COMMENT ON COLUMN "otp_day"."day_from" IS 'When that day began.';
COMMENT ON COLUMN "otp_day"."in_day" IS 'Challenges on that day.';
COMMENT ON COLUMN "otp_day"."version" IS 'The batch that last wrote it.';

CREATE TABLE "verification" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "wallet" bytea NOT NULL,
    "user" bytea NOT NULL,
    "document" text COLLATE "C" NOT NULL,
    "document_index" bytea NOT NULL,
    "name" bytea NOT NULL,
    "number" bytea NOT NULL,
    "consent" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "reason" text COLLATE "C",
    "submitted_at" bigint NOT NULL,
    "decided_at" bigint,
    "version" bigint NOT NULL,
    CHECK (("state" = 'SUBMITTED') = ("decided_at" IS NULL)),
    CHECK (("state" = 'REJECTED') = ("reason" IS NOT NULL)),
    CHECK (("state" = 'SUBMITTED') = (length("number") > 0)),
    CHECK (("state" = 'SUBMITTED') = (length("name") > 0)),
    PRIMARY KEY ("book", "id")
);
CREATE TRIGGER "verification_delete" BEFORE DELETE ON "verification"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "verification_truncate" BEFORE TRUNCATE ON "verification"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "verification_rename" BEFORE UPDATE ON "verification"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."wallet" IS DISTINCT FROM NEW."wallet"
    OR OLD."user" IS DISTINCT FROM NEW."user"
    OR OLD."document" IS DISTINCT FROM NEW."document"
    OR OLD."document_index" IS DISTINCT FROM NEW."document_index"
    OR OLD."consent" IS DISTINCT FROM NEW."consent"
    OR OLD."submitted_at" IS DISTINCT FROM NEW."submitted_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "verification" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "verification" TO jiaozi_app;
COMMENT ON TABLE "verification" IS 'One submission of identity data.';
COMMENT ON COLUMN "verification"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "verification"."id" IS 'Its id.';
COMMENT ON COLUMN "verification"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "verification"."user" IS 'Who submitted it.';
COMMENT ON COLUMN "verification"."document" IS 'The kind of document.';
COMMENT ON COLUMN "verification"."document_index" IS 'Blind index of document type and number.';
COMMENT ON COLUMN "verification"."name" IS 'The sealed name; empty once the authority has answered.';
COMMENT ON COLUMN "verification"."number" IS 'The sealed number; empty once the authority has answered.';
COMMENT ON COLUMN "verification"."consent" IS 'The version of the text in which the person agreed to this check.';
COMMENT ON COLUMN "verification"."state" IS 'Where it stands.';
COMMENT ON COLUMN "verification"."reason" IS 'Why it was rejected.';
COMMENT ON COLUMN "verification"."submitted_at" IS 'When it was submitted.';
COMMENT ON COLUMN "verification"."decided_at" IS 'When the authority answered.';
COMMENT ON COLUMN "verification"."version" IS 'The batch that last wrote it.';

CREATE TABLE "verification_by_wallet" (
    "book" bigint NOT NULL,
    "wallet" bytea NOT NULL,
    "newest" bytea NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "wallet")
);
CREATE TRIGGER "verification_by_wallet_delete" BEFORE DELETE ON "verification_by_wallet"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "verification_by_wallet_truncate" BEFORE TRUNCATE ON "verification_by_wallet"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "verification_by_wallet" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "verification_by_wallet" TO jiaozi_app;
COMMENT ON TABLE "verification_by_wallet" IS 'The last submission of a wallet.';
COMMENT ON COLUMN "verification_by_wallet"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "verification_by_wallet"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "verification_by_wallet"."newest" IS 'Its last submission.';
COMMENT ON COLUMN "verification_by_wallet"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "fee_bp" bigint NOT NULL,
    "balance_account" bigint NOT NULL,
    "apiv3_key" bytea NOT NULL,
    "allows_profit_return" bigint NOT NULL,
    "public_key_only" bigint NOT NULL,
    "approves_batches" bigint NOT NULL,
    "transfer_scenes" text COLLATE "C" NOT NULL,
    "added_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("fee_bp" BETWEEN 0 AND 10000),
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
COMMENT ON COLUMN "merchant"."allows_profit_return" IS 'Whether others may ask back what it got of their orders.';
COMMENT ON COLUMN "merchant"."public_key_only" IS 'Whether it gets no certificates of ours.';
COMMENT ON COLUMN "merchant"."approves_batches" IS 'Whether its batches of transfers wait until its staff approves them.';
COMMENT ON COLUMN "merchant"."transfer_scenes" IS 'The scenes for which it may send money, with commas between.';
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

CREATE TABLE "sub_merchant" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "sub_mchid" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "since" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("mchid" <> "sub_mchid"),
    PRIMARY KEY ("book", "mchid", "sub_mchid")
);
CREATE TRIGGER "sub_merchant_delete" BEFORE DELETE ON "sub_merchant"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "sub_merchant_truncate" BEFORE TRUNCATE ON "sub_merchant"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "sub_merchant" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "sub_merchant" TO jiaozi_app;
COMMENT ON TABLE "sub_merchant" IS 'That a service provider serves a sub-merchant.';
COMMENT ON COLUMN "sub_merchant"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "sub_merchant"."mchid" IS 'The service provider.';
COMMENT ON COLUMN "sub_merchant"."sub_mchid" IS 'The sub-merchant.';
COMMENT ON COLUMN "sub_merchant"."state" IS 'Where the relation stands.';
COMMENT ON COLUMN "sub_merchant"."since" IS 'Since when it does.';
COMMENT ON COLUMN "sub_merchant"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant_apiv2_key" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "key" bytea NOT NULL,
    "set_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid")
);
CREATE TRIGGER "merchant_apiv2_key_delete" BEFORE DELETE ON "merchant_apiv2_key"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "merchant_apiv2_key_truncate" BEFORE TRUNCATE ON "merchant_apiv2_key"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "merchant_apiv2_key" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "merchant_apiv2_key" TO jiaozi_app;
COMMENT ON TABLE "merchant_apiv2_key" IS 'What a merchant signs with on the XML interface.';
COMMENT ON COLUMN "merchant_apiv2_key"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant_apiv2_key"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "merchant_apiv2_key"."key" IS 'The sealed key: 32 characters.';
COMMENT ON COLUMN "merchant_apiv2_key"."set_at" IS 'When it was set.';
COMMENT ON COLUMN "merchant_apiv2_key"."version" IS 'The batch that last wrote it.';

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

CREATE TABLE "merchant_h5_domain" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "domain" text COLLATE "C" NOT NULL,
    "set_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid", "domain")
);
REVOKE ALL ON "merchant_h5_domain" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "merchant_h5_domain" TO jiaozi_app;
COMMENT ON TABLE "merchant_h5_domain" IS 'From whose pages H5 payers are sent.';
COMMENT ON COLUMN "merchant_h5_domain"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant_h5_domain"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "merchant_h5_domain"."domain" IS 'The domain in lower case; those below it count too.';
COMMENT ON COLUMN "merchant_h5_domain"."set_at" IS 'When it was registered.';
COMMENT ON COLUMN "merchant_h5_domain"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant_webhook" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "url" text COLLATE "C" NOT NULL,
    "set_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid", "kind")
);
REVOKE ALL ON "merchant_webhook" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "merchant_webhook" TO jiaozi_app;
COMMENT ON TABLE "merchant_webhook" IS 'Where a merchant is told of things.';
COMMENT ON COLUMN "merchant_webhook"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant_webhook"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "merchant_webhook"."kind" IS 'What is told there.';
COMMENT ON COLUMN "merchant_webhook"."url" IS 'The address.';
COMMENT ON COLUMN "merchant_webhook"."set_at" IS 'When it was named.';
COMMENT ON COLUMN "merchant_webhook"."version" IS 'The batch that last wrote it.';

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

CREATE TABLE "notification_key" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "gradual_since" bigint,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid")
);
CREATE TRIGGER "notification_key_delete" BEFORE DELETE ON "notification_key"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "notification_key_truncate" BEFORE TRUNCATE ON "notification_key"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "notification_key" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "notification_key" TO jiaozi_app;
COMMENT ON TABLE "notification_key" IS 'With which of our keys a merchant is notified.';
COMMENT ON COLUMN "notification_key"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "notification_key"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "notification_key"."kind" IS 'The kind of key that signs, in the end if it is a gradual change.';
COMMENT ON COLUMN "notification_key"."gradual_since" IS 'When a gradual change began.';
COMMENT ON COLUMN "notification_key"."version" IS 'The batch that last wrote it.';

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
    "sub_mchid" text COLLATE "C",
    "sub_appid" text COLLATE "C",
    "combined_mchid" text COLLATE "C",
    "combined_no" text COLLATE "C",
    "trade_type" text COLLATE "C" NOT NULL,
    "description" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "attach" text COLLATE "C",
    "notify_url" text COLLATE "C",
    "openid" text COLLATE "C",
    "sub_openid" text COLLATE "C",
    "device_id" text COLLATE "C",
    "cards_taken" text COLLATE "C" NOT NULL,
    "takes_balance" bigint NOT NULL,
    "fingerprint" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "created_at" bigint NOT NULL,
    "expires_at" bigint NOT NULL,
    "payer" bytea,
    "payer_openid" text COLLATE "C",
    "payer_sub_openid" text COLLATE "C",
    "card_payment" bytea,
    "bank_type" text COLLATE "C",
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
    "unsettled_account" bigint NOT NULL,
    "unsettled_minor" bigint NOT NULL,
    "shared_minor" bigint NOT NULL,
    "profit_orders" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" BETWEEN 1 AND 99999999999),
    CHECK ("state" = 'REVOKED' OR ("state" = 'SUCCESS') = ("journal" > 0)),
    CHECK (("journal" > 0) = ("transaction_id" IS NOT NULL)),
    CHECK ("state" <> 'REVOKED' OR "journal" = 0 OR "refunded_minor" = "amount"),
    CHECK ("refunded_minor" BETWEEN 0 AND "amount"),
    CHECK ("refund_arrived_minor" BETWEEN 0 AND "refunded_minor"),
    CHECK ("fee_minor" BETWEEN 0 AND "amount" AND "fee_refunded_minor" BETWEEN 0 AND "fee_minor"),
    CHECK ("refunds" >= 0),
    CHECK ("unsettled_minor" >= 0 AND "shared_minor" >= 0 AND "profit_orders" >= 0),
    CHECK ("unsettled_account" > 0 OR ("unsettled_minor" = 0 AND "profit_orders" = 0)),
    CHECK ("unsettled_minor" + "shared_minor" <= "amount"),
    CHECK (("combined_mchid" IS NULL) = ("combined_no" IS NULL)),
    CHECK ("state" <> 'BANK_PENDING' OR "card_payment" IS NOT NULL),
    PRIMARY KEY ("book", "mchid", "out_trade_no")
);
CREATE INDEX "order_open" ON "order" ("book", "expires_at") WHERE ("state" = 'NOTPAY' OR "state" = 'USERPAYING' OR "state" = 'BANK_PENDING');
CREATE INDEX "order_code" ON "order" ("book", "payer", "created_at") WHERE "trade_type" = 'MICROPAY';
CREATE INDEX "order_unsettled" ON "order" ("book", "mchid") WHERE "unsettled_minor" > 0;
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
COMMENT ON COLUMN "order"."sub_mchid" IS 'Who is paid, if a service provider placed it.';
COMMENT ON COLUMN "order"."sub_appid" IS 'The app id of who is paid.';
COMMENT ON COLUMN "order"."combined_mchid" IS 'The merchant of the combined order that it is a part of.';
COMMENT ON COLUMN "order"."combined_no" IS 'The number of the combined order that it is a part of.';
COMMENT ON COLUMN "order"."trade_type" IS 'How the payer meets it.';
COMMENT ON COLUMN "order"."description" IS 'What the payer sees.';
COMMENT ON COLUMN "order"."amount" IS 'What is to be paid, in fen.';
COMMENT ON COLUMN "order"."attach" IS 'The merchant''s own data, given back with the result.';
COMMENT ON COLUMN "order"."notify_url" IS 'Where the result is notified, if anywhere.';
COMMENT ON COLUMN "order"."openid" IS 'The only payer, named under the app id.';
COMMENT ON COLUMN "order"."sub_openid" IS 'The only payer, named under the app id of who is paid.';
COMMENT ON COLUMN "order"."device_id" IS 'The merchant''s device.';
COMMENT ON COLUMN "order"."cards_taken" IS 'From which cards it can be paid.';
COMMENT ON COLUMN "order"."takes_balance" IS 'Whether it can be paid from the balance.';
COMMENT ON COLUMN "order"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "order"."state" IS 'Where it stands.';
COMMENT ON COLUMN "order"."created_at" IS 'When it was placed.';
COMMENT ON COLUMN "order"."expires_at" IS 'When it closes by itself.';
COMMENT ON COLUMN "order"."payer" IS 'The wallet that paid, or that has to confirm.';
COMMENT ON COLUMN "order"."payer_openid" IS 'The payer''s name under the app id.';
COMMENT ON COLUMN "order"."payer_sub_openid" IS 'The payer''s name under the app id of who is paid.';
COMMENT ON COLUMN "order"."card_payment" IS 'The card payment that paid, is awaited, or failed last.';
COMMENT ON COLUMN "order"."bank_type" IS 'Bank and kind of the card that paid.';
COMMENT ON COLUMN "order"."payer_account" IS 'The account that paid, the bank''s for a card, 0 while unpaid.';
COMMENT ON COLUMN "order"."transaction_id" IS 'Our number of the payment.';
COMMENT ON COLUMN "order"."paid_at" IS 'When it was paid.';
COMMENT ON COLUMN "order"."journal" IS 'The journal of the payment, 0 while unpaid.';
COMMENT ON COLUMN "order"."fee_minor" IS 'The merchant''s fee on it, in fen.';
COMMENT ON COLUMN "order"."refunded_minor" IS 'Accepted refunds, in fen.';
COMMENT ON COLUMN "order"."refund_arrived_minor" IS 'Refunds that arrived, in fen.';
COMMENT ON COLUMN "order"."fee_refunded_minor" IS 'What of the fee went back with refunds, in fen.';
COMMENT ON COLUMN "order"."refunds" IS 'How many refunds were accepted.';
COMMENT ON COLUMN "order"."last_refund_at" IS 'When the last refund was accepted.';
COMMENT ON COLUMN "order"."unsettled_account" IS 'The account its money waits in for profit sharing, 0 for none.';
COMMENT ON COLUMN "order"."unsettled_minor" IS 'What of it still waits there, in fen.';
COMMENT ON COLUMN "order"."shared_minor" IS 'What of it went to receivers of profit sharing, in fen.';
COMMENT ON COLUMN "order"."profit_orders" IS 'How often it was shared or unfrozen.';
COMMENT ON COLUMN "order"."version" IS 'The batch that last wrote it.';

CREATE TABLE "combined_order" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "appid" text COLLATE "C" NOT NULL,
    "trade_type" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "parts" bigint NOT NULL,
    "notify_url" text COLLATE "C" NOT NULL,
    "openid" text COLLATE "C",
    "device_id" text COLLATE "C",
    "fingerprint" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "created_at" bigint NOT NULL,
    "expires_at" bigint NOT NULL,
    "payer_openid" text COLLATE "C",
    "transaction_id" text COLLATE "C",
    "paid_at" bigint,
    "journal" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" BETWEEN 1 AND 99999999999),
    CHECK ("parts" BETWEEN 1 AND 50),
    CHECK (("state" = 'SUCCESS') = ("journal" > 0)),
    CHECK (("state" = 'SUCCESS') = ("transaction_id" IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_trade_no")
);
CREATE TRIGGER "combined_order_delete" BEFORE DELETE ON "combined_order"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "combined_order_truncate" BEFORE TRUNCATE ON "combined_order"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "combined_order" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "combined_order" TO jiaozi_app;
COMMENT ON TABLE "combined_order" IS 'Several orders that are paid at once.';
COMMENT ON COLUMN "combined_order"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "combined_order"."mchid" IS 'The merchant that combined them.';
COMMENT ON COLUMN "combined_order"."out_trade_no" IS 'That merchant''s number of the whole.';
COMMENT ON COLUMN "combined_order"."appid" IS 'The app id it was placed under.';
COMMENT ON COLUMN "combined_order"."trade_type" IS 'How the payer meets it.';
COMMENT ON COLUMN "combined_order"."amount" IS 'The sum of its parts, in fen.';
COMMENT ON COLUMN "combined_order"."parts" IS 'How many parts it has.';
COMMENT ON COLUMN "combined_order"."notify_url" IS 'Where the result is notified.';
COMMENT ON COLUMN "combined_order"."openid" IS 'The only payer, named under the app id.';
COMMENT ON COLUMN "combined_order"."device_id" IS 'The merchant''s device.';
COMMENT ON COLUMN "combined_order"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "combined_order"."state" IS 'Where it stands, and all its parts with it.';
COMMENT ON COLUMN "combined_order"."created_at" IS 'When it was placed.';
COMMENT ON COLUMN "combined_order"."expires_at" IS 'When it closes by itself.';
COMMENT ON COLUMN "combined_order"."payer_openid" IS 'The payer''s name under the app id.';
COMMENT ON COLUMN "combined_order"."transaction_id" IS 'Our number of the payment of the whole.';
COMMENT ON COLUMN "combined_order"."paid_at" IS 'When it was paid.';
COMMENT ON COLUMN "combined_order"."journal" IS 'The journal of the payment, 0 while unpaid.';
COMMENT ON COLUMN "combined_order"."version" IS 'The batch that last wrote it.';

CREATE TABLE "combined_part" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "place" bigint NOT NULL,
    "part_mchid" text COLLATE "C" NOT NULL,
    "part_no" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("place" BETWEEN 1 AND 50),
    PRIMARY KEY ("book", "mchid", "out_trade_no", "place")
);
CREATE TRIGGER "combined_part_delete" BEFORE DELETE ON "combined_part"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "combined_part_truncate" BEFORE TRUNCATE ON "combined_part"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "combined_part" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "combined_part" TO jiaozi_app;
COMMENT ON TABLE "combined_part" IS 'One part of a combined order.';
COMMENT ON COLUMN "combined_part"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "combined_part"."mchid" IS 'The merchant that combined them.';
COMMENT ON COLUMN "combined_part"."out_trade_no" IS 'That merchant''s number of the whole.';
COMMENT ON COLUMN "combined_part"."place" IS 'The part''s place, from 1.';
COMMENT ON COLUMN "combined_part"."part_mchid" IS 'The merchant of the part.';
COMMENT ON COLUMN "combined_part"."part_no" IS 'That merchant''s number of the part.';
COMMENT ON COLUMN "combined_part"."version" IS 'The batch that last wrote it.';

CREATE TABLE "order_by_prepay" (
    "book" bigint NOT NULL,
    "prepay_id" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
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
COMMENT ON COLUMN "order_by_prepay"."kind" IS 'What it leads to.';
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
    "sub_mchid" text COLLATE "C",
    "refund_id" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "transaction_id" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "total" bigint NOT NULL,
    "reason" text COLLATE "C",
    "notify_url" text COLLATE "C",
    "notice_form" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "channel" text COLLATE "C" NOT NULL,
    "card" bytea,
    "card_name" text COLLATE "C",
    "payout" bytea,
    "fee_minor" bigint NOT NULL,
    "unsettled_minor" bigint NOT NULL,
    "named_minor" bigint,
    "created_at" bigint NOT NULL,
    "succeeded_at" bigint,
    "abnormal_at" bigint,
    "closed_at" bigint,
    "journal" bigint NOT NULL,
    "end_journal" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" BETWEEN 1 AND "total"),
    CHECK ("fee_minor" BETWEEN 0 AND "amount"),
    CHECK ("unsettled_minor" BETWEEN 0 AND "amount"),
    CHECK ("named_minor" IS NULL OR "named_minor" BETWEEN "unsettled_minor" AND "amount"),
    CHECK ("journal" > 0),
    CHECK (("state" = 'SUCCESS') = ("succeeded_at" IS NOT NULL)),
    CHECK (("state" = 'CLOSED') = ("closed_at" IS NOT NULL)),
    CHECK ("state" <> 'ABNORMAL' OR "abnormal_at" IS NOT NULL),
    CHECK (("card" IS NULL) = ("card_name" IS NULL)),
    CHECK ("card" IS NOT NULL OR ("state" = 'SUCCESS' AND "end_journal" = 0)),
    CHECK ("card" IS NULL OR ("state" IN ('SUCCESS', 'CLOSED')) = ("end_journal" > 0)),
    PRIMARY KEY ("book", "mchid", "out_refund_no")
);
CREATE INDEX "refund_order" ON "refund" ("book", "mchid", "out_trade_no");
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
COMMENT ON COLUMN "refund"."sub_mchid" IS 'Who was paid, if a service provider placed the order.';
COMMENT ON COLUMN "refund"."refund_id" IS 'Our number of it.';
COMMENT ON COLUMN "refund"."out_trade_no" IS 'The order''s number.';
COMMENT ON COLUMN "refund"."transaction_id" IS 'The number of the payment.';
COMMENT ON COLUMN "refund"."amount" IS 'What goes back, in fen.';
COMMENT ON COLUMN "refund"."total" IS 'The total of the order, in fen.';
COMMENT ON COLUMN "refund"."reason" IS 'Told to the payer.';
COMMENT ON COLUMN "refund"."notify_url" IS 'Where the result is notified.';
COMMENT ON COLUMN "refund"."notice_form" IS 'In which form it is.';
COMMENT ON COLUMN "refund"."state" IS 'Where it stands.';
COMMENT ON COLUMN "refund"."channel" IS 'Which way it goes.';
COMMENT ON COLUMN "refund"."card" IS 'The card it goes to; null for the payer''s balance.';
COMMENT ON COLUMN "refund"."card_name" IS 'The card as people read it: bank, kind and last four digits.';
COMMENT ON COLUMN "refund"."payout" IS 'The payout to the card that counts.';
COMMENT ON COLUMN "refund"."fee_minor" IS 'What of the merchant''s fee goes back with it, in fen.';
COMMENT ON COLUMN "refund"."unsettled_minor" IS 'What of it came from money that waited for sharing, in fen.';
COMMENT ON COLUMN "refund"."named_minor" IS 'What of it the merchant wanted taken from there, in fen.';
COMMENT ON COLUMN "refund"."created_at" IS 'When it was accepted.';
COMMENT ON COLUMN "refund"."succeeded_at" IS 'When it arrived.';
COMMENT ON COLUMN "refund"."abnormal_at" IS 'When a card first could not take it.';
COMMENT ON COLUMN "refund"."closed_at" IS 'When it was given up.';
COMMENT ON COLUMN "refund"."journal" IS 'The journal that took it from the merchant.';
COMMENT ON COLUMN "refund"."end_journal" IS 'The journal that took it out of transit, 0 for none.';
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

CREATE TABLE "refund_payout" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "mchid" text COLLATE "C",
    "out_refund_no" text COLLATE "C",
    "card_payment" bytea,
    "card" bytea NOT NULL,
    "amount" bigint NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "bank_ref" text COLLATE "C",
    "journal" bigint NOT NULL,
    "suspended_minor" bigint NOT NULL,
    "created_at" bigint NOT NULL,
    "ended_at" bigint,
    "version" bigint NOT NULL,
    CHECK ("amount" > 0),
    CHECK (("mchid" IS NULL) = ("out_refund_no" IS NULL)),
    CHECK (("mchid" IS NULL) = ("card_payment" IS NOT NULL)),
    CHECK (("state" = 'PROCESSING') = ("ended_at" IS NULL)),
    CHECK ("state" <> 'SUCCESS' OR ("journal" > 0 AND "bank_ref" IS NOT NULL)),
    CHECK ("state" <> 'FAILED' OR "failure" IS NOT NULL),
    PRIMARY KEY ("book", "id")
);
CREATE INDEX "refund_payout_open" ON "refund_payout" ("book", "id") WHERE "state" = 'PROCESSING';
CREATE INDEX "refund_payout_suspense" ON "refund_payout" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "refund_payout_delete" BEFORE DELETE ON "refund_payout"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "refund_payout_truncate" BEFORE TRUNCATE ON "refund_payout"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "refund_payout_rename" BEFORE UPDATE ON "refund_payout"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."mchid" IS DISTINCT FROM NEW."mchid"
    OR OLD."out_refund_no" IS DISTINCT FROM NEW."out_refund_no"
    OR OLD."card_payment" IS DISTINCT FROM NEW."card_payment"
    OR OLD."card" IS DISTINCT FROM NEW."card"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."created_at" IS DISTINCT FROM NEW."created_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "refund_payout" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "refund_payout" TO jiaozi_app;
COMMENT ON TABLE "refund_payout" IS 'Money that goes back to a card.';
COMMENT ON COLUMN "refund_payout"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "refund_payout"."id" IS 'Its public id, and the id of the request at the bank.';
COMMENT ON COLUMN "refund_payout"."mchid" IS 'The merchant of the refund it is for.';
COMMENT ON COLUMN "refund_payout"."out_refund_no" IS 'The merchant''s number of that refund.';
COMMENT ON COLUMN "refund_payout"."card_payment" IS 'The late card payment it is for, if it is for no refund.';
COMMENT ON COLUMN "refund_payout"."card" IS 'The card.';
COMMENT ON COLUMN "refund_payout"."amount" IS 'How much, in fen.';
COMMENT ON COLUMN "refund_payout"."state" IS 'Where it stands.';
COMMENT ON COLUMN "refund_payout"."failure" IS 'Why it failed.';
COMMENT ON COLUMN "refund_payout"."bank_ref" IS 'The bank''s reference of the movement that counted.';
COMMENT ON COLUMN "refund_payout"."journal" IS 'The journal that took it out of transit to the bank, 0 for none.';
COMMENT ON COLUMN "refund_payout"."suspended_minor" IS 'What of it lies in suspense, in fen, credit positive.';
COMMENT ON COLUMN "refund_payout"."created_at" IS 'When it was started.';
COMMENT ON COLUMN "refund_payout"."ended_at" IS 'When it ended.';
COMMENT ON COLUMN "refund_payout"."version" IS 'The batch that last wrote it.';

CREATE TABLE "profit_receiver" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "sub_mchid" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "account" text COLLATE "C" NOT NULL,
    "appid" text COLLATE "C" NOT NULL,
    "relation" text COLLATE "C" NOT NULL,
    "custom_relation" text COLLATE "C",
    "added_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid", "sub_mchid", "kind", "account")
);
REVOKE ALL ON "profit_receiver" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "profit_receiver" TO jiaozi_app;
COMMENT ON TABLE "profit_receiver" IS 'Whom a merchant may give a part of its orders.';
COMMENT ON COLUMN "profit_receiver"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "profit_receiver"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "profit_receiver"."sub_mchid" IS 'The sub-merchant whose orders are shared, empty for its own.';
COMMENT ON COLUMN "profit_receiver"."kind" IS 'What the account names.';
COMMENT ON COLUMN "profit_receiver"."account" IS 'The receiver''s merchant number or openid.';
COMMENT ON COLUMN "profit_receiver"."appid" IS 'The app id it was added under.';
COMMENT ON COLUMN "profit_receiver"."relation" IS 'How it stands to the merchant.';
COMMENT ON COLUMN "profit_receiver"."custom_relation" IS 'How, in the merchant''s words.';
COMMENT ON COLUMN "profit_receiver"."added_at" IS 'When it was added.';
COMMENT ON COLUMN "profit_receiver"."version" IS 'The batch that last wrote it.';

CREATE TABLE "profit_order" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_order_no" text COLLATE "C" NOT NULL,
    "order_id" text COLLATE "C" NOT NULL,
    "sub_mchid" text COLLATE "C",
    "out_trade_no" text COLLATE "C" NOT NULL,
    "transaction_id" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "unfreezes" bigint NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "shares" bigint NOT NULL,
    "shared_minor" bigint NOT NULL,
    "unfrozen_minor" bigint NOT NULL,
    "returns" bigint NOT NULL,
    "fingerprint" bytea NOT NULL,
    "created_at" bigint NOT NULL,
    "finished_at" bigint,
    "journal" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("shares" >= 0 AND "returns" >= 0 AND "shared_minor" >= 0 AND "unfrozen_minor" >= 0),
    CHECK (("state" = 'FINISHED') = ("finished_at" IS NOT NULL)),
    CHECK (("journal" > 0) = ("state" = 'FINISHED' AND "shared_minor" + "unfrozen_minor" > 0)),
    CHECK ("kind" = 'SHARE' OR "shared_minor" = 0),
    PRIMARY KEY ("book", "mchid", "out_order_no")
);
CREATE INDEX "profit_order_order" ON "profit_order" ("book", "mchid", "out_trade_no");
CREATE INDEX "profit_order_open" ON "profit_order" ("book", "mchid") WHERE "state" = 'PROCESSING';
CREATE INDEX "profit_order_time" ON "profit_order" ("book", "mchid", "finished_at", "out_order_no");
CREATE TRIGGER "profit_order_delete" BEFORE DELETE ON "profit_order"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "profit_order_truncate" BEFORE TRUNCATE ON "profit_order"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "profit_order" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "profit_order" TO jiaozi_app;
COMMENT ON TABLE "profit_order" IS 'A request that shared or unfroze an order''s money.';
COMMENT ON COLUMN "profit_order"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "profit_order"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "profit_order"."out_order_no" IS 'The merchant''s number of it.';
COMMENT ON COLUMN "profit_order"."order_id" IS 'Our number of it.';
COMMENT ON COLUMN "profit_order"."sub_mchid" IS 'The sub-merchant whose money it was.';
COMMENT ON COLUMN "profit_order"."out_trade_no" IS 'The order''s number.';
COMMENT ON COLUMN "profit_order"."transaction_id" IS 'The number of the payment.';
COMMENT ON COLUMN "profit_order"."kind" IS 'What it does.';
COMMENT ON COLUMN "profit_order"."unfreezes" IS 'Whether what receivers do not get is the merchant''s.';
COMMENT ON COLUMN "profit_order"."state" IS 'Where it stands.';
COMMENT ON COLUMN "profit_order"."shares" IS 'How many shares it has.';
COMMENT ON COLUMN "profit_order"."shared_minor" IS 'What receivers get, in fen.';
COMMENT ON COLUMN "profit_order"."unfrozen_minor" IS 'What the merchant gets, in fen.';
COMMENT ON COLUMN "profit_order"."returns" IS 'How often a receiver gave money back, or tried to.';
COMMENT ON COLUMN "profit_order"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "profit_order"."created_at" IS 'When it was accepted.';
COMMENT ON COLUMN "profit_order"."finished_at" IS 'When it was finished.';
COMMENT ON COLUMN "profit_order"."journal" IS 'Its journal, 0 until it is finished, and when nothing moved.';
COMMENT ON COLUMN "profit_order"."version" IS 'The batch that last wrote it.';

CREATE TABLE "profit_order_by_id" (
    "book" bigint NOT NULL,
    "order_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_order_no" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "order_id")
);
CREATE TRIGGER "profit_order_by_id_delete" BEFORE DELETE ON "profit_order_by_id"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "profit_order_by_id_truncate" BEFORE TRUNCATE ON "profit_order_by_id"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "profit_order_by_id" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "profit_order_by_id" TO jiaozi_app;
COMMENT ON TABLE "profit_order_by_id" IS 'Finds a request of sharing by our number of it.';
COMMENT ON COLUMN "profit_order_by_id"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "profit_order_by_id"."order_id" IS 'Our number.';
COMMENT ON COLUMN "profit_order_by_id"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "profit_order_by_id"."out_order_no" IS 'The merchant''s number.';
COMMENT ON COLUMN "profit_order_by_id"."version" IS 'The batch that last wrote it.';

CREATE TABLE "profit_share" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_order_no" text COLLATE "C" NOT NULL,
    "place" bigint NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "account" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "description" text COLLATE "C" NOT NULL,
    "result" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "ledger_account" bigint NOT NULL,
    "returned_minor" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" BETWEEN 1 AND 99999999999 AND "place" >= 1),
    CHECK ("returned_minor" BETWEEN 0 AND "amount"),
    CHECK (("result" = 'CLOSED') = ("failure" IS NOT NULL)),
    CHECK (("result" = 'SUCCESS') = ("ledger_account" > 0)),
    PRIMARY KEY ("book", "mchid", "out_order_no", "place")
);
CREATE TRIGGER "profit_share_delete" BEFORE DELETE ON "profit_share"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "profit_share_truncate" BEFORE TRUNCATE ON "profit_share"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "profit_share_rename" BEFORE UPDATE ON "profit_share"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."mchid" IS DISTINCT FROM NEW."mchid"
    OR OLD."out_order_no" IS DISTINCT FROM NEW."out_order_no"
    OR OLD."place" IS DISTINCT FROM NEW."place"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."account" IS DISTINCT FROM NEW."account") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "profit_share" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "profit_share" TO jiaozi_app;
COMMENT ON TABLE "profit_share" IS 'What one receiver gets of a request.';
COMMENT ON COLUMN "profit_share"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "profit_share"."mchid" IS 'The merchant that shares.';
COMMENT ON COLUMN "profit_share"."out_order_no" IS 'Its number of the request.';
COMMENT ON COLUMN "profit_share"."place" IS 'The place in the request, from 1.';
COMMENT ON COLUMN "profit_share"."kind" IS 'What the account names.';
COMMENT ON COLUMN "profit_share"."account" IS 'The receiver''s merchant number or openid.';
COMMENT ON COLUMN "profit_share"."amount" IS 'How much, in fen.';
COMMENT ON COLUMN "profit_share"."description" IS 'What for.';
COMMENT ON COLUMN "profit_share"."result" IS 'What became of it.';
COMMENT ON COLUMN "profit_share"."failure" IS 'Why it was closed.';
COMMENT ON COLUMN "profit_share"."ledger_account" IS 'The ledger account that got it, 0 until then and when it was closed.';
COMMENT ON COLUMN "profit_share"."returned_minor" IS 'What the receiver gave back, in fen.';
COMMENT ON COLUMN "profit_share"."version" IS 'The batch that last wrote it.';

CREATE TABLE "profit_return" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_return_no" text COLLATE "C" NOT NULL,
    "return_id" text COLLATE "C" NOT NULL,
    "sub_mchid" text COLLATE "C",
    "out_order_no" text COLLATE "C" NOT NULL,
    "order_id" text COLLATE "C" NOT NULL,
    "return_mchid" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "description" text COLLATE "C" NOT NULL,
    "result" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "fingerprint" bytea NOT NULL,
    "created_at" bigint NOT NULL,
    "journal" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" BETWEEN 1 AND 99999999999),
    CHECK (("result" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("result" = 'SUCCESS') = ("journal" > 0)),
    PRIMARY KEY ("book", "mchid", "out_return_no")
);
CREATE INDEX "profit_return_order" ON "profit_return" ("book", "mchid", "out_order_no");
CREATE INDEX "profit_return_time" ON "profit_return" ("book", "mchid", "created_at", "out_return_no");
CREATE TRIGGER "profit_return_delete" BEFORE DELETE ON "profit_return"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "profit_return_truncate" BEFORE TRUNCATE ON "profit_return"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "profit_return" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "profit_return" TO jiaozi_app;
COMMENT ON TABLE "profit_return" IS 'A receiver gives back what it got.';
COMMENT ON COLUMN "profit_return"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "profit_return"."mchid" IS 'The merchant that shared.';
COMMENT ON COLUMN "profit_return"."out_return_no" IS 'Its number of the return.';
COMMENT ON COLUMN "profit_return"."return_id" IS 'Our number of it.';
COMMENT ON COLUMN "profit_return"."sub_mchid" IS 'The sub-merchant whose money was shared.';
COMMENT ON COLUMN "profit_return"."out_order_no" IS 'The number of the request that is given back.';
COMMENT ON COLUMN "profit_return"."order_id" IS 'Our number of that request.';
COMMENT ON COLUMN "profit_return"."return_mchid" IS 'The receiver.';
COMMENT ON COLUMN "profit_return"."amount" IS 'How much, in fen.';
COMMENT ON COLUMN "profit_return"."description" IS 'Why.';
COMMENT ON COLUMN "profit_return"."result" IS 'What became of it.';
COMMENT ON COLUMN "profit_return"."failure" IS 'Why nothing moved.';
COMMENT ON COLUMN "profit_return"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "profit_return"."created_at" IS 'When it was done.';
COMMENT ON COLUMN "profit_return"."journal" IS 'Its journal, 0 when nothing moved.';
COMMENT ON COLUMN "profit_return"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant_transfer" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_bill_no" text COLLATE "C" NOT NULL,
    "transfer_bill_no" text COLLATE "C" NOT NULL,
    "appid" text COLLATE "C" NOT NULL,
    "openid" text COLLATE "C" NOT NULL,
    "user_name" bytea,
    "amount" bigint NOT NULL,
    "remark" text COLLATE "C" NOT NULL,
    "scene_id" text COLLATE "C" NOT NULL,
    "perception" text COLLATE "C",
    "notify_url" text COLLATE "C",
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "fingerprint" bytea NOT NULL,
    "created_at" bigint NOT NULL,
    "updated_at" bigint NOT NULL,
    "expires_at" bigint NOT NULL,
    "journal" bigint NOT NULL,
    "end_journal" bigint NOT NULL,
    "end_account" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" BETWEEN 1 AND 99999999999),
    CHECK ("journal" > 0),
    CHECK (("state" = 'WAIT_USER_CONFIRM') = ("end_journal" = 0)),
    CHECK (("end_journal" = 0) = ("end_account" = 0)),
    CHECK (("state" = 'FAIL') = ("failure" IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_bill_no")
);
CREATE INDEX "merchant_transfer_open" ON "merchant_transfer" ("book", "openid", "created_at") WHERE "state" = 'WAIT_USER_CONFIRM';
CREATE TRIGGER "merchant_transfer_delete" BEFORE DELETE ON "merchant_transfer"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "merchant_transfer_truncate" BEFORE TRUNCATE ON "merchant_transfer"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "merchant_transfer_rename" BEFORE UPDATE ON "merchant_transfer"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."mchid" IS DISTINCT FROM NEW."mchid"
    OR OLD."out_bill_no" IS DISTINCT FROM NEW."out_bill_no"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."journal" IS DISTINCT FROM NEW."journal"
    OR OLD."openid" IS DISTINCT FROM NEW."openid") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "merchant_transfer" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "merchant_transfer" TO jiaozi_app;
COMMENT ON TABLE "merchant_transfer" IS 'A transfer of a merchant to a person.';
COMMENT ON COLUMN "merchant_transfer"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant_transfer"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "merchant_transfer"."out_bill_no" IS 'The merchant''s number of it.';
COMMENT ON COLUMN "merchant_transfer"."transfer_bill_no" IS 'Our number of it.';
COMMENT ON COLUMN "merchant_transfer"."appid" IS 'The app id.';
COMMENT ON COLUMN "merchant_transfer"."openid" IS 'The payee''s name under the app id.';
COMMENT ON COLUMN "merchant_transfer"."user_name" IS 'The sealed name of the payee as the merchant knows it.';
COMMENT ON COLUMN "merchant_transfer"."amount" IS 'How much, in fen.';
COMMENT ON COLUMN "merchant_transfer"."remark" IS 'Shown to the payee.';
COMMENT ON COLUMN "merchant_transfer"."scene_id" IS 'What the merchant sends it for.';
COMMENT ON COLUMN "merchant_transfer"."perception" IS 'What the payee is told it is for.';
COMMENT ON COLUMN "merchant_transfer"."notify_url" IS 'Where the end is notified.';
COMMENT ON COLUMN "merchant_transfer"."state" IS 'Where it stands.';
COMMENT ON COLUMN "merchant_transfer"."failure" IS 'Why it failed.';
COMMENT ON COLUMN "merchant_transfer"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "merchant_transfer"."created_at" IS 'When it was asked for.';
COMMENT ON COLUMN "merchant_transfer"."updated_at" IS 'When it changed last.';
COMMENT ON COLUMN "merchant_transfer"."expires_at" IS 'Until when the payee can take it.';
COMMENT ON COLUMN "merchant_transfer"."journal" IS 'The journal that took the money from the merchant.';
COMMENT ON COLUMN "merchant_transfer"."end_journal" IS 'The journal of its end, 0 while it waits.';
COMMENT ON COLUMN "merchant_transfer"."end_account" IS 'The account that has the money in the end, 0 while it waits.';
COMMENT ON COLUMN "merchant_transfer"."version" IS 'The batch that last wrote it.';

CREATE TABLE "merchant_transfer_by_no" (
    "book" bigint NOT NULL,
    "transfer_bill_no" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_bill_no" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "transfer_bill_no")
);
CREATE TRIGGER "merchant_transfer_by_no_delete" BEFORE DELETE ON "merchant_transfer_by_no"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "merchant_transfer_by_no_truncate" BEFORE TRUNCATE ON "merchant_transfer_by_no"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "merchant_transfer_by_no" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "merchant_transfer_by_no" TO jiaozi_app;
COMMENT ON TABLE "merchant_transfer_by_no" IS 'Finds a transfer by our number of it.';
COMMENT ON COLUMN "merchant_transfer_by_no"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "merchant_transfer_by_no"."transfer_bill_no" IS 'Our number.';
COMMENT ON COLUMN "merchant_transfer_by_no"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "merchant_transfer_by_no"."out_bill_no" IS 'The merchant''s number.';
COMMENT ON COLUMN "merchant_transfer_by_no"."version" IS 'The batch that last wrote it.';

CREATE TABLE "transfer_usage" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "openid" text COLLATE "C" NOT NULL,
    "day" bigint NOT NULL,
    "count" bigint NOT NULL,
    "amount_minor" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("count" >= 1 AND "amount_minor" >= 1),
    PRIMARY KEY ("book", "mchid", "openid", "day")
);
CREATE TRIGGER "transfer_usage_delete" BEFORE DELETE ON "transfer_usage"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "transfer_usage_truncate" BEFORE TRUNCATE ON "transfer_usage"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "transfer_usage" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "transfer_usage" TO jiaozi_app;
COMMENT ON TABLE "transfer_usage" IS 'What a merchant sent to people on a day.';
COMMENT ON COLUMN "transfer_usage"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "transfer_usage"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "transfer_usage"."openid" IS 'The payee; empty for all payees together.';
COMMENT ON COLUMN "transfer_usage"."day" IS 'The business day, as yyyymmdd.';
COMMENT ON COLUMN "transfer_usage"."count" IS 'How many transfers.';
COMMENT ON COLUMN "transfer_usage"."amount_minor" IS 'How much, in fen.';
COMMENT ON COLUMN "transfer_usage"."version" IS 'The batch that last wrote it.';

CREATE TABLE "transfer_batch" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_batch_no" text COLLATE "C" NOT NULL,
    "batch_id" text COLLATE "C" NOT NULL,
    "appid" text COLLATE "C" NOT NULL,
    "name" text COLLATE "C" NOT NULL,
    "remark" text COLLATE "C" NOT NULL,
    "total" bigint NOT NULL,
    "num" bigint NOT NULL,
    "scene_id" text COLLATE "C",
    "notify_url" text COLLATE "C",
    "state" text COLLATE "C" NOT NULL,
    "close_reason" text COLLATE "C",
    "done" bigint NOT NULL,
    "success_minor" bigint NOT NULL,
    "success_num" bigint NOT NULL,
    "fail_minor" bigint NOT NULL,
    "fail_num" bigint NOT NULL,
    "fingerprint" bytea NOT NULL,
    "created_at" bigint NOT NULL,
    "updated_at" bigint NOT NULL,
    "journal" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("num" BETWEEN 1 AND 1000 AND "done" BETWEEN 0 AND "num" AND "journal" >= 0),
    CHECK (("state" IN ('ACCEPTED', 'PROCESSING')) <= ("journal" > 0)),
    CHECK (("state" IN ('WAIT_PAY', 'CLOSED')) <= ("journal" = 0)),
    CHECK (("state" = 'CLOSED') = ("close_reason" IS NOT NULL)),
    CHECK ("journal" > 0 OR "success_num" = 0),
    CHECK ("done" = "success_num" + "fail_num"),
    CHECK (("state" IN ('FINISHED', 'CLOSED')) = ("done" = "num")),
    CHECK ("success_minor" >= 0 AND "fail_minor" >= 0 AND "success_minor" + "fail_minor" <= "total"),
    PRIMARY KEY ("book", "mchid", "out_batch_no")
);
CREATE TRIGGER "transfer_batch_delete" BEFORE DELETE ON "transfer_batch"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "transfer_batch_truncate" BEFORE TRUNCATE ON "transfer_batch"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "transfer_batch" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "transfer_batch" TO jiaozi_app;
COMMENT ON TABLE "transfer_batch" IS 'A batch of transfers to people.';
COMMENT ON COLUMN "transfer_batch"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "transfer_batch"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "transfer_batch"."out_batch_no" IS 'The merchant''s number of it.';
COMMENT ON COLUMN "transfer_batch"."batch_id" IS 'Our number of it.';
COMMENT ON COLUMN "transfer_batch"."appid" IS 'The app id.';
COMMENT ON COLUMN "transfer_batch"."name" IS 'Its name.';
COMMENT ON COLUMN "transfer_batch"."remark" IS 'What the merchant says about it.';
COMMENT ON COLUMN "transfer_batch"."total" IS 'The sum of its details, in fen.';
COMMENT ON COLUMN "transfer_batch"."num" IS 'How many details it has.';
COMMENT ON COLUMN "transfer_batch"."scene_id" IS 'What the merchant sends it for.';
COMMENT ON COLUMN "transfer_batch"."notify_url" IS 'Where the end is notified.';
COMMENT ON COLUMN "transfer_batch"."state" IS 'Where it stands.';
COMMENT ON COLUMN "transfer_batch"."close_reason" IS 'Why it was closed.';
COMMENT ON COLUMN "transfer_batch"."done" IS 'How many details have ended.';
COMMENT ON COLUMN "transfer_batch"."success_minor" IS 'What payees have got, in fen.';
COMMENT ON COLUMN "transfer_batch"."success_num" IS 'How many payees have got theirs.';
COMMENT ON COLUMN "transfer_batch"."fail_minor" IS 'What went back, in fen.';
COMMENT ON COLUMN "transfer_batch"."fail_num" IS 'How many details failed.';
COMMENT ON COLUMN "transfer_batch"."fingerprint" IS 'Hash of what the merchant asked for.';
COMMENT ON COLUMN "transfer_batch"."created_at" IS 'When it was asked for.';
COMMENT ON COLUMN "transfer_batch"."updated_at" IS 'When it changed last.';
COMMENT ON COLUMN "transfer_batch"."journal" IS 'The journal that took the money from the merchant, 0 if none did.';
COMMENT ON COLUMN "transfer_batch"."version" IS 'The batch that last wrote it.';

CREATE TABLE "transfer_batch_by_id" (
    "book" bigint NOT NULL,
    "batch_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_batch_no" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "batch_id")
);
CREATE TRIGGER "transfer_batch_by_id_delete" BEFORE DELETE ON "transfer_batch_by_id"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "transfer_batch_by_id_truncate" BEFORE TRUNCATE ON "transfer_batch_by_id"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "transfer_batch_by_id" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "transfer_batch_by_id" TO jiaozi_app;
COMMENT ON TABLE "transfer_batch_by_id" IS 'Finds a batch by our number of it.';
COMMENT ON COLUMN "transfer_batch_by_id"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "transfer_batch_by_id"."batch_id" IS 'Our number.';
COMMENT ON COLUMN "transfer_batch_by_id"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "transfer_batch_by_id"."out_batch_no" IS 'The merchant''s number.';
COMMENT ON COLUMN "transfer_batch_by_id"."version" IS 'The batch that last wrote it.';

CREATE TABLE "transfer_detail" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_batch_no" text COLLATE "C" NOT NULL,
    "place" bigint NOT NULL,
    "out_detail_no" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "remark" text COLLATE "C" NOT NULL,
    "openid" text COLLATE "C" NOT NULL,
    "user_name" bytea,
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "updated_at" bigint NOT NULL,
    "journal" bigint NOT NULL,
    "account" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" BETWEEN 1 AND 99999999999 AND "place" BETWEEN 1 AND 1000),
    CHECK (("journal" = 0) = ("state" IN ('WAIT_PAY', 'PROCESSING') OR COALESCE("failure", '') IN ('MERCHANT_REJECT', 'MERCHANT_NOT_CONFIRM') OR COALESCE("failure", '') = 'TRANSFER_SCENE_INVALID')),
    CHECK (("journal" = 0) = ("account" = 0)),
    CHECK (("state" = 'FAIL') = ("failure" IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_batch_no", "place")
);
CREATE INDEX "transfer_detail_number" ON "transfer_detail" ("book", "mchid", "out_batch_no", "out_detail_no");
CREATE INDEX "transfer_detail_open" ON "transfer_detail" ("book", "mchid") WHERE "state" = 'PROCESSING';
CREATE TRIGGER "transfer_detail_delete" BEFORE DELETE ON "transfer_detail"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "transfer_detail_truncate" BEFORE TRUNCATE ON "transfer_detail"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "transfer_detail_rename" BEFORE UPDATE ON "transfer_detail"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."mchid" IS DISTINCT FROM NEW."mchid"
    OR OLD."out_batch_no" IS DISTINCT FROM NEW."out_batch_no"
    OR OLD."place" IS DISTINCT FROM NEW."place"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."openid" IS DISTINCT FROM NEW."openid"
    OR OLD."out_detail_no" IS DISTINCT FROM NEW."out_detail_no") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "transfer_detail" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "transfer_detail" TO jiaozi_app;
COMMENT ON TABLE "transfer_detail" IS 'What one payee of a batch gets.';
COMMENT ON COLUMN "transfer_detail"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "transfer_detail"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "transfer_detail"."out_batch_no" IS 'The merchant''s number of the batch.';
COMMENT ON COLUMN "transfer_detail"."place" IS 'Its place in the batch, from 1.';
COMMENT ON COLUMN "transfer_detail"."out_detail_no" IS 'The merchant''s number of it.';
COMMENT ON COLUMN "transfer_detail"."amount" IS 'How much, in fen.';
COMMENT ON COLUMN "transfer_detail"."remark" IS 'Shown to the payee.';
COMMENT ON COLUMN "transfer_detail"."openid" IS 'The payee''s name under the app id.';
COMMENT ON COLUMN "transfer_detail"."user_name" IS 'The sealed name of the payee as the merchant knows it.';
COMMENT ON COLUMN "transfer_detail"."state" IS 'Where it stands.';
COMMENT ON COLUMN "transfer_detail"."failure" IS 'Why it failed.';
COMMENT ON COLUMN "transfer_detail"."updated_at" IS 'When it changed last.';
COMMENT ON COLUMN "transfer_detail"."journal" IS 'The journal of its end, 0 while it waits or if its money never moved.';
COMMENT ON COLUMN "transfer_detail"."account" IS 'The account that has the money in the end, 0 like the journal.';
COMMENT ON COLUMN "transfer_detail"."version" IS 'The batch that last wrote it.';

CREATE TABLE "complaint" (
    "book" bigint NOT NULL,
    "complaint_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "sub_mchid" text COLLATE "C",
    "out_trade_no" text COLLATE "C" NOT NULL,
    "transaction_id" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "payer" bytea NOT NULL,
    "openid" text COLLATE "C" NOT NULL,
    "problem" text COLLATE "C" NOT NULL,
    "detail" text COLLATE "C" NOT NULL,
    "apply_refund_minor" bigint NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "ended" text COLLATE "C",
    "in_platform_service" bigint NOT NULL,
    "satisfaction" text COLLATE "C",
    "times" bigint NOT NULL,
    "payer_waits" bigint NOT NULL,
    "steps" bigint NOT NULL,
    "created_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("apply_refund_minor" BETWEEN 0 AND "amount"),
    CHECK ("times" >= 1 AND "steps" >= 1),
    CHECK (("state" = 'PROCESSED') = ("ended" IS NOT NULL)),
    CHECK ("satisfaction" IS NULL OR "state" = 'PROCESSED'),
    PRIMARY KEY ("book", "complaint_id")
);
CREATE INDEX "complaint_merchant" ON "complaint" ("book", "mchid", "created_at");
CREATE INDEX "complaint_platform" ON "complaint" ("book", "created_at") WHERE "in_platform_service" = 1;
CREATE TRIGGER "complaint_delete" BEFORE DELETE ON "complaint"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "complaint_truncate" BEFORE TRUNCATE ON "complaint"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "complaint_rename" BEFORE UPDATE ON "complaint"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."complaint_id" IS DISTINCT FROM NEW."complaint_id"
    OR OLD."mchid" IS DISTINCT FROM NEW."mchid"
    OR OLD."sub_mchid" IS DISTINCT FROM NEW."sub_mchid"
    OR OLD."out_trade_no" IS DISTINCT FROM NEW."out_trade_no"
    OR OLD."payer" IS DISTINCT FROM NEW."payer") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "complaint" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "complaint" TO jiaozi_app;
COMMENT ON TABLE "complaint" IS 'A complaint of a payer about an order.';
COMMENT ON COLUMN "complaint"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "complaint"."complaint_id" IS 'Its number.';
COMMENT ON COLUMN "complaint"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "complaint"."sub_mchid" IS 'Who was paid, if the merchant is its service provider.';
COMMENT ON COLUMN "complaint"."out_trade_no" IS 'The merchant''s number of the order.';
COMMENT ON COLUMN "complaint"."transaction_id" IS 'The number of the payment.';
COMMENT ON COLUMN "complaint"."amount" IS 'What was paid, in fen.';
COMMENT ON COLUMN "complaint"."payer" IS 'Who complains.';
COMMENT ON COLUMN "complaint"."openid" IS 'The payer''s name under the order''s app id.';
COMMENT ON COLUMN "complaint"."problem" IS 'What the payer complains of.';
COMMENT ON COLUMN "complaint"."detail" IS 'The payer''s words.';
COMMENT ON COLUMN "complaint"."apply_refund_minor" IS 'What the payer wants back, in fen, 0 for nothing.';
COMMENT ON COLUMN "complaint"."state" IS 'Where it stands.';
COMMENT ON COLUMN "complaint"."ended" IS 'Who says that it is dealt with, while it is.';
COMMENT ON COLUMN "complaint"."in_platform_service" IS 'Whether the payer asked us to step in, and we are not done.';
COMMENT ON COLUMN "complaint"."satisfaction" IS 'How the payer finds what came of it, if it says so.';
COMMENT ON COLUMN "complaint"."times" IS 'How often the payer complained.';
COMMENT ON COLUMN "complaint"."payer_waits" IS 'Whether the payer waits for an answer.';
COMMENT ON COLUMN "complaint"."steps" IS 'How many steps it has.';
COMMENT ON COLUMN "complaint"."created_at" IS 'When it was filed.';
COMMENT ON COLUMN "complaint"."version" IS 'The batch that last wrote it.';

CREATE TABLE "complaint_by_order" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "out_trade_no" text COLLATE "C" NOT NULL,
    "complaint_id" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid", "out_trade_no")
);
CREATE TRIGGER "complaint_by_order_delete" BEFORE DELETE ON "complaint_by_order"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "complaint_by_order_truncate" BEFORE TRUNCATE ON "complaint_by_order"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "complaint_by_order" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "complaint_by_order" TO jiaozi_app;
COMMENT ON TABLE "complaint_by_order" IS 'Finds the complaint about an order.';
COMMENT ON COLUMN "complaint_by_order"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "complaint_by_order"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "complaint_by_order"."out_trade_no" IS 'The merchant''s number of the order.';
COMMENT ON COLUMN "complaint_by_order"."complaint_id" IS 'The complaint.';
COMMENT ON COLUMN "complaint_by_order"."version" IS 'The batch that last wrote it.';

CREATE TABLE "complaint_log" (
    "book" bigint NOT NULL,
    "complaint_id" text COLLATE "C" NOT NULL,
    "number" bigint NOT NULL,
    "step" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "details" text COLLATE "C" NOT NULL,
    "staff" text COLLATE "C" NOT NULL,
    "remark" text COLLATE "C" NOT NULL,
    "launch_refund_day" bigint,
    "platform_reason" text COLLATE "C",
    "satisfaction" text COLLATE "C",
    "refunded" bigint,
    "images" text COLLATE "C" NOT NULL,
    "at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("number" >= 1),
    CHECK (("staff" <> '') = ("step" = 'PLATFORM_RESPONSE' OR "step" = 'PLATFORM_SERVICE_FINISHED')),
    CHECK ("launch_refund_day" IS NULL OR "step" = 'MERCHANT_APPROVE_REFUND'),
    CHECK (("platform_reason" IS NOT NULL) = ("step" = 'USER_APPLY_PLATFORM_SERVICE')),
    CHECK (("satisfaction" IS NOT NULL) = ("step" = 'USER_SUBMIT_SATISFACTION')),
    CHECK (("refunded" IS NOT NULL) = ("step" = 'COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE' OR "step" = 'COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE' OR "step" = 'COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE')),
    PRIMARY KEY ("book", "complaint_id", "number")
);
CREATE TRIGGER "complaint_log_delete" BEFORE DELETE ON "complaint_log"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "complaint_log_truncate" BEFORE TRUNCATE ON "complaint_log"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "complaint_log_rename" BEFORE UPDATE ON "complaint_log"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."complaint_id" IS DISTINCT FROM NEW."complaint_id"
    OR OLD."number" IS DISTINCT FROM NEW."number"
    OR OLD."step" IS DISTINCT FROM NEW."step"
    OR OLD."state" IS DISTINCT FROM NEW."state"
    OR OLD."details" IS DISTINCT FROM NEW."details"
    OR OLD."staff" IS DISTINCT FROM NEW."staff"
    OR OLD."remark" IS DISTINCT FROM NEW."remark"
    OR OLD."launch_refund_day" IS DISTINCT FROM NEW."launch_refund_day"
    OR OLD."platform_reason" IS DISTINCT FROM NEW."platform_reason"
    OR OLD."satisfaction" IS DISTINCT FROM NEW."satisfaction"
    OR OLD."refunded" IS DISTINCT FROM NEW."refunded"
    OR OLD."images" IS DISTINCT FROM NEW."images"
    OR OLD."at" IS DISTINCT FROM NEW."at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "complaint_log" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "complaint_log" TO jiaozi_app;
COMMENT ON TABLE "complaint_log" IS 'One step of a complaint.';
COMMENT ON COLUMN "complaint_log"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "complaint_log"."complaint_id" IS 'The complaint.';
COMMENT ON COLUMN "complaint_log"."number" IS 'Its place, from 1.';
COMMENT ON COLUMN "complaint_log"."step" IS 'What was done.';
COMMENT ON COLUMN "complaint_log"."state" IS 'Where the complaint stood then.';
COMMENT ON COLUMN "complaint_log"."details" IS 'The words of who did it.';
COMMENT ON COLUMN "complaint_log"."staff" IS 'Who of our staff did it, empty where it was somebody else.';
COMMENT ON COLUMN "complaint_log"."remark" IS 'The merchant''s words besides.';
COMMENT ON COLUMN "complaint_log"."launch_refund_day" IS 'In how many days the merchant will refund, if it says so.';
COMMENT ON COLUMN "complaint_log"."platform_reason" IS 'Why the payer asks us to step in, if that is it.';
COMMENT ON COLUMN "complaint_log"."satisfaction" IS 'How the payer finds what came of it, if that is it.';
COMMENT ON COLUMN "complaint_log"."refunded" IS 'What was refunded, in fen, if that is the step.';
COMMENT ON COLUMN "complaint_log"."images" IS 'The ids of pictures, with commas between.';
COMMENT ON COLUMN "complaint_log"."at" IS 'When.';
COMMENT ON COLUMN "complaint_log"."version" IS 'The batch that last wrote it.';

CREATE TABLE "media" (
    "book" bigint NOT NULL,
    "media_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C",
    "user" bytea,
    "kind" text COLLATE "C" NOT NULL,
    "content_type" text COLLATE "C" NOT NULL,
    "content" bytea NOT NULL,
    "uploaded_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK (LENGTH("content") BETWEEN 1 AND 5242880),
    CHECK (("mchid" IS NULL) = ("user" IS NOT NULL)),
    CHECK ("user" IS NULL OR "kind" = 'IMAGE'),
    PRIMARY KEY ("book", "media_id")
);
CREATE TRIGGER "media_rename" BEFORE UPDATE ON "media"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."media_id" IS DISTINCT FROM NEW."media_id"
    OR OLD."mchid" IS DISTINCT FROM NEW."mchid"
    OR OLD."user" IS DISTINCT FROM NEW."user"
    OR OLD."content_type" IS DISTINCT FROM NEW."content_type"
    OR OLD."content" IS DISTINCT FROM NEW."content") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "media" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "media" TO jiaozi_app;
COMMENT ON TABLE "media" IS 'A file that a merchant or a payer uploaded.';
COMMENT ON COLUMN "media"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "media"."media_id" IS 'Its id, derived from whose it is and content.';
COMMENT ON COLUMN "media"."mchid" IS 'The merchant, unless it is a payer''s.';
COMMENT ON COLUMN "media"."user" IS 'The payer, unless it is a merchant''s.';
COMMENT ON COLUMN "media"."kind" IS 'What it is.';
COMMENT ON COLUMN "media"."content_type" IS 'Its type, as a web server names it.';
COMMENT ON COLUMN "media"."content" IS 'The bytes.';
COMMENT ON COLUMN "media"."uploaded_at" IS 'When it was uploaded first.';
COMMENT ON COLUMN "media"."version" IS 'The batch that last wrote it.';

CREATE TABLE "shown_picture" (
    "book" bigint NOT NULL,
    "media_id" text COLLATE "C" NOT NULL,
    "complaint_id" text COLLATE "C" NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "media_id", "complaint_id")
);
CREATE TRIGGER "shown_picture_delete" BEFORE DELETE ON "shown_picture"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "shown_picture_truncate" BEFORE TRUNCATE ON "shown_picture"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "shown_picture_rename" BEFORE UPDATE ON "shown_picture"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."media_id" IS DISTINCT FROM NEW."media_id"
    OR OLD."complaint_id" IS DISTINCT FROM NEW."complaint_id"
    OR OLD."mchid" IS DISTINCT FROM NEW."mchid") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "shown_picture" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "shown_picture" TO jiaozi_app;
COMMENT ON TABLE "shown_picture" IS 'That a complaint shows a picture.';
COMMENT ON COLUMN "shown_picture"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "shown_picture"."media_id" IS 'The picture.';
COMMENT ON COLUMN "shown_picture"."complaint_id" IS 'The complaint.';
COMMENT ON COLUMN "shown_picture"."mchid" IS 'The complaint''s merchant.';
COMMENT ON COLUMN "shown_picture"."version" IS 'The batch that last wrote it.';

CREATE TABLE "complaint_usage" (
    "book" bigint NOT NULL,
    "user" bytea NOT NULL,
    "day_from" bigint NOT NULL,
    "pictures" bigint NOT NULL,
    "words" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("pictures" >= 0 AND "words" >= 0),
    CHECK ("pictures" + "words" >= 1),
    PRIMARY KEY ("book", "user")
);
CREATE TRIGGER "complaint_usage_delete" BEFORE DELETE ON "complaint_usage"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "complaint_usage_truncate" BEFORE TRUNCATE ON "complaint_usage"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "complaint_usage" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "complaint_usage" TO jiaozi_app;
COMMENT ON TABLE "complaint_usage" IS 'What a person did about complaints on a day.';
COMMENT ON COLUMN "complaint_usage"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "complaint_usage"."user" IS 'The person.';
COMMENT ON COLUMN "complaint_usage"."day_from" IS 'When that day began.';
COMMENT ON COLUMN "complaint_usage"."pictures" IS 'Pictures kept that day.';
COMMENT ON COLUMN "complaint_usage"."words" IS 'How often the person complained or said something that day.';
COMMENT ON COLUMN "complaint_usage"."version" IS 'The batch that last wrote it.';

CREATE TABLE "security_echo" (
    "book" bigint NOT NULL,
    "mchid" text COLLATE "C" NOT NULL,
    "number" text COLLATE "C" NOT NULL,
    "message" text COLLATE "C" NOT NULL,
    "notify_url" text COLLATE "C" NOT NULL,
    "at" bigint NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "mchid", "number")
);
CREATE TRIGGER "security_echo_delete" BEFORE DELETE ON "security_echo"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "security_echo_truncate" BEFORE TRUNCATE ON "security_echo"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "security_echo" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "security_echo" TO jiaozi_app;
COMMENT ON TABLE "security_echo" IS 'A message that a merchant has sent back to itself.';
COMMENT ON COLUMN "security_echo"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "security_echo"."mchid" IS 'The merchant.';
COMMENT ON COLUMN "security_echo"."number" IS 'Its number, drawn by the edge.';
COMMENT ON COLUMN "security_echo"."message" IS 'The message.';
COMMENT ON COLUMN "security_echo"."notify_url" IS 'Where it is sent.';
COMMENT ON COLUMN "security_echo"."at" IS 'When it was asked for.';
COMMENT ON COLUMN "security_echo"."version" IS 'The batch that last wrote it.';

CREATE TABLE "slot" (
    "book" bigint NOT NULL,
    "slot" bigint NOT NULL,
    "holder" text COLLATE "C" NOT NULL,
    "lease_until" bigint NOT NULL,
    "cursor_batch" bigint NOT NULL,
    "cursor_place" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("slot" BETWEEN 0 AND 63),
    CHECK ("cursor_batch" >= 0 AND "cursor_place" >= 0),
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
    CHECK ("attempts" >= 0),
    CHECK ("slot" BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "batch", "place")
);
CREATE INDEX "retry_due" ON "retry" ("book", "due_at") WHERE "state" = 'WAITING';
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

CREATE TABLE "card" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "wallet" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "bank" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "bin" text COLLATE "C" NOT NULL,
    "last_four" text COLLATE "C" NOT NULL,
    "expiry_month" bigint,
    "number_index" bytea NOT NULL,
    "token" bytea,
    "hard_declines" bigint NOT NULL,
    "open_items" bigint NOT NULL,
    "day" bigint NOT NULL,
    "debited_day" bigint NOT NULL,
    "bound_at" bigint NOT NULL,
    "unbound_at" bigint,
    "version" bigint NOT NULL,
    CHECK ("hard_declines" >= 0 AND "open_items" >= 0 AND "debited_day" >= 0),
    CHECK ("state" = 'UNBOUND' OR "token" IS NOT NULL),
    CHECK (("state" = 'UNBOUND') = ("unbound_at" IS NOT NULL)),
    CHECK ("state" <> 'UNBOUND' OR "open_items" = 0),
    CHECK (length("last_four") = 4 AND length("bin") <= 9),
    PRIMARY KEY ("book", "id")
);
CREATE INDEX "card_wallet" ON "card" ("book", "wallet", "id");
CREATE TRIGGER "card_delete" BEFORE DELETE ON "card"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "card_truncate" BEFORE TRUNCATE ON "card"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "card_rename" BEFORE UPDATE ON "card"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."wallet" IS DISTINCT FROM NEW."wallet"
    OR OLD."bank" IS DISTINCT FROM NEW."bank"
    OR OLD."kind" IS DISTINCT FROM NEW."kind"
    OR OLD."bin" IS DISTINCT FROM NEW."bin"
    OR OLD."last_four" IS DISTINCT FROM NEW."last_four"
    OR OLD."number_index" IS DISTINCT FROM NEW."number_index"
    OR OLD."bound_at" IS DISTINCT FROM NEW."bound_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "card" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "card" TO jiaozi_app;
COMMENT ON TABLE "card" IS 'A bank card that a wallet can use.';
COMMENT ON COLUMN "card"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "card"."id" IS 'Its public id.';
COMMENT ON COLUMN "card"."wallet" IS 'The wallet it is bound to.';
COMMENT ON COLUMN "card"."state" IS 'Where it stands.';
COMMENT ON COLUMN "card"."failure" IS 'Why it is suspended.';
COMMENT ON COLUMN "card"."bank" IS 'Short code of the bank.';
COMMENT ON COLUMN "card"."kind" IS 'What it draws on.';
COMMENT ON COLUMN "card"."bin" IS 'The leading digits that name the bank.';
COMMENT ON COLUMN "card"."last_four" IS 'The last four digits.';
COMMENT ON COLUMN "card"."expiry_month" IS 'The last month it is valid in, as yyyymm.';
COMMENT ON COLUMN "card"."number_index" IS 'Blind index of the number.';
COMMENT ON COLUMN "card"."token" IS 'The bank''s token, sealed, until it is revoked.';
COMMENT ON COLUMN "card"."hard_declines" IS 'Hard declines in a row.';
COMMENT ON COLUMN "card"."open_items" IS 'Movements of money that go on with it.';
COMMENT ON COLUMN "card"."day" IS 'The business day of debited_day, as yyyymmdd.';
COMMENT ON COLUMN "card"."debited_day" IS 'Taken from it that day, or on the way, in fen.';
COMMENT ON COLUMN "card"."bound_at" IS 'When it was bound.';
COMMENT ON COLUMN "card"."unbound_at" IS 'When it was removed.';
COMMENT ON COLUMN "card"."version" IS 'The batch that last wrote it.';

CREATE TABLE "card_by_number" (
    "book" bigint NOT NULL,
    "wallet" bytea NOT NULL,
    "number_index" bytea NOT NULL,
    "card" bytea NOT NULL,
    "version" bigint NOT NULL,
    PRIMARY KEY ("book", "wallet", "number_index")
);
REVOKE ALL ON "card_by_number" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON "card_by_number" TO jiaozi_app;
COMMENT ON TABLE "card_by_number" IS 'Finds a wallet''s bound card by its number.';
COMMENT ON COLUMN "card_by_number"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "card_by_number"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "card_by_number"."number_index" IS 'Blind index of the number.';
COMMENT ON COLUMN "card_by_number"."card" IS 'The card.';
COMMENT ON COLUMN "card_by_number"."version" IS 'The batch that last wrote it.';

CREATE TABLE "card_use" (
    "book" bigint NOT NULL,
    "number_index" bytea NOT NULL,
    "wallets" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("wallets" >= 0),
    PRIMARY KEY ("book", "number_index")
);
CREATE TRIGGER "card_use_delete" BEFORE DELETE ON "card_use"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "card_use_truncate" BEFORE TRUNCATE ON "card_use"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "card_use" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "card_use" TO jiaozi_app;
COMMENT ON TABLE "card_use" IS 'How many wallets a card is bound to.';
COMMENT ON COLUMN "card_use"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "card_use"."number_index" IS 'Blind index of the number.';
COMMENT ON COLUMN "card_use"."wallets" IS 'How many wallets.';
COMMENT ON COLUMN "card_use"."version" IS 'The batch that last wrote it.';

CREATE TABLE "binding_fails" (
    "book" bigint NOT NULL,
    "subject" text COLLATE "C" NOT NULL,
    "failed" bigint NOT NULL,
    "open" bigint NOT NULL,
    "since" bigint NOT NULL,
    "blocked_until" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("failed" >= 0 AND "open" >= 0),
    PRIMARY KEY ("book", "subject")
);
CREATE TRIGGER "binding_fails_delete" BEFORE DELETE ON "binding_fails"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "binding_fails_truncate" BEFORE TRUNCATE ON "binding_fails"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "binding_fails" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "binding_fails" TO jiaozi_app;
COMMENT ON TABLE "binding_fails" IS 'Failed bindings of a card or wallet within 24 hours.';
COMMENT ON COLUMN "binding_fails"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "binding_fails"."subject" IS 'The wallet''s id, or card: and the blind index of the number.';
COMMENT ON COLUMN "binding_fails"."failed" IS 'Failed in the 24 hours since the first of them.';
COMMENT ON COLUMN "binding_fails"."open" IS 'Going on.';
COMMENT ON COLUMN "binding_fails"."since" IS 'When the first of the failed ones failed.';
COMMENT ON COLUMN "binding_fails"."blocked_until" IS 'No new one before then.';
COMMENT ON COLUMN "binding_fails"."version" IS 'The batch that last wrote it.';

CREATE TABLE "card_binding" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "user" bytea NOT NULL,
    "wallet" bytea NOT NULL,
    "card" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "bank" text COLLATE "C" NOT NULL,
    "kind" text COLLATE "C" NOT NULL,
    "bin" text COLLATE "C" NOT NULL,
    "last_four" text COLLATE "C" NOT NULL,
    "expiry_month" bigint,
    "number_index" bytea NOT NULL,
    "secrets" bytea,
    "code" bytea,
    "confirmations" bigint NOT NULL,
    "wrong_codes" bigint NOT NULL,
    "started_at" bigint NOT NULL,
    "expires_at" bigint NOT NULL,
    "ended_at" bigint,
    "version" bigint NOT NULL,
    CHECK (("state" = 'ISSUER_CHECK') = ("secrets" IS NOT NULL)),
    CHECK (("state" = 'CONFIRMING') = ("code" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("state" IN ('BOUND', 'FAILED')) = ("ended_at" IS NOT NULL)),
    CHECK ("wrong_codes" >= 0 AND "confirmations" >= "wrong_codes"),
    PRIMARY KEY ("book", "id")
);
CREATE INDEX "card_binding_wallet" ON "card_binding" ("book", "wallet", "id");
CREATE TRIGGER "card_binding_delete" BEFORE DELETE ON "card_binding"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "card_binding_truncate" BEFORE TRUNCATE ON "card_binding"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "card_binding_rename" BEFORE UPDATE ON "card_binding"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."user" IS DISTINCT FROM NEW."user"
    OR OLD."wallet" IS DISTINCT FROM NEW."wallet"
    OR OLD."card" IS DISTINCT FROM NEW."card"
    OR OLD."bank" IS DISTINCT FROM NEW."bank"
    OR OLD."kind" IS DISTINCT FROM NEW."kind"
    OR OLD."bin" IS DISTINCT FROM NEW."bin"
    OR OLD."last_four" IS DISTINCT FROM NEW."last_four"
    OR OLD."number_index" IS DISTINCT FROM NEW."number_index"
    OR OLD."started_at" IS DISTINCT FROM NEW."started_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "card_binding" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "card_binding" TO jiaozi_app;
COMMENT ON TABLE "card_binding" IS 'An attempt to bind a card.';
COMMENT ON COLUMN "card_binding"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "card_binding"."id" IS 'Its public id, and the id of the signing at the bank.';
COMMENT ON COLUMN "card_binding"."user" IS 'Who binds.';
COMMENT ON COLUMN "card_binding"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "card_binding"."card" IS 'The id the card will have.';
COMMENT ON COLUMN "card_binding"."state" IS 'Where it stands.';
COMMENT ON COLUMN "card_binding"."failure" IS 'Why it failed.';
COMMENT ON COLUMN "card_binding"."bank" IS 'Short code of the bank.';
COMMENT ON COLUMN "card_binding"."kind" IS 'What the card draws on.';
COMMENT ON COLUMN "card_binding"."bin" IS 'The leading digits that name the bank.';
COMMENT ON COLUMN "card_binding"."last_four" IS 'The last four digits.';
COMMENT ON COLUMN "card_binding"."expiry_month" IS 'The last month the card is valid in, as yyyymm.';
COMMENT ON COLUMN "card_binding"."number_index" IS 'Blind index of the number.';
COMMENT ON COLUMN "card_binding"."secrets" IS 'What only the issuer may see, sealed, until it has answered.';
COMMENT ON COLUMN "card_binding"."code" IS 'The code that was entered, sealed, until the issuer has answered.';
COMMENT ON COLUMN "card_binding"."confirmations" IS 'How many codes were handed to the issuer.';
COMMENT ON COLUMN "card_binding"."wrong_codes" IS 'How many of them were wrong.';
COMMENT ON COLUMN "card_binding"."started_at" IS 'When it was started.';
COMMENT ON COLUMN "card_binding"."expires_at" IS 'When it is given up unless it goes on.';
COMMENT ON COLUMN "card_binding"."ended_at" IS 'When it ended.';
COMMENT ON COLUMN "card_binding"."version" IS 'The batch that last wrote it.';

CREATE TABLE "bank_movement" (
    "book" bigint NOT NULL,
    "subject" text COLLATE "C" NOT NULL,
    "bank_ref" text COLLATE "C" NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "journal" bigint NOT NULL,
    "reported_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("amount" > 0 AND "journal" >= 0),
    PRIMARY KEY ("book", "subject", "bank_ref")
);
CREATE INDEX "bank_movement_ref" ON "bank_movement" ("book", "bank_ref");
CREATE TRIGGER "bank_movement_delete" BEFORE DELETE ON "bank_movement"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "bank_movement_truncate" BEFORE TRUNCATE ON "bank_movement"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "bank_movement_rename" BEFORE UPDATE ON "bank_movement"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."subject" IS DISTINCT FROM NEW."subject"
    OR OLD."bank_ref" IS DISTINCT FROM NEW."bank_ref"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."journal" IS DISTINCT FROM NEW."journal"
    OR OLD."reported_at" IS DISTINCT FROM NEW."reported_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "bank_movement" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "bank_movement" TO jiaozi_app;
COMMENT ON TABLE "bank_movement" IS 'A movement of money that a bank reported.';
COMMENT ON COLUMN "bank_movement"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "bank_movement"."subject" IS 'What it belongs to, as in journals.';
COMMENT ON COLUMN "bank_movement"."bank_ref" IS 'The bank''s reference.';
COMMENT ON COLUMN "bank_movement"."state" IS 'What became of it.';
COMMENT ON COLUMN "bank_movement"."amount" IS 'How much moved, in fen.';
COMMENT ON COLUMN "bank_movement"."journal" IS 'The journal that carried it, 0 when none did.';
COMMENT ON COLUMN "bank_movement"."reported_at" IS 'When it was reported first.';
COMMENT ON COLUMN "bank_movement"."version" IS 'The batch that last wrote it.';

CREATE TABLE "top_up" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "wallet" bytea NOT NULL,
    "identity" bytea NOT NULL,
    "card" bytea NOT NULL,
    "amount" bigint NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "bank_ref" text COLLATE "C",
    "journal" bigint NOT NULL,
    "day" bigint NOT NULL,
    "is_counted" bigint NOT NULL,
    "suspended_minor" bigint NOT NULL,
    "created_at" bigint NOT NULL,
    "ended_at" bigint,
    "version" bigint NOT NULL,
    CHECK ("amount" > 0),
    CHECK (("state" = 'SUCCESS') = ("journal" > 0 AND "bank_ref" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("is_counted" = 0)),
    CHECK (("state" IN ('SUCCESS', 'FAILED')) = ("ended_at" IS NOT NULL)),
    PRIMARY KEY ("book", "id")
);
CREATE INDEX "top_up_wallet" ON "top_up" ("book", "wallet", "id");
CREATE INDEX "top_up_suspense" ON "top_up" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "top_up_delete" BEFORE DELETE ON "top_up"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "top_up_truncate" BEFORE TRUNCATE ON "top_up"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "top_up_rename" BEFORE UPDATE ON "top_up"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."wallet" IS DISTINCT FROM NEW."wallet"
    OR OLD."identity" IS DISTINCT FROM NEW."identity"
    OR OLD."card" IS DISTINCT FROM NEW."card"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."day" IS DISTINCT FROM NEW."day"
    OR OLD."created_at" IS DISTINCT FROM NEW."created_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "top_up" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "top_up" TO jiaozi_app;
COMMENT ON TABLE "top_up" IS 'A movement from a card to the balance.';
COMMENT ON COLUMN "top_up"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "top_up"."id" IS 'Its public id, and the id of the request at the bank.';
COMMENT ON COLUMN "top_up"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "top_up"."identity" IS 'The person behind it.';
COMMENT ON COLUMN "top_up"."card" IS 'The card.';
COMMENT ON COLUMN "top_up"."amount" IS 'How much, in fen.';
COMMENT ON COLUMN "top_up"."state" IS 'Where it stands.';
COMMENT ON COLUMN "top_up"."failure" IS 'Why it failed.';
COMMENT ON COLUMN "top_up"."bank_ref" IS 'The bank''s reference of the movement that reached the balance.';
COMMENT ON COLUMN "top_up"."journal" IS 'The journal that credited the balance, 0 for none.';
COMMENT ON COLUMN "top_up"."day" IS 'The business day it counts for, as yyyymmdd.';
COMMENT ON COLUMN "top_up"."is_counted" IS 'Whether it counts towards the identity''s sum of that day.';
COMMENT ON COLUMN "top_up"."suspended_minor" IS 'What of it lies in suspense, in fen, credit positive.';
COMMENT ON COLUMN "top_up"."created_at" IS 'When it was started.';
COMMENT ON COLUMN "top_up"."ended_at" IS 'When it ended.';
COMMENT ON COLUMN "top_up"."version" IS 'The batch that last wrote it.';

CREATE TABLE "withdrawal" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "wallet" bytea NOT NULL,
    "identity" bytea NOT NULL,
    "card" bytea NOT NULL,
    "amount" bigint NOT NULL,
    "fee_minor" bigint NOT NULL,
    "free_minor" bigint NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "bank_ref" text COLLATE "C",
    "day" bigint NOT NULL,
    "is_counted" bigint NOT NULL,
    "arrival_day" bigint,
    "overdue_at" bigint,
    "suspended_minor" bigint NOT NULL,
    "created_at" bigint NOT NULL,
    "ended_at" bigint,
    "version" bigint NOT NULL,
    CHECK ("amount" > 0 AND "fee_minor" >= 0 AND "free_minor" BETWEEN 0 AND "amount"),
    CHECK ("state" <> 'SUCCESS' OR "bank_ref" IS NOT NULL),
    CHECK ("state" <> 'RETURNED' OR "failure" IS NOT NULL),
    CHECK ("state" <> 'RETURNED' OR "is_counted" = 0),
    CHECK (("state" IN ('HELD', 'BANK_PROCESSING')) = ("ended_at" IS NULL)),
    PRIMARY KEY ("book", "id")
);
CREATE INDEX "withdrawal_wallet" ON "withdrawal" ("book", "wallet", "id");
CREATE INDEX "withdrawal_open" ON "withdrawal" ("book", "id") WHERE "ended_at" IS NULL;
CREATE INDEX "withdrawal_suspense" ON "withdrawal" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "withdrawal_delete" BEFORE DELETE ON "withdrawal"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "withdrawal_truncate" BEFORE TRUNCATE ON "withdrawal"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "withdrawal_rename" BEFORE UPDATE ON "withdrawal"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."wallet" IS DISTINCT FROM NEW."wallet"
    OR OLD."identity" IS DISTINCT FROM NEW."identity"
    OR OLD."card" IS DISTINCT FROM NEW."card"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."fee_minor" IS DISTINCT FROM NEW."fee_minor"
    OR OLD."free_minor" IS DISTINCT FROM NEW."free_minor"
    OR OLD."day" IS DISTINCT FROM NEW."day"
    OR OLD."created_at" IS DISTINCT FROM NEW."created_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "withdrawal" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "withdrawal" TO jiaozi_app;
COMMENT ON TABLE "withdrawal" IS 'A movement from the balance to a card.';
COMMENT ON COLUMN "withdrawal"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "withdrawal"."id" IS 'Its public id, and the id of the request at the bank.';
COMMENT ON COLUMN "withdrawal"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "withdrawal"."identity" IS 'The person behind it.';
COMMENT ON COLUMN "withdrawal"."card" IS 'The card.';
COMMENT ON COLUMN "withdrawal"."amount" IS 'What reaches the card, in fen.';
COMMENT ON COLUMN "withdrawal"."fee_minor" IS 'The fee on top, in fen.';
COMMENT ON COLUMN "withdrawal"."free_minor" IS 'How much of the amount the free allowance covers, in fen.';
COMMENT ON COLUMN "withdrawal"."state" IS 'Where it stands.';
COMMENT ON COLUMN "withdrawal"."failure" IS 'Why it came back, or what the bank says now.';
COMMENT ON COLUMN "withdrawal"."bank_ref" IS 'The bank''s reference of the payment that settled it.';
COMMENT ON COLUMN "withdrawal"."day" IS 'The business day it counts for, as yyyymmdd.';
COMMENT ON COLUMN "withdrawal"."is_counted" IS 'Whether it counts towards the identity''s sums and allowance.';
COMMENT ON COLUMN "withdrawal"."arrival_day" IS 'The day it arrives at the latest, as yyyymmdd.';
COMMENT ON COLUMN "withdrawal"."overdue_at" IS 'Since when it is overdue.';
COMMENT ON COLUMN "withdrawal"."suspended_minor" IS 'What of it lies in suspense, in fen, credit positive.';
COMMENT ON COLUMN "withdrawal"."created_at" IS 'When it was started.';
COMMENT ON COLUMN "withdrawal"."ended_at" IS 'When it ended.';
COMMENT ON COLUMN "withdrawal"."version" IS 'The batch that last wrote it.';

CREATE TABLE "card_payment" (
    "book" bigint NOT NULL,
    "id" bytea NOT NULL,
    "wallet" bytea NOT NULL,
    "card" bytea NOT NULL,
    "prepay_id" text COLLATE "C" NOT NULL,
    "amount" bigint NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "failure" text COLLATE "C",
    "bank_ref" text COLLATE "C",
    "journal" bigint NOT NULL,
    "day" bigint NOT NULL,
    "suspended_minor" bigint NOT NULL,
    "created_at" bigint NOT NULL,
    "ended_at" bigint,
    "version" bigint NOT NULL,
    CHECK ("amount" > 0),
    CHECK (("state" = 'SUCCESS' OR "state" = 'REFUNDING' OR "state" = 'REFUNDED') = ("journal" > 0 AND "bank_ref" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("state" IN ('BANK_PROCESSING', 'UNKNOWN')) = ("ended_at" IS NULL)),
    PRIMARY KEY ("book", "id")
);
CREATE INDEX "card_payment_wallet" ON "card_payment" ("book", "wallet", "id");
CREATE INDEX "card_payment_open" ON "card_payment" ("book", "id") WHERE "ended_at" IS NULL;
CREATE INDEX "card_payment_suspense" ON "card_payment" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "card_payment_delete" BEFORE DELETE ON "card_payment"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "card_payment_truncate" BEFORE TRUNCATE ON "card_payment"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "card_payment_rename" BEFORE UPDATE ON "card_payment"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."id" IS DISTINCT FROM NEW."id"
    OR OLD."wallet" IS DISTINCT FROM NEW."wallet"
    OR OLD."card" IS DISTINCT FROM NEW."card"
    OR OLD."prepay_id" IS DISTINCT FROM NEW."prepay_id"
    OR OLD."amount" IS DISTINCT FROM NEW."amount"
    OR OLD."day" IS DISTINCT FROM NEW."day"
    OR OLD."created_at" IS DISTINCT FROM NEW."created_at") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "card_payment" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "card_payment" TO jiaozi_app;
COMMENT ON TABLE "card_payment" IS 'The payment of an order from a card.';
COMMENT ON COLUMN "card_payment"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "card_payment"."id" IS 'Its public id, and the id of the request at the bank.';
COMMENT ON COLUMN "card_payment"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "card_payment"."card" IS 'The card.';
COMMENT ON COLUMN "card_payment"."prepay_id" IS 'The prepay id that leads to what is paid.';
COMMENT ON COLUMN "card_payment"."amount" IS 'How much, in fen.';
COMMENT ON COLUMN "card_payment"."state" IS 'Where it stands.';
COMMENT ON COLUMN "card_payment"."failure" IS 'Why it failed.';
COMMENT ON COLUMN "card_payment"."bank_ref" IS 'The bank''s reference of the movement that counted.';
COMMENT ON COLUMN "card_payment"."journal" IS 'The journal that carried the money, 0 for none.';
COMMENT ON COLUMN "card_payment"."day" IS 'The business day it counts for, as yyyymmdd.';
COMMENT ON COLUMN "card_payment"."suspended_minor" IS 'What of it lies in suspense, in fen, credit positive.';
COMMENT ON COLUMN "card_payment"."created_at" IS 'When it was started.';
COMMENT ON COLUMN "card_payment"."ended_at" IS 'When the bank''s word ended it.';
COMMENT ON COLUMN "card_payment"."version" IS 'The batch that last wrote it.';

CREATE TABLE "payment_codes" (
    "book" bigint NOT NULL,
    "wallet" bytea NOT NULL,
    "state" text COLLATE "C" NOT NULL,
    "device" bytea NOT NULL,
    "session" bytea NOT NULL,
    "locator" bigint NOT NULL,
    "password" text COLLATE "C" NOT NULL,
    "turned_on_at" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("locator" BETWEEN 0 AND 9999999999),
    PRIMARY KEY ("book", "wallet")
);
CREATE TRIGGER "payment_codes_delete" BEFORE DELETE ON "payment_codes"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "payment_codes_truncate" BEFORE TRUNCATE ON "payment_codes"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "payment_codes" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "payment_codes" TO jiaozi_app;
COMMENT ON TABLE "payment_codes" IS 'Who shows a wallet''s payment codes.';
COMMENT ON COLUMN "payment_codes"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "payment_codes"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "payment_codes"."state" IS 'Whether there are any.';
COMMENT ON COLUMN "payment_codes"."device" IS 'The only device that shows them.';
COMMENT ON COLUMN "payment_codes"."session" IS 'SHA-256 of the token of the session that they end with.';
COMMENT ON COLUMN "payment_codes"."locator" IS 'What its codes name.';
COMMENT ON COLUMN "payment_codes"."password" IS 'When the payment password is asked for.';
COMMENT ON COLUMN "payment_codes"."turned_on_at" IS 'When they were turned on.';
COMMENT ON COLUMN "payment_codes"."version" IS 'The batch that last wrote it.';

CREATE TABLE "payment_code_locator" (
    "book" bigint NOT NULL,
    "locator" bigint NOT NULL,
    "wallet" bytea NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("locator" BETWEEN 0 AND 9999999999),
    PRIMARY KEY ("book", "locator")
);
CREATE TRIGGER "payment_code_locator_delete" BEFORE DELETE ON "payment_code_locator"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "payment_code_locator_truncate" BEFORE TRUNCATE ON "payment_code_locator"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "payment_code_locator_rename" BEFORE UPDATE ON "payment_code_locator"
    FOR EACH ROW
    WHEN (OLD."book" IS DISTINCT FROM NEW."book"
    OR OLD."locator" IS DISTINCT FROM NEW."locator"
    OR OLD."wallet" IS DISTINCT FROM NEW."wallet") EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "payment_code_locator" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "payment_code_locator" TO jiaozi_app;
COMMENT ON TABLE "payment_code_locator" IS 'Finds a wallet by what its codes name.';
COMMENT ON COLUMN "payment_code_locator"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "payment_code_locator"."locator" IS 'What a code names.';
COMMENT ON COLUMN "payment_code_locator"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "payment_code_locator"."version" IS 'The batch that last wrote it.';

CREATE TABLE "payment_code_use" (
    "book" bigint NOT NULL,
    "wallet" bytea NOT NULL,
    "used_until_s" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("used_until_s" >= 0),
    PRIMARY KEY ("book", "wallet")
);
CREATE TRIGGER "payment_code_use_delete" BEFORE DELETE ON "payment_code_use"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "payment_code_use_truncate" BEFORE TRUNCATE ON "payment_code_use"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "payment_code_use" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "payment_code_use" TO jiaozi_app;
COMMENT ON TABLE "payment_code_use" IS 'Which payment codes of a wallet are used up.';
COMMENT ON COLUMN "payment_code_use"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "payment_code_use"."wallet" IS 'The wallet.';
COMMENT ON COLUMN "payment_code_use"."used_until_s" IS 'The second of the newest code presented; it and older ones are used up.';
COMMENT ON COLUMN "payment_code_use"."version" IS 'The batch that last wrote it.';

CREATE TABLE "payment_code_usage" (
    "book" bigint NOT NULL,
    "identity" bytea NOT NULL,
    "day_from" bigint NOT NULL,
    "paid_minor" bigint NOT NULL,
    "without_password" bigint NOT NULL,
    "version" bigint NOT NULL,
    CHECK ("paid_minor" > 0),
    CHECK ("without_password" >= 0),
    PRIMARY KEY ("book", "identity")
);
CREATE TRIGGER "payment_code_usage_delete" BEFORE DELETE ON "payment_code_usage"
    FOR EACH ROW EXECUTE FUNCTION jiaozi_forbid();
CREATE TRIGGER "payment_code_usage_truncate" BEFORE TRUNCATE ON "payment_code_usage"
    FOR EACH STATEMENT EXECUTE FUNCTION jiaozi_forbid();
REVOKE ALL ON "payment_code_usage" FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON "payment_code_usage" TO jiaozi_app;
COMMENT ON TABLE "payment_code_usage" IS 'What an identity paid by code on one day.';
COMMENT ON COLUMN "payment_code_usage"."book" IS 'The book it belongs to.';
COMMENT ON COLUMN "payment_code_usage"."identity" IS 'The person.';
COMMENT ON COLUMN "payment_code_usage"."day_from" IS 'When that day began.';
COMMENT ON COLUMN "payment_code_usage"."paid_minor" IS 'Paid by code that day, in fen.';
COMMENT ON COLUMN "payment_code_usage"."without_password" IS 'Payments of that day without the payment password.';
COMMENT ON COLUMN "payment_code_usage"."version" IS 'The batch that last wrote it.';
