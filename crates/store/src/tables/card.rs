//! The tables of bank cards, their binding, and money that moves between card and balance.

use crate::{Index, describe, text_cells};
use domain::card::{
    BankMovement, BindingFails, BindingState, Card, CardBinding, CardByNumber, CardState, CardUse,
    MovementState,
};
use domain::catalogue::Code;
use domain::ids::{
    CardBindingId, CardId, CardPaymentId, IdentityId, TopUpId, UserId, WalletId, WithdrawalId,
};
use domain::order::{CardPayment, CardPaymentState};
use domain::top_up::{TopUp, TopUpState};
use domain::validate::bin_table::CardKind;
use domain::withdrawal::{Withdrawal, WithdrawalState};
use kernel::{Amount, Timestamp};

text_cells!(
    Code,
    CardKind,
    CardState,
    BindingState,
    MovementState,
    TopUpState,
    WithdrawalState,
    CardPaymentState
);

describe!(Card, Kept, key 1, "A bank card that a wallet can use.", {
    id: CardId, "Its public id.";
    wallet: WalletId, "The wallet it is bound to.";
    state: CardState, "Where it stands.";
    failure: Option<Code>, "Why it is suspended.";
    bank: String, "Short code of the bank.";
    kind: CardKind, "What it draws on.";
    bin: String, "The leading digits that name the bank.";
    last_four: String, "The last four digits.";
    expiry_month: Option<i64>, "The last month it is valid in, as yyyymm.";
    number_index: [u8; 32], "Blind index of the number.";
    token: Option<Vec<u8>>, "The bank's token, sealed, until it is revoked.";
    hard_declines: i64, "Hard declines in a row.";
    open_items: i64, "Movements of money that go on with it.";
    day: i64, "The business day of debited_day, as yyyymmdd.";
    debited_day: i64, "Taken from it that day, or on the way, in fen.";
    bound_at: Timestamp, "When it was bound.";
    unbound_at: Option<Timestamp>, "When it was removed.";
}, checks [
    "hard_declines >= 0 AND open_items >= 0 AND debited_day >= 0",
    "state = 'UNBOUND' OR token IS NOT NULL",
    "(state = 'UNBOUND') = (unbound_at IS NOT NULL)",
    "state <> 'UNBOUND' OR open_items = 0",
    "length(last_four) = 4 AND length(bin) <= 9",
], indexes [Index { name: "wallet", columns: "wallet, id", filter: "" }],
fixed ["wallet", "bank", "kind", "bin", "last_four", "number_index", "bound_at"]);

describe!(CardByNumber, Removable, key 2, "Finds a wallet's bound card by its number.", {
    wallet: WalletId, "The wallet.";
    number_index: [u8; 32], "Blind index of the number.";
    card: CardId, "The card.";
});

describe!(CardUse, Kept, key 1, "How many wallets a card is bound to.", {
    number_index: [u8; 32], "Blind index of the number.";
    wallets: i64, "How many wallets.";
}, checks ["wallets >= 0"]);

describe!(BindingFails, Kept, key 1, "Failed bindings of a card or wallet within 24 hours.", {
    subject: String, "The wallet's id, or card: and the blind index of the number.";
    failed: i64, "Failed in the 24 hours since the first of them.";
    open: i64, "Going on.";
    since: Timestamp, "When the first of the failed ones failed.";
    blocked_until: Timestamp, "No new one before then.";
}, checks ["failed >= 0 AND open >= 0"]);

describe!(CardBinding, Kept, key 1, "An attempt to bind a card.", {
    id: CardBindingId, "Its public id, and the id of the signing at the bank.";
    user: UserId, "Who binds.";
    wallet: WalletId, "The wallet.";
    card: CardId, "The id the card will have.";
    state: BindingState, "Where it stands.";
    failure: Option<Code>, "Why it failed.";
    bank: String, "Short code of the bank.";
    kind: CardKind, "What the card draws on.";
    bin: String, "The leading digits that name the bank.";
    last_four: String, "The last four digits.";
    expiry_month: Option<i64>, "The last month the card is valid in, as yyyymm.";
    number_index: [u8; 32], "Blind index of the number.";
    secrets: Option<Vec<u8>>, "What only the issuer may see, sealed, until it has answered.";
    code: Option<Vec<u8>>, "The code that was entered, sealed, until the issuer has answered.";
    confirmations: i64, "How many codes were handed to the issuer.";
    wrong_codes: i64, "How many of them were wrong.";
    started_at: Timestamp, "When it was started.";
    expires_at: Timestamp, "When it is given up unless it goes on.";
    ended_at: Option<Timestamp>, "When it ended.";
}, checks [
    "(state = 'ISSUER_CHECK') = (secrets IS NOT NULL)",
    "(state = 'CONFIRMING') = (code IS NOT NULL)",
    "(state = 'FAILED') = (failure IS NOT NULL)",
    "(state IN ('BOUND', 'FAILED')) = (ended_at IS NOT NULL)",
    "wrong_codes >= 0 AND confirmations >= wrong_codes",
], indexes [Index { name: "wallet", columns: "wallet, id", filter: "" }],
fixed ["user", "wallet", "card", "bank", "kind", "bin", "last_four", "number_index", "started_at"]);

describe!(BankMovement, Kept, key 2, "A movement of money that a bank reported.", {
    subject: String, "What it belongs to, as in journals.";
    bank_ref: String, "The bank's reference.";
    state: MovementState, "What became of it.";
    amount: Amount, "How much moved, in fen.";
    journal: i64, "The journal that carried it, 0 when none did.";
    reported_at: Timestamp, "When it was reported first.";
}, checks ["amount > 0 AND journal >= 0"],
indexes [Index { name: "ref", columns: "bank_ref", filter: "" }],
fixed ["amount", "journal", "reported_at"]);

describe!(TopUp, Kept, key 1, "A movement from a card to the balance.", {
    id: TopUpId, "Its public id, and the id of the request at the bank.";
    wallet: WalletId, "The wallet.";
    identity: IdentityId, "The person behind it.";
    card: CardId, "The card.";
    amount: Amount, "How much, in fen.";
    state: TopUpState, "Where it stands.";
    failure: Option<Code>, "Why it failed.";
    bank_ref: Option<String>, "The bank's reference of the movement that reached the balance.";
    journal: i64, "The journal that credited the balance, 0 for none.";
    day: i64, "The business day it counts for, as yyyymmdd.";
    is_counted: bool, "Whether it counts towards the identity's sum of that day.";
    suspended_minor: i64, "What of it lies in suspense, in fen, credit positive.";
    created_at: Timestamp, "When it was started.";
    ended_at: Option<Timestamp>, "When it ended.";
}, checks [
    "amount > 0",
    "(state = 'SUCCESS') = (journal > 0 AND bank_ref IS NOT NULL)",
    "(state = 'FAILED') = (failure IS NOT NULL)",
    "(state = 'FAILED') = (is_counted = 0)",
    "(state IN ('SUCCESS', 'FAILED')) = (ended_at IS NOT NULL)",
], indexes [
    Index { name: "wallet", columns: "wallet, id", filter: "" },
    Index { name: "suspense", columns: "id", filter: "suspended_minor <> 0" },
],
fixed ["wallet", "identity", "card", "amount", "day", "created_at"]);

describe!(Withdrawal, Kept, key 1, "A movement from the balance to a card.", {
    id: WithdrawalId, "Its public id, and the id of the request at the bank.";
    wallet: WalletId, "The wallet.";
    identity: IdentityId, "The person behind it.";
    card: CardId, "The card.";
    amount: Amount, "What reaches the card, in fen.";
    fee_minor: i64, "The fee on top, in fen.";
    free_minor: i64, "How much of the amount the free allowance covers, in fen.";
    state: WithdrawalState, "Where it stands.";
    failure: Option<Code>, "Why it came back, or what the bank says now.";
    bank_ref: Option<String>, "The bank's reference of the payment that settled it.";
    day: i64, "The business day it counts for, as yyyymmdd.";
    is_counted: bool, "Whether it counts towards the identity's sums and allowance.";
    arrival_day: Option<i64>, "The day it arrives at the latest, as yyyymmdd.";
    overdue_at: Option<Timestamp>, "Since when it is overdue.";
    suspended_minor: i64, "What of it lies in suspense, in fen, credit positive.";
    created_at: Timestamp, "When it was started.";
    ended_at: Option<Timestamp>, "When it ended.";
}, checks [
    "amount > 0 AND fee_minor >= 0 AND free_minor BETWEEN 0 AND amount",
    "state <> 'SUCCESS' OR bank_ref IS NOT NULL",
    "state <> 'RETURNED' OR failure IS NOT NULL",
    "state <> 'RETURNED' OR is_counted = 0",
    "(state IN ('HELD', 'BANK_PROCESSING')) = (ended_at IS NULL)",
], indexes [
    Index { name: "wallet", columns: "wallet, id", filter: "" },
    Index { name: "open", columns: "id", filter: "ended_at IS NULL" },
    Index { name: "suspense", columns: "id", filter: "suspended_minor <> 0" },
],
fixed ["wallet", "identity", "card", "amount", "fee_minor", "free_minor", "day", "created_at"]);

describe!(CardPayment, Kept, key 1, "The payment of an order from a card.", {
    id: CardPaymentId, "Its public id, and the id of the request at the bank.";
    wallet: WalletId, "The wallet.";
    card: CardId, "The card.";
    prepay_id: String, "The prepay id that leads to what is paid.";
    amount: Amount, "How much, in fen.";
    state: CardPaymentState, "Where it stands.";
    failure: Option<Code>, "Why it failed.";
    bank_ref: Option<String>, "The bank's reference of the movement that counted.";
    journal: i64, "The journal that carried the money, 0 for none.";
    day: i64, "The business day it counts for, as yyyymmdd.";
    suspended_minor: i64, "What of it lies in suspense, in fen, credit positive.";
    created_at: Timestamp, "When it was started.";
    ended_at: Option<Timestamp>, "When the bank's word ended it.";
}, checks [
    "amount > 0",
    "(state = 'SUCCESS' OR state = 'REFUNDING' OR state = 'REFUNDED') \
     = (journal > 0 AND bank_ref IS NOT NULL)",
    "(state = 'FAILED') = (failure IS NOT NULL)",
    "(state IN ('BANK_PROCESSING', 'UNKNOWN')) = (ended_at IS NULL)",
], indexes [
    Index { name: "wallet", columns: "wallet, id", filter: "" },
    Index { name: "open", columns: "id", filter: "ended_at IS NULL" },
    Index { name: "suspense", columns: "id", filter: "suspended_minor <> 0" },
],
fixed ["wallet", "card", "prepay_id", "amount", "day", "created_at"]);
