//! Orders: what a merchant asks a payer for.

mod card_payment;
#[cfg(test)]
pub(crate) mod card_payment_tests;
mod close_combined_order;
mod close_order;
mod combined;
#[cfg(test)]
mod combined_tests;
mod create_combined_order;
mod create_order;
mod due;
mod expire_order;
#[cfg(test)]
mod partner_tests;
mod pay_order;
mod pay_order_by_card;
mod placing;
mod record_card_payment;
#[cfg(test)]
pub(crate) mod tests;

pub use card_payment::{CardPayment, CardPaymentState};
pub use close_combined_order::{CloseCombinedOrder, CloseCombinedOrderRefusal, PartToClose};
pub use close_order::{CloseOrder, CloseOrderRefusal};
pub use combined::{CombinedOrder, CombinedPart};
pub use create_combined_order::{CreateCombinedOrder, CreateCombinedOrderRefusal, PartAsked};
pub use create_order::{CreateOrder, CreateOrderRefusal, OrderCreated, ProfitSharing};
pub(crate) use due::{Due, Funds};
pub use expire_order::ExpireOrder;
pub use pay_order::{OrderPaid, PayOrder, PayOrderRefusal};
pub use pay_order_by_card::PayOrderByCard;
pub use placing::Partner;
pub(crate) use placing::{check_merchant, lead, merchant_keys};
pub use record_card_payment::RecordCardPayment;

use crate::ids::{CardPaymentId, WalletId};
use crate::ledger::AccountNumber;
use crate::validate::bin_table::CardKind;
use crate::{record, text_enum};
use kernel::{Amount, Timestamp};

text_enum!(
    /// How the payer meets the order.
    TradeType {
        /// A code that the payer scans.
        Native = "NATIVE",
        /// A page or mini program that knows the payer.
        Jsapi = "JSAPI",
        /// The merchant's own app.
        App = "APP",
        /// A page in a browser of a phone.
        H5 = "MWEB",
        /// The merchant scans the payer's code.
        Micropay = "MICROPAY",
    }
);

text_enum!(
    /// Where an order stands.
    OrderState {
        /// Nobody has paid it.
        NotPay = "NOTPAY",
        /// The payer of a payment code has to confirm it.
        UserPaying = "USERPAYING",
        /// A card pays it, and its bank has not answered yet.
        BankPending = "BANK_PENDING",
        /// Paid.
        Success = "SUCCESS",
        /// Closed by the merchant or by time; it can never be paid.
        Closed = "CLOSED",
        /// The payer of a payment code refused it.
        PayError = "PAYERROR",
        /// Reversed by the merchant, or not confirmed in time; what was paid went back.
        Revoked = "REVOKED",
    }
);

text_enum!(
    /// From which cards an order can be paid.
    CardsTaken {
        /// From any.
        All = "ALL",
        /// From debit cards.
        Debit = "DEBIT",
        /// From credit cards.
        Credit = "CREDIT",
        /// From none.
        None = "NONE",
    }
);

text_enum!(
    /// What a prepay id leads to.
    PrepayKind {
        /// One order.
        Order = "ORDER",
        /// Several orders that are paid at once.
        CombinedOrder = "COMBINED_ORDER",
    }
);

/// An order of a merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The merchant.
    pub mchid: String,
    /// The merchant's number of it.
    pub out_trade_no: String,
    /// The app id it was placed under.
    pub appid: String,
    /// Who is paid, if the merchant placed it as a service provider.
    pub sub_mchid: Option<String>,
    /// The app id of who is paid.
    pub sub_appid: Option<String>,
    /// The merchant of the combined order that it is a part of.
    pub combined_mchid: Option<String>,
    /// The number of the combined order that it is a part of.
    pub combined_no: Option<String>,
    /// How the payer meets it.
    pub trade_type: TradeType,
    /// What the payer sees.
    pub description: String,
    /// What is to be paid.
    pub amount: Amount,
    /// The merchant's own data, given back with the result.
    pub attach: Option<String>,
    /// Where the result is notified; `None` for nowhere.
    pub notify_url: Option<String>,
    /// The only payer, named under the app id; `None` for anybody.
    pub openid: Option<String>,
    /// The only payer, named under the app id of who is paid; `None` for anybody.
    pub sub_openid: Option<String>,
    /// The merchant's device.
    pub device_id: Option<String>,
    /// From which cards it can be paid.
    pub cards_taken: CardsTaken,
    /// Whether it can be paid from the balance.
    pub takes_balance: bool,
    /// Hash of what the merchant asked for: the same number again must ask the same.
    pub fingerprint: [u8; 32],
    /// Where it stands.
    pub state: OrderState,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it closes by itself.
    pub expires_at: Timestamp,
    /// The wallet that paid, or that has to confirm.
    pub payer: Option<WalletId>,
    /// The payer's name under the app id.
    pub payer_openid: Option<String>,
    /// The payer's name under the app id of who is paid.
    pub payer_sub_openid: Option<String>,
    /// The card payment that paid it, is awaited, or failed last.
    pub card_payment: Option<CardPaymentId>,
    /// Bank and kind of the card that paid it, such as `ICBC_DEBIT`.
    pub bank_type: Option<String>,
    /// The account that paid, the bank's for a card; 0 while unpaid.
    pub payer_account: AccountNumber,
    /// Our number of the payment: 28 digits.
    pub transaction_id: Option<String>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// The journal of the payment; 0 while unpaid.
    pub journal: i64,
    /// The merchant's fee on it, in fen.
    pub fee_minor: i64,
    /// Accepted refunds, in fen.
    pub refunded_minor: i64,
    /// Refunds that arrived, in fen.
    pub refund_arrived_minor: i64,
    /// What of the fee went back with refunds, in fen.
    pub fee_refunded_minor: i64,
    /// How many refunds were accepted.
    pub refunds: i64,
    /// When the last refund was accepted.
    pub last_refund_at: Option<Timestamp>,
    /// The merchant's account that its money waits in for profit sharing; 0 when it is not to be
    /// shared.
    pub unsettled_account: AccountNumber,
    /// What of it still waits there, in fen.
    pub unsettled_minor: i64,
    /// What of it went to receivers of profit sharing, in fen.
    pub shared_minor: i64,
    /// How often it was shared or unfrozen.
    pub profit_orders: i64,
}

record!(Order, "order", Kept, mchid: String, out_trade_no: String);

/// Finds an order by a prepay id, which is also what its code carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderByPrepay {
    /// The prepay id.
    pub prepay_id: String,
    /// What it leads to.
    pub kind: PrepayKind,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_trade_no: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

record!(OrderByPrepay, "order_by_prepay", Kept, prepay_id: String);

/// Finds an order by the number of its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderByTransaction {
    /// The number of the payment.
    pub transaction_id: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_trade_no: String,
}

record!(OrderByTransaction, "order_by_transaction", Kept, transaction_id: String);

impl Order {
    /// Whether it can still be paid at `now`: an order past its time is over, whether or not
    /// somebody has written it down yet.
    pub fn is_open(&self, now: Timestamp) -> bool {
        let is_waiting = matches!(self.state, OrderState::NotPay | OrderState::UserPaying);
        is_waiting && now < self.expires_at
    }

    /// Where it stands at `now`.
    pub fn state_at(&self, now: Timestamp) -> OrderState {
        match self.state {
            OrderState::NotPay if !self.is_open(now) => OrderState::Closed,
            OrderState::UserPaying if !self.is_open(now) => OrderState::Revoked,
            state => state,
        }
    }

    /// Whether its money waits for profit sharing once it is paid.
    pub fn is_shared(&self) -> bool {
        self.unsettled_account > 0
    }

    /// What a job about it names: the merchant and its number.
    pub fn job_subject(&self) -> String {
        format!("{}:{}", self.mchid, self.out_trade_no)
    }

    /// Who is paid: the merchant, or the one that it serves.
    pub fn payee(&self) -> &str {
        self.sub_mchid.as_deref().unwrap_or(&self.mchid)
    }

    /// Whether it was placed under this app id, the sub-merchant's or its own.
    pub fn is_of_app(&self, appid: &str) -> bool {
        self.appid == appid || self.sub_appid.as_deref() == Some(appid)
    }

    /// Whether this merchant placed it or is paid.
    pub fn is_of_merchant(&self, mchid: &str) -> bool {
        self.mchid == mchid || self.payee() == mchid
    }

    /// The key of the combined order that it is a part of.
    pub fn combined(&self) -> Option<(String, String)> {
        self.combined_mchid.clone().zip(self.combined_no.clone())
    }

    /// Whether it waits for this card payment.
    pub(crate) fn awaits(&self, payment: CardPaymentId) -> bool {
        self.state == OrderState::BankPending && self.card_payment == Some(payment)
    }

    /// Closes an unpaid order.
    pub(crate) fn closed(mut self) -> Self {
        self.state = OrderState::Closed;
        self.payer = None;
        self
    }
}

impl CardsTaken {
    /// Whether a card of this kind can pay.
    pub fn takes(self, kind: CardKind) -> bool {
        let is_debit = kind == CardKind::Debit;
        match self {
            Self::All => true,
            Self::Debit => is_debit,
            Self::Credit => !is_debit,
            Self::None => false,
        }
    }
}

/// A number of a payment: `4200` and 24 digits that begin with the business day. `random`: at least
/// four digits, drawn by the caller.
pub fn transaction_id(now: Timestamp, random: &str) -> String {
    format!("4200{}{}", now.business_digits(), random)
}
