//! The reference model of the merchant's side: its rules once more, on plain maps. What waits to be
//! shared is added up from what happened to an order, never kept.

mod transfers;

use super::{Deed, Receiver};
use crate::model::ask::{Answer, Index, Standing};
use domain::Rules;
use domain::catalogue::Code;
use kernel::time::{HOUR, SECOND};
use std::collections::{BTreeMap, BTreeSet};
pub(super) use transfers::{Batch, Bill};

/// The share of merchant 0's orders that is the operator's, in hundredths of a percent.
pub(super) const FEE_BP: i64 = 150;
/// Who pays the orders.
pub(super) const PAYER: Index = 4;
/// A person whom nobody verified.
pub(super) const STRANGER: Index = 5;
/// The merchant that agreed to give back.
pub(super) const AGREED: Index = 1;

/// Who holds money, in the order in which balances are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    Person(Index),
    Merchant(Index),
    /// What waits to be shared, and what is on its way to receivers.
    Unsettled,
    /// Transfers that nobody took.
    Escrow,
    Fees,
}

#[derive(Clone, Debug)]
pub(super) struct Order {
    pub amount: i64,
    pub fee: i64,
    pub is_shared: bool,
    pub paid_at: i64,
    /// What the merchant got because nobody shared it in time.
    released: i64,
    /// Sum, the fee in it, what of it had waited, time.
    refunds: Vec<(i64, i64, i64, i64)>,
}

/// A request to share or to unfreeze.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub asked: Deed,
    pub order: Index,
    pub at: i64,
    /// What receivers were promised; once it is finished, what they got.
    pub parts: Vec<(Receiver, i64)>,
    /// What the merchant gets.
    rest: i64,
    pub is_finished: bool,
    pub is_share: bool,
}

/// See the module. Times are microseconds since the midnight that began 29 December.
#[derive(Clone, Debug)]
pub struct Market {
    pub(super) rules: Rules,
    pub(super) now: i64,
    pub(super) orders: Vec<Order>,
    pub(super) requests: BTreeMap<Index, Request>,
    /// What was asked, whether it was done, and when.
    pub(super) returns: BTreeMap<Index, (Deed, bool)>,
    pub(super) refunds: BTreeMap<Index, Deed>,
    pub(super) bills: BTreeMap<Index, Bill>,
    pub(super) batches: BTreeMap<Index, Batch>,
    pub(super) is_staffed: bool,
    /// What counts towards limits: the time, who gets it (nobody: what merchant 0 sends), how much.
    sent: Vec<(i64, Option<Index>, i64)>,
    pub(super) suspended: BTreeSet<Index>,
    pub(super) closed: BTreeSet<Index>,
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

impl Market {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            now: 10 * HOUR,
            orders: Vec::new(),
            requests: BTreeMap::new(),
            returns: BTreeMap::new(),
            refunds: BTreeMap::new(),
            bills: BTreeMap::new(),
            batches: BTreeMap::new(),
            is_staffed: false,
            sent: Vec::new(),
            suspended: BTreeSet::new(),
            closed: BTreeSet::new(),
            money: BTreeMap::new(),
        }
    }

    /// What everybody holds: six people, three merchants, what waits, what was sent, and fees.
    pub(super) fn balances(&self) -> Vec<i64> {
        use Holder::*;
        let all = (0..6).map(Person).chain((0..3).map(Merchant));
        all.chain([Unsettled, Escrow, Fees]).map(|holder| self.held_by(holder)).collect()
    }

    /// What of each order waits, and where requests, transfers and batches stand.
    pub(super) fn states(&self) -> Vec<String> {
        let orders = (0..self.orders.len()).map(|order| self.waiting(order).to_string());
        let requests = self.requests.values().map(|one| one.is_finished);
        let requests = requests.map(|it| if it { "FINISHED" } else { "PROCESSING" });
        let bills = self.bills.values().map(|bill| bill.state);
        let batches = self.batches.values().map(|batch| batch.state);
        orders.chain(requests.chain(bills).chain(batches).map(str::to_owned)).collect()
    }

    pub(super) fn held_by(&self, holder: Holder) -> i64 {
        self.money.get(&holder).copied().unwrap_or(0)
    }

    fn post(&mut self, from: Holder, to: Holder, minor: i64) {
        *self.money.entry(from).or_default() -= minor;
        *self.money.entry(to).or_default() += minor;
    }

    /// What of an order waits: what came in, less what anybody asked for or got.
    pub(super) fn waiting(&self, number: Index) -> i64 {
        let order = &self.orders[number];
        let asked = self.requests.values().filter(|one| one.order == number);
        let asked: i64 = asked.map(|one| one.rest + sum(&one.parts)).sum();
        let refunded: i64 = order.refunds.iter().map(|(.., waited, _)| waited).sum();
        let came_in = if order.is_shared { order.amount - order.fee } else { 0 };
        came_in - asked - refunded - order.released
    }

    /// What of an order can be refunded.
    pub(super) fn left(&self, number: Index) -> i64 {
        let order = &self.orders[number];
        order.amount - order.refunds.iter().map(|(amount, ..)| amount).sum::<i64>()
    }

    /// What a merchant got of a request and has not given back.
    pub(super) fn kept_of(&self, request: Index, from: Index) -> i64 {
        let parts = &self.requests[&request].parts;
        let got = parts.iter().filter(|(receiver, _)| *receiver == Receiver::Merchant(from));
        let given = self.returns.values().map(|(asked, is_done)| match asked {
            Deed::Return { request: of, from: by, amount, .. }
                if *is_done && (*of, *by) == (request, from) =>
            {
                *amount
            }
            _ => 0,
        });
        got.map(|(_, amount)| amount).sum::<i64>() - given.sum::<i64>()
    }

    /// Asks.
    pub fn ask(&mut self, deed: &Deed) -> Answer {
        self.decide(deed).unwrap_or_else(|No(code, figure)| Answer::Refused(code, figure))
    }

    fn decide(&mut self, deed: &Deed) -> Decided {
        match deed {
            Deed::Wait(time) => self.now += time,
            Deed::Due => self.come_due(),
            Deed::Suspend(merchant, true) => drop(self.suspended.insert(*merchant)),
            Deed::Suspend(merchant, false) => drop(self.suspended.remove(merchant)),
            Deed::Stand(who, Standing::Closed) => drop(self.closed.insert(*who)),
            Deed::Stand(who, _) => drop(self.closed.remove(who)),
            Deed::Order { amount, is_shared } => {
                refuse([(self.suspended.contains(&0), Code::MerchantAbnormal)])?;
                self.order(*amount, *is_shared);
            }
            Deed::Share { request, order, parts, unfreezes } => {
                let rest = |waits: i64| if *unfreezes { waits - sum(parts) } else { 0 };
                return self.request(deed, (*request, *order), parts, rest);
            }
            Deed::Unfreeze { request, order } => {
                return self.request(deed, (*request, *order), &[], |waits| waits);
            }
            Deed::Return { number, request, from, amount } => {
                return self.give_back(deed, *number, (*request, *from), *amount);
            }
            Deed::Refund { refund, order, amount, named } => {
                return self.refund(deed, *refund, *order, (*amount, *named));
            }
            Deed::Send { bill, payee, amount } => return self.send(deed, *bill, *payee, *amount),
            Deed::Cancel { bill } => return self.cancel(*bill),
            Deed::Staffed(is_on) => self.is_staffed = *is_on,
            Deed::Batch { batch, parts } => return self.batch(deed, *batch, parts),
            Deed::Approve { batch } => return self.approve(*batch),
            Deed::Reject { batch } => return self.reject(*batch),
            Deed::Confirm { bill, who } => return self.confirm(*bill, *who),
        }
        DONE
    }

    fn order(&mut self, amount: i64, is_shared: bool) {
        let (fee, paid_at) = (half_up(amount * FEE_BP, 10_000), self.now);
        let to = if is_shared { Holder::Unsettled } else { Holder::Merchant(0) };
        self.post(Holder::Person(PAYER), to, amount - fee);
        self.post(Holder::Person(PAYER), Holder::Fees, fee);
        let refunds = Vec::new();
        self.orders.push(Order { amount, fee, is_shared, paid_at, released: 0, refunds });
    }

    fn request(
        &mut self,
        deed: &Deed,
        (request, order): (Index, Index),
        parts: &[(Receiver, i64)],
        rest: impl Fn(i64) -> i64,
    ) -> Decided {
        if let Some(known) = self.requests.get(&request) {
            return if known.asked == *deed { DONE } else { Err(No(Code::IdempotencyConflict, 0)) };
        }
        let is_share = matches!(deed, Deed::Share { .. });
        let paid = self.orders.get(order).ok_or(No(Code::OrderNotFound, 0))?;
        let is_early = self.now < paid.paid_at + self.rules.profit_delay_s * SECOND;
        let before = self.requests.values().filter(|one| one.order == order).count() as i64;
        let (waits, max) = (self.waiting(order), self.rules.profit_orders_max);
        refuse([
            (!paid.is_shared, Code::ParamInvalid),
            (is_early, Code::RateLimited),
            (is_share && before >= max, Code::ParamInvalid),
            (sum(parts) > waits || waits == 0, Code::BalanceInsufficient),
        ])?;
        let (asked, rest, at) = (deed.clone(), rest(waits), self.now);
        let parts = parts.to_vec();
        let made = Request { asked, order, at, parts, rest, is_finished: false, is_share };
        self.requests.insert(request, made);
        DONE
    }

    /// The worker: requests are finished, then what nobody shared is released, and transfers end.
    fn come_due(&mut self) {
        for (number, mut one) in self.requests.clone() {
            if one.is_finished || self.now < one.at + self.rules.profit_finish_s * SECOND {
                continue;
            }
            let promised = sum(&one.parts);
            one.parts.retain(|(receiver, _)| match receiver {
                Receiver::Merchant(merchant) => !self.suspended.contains(merchant),
                Receiver::Person(who) => !self.closed.contains(who) && *who != STRANGER,
            });
            for (receiver, amount) in &one.parts {
                let to = match *receiver {
                    Receiver::Merchant(merchant) => Holder::Merchant(merchant),
                    Receiver::Person(who) => Holder::Person(who),
                };
                self.post(Holder::Unsettled, to, *amount);
            }
            if matches!(one.asked, Deed::Share { unfreezes: true, .. }) {
                one.rest += promised - sum(&one.parts);
            }
            self.post(Holder::Unsettled, Holder::Merchant(0), one.rest);
            one.is_finished = true;
            self.requests.insert(number, one);
        }
        for number in 0..self.orders.len() {
            let (waits, order) = (self.waiting(number), &mut self.orders[number]);
            if self.now >= order.paid_at + self.rules.profit_release_s * SECOND {
                order.released += waits;
                self.post(Holder::Unsettled, Holder::Merchant(0), waits);
            }
        }
        self.end_transfers();
    }

    fn give_back(
        &mut self,
        deed: &Deed,
        number: Index,
        (request, from): (Index, Index),
        amount: i64,
    ) -> Decided {
        let told = |is_done| Answer::Done(0, 0, if is_done { "SUCCESS" } else { "FAILED" });
        if let Some((asked, is_done)) = self.returns.get(&number) {
            let is_same = asked == deed;
            return if is_same {
                Ok(told(*is_done))
            } else {
                Err(No(Code::IdempotencyConflict, 0))
            };
        }
        let one = self.requests.get(&request).filter(|one| one.is_share);
        let one = one.ok_or(No(Code::ObjectNotFound, 0))?;
        let of_it =
            |asked: &Deed| matches!(asked, Deed::Return { request: of, .. } if *of == request);
        let tries = self.returns.values().filter(|(asked, _)| of_it(asked)).count() as i64;
        let got = one.parts.iter().any(|(receiver, _)| *receiver == Receiver::Merchant(from));
        refuse([
            (!got || !one.is_finished, Code::ObjectNotFound),
            (from != 0 && from != AGREED, Code::PermissionDenied),
            (self.now > one.at + self.rules.profit_return_s * SECOND, Code::ParamInvalid),
            (tries >= self.rules.profit_returns_max, Code::ParamInvalid),
            (amount > self.kept_of(request, from), Code::RefundAmountExceeded),
        ])?;
        let has = self.held_by(Holder::Merchant(from)) >= amount;
        let is_done = has && !self.suspended.contains(&from);
        if is_done {
            self.post(Holder::Merchant(from), Holder::Merchant(0), amount);
        }
        self.returns.insert(number, (deed.clone(), is_done));
        Ok(told(is_done))
    }

    fn refund(
        &mut self,
        deed: &Deed,
        refund: Index,
        number: Index,
        (amount, named): (i64, Option<i64>),
    ) -> Decided {
        let order = self.orders.get(number).ok_or(No(Code::OrderNotFound, 0))?;
        if let Some(asked) = self.refunds.get(&refund) {
            return if asked == deed { DONE } else { Err(No(Code::RefundNoConflict, 0)) };
        }
        let (left, waits) = (self.left(number), self.waiting(number));
        let before: i64 = order.refunds.iter().map(|(_, fee, ..)| fee).sum();
        let fee = half_up(order.fee * (order.amount - left + amount), order.amount) - before;
        let until =
            order.refunds.last().map_or(0, |(.., at)| at + self.rules.refund_spacing_s * SECOND);
        let window = order.paid_at + self.rules.refund_window_s * SECOND;
        refuse([(self.now > window, Code::RefundWindowExpired)])?;
        if amount > left {
            return Err(No(Code::RefundAmountExceeded, left));
        }
        let is_often = order.refunds.len() as i64 >= self.rules.refund_count_max;
        refuse([(is_often, Code::RefundCountExceeded)])?;
        if self.now < until {
            return Err(No(Code::RefundTooFrequent, until));
        }
        let waited = named.map_or((amount - fee).clamp(0, waits), |named| (named - fee).max(0));
        let from_balance = amount - fee - waited;
        refuse([(
            waited > waits || from_balance > self.held_by(Holder::Merchant(0)),
            Code::RefundMerchantFundsInsufficient,
        )])?;
        self.orders[number].refunds.push((amount, fee, waited, self.now));
        let parts = [(Holder::Unsettled, waited), (Holder::Merchant(0), from_balance)];
        for (from, minor) in parts.into_iter().chain([(Holder::Fees, fee)]) {
            self.post(from, Holder::Person(PAYER), minor);
        }
        self.refunds.insert(refund, deed.clone());
        DONE
    }
}

fn sum(parts: &[(Receiver, i64)]) -> i64 {
    parts.iter().map(|(_, amount)| amount).sum()
}
