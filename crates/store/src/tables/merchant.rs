//! The tables of merchants, their orders and refunds, and the delivery of notifications.

use crate::{Index, describe, text_cells};
use domain::ids::{CardPaymentId, UserId, WalletId};
use domain::merchant::{
    KeyState, Merchant, MerchantApiv2Key, MerchantAppid, MerchantCertificate, MerchantH5Domain,
    MerchantState, MerchantWebhook, NotificationKey, Openid, PlatformKey, PlatformKeyKind,
    SecurityEcho, SubMerchant, SubMerchantState, WebhookKind,
};
use domain::notification::{Retry, RetryState, Slot};
use domain::order::{
    CardsTaken, CombinedOrder, CombinedPart, Order, OrderByPrepay, OrderByTransaction, OrderState,
    PrepayKind, TradeType,
};
use kernel::{Amount, Timestamp};

text_cells!(
    MerchantState,
    KeyState,
    PlatformKeyKind,
    SubMerchantState,
    TradeType,
    CardsTaken,
    PrepayKind,
    OrderState,
    RetryState,
    WebhookKind
);

describe!(Merchant, Kept, key 1, "A merchant that takes payments.", {
    mchid: String, "Its number: ten digits.";
    name: String, "The name that payers see.";
    state: MerchantState, "Where it stands.";
    fee_bp: i64, "Its fee, in hundredths of a percent of a payment.";
    balance_account: i64, "The ledger account of what is owed to it.";
    apiv3_key: Vec<u8>, "Its sealed APIv3 key.";
    allows_profit_return: bool, "Whether others may ask back what it got of their orders.";
    public_key_only: bool, "Whether it gets no certificates of ours.";
    approves_batches: bool, "Whether its batches of transfers wait until its staff approves them.";
    transfer_scenes: String, "The scenes for which it may send money, with commas between.";
    added_at: Timestamp, "When it was added.";
}, checks ["fee_bp BETWEEN 0 AND 10000"]);

describe!(MerchantApiv2Key, Kept, key 1, "What a merchant signs with on the XML interface.", {
    mchid: String, "The merchant.";
    key: Vec<u8>, "The sealed key: 32 characters.";
    set_at: Timestamp, "When it was set.";
});

describe!(MerchantAppid, Kept, key 2, "An app id that a merchant may name.", {
    mchid: String, "The merchant.";
    appid: String, "The app id.";
    added_at: Timestamp, "When it was added.";
});

describe!(SubMerchant, Kept, key 2, "That a service provider serves a sub-merchant.", {
    mchid: String, "The service provider.";
    sub_mchid: String, "The sub-merchant.";
    state: SubMerchantState, "Where the relation stands.";
    since: Timestamp, "Since when it does.";
}, checks ["mchid <> sub_mchid"]);

describe!(MerchantCertificate, Kept, key 2, "A certificate that a merchant signs with.", {
    mchid: String, "The merchant.";
    serial: String, "Its serial number in upper-case hexadecimal digits.";
    certificate: String, "The certificate, PEM.";
    state: KeyState, "Where it stands.";
    added_at: Timestamp, "When it was added.";
});

describe!(MerchantWebhook, Removable, key 2, "Where a merchant is told of things.", {
    mchid: String, "The merchant.";
    kind: WebhookKind, "What is told there.";
    url: String, "The address.";
    set_at: Timestamp, "When it was named.";
});

describe!(MerchantH5Domain, Removable, key 2, "From whose pages H5 payers are sent.", {
    mchid: String, "The merchant.";
    domain: String, "The domain in lower case; those below it count too.";
    set_at: Timestamp, "When it was registered.";
});

describe!(PlatformKey, Kept, key 1, "A key that we sign answers and notifications with.", {
    id: String, "The certificate's serial number, or PUB_KEY_ID_ and digits.";
    kind: PlatformKeyKind, "What it is given to merchants as.";
    public: String, "The certificate or public key, PEM.";
    private: Vec<u8>, "The sealed private key, PKCS#8.";
    state: KeyState, "Where it stands.";
    not_before: Timestamp, "From when it is used.";
    not_after: Timestamp, "Until when it is used.";
});

describe!(NotificationKey, Kept, key 1, "With which of our keys a merchant is notified.", {
    mchid: String, "The merchant.";
    kind: PlatformKeyKind, "The kind of key that signs, in the end if it is a gradual change.";
    gradual_since: Option<Timestamp>, "When a gradual change began.";
});

describe!(Openid, Kept, key 1, "The name that a person has under an app id.", {
    openid: String, "The name: 28 characters.";
    appid: String, "The app id.";
    user: UserId, "The person.";
});

describe!(Order, Kept, key 2, "An order of a merchant.", {
    mchid: String, "The merchant.";
    out_trade_no: String, "The merchant's number of it.";
    appid: String, "The app id it was placed under.";
    sub_mchid: Option<String>, "Who is paid, if a service provider placed it.";
    sub_appid: Option<String>, "The app id of who is paid.";
    combined_mchid: Option<String>, "The merchant of the combined order that it is a part of.";
    combined_no: Option<String>, "The number of the combined order that it is a part of.";
    trade_type: TradeType, "How the payer meets it.";
    description: String, "What the payer sees.";
    amount: Amount, "What is to be paid, in fen.";
    attach: Option<String>, "The merchant's own data, given back with the result.";
    notify_url: Option<String>, "Where the result is notified, if anywhere.";
    openid: Option<String>, "The only payer, named under the app id.";
    sub_openid: Option<String>, "The only payer, named under the app id of who is paid.";
    device_id: Option<String>, "The merchant's device.";
    cards_taken: CardsTaken, "From which cards it can be paid.";
    takes_balance: bool, "Whether it can be paid from the balance.";
    fingerprint: [u8; 32], "Hash of what the merchant asked for.";
    state: OrderState, "Where it stands.";
    created_at: Timestamp, "When it was placed.";
    expires_at: Timestamp, "When it closes by itself.";
    payer: Option<WalletId>, "The wallet that paid, or that has to confirm.";
    payer_openid: Option<String>, "The payer's name under the app id.";
    payer_sub_openid: Option<String>, "The payer's name under the app id of who is paid.";
    card_payment: Option<CardPaymentId>, "The card payment that paid, is awaited, or failed last.";
    bank_type: Option<String>, "Bank and kind of the card that paid.";
    payer_account: i64, "The account that paid, the bank's for a card, 0 while unpaid.";
    transaction_id: Option<String>, "Our number of the payment.";
    paid_at: Option<Timestamp>, "When it was paid.";
    journal: i64, "The journal of the payment, 0 while unpaid.";
    fee_minor: i64, "The merchant's fee on it, in fen.";
    refunded_minor: i64, "Accepted refunds, in fen.";
    refund_arrived_minor: i64, "Refunds that arrived, in fen.";
    fee_refunded_minor: i64, "What of the fee went back with refunds, in fen.";
    refunds: i64, "How many refunds were accepted.";
    last_refund_at: Option<Timestamp>, "When the last refund was accepted.";
    unsettled_account: i64, "The account its money waits in for profit sharing, 0 for none.";
    unsettled_minor: i64, "What of it still waits there, in fen.";
    shared_minor: i64, "What of it went to receivers of profit sharing, in fen.";
    profit_orders: i64, "How often it was shared or unfrozen.";
}, checks [
    "amount BETWEEN 1 AND 99999999999",
    "state = 'REVOKED' OR (state = 'SUCCESS') = (journal > 0)",
    "(journal > 0) = (transaction_id IS NOT NULL)",
    "state <> 'REVOKED' OR journal = 0 OR refunded_minor = amount",
    "refunded_minor BETWEEN 0 AND amount",
    "refund_arrived_minor BETWEEN 0 AND refunded_minor",
    "fee_minor BETWEEN 0 AND amount AND fee_refunded_minor BETWEEN 0 AND fee_minor",
    "refunds >= 0",
    "unsettled_minor >= 0 AND shared_minor >= 0 AND profit_orders >= 0",
    "unsettled_account > 0 OR (unsettled_minor = 0 AND profit_orders = 0)",
    "unsettled_minor + shared_minor <= amount",
    "(combined_mchid IS NULL) = (combined_no IS NULL)",
    "state <> 'BANK_PENDING' OR card_payment IS NOT NULL",
], indexes [
    Index {
        name: "open",
        columns: "expires_at",
        // With IN, SQLite would build a list of the three for every row that is written.
        filter: "(state = 'NOTPAY' OR state = 'USERPAYING' OR state = 'BANK_PENDING')",
    },
    Index { name: "code", columns: "payer, created_at", filter: "trade_type = 'MICROPAY'" },
    Index { name: "unsettled", columns: "mchid", filter: "unsettled_minor > 0" },
], arranged ByArrival);

describe!(OrderByPrepay, Kept, key 1, "Finds an order by a prepay id.", {
    prepay_id: String, "The prepay id, which is also what the order's code carries.";
    kind: PrepayKind, "What it leads to.";
    mchid: String, "The merchant.";
    out_trade_no: String, "The merchant's number.";
    expires_at: Timestamp, "Until when it can be used.";
});

describe!(CombinedOrder, Kept, key 2, "Several orders that are paid at once.", {
    mchid: String, "The merchant that combined them.";
    out_trade_no: String, "That merchant's number of the whole.";
    appid: String, "The app id it was placed under.";
    trade_type: TradeType, "How the payer meets it.";
    amount: Amount, "The sum of its parts, in fen.";
    parts: i64, "How many parts it has.";
    notify_url: String, "Where the result is notified.";
    openid: Option<String>, "The only payer, named under the app id.";
    device_id: Option<String>, "The merchant's device.";
    fingerprint: [u8; 32], "Hash of what the merchant asked for.";
    state: OrderState, "Where it stands, and all its parts with it.";
    created_at: Timestamp, "When it was placed.";
    expires_at: Timestamp, "When it closes by itself.";
    payer_openid: Option<String>, "The payer's name under the app id.";
    transaction_id: Option<String>, "Our number of the payment of the whole.";
    paid_at: Option<Timestamp>, "When it was paid.";
    journal: i64, "The journal of the payment, 0 while unpaid.";
}, checks [
    "amount BETWEEN 1 AND 99999999999",
    "parts BETWEEN 1 AND 50",
    "(state = 'SUCCESS') = (journal > 0)",
    "(state = 'SUCCESS') = (transaction_id IS NOT NULL)",
]);

describe!(CombinedPart, Kept, key 3, "One part of a combined order.", {
    mchid: String, "The merchant that combined them.";
    out_trade_no: String, "That merchant's number of the whole.";
    place: i64, "The part's place, from 1.";
    part_mchid: String, "The merchant of the part.";
    part_no: String, "That merchant's number of the part.";
}, checks ["place BETWEEN 1 AND 50"]);

describe!(OrderByTransaction, Kept, key 1, "Finds an order by the number of its payment.", {
    transaction_id: String, "Our number of the payment.";
    mchid: String, "The merchant.";
    out_trade_no: String, "The merchant's number.";
});

describe!(SecurityEcho, Kept, key 2, "A message that a merchant has sent back to itself.", {
    mchid: String, "The merchant.";
    number: String, "Its number, drawn by the edge.";
    message: String, "The message.";
    notify_url: String, "Where it is sent.";
    at: Timestamp, "When it was asked for.";
});

describe!(Slot, Kept, key 1, "One share of the merchants and how far its facts are dealt with.", {
    slot: i64, "Its number, 0 to 63.";
    holder: String, "The process that holds it.";
    lease_until: Timestamp, "Until when.";
    cursor_batch: i64, "The batch of the last fact that is delivered or waits in retry.";
    cursor_place: i64, "Its place in that batch.";
}, checks ["slot BETWEEN 0 AND 63", "cursor_batch >= 0 AND cursor_place >= 0"]);

describe!(Retry, Removable, key 2, "A notification that failed at first.", {
    batch: i64, "The batch of its fact.";
    place: i64, "The place of its fact.";
    mchid: String, "The merchant.";
    slot: i64, "The merchant's share, 0 to 63.";
    attempts: i64, "How often delivery failed.";
    due_at: Timestamp, "When it is tried next.";
    state: RetryState, "Where it stands.";
    last_error: String, "How the last try failed.";
}, checks ["attempts >= 0", "slot BETWEEN 0 AND 63"],
indexes [Index { name: "due", columns: "due_at", filter: "state = 'WAITING'" }]);
