//! The tables of profit sharing.

use crate::{Index, describe, text_cells};
use domain::profit::{
    ProfitOrder, ProfitOrderById, ProfitOrderKind, ProfitOrderState, ProfitReceiver, ProfitReturn,
    ProfitShare, ReceiverKind, ReturnFailure, ReturnResult, ShareFailure, ShareResult,
};
use kernel::{Amount, Timestamp};

text_cells!(
    ReceiverKind,
    ShareResult,
    ShareFailure,
    ProfitOrderKind,
    ProfitOrderState,
    ReturnResult,
    ReturnFailure
);

describe!(ProfitReceiver, Removable, key 4, "Whom a merchant may give a part of its orders.", {
    mchid: String, "The merchant.";
    sub_mchid: String, "The sub-merchant whose orders are shared, empty for its own.";
    kind: ReceiverKind, "What the account names.";
    account: String, "The receiver's merchant number or openid.";
    appid: String, "The app id it was added under.";
    relation: String, "How it stands to the merchant.";
    custom_relation: Option<String>, "How, in the merchant's words.";
    added_at: Timestamp, "When it was added.";
});

describe!(ProfitOrder, Kept, key 2, "A request that shared or unfroze an order's money.", {
    mchid: String, "The merchant.";
    out_order_no: String, "The merchant's number of it.";
    order_id: String, "Our number of it.";
    sub_mchid: Option<String>, "The sub-merchant whose money it was.";
    out_trade_no: String, "The order's number.";
    transaction_id: String, "The number of the payment.";
    kind: ProfitOrderKind, "What it does.";
    unfreezes: bool, "Whether what receivers do not get is the merchant's.";
    state: ProfitOrderState, "Where it stands.";
    shares: i64, "How many shares it has.";
    shared_minor: i64, "What receivers get, in fen.";
    unfrozen_minor: i64, "What the merchant gets, in fen.";
    returns: i64, "How often a receiver gave money back, or tried to.";
    fingerprint: [u8; 32], "Hash of what the merchant asked for.";
    created_at: Timestamp, "When it was accepted.";
    finished_at: Option<Timestamp>, "When it was finished.";
    journal: i64, "Its journal, 0 until it is finished, and when nothing moved.";
}, checks [
    "shares >= 0 AND returns >= 0 AND shared_minor >= 0 AND unfrozen_minor >= 0",
    "(state = 'FINISHED') = (finished_at IS NOT NULL)",
    "(journal > 0) = (state = 'FINISHED' AND shared_minor + unfrozen_minor > 0)",
    "kind = 'SHARE' OR shared_minor = 0",
], indexes [
    Index { name: "order", columns: "mchid, out_trade_no", filter: "" },
    Index { name: "open", columns: "mchid", filter: "state = 'PROCESSING'" },
    Index { name: "time", columns: "mchid, finished_at, out_order_no", filter: "" },
]);

describe!(ProfitOrderById, Kept, key 1, "Finds a request of sharing by our number of it.", {
    order_id: String, "Our number.";
    mchid: String, "The merchant.";
    out_order_no: String, "The merchant's number.";
});

describe!(ProfitShare, Kept, key 3, "What one receiver gets of a request.", {
    mchid: String, "The merchant that shares.";
    out_order_no: String, "Its number of the request.";
    place: i64, "The place in the request, from 1.";
    kind: ReceiverKind, "What the account names.";
    account: String, "The receiver's merchant number or openid.";
    amount: Amount, "How much, in fen.";
    description: String, "What for.";
    result: ShareResult, "What became of it.";
    failure: Option<ShareFailure>, "Why it was closed.";
    ledger_account: i64, "The ledger account that got it, 0 until then and when it was closed.";
    returned_minor: i64, "What the receiver gave back, in fen.";
}, checks [
    "amount BETWEEN 1 AND 99999999999 AND place >= 1",
    "returned_minor BETWEEN 0 AND amount",
    "(result = 'CLOSED') = (failure IS NOT NULL)",
    "(result = 'SUCCESS') = (ledger_account > 0)",
], fixed ["amount", "account"]);

describe!(ProfitReturn, Kept, key 2, "A receiver gives back what it got.", {
    mchid: String, "The merchant that shared.";
    out_return_no: String, "Its number of the return.";
    return_id: String, "Our number of it.";
    sub_mchid: Option<String>, "The sub-merchant whose money was shared.";
    out_order_no: String, "The number of the request that is given back.";
    order_id: String, "Our number of that request.";
    return_mchid: String, "The receiver.";
    amount: Amount, "How much, in fen.";
    description: String, "Why.";
    result: ReturnResult, "What became of it.";
    failure: Option<ReturnFailure>, "Why nothing moved.";
    fingerprint: [u8; 32], "Hash of what the merchant asked for.";
    created_at: Timestamp, "When it was done.";
    journal: i64, "Its journal, 0 when nothing moved.";
}, checks [
    "amount BETWEEN 1 AND 99999999999",
    "(result = 'FAILED') = (failure IS NOT NULL)",
    "(result = 'SUCCESS') = (journal > 0)",
], indexes [
    Index { name: "order", columns: "mchid, out_order_no", filter: "" },
    Index { name: "time", columns: "mchid, created_at, out_return_no", filter: "" },
]);
