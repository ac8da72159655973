//! The reference model of payments from cards: their rules once more, on plain maps.

use super::Deed;
use crate::model::ask::{Answer, BankSays, Index, Serial, Standing};
use domain::Rules;
use domain::catalogue::Code;
use kernel::time::{DAY, HOUR, SECOND};
use std::collections::BTreeMap;

/// The share of orders that is the operator's, in hundredths of a percent.
pub(super) const FEE_BP: i64 = 150;

/// Who holds money, in the order in which balances are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    Payer,
    Merchant,
    /// What waits to be shared.
    Unsettled,
    /// On its way back to cards.
    Transit,
    Fees,
    Bank,
    Suspense,
}

#[derive(Clone, Debug)]
pub(super) struct Order {
    pub amount: i64,
    pub is_shared: bool,
    pub expires: i64,
    pub code_ends: i64,
    pub state: &'static str,
    /// The payment that it waits for or was made by.
    pub payment: Serial,
    pub paid_at: i64,
}

/// What a bank said of one movement.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// Its references: whether each was posted, and whether it went back.
    refs: BTreeMap<u8, (bool, bool)>,
    /// The one that counted.
    settled_by: Option<u8>,
}

#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub order: Index,
    pub card: Index,
    pub at: i64,
    pub state: &'static str,
    /// Whether it counts towards the limits of the card's bank.
    counts: bool,
    said: Said,
}

/// Money on its way back to a card.
#[derive(Clone, Debug)]
pub(super) struct Payout {
    /// The refund, or the payment that came too late.
    origin: Result<Index, Serial>,
    card: Index,
    amount: i64,
    pub at: i64,
    pub state: &'static str,
    said: Said,
}

#[derive(Clone, Debug)]
pub(super) struct Refund {
    pub order: Index,
    pub amount: i64,
    fee: i64,
    /// What of it had waited to be shared.
    waited: i64,
    pub at: i64,
    pub state: &'static str,
    pub payout: Serial,
    /// Where it was sent when the card did not take it: another card, or the merchant.
    sent_to: Option<Option<Index>>,
    /// When it closes, while it is abnormal.
    pub closes: i64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Card {
    pub is_suspended: bool,
    declines: i64,
}

/// See the module. Times are microseconds since the midnight that began 29 December.
#[derive(Clone, Debug)]
pub struct Cards {
    pub(super) rules: Rules,
    pub(super) now: i64,
    pub(super) asked: Serial,
    pub(super) cards: [Card; 2],
    pub(super) orders: Vec<Order>,
    pub(super) payments: BTreeMap<Serial, Payment>,
    pub(super) payouts: BTreeMap<Serial, Payout>,
    pub(super) refunds: BTreeMap<Index, Refund>,
    pub(super) is_suspended: bool,
    is_closed: bool,
    money: BTreeMap<Holder, i64>,
}

/// A refusal with its figure.
struct No(Code, i64);
type Decided = Result<Answer, No>;
const DONE: Decided = Ok(Answer::Done(0, 0, ""));

fn refuse<const N: usize>(checks: [(bool, Code); N]) -> Result<(), No> {
    let no = checks.into_iter().find(|(holds, _)| *holds);
    no.map_or(Ok(()), |(_, code)| Err(No(code, 0)))
}

fn half_up(dividend: i64, divisor: i64) -> i64 {
    (2 * dividend + divisor) / (2 * divisor)
}

fn fee_of(amount: i64) -> i64 {
    half_up(amount * FEE_BP, 10_000)
}

impl Cards {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            now: 10 * HOUR,
            asked: 0,
            cards: [Card::default(); 2],
            orders: Vec::new(),
            payments: BTreeMap::new(),
            payouts: BTreeMap::new(),
            refunds: BTreeMap::new(),
            is_suspended: false,
            is_closed: false,
            money: BTreeMap::new(),
        }
    }

    /// What everybody holds: payer, merchant, what waits, transit, fees, bank and suspense.
    pub(super) fn balances(&self) -> Vec<i64> {
        use Holder::*;
        let all = [Payer, Merchant, Unsettled, Transit, Fees, Bank, Suspense];
        all.map(|holder| self.held_by(holder)).to_vec()
    }

    /// Where orders, payments, refunds and payouts stand.
    pub(super) fn states(&self) -> Vec<String> {
        let orders = self.orders.iter().map(|one| one.state);
        let payments = self.payments.values().map(|one| one.state);
        let refunds = self.refunds.values().map(|one| one.state);
        let payouts = self.payouts.values().map(|one| one.state);
        orders.chain(payments).chain(refunds).chain(payouts).map(str::to_owned).collect()
    }

    fn held_by(&self, holder: Holder) -> i64 {
        self.money.get(&holder).copied().unwrap_or(0)
    }

    fn post(&mut self, from: Holder, to: Holder, minor: i64) {
        *self.money.entry(from).or_default() -= minor;
        *self.money.entry(to).or_default() += minor;
    }

    fn refunds_of(&self, order: Index) -> impl Iterator<Item = &Refund> {
        self.refunds.values().filter(move |one| one.order == order)
    }

    /// What went back of an order or is on its way: the sum, the fee in it, what of it had waited.
    pub(super) fn refunded(&self, order: Index) -> (i64, i64, i64) {
        let counted = self.refunds_of(order).filter(|one| one.state != "CLOSED");
        counted.fold((0, 0, 0), |(sum, fee, waited), one| {
            (sum + one.amount, fee + one.fee, waited + one.waited)
        })
    }

    /// What a card has paid today, as its bank counts.
    pub(super) fn paid_today(&self, card: Index) -> i64 {
        let today = |at: i64| at.div_euclid(DAY) == self.now.div_euclid(DAY);
        let paid = self.payments.values();
        let paid = paid.filter(|one| one.card == card && one.counts && today(one.at));
        paid.map(|one| self.orders[one.order].amount).sum()
    }

    /// Asks.
    pub fn ask(&mut self, deed: &Deed) -> Answer {
        self.asked += 1;
        self.decide(*deed).unwrap_or_else(|No(code, figure)| Answer::Refused(code, figure))
    }

    fn decide(&mut self, deed: Deed) -> Decided {
        match deed {
            Deed::Wait(time) => self.now += time,
            Deed::Suspend(is_on) => self.is_suspended = is_on,
            Deed::Stand(standing) => self.is_closed = standing == Standing::Closed,
            Deed::Place { amount, is_shared, life_s } => {
                refuse([(self.is_suspended, Code::MerchantAbnormal)])?;
                let expires = self.now + life_s * SECOND;
                let code_ends = self.now + 7_200 * SECOND;
                let (state, payment, paid_at) = ("NOTPAY", 0, 0);
                let order =
                    Order { amount, is_shared, expires, code_ends, state, payment, paid_at };
                self.orders.push(order);
            }
            Deed::Pay { order, card } => return self.pay(order, card),
            Deed::Close(order) => {
                let state = self.orders.get(order).map(|one| one.state);
                refuse([
                    (state.is_none(), Code::OrderNotFound),
                    (state == Some("SUCCESS"), Code::OrderAlreadyPaid),
                ])?;
                self.orders[order].state = "CLOSED";
            }
            Deed::Expire(order) => {
                let order = &mut self.orders[order];
                if order.state != "SUCCESS" && order.expires <= self.now {
                    order.state = "CLOSED";
                }
            }
            Deed::Says { payment, says } => {
                self.says(payment, says);
                return Ok(Answer::Done(0, 0, self.payments[&payment].state));
            }
            Deed::PaidOut { payout, says } => {
                self.paid_out(payout, says);
                return Ok(Answer::Done(0, 0, self.payouts[&payout].state));
            }
            Deed::Refund { refund, order, amount } => return self.refund(refund, order, amount),
            Deed::Apply { refund, card } => return self.apply(refund, card),
            Deed::Due(refund) => {
                let one = &self.refunds[&refund];
                if one.state == "ABNORMAL" && one.closes <= self.now {
                    self.close(refund);
                }
            }
        }
        DONE
    }

    fn pay(&mut self, number: Index, card: Index) -> Decided {
        let order = self.orders.get(number).ok_or(No(Code::OrderNotFound, 0))?;
        let is_late = self.now >= order.expires || self.now >= order.code_ends;
        let (single, day) = bank_limits();
        refuse([
            (order.state == "SUCCESS", Code::OrderAlreadyPaid),
            (order.state == "CLOSED", Code::OrderClosed),
            (order.state == "BANK_PENDING", Code::PaymentResultUnknown),
            (is_late, Code::OrderExpired),
            (self.is_suspended, Code::MerchantAbnormal),
            (self.is_closed, Code::AccountStatusAbnormal),
            (self.cards[card].is_suspended, Code::CardSuspended),
            (order.amount > single, Code::BankLimitExceeded),
            (self.paid_today(card) + order.amount > day, Code::BankLimitExceeded),
        ])?;
        let (at, state, counts, said) = (self.now, "BANK_PROCESSING", true, Said::default());
        let order = &mut self.orders[number];
        (order.state, order.payment) = ("BANK_PENDING", self.asked);
        self.payments.insert(self.asked, Payment { order: number, card, at, state, counts, said });
        Ok(Answer::Done(self.asked, 0, ""))
    }

    /// The bank of a card has something to say about what it paid.
    fn says(&mut self, serial: Serial, says: BankSays) {
        let mut one = self.payments.remove(&serial).expect("the bank was asked");
        let amount = self.orders[one.order].amount;
        let is_open = matches!(one.state, "BANK_PROCESSING" | "UNKNOWN");
        let is_late = self.now - one.at >= self.rules.card_payment_send_s * SECOND;
        match last_word(says, is_open, &one.said) {
            BankSays::Done(by) if one.said.refs.contains_key(&by) => {}
            BankSays::Done(by) if one.said.settled_by.is_some() => {
                self.post(Holder::Bank, Holder::Suspense, amount);
                one.said.refs.insert(by, (true, false));
            }
            BankSays::Done(by) => {
                if is_open {
                    self.cards[one.card].declines = 0;
                }
                one.said.refs.insert(by, (true, false));
                one.said.settled_by = Some(by);
                one.state = if self.is_paid(serial, one.order) { "SUCCESS" } else { "REFUNDING" };
                if one.state == "REFUNDING" {
                    self.post(Holder::Bank, Holder::Transit, amount);
                    self.send(Err(serial), one.card, amount);
                }
            }
            BankSays::Returned(by) => match one.said.refs.insert(by, (false, true)) {
                None if is_open => self.fail(serial, &mut one, "51"),
                Some((true, false)) => drop(self.suspend(-amount)),
                _ => {}
            },
            BankSays::Declined(why) if is_open => self.fail(serial, &mut one, why),
            BankSays::NotSeen if is_open && is_late => self.fail(serial, &mut one, ""),
            BankSays::Pending if is_open => one.state = "BANK_PROCESSING",
            BankSays::Unknown | BankSays::NotSeen if is_open => one.state = "UNKNOWN",
            _ => {}
        }
        self.payments.insert(serial, one);
    }

    /// Pays the order with what the bank gave, if it still waits for that.
    fn is_paid(&mut self, serial: Serial, number: Index) -> bool {
        let order = &mut self.orders[number];
        if order.state != "BANK_PENDING" || order.payment != serial {
            return false;
        }
        if order.expires <= self.now || self.is_suspended {
            order.state = if order.expires <= self.now { "CLOSED" } else { "NOTPAY" };
            return false;
        }
        (order.state, order.paid_at) = ("SUCCESS", self.now);
        let (amount, fee) = (order.amount, fee_of(order.amount));
        let to = if order.is_shared { Holder::Unsettled } else { Holder::Merchant };
        self.post(Holder::Bank, to, amount - fee);
        self.post(Holder::Bank, Holder::Fees, fee);
        true
    }

    fn fail(&mut self, serial: Serial, one: &mut Payment, why: &str) {
        (one.state, one.counts) = ("FAILED", false);
        let order = &mut self.orders[one.order];
        if order.state == "BANK_PENDING" && order.payment == serial {
            order.state = "NOTPAY";
        }
        self.decline(one.card, why, why == "05");
    }

    /// A reason may tell against the card.
    fn decline(&mut self, card: Index, why: &str, is_hard: bool) {
        let (max, card) = (self.rules.card_hard_declines_max, &mut self.cards[card]);
        card.declines = match why {
            "54" => max,
            _ if is_hard => card.declines + 1,
            _ => return,
        };
        card.is_suspended |= card.declines >= max;
    }

    /// Money of the bank that is nobody's yet. It cannot have paid out what it does not hold.
    fn suspend(&mut self, minor: i64) -> bool {
        let holds = self.held_by(Holder::Bank) - minor <= 0;
        if holds {
            self.post(Holder::Bank, Holder::Suspense, minor);
        }
        holds
    }

    /// Sends money, which lies in transit, to a card.
    fn send(&mut self, origin: Result<Index, Serial>, card: Index, amount: i64) {
        let (at, state, said) = (self.now, "PROCESSING", Said::default());
        self.payouts.insert(self.asked, Payout { origin, card, amount, at, state, said });
    }

    /// The bank of a card has something to say about what was to go back.
    fn paid_out(&mut self, serial: Serial, says: BankSays) {
        let mut one = self.payouts.remove(&serial).expect("the bank was asked");
        let is_open = one.state == "PROCESSING";
        let is_late = self.now - one.at >= self.rules.refund_abnormal_s * SECOND;
        let waits = match one.origin {
            Ok(refund) => {
                let refund = &self.refunds[&refund];
                matches!(refund.state, "PROCESSING" | "ABNORMAL") && refund.payout == serial
            }
            Err(payment) => self.payments[&payment].state == "REFUNDING",
        };
        match last_word(says, is_open, &one.said) {
            BankSays::Done(by) if one.said.refs.contains_key(&by) => {}
            BankSays::Done(by) if waits => {
                let holds = self.held_by(Holder::Bank) + one.amount <= 0;
                let payer = if holds { Holder::Bank } else { Holder::Suspense };
                self.post(Holder::Transit, payer, one.amount);
                if is_open {
                    self.cards[one.card].declines = 0;
                }
                one.said.refs.insert(by, (true, false));
                (one.said.settled_by, one.state) = (Some(by), "SUCCESS");
                match one.origin {
                    Ok(refund) => self.refund_mut(refund).state = "SUCCESS",
                    Err(payment) => self.payment_mut(payment).state = "REFUNDED",
                }
            }
            BankSays::Done(by) => {
                let is_posted = self.suspend(-one.amount);
                one.said.refs.insert(by, (is_posted, false));
                one.state = "EXCEPTION";
            }
            BankSays::Returned(by) => match one.said.refs.insert(by, (false, true)) {
                None if is_open => self.not_paid_out(&mut one, "51", false),
                Some((is_posted, false)) => {
                    let _ = is_posted && self.suspend(one.amount);
                    one.state = "EXCEPTION";
                }
                _ => {}
            },
            BankSays::Declined(why) if is_open => self.not_paid_out(&mut one, why, false),
            BankSays::NotSeen if is_open && is_late => self.not_paid_out(&mut one, "", true),
            _ => {}
        }
        self.payouts.insert(serial, one);
    }

    fn not_paid_out(&mut self, one: &mut Payout, why: &str, is_given_up: bool) {
        one.state = "FAILED";
        self.decline(one.card, why, false);
        let closes = self.now + self.rules.refund_abnormal_s * SECOND;
        match one.origin {
            Ok(refund) if is_given_up => self.close(refund),
            Ok(refund) => {
                let refund = self.refund_mut(refund);
                (refund.state, refund.closes) = ("ABNORMAL", closes);
            }
            Err(payment) => {
                let to = if self.is_closed { Holder::Suspense } else { Holder::Payer };
                self.post(Holder::Transit, to, one.amount);
                self.payment_mut(payment).state = "REFUNDED";
            }
        }
    }

    fn refund_mut(&mut self, refund: Index) -> &mut Refund {
        self.refunds.get_mut(&refund).expect("it is there")
    }

    fn payment_mut(&mut self, payment: Serial) -> &mut Payment {
        self.payments.get_mut(&payment).expect("it is there")
    }

    fn refund(&mut self, refund: Index, number: Index, amount: i64) -> Decided {
        let order = self.orders.get(number).ok_or(No(Code::OrderNotFound, 0))?.clone();
        if let Some(known) = self.refunds.get(&refund) {
            let is_same = (known.order, known.amount) == (number, amount);
            return if is_same { DONE } else { Err(No(Code::RefundNoConflict, 0)) };
        }
        refuse([(order.state != "SUCCESS", Code::RefundOrderNotPaid)])?;
        let (before, fees, waited) = self.refunded(number);
        if amount > order.amount - before {
            return Err(No(Code::RefundAmountExceeded, order.amount - before));
        }
        let last = self.refunds_of(number).map(|one| one.at).max();
        let until = last.map_or(0, |at| at + self.rules.refund_spacing_s * SECOND);
        let is_often = self.refunds_of(number).count() as i64 >= self.rules.refund_count_max;
        refuse([(is_often, Code::RefundCountExceeded)])?;
        if self.now < until {
            return Err(No(Code::RefundTooFrequent, until));
        }
        let whole = fee_of(order.amount);
        let fee = (half_up(whole * (before + amount), order.amount) - fees).max(0);
        let waits = if order.is_shared { order.amount - whole - waited } else { 0 };
        let waited = (amount - fee).clamp(0, waits);
        let short = amount - fee - waited > self.held_by(Holder::Merchant);
        refuse([(short, Code::RefundMerchantFundsInsufficient)])?;
        self.post(Holder::Merchant, Holder::Transit, amount - fee - waited);
        self.post(Holder::Unsettled, Holder::Transit, waited);
        self.post(Holder::Fees, Holder::Transit, fee);
        self.send(Ok(refund), self.payments[&order.payment].card, amount);
        let (at, state, payout) = (self.now, "PROCESSING", self.asked);
        let (order, sent_to, closes) = (number, None, 0);
        let made = Refund { order, amount, fee, waited, at, state, payout, sent_to, closes };
        self.refunds.insert(refund, made);
        DONE
    }

    /// A refund is given up: the money is where it was taken.
    fn close(&mut self, refund: Index) {
        let one = self.refund_mut(refund);
        one.state = "CLOSED";
        let (amount, fee, waited) = (one.amount, one.fee, one.waited);
        self.post(Holder::Transit, Holder::Merchant, amount - fee - waited);
        self.post(Holder::Transit, Holder::Unsettled, waited);
        self.post(Holder::Transit, Holder::Fees, fee);
    }

    fn apply(&mut self, refund: Index, card: Option<Index>) -> Decided {
        let one = self.refunds.get(&refund).ok_or(No(Code::ObjectNotFound, 0))?.clone();
        let told = |state| Ok(Answer::Done(0, 0, state));
        if one.state != "ABNORMAL" {
            let is_known = one.sent_to == Some(card) && one.state != "CLOSED";
            return if is_known { told(one.state) } else { Err(No(Code::RefundNoConflict, 0)) };
        }
        let Some(card) = card else {
            self.post(Holder::Transit, Holder::Merchant, one.amount);
            let (state, sent_to, payout) = ("SUCCESS", Some(None), 0);
            self.refunds.insert(refund, Refund { state, sent_to, payout, ..one });
            return told("SUCCESS");
        };
        refuse([(self.cards[card].is_suspended, Code::RefundAbnormal)])?;
        self.send(Ok(refund), card, one.amount);
        let (state, sent_to, payout) = ("PROCESSING", Some(Some(card)), self.asked);
        self.refunds.insert(refund, Refund { state, sent_to, payout, ..one });
        told("PROCESSING")
    }
}

/// A no after a yes means that the money went back.
fn last_word(says: BankSays, is_open: bool, said: &Said) -> BankSays {
    match (says, said.settled_by) {
        (BankSays::Declined(_), Some(by)) if !is_open => BankSays::Returned(by),
        (says, _) => says,
    }
}

/// What the cards' bank lets one payment be, and all of a day, in fen.
pub(super) fn bank_limits() -> (i64, i64) {
    (140, 400)
}
