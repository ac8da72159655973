//! What a person pays: one order, by its prepay id or by a payment code, or all parts of a combined
//! one.
//!
//! Whoever is paid has the money at once, or, of an order placed for profit sharing, in the account
//! where it waits.

use super::{
    CombinedOrder, Order, OrderByPrepay, OrderByTransaction, OrderState, PayOrderRefusal,
    PrepayKind, TradeType,
};
use crate::command::Halt;
use crate::fact::FactKind;
use crate::fee::merchant_fee;
use crate::ids::{CardPaymentId, UserId, WalletId};
use crate::ledger::{AccountNumber, JournalKind, Posting, Shortfall, Subject};
use crate::merchant::{Merchant, MerchantState, Openid, OpenidKeys};
use crate::profit::release_job;
use crate::record::RowKey;
use crate::tx::Tx;
use crate::validate::bin_table::CardKind;
use crate::wallet::Wallet;
use kernel::{Amount, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many digits of a payment number count the parts: they leave its day as it is.
const TAIL: usize = 14;
const TAIL_NUMBERS: u64 = 100_000_000_000_000;

/// See the module.
pub(crate) struct Due {
    combined: Option<CombinedOrder>,
    /// At least one, all in the same state.
    parts: Vec<Order>,
}

/// Who is paid by each order, and under which number.
pub(crate) struct Payees(Vec<(Arc<Merchant>, String)>);

/// Where the money of a payment comes from.
pub(crate) enum Funds {
    /// From the payer's balance.
    Balance,
    /// From a card.
    Card {
        /// The payment at the bank.
        payment: CardPaymentId,
        /// Bank and kind of the card, as merchants see it.
        bank_type: String,
    },
}

impl Funds {
    /// The account that pays, the card payment, and the bank type.
    fn split(self, tx: &Tx<'_>, wallet: &Wallet) -> (i64, Option<CardPaymentId>, Option<String>) {
        match self {
            Self::Balance => (wallet.balance_account, None, None),
            Self::Card { payment, bank_type } => {
                (tx.rules().system.bank, Some(payment), Some(bank_type))
            }
        }
    }
}

/// What paying came to.
pub(crate) struct Paid {
    /// When, business time.
    pub(crate) at: Timestamp,
    /// The journal.
    pub(crate) journal: i64,
}

impl Due {
    /// One order, that a code was charged for.
    pub(crate) fn by_code(order: Order) -> Self {
        Self { combined: None, parts: vec![order] }
    }

    /// Reads what the prepay id leads to.
    pub(super) fn load(tx: &mut Tx<'_>, session: &OrderByPrepay) -> Result<Self, Halt> {
        let key = (session.mchid.clone(), session.out_trade_no.clone());
        match session.kind {
            PrepayKind::Order => Ok(Self { combined: None, parts: vec![tx.get::<Order>(&key)?] }),
            PrepayKind::CombinedOrder => {
                let combined = tx.get::<CombinedOrder>(&key)?;
                let parts = combined.load_parts(tx)?;
                Ok(Self { combined: Some(combined), parts })
            }
        }
    }

    /// The rows that lead on from the session alone.
    pub(super) fn keys(session: &OrderByPrepay) -> Vec<RowKey> {
        let key = (session.mchid.clone(), session.out_trade_no.clone());
        let order = match session.kind {
            PrepayKind::Order => RowKey::of::<Order>(&key),
            PrepayKind::CombinedOrder => RowKey::of::<CombinedOrder>(&key),
        };
        vec![order, RowKey::of::<Merchant>(&session.mchid)]
    }

    fn first(&self) -> &Order {
        self.parts.first().expect("an order was read, or at least one part")
    }

    /// What the payer pays.
    pub(super) fn amount(&self) -> Amount {
        self.combined.as_ref().map_or(self.first().amount, |combined| combined.amount)
    }

    /// Whether a card of this kind can pay it.
    pub(super) fn takes(&self, kind: CardKind) -> bool {
        self.first().cards_taken.takes(kind)
    }

    /// Whether the balance can pay it.
    pub(super) fn takes_balance(&self) -> bool {
        self.first().takes_balance
    }

    /// Whether a payment code was charged for it.
    pub(super) fn is_by_code(&self) -> bool {
        self.first().trade_type == TradeType::Micropay
    }

    /// Checks that this wallet can pay it at `now` (business time).
    pub(super) fn check_open(
        &self,
        wallet: WalletId,
        now: Timestamp,
    ) -> Result<(), PayOrderRefusal> {
        let (state, is_open) = match &self.combined {
            Some(combined) => (combined.state, combined.is_open(now)),
            None => (self.first().state, self.first().is_open(now)),
        };
        match state {
            OrderState::UserPaying if self.first().payer != Some(wallet) => {
                Err(PayOrderRefusal::PayerMismatch)
            }
            OrderState::NotPay | OrderState::UserPaying if is_open => Ok(()),
            OrderState::NotPay | OrderState::UserPaying => Err(PayOrderRefusal::Expired),
            OrderState::PayError => Err(PayOrderRefusal::Refused),
            OrderState::Revoked => Err(PayOrderRefusal::Revoked),
            OrderState::BankPending => Err(PayOrderRefusal::ResultUnknown),
            OrderState::Success => Err(PayOrderRefusal::AlreadyPaid),
            OrderState::Closed => Err(PayOrderRefusal::Closed),
        }
    }

    /// Asks in one round for what `name_payer` and `payees` read.
    pub(super) fn want_names_and_payees(
        &self,
        tx: &mut Tx<'_>,
        keys: &OpenidKeys,
        payer: UserId,
        drawn: &str,
    ) -> Result<(), Halt> {
        let mut rows = self.payee_keys(&self.part_numbers(drawn)?);
        for part in &self.parts {
            for appid in [Some(&part.appid), part.sub_appid.as_ref()].into_iter().flatten() {
                let older = keys.older(appid, payer);
                rows.extend(older.map(|openid| RowKey::of::<Openid>(&openid)));
            }
        }
        tx.want(rows)
    }

    /// Gives the payer's names to the orders; `false` when they are for another payer.
    pub(crate) fn name_payer(
        &mut self,
        tx: &mut Tx<'_>,
        keys: &OpenidKeys,
        payer: UserId,
    ) -> Result<bool, Halt> {
        for part in &mut self.parts {
            let openid = keys.name_of(tx, &part.appid, payer)?;
            let sub_openid = match &part.sub_appid {
                Some(appid) => Some(keys.name_of(tx, appid, payer)?),
                None => None,
            };
            let is_bound = part.openid.as_ref().is_none_or(|bound| *bound == openid)
                && part.sub_openid.as_ref().is_none_or(|bound| Some(bound) == sub_openid.as_ref());
            if !is_bound {
                return Ok(false);
            }
            if let Some(combined) = &mut self.combined {
                combined.payer_openid = Some(openid.clone());
            }
            part.payer_openid = Some(openid);
            part.payer_sub_openid = sub_openid;
        }
        Ok(true)
    }

    /// Who is paid; `None` when one of them, or who asks for them, is not in business. `drawn` is
    /// the number that the edge drew for the payment.
    pub(crate) fn payees(&self, tx: &mut Tx<'_>, drawn: &str) -> Result<Option<Payees>, Halt> {
        let numbers = self.part_numbers(drawn)?;
        tx.want(self.payee_keys(&numbers))?;
        let mut payees = Vec::with_capacity(self.parts.len());
        for (part, number) in self.parts.iter().zip(numbers) {
            let payee = tx.look_at::<Merchant>(&part.payee().to_owned())?;
            let asks = tx.look_at::<Merchant>(&part.mchid)?;
            if [&payee, &asks].iter().any(|merchant| merchant.state == MerchantState::Suspended) {
                return Ok(None);
            }
            payees.push((payee, number));
        }
        Ok(Some(Payees(payees)))
    }

    /// Pays, or says that the balance is too low: one journal, one fact, and every order knows its
    /// own number of the payment.
    pub(crate) fn pay(
        self,
        tx: &mut Tx<'_>,
        (wallet, funds): (&Wallet, Funds),
        Payees(payees): Payees,
        transaction_id: &str,
    ) -> Result<Result<Paid, Shortfall>, Halt> {
        let (payer_account, card_payment, bank_type) = funds.split(tx, wallet);
        let mut legs = BTreeMap::from([(payer_account, -self.amount().minor())]);
        let mut fees = Vec::with_capacity(self.parts.len());
        let mut add = |account: AccountNumber, amount: i64| {
            *legs.entry(account).or_default() += amount;
        };
        for (part, (payee, _)) in self.parts.iter().zip(&payees) {
            let (amount, fee) = (part.amount.minor(), fee(part, payee)?);
            let to = if part.is_shared() { part.unsettled_account } else { payee.balance_account };
            add(to, amount - fee);
            add(tx.rules().system.income_fee, fee);
            fees.push(fee);
        }
        let posting = Posting::balanced(
            JournalKind::Payment,
            self.subject(),
            self.amount().currency(),
            legs,
        )?;
        let journal = match tx.post(posting)? {
            Ok(journal) => journal,
            Err(shortfall) => return Ok(Err(shortfall)),
        };
        let paid_at = tx.now();
        for ((mut part, fee), (_, number)) in self.parts.into_iter().zip(fees).zip(payees) {
            if tx.look::<OrderByTransaction>(&number)?.is_some() {
                return Err(Halt::Stale); // The edge drew a number that is taken; it draws again.
            }
            tx.put(OrderByTransaction {
                transaction_id: number.clone(),
                mchid: part.mchid.clone(),
                out_trade_no: part.out_trade_no.clone(),
            });
            if self.combined.is_none() {
                let number = part.out_trade_no.clone();
                tx.publish(FactKind::PaymentSucceeded, &part.mchid, number, journal);
            }
            part.state = OrderState::Success;
            part.payer = Some(wallet.id);
            part.payer_account = payer_account;
            part.card_payment = card_payment;
            part.bank_type.clone_from(&bank_type);
            part.transaction_id = Some(number);
            part.paid_at = Some(paid_at);
            part.journal = journal;
            part.fee_minor = fee;
            if part.is_shared() {
                part.unsettled_minor = part.amount.minor() - fee;
                tx.schedule(release_job(&part, paid_at, tx.rules()));
            }
            tx.put(part);
        }
        if let Some(mut combined) = self.combined {
            let (kind, number) = (FactKind::CombinedPaymentSucceeded, &combined.out_trade_no);
            tx.publish(kind, &combined.mchid, number.clone(), journal);
            combined.state = OrderState::Success;
            combined.transaction_id = Some(transaction_id.to_owned());
            combined.paid_at = Some(paid_at);
            combined.journal = journal;
            tx.put(combined);
        }
        Ok(Ok(Paid { at: paid_at, journal }))
    }

    /// Writes it as it is, to be paid later.
    pub(crate) fn wait(self, tx: &mut Tx<'_>) {
        for part in self.parts {
            tx.put(part);
        }
    }

    /// Waits for the bank of a card.
    pub(super) fn begin(mut self, tx: &mut Tx<'_>, wallet: &Wallet, payment: CardPaymentId) {
        for part in &mut self.parts {
            part.payer = Some(wallet.id);
            part.card_payment = Some(payment);
        }
        self.put_unpaid(tx, OrderState::BankPending);
    }

    /// Whether it waits for this card payment.
    pub(super) fn awaits(&self, payment: CardPaymentId) -> bool {
        self.first().awaits(payment)
    }

    /// Whether its time is over at `now` (business time), whatever the timer has done about it.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.first().expires_at <= now
    }

    /// Is never paid.
    pub(super) fn close(self, tx: &mut Tx<'_>) -> Result<(), Halt> {
        if let Some(combined) = self.combined {
            return combined.close(tx);
        }
        for part in self.parts {
            tx.put(part.closed());
        }
        Ok(())
    }

    /// Can be paid again: the card did not pay.
    pub(super) fn reopen(mut self, tx: &mut Tx<'_>) {
        for part in &mut self.parts {
            part.payer = None;
        }
        self.put_unpaid(tx, OrderState::NotPay);
    }

    /// A payer is named to merchants only once it is paid.
    fn put_unpaid(self, tx: &mut Tx<'_>, state: OrderState) {
        for part in self.parts {
            tx.put(Order { state, payer_openid: None, payer_sub_openid: None, ..part });
        }
        if let Some(combined) = self.combined {
            tx.put(CombinedOrder { state, payer_openid: None, ..combined });
        }
    }

    /// The payment numbers of the orders. A single order has the number that was drawn; the parts
    /// of a combined one have those that follow it, which may be taken like any other.
    fn part_numbers(&self, drawn: &str) -> Result<Vec<String>, Halt> {
        if self.combined.is_none() {
            return Ok(vec![drawn.to_owned()]);
        }
        let cut = drawn.len().saturating_sub(TAIL);
        let (head, tail) = drawn.split_at_checked(cut).unwrap_or_default();
        let first: u64 = tail
            .parse()
            .map_err(|_| Halt::Defect("the number of a payment ends with digits".into()))?;
        let number =
            |part: u64| format!("{head}{:0width$}", (first + part) % TAIL_NUMBERS, width = TAIL);
        Ok((1..).map(number).take(self.parts.len()).collect())
    }

    /// The merchants of the orders, and what may have their payment numbers.
    fn payee_keys(&self, numbers: &[String]) -> Vec<RowKey> {
        let mut keys: Vec<_> = numbers.iter().map(RowKey::of::<OrderByTransaction>).collect();
        for part in &self.parts {
            keys.push(RowKey::of::<Merchant>(&part.payee().to_owned()));
            keys.push(RowKey::of::<Merchant>(&part.mchid));
        }
        keys
    }

    fn subject(&self) -> Subject {
        let (kind, mchid, number) = match &self.combined {
            Some(combined) => ("combined_order", &combined.mchid, &combined.out_trade_no),
            None => ("order", &self.first().mchid, &self.first().out_trade_no),
        };
        Subject::new(kind, format_args!("{mchid}:{number}"))
    }
}

fn fee(order: &Order, payee: &Merchant) -> Result<i64, Halt> {
    let amount = order.amount.minor();
    let fee = u32::try_from(payee.fee_bp).ok().and_then(|bp| merchant_fee(amount, bp));
    let fee = fee.filter(|fee| (0..=amount).contains(fee));
    fee.ok_or_else(|| Halt::Defect(format!("fee of merchant {}", payee.mchid)))
}
