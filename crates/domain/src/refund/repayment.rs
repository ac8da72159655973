//! The money of a refund: posted, sent on its way, told of, and kept in mind by the order.

use super::{NoticeForm, Refund, RefundById, RefundChannel, RefundSource, RefundState};
use crate::card::{Card, CardState};
use crate::command::Halt;
use crate::complaint::{RefundNews, complaint_key, complaint_of, note_refund};
use crate::fact::FactKind;
use crate::fee::fee_refund_total;
use crate::ids::RefundPayoutId;
use crate::ledger::{Account, AccountNumber, JournalKind, Posting, Subject};
use crate::merchant::Merchant;
use crate::order::{CardPayment, Order};
use crate::profit::release_key;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::Wallet;
use kernel::Amount;

/// Where the money of a paid order goes back to.
pub(crate) enum RepaymentTarget {
    /// To the payer's balance: the account, and whether that is the way the money came.
    Balance(AccountNumber, RefundChannel),
    /// To the card that paid.
    Card(Box<Card>),
}

/// A refund whose order and amount are checked.
pub(crate) struct Repayment {
    /// The paid order, in the state that it has afterwards.
    pub(crate) order: Order,
    pub(crate) target: RepaymentTarget,
    pub(crate) amount: Amount,
    /// Which of the merchant's money is taken.
    pub(crate) source: RefundSource,
    pub(crate) out_refund_no: String,
    /// A new refund number, drawn by the edge.
    pub(crate) refund_id: String,
    /// A new id of a payout, should it go to a card.
    pub(crate) payout: RefundPayoutId,
    pub(crate) reason: Option<String>,
    pub(crate) notify_url: Option<String>,
    pub(crate) notice_form: NoticeForm,
}

/// The merchant does not have that much where it is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLittle;

impl RepaymentTarget {
    /// The card that paid, as long as its owner has it bound, or the payer's balance; `None` when
    /// that takes nothing any more.
    pub(crate) fn of(tx: &mut Tx<'_>, order: &Order) -> Result<Option<Self>, Halt> {
        want_all(tx, order)?;
        let mut channel = RefundChannel::Original;
        if let Some(payment) = order.card_payment {
            let card = tx.get::<CardPayment>(&payment)?.card;
            let card = tx.get::<Card>(&card)?;
            if card.state != CardState::Unbound {
                return Ok(Some(Self::Card(Box::new(card))));
            }
            channel = RefundChannel::Balance;
        }
        let payer =
            order.payer.ok_or_else(|| Halt::Defect("a paid order names its payer".into()))?;
        let wallet = tx.get::<Wallet>(&payer)?;
        Ok(wallet.may_receive().then_some(Self::Balance(wallet.balance_account, channel)))
    }
}

/// Asks in two rounds for what giving back the order's money reads, wherever it goes.
fn want_all(tx: &mut Tx<'_>, order: &Order) -> Result<(), Halt> {
    let payee = order.payee().to_owned();
    let system = &tx.rules().system;
    let accounts = [system.income_fee, system.transit_refund, order.unsettled_account];
    let payment = order.card_payment.map(|payment| RowKey::of::<CardPayment>(&payment));
    let wallet = order.payer.map(|payer| RowKey::of::<Wallet>(&payer));
    let first = [
        complaint_key(&order.mchid, &order.out_trade_no),
        release_key(order),
        RowKey::of::<Merchant>(&payee),
    ];
    let accounts = accounts.iter().map(RowKey::of::<Account>);
    tx.want(first.into_iter().chain(accounts).chain(payment).chain(wallet))?;
    let mut further: Vec<RowKey> = complaint_of(tx, order)?.into_iter().collect();
    if let Some(payment) = order.card_payment {
        further.push(RowKey::of::<Card>(&tx.look_at::<CardPayment>(&payment)?.card));
    }
    if let Some(payer) = order.payer {
        further.push(RowKey::of::<Account>(&tx.look_at::<Wallet>(&payer)?.balance_account));
    }
    further.push(RowKey::of::<Account>(&tx.look_at::<Merchant>(&payee)?.balance_account));
    tx.want(further)
}

impl Repayment {
    /// Takes the money from the merchant and gives it to the payer, or to transit on its way to a
    /// card; or says that the merchant has too little.
    pub(crate) fn post(mut self, tx: &mut Tx<'_>) -> Result<Result<(), TooLittle>, Halt> {
        if tx.find::<RefundById>(&self.refund_id)?.is_some() {
            return Err(Halt::Stale); // The edge drew a number that is taken; it draws again.
        }
        let amount = self.amount.minor();
        let refunded = self.order.refunded_minor + amount;
        let fee = self.fee(refunded)?;
        let Ok(unsettled) = self.unsettled(fee) else { return Ok(Err(TooLittle)) };
        let Ok(journal) = self.take(tx, fee, unsettled)? else { return Ok(Err(TooLittle)) };
        self.order.take_unsettled(tx, unsettled);
        self.order.refunded_minor = refunded;
        self.order.fee_refunded_minor += fee;
        self.order.refunds += 1;
        self.order.last_refund_at = Some(tx.now());
        self.send(tx, journal, fee, unsettled)?;
        Ok(Ok(()))
    }

    /// What of the merchant's fee goes back with it, once `refunded` of the order is, in fen.
    fn fee(&self, refunded: i64) -> Result<i64, Halt> {
        let order = &self.order;
        let total = fee_refund_total(order.fee_minor, order.amount.minor(), refunded);
        let total = total.ok_or_else(|| Halt::Defect("fee of a refund".into()))?;
        // Rounding may have given a fen more for refunds of which one was closed since.
        Ok((total - order.fee_refunded_minor).max(0))
    }

    /// What of it is taken from money that waits for sharing, in fen. The fee that goes back had
    /// been taken from that money, so it makes up for that part of it, and only then for the
    /// balance's.
    fn unsettled(&self, fee: i64) -> Result<i64, TooLittle> {
        let (amount, waits) = (self.amount.minor(), self.order.unsettled_minor);
        match self.source {
            // It goes back first: a merchant that shared nothing needs no balance.
            RefundSource::Unsettled => Ok((amount - fee).clamp(0, waits)),
            RefundSource::Balance => Ok(0),
            RefundSource::Named { unavailable_minor } => {
                let taken = (unavailable_minor - fee).max(0);
                if taken <= waits { Ok(taken) } else { Err(TooLittle) }
            }
        }
    }

    /// The journal that takes it from the merchant.
    fn take(
        &self,
        tx: &mut Tx<'_>,
        fee: i64,
        unsettled: i64,
    ) -> Result<Result<i64, TooLittle>, Halt> {
        let (order, amount) = (&self.order, self.amount.minor());
        let merchant = tx.get::<Merchant>(&order.payee().to_owned())?;
        let (kind, to) = match self.target {
            RepaymentTarget::Balance(account, _) => (JournalKind::Refund, account),
            RepaymentTarget::Card(_) => {
                (JournalKind::RefundStart, tx.rules().system.transit_refund)
            }
        };
        let posting = Posting::balanced(
            kind,
            Subject::new("refund", format_args!("{}:{}", order.mchid, self.out_refund_no)),
            self.amount.currency(),
            [
                (merchant.balance_account, fee + unsettled - amount),
                (order.unsettled_account, -unsettled),
                (tx.rules().system.income_fee, -fee),
                (to, amount),
            ],
        )?;
        Ok(tx.post(posting)?.map_err(|_| TooLittle))
    }

    /// Writes the refund and its order: it has arrived, or its card's bank is to be asked.
    fn send(
        self,
        tx: &mut Tx<'_>,
        journal: i64,
        fee_minor: i64,
        unsettled_minor: i64,
    ) -> Result<(), Halt> {
        let Self { mut order, out_refund_no, refund_id, .. } = self;
        let mchid = order.mchid.clone();
        let mut refund = Refund {
            mchid: mchid.clone(),
            sub_mchid: order.sub_mchid.clone(),
            out_refund_no: out_refund_no.clone(),
            refund_id: refund_id.clone(),
            out_trade_no: order.out_trade_no.clone(),
            transaction_id: order.transaction_id.clone().unwrap_or_default(),
            amount: self.amount,
            total: order.amount,
            reason: self.reason,
            notify_url: self.notify_url,
            notice_form: self.notice_form,
            state: RefundState::Processing,
            channel: RefundChannel::Original,
            card: None,
            card_name: None,
            payout: None,
            fee_minor,
            unsettled_minor,
            named_minor: self.source.named_minor(),
            created_at: tx.now(),
            succeeded_at: None,
            abnormal_at: None,
            closed_at: None,
            journal,
            end_journal: 0,
        };
        note_refund(tx, &order, RefundNews::Made(self.amount))?;
        match self.target {
            RepaymentTarget::Balance(_, channel) => {
                note_refund(tx, &order, RefundNews::Arrived(self.amount))?;
                tx.publish(FactKind::RefundSucceeded, &mchid, out_refund_no.clone(), journal);
                refund.channel = channel;
                refund.state = RefundState::Success;
                refund.succeeded_at = Some(tx.now());
                order.refund_arrived_minor += self.amount.minor();
            }
            RepaymentTarget::Card(card) => refund.send(tx, self.payout, *card)?,
        }
        tx.put(refund);
        tx.put(RefundById { refund_id, mchid, out_refund_no });
        tx.put(order);
        Ok(())
    }
}
