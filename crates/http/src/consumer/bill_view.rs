//! One line of the bills: what a journal did to a balance, told with the item it is about.

use super::card_payments::explained;
use super::card_view::CardTail;
use super::order_view::descriptions;
use super::withdrawals::civil_day;
use super::{top_ups, withdrawals};
use crate::app::AppState;
use crate::problem::{Explanation, Problem};
use crate::spelling::{BillDirectionText, BillKindText, BillStateText};
use crate::wire::Money;
use domain::catalogue::{Code, Language};
use domain::ids::{CardPaymentId, TopUpId, WithdrawalId};
use domain::ledger::{Entry, Journal, JournalKind};
use domain::merchant::Merchant;
use domain::merchant_transfer::MerchantTransfer;
use domain::order::{
    CardPayment, CardPaymentState, CombinedOrder, Order, OrderByPrepay, PrepayKind,
};
use domain::profit::{ProfitOrder, ProfitShare, ShareResult};
use domain::refund::Refund;
use domain::top_up::TopUp;
use domain::transfer_batch::TransferDetail;
use domain::withdrawal::Withdrawal;
use serde::Serialize;
use store::queries::{Described, Value, find, select};
use utoipa::ToSchema;

/// A line of the bills.
#[derive(Serialize, ToSchema)]
#[schema(as = Bill)]
pub(super) struct BillAnswer {
    /// Its number, or the id of a card payment, or of a top-up whose money is not there (yet).
    id: String,
    /// `PAYMENT`, `REFUND`, `TOP_UP`, `WITHDRAWAL_START`, `WITHDRAWAL_RETURN`,
    /// `MERCHANT_TRANSFER_SETTLE`, `TRANSFER_DETAIL_SETTLE` or `PROFIT_SHARE`; `LATE_PAYMENT` or
    /// `REFUND_RETURN` for money from a card that no order and not the card could take.
    #[schema(value_type = BillKindText)]
    kind: JournalKind,
    /// `IN` to the balance or `OUT` of it.
    #[schema(value_type = BillDirectionText)]
    direction: &'static str,
    /// How much.
    amount: Money,
    /// The balance after it; absent while the balance has not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    balance_after: Option<Money>,
    /// When it happened, RFC 3339.
    at: String,
    #[serde(flatten)]
    about: BillItem,
}

/// What a line of the bills is about, as it stands now.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct BillItem {
    /// Where it stands: the state of the order, refund, top-up, withdrawal or card payment.
    #[schema(value_type = BillStateText)]
    state: &'static str,
    /// The merchant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_name: Option<String>,
    /// What was paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Our number of the payment: 28 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// The merchant's number of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    out_trade_no: Option<String>,
    /// What came back of a payment in refunds.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Money>,
    /// Our number of the refund: 29 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_id: Option<String>,
    /// Why the merchant refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The top-up.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    top_up: Option<TopUpId>,
    /// The withdrawal.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawal: Option<WithdrawalId>,
    /// The fee, which the amount contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<Money>,
    /// The day a withdrawal arrives at the latest, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrival_day: Option<String>,
    /// The card.
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<CardTail>,
    /// Why it failed or came back, or why it takes long.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// A movement of one balance.
pub(super) struct Movement {
    pub(super) entry: Entry,
    pub(super) journal: Journal,
}

/// Reads what lines of the bills are about, for a reader.
pub(super) struct BillReader<'a> {
    pub(super) app: &'a AppState,
    pub(super) language: Language,
}

impl BillReader<'_> {
    /// The line of a movement.
    pub(super) async fn movement(&self, movement: Movement) -> Result<BillAnswer, Problem> {
        let Movement { entry, journal } = movement;
        let (item, id) = journal.subject.parts();
        let about = match journal.kind {
            JournalKind::Payment if item == "combined_order" => self.combined(id).await?,
            JournalKind::Payment => self.payment(id).await?,
            JournalKind::Refund => self.refund(id).await?,
            JournalKind::TopUp => {
                let id: TopUpId = id.parse().map_err(|_| Code::SystemError)?;
                self.top_up_item(&self.get::<TopUp>(&id).await?).await?
            }
            JournalKind::WithdrawalStart | JournalKind::WithdrawalReturn => {
                let id: WithdrawalId = id.parse().map_err(|_| Code::SystemError)?;
                self.withdrawal(&self.get::<Withdrawal>(&id).await?).await?
            }
            JournalKind::MerchantTransferSettle => self.merchant_transfer(id).await?,
            JournalKind::TransferDetailSettle => self.transfer_detail(id).await?,
            JournalKind::LatePayment | JournalKind::RefundReturn => {
                let id: CardPaymentId = id.parse().map_err(|_| Code::SystemError)?;
                self.card_payment_item(&self.get::<CardPayment>(&id).await?).await?
            }
            JournalKind::ProfitShare => self.profit_share(id, entry.account).await?,
            // Between accounts of the operator or of merchants; no line of a person's bills.
            JournalKind::WithdrawalSettle
            | JournalKind::RefundStart
            | JournalKind::RefundSettle
            | JournalKind::Suspense
            | JournalKind::MerchantTransferReserve
            | JournalKind::MerchantTransferReturn
            | JournalKind::TransferBatchReserve
            | JournalKind::TransferDetailReturn
            | JournalKind::ProfitUnfreeze
            | JournalKind::ProfitReturn => {
                return Err(Code::SystemError.into());
            }
        };
        let currency = journal.currency.as_str();
        Ok(BillAnswer {
            id: journal.number.to_string(),
            kind: journal.kind,
            direction: if entry.amount < 0 { "OUT" } else { "IN" },
            amount: Money { currency, minor: entry.amount.abs() },
            balance_after: Some(Money { currency, minor: entry.balance }),
            at: journal.at.rfc3339(),
            about,
        })
    }

    /// The line of a top-up that has not reached the balance.
    pub(super) async fn top_up(&self, top_up: &TopUp) -> Result<BillAnswer, Problem> {
        Ok(BillAnswer {
            id: top_up.id.to_string(),
            kind: JournalKind::TopUp,
            direction: "IN",
            amount: top_up.amount.into(),
            balance_after: None,
            at: top_up.created_at.rfc3339(),
            about: self.top_up_item(top_up).await?,
        })
    }

    /// The line of a card payment, which moves no balance.
    pub(super) async fn card_payment(&self, payment: &CardPayment) -> Result<BillAnswer, Problem> {
        Ok(BillAnswer {
            id: payment.id.to_string(),
            kind: JournalKind::Payment,
            direction: "OUT",
            amount: payment.amount.into(),
            balance_after: None,
            at: payment.created_at.rfc3339(),
            about: self.card_payment_item(payment).await?,
        })
    }

    async fn payment(&self, subject: &str) -> Result<BillItem, Problem> {
        let order = self.get::<Order>(&merchants_number(subject)?).await?;
        Ok(BillItem {
            state: order.state.as_str(),
            merchant_name: Some(self.merchant_name(order.payee()).await?),
            description: Some(order.description),
            transaction_id: order.transaction_id,
            out_trade_no: Some(order.out_trade_no),
            refunded: Some(Money::cny(order.refund_arrived_minor)),
            ..BillItem::default()
        })
    }

    /// A payment of several orders at once is one line, told with all that was paid for.
    async fn combined(&self, subject: &str) -> Result<BillItem, Problem> {
        let key = merchants_number(subject)?;
        let order = self.get::<CombinedOrder>(&key).await?;
        let parts = store::queries::combined_parts(self.app.queries.as_ref(), &key).await?;
        let refunded = parts.iter().map(|part| part.refund_arrived_minor).sum();
        Ok(BillItem {
            state: order.state.as_str(),
            merchant_name: Some(self.merchant_name(&order.mchid).await?),
            description: Some(descriptions(&parts)),
            transaction_id: order.transaction_id,
            out_trade_no: Some(order.out_trade_no),
            refunded: Some(Money::cny(refunded)),
            ..BillItem::default()
        })
    }

    async fn merchant_name(&self, mchid: &str) -> Result<String, Problem> {
        Ok(self.get::<Merchant>(&mchid.to_owned()).await?.name)
    }

    async fn refund(&self, subject: &str) -> Result<BillItem, Problem> {
        let refund = self.get::<Refund>(&merchants_number(subject)?).await?;
        let order = (refund.mchid.clone(), refund.out_trade_no.clone());
        Ok(BillItem {
            reason: refund.shown_reason().map(str::to_owned),
            state: refund.state.as_str(),
            merchant_name: Some(
                self.merchant_name(refund.sub_mchid.as_ref().unwrap_or(&refund.mchid)).await?,
            ),
            description: Some(self.get::<Order>(&order).await?.description),
            transaction_id: Some(refund.transaction_id),
            out_trade_no: Some(refund.out_trade_no),
            refund_id: Some(refund.refund_id),
            ..BillItem::default()
        })
    }

    async fn merchant_transfer(&self, subject: &str) -> Result<BillItem, Problem> {
        let transfer = self.get::<MerchantTransfer>(&merchants_number(subject)?).await?;
        Ok(BillItem {
            state: transfer.state.as_str(),
            merchant_name: Some(self.get::<Merchant>(&transfer.mchid).await?.name),
            description: Some(transfer.remark),
            transaction_id: Some(transfer.transfer_bill_no),
            ..BillItem::default()
        })
    }

    async fn transfer_detail(&self, subject: &str) -> Result<BillItem, Problem> {
        let (batch, place) = subject.rsplit_once(':').ok_or(Code::SystemError)?;
        let (mchid, number) = merchants_number(batch)?;
        let place = place.parse().map_err(|_| Code::SystemError)?;
        let detail = self.get::<TransferDetail>(&(mchid.clone(), number, place)).await?;
        Ok(BillItem {
            state: detail.state.as_str(),
            merchant_name: Some(self.get::<Merchant>(&mchid).await?.name),
            description: Some(detail.remark),
            ..BillItem::default()
        })
    }

    async fn profit_share(&self, subject: &str, account: i64) -> Result<BillItem, Problem> {
        let order = self.get::<ProfitOrder>(&merchants_number(subject)?).await?;
        let shares = select::<ProfitShare>(
            self.app.queries.as_ref(),
            "mchid = $1 AND out_order_no = $2 AND ledger_account = $3 ORDER BY place",
            vec![
                Value::Text(order.mchid.clone()),
                Value::Text(order.out_order_no),
                Value::Int(account),
            ],
        );
        Ok(BillItem {
            state: ShareResult::Success.as_str(),
            merchant_name: Some(self.get::<Merchant>(&order.mchid).await?.name),
            description: shares.await?.into_iter().next().map(|share| share.description),
            transaction_id: Some(order.order_id),
            ..BillItem::default()
        })
    }

    async fn top_up_item(&self, top_up: &TopUp) -> Result<BillItem, Problem> {
        Ok(BillItem {
            state: top_up.state.as_str(),
            top_up: Some(top_up.id),
            card: Some(CardTail::find(self.app, top_up.card, self.language).await?),
            notice: top_ups::notice(top_up, self.app, self.language),
            ..BillItem::default()
        })
    }

    /// What a card was asked for, with what it was for.
    async fn card_payment_item(&self, payment: &CardPayment) -> Result<BillItem, Problem> {
        let session = self.get::<OrderByPrepay>(&payment.prepay_id).await?;
        let subject = format!("{}:{}", session.mchid, session.out_trade_no);
        let order = match session.kind {
            PrepayKind::Order => self.payment(&subject).await?,
            PrepayKind::CombinedOrder => self.combined(&subject).await?,
        };
        let is_paid = payment.state == CardPaymentState::Success;
        Ok(BillItem {
            state: payment.state.as_str(),
            // Another payment may have paid it.
            transaction_id: order.transaction_id.filter(|_| is_paid),
            refunded: order.refunded.filter(|_| is_paid),
            card: Some(CardTail::find(self.app, payment.card, self.language).await?),
            notice: explained(payment.notice(), self.language),
            ..order
        })
    }

    async fn withdrawal(&self, withdrawal: &Withdrawal) -> Result<BillItem, Problem> {
        Ok(BillItem {
            state: withdrawal.state.as_str(),
            withdrawal: Some(withdrawal.id),
            fee: Some(Money::cny(withdrawal.fee_minor)),
            arrival_day: withdrawal.arrival_day.map(civil_day),
            card: Some(CardTail::find(self.app, withdrawal.card, self.language).await?),
            notice: withdrawals::notice(withdrawal, self.app, self.language),
            ..BillItem::default()
        })
    }

    /// A row that another row names.
    async fn get<R: Described>(&self, key: &R::Key) -> Result<R, Problem> {
        let row = find::<R>(self.app.queries.as_ref(), key).await?;
        row.ok_or_else(|| {
            tracing::error!(table = R::NAME, ?key, "a row that a journal is about is not there");
            Code::SystemError.into()
        })
    }
}

/// Reads the merchant and its number of an order or refund, as journals name it.
fn merchants_number(subject: &str) -> Result<(String, String), Problem> {
    let (mchid, number) = subject.split_once(':').ok_or(Code::SystemError)?;
    Ok((mchid.to_owned(), number.to_owned()))
}
