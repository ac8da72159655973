//! The bank answers about the payment of an order from a card, possibly late, twice, or against its
//! own earlier word.
//!
//! Money that comes for an order which cannot be paid any more goes back to the card by itself.
//! What the bank reports besides lies in suspense, as with every movement at the bank.

use super::due::{Due, Funds, Paid};
use super::{CardPayment, CardPaymentState, OrderByPrepay};
use crate::card::{
    BankAnswer, BankMovement, Card, CardState, Report, Return, ask_again, close_job, suspend,
};
use crate::catalogue::Code;
use crate::command::{Command, Halt, Never, Once, Stop};
use crate::ids::{CardPaymentId, RefundPayoutId};
use crate::job::{Job, JobKind};
use crate::ledger::{JournalKind, Posting};
use crate::merchant::OpenidKeys;
use crate::record::RowKey;
use crate::refund::{PayoutOrigin, RefundPayout};
use crate::tx::Tx;
use crate::validate::bin_table::bank_type;
use crate::wallet::Wallet;

/// See the module.
#[derive(Clone, Debug)]
pub struct RecordCardPayment {
    /// The card payment.
    pub payment: CardPaymentId,
    /// The answer.
    pub answer: BankAnswer,
    /// A new payment number, drawn by the edge.
    pub transaction_id: String,
    /// Under which the payer has a name for the order's app id.
    pub openid_keys: OpenidKeys,
    /// A new id, should the money go back.
    pub payout: RefundPayoutId,
}

impl Command for RecordCardPayment {
    /// Where the card payment stands.
    type Done = CardPaymentState;
    type Refusal = Never;

    fn once(&self) -> Once {
        Once::State
    }

    fn owner(&self) -> String {
        "worker".into()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<CardPaymentState, Stop<Never>> {
        let payment = tx.get::<CardPayment>(&self.payment)?;
        let is_open = payment.is_open();
        Ok(match &self.answer {
            BankAnswer::Done { bank_ref } => self.done(tx, payment, bank_ref)?,
            BankAnswer::Returned { bank_ref, why } => returned(tx, payment, bank_ref, why.code())?,
            BankAnswer::Declined(why) if is_open => fail(tx, payment, why.code())?,
            BankAnswer::Declined(why) => match payment.bank_ref.clone() {
                Some(bank_ref) => returned(tx, payment, &bank_ref, why.code())?,
                None => payment.state,
            },
            BankAnswer::Pending => wait(tx, payment, CardPaymentState::BankProcessing)?,
            BankAnswer::NotSeen if is_open && !payment.may_be_sent(tx.now(), tx.rules()) => {
                fail(tx, payment, Code::BankSystemError)?
            }
            BankAnswer::Unknown | BankAnswer::NotSeen => {
                wait(tx, payment, CardPaymentState::Unknown)?
            }
        })
    }
}

impl RecordCardPayment {
    fn done(
        &self,
        tx: &mut Tx<'_>,
        mut payment: CardPayment,
        bank_ref: &str,
    ) -> Result<CardPaymentState, Halt> {
        let subject = payment.subject();
        let report = Report { subject: &subject, bank_ref, amount: payment.amount };
        let of_done =
            [RowKey::of::<BankMovement>(&report.key()), RowKey::of::<RefundPayout>(&self.payout)];
        tx.want(end_keys(&payment).into_iter().chain(of_done))?;
        if !report.is_new(tx)? {
            return Ok(payment.state);
        }
        if payment.bank_ref.is_some() {
            let minor = payment.amount.minor();
            let journal = suspend(tx, &subject, payment.amount, minor)?;
            report.keep_done(tx, journal);
            payment.suspended_minor += if journal > 0 { minor } else { 0 };
            let state = payment.state;
            tx.put(payment);
            return Ok(state);
        }
        let mut card = tx.get::<Card>(&payment.card)?;
        if payment.is_open() {
            card = card.after_success();
            close_job(tx, JobKind::SubmitCardPayment, payment.id.to_string())?;
        }
        payment.bank_ref = Some(bank_ref.to_owned());
        payment.ended_at = Some(tx.now());
        payment.failure = None;
        match self.pay(tx, &payment, &card)? {
            Some(paid) => {
                (payment.state, payment.journal) = (CardPaymentState::Success, paid.journal);
                tx.put(card);
            }
            None => self.give_back(tx, &mut payment, card)?,
        }
        report.keep_done(tx, payment.journal);
        let state = payment.state;
        tx.put(payment);
        Ok(state)
    }

    /// Pays the order, if it waits for this and its merchants are in business; else it can be paid
    /// again, or closes if its time is over: whether bank or timer comes first decides nothing.
    fn pay(
        &self,
        tx: &mut Tx<'_>,
        payment: &CardPayment,
        card: &Card,
    ) -> Result<Option<Paid>, Halt> {
        let Some(mut due) = awaiting(tx, payment)? else { return Ok(None) };
        if due.is_over(tx.now()) {
            due.close(tx)?;
            return Ok(None);
        }
        let wallet = tx.get::<Wallet>(&payment.wallet)?;
        due.want_names_and_payees(tx, &self.openid_keys, wallet.user, &self.transaction_id)?;
        let is_theirs = due.name_payer(tx, &self.openid_keys, wallet.user)?;
        let payees = due.payees(tx, &self.transaction_id)?.filter(|_| is_theirs);
        let Some(payees) = payees else {
            due.reopen(tx);
            return Ok(None);
        };
        let bank_type = bank_type(&card.bank, card.kind);
        let funds = Funds::Card { payment: payment.id, bank_type };
        let paid = due.pay(tx, (&wallet, funds), payees, &self.transaction_id)?;
        paid.map(Some).map_err(|short| {
            let account = short.account;
            Halt::Defect(format!("account {account} is short for card payment {}", payment.id))
        })
    }

    /// The money goes back to its card; to the balance, if that is not bound any more.
    fn give_back(
        &self,
        tx: &mut Tx<'_>,
        payment: &mut CardPayment,
        card: Card,
    ) -> Result<(), Halt> {
        let system = tx.rules().system;
        if card.state == CardState::Unbound {
            tx.put(card);
            return payment.return_to_balance(tx, JournalKind::LatePayment, system.bank);
        }
        let minor = payment.amount.minor();
        let legs = [(system.bank, -minor), (system.transit_refund, minor)];
        payment.journal = payment.post(tx, JournalKind::LatePayment, legs)?;
        payment.state = CardPaymentState::Refunding;
        RefundPayout::start(
            tx,
            self.payout,
            PayoutOrigin::LatePayment(payment.id),
            card,
            payment.amount,
        )
    }
}

impl CardPayment {
    /// Ends a payment that came too late: its money leaves `from` for the payer's balance, or for
    /// suspense if nothing can come in there any more.
    pub(crate) fn return_to_balance(
        &mut self,
        tx: &mut Tx<'_>,
        kind: JournalKind,
        from: i64,
    ) -> Result<(), Halt> {
        let wallet = tx.get::<Wallet>(&self.wallet)?;
        let minor = self.amount.minor();
        let to = if wallet.may_receive() {
            wallet.balance_account
        } else {
            self.suspended_minor += minor;
            tx.rules().system.suspense
        };
        let journal = self.post(tx, kind, [(from, -minor), (to, minor)])?;
        if kind == JournalKind::LatePayment {
            self.journal = journal;
        }
        self.state = CardPaymentState::Refunded;
        Ok(())
    }

    fn post(&self, tx: &mut Tx<'_>, kind: JournalKind, legs: [(i64, i64); 2]) -> Result<i64, Halt> {
        let posting = Posting::balanced(kind, self.subject(), self.amount.currency(), legs)?;
        let posted = tx.post(posting)?;
        posted.map_err(|short| {
            Halt::Defect(format!("account {} is short for card payment {}", short.account, self.id))
        })
    }
}

/// What the payment pays, if that waits for it.
fn awaiting(tx: &mut Tx<'_>, payment: &CardPayment) -> Result<Option<Due>, Halt> {
    let session = tx.get::<OrderByPrepay>(&payment.prepay_id)?;
    tx.want(Due::keys(&session))?;
    Ok(Some(Due::load(tx, &session)?).filter(|due| due.awaits(payment.id)))
}

fn wait(
    tx: &mut Tx<'_>,
    payment: CardPayment,
    state: CardPaymentState,
) -> Result<CardPaymentState, Halt> {
    if !payment.is_open() {
        return Ok(payment.state);
    }
    ask_again(tx, JobKind::SubmitCardPayment, payment.id.to_string())?;
    if payment.state != state {
        tx.put(CardPayment { state, ..payment });
    }
    Ok(state)
}

/// The rows of an end, to be asked for in one round: a combined order takes many more.
fn end_keys(payment: &CardPayment) -> [RowKey; 4] {
    [
        RowKey::of::<Wallet>(&payment.wallet),
        RowKey::of::<Card>(&payment.card),
        RowKey::of::<OrderByPrepay>(&payment.prepay_id),
        RowKey::of::<Job>(&(JobKind::SubmitCardPayment, payment.id.to_string())),
    ]
}

/// The money went back to the card: it is missing at the bank, and an officer has to look.
fn returned(
    tx: &mut Tx<'_>,
    mut payment: CardPayment,
    bank_ref: &str,
    why: Code,
) -> Result<CardPaymentState, Halt> {
    let subject = payment.subject();
    let minor = payment.amount.minor();
    let report = Report { subject: &subject, bank_ref, amount: payment.amount };
    match report.keep_returned(tx)? {
        Return::Unheard if payment.is_open() => fail(tx, payment, why),
        Return::Known | Return::Unheard => Ok(payment.state),
        Return::Undoes { journal } => {
            if journal > 0 && suspend(tx, &subject, payment.amount, -minor)? > 0 {
                payment.suspended_minor -= minor;
            }
            let state = payment.state;
            tx.put(payment);
            Ok(state)
        }
    }
}

/// Ends without money; the order can be paid again.
fn fail(tx: &mut Tx<'_>, mut payment: CardPayment, why: Code) -> Result<CardPaymentState, Halt> {
    tx.want(end_keys(&payment))?;
    if let Some(due) = awaiting(tx, &payment)? {
        due.reopen(tx);
    }
    let card = tx.get::<Card>(&payment.card)?;
    tx.put(card.after_failure(why, payment.day, payment.amount.minor(), tx.rules()));
    close_job(tx, JobKind::SubmitCardPayment, payment.id.to_string())?;
    (payment.state, payment.failure) = (CardPaymentState::Failed, Some(why));
    payment.ended_at = Some(tx.now());
    tx.put(payment);
    Ok(CardPaymentState::Failed)
}
