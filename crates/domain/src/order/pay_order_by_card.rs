//! A person pays an order from a bound card: the order waits until the bank has answered.

use super::due::Due;
use super::pay_order::Agreed;
use super::{CardPayment, CardPaymentState, PayOrder, PayOrderRefusal};
use crate::calendar::day_key;
use crate::card::{Card, CardBlocked, find_own};
use crate::command::{Command, Once, Stop};
use crate::ids::{CardId, CardPaymentId};
use crate::job::{Job, JobKind};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::check_password;

/// See the module. Limits of the balance do not count; those of the card's bank do.
#[derive(Clone, Debug)]
pub struct PayOrderByCard {
    /// What is paid by whom, as from the balance.
    pub order: PayOrder,
    /// The card.
    pub card: CardId,
    /// A new id.
    pub payment: CardPaymentId,
}

impl Command for PayOrderByCard {
    type Done = CardPaymentId;
    type Refusal = PayOrderRefusal;

    fn once(&self) -> Once {
        self.order.once.clone()
    }

    fn owner(&self) -> String {
        self.order.owner()
    }

    fn admit(&self, tx: &mut Tx<'_>) -> Result<(), Stop<PayOrderRefusal>> {
        self.order.admit(tx)
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<CardPaymentId, Stop<PayOrderRefusal>> {
        let order = &self.order;
        tx.want(order.keys().into_iter().chain([RowKey::of::<Card>(&self.card)]))?;
        let Agreed { due, wallet, .. } = order.agree(tx)?;
        let card = self.usable(tx, &due)?;
        check_password(tx, wallet.id, &order.password)?.map_err(PayOrderRefusal::Password)?;
        let bank = tx.rules().bank_limits.of(&card.bank, card.kind);
        let (day, minor) = (day_key(tx.now().business_date()), order.amount.minor());
        let card = card.after_start(day, minor);
        if minor > bank.single_minor || card.debited_day > bank.day_minor {
            return Err(PayOrderRefusal::CardLimit.into());
        }
        tx.put(CardPayment {
            id: self.payment,
            wallet: wallet.id,
            card: card.id,
            prepay_id: order.prepay_id.clone(),
            amount: order.amount,
            state: CardPaymentState::BankProcessing,
            failure: None,
            bank_ref: None,
            journal: 0,
            day,
            suspended_minor: 0,
            created_at: tx.now(),
            ended_at: None,
        });
        tx.put(card);
        due.begin(tx, &wallet, self.payment);
        tx.schedule(Job::new(JobKind::SubmitCardPayment, self.payment, tx.now()));
        Ok(self.payment)
    }
}

impl PayOrderByCard {
    /// The card, if it can pay this.
    fn usable(&self, tx: &mut Tx<'_>, due: &Due) -> Result<Card, Stop<PayOrderRefusal>> {
        let card = find_own(tx, self.order.wallet, self.card)?;
        let card = card.ok_or(PayOrderRefusal::CardNotFound)?;
        card.check_usable().map_err(|blocked| match blocked {
            CardBlocked::Unbound => PayOrderRefusal::CardNotFound,
            CardBlocked::Suspended => PayOrderRefusal::CardSuspended,
        })?;
        if due.takes(card.kind) { Ok(card) } else { Err(PayOrderRefusal::CardNotTaken.into()) }
    }
}
