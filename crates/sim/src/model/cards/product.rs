//! The product as this model sees it.

use super::reference::{Cards, FEE_BP};
use super::{CardSequences, Deed};
use crate::model::ask::{Answer, Ask, BankSays, Index, Serial, What};
use crate::model::cast::Kind;
use crate::model::house::House;
use crate::model::product::{Product, done};
use crate::model::reference::{Merchant as Figures, Reference};
use crate::model::twin::{Seen, Twin};
use domain::Tx;
use domain::card::{BankAnswer, BankDecline, BankOperation, Card, CardByNumber};
use domain::ids::{CardPaymentId, RefundPayoutId};
use domain::ledger::{Account, AccountNumber, OwnerKind, Purpose};
use domain::merchant_transfer::NameCheck;
use domain::order::{CardPayment, Order, PayOrderByCard, ProfitSharing, RecordCardPayment};
use domain::record::RowKey;
use domain::refund::{
    AbnormalTarget, ApplyAbnormalRefund, CloseRefund, RecordRefundPayout, Refund, RefundPayout,
    RefundSource,
};
use domain::testing::{self, Plant};
use engine::Engine;
use kernel::Currency;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody with two debit cards.
const PAYER: Index = 2;

/// See the module.
pub struct Till {
    product: Product,
    accounts: Vec<AccountNumber>,
    before: Vec<i64>,
    asked: Serial,
    amounts: Vec<i64>,
    payments: BTreeSet<Serial>,
    /// Refunds, and which deed made each.
    refunds: BTreeMap<Index, Serial>,
    /// Payouts that may have been made: not every deed that could make one does.
    payouts: BTreeSet<Serial>,
}

impl Twin<CardSequences> for Till {
    fn enter(house: &House, engine: &Engine, model: &Cards) -> Self {
        Self::new(house, engine, model)
    }

    fn ask(&mut self, deed: &Deed) -> Seen {
        (self.do_it(deed), self.balances(), self.states())
    }

    fn expect(model: &mut Cards, deed: &Deed) -> Seen {
        (model.ask(deed), model.balances(), model.states())
    }
}

impl Till {
    /// Brings a new cast into the house.
    fn new(house: &House, engine: &Engine, model: &Cards) -> Self {
        let mut cast = Reference { rules: model.rules.clone(), ..Reference::default() };
        cast.merchants = vec![Figures { fee_bp: FEE_BP, ..Figures::default() }; 2];
        let product = Product::new(house, engine, &cast);
        let mut till = Self {
            product,
            accounts: Vec::new(),
            before: Vec::new(),
            asked: 0,
            amounts: Vec::new(),
            payments: BTreeSet::new(),
            refunds: BTreeMap::new(),
            payouts: BTreeSet::new(),
        };
        till.accounts = till.furnish();
        till.before = till.look();
        till
    }

    /// Makes the cards known by their numbers; gives the accounts, in the order in which balances
    /// are compared.
    fn furnish(&self) -> Vec<AccountNumber> {
        let cast = self.product.cast.clone();
        let system = self.product.engine.rules().system;
        let put = move |tx: &mut Tx<'_>| {
            for card in [cast.card(PAYER, 0), cast.card(PAYER, 1)] {
                let Card { wallet, number_index, .. } = tx.get::<Card>(&card)?;
                tx.put(CardByNumber { wallet, number_index, card });
            }
            let (kind, cny) = (OwnerKind::Merchant, Currency::Cny);
            let unsettled = tx.open_account(kind, &cast.mchid(0), Purpose::Unsettled, cny)?;
            // Six people come before the merchants.
            let [payer, merchant] = [cast.accounts[PAYER], cast.accounts[6]];
            let [transit, fees] = [system.transit_refund, system.income_fee];
            Ok(vec![payer, merchant, unsettled, transit, fees, system.bank, system.suspense])
        };
        self.product.engine.run_blocking(Plant(put)).expect("putting rows refuses nothing")
    }

    fn look(&self) -> Vec<i64> {
        let accounts = self.accounts.clone();
        let looked: Result<Vec<i64>, _> =
            self.product.engine.run_blocking(Plant(move |tx: &mut Tx<'_>| {
                tx.want(accounts.iter().map(RowKey::of::<Account>))?;
                accounts.iter().map(|number| Ok(tx.get::<Account>(number)?.balance)).collect()
            }));
        looked.expect("looking refuses nothing")
    }

    /// What everybody holds, in the order of the model.
    fn balances(&self) -> Vec<i64> {
        self.look().iter().zip(&self.before).map(|(now, before)| now - before).collect()
    }

    /// Where orders, payments, refunds and payouts stand.
    fn states(&self) -> Vec<String> {
        let cast = &self.product.cast;
        let orders: Vec<_> = (0..self.amounts.len()).map(|order| cast.order((0, order))).collect();
        let payments: Vec<_> = self.payments.iter().map(|one| self.payment(*one)).collect();
        let refunds: Vec<_> = self.refunds.keys().map(|refund| self.refund_key(*refund)).collect();
        let payouts: Vec<_> = self.payouts.iter().map(|one| self.payout(*one)).collect();
        let look = Plant(move |tx: &mut Tx<'_>| {
            tx.want(orders.iter().map(RowKey::of::<Order>))?;
            tx.want(payments.iter().map(RowKey::of::<CardPayment>))?;
            tx.want(refunds.iter().map(RowKey::of::<Refund>))?;
            tx.want(payouts.iter().map(RowKey::of::<RefundPayout>))?;
            let mut states = Vec::new();
            for order in &orders {
                states.push(tx.get::<Order>(order)?.state.as_str().to_owned());
            }
            for payment in &payments {
                states.push(tx.get::<CardPayment>(payment)?.state.as_str().to_owned());
            }
            for refund in &refunds {
                states.push(tx.get::<Refund>(refund)?.state.as_str().to_owned());
            }
            for payout in &payouts {
                let made = tx.find::<RefundPayout>(payout)?;
                states.extend(made.map(|payout| payout.state.as_str().to_owned()));
            }
            Ok(states)
        });
        self.product.engine.run_blocking(look).expect("looking refuses nothing")
    }

    fn payment(&self, serial: Serial) -> CardPaymentId {
        CardPaymentId::from_bytes(self.product.cast.id(Kind::Movement, serial))
    }

    fn payout(&self, serial: Serial) -> RefundPayoutId {
        testing::payout_of(&self.product.cast.number("50", serial))
    }

    fn refund_key(&self, refund: Index) -> (String, String) {
        let mchid = self.product.cast.mchid(0);
        let number = format!("{mchid}-R{refund}");
        (mchid, number)
    }

    fn do_it(&mut self, deed: &Deed) -> Answer {
        self.asked += 1;
        let answer = self.run(*deed);
        if matches!(answer, Answer::Done(..)) {
            match *deed {
                Deed::Place { amount, .. } => self.amounts.push(amount),
                Deed::Pay { .. } => drop(self.payments.insert(self.asked)),
                Deed::Refund { refund, .. } => {
                    self.refunds.entry(refund).or_insert(self.asked);
                    self.payouts.insert(self.asked);
                }
                Deed::Says { .. } | Deed::Apply { .. } => drop(self.payouts.insert(self.asked)),
                _ => {}
            }
        }
        answer
    }

    fn run(&mut self, deed: Deed) -> Answer {
        let of_order = |order| Ask { number: (0, order), ..Ask::of(What::Close) };
        match deed {
            Deed::Wait(time) => self.product.ask(&Ask { amount: time, ..Ask::of(What::Wait) }),
            Deed::Suspend(is_on) => self.product.ask(&Ask::of(What::Suspend(is_on))),
            Deed::Stand(to) => self.product.ask(&Ask { who: PAYER, ..Ask::of(What::Stand(to)) }),
            Deed::Place { amount, is_shared, life_s } => {
                let life_s = Some(life_s);
                let sharing = if is_shared { ProfitSharing::Yes } else { ProfitSharing::No };
                let what = What::Place { life_s, payer: None };
                let (number, serial) = ((0, self.amounts.len()), self.asked);
                let ask = Ask { number, serial, amount, ..Ask::of(what) };
                plain(self.product.place(&ask, (life_s, None), sharing))
            }
            Deed::Pay { order, card } => self.pay(order, card),
            Deed::Close(order) => self.product.ask(&of_order(order)),
            Deed::Expire(order) => self.product.ask(&Ask { what: What::Expire, ..of_order(order) }),
            Deed::Says { payment, says } => {
                let command = RecordCardPayment {
                    payment: self.payment(payment),
                    answer: self.answer(payment, says, BankOperation::Payment),
                    transaction_id: self.product.cast.number("42", self.asked),
                    openid_keys: self.product.openid_keys(),
                    payout: self.payout(self.asked),
                };
                self.product.run(command, |state| done(0, 0, state.as_str()))
            }
            Deed::PaidOut { payout, says } => {
                let answer = self.answer(payout, says, BankOperation::Refund);
                let command = RecordRefundPayout { payout: self.payout(payout), answer };
                self.product.run(command, |state| done(0, 0, state.as_str()))
            }
            Deed::Refund { refund, order, amount } => {
                let total = self.amounts.get(order).copied().unwrap_or(1);
                let what = What::Refund { refund, total };
                let (number, serial) = ((0, order), self.asked);
                let ask = Ask { number, serial, amount, ..Ask::of(what) };
                plain(self.product.refund(&ask, (refund, total), RefundSource::Unsettled))
            }
            Deed::Apply { refund, card } => self.apply(refund, card),
            Deed::Due(refund) => {
                let (mchid, out_refund_no) = self.refund_key(refund);
                self.product.run(CloseRefund { mchid, out_refund_no }, |()| done(0, 0, ""))
            }
        }
    }

    fn pay(&mut self, order: Index, card: Index) -> Answer {
        let ask = Ask {
            who: PAYER,
            wallet: PAYER,
            number: (0, order),
            amount: self.amounts.get(order).copied().unwrap_or(1),
            serial: self.asked,
            digits: 1,
            key: self.asked,
            ..Ask::of(What::Pay { factors: 1 })
        };
        let command = PayOrderByCard {
            order: self.product.payment(&ask, 1),
            card: self.product.cast.card(PAYER, card),
            payment: self.payment(self.asked),
        };
        self.product.run(command, |id| done(self.product.cast.serial(id.bytes()), 0, ""))
    }

    fn answer(&self, serial: Serial, says: BankSays, operation: BankOperation) -> BankAnswer {
        let bank_ref = |by: u8| self.product.cast.number(if by == 1 { "R1" } else { "R2" }, serial);
        match says {
            BankSays::Done(by) => BankAnswer::Done { bank_ref: bank_ref(by) },
            BankSays::Returned(by) => {
                let why = BankDecline::parse("51", operation);
                BankAnswer::Returned { bank_ref: bank_ref(by), why }
            }
            BankSays::Declined(why) => BankAnswer::Declined(BankDecline::parse(why, operation)),
            BankSays::Pending => BankAnswer::Pending,
            BankSays::Unknown => BankAnswer::Unknown,
            BankSays::NotSeen => BankAnswer::NotSeen,
        }
    }

    fn apply(&self, refund: Index, card: Option<Index>) -> Answer {
        let cast = &self.product.cast;
        let (mchid, out_refund_no) = self.refund_key(refund);
        let identity = cast.people[PAYER].identity.expect("the payer is verified");
        let target = match card {
            None => AbnormalTarget::Merchant,
            Some(card) => AbnormalTarget::Card {
                number_index: cast.hash(&["card", &PAYER.to_string(), &card.to_string()]),
                bank_type: "ICBC_DEBIT".into(),
                holder: NameCheck::Same(identity),
            },
        };
        let made_by = self.refunds.get(&refund).copied().unwrap_or(0);
        let command = ApplyAbnormalRefund {
            mchid,
            sub_mchid: None,
            refund_id: cast.number("50", made_by),
            out_refund_no,
            target,
            payout: self.payout(self.asked),
        };
        self.product.run(command, |state| done(0, 0, state.as_str()))
    }
}

/// Without what is made, which this model does not know.
fn plain(answer: Answer) -> Answer {
    match answer {
        Answer::Done(..) => done(0, 0, ""),
        refused @ Answer::Refused(..) => refused,
    }
}
