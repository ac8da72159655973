//! Refunds: a merchant gives back what a person paid, in whole or in part.
//!
//! A refund goes back the way the money came: to a balance at once; to a card through its bank, and
//! meanwhile the money waits in transit. What the card does not take stays there until the merchant
//! names another way, or gets it back when time is over. A card that its owner has removed is
//! nobody's any more: then the balance gets the money.

mod apply_abnormal_refund;
#[cfg(test)]
mod card_tests;
mod close_refund;
mod create_refund;
mod record_refund_payout;
mod refund_payout;
mod repayment;
#[cfg(test)]
mod source_tests;
#[cfg(test)]
mod tests;

pub use apply_abnormal_refund::{AbnormalTarget, ApplyAbnormalRefund, ApplyAbnormalRefundRefusal};
pub use close_refund::CloseRefund;
pub(crate) use create_refund::find_order;
pub use create_refund::{
    CreateRefund, CreateRefundRefusal, OrderOfRefund, RefundCreated, RefundSource,
};
pub use record_refund_payout::RecordRefundPayout;
pub use refund_payout::{PayoutOrigin, PayoutState, RefundPayout};
pub(crate) use repayment::{Repayment, RepaymentTarget};

use crate::card::Card;
use crate::catalogue::{Code, Language};
use crate::command::Halt;
use crate::complaint::{RefundNews, complaint_key, note_refund};
use crate::fact::FactKind;
use crate::ids::{CardId, RefundPayoutId};
use crate::job::{Job, JobKind};
use crate::ledger::{AccountNumber, JournalKind, Posting, Subject};
use crate::merchant::Merchant;
use crate::order::Order;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::validate::bin_table::{Bank, CardKind};
use crate::{record, text_enum};
use kernel::time::SECOND;
use kernel::{Amount, Timestamp};

/// A part of an order, in fen, up to which the payer is not told why it comes back: one yuan.
const SMALL_PART_MINOR: i64 = 100;

text_enum!(
    /// Where a refund stands. A refund to a balance arrives at once.
    RefundState {
        /// On its way to a card.
        Processing = "PROCESSING",
        /// It arrived.
        Success = "SUCCESS",
        /// The card cannot take it.
        Abnormal = "ABNORMAL",
        /// It will not happen; the merchant has the money back.
        Closed = "CLOSED",
    }
);

text_enum!(
    /// Which way a refund goes.
    RefundChannel {
        /// The way the money came.
        Original = "ORIGINAL",
        /// To the payer's balance: the card that paid is not theirs any more.
        Balance = "BALANCE",
        /// To the merchant's balance: it settles with the payer itself.
        Merchant = "OTHER_BALANCE",
        /// To another card of the payer.
        OtherCard = "OTHER_BANKCARD",
    }
);

text_enum!(
    /// In which form a merchant is told what became of a refund.
    NoticeForm {
        /// As everything else is told.
        Json = "JSON",
        /// As tills understand it.
        Xml = "XML",
    }
);

/// One refund of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The merchant.
    pub mchid: String,
    /// Who was paid, if the merchant is a service provider.
    pub sub_mchid: Option<String>,
    /// The merchant's number of it.
    pub out_refund_no: String,
    /// Our number of it: 29 digits.
    pub refund_id: String,
    /// The order's number.
    pub out_trade_no: String,
    /// The number of the payment.
    pub transaction_id: String,
    /// What goes back.
    pub amount: Amount,
    /// The total of the order.
    pub total: Amount,
    /// Told to the payer.
    pub reason: Option<String>,
    /// Where the result is notified; `None` for where the merchant is told of refunds.
    pub notify_url: Option<String>,
    /// In which form it is.
    pub notice_form: NoticeForm,
    /// Where it stands.
    pub state: RefundState,
    /// Which way it goes.
    pub channel: RefundChannel,
    /// The card it goes to; `None` for the payer's balance.
    pub card: Option<CardId>,
    /// The card as people read it: bank, kind and last four digits.
    pub card_name: Option<String>,
    /// The payout to the card that counts.
    pub payout: Option<RefundPayoutId>,
    /// What of the merchant's fee goes back with it, in fen.
    pub fee_minor: i64,
    /// What of it came from money that waited for profit sharing, in fen.
    pub unsettled_minor: i64,
    /// What of it the merchant wanted taken from such money, in fen; `None` when it did not say
    /// where to take it.
    pub named_minor: Option<i64>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it arrived.
    pub succeeded_at: Option<Timestamp>,
    /// When a card first could not take it.
    pub abnormal_at: Option<Timestamp>,
    /// When it was given up.
    pub closed_at: Option<Timestamp>,
    /// The journal that took it from the merchant.
    pub journal: i64,
    /// The journal that took it out of transit; 0 for a refund to a balance, and until then.
    pub end_journal: i64,
}

record!(Refund, "refund", Kept, mchid: String, out_refund_no: String);

/// Keeps our refund numbers unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundById {
    /// Our number.
    pub refund_id: String,
    /// The merchant.
    pub mchid: String,
    /// The merchant's number.
    pub out_refund_no: String,
}

record!(RefundById, "refund_by_id", Kept, refund_id: String);

impl Refund {
    /// What is to be told a payer besides the state.
    pub fn notice(&self) -> Option<Code> {
        match self.state {
            RefundState::Processing => Some(Code::RefundProcessing),
            RefundState::Abnormal => Some(Code::RefundAbnormal),
            RefundState::Closed => Some(Code::RefundClosed),
            RefundState::Success => None,
        }
    }

    /// The merchant's reason as the payer reads it: that of a small part is not shown.
    #[must_use]
    pub fn shown_reason(&self) -> Option<&str> {
        let (part, whole) = (self.amount.minor(), self.total.minor());
        let is_small_part = part < whole && part <= SMALL_PART_MINOR;
        self.reason.as_deref().filter(|_| !is_small_part)
    }

    /// Whether it is what a reversal gave back, under a number of ours: no merchant asked for it.
    pub fn is_of_reversal(&self) -> bool {
        self.out_refund_no == self.refund_id
    }

    /// What jobs about it name: the merchant and its number.
    pub(crate) fn job_subject(&self) -> String {
        format!("{}:{}", self.mchid, self.out_refund_no)
    }

    fn subject(&self) -> Subject {
        Subject::new("refund", self.job_subject())
    }

    /// The rows that its end reads.
    fn end_keys(&self) -> [RowKey; 4] {
        let merchant = self.sub_mchid.as_ref().unwrap_or(&self.mchid);
        [
            RowKey::of::<Order>(&(self.mchid.clone(), self.out_trade_no.clone())),
            RowKey::of::<Merchant>(merchant),
            RowKey::of::<Job>(&(JobKind::CloseRefund, self.job_subject())),
            complaint_key(&self.mchid, &self.out_trade_no),
        ]
    }

    /// Sends its money, which waits in transit, to a card.
    fn send(&mut self, tx: &mut Tx<'_>, payout: RefundPayoutId, card: Card) -> Result<(), Halt> {
        self.state = RefundState::Processing;
        self.card = Some(card.id);
        self.card_name = Some(card_name(&card));
        self.payout = Some(payout);
        let origin = PayoutOrigin::Refund(self.mchid.clone(), self.out_refund_no.clone());
        RefundPayout::start(tx, payout, origin, card, self.amount)
    }

    /// It arrived: `journal` took its money out of transit.
    fn arrive(mut self, tx: &mut Tx<'_>, journal: i64) -> Result<(), Halt> {
        tx.want(self.end_keys())?;
        self.stop_waiting(tx)?;
        let mut order = self.order(tx)?;
        order.refund_arrived_minor += self.amount.minor();
        note_refund(tx, &order, RefundNews::Arrived(self.amount))?;
        tx.put(order);
        self.state = RefundState::Success;
        self.succeeded_at = Some(tx.now());
        self.end_journal = journal;
        self.tell(tx, FactKind::RefundSucceeded);
        Ok(())
    }

    /// The card did not take it: its money stays in transit until the merchant names another way.
    fn become_abnormal(mut self, tx: &mut Tx<'_>) {
        let wait = tx.rules().refund_abnormal_s.saturating_mul(SECOND);
        let due_at = tx.now().plus(wait);
        tx.schedule(Job::new(JobKind::CloseRefund, self.job_subject(), due_at));
        self.state = RefundState::Abnormal;
        self.abnormal_at = self.abnormal_at.or(Some(tx.now()));
        self.tell(tx, FactKind::RefundAbnormal);
    }

    /// It is given up: the merchant has the money back where it was taken and pays the fee of it,
    /// and the order can be refunded under another number.
    fn close(mut self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        tx.want(self.end_keys())?;
        self.stop_waiting(tx)?;
        let mut order = self.order(tx)?;
        let waits = (order.unsettled_account, self.unsettled_minor);
        self.end_journal = self.return_to_merchant(tx, self.fee_minor, waits)?;
        order.give_unsettled(tx, self.unsettled_minor)?;
        order.refunded_minor -= self.amount.minor();
        order.fee_refunded_minor -= self.fee_minor;
        tx.put(order);
        self.state = RefundState::Closed;
        self.closed_at = Some(tx.now());
        self.tell(tx, FactKind::RefundClosed);
        Ok(())
    }

    /// Moves its money from transit to the merchant: of that a fee to the operator, and a part to
    /// the account where money waits for sharing.
    fn return_to_merchant(
        &self,
        tx: &mut Tx<'_>,
        fee: i64,
        (account, waits): (AccountNumber, i64),
    ) -> Result<i64, Halt> {
        let merchant = tx.get::<Merchant>(self.sub_mchid.as_ref().unwrap_or(&self.mchid))?;
        let (system, amount) = (tx.rules().system, self.amount.minor());
        let legs = [
            (system.transit_refund, -amount),
            (merchant.balance_account, amount - fee - waits),
            (account, waits),
            (system.income_fee, fee),
        ];
        let (kind, currency) = (JournalKind::RefundReturn, self.amount.currency());
        let journal = tx.post(Posting::balanced(kind, self.subject(), currency, legs)?)?;
        journal.map_err(|short| Halt::Defect(format!("refunds in transit: {short:?}")))
    }

    fn order(&self, tx: &mut Tx<'_>) -> Result<Order, Halt> {
        tx.get::<Order>(&(self.mchid.clone(), self.out_trade_no.clone()))
    }

    /// Nothing is to be closed any more.
    fn stop_waiting(&self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        crate::card::close_job(tx, JobKind::CloseRefund, self.job_subject())
    }

    /// Writes it and tells its merchant.
    fn tell(self, tx: &mut Tx<'_>, kind: FactKind) {
        tx.publish(kind, &self.mchid, self.out_refund_no.clone(), 0);
        tx.put(self);
    }
}

/// A card as people read it in a refund: bank, kind, last four digits.
fn card_name(card: &Card) -> String {
    let bank = Bank::find(&card.bank).map_or(card.bank.as_str(), |bank| bank.name(Language::ZhCn));
    let kind = match card.kind {
        CardKind::Debit => "借记卡",
        CardKind::Credit | CardKind::SemiCredit => "信用卡",
    };
    format!("{bank}{kind}{}", card.last_four)
}
