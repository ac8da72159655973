//! The tables of refunds, and of money that goes back to cards.

use crate::{Index, describe, text_cells};
use domain::catalogue::Code;
use domain::ids::{CardId, CardPaymentId, RefundPayoutId};
use domain::refund::{
    NoticeForm, PayoutState, Refund, RefundById, RefundChannel, RefundPayout, RefundState,
};
use kernel::{Amount, Timestamp};

text_cells!(RefundState, RefundChannel, NoticeForm, PayoutState);

describe!(Refund, Kept, key 2, "One refund of an order.", {
    mchid: String, "The merchant.";
    out_refund_no: String, "The merchant's number of it.";
    sub_mchid: Option<String>, "Who was paid, if a service provider placed the order.";
    refund_id: String, "Our number of it.";
    out_trade_no: String, "The order's number.";
    transaction_id: String, "The number of the payment.";
    amount: Amount, "What goes back, in fen.";
    total: Amount, "The total of the order, in fen.";
    reason: Option<String>, "Told to the payer.";
    notify_url: Option<String>, "Where the result is notified.";
    notice_form: NoticeForm, "In which form it is.";
    state: RefundState, "Where it stands.";
    channel: RefundChannel, "Which way it goes.";
    card: Option<CardId>, "The card it goes to; null for the payer's balance.";
    card_name: Option<String>, "The card as people read it: bank, kind and last four digits.";
    payout: Option<RefundPayoutId>, "The payout to the card that counts.";
    fee_minor: i64, "What of the merchant's fee goes back with it, in fen.";
    unsettled_minor: i64, "What of it came from money that waited for sharing, in fen.";
    named_minor: Option<i64>, "What of it the merchant wanted taken from there, in fen.";
    created_at: Timestamp, "When it was accepted.";
    succeeded_at: Option<Timestamp>, "When it arrived.";
    abnormal_at: Option<Timestamp>, "When a card first could not take it.";
    closed_at: Option<Timestamp>, "When it was given up.";
    journal: i64, "The journal that took it from the merchant.";
    end_journal: i64, "The journal that took it out of transit, 0 for none.";
}, checks [
    "amount BETWEEN 1 AND total",
    "fee_minor BETWEEN 0 AND amount",
    "unsettled_minor BETWEEN 0 AND amount",
    "named_minor IS NULL OR named_minor BETWEEN unsettled_minor AND amount",
    "journal > 0",
    "(state = 'SUCCESS') = (succeeded_at IS NOT NULL)",
    "(state = 'CLOSED') = (closed_at IS NOT NULL)",
    "state <> 'ABNORMAL' OR abnormal_at IS NOT NULL",
    "(card IS NULL) = (card_name IS NULL)",
    "card IS NOT NULL OR (state = 'SUCCESS' AND end_journal = 0)",
    "card IS NULL OR (state IN ('SUCCESS', 'CLOSED')) = (end_journal > 0)",
], indexes [Index { name: "order", columns: "mchid, out_trade_no", filter: "" }]);

describe!(RefundById, Kept, key 1, "Keeps our refund numbers unique.", {
    refund_id: String, "Our number.";
    mchid: String, "The merchant.";
    out_refund_no: String, "The merchant's number.";
});

describe!(RefundPayout, Kept, key 1, "Money that goes back to a card.", {
    id: RefundPayoutId, "Its public id, and the id of the request at the bank.";
    mchid: Option<String>, "The merchant of the refund it is for.";
    out_refund_no: Option<String>, "The merchant's number of that refund.";
    card_payment: Option<CardPaymentId>, "The late card payment it is for, if it is for no refund.";
    card: CardId, "The card.";
    amount: Amount, "How much, in fen.";
    state: PayoutState, "Where it stands.";
    failure: Option<Code>, "Why it failed.";
    bank_ref: Option<String>, "The bank's reference of the movement that counted.";
    journal: i64, "The journal that took it out of transit to the bank, 0 for none.";
    suspended_minor: i64, "What of it lies in suspense, in fen, credit positive.";
    created_at: Timestamp, "When it was started.";
    ended_at: Option<Timestamp>, "When it ended.";
}, checks [
    "amount > 0",
    "(mchid IS NULL) = (out_refund_no IS NULL)",
    "(mchid IS NULL) = (card_payment IS NOT NULL)",
    "(state = 'PROCESSING') = (ended_at IS NULL)",
    "state <> 'SUCCESS' OR (journal > 0 AND bank_ref IS NOT NULL)",
    "state <> 'FAILED' OR failure IS NOT NULL",
], indexes [
    Index { name: "open", columns: "id", filter: "state = 'PROCESSING'" },
    Index { name: "suspense", columns: "id", filter: "suspended_minor <> 0" },
],
fixed ["mchid", "out_refund_no", "card_payment", "card", "amount", "created_at"]);
