//! The tables of wallets, identities, payment passwords, tries of secrets, and used limits.

use crate::{describe, id_cells, text_cells};
use domain::ids::{
    CardBindingId, CardId, CardPaymentId, DeviceId, IdentityId, OtpId, RefundPayoutId, TopUpId,
    UserId, VerificationId, WalletId, WithdrawalId,
};
use domain::wallet::{
    AttemptPurpose, Attempts, DocumentKind, Freeze, FreezeKind, Identity, IdentityByDocument,
    PaymentPassword, Usage, Wallet, WalletState,
};
use kernel::Timestamp;

id_cells!(
    UserId,
    WalletId,
    IdentityId,
    VerificationId,
    OtpId,
    DeviceId,
    CardId,
    CardBindingId,
    TopUpId,
    CardPaymentId,
    RefundPayoutId,
    WithdrawalId
);
text_cells!(WalletState, FreezeKind, AttemptPurpose, DocumentKind);

describe!(Wallet, Kept, key 1, "A user's wallet.", {
    id: WalletId, "Its public id.";
    user: UserId, "Who opened it.";
    state: WalletState, "Where it stands.";
    freeze: Option<FreezeKind>, "Who froze it, while it is frozen.";
    before_freeze: Option<WalletState>, "What it returns to when it is unfrozen.";
    identity: Option<IdentityId>, "The verified person.";
    has_password: bool, "Whether a payment password is set.";
    balance_account: i64, "The ledger account of its balance.";
    cards: i64, "How many cards are bound.";
    opened_at: Timestamp, "When it was opened.";
}, checks ["cards >= 0", "(state = 'FROZEN') = (freeze IS NOT NULL)"]);

describe!(Freeze, Kept, key 2, "The freeze of a kind that is in force, or the last one.", {
    wallet: WalletId, "The wallet.";
    kind: FreezeKind, "Which kind.";
    frozen_by: String, "Who froze it: a user's id or an operator's name.";
    reason: String, "Why, in the operator's words.";
    frozen_at: Timestamp, "Since when.";
    lifted_by: String, "Who lifted it; empty while it is in force.";
    lifted_at: Option<Timestamp>, "When it was lifted.";
}, checks ["(lifted_at IS NULL) = (lifted_by = '')"]);

describe!(IdentityByDocument, Kept, key 1, "The person that a document belongs to.", {
    document_index: [u8; 32], "Blind index of document type and number.";
    identity: IdentityId, "The person.";
}, fixed ["identity"]);

describe!(Identity, Kept, key 1, "A verified person across wallets.", {
    id: IdentityId, "Its id.";
    document: DocumentKind, "The kind of document that it was verified with.";
    document_index: [u8; 32], "Blind index of document type and number.";
    name: Vec<u8>, "The sealed name.";
    number: Vec<u8>, "The sealed document number.";
    channels: i64, "Bits of the channels it was verified through.";
    card_bank: String, "The bank of the first card that verified it, empty for none.";
    wallets: i64, "How many wallets it has.";
    verified_at: Timestamp, "When it was verified first.";
}, checks ["channels BETWEEN 1 AND 31", "wallets >= 0"]);

describe!(Usage, Kept, key 1, "What an identity has used of its caps.", {
    identity: IdentityId, "The person.";
    day: i64, "The business day of the daily sums, as yyyymmdd.";
    paid_day: i64, "Paid from balances that day, in fen.";
    topped_up_day: i64, "Topped up that day, in fen.";
    withdrawn_day: i64, "Withdrawn that day without fees, in fen.";
    withdrawals_day: i64, "Withdrawals that day.";
    year: i64, "The calendar year of the yearly sum.";
    paid_year: i64, "Paid from balances that year, in fen.";
    paid_lifetime: i64, "Paid from balances ever, in fen.";
    free_used: i64, "Used of the free withdrawal allowance, in fen.";
}, checks [
    "paid_day >= 0 AND topped_up_day >= 0 AND withdrawn_day >= 0 AND withdrawals_day >= 0",
    "paid_year >= paid_day AND paid_lifetime >= paid_year AND free_used >= 0",
]);

describe!(Attempts, Mark, key 2, "Wrong tries of a secret.", {
    subject: String, "Whose secret: an id or a blind index in text.";
    purpose: AttemptPurpose, "Which secret.";
    failed: i64, "Wrong tries in a row.";
    locked_until: Timestamp, "Locked until then.";
    locks: i64, "Locks in the 24 hours since the first of them.";
    first_lock_at: Timestamp, "When the first of these locks, or the window of counting, began.";
    last_try: [u8; 32], "Keyed hash of request and secret of the last counted try.";
}, checks ["failed >= 0", "locks >= 0"]);

describe!(PaymentPassword, Kept, key 1, "The tag of a wallet's payment password.", {
    wallet: WalletId, "The wallet.";
    tag: [u8; 32], "Keyed hash over wallet and digits.";
    key_version: i64, "The version of the key.";
    earlier: Vec<u8>, "Earlier tags, newest first: a version byte and 32 bytes each.";
    set_at: Timestamp, "When it was set.";
    reset_at: Option<Timestamp>, "When it was last set without the old one.";
}, checks ["key_version BETWEEN 0 AND 255"]);
