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
use crate::ids::{UserId, WalletId};
use crate::ledger::{AccountNumber, JournalKind, Posting, Shortfall, Subject};
use crate::merchant::{Merchant, MerchantState, OpenidKeys};
use crate::profit::release_job;
use crate::record::RowKey;
use crate::tx::Tx;
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
        self.parts.first().expect("an order was read, or parts of at least two")
    }

    /// What the payer pays.
    pub(super) fn amount(&self) -> Amount {
        self.combined.as_ref().map_or(self.first().amount, |combined| combined.amount)
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
        let everybody = self.parts.iter().flat_map(|part| [part.payee(), &part.mchid]);
        let keys: Vec<String> = everybody.map(str::to_owned).collect();
        let merchants = keys.iter().map(RowKey::of::<Merchant>);
        tx.want(merchants.chain(numbers.iter().map(RowKey::of::<OrderByTransaction>)))?;
        let mut payees = Vec::with_capacity(self.parts.len());
        for (pair, number) in keys.chunks_exact(2).zip(numbers) {
            let payee = tx.look_at::<Merchant>(&pair[0])?;
            let asks = tx.look_at::<Merchant>(&pair[1])?;
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
        wallet: &Wallet,
        Payees(payees): Payees,
        transaction_id: &str,
    ) -> Result<Result<Timestamp, Shortfall>, Halt> {
        let mut legs = BTreeMap::from([(wallet.balance_account, -self.amount().minor())]);
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
            part.payer_account = wallet.balance_account;
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
        Ok(Ok(paid_at))
    }

    /// Writes it as it is, to be paid later.
    pub(crate) fn wait(self, tx: &mut Tx<'_>) {
        for part in self.parts {
            tx.put(part);
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
