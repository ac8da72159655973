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
    CHECK ("seq" > 0),
    CHECK ("turn" IN (0, 1)),
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
    CHECK ("number" > 0),
    CHECK ("legs" >= 2),
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
    CHECK ("amount" <> 0),
    CHECK ("amount" BETWEEN -99999999999 AND 99999999999),
    CHECK ("number" > 0),
    CHECK ("previous" >= 0 AND "previous" < "journal"),
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
    CHECK ("number" > 0),
    CHECK ("sign" <> 'CREDIT' OR "balance" >= 0),
    CHECK ("sign" <> 'DEBIT' OR "balance" <= 0),
    CHECK ("entries" >= 0 AND "last_entry" >= 0),
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
    CHECK ("number" > 0),
    PRIMARY KEY ("book", "owner_kind", "owner", "purpose", "currency")
) STRICT, WITHOUT ROWID;
CREATE INDEX "account_path_number" ON "account_path" ("book", "number");
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
    CHECK ("place" > 0),
    CHECK ("slot" BETWEEN 0 AND 63),
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
    CHECK ("attempts" >= 0),
    CHECK ("slot" BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "kind", "subject")
) STRICT, WITHOUT ROWID;
CREATE INDEX "job_due" ON "job" ("book", "due_at");

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
    CHECK ("cards" >= 0),
    CHECK (("state" = 'FROZEN') = ("freeze" IS NOT NULL)),
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
    CHECK ("channels" BETWEEN 1 AND 31),
    CHECK ("wallets" >= 0),
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
    CHECK ("paid_day" >= 0 AND "topped_up_day" >= 0 AND "withdrawn_day" >= 0 AND "withdrawals_day" >= 0),
    CHECK ("paid_year" >= "paid_day" AND "paid_lifetime" >= "paid_year" AND "free_used" >= 0),
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
    CHECK ("failed" >= 0),
    CHECK ("locks" >= 0),
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
    "reset_at" INTEGER, -- When it was last set without the old one.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("key_version" BETWEEN 0 AND 255),
    PRIMARY KEY ("book", "wallet")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "payment_password_delete" BEFORE DELETE ON "payment_password"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on payment_password'); END;

-- The freeze of a kind that is in force, or the last one.
CREATE TABLE "freeze" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "wallet" BLOB NOT NULL, -- The wallet.
    "kind" TEXT COLLATE BINARY NOT NULL, -- Which kind.
    "frozen_by" TEXT COLLATE BINARY NOT NULL, -- Who froze it: a user's id or an operator's name.
    "reason" TEXT COLLATE BINARY NOT NULL, -- Why, in the operator's words.
    "frozen_at" INTEGER NOT NULL, -- Since when.
    "lifted_by" TEXT COLLATE BINARY NOT NULL, -- Who lifted it; empty while it is in force.
    "lifted_at" INTEGER, -- When it was lifted.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (("lifted_at" IS NULL) = ("lifted_by" = '')),
    PRIMARY KEY ("book", "wallet", "kind")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "freeze_delete" BEFORE DELETE ON "freeze"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on freeze'); END;

-- The person that a document belongs to.
CREATE TABLE "identity_by_document" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "document_index" BLOB NOT NULL, -- Blind index of document type and number.
    "identity" BLOB NOT NULL, -- The person.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "document_index")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "identity_by_document_delete" BEFORE DELETE ON "identity_by_document"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on identity_by_document'); END;
CREATE TRIGGER "identity_by_document_rename" BEFORE UPDATE ON "identity_by_document"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."document_index" IS NOT NEW."document_index"
    OR OLD."identity" IS NOT NEW."identity"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on identity_by_document'); END;

-- A person who logs in.
CREATE TABLE "user" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id.
    "phone_index" BLOB NOT NULL, -- Blind index of the phone.
    "phone" BLOB NOT NULL, -- The sealed phone.
    "wallet" BLOB, -- The wallet, once opened.
    "session_epoch" INTEGER NOT NULL, -- Sessions of an earlier epoch are over.
    "registered_at" INTEGER NOT NULL, -- When the person registered.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("session_epoch" >= 0),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "user_delete" BEFORE DELETE ON "user"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on user'); END;
CREATE TRIGGER "user_rename" BEFORE UPDATE ON "user"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."registered_at" IS NOT NEW."registered_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on user'); END;

-- Whose phone it is.
CREATE TABLE "user_by_phone" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "phone_index" BLOB NOT NULL, -- Blind index of the phone.
    "user" BLOB NOT NULL, -- The user.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "phone_index")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "user_by_phone_delete" BEFORE DELETE ON "user_by_phone"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on user_by_phone'); END;

-- A device that a user logged in on.
CREATE TABLE "device" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "user" BLOB NOT NULL, -- The user.
    "id" BLOB NOT NULL, -- The id that the device keeps.
    "name" TEXT COLLATE BINARY NOT NULL, -- What its owner calls it.
    "first_at" INTEGER NOT NULL, -- When this user logged in on it first.
    "last_at" INTEGER NOT NULL, -- When this user logged in on it last.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("last_at" >= "first_at"),
    PRIMARY KEY ("book", "user", "id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "device_delete" BEFORE DELETE ON "device"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on device'); END;
CREATE TRIGGER "device_rename" BEFORE UPDATE ON "device"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."user" IS NOT NEW."user"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."first_at" IS NOT NEW."first_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on device'); END;

-- A log-in that is not over.
CREATE TABLE "session" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "token_hash" BLOB NOT NULL, -- SHA-256 of the token.
    "user" BLOB NOT NULL, -- The user.
    "device" BLOB NOT NULL, -- The device.
    "epoch" INTEGER NOT NULL, -- The epoch of the user that it belongs to; later ones end it.
    "created_at" INTEGER NOT NULL, -- When it began.
    "seen_at" INTEGER NOT NULL, -- When it was used last, written at most once a day.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("seen_at" >= "created_at"),
    PRIMARY KEY ("book", "token_hash")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "session_rename" BEFORE UPDATE ON "session"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."token_hash" IS NOT NEW."token_hash"
    OR OLD."user" IS NOT NEW."user"
    OR OLD."device" IS NOT NEW."device"
    OR OLD."created_at" IS NOT NEW."created_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on session'); END;

-- A challenge by a one-time password that can still be met.
CREATE TABLE "otp" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its id.
    "phone_index" BLOB NOT NULL, -- Blind index of the phone.
    "purpose" TEXT COLLATE BINARY NOT NULL, -- What it authorises.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where its message stands.
    "phone" BLOB NOT NULL, -- The sealed phone while the message is to be sent, otherwise empty.
    "created_at" INTEGER NOT NULL, -- When it was asked for.
    "expires_at" INTEGER NOT NULL, -- Valid before then.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (("state" = 'CREATED') = (length("phone") > 0)),
    CHECK ("expires_at" >= "created_at"),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "otp_rename" BEFORE UPDATE ON "otp"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."phone_index" IS NOT NEW."phone_index"
    OR OLD."purpose" IS NOT NEW."purpose"
    OR OLD."created_at" IS NOT NEW."created_at"
    OR OLD."expires_at" IS NOT NEW."expires_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on otp'); END;

-- What a phone was sent for one purpose.
CREATE TABLE "otp_sends" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "phone_index" BLOB NOT NULL, -- Blind index of the phone.
    "purpose" TEXT COLLATE BINARY NOT NULL, -- The purpose.
    "newest" BLOB NOT NULL, -- The newest challenge, which alone is valid.
    "newest_at" INTEGER NOT NULL, -- When the newest was asked for.
    "hour_from" INTEGER NOT NULL, -- When the hour that is being counted began.
    "in_hour" INTEGER NOT NULL, -- Challenges in that hour.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("in_hour" > 0),
    CHECK ("newest_at" >= "hour_from"),
    PRIMARY KEY ("book", "phone_index", "purpose")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "otp_sends_delete" BEFORE DELETE ON "otp_sends"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on otp_sends'); END;

-- What a phone was sent on one business day.
CREATE TABLE "otp_day" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "phone_index" BLOB NOT NULL, -- Blind index of the phone.
    "day_from" INTEGER NOT NULL, -- When that day began.
    "in_day" INTEGER NOT NULL, -- Challenges on that day.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("in_day" > 0),
    PRIMARY KEY ("book", "phone_index")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "otp_day_delete" BEFORE DELETE ON "otp_day"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on otp_day'); END;

-- One submission of identity data.
CREATE TABLE "verification" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its id.
    "wallet" BLOB NOT NULL, -- The wallet.
    "user" BLOB NOT NULL, -- Who submitted it.
    "document" TEXT COLLATE BINARY NOT NULL, -- The kind of document.
    "document_index" BLOB NOT NULL, -- Blind index of document type and number.
    "name" BLOB NOT NULL, -- The sealed name; empty once the authority has answered.
    "number" BLOB NOT NULL, -- The sealed number; empty once the authority has answered.
    "consent" TEXT COLLATE BINARY NOT NULL, -- The version of the text in which the person agreed to this check.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "reason" TEXT COLLATE BINARY, -- Why it was rejected.
    "submitted_at" INTEGER NOT NULL, -- When it was submitted.
    "decided_at" INTEGER, -- When the authority answered.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (("state" = 'SUBMITTED') = ("decided_at" IS NULL)),
    CHECK (("state" = 'REJECTED') = ("reason" IS NOT NULL)),
    CHECK (("state" = 'SUBMITTED') = (length("number") > 0)),
    CHECK (("state" = 'SUBMITTED') = (length("name") > 0)),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "verification_delete" BEFORE DELETE ON "verification"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on verification'); END;
CREATE TRIGGER "verification_rename" BEFORE UPDATE ON "verification"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."wallet" IS NOT NEW."wallet"
    OR OLD."user" IS NOT NEW."user"
    OR OLD."document" IS NOT NEW."document"
    OR OLD."document_index" IS NOT NEW."document_index"
    OR OLD."consent" IS NOT NEW."consent"
    OR OLD."submitted_at" IS NOT NEW."submitted_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on verification'); END;

-- The last submission of a wallet.
CREATE TABLE "verification_by_wallet" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "wallet" BLOB NOT NULL, -- The wallet.
    "newest" BLOB NOT NULL, -- Its last submission.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "wallet")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "verification_by_wallet_delete" BEFORE DELETE ON "verification_by_wallet"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on verification_by_wallet'); END;

-- A merchant that takes payments.
CREATE TABLE "merchant" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- Its number: ten digits.
    "name" TEXT COLLATE BINARY NOT NULL, -- The name that payers see.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "fee_bp" INTEGER NOT NULL, -- Its fee, in hundredths of a percent of a payment.
    "balance_account" INTEGER NOT NULL, -- The ledger account of what is owed to it.
    "apiv3_key" BLOB NOT NULL, -- Its sealed APIv3 key.
    "allows_profit_return" INTEGER NOT NULL, -- Whether others may ask back what it got of their orders.
    "public_key_only" INTEGER NOT NULL, -- Whether it gets no certificates of ours.
    "approves_batches" INTEGER NOT NULL, -- Whether its batches of transfers wait until its staff approves them.
    "transfer_scenes" TEXT COLLATE BINARY NOT NULL, -- The scenes for which it may send money, with commas between.
    "added_at" INTEGER NOT NULL, -- When it was added.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("fee_bp" BETWEEN 0 AND 10000),
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

-- That a service provider serves a sub-merchant.
CREATE TABLE "sub_merchant" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The service provider.
    "sub_mchid" TEXT COLLATE BINARY NOT NULL, -- The sub-merchant.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where the relation stands.
    "since" INTEGER NOT NULL, -- Since when it does.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("mchid" <> "sub_mchid"),
    PRIMARY KEY ("book", "mchid", "sub_mchid")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "sub_merchant_delete" BEFORE DELETE ON "sub_merchant"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on sub_merchant'); END;

-- What a merchant signs with on the XML interface.
CREATE TABLE "merchant_apiv2_key" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "key" BLOB NOT NULL, -- The sealed key: 32 characters.
    "set_at" INTEGER NOT NULL, -- When it was set.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "merchant_apiv2_key_delete" BEFORE DELETE ON "merchant_apiv2_key"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on merchant_apiv2_key'); END;

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

-- From whose pages H5 payers are sent.
CREATE TABLE "merchant_h5_domain" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "domain" TEXT COLLATE BINARY NOT NULL, -- The domain in lower case; those below it count too.
    "set_at" INTEGER NOT NULL, -- When it was registered.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid", "domain")
) STRICT, WITHOUT ROWID;

-- Where a merchant is told of things.
CREATE TABLE "merchant_webhook" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What is told there.
    "url" TEXT COLLATE BINARY NOT NULL, -- The address.
    "set_at" INTEGER NOT NULL, -- When it was named.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid", "kind")
) STRICT, WITHOUT ROWID;

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

-- With which of our keys a merchant is notified.
CREATE TABLE "notification_key" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "kind" TEXT COLLATE BINARY NOT NULL, -- The kind of key that signs, in the end if it is a gradual change.
    "gradual_since" INTEGER, -- When a gradual change began.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "notification_key_delete" BEFORE DELETE ON "notification_key"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on notification_key'); END;

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
    "sub_mchid" TEXT COLLATE BINARY, -- Who is paid, if a service provider placed it.
    "sub_appid" TEXT COLLATE BINARY, -- The app id of who is paid.
    "combined_mchid" TEXT COLLATE BINARY, -- The merchant of the combined order that it is a part of.
    "combined_no" TEXT COLLATE BINARY, -- The number of the combined order that it is a part of.
    "trade_type" TEXT COLLATE BINARY NOT NULL, -- How the payer meets it.
    "description" TEXT COLLATE BINARY NOT NULL, -- What the payer sees.
    "amount" INTEGER NOT NULL, -- What is to be paid, in fen.
    "attach" TEXT COLLATE BINARY, -- The merchant's own data, given back with the result.
    "notify_url" TEXT COLLATE BINARY, -- Where the result is notified, if anywhere.
    "openid" TEXT COLLATE BINARY, -- The only payer, named under the app id.
    "sub_openid" TEXT COLLATE BINARY, -- The only payer, named under the app id of who is paid.
    "device_id" TEXT COLLATE BINARY, -- The merchant's device.
    "cards_taken" TEXT COLLATE BINARY NOT NULL, -- From which cards it can be paid.
    "takes_balance" INTEGER NOT NULL, -- Whether it can be paid from the balance.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "created_at" INTEGER NOT NULL, -- When it was placed.
    "expires_at" INTEGER NOT NULL, -- When it closes by itself.
    "payer" BLOB, -- The wallet that paid, or that has to confirm.
    "payer_openid" TEXT COLLATE BINARY, -- The payer's name under the app id.
    "payer_sub_openid" TEXT COLLATE BINARY, -- The payer's name under the app id of who is paid.
    "card_payment" BLOB, -- The card payment that paid, is awaited, or failed last.
    "bank_type" TEXT COLLATE BINARY, -- Bank and kind of the card that paid.
    "payer_account" INTEGER NOT NULL, -- The account that paid, the bank's for a card, 0 while unpaid.
    "transaction_id" TEXT COLLATE BINARY, -- Our number of the payment.
    "paid_at" INTEGER, -- When it was paid.
    "journal" INTEGER NOT NULL, -- The journal of the payment, 0 while unpaid.
    "fee_minor" INTEGER NOT NULL, -- The merchant's fee on it, in fen.
    "refunded_minor" INTEGER NOT NULL, -- Accepted refunds, in fen.
    "refund_arrived_minor" INTEGER NOT NULL, -- Refunds that arrived, in fen.
    "fee_refunded_minor" INTEGER NOT NULL, -- What of the fee went back with refunds, in fen.
    "refunds" INTEGER NOT NULL, -- How many refunds were accepted.
    "last_refund_at" INTEGER, -- When the last refund was accepted.
    "unsettled_account" INTEGER NOT NULL, -- The account its money waits in for profit sharing, 0 for none.
    "unsettled_minor" INTEGER NOT NULL, -- What of it still waits there, in fen.
    "shared_minor" INTEGER NOT NULL, -- What of it went to receivers of profit sharing, in fen.
    "profit_orders" INTEGER NOT NULL, -- How often it was shared or unfrozen.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
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
) STRICT;
CREATE INDEX "order_open" ON "order" ("book", "expires_at") WHERE ("state" = 'NOTPAY' OR "state" = 'USERPAYING' OR "state" = 'BANK_PENDING');
CREATE INDEX "order_code" ON "order" ("book", "payer", "created_at") WHERE "trade_type" = 'MICROPAY';
CREATE INDEX "order_unsettled" ON "order" ("book", "mchid") WHERE "unsettled_minor" > 0;
CREATE TRIGGER "order_delete" BEFORE DELETE ON "order"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on order'); END;

-- Several orders that are paid at once.
CREATE TABLE "combined_order" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant that combined them.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- That merchant's number of the whole.
    "appid" TEXT COLLATE BINARY NOT NULL, -- The app id it was placed under.
    "trade_type" TEXT COLLATE BINARY NOT NULL, -- How the payer meets it.
    "amount" INTEGER NOT NULL, -- The sum of its parts, in fen.
    "parts" INTEGER NOT NULL, -- How many parts it has.
    "notify_url" TEXT COLLATE BINARY NOT NULL, -- Where the result is notified.
    "openid" TEXT COLLATE BINARY, -- The only payer, named under the app id.
    "device_id" TEXT COLLATE BINARY, -- The merchant's device.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands, and all its parts with it.
    "created_at" INTEGER NOT NULL, -- When it was placed.
    "expires_at" INTEGER NOT NULL, -- When it closes by itself.
    "payer_openid" TEXT COLLATE BINARY, -- The payer's name under the app id.
    "transaction_id" TEXT COLLATE BINARY, -- Our number of the payment of the whole.
    "paid_at" INTEGER, -- When it was paid.
    "journal" INTEGER NOT NULL, -- The journal of the payment, 0 while unpaid.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" BETWEEN 1 AND 99999999999),
    CHECK ("parts" BETWEEN 1 AND 50),
    CHECK (("state" = 'SUCCESS') = ("journal" > 0)),
    CHECK (("state" = 'SUCCESS') = ("transaction_id" IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_trade_no")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "combined_order_delete" BEFORE DELETE ON "combined_order"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on combined_order'); END;

-- One part of a combined order.
CREATE TABLE "combined_part" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant that combined them.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- That merchant's number of the whole.
    "place" INTEGER NOT NULL, -- The part's place, from 1.
    "part_mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant of the part.
    "part_no" TEXT COLLATE BINARY NOT NULL, -- That merchant's number of the part.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("place" BETWEEN 1 AND 50),
    PRIMARY KEY ("book", "mchid", "out_trade_no", "place")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "combined_part_delete" BEFORE DELETE ON "combined_part"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on combined_part'); END;

-- Finds an order by a prepay id.
CREATE TABLE "order_by_prepay" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "prepay_id" TEXT COLLATE BINARY NOT NULL, -- The prepay id, which is also what the order's code carries.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What it leads to.
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
    "sub_mchid" TEXT COLLATE BINARY, -- Who was paid, if a service provider placed the order.
    "refund_id" TEXT COLLATE BINARY NOT NULL, -- Our number of it.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The order's number.
    "transaction_id" TEXT COLLATE BINARY NOT NULL, -- The number of the payment.
    "amount" INTEGER NOT NULL, -- What goes back, in fen.
    "total" INTEGER NOT NULL, -- The total of the order, in fen.
    "reason" TEXT COLLATE BINARY, -- Told to the payer.
    "notify_url" TEXT COLLATE BINARY, -- Where the result is notified.
    "notice_form" TEXT COLLATE BINARY NOT NULL, -- In which form it is.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "channel" TEXT COLLATE BINARY NOT NULL, -- Which way it goes.
    "card" BLOB, -- The card it goes to; null for the payer's balance.
    "card_name" TEXT COLLATE BINARY, -- The card as people read it: bank, kind and last four digits.
    "payout" BLOB, -- The payout to the card that counts.
    "fee_minor" INTEGER NOT NULL, -- What of the merchant's fee goes back with it, in fen.
    "unsettled_minor" INTEGER NOT NULL, -- What of it came from money that waited for sharing, in fen.
    "named_minor" INTEGER, -- What of it the merchant wanted taken from there, in fen.
    "created_at" INTEGER NOT NULL, -- When it was accepted.
    "succeeded_at" INTEGER, -- When it arrived.
    "abnormal_at" INTEGER, -- When a card first could not take it.
    "closed_at" INTEGER, -- When it was given up.
    "journal" INTEGER NOT NULL, -- The journal that took it from the merchant.
    "end_journal" INTEGER NOT NULL, -- The journal that took it out of transit, 0 for none.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
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
) STRICT, WITHOUT ROWID;
CREATE INDEX "refund_order" ON "refund" ("book", "mchid", "out_trade_no");
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

-- Money that goes back to a card.
CREATE TABLE "refund_payout" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id, and the id of the request at the bank.
    "mchid" TEXT COLLATE BINARY, -- The merchant of the refund it is for.
    "out_refund_no" TEXT COLLATE BINARY, -- The merchant's number of that refund.
    "card_payment" BLOB, -- The late card payment it is for, if it is for no refund.
    "card" BLOB NOT NULL, -- The card.
    "amount" INTEGER NOT NULL, -- How much, in fen.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it failed.
    "bank_ref" TEXT COLLATE BINARY, -- The bank's reference of the movement that counted.
    "journal" INTEGER NOT NULL, -- The journal that took it out of transit to the bank, 0 for none.
    "suspended_minor" INTEGER NOT NULL, -- What of it lies in suspense, in fen, credit positive.
    "created_at" INTEGER NOT NULL, -- When it was started.
    "ended_at" INTEGER, -- When it ended.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" > 0),
    CHECK (("mchid" IS NULL) = ("out_refund_no" IS NULL)),
    CHECK (("mchid" IS NULL) = ("card_payment" IS NOT NULL)),
    CHECK (("state" = 'PROCESSING') = ("ended_at" IS NULL)),
    CHECK ("state" <> 'SUCCESS' OR ("journal" > 0 AND "bank_ref" IS NOT NULL)),
    CHECK ("state" <> 'FAILED' OR "failure" IS NOT NULL),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "refund_payout_open" ON "refund_payout" ("book", "id") WHERE "state" = 'PROCESSING';
CREATE INDEX "refund_payout_suspense" ON "refund_payout" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "refund_payout_delete" BEFORE DELETE ON "refund_payout"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on refund_payout'); END;
CREATE TRIGGER "refund_payout_rename" BEFORE UPDATE ON "refund_payout"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."mchid" IS NOT NEW."mchid"
    OR OLD."out_refund_no" IS NOT NEW."out_refund_no"
    OR OLD."card_payment" IS NOT NEW."card_payment"
    OR OLD."card" IS NOT NEW."card"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."created_at" IS NOT NEW."created_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on refund_payout'); END;

-- Whom a merchant may give a part of its orders.
CREATE TABLE "profit_receiver" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "sub_mchid" TEXT COLLATE BINARY NOT NULL, -- The sub-merchant whose orders are shared, empty for its own.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What the account names.
    "account" TEXT COLLATE BINARY NOT NULL, -- The receiver's merchant number or openid.
    "appid" TEXT COLLATE BINARY NOT NULL, -- The app id it was added under.
    "relation" TEXT COLLATE BINARY NOT NULL, -- How it stands to the merchant.
    "custom_relation" TEXT COLLATE BINARY, -- How, in the merchant's words.
    "added_at" INTEGER NOT NULL, -- When it was added.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid", "sub_mchid", "kind", "account")
) STRICT, WITHOUT ROWID;

-- A request that shared or unfroze an order's money.
CREATE TABLE "profit_order" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_order_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of it.
    "order_id" TEXT COLLATE BINARY NOT NULL, -- Our number of it.
    "sub_mchid" TEXT COLLATE BINARY, -- The sub-merchant whose money it was.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The order's number.
    "transaction_id" TEXT COLLATE BINARY NOT NULL, -- The number of the payment.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What it does.
    "unfreezes" INTEGER NOT NULL, -- Whether what receivers do not get is the merchant's.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "shares" INTEGER NOT NULL, -- How many shares it has.
    "shared_minor" INTEGER NOT NULL, -- What receivers get, in fen.
    "unfrozen_minor" INTEGER NOT NULL, -- What the merchant gets, in fen.
    "returns" INTEGER NOT NULL, -- How often a receiver gave money back, or tried to.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "created_at" INTEGER NOT NULL, -- When it was accepted.
    "finished_at" INTEGER, -- When it was finished.
    "journal" INTEGER NOT NULL, -- Its journal, 0 until it is finished, and when nothing moved.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("shares" >= 0 AND "returns" >= 0 AND "shared_minor" >= 0 AND "unfrozen_minor" >= 0),
    CHECK (("state" = 'FINISHED') = ("finished_at" IS NOT NULL)),
    CHECK (("journal" > 0) = ("state" = 'FINISHED' AND "shared_minor" + "unfrozen_minor" > 0)),
    CHECK ("kind" = 'SHARE' OR "shared_minor" = 0),
    PRIMARY KEY ("book", "mchid", "out_order_no")
) STRICT, WITHOUT ROWID;
CREATE INDEX "profit_order_order" ON "profit_order" ("book", "mchid", "out_trade_no");
CREATE INDEX "profit_order_open" ON "profit_order" ("book", "mchid") WHERE "state" = 'PROCESSING';
CREATE INDEX "profit_order_time" ON "profit_order" ("book", "mchid", "finished_at", "out_order_no");
CREATE TRIGGER "profit_order_delete" BEFORE DELETE ON "profit_order"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on profit_order'); END;

-- Finds a request of sharing by our number of it.
CREATE TABLE "profit_order_by_id" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "order_id" TEXT COLLATE BINARY NOT NULL, -- Our number.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_order_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "order_id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "profit_order_by_id_delete" BEFORE DELETE ON "profit_order_by_id"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on profit_order_by_id'); END;

-- What one receiver gets of a request.
CREATE TABLE "profit_share" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant that shares.
    "out_order_no" TEXT COLLATE BINARY NOT NULL, -- Its number of the request.
    "place" INTEGER NOT NULL, -- The place in the request, from 1.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What the account names.
    "account" TEXT COLLATE BINARY NOT NULL, -- The receiver's merchant number or openid.
    "amount" INTEGER NOT NULL, -- How much, in fen.
    "description" TEXT COLLATE BINARY NOT NULL, -- What for.
    "result" TEXT COLLATE BINARY NOT NULL, -- What became of it.
    "failure" TEXT COLLATE BINARY, -- Why it was closed.
    "ledger_account" INTEGER NOT NULL, -- The ledger account that got it, 0 until then and when it was closed.
    "returned_minor" INTEGER NOT NULL, -- What the receiver gave back, in fen.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" BETWEEN 1 AND 99999999999 AND "place" >= 1),
    CHECK ("returned_minor" BETWEEN 0 AND "amount"),
    CHECK (("result" = 'CLOSED') = ("failure" IS NOT NULL)),
    CHECK (("result" = 'SUCCESS') = ("ledger_account" > 0)),
    PRIMARY KEY ("book", "mchid", "out_order_no", "place")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "profit_share_delete" BEFORE DELETE ON "profit_share"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on profit_share'); END;
CREATE TRIGGER "profit_share_rename" BEFORE UPDATE ON "profit_share"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."mchid" IS NOT NEW."mchid"
    OR OLD."out_order_no" IS NOT NEW."out_order_no"
    OR OLD."place" IS NOT NEW."place"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."account" IS NOT NEW."account"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on profit_share'); END;

-- A receiver gives back what it got.
CREATE TABLE "profit_return" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant that shared.
    "out_return_no" TEXT COLLATE BINARY NOT NULL, -- Its number of the return.
    "return_id" TEXT COLLATE BINARY NOT NULL, -- Our number of it.
    "sub_mchid" TEXT COLLATE BINARY, -- The sub-merchant whose money was shared.
    "out_order_no" TEXT COLLATE BINARY NOT NULL, -- The number of the request that is given back.
    "order_id" TEXT COLLATE BINARY NOT NULL, -- Our number of that request.
    "return_mchid" TEXT COLLATE BINARY NOT NULL, -- The receiver.
    "amount" INTEGER NOT NULL, -- How much, in fen.
    "description" TEXT COLLATE BINARY NOT NULL, -- Why.
    "result" TEXT COLLATE BINARY NOT NULL, -- What became of it.
    "failure" TEXT COLLATE BINARY, -- Why nothing moved.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "created_at" INTEGER NOT NULL, -- When it was done.
    "journal" INTEGER NOT NULL, -- Its journal, 0 when nothing moved.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" BETWEEN 1 AND 99999999999),
    CHECK (("result" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("result" = 'SUCCESS') = ("journal" > 0)),
    PRIMARY KEY ("book", "mchid", "out_return_no")
) STRICT, WITHOUT ROWID;
CREATE INDEX "profit_return_order" ON "profit_return" ("book", "mchid", "out_order_no");
CREATE INDEX "profit_return_time" ON "profit_return" ("book", "mchid", "created_at", "out_return_no");
CREATE TRIGGER "profit_return_delete" BEFORE DELETE ON "profit_return"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on profit_return'); END;

-- A transfer of a merchant to a person.
CREATE TABLE "merchant_transfer" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_bill_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of it.
    "transfer_bill_no" TEXT COLLATE BINARY NOT NULL, -- Our number of it.
    "appid" TEXT COLLATE BINARY NOT NULL, -- The app id.
    "openid" TEXT COLLATE BINARY NOT NULL, -- The payee's name under the app id.
    "user_name" BLOB, -- The sealed name of the payee as the merchant knows it.
    "amount" INTEGER NOT NULL, -- How much, in fen.
    "remark" TEXT COLLATE BINARY NOT NULL, -- Shown to the payee.
    "scene_id" TEXT COLLATE BINARY NOT NULL, -- What the merchant sends it for.
    "perception" TEXT COLLATE BINARY, -- What the payee is told it is for.
    "notify_url" TEXT COLLATE BINARY, -- Where the end is notified.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it failed.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "created_at" INTEGER NOT NULL, -- When it was asked for.
    "updated_at" INTEGER NOT NULL, -- When it changed last.
    "expires_at" INTEGER NOT NULL, -- Until when the payee can take it.
    "journal" INTEGER NOT NULL, -- The journal that took the money from the merchant.
    "end_journal" INTEGER NOT NULL, -- The journal of its end, 0 while it waits.
    "end_account" INTEGER NOT NULL, -- The account that has the money in the end, 0 while it waits.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" BETWEEN 1 AND 99999999999),
    CHECK ("journal" > 0),
    CHECK (("state" = 'WAIT_USER_CONFIRM') = ("end_journal" = 0)),
    CHECK (("end_journal" = 0) = ("end_account" = 0)),
    CHECK (("state" = 'FAIL') = ("failure" IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_bill_no")
) STRICT, WITHOUT ROWID;
CREATE INDEX "merchant_transfer_open" ON "merchant_transfer" ("book", "openid", "created_at") WHERE "state" = 'WAIT_USER_CONFIRM';
CREATE TRIGGER "merchant_transfer_delete" BEFORE DELETE ON "merchant_transfer"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on merchant_transfer'); END;
CREATE TRIGGER "merchant_transfer_rename" BEFORE UPDATE ON "merchant_transfer"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."mchid" IS NOT NEW."mchid"
    OR OLD."out_bill_no" IS NOT NEW."out_bill_no"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."journal" IS NOT NEW."journal"
    OR OLD."openid" IS NOT NEW."openid"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on merchant_transfer'); END;

-- Finds a transfer by our number of it.
CREATE TABLE "merchant_transfer_by_no" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "transfer_bill_no" TEXT COLLATE BINARY NOT NULL, -- Our number.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_bill_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "transfer_bill_no")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "merchant_transfer_by_no_delete" BEFORE DELETE ON "merchant_transfer_by_no"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on merchant_transfer_by_no'); END;

-- What a merchant sent to people on a day.
CREATE TABLE "transfer_usage" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "openid" TEXT COLLATE BINARY NOT NULL, -- The payee; empty for all payees together.
    "day" INTEGER NOT NULL, -- The business day, as yyyymmdd.
    "count" INTEGER NOT NULL, -- How many transfers.
    "amount_minor" INTEGER NOT NULL, -- How much, in fen.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("count" >= 1 AND "amount_minor" >= 1),
    PRIMARY KEY ("book", "mchid", "openid", "day")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "transfer_usage_delete" BEFORE DELETE ON "transfer_usage"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on transfer_usage'); END;

-- A batch of transfers to people.
CREATE TABLE "transfer_batch" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_batch_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of it.
    "batch_id" TEXT COLLATE BINARY NOT NULL, -- Our number of it.
    "appid" TEXT COLLATE BINARY NOT NULL, -- The app id.
    "name" TEXT COLLATE BINARY NOT NULL, -- Its name.
    "remark" TEXT COLLATE BINARY NOT NULL, -- What the merchant says about it.
    "total" INTEGER NOT NULL, -- The sum of its details, in fen.
    "num" INTEGER NOT NULL, -- How many details it has.
    "scene_id" TEXT COLLATE BINARY, -- What the merchant sends it for.
    "notify_url" TEXT COLLATE BINARY, -- Where the end is notified.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "close_reason" TEXT COLLATE BINARY, -- Why it was closed.
    "done" INTEGER NOT NULL, -- How many details have ended.
    "success_minor" INTEGER NOT NULL, -- What payees have got, in fen.
    "success_num" INTEGER NOT NULL, -- How many payees have got theirs.
    "fail_minor" INTEGER NOT NULL, -- What went back, in fen.
    "fail_num" INTEGER NOT NULL, -- How many details failed.
    "fingerprint" BLOB NOT NULL, -- Hash of what the merchant asked for.
    "created_at" INTEGER NOT NULL, -- When it was asked for.
    "updated_at" INTEGER NOT NULL, -- When it changed last.
    "journal" INTEGER NOT NULL, -- The journal that took the money from the merchant, 0 if none did.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("num" BETWEEN 1 AND 1000 AND "done" BETWEEN 0 AND "num" AND "journal" >= 0),
    CHECK (("state" IN ('ACCEPTED', 'PROCESSING')) <= ("journal" > 0)),
    CHECK (("state" IN ('WAIT_PAY', 'CLOSED')) <= ("journal" = 0)),
    CHECK (("state" = 'CLOSED') = ("close_reason" IS NOT NULL)),
    CHECK ("journal" > 0 OR "success_num" = 0),
    CHECK ("done" = "success_num" + "fail_num"),
    CHECK (("state" IN ('FINISHED', 'CLOSED')) = ("done" = "num")),
    CHECK ("success_minor" >= 0 AND "fail_minor" >= 0 AND "success_minor" + "fail_minor" <= "total"),
    PRIMARY KEY ("book", "mchid", "out_batch_no")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "transfer_batch_delete" BEFORE DELETE ON "transfer_batch"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on transfer_batch'); END;

-- Finds a batch by our number of it.
CREATE TABLE "transfer_batch_by_id" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "batch_id" TEXT COLLATE BINARY NOT NULL, -- Our number.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_batch_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "batch_id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "transfer_batch_by_id_delete" BEFORE DELETE ON "transfer_batch_by_id"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on transfer_batch_by_id'); END;

-- What one payee of a batch gets.
CREATE TABLE "transfer_detail" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_batch_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of the batch.
    "place" INTEGER NOT NULL, -- Its place in the batch, from 1.
    "out_detail_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of it.
    "amount" INTEGER NOT NULL, -- How much, in fen.
    "remark" TEXT COLLATE BINARY NOT NULL, -- Shown to the payee.
    "openid" TEXT COLLATE BINARY NOT NULL, -- The payee's name under the app id.
    "user_name" BLOB, -- The sealed name of the payee as the merchant knows it.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it failed.
    "updated_at" INTEGER NOT NULL, -- When it changed last.
    "journal" INTEGER NOT NULL, -- The journal of its end, 0 while it waits or if its money never moved.
    "account" INTEGER NOT NULL, -- The account that has the money in the end, 0 like the journal.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" BETWEEN 1 AND 99999999999 AND "place" BETWEEN 1 AND 1000),
    CHECK (("journal" = 0) = ("state" IN ('WAIT_PAY', 'PROCESSING') OR COALESCE("failure", '') IN ('MERCHANT_REJECT', 'MERCHANT_NOT_CONFIRM') OR COALESCE("failure", '') = 'TRANSFER_SCENE_INVALID')),
    CHECK (("journal" = 0) = ("account" = 0)),
    CHECK (("state" = 'FAIL') = ("failure" IS NOT NULL)),
    PRIMARY KEY ("book", "mchid", "out_batch_no", "place")
) STRICT, WITHOUT ROWID;
CREATE INDEX "transfer_detail_number" ON "transfer_detail" ("book", "mchid", "out_batch_no", "out_detail_no");
CREATE INDEX "transfer_detail_open" ON "transfer_detail" ("book", "mchid") WHERE "state" = 'PROCESSING';
CREATE TRIGGER "transfer_detail_delete" BEFORE DELETE ON "transfer_detail"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on transfer_detail'); END;
CREATE TRIGGER "transfer_detail_rename" BEFORE UPDATE ON "transfer_detail"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."mchid" IS NOT NEW."mchid"
    OR OLD."out_batch_no" IS NOT NEW."out_batch_no"
    OR OLD."place" IS NOT NEW."place"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."openid" IS NOT NEW."openid"
    OR OLD."out_detail_no" IS NOT NEW."out_detail_no"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on transfer_detail'); END;

-- A complaint of a payer about an order.
CREATE TABLE "complaint" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "complaint_id" TEXT COLLATE BINARY NOT NULL, -- Its number.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "sub_mchid" TEXT COLLATE BINARY, -- Who was paid, if the merchant is its service provider.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of the order.
    "transaction_id" TEXT COLLATE BINARY NOT NULL, -- The number of the payment.
    "amount" INTEGER NOT NULL, -- What was paid, in fen.
    "payer" BLOB NOT NULL, -- Who complains.
    "openid" TEXT COLLATE BINARY NOT NULL, -- The payer's name under the order's app id.
    "problem" TEXT COLLATE BINARY NOT NULL, -- What the payer complains of.
    "detail" TEXT COLLATE BINARY NOT NULL, -- The payer's words.
    "apply_refund_minor" INTEGER NOT NULL, -- What the payer wants back, in fen, 0 for nothing.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "ended" TEXT COLLATE BINARY, -- Who says that it is dealt with, while it is.
    "in_platform_service" INTEGER NOT NULL, -- Whether the payer asked us to step in, and we are not done.
    "satisfaction" TEXT COLLATE BINARY, -- How the payer finds what came of it, if it says so.
    "times" INTEGER NOT NULL, -- How often the payer complained.
    "payer_waits" INTEGER NOT NULL, -- Whether the payer waits for an answer.
    "steps" INTEGER NOT NULL, -- How many steps it has.
    "created_at" INTEGER NOT NULL, -- When it was filed.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("apply_refund_minor" BETWEEN 0 AND "amount"),
    CHECK ("times" >= 1 AND "steps" >= 1),
    CHECK (("state" = 'PROCESSED') = ("ended" IS NOT NULL)),
    CHECK ("satisfaction" IS NULL OR "state" = 'PROCESSED'),
    PRIMARY KEY ("book", "complaint_id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "complaint_merchant" ON "complaint" ("book", "mchid", "created_at");
CREATE INDEX "complaint_platform" ON "complaint" ("book", "created_at") WHERE "in_platform_service" = 1;
CREATE TRIGGER "complaint_delete" BEFORE DELETE ON "complaint"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on complaint'); END;
CREATE TRIGGER "complaint_rename" BEFORE UPDATE ON "complaint"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."complaint_id" IS NOT NEW."complaint_id"
    OR OLD."mchid" IS NOT NEW."mchid"
    OR OLD."sub_mchid" IS NOT NEW."sub_mchid"
    OR OLD."out_trade_no" IS NOT NEW."out_trade_no"
    OR OLD."payer" IS NOT NEW."payer"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on complaint'); END;

-- Finds the complaint about an order.
CREATE TABLE "complaint_by_order" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "out_trade_no" TEXT COLLATE BINARY NOT NULL, -- The merchant's number of the order.
    "complaint_id" TEXT COLLATE BINARY NOT NULL, -- The complaint.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid", "out_trade_no")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "complaint_by_order_delete" BEFORE DELETE ON "complaint_by_order"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on complaint_by_order'); END;

-- One step of a complaint.
CREATE TABLE "complaint_log" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "complaint_id" TEXT COLLATE BINARY NOT NULL, -- The complaint.
    "number" INTEGER NOT NULL, -- Its place, from 1.
    "step" TEXT COLLATE BINARY NOT NULL, -- What was done.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where the complaint stood then.
    "details" TEXT COLLATE BINARY NOT NULL, -- The words of who did it.
    "staff" TEXT COLLATE BINARY NOT NULL, -- Who of our staff did it, empty where it was somebody else.
    "remark" TEXT COLLATE BINARY NOT NULL, -- The merchant's words besides.
    "launch_refund_day" INTEGER, -- In how many days the merchant will refund, if it says so.
    "platform_reason" TEXT COLLATE BINARY, -- Why the payer asks us to step in, if that is it.
    "satisfaction" TEXT COLLATE BINARY, -- How the payer finds what came of it, if that is it.
    "refunded" INTEGER, -- What was refunded, in fen, if that is the step.
    "images" TEXT COLLATE BINARY NOT NULL, -- The ids of pictures, with commas between.
    "at" INTEGER NOT NULL, -- When.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("number" >= 1),
    CHECK (("staff" <> '') = ("step" = 'PLATFORM_RESPONSE' OR "step" = 'PLATFORM_SERVICE_FINISHED')),
    CHECK ("launch_refund_day" IS NULL OR "step" = 'MERCHANT_APPROVE_REFUND'),
    CHECK (("platform_reason" IS NOT NULL) = ("step" = 'USER_APPLY_PLATFORM_SERVICE')),
    CHECK (("satisfaction" IS NOT NULL) = ("step" = 'USER_SUBMIT_SATISFACTION')),
    CHECK (("refunded" IS NOT NULL) = ("step" = 'COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE' OR "step" = 'COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE' OR "step" = 'COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE')),
    PRIMARY KEY ("book", "complaint_id", "number")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "complaint_log_delete" BEFORE DELETE ON "complaint_log"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on complaint_log'); END;
CREATE TRIGGER "complaint_log_rename" BEFORE UPDATE ON "complaint_log"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."complaint_id" IS NOT NEW."complaint_id"
    OR OLD."number" IS NOT NEW."number"
    OR OLD."step" IS NOT NEW."step"
    OR OLD."state" IS NOT NEW."state"
    OR OLD."details" IS NOT NEW."details"
    OR OLD."staff" IS NOT NEW."staff"
    OR OLD."remark" IS NOT NEW."remark"
    OR OLD."launch_refund_day" IS NOT NEW."launch_refund_day"
    OR OLD."platform_reason" IS NOT NEW."platform_reason"
    OR OLD."satisfaction" IS NOT NEW."satisfaction"
    OR OLD."refunded" IS NOT NEW."refunded"
    OR OLD."images" IS NOT NEW."images"
    OR OLD."at" IS NOT NEW."at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on complaint_log'); END;

-- A file that a merchant or a payer uploaded.
CREATE TABLE "media" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "media_id" TEXT COLLATE BINARY NOT NULL, -- Its id, derived from whose it is and content.
    "mchid" TEXT COLLATE BINARY, -- The merchant, unless it is a payer's.
    "user" BLOB, -- The payer, unless it is a merchant's.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What it is.
    "content_type" TEXT COLLATE BINARY NOT NULL, -- Its type, as a web server names it.
    "content" BLOB NOT NULL, -- The bytes.
    "uploaded_at" INTEGER NOT NULL, -- When it was uploaded first.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (LENGTH("content") BETWEEN 1 AND 5242880),
    CHECK (("mchid" IS NULL) = ("user" IS NOT NULL)),
    CHECK ("user" IS NULL OR "kind" = 'IMAGE'),
    PRIMARY KEY ("book", "media_id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "media_rename" BEFORE UPDATE ON "media"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."media_id" IS NOT NEW."media_id"
    OR OLD."mchid" IS NOT NEW."mchid"
    OR OLD."user" IS NOT NEW."user"
    OR OLD."content_type" IS NOT NEW."content_type"
    OR OLD."content" IS NOT NEW."content"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on media'); END;

-- That a complaint shows a picture.
CREATE TABLE "shown_picture" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "media_id" TEXT COLLATE BINARY NOT NULL, -- The picture.
    "complaint_id" TEXT COLLATE BINARY NOT NULL, -- The complaint.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The complaint's merchant.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "media_id", "complaint_id")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "shown_picture_delete" BEFORE DELETE ON "shown_picture"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on shown_picture'); END;
CREATE TRIGGER "shown_picture_rename" BEFORE UPDATE ON "shown_picture"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."media_id" IS NOT NEW."media_id"
    OR OLD."complaint_id" IS NOT NEW."complaint_id"
    OR OLD."mchid" IS NOT NEW."mchid"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on shown_picture'); END;

-- What a person did about complaints on a day.
CREATE TABLE "complaint_usage" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "user" BLOB NOT NULL, -- The person.
    "day_from" INTEGER NOT NULL, -- When that day began.
    "pictures" INTEGER NOT NULL, -- Pictures kept that day.
    "words" INTEGER NOT NULL, -- How often the person complained or said something that day.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("pictures" >= 0 AND "words" >= 0),
    CHECK ("pictures" + "words" >= 1),
    PRIMARY KEY ("book", "user")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "complaint_usage_delete" BEFORE DELETE ON "complaint_usage"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on complaint_usage'); END;

-- A message that a merchant has sent back to itself.
CREATE TABLE "security_echo" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "mchid" TEXT COLLATE BINARY NOT NULL, -- The merchant.
    "number" TEXT COLLATE BINARY NOT NULL, -- Its number, drawn by the edge.
    "message" TEXT COLLATE BINARY NOT NULL, -- The message.
    "notify_url" TEXT COLLATE BINARY NOT NULL, -- Where it is sent.
    "at" INTEGER NOT NULL, -- When it was asked for.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "mchid", "number")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "security_echo_delete" BEFORE DELETE ON "security_echo"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on security_echo'); END;

-- One share of the merchants and how far its facts are dealt with.
CREATE TABLE "slot" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "slot" INTEGER NOT NULL, -- Its number, 0 to 63.
    "holder" TEXT COLLATE BINARY NOT NULL, -- The process that holds it.
    "lease_until" INTEGER NOT NULL, -- Until when.
    "cursor_batch" INTEGER NOT NULL, -- The batch of the last fact that is delivered or waits in retry.
    "cursor_place" INTEGER NOT NULL, -- Its place in that batch.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("slot" BETWEEN 0 AND 63),
    CHECK ("cursor_batch" >= 0 AND "cursor_place" >= 0),
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
    CHECK ("attempts" >= 0),
    CHECK ("slot" BETWEEN 0 AND 63),
    PRIMARY KEY ("book", "batch", "place")
) STRICT, WITHOUT ROWID;
CREATE INDEX "retry_due" ON "retry" ("book", "due_at") WHERE "state" = 'WAITING';

-- A bank card that a wallet can use.
CREATE TABLE "card" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id.
    "wallet" BLOB NOT NULL, -- The wallet it is bound to.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it is suspended.
    "bank" TEXT COLLATE BINARY NOT NULL, -- Short code of the bank.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What it draws on.
    "bin" TEXT COLLATE BINARY NOT NULL, -- The leading digits that name the bank.
    "last_four" TEXT COLLATE BINARY NOT NULL, -- The last four digits.
    "expiry_month" INTEGER, -- The last month it is valid in, as yyyymm.
    "number_index" BLOB NOT NULL, -- Blind index of the number.
    "token" BLOB, -- The bank's token, sealed, until it is revoked.
    "hard_declines" INTEGER NOT NULL, -- Hard declines in a row.
    "open_items" INTEGER NOT NULL, -- Movements of money that go on with it.
    "day" INTEGER NOT NULL, -- The business day of debited_day, as yyyymmdd.
    "debited_day" INTEGER NOT NULL, -- Taken from it that day, or on the way, in fen.
    "bound_at" INTEGER NOT NULL, -- When it was bound.
    "unbound_at" INTEGER, -- When it was removed.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("hard_declines" >= 0 AND "open_items" >= 0 AND "debited_day" >= 0),
    CHECK ("state" = 'UNBOUND' OR "token" IS NOT NULL),
    CHECK (("state" = 'UNBOUND') = ("unbound_at" IS NOT NULL)),
    CHECK ("state" <> 'UNBOUND' OR "open_items" = 0),
    CHECK (length("last_four") = 4 AND length("bin") <= 9),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "card_wallet" ON "card" ("book", "wallet", "id");
CREATE TRIGGER "card_delete" BEFORE DELETE ON "card"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on card'); END;
CREATE TRIGGER "card_rename" BEFORE UPDATE ON "card"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."wallet" IS NOT NEW."wallet"
    OR OLD."bank" IS NOT NEW."bank"
    OR OLD."kind" IS NOT NEW."kind"
    OR OLD."bin" IS NOT NEW."bin"
    OR OLD."last_four" IS NOT NEW."last_four"
    OR OLD."number_index" IS NOT NEW."number_index"
    OR OLD."bound_at" IS NOT NEW."bound_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on card'); END;

-- Finds a wallet's bound card by its number.
CREATE TABLE "card_by_number" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "wallet" BLOB NOT NULL, -- The wallet.
    "number_index" BLOB NOT NULL, -- Blind index of the number.
    "card" BLOB NOT NULL, -- The card.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    PRIMARY KEY ("book", "wallet", "number_index")
) STRICT, WITHOUT ROWID;

-- How many wallets a card is bound to.
CREATE TABLE "card_use" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "number_index" BLOB NOT NULL, -- Blind index of the number.
    "wallets" INTEGER NOT NULL, -- How many wallets.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("wallets" >= 0),
    PRIMARY KEY ("book", "number_index")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "card_use_delete" BEFORE DELETE ON "card_use"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on card_use'); END;

-- Failed bindings of a card or wallet within 24 hours.
CREATE TABLE "binding_fails" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "subject" TEXT COLLATE BINARY NOT NULL, -- The wallet's id, or card: and the blind index of the number.
    "failed" INTEGER NOT NULL, -- Failed in the 24 hours since the first of them.
    "open" INTEGER NOT NULL, -- Going on.
    "since" INTEGER NOT NULL, -- When the first of the failed ones failed.
    "blocked_until" INTEGER NOT NULL, -- No new one before then.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("failed" >= 0 AND "open" >= 0),
    PRIMARY KEY ("book", "subject")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "binding_fails_delete" BEFORE DELETE ON "binding_fails"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on binding_fails'); END;

-- An attempt to bind a card.
CREATE TABLE "card_binding" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id, and the id of the signing at the bank.
    "user" BLOB NOT NULL, -- Who binds.
    "wallet" BLOB NOT NULL, -- The wallet.
    "card" BLOB NOT NULL, -- The id the card will have.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it failed.
    "bank" TEXT COLLATE BINARY NOT NULL, -- Short code of the bank.
    "kind" TEXT COLLATE BINARY NOT NULL, -- What the card draws on.
    "bin" TEXT COLLATE BINARY NOT NULL, -- The leading digits that name the bank.
    "last_four" TEXT COLLATE BINARY NOT NULL, -- The last four digits.
    "expiry_month" INTEGER, -- The last month the card is valid in, as yyyymm.
    "number_index" BLOB NOT NULL, -- Blind index of the number.
    "secrets" BLOB, -- What only the issuer may see, sealed, until it has answered.
    "code" BLOB, -- The code that was entered, sealed, until the issuer has answered.
    "confirmations" INTEGER NOT NULL, -- How many codes were handed to the issuer.
    "wrong_codes" INTEGER NOT NULL, -- How many of them were wrong.
    "started_at" INTEGER NOT NULL, -- When it was started.
    "expires_at" INTEGER NOT NULL, -- When it is given up unless it goes on.
    "ended_at" INTEGER, -- When it ended.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK (("state" = 'ISSUER_CHECK') = ("secrets" IS NOT NULL)),
    CHECK (("state" = 'CONFIRMING') = ("code" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("state" IN ('BOUND', 'FAILED')) = ("ended_at" IS NOT NULL)),
    CHECK ("wrong_codes" >= 0 AND "confirmations" >= "wrong_codes"),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "card_binding_wallet" ON "card_binding" ("book", "wallet", "id");
CREATE TRIGGER "card_binding_delete" BEFORE DELETE ON "card_binding"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on card_binding'); END;
CREATE TRIGGER "card_binding_rename" BEFORE UPDATE ON "card_binding"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."user" IS NOT NEW."user"
    OR OLD."wallet" IS NOT NEW."wallet"
    OR OLD."card" IS NOT NEW."card"
    OR OLD."bank" IS NOT NEW."bank"
    OR OLD."kind" IS NOT NEW."kind"
    OR OLD."bin" IS NOT NEW."bin"
    OR OLD."last_four" IS NOT NEW."last_four"
    OR OLD."number_index" IS NOT NEW."number_index"
    OR OLD."started_at" IS NOT NEW."started_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on card_binding'); END;

-- A movement of money that a bank reported.
CREATE TABLE "bank_movement" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "subject" TEXT COLLATE BINARY NOT NULL, -- What it belongs to, as in journals.
    "bank_ref" TEXT COLLATE BINARY NOT NULL, -- The bank's reference.
    "state" TEXT COLLATE BINARY NOT NULL, -- What became of it.
    "amount" INTEGER NOT NULL, -- How much moved, in fen.
    "journal" INTEGER NOT NULL, -- The journal that carried it, 0 when none did.
    "reported_at" INTEGER NOT NULL, -- When it was reported first.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" > 0 AND "journal" >= 0),
    PRIMARY KEY ("book", "subject", "bank_ref")
) STRICT, WITHOUT ROWID;
CREATE INDEX "bank_movement_ref" ON "bank_movement" ("book", "bank_ref");
CREATE TRIGGER "bank_movement_delete" BEFORE DELETE ON "bank_movement"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on bank_movement'); END;
CREATE TRIGGER "bank_movement_rename" BEFORE UPDATE ON "bank_movement"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."subject" IS NOT NEW."subject"
    OR OLD."bank_ref" IS NOT NEW."bank_ref"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."journal" IS NOT NEW."journal"
    OR OLD."reported_at" IS NOT NEW."reported_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on bank_movement'); END;

-- A movement from a card to the balance.
CREATE TABLE "top_up" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id, and the id of the request at the bank.
    "wallet" BLOB NOT NULL, -- The wallet.
    "identity" BLOB NOT NULL, -- The person behind it.
    "card" BLOB NOT NULL, -- The card.
    "amount" INTEGER NOT NULL, -- How much, in fen.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it failed.
    "bank_ref" TEXT COLLATE BINARY, -- The bank's reference of the movement that reached the balance.
    "journal" INTEGER NOT NULL, -- The journal that credited the balance, 0 for none.
    "day" INTEGER NOT NULL, -- The business day it counts for, as yyyymmdd.
    "is_counted" INTEGER NOT NULL, -- Whether it counts towards the identity's sum of that day.
    "suspended_minor" INTEGER NOT NULL, -- What of it lies in suspense, in fen, credit positive.
    "created_at" INTEGER NOT NULL, -- When it was started.
    "ended_at" INTEGER, -- When it ended.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" > 0),
    CHECK (("state" = 'SUCCESS') = ("journal" > 0 AND "bank_ref" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("is_counted" = 0)),
    CHECK (("state" IN ('SUCCESS', 'FAILED')) = ("ended_at" IS NOT NULL)),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "top_up_wallet" ON "top_up" ("book", "wallet", "id");
CREATE INDEX "top_up_suspense" ON "top_up" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "top_up_delete" BEFORE DELETE ON "top_up"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on top_up'); END;
CREATE TRIGGER "top_up_rename" BEFORE UPDATE ON "top_up"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."wallet" IS NOT NEW."wallet"
    OR OLD."identity" IS NOT NEW."identity"
    OR OLD."card" IS NOT NEW."card"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."day" IS NOT NEW."day"
    OR OLD."created_at" IS NOT NEW."created_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on top_up'); END;

-- A movement from the balance to a card.
CREATE TABLE "withdrawal" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id, and the id of the request at the bank.
    "wallet" BLOB NOT NULL, -- The wallet.
    "identity" BLOB NOT NULL, -- The person behind it.
    "card" BLOB NOT NULL, -- The card.
    "amount" INTEGER NOT NULL, -- What reaches the card, in fen.
    "fee_minor" INTEGER NOT NULL, -- The fee on top, in fen.
    "free_minor" INTEGER NOT NULL, -- How much of the amount the free allowance covers, in fen.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it came back, or what the bank says now.
    "bank_ref" TEXT COLLATE BINARY, -- The bank's reference of the payment that settled it.
    "day" INTEGER NOT NULL, -- The business day it counts for, as yyyymmdd.
    "is_counted" INTEGER NOT NULL, -- Whether it counts towards the identity's sums and allowance.
    "arrival_day" INTEGER, -- The day it arrives at the latest, as yyyymmdd.
    "overdue_at" INTEGER, -- Since when it is overdue.
    "suspended_minor" INTEGER NOT NULL, -- What of it lies in suspense, in fen, credit positive.
    "created_at" INTEGER NOT NULL, -- When it was started.
    "ended_at" INTEGER, -- When it ended.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" > 0 AND "fee_minor" >= 0 AND "free_minor" BETWEEN 0 AND "amount"),
    CHECK ("state" <> 'SUCCESS' OR "bank_ref" IS NOT NULL),
    CHECK ("state" <> 'RETURNED' OR "failure" IS NOT NULL),
    CHECK ("state" <> 'RETURNED' OR "is_counted" = 0),
    CHECK (("state" IN ('HELD', 'BANK_PROCESSING')) = ("ended_at" IS NULL)),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "withdrawal_wallet" ON "withdrawal" ("book", "wallet", "id");
CREATE INDEX "withdrawal_open" ON "withdrawal" ("book", "id") WHERE "ended_at" IS NULL;
CREATE INDEX "withdrawal_suspense" ON "withdrawal" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "withdrawal_delete" BEFORE DELETE ON "withdrawal"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on withdrawal'); END;
CREATE TRIGGER "withdrawal_rename" BEFORE UPDATE ON "withdrawal"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."wallet" IS NOT NEW."wallet"
    OR OLD."identity" IS NOT NEW."identity"
    OR OLD."card" IS NOT NEW."card"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."fee_minor" IS NOT NEW."fee_minor"
    OR OLD."free_minor" IS NOT NEW."free_minor"
    OR OLD."day" IS NOT NEW."day"
    OR OLD."created_at" IS NOT NEW."created_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on withdrawal'); END;

-- The payment of an order from a card.
CREATE TABLE "card_payment" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "id" BLOB NOT NULL, -- Its public id, and the id of the request at the bank.
    "wallet" BLOB NOT NULL, -- The wallet.
    "card" BLOB NOT NULL, -- The card.
    "prepay_id" TEXT COLLATE BINARY NOT NULL, -- The prepay id that leads to what is paid.
    "amount" INTEGER NOT NULL, -- How much, in fen.
    "state" TEXT COLLATE BINARY NOT NULL, -- Where it stands.
    "failure" TEXT COLLATE BINARY, -- Why it failed.
    "bank_ref" TEXT COLLATE BINARY, -- The bank's reference of the movement that counted.
    "journal" INTEGER NOT NULL, -- The journal that carried the money, 0 for none.
    "day" INTEGER NOT NULL, -- The business day it counts for, as yyyymmdd.
    "suspended_minor" INTEGER NOT NULL, -- What of it lies in suspense, in fen, credit positive.
    "created_at" INTEGER NOT NULL, -- When it was started.
    "ended_at" INTEGER, -- When the bank's word ended it.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("amount" > 0),
    CHECK (("state" = 'SUCCESS' OR "state" = 'REFUNDING' OR "state" = 'REFUNDED') = ("journal" > 0 AND "bank_ref" IS NOT NULL)),
    CHECK (("state" = 'FAILED') = ("failure" IS NOT NULL)),
    CHECK (("state" IN ('BANK_PROCESSING', 'UNKNOWN')) = ("ended_at" IS NULL)),
    PRIMARY KEY ("book", "id")
) STRICT, WITHOUT ROWID;
CREATE INDEX "card_payment_wallet" ON "card_payment" ("book", "wallet", "id");
CREATE INDEX "card_payment_open" ON "card_payment" ("book", "id") WHERE "ended_at" IS NULL;
CREATE INDEX "card_payment_suspense" ON "card_payment" ("book", "id") WHERE "suspended_minor" <> 0;
CREATE TRIGGER "card_payment_delete" BEFORE DELETE ON "card_payment"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on card_payment'); END;
CREATE TRIGGER "card_payment_rename" BEFORE UPDATE ON "card_payment"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."id" IS NOT NEW."id"
    OR OLD."wallet" IS NOT NEW."wallet"
    OR OLD."card" IS NOT NEW."card"
    OR OLD."prepay_id" IS NOT NEW."prepay_id"
    OR OLD."amount" IS NOT NEW."amount"
    OR OLD."day" IS NOT NEW."day"
    OR OLD."created_at" IS NOT NEW."created_at"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on card_payment'); END;

-- Who shows a wallet's payment codes.
CREATE TABLE "payment_codes" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "wallet" BLOB NOT NULL, -- The wallet.
    "state" TEXT COLLATE BINARY NOT NULL, -- Whether there are any.
    "device" BLOB NOT NULL, -- The only device that shows them.
    "session" BLOB NOT NULL, -- SHA-256 of the token of the session that they end with.
    "locator" INTEGER NOT NULL, -- What its codes name.
    "password" TEXT COLLATE BINARY NOT NULL, -- When the payment password is asked for.
    "turned_on_at" INTEGER NOT NULL, -- When they were turned on.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("locator" BETWEEN 0 AND 9999999999),
    PRIMARY KEY ("book", "wallet")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "payment_codes_delete" BEFORE DELETE ON "payment_codes"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on payment_codes'); END;

-- Finds a wallet by what its codes name.
CREATE TABLE "payment_code_locator" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "locator" INTEGER NOT NULL, -- What a code names.
    "wallet" BLOB NOT NULL, -- The wallet.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("locator" BETWEEN 0 AND 9999999999),
    PRIMARY KEY ("book", "locator")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "payment_code_locator_delete" BEFORE DELETE ON "payment_code_locator"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on payment_code_locator'); END;
CREATE TRIGGER "payment_code_locator_rename" BEFORE UPDATE ON "payment_code_locator"
WHEN OLD."book" IS NOT NEW."book"
    OR OLD."locator" IS NOT NEW."locator"
    OR OLD."wallet" IS NOT NEW."wallet"
BEGIN SELECT RAISE(ABORT, 'rename is forbidden on payment_code_locator'); END;

-- Which payment codes of a wallet are used up.
CREATE TABLE "payment_code_use" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "wallet" BLOB NOT NULL, -- The wallet.
    "used_until_s" INTEGER NOT NULL, -- The second of the newest code presented; it and older ones are used up.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("used_until_s" >= 0),
    PRIMARY KEY ("book", "wallet")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "payment_code_use_delete" BEFORE DELETE ON "payment_code_use"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on payment_code_use'); END;

-- What an identity paid by code on one day.
CREATE TABLE "payment_code_usage" (
    "book" INTEGER NOT NULL, -- The book it belongs to.
    "identity" BLOB NOT NULL, -- The person.
    "day_from" INTEGER NOT NULL, -- When that day began.
    "paid_minor" INTEGER NOT NULL, -- Paid by code that day, in fen.
    "without_password" INTEGER NOT NULL, -- Payments of that day without the payment password.
    "version" INTEGER NOT NULL, -- The batch that last wrote it.
    CHECK ("paid_minor" > 0),
    CHECK ("without_password" >= 0),
    PRIMARY KEY ("book", "identity")
) STRICT, WITHOUT ROWID;
CREATE TRIGGER "payment_code_usage_delete" BEFORE DELETE ON "payment_code_usage"
BEGIN SELECT RAISE(ABORT, 'delete is forbidden on payment_code_usage'); END;

ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('account_path', 'account_path', '1000000 1000000 10000 10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('account_path', 'account_path_number', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('job', 'job', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('job', 'job_due', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('order', 'sqlite_autoindex_order_1', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('order', 'order_open', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('order', 'order_code', '10000 10000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('order', 'order_unsettled', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('refund', 'refund', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('refund', 'refund_order', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('refund_payout', 'refund_payout', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('refund_payout', 'refund_payout_open', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('refund_payout', 'refund_payout_suspense', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profit_order', 'profit_order', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profit_order', 'profit_order_order', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profit_order', 'profit_order_open', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profit_order', 'profit_order_time', '1000000 1000000 10 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profit_return', 'profit_return', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profit_return', 'profit_return_order', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('profit_return', 'profit_return_time', '1000000 1000000 10 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('merchant_transfer', 'merchant_transfer', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('merchant_transfer', 'merchant_transfer_open', '10000 10000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('transfer_detail', 'transfer_detail', '1000000 1000000 10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('transfer_detail', 'transfer_detail_number', '1000000 1000000 10 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('transfer_detail', 'transfer_detail_open', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('complaint', 'complaint', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('complaint', 'complaint_merchant', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('complaint', 'complaint_platform', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('retry', 'retry', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('retry', 'retry_due', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card', 'card', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card', 'card_wallet', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card_binding', 'card_binding', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card_binding', 'card_binding_wallet', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('bank_movement', 'bank_movement', '1000000 1000000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('bank_movement', 'bank_movement_ref', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('top_up', 'top_up', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('top_up', 'top_up_wallet', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('top_up', 'top_up_suspense', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('withdrawal', 'withdrawal', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('withdrawal', 'withdrawal_wallet', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('withdrawal', 'withdrawal_open', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('withdrawal', 'withdrawal_suspense', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card_payment', 'card_payment', '1000000 1000000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card_payment', 'card_payment_wallet', '1000000 1000000 10 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card_payment', 'card_payment_open', '10000 10000 1');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('card_payment', 'card_payment_suspense', '10000 10000 1');
