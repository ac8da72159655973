//! The reference model: the wallet's rules once more, on plain maps, one ask after the other. Sums
//! are added up from what happened, never kept. It shares nothing with the product but the figures.

mod guard;
mod money;

use crate::model::ask::{Answer, Ask, Freezer, Index, Number, Serial, Standing};
use domain::Rules;
use domain::catalogue::Code;
use kernel::time::DAY;
use std::collections::{BTreeMap, BTreeSet};

/// An order, and what became of it.
#[derive(Clone, Debug)]
pub(in crate::model) struct Order {
    pub asked: Ask,
    pub expires: i64,
    pub code_ends: i64,
    pub is_closed: bool,
    /// Wallet, time and fee.
    pub paid: Option<(Index, i64, i64)>,
    /// Sums and times.
    pub refunds: Vec<(i64, i64)>,
}

/// A top-up or a withdrawal.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Movement {
    pub is_top_up: bool,
    pub wallet: Index,
    pub card: Index,
    pub amount: i64,
    pub fee: i64,
    /// Covered by the free allowance.
    pub free: i64,
    pub began: i64,
    pub state: &'static str,
    pub is_open: bool,
    /// Whether it uses up limits.
    pub counts: bool,
    pub settled_by: Option<u8>,
    /// The bank's references: whether each was posted, and whether it went back.
    pub refs: BTreeMap<u8, (bool, bool)>,
}

#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Card {
    pub is_credit: bool,
    pub is_suspended: bool,
    pub declines: i64,
}

/// Wrong tries of a secret.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Wrong {
    pub tries: i64,
    pub until: i64,
    pub locks: i64,
    pub first: Option<i64>,
    /// Key and digits of the last one that counted.
    pub last: Option<(u64, u8)>,
}

#[derive(Clone, Debug)]
pub(in crate::model) struct Person {
    pub identity: Option<Index>,
    pub standing: Standing,
    pub frozen: BTreeSet<Freezer>,
    /// Newest last.
    pub passwords: Vec<u8>,
    pub wrong: Wrong,
    pub proofs: Wrong,
    pub reset_at: Option<i64>,
    pub cards: Vec<Card>,
    pub is_signed_in: bool,
}

#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Merchant {
    pub fee_bp: i64,
    pub is_suspended: bool,
}

/// Who holds money, in the order in which balances are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::model) enum Holder {
    Wallet(Index),
    Merchant(Index),
    Transit,
    Fees,
    Bank,
    Suspense,
}

/// The reference model: the whole wallet. Times are microseconds since the midnight that began 29
/// December.
#[derive(Clone, Debug)]
pub struct Reference {
    pub(super) rules: Rules,
    pub(super) now: i64,
    pub(super) asked: Serial,
    pub(super) people: Vec<Person>,
    /// Channels of the identities.
    pub(super) channels: Vec<i64>,
    pub(super) merchants: Vec<Merchant>,
    pub(super) orders: BTreeMap<Number, Order>,
    pub(super) refunds: BTreeMap<Number, (Serial, Ask)>,
    pub(super) movements: BTreeMap<Serial, Movement>,
    pub(super) kept: BTreeMap<(Index, u64), (Ask, Answer, i64)>,
    /// What somebody holds; nothing if nobody is named.
    pub(super) money: BTreeMap<Holder, i64>,
}

pub(super) fn day(time: i64) -> i64 {
    time.div_euclid(DAY)
}

/// 29, 30 and 31 December are days 0 to 2.
pub(super) fn year(time: i64) -> bool {
    day(time) >= 3
}

/// A refusal with its figure.
struct No(Code, i64);
type Decided = Result<Answer, No>;
const DONE: Decided = Ok(Answer::Done(0, 0, ""));

/// Says the first no that holds.
fn refuse<const N: usize>(checks: [(bool, Code, i64); N]) -> Result<(), No> {
    let no = checks.into_iter().find(|(holds, ..)| *holds);
    no.map_or(Ok(()), |(_, code, figure)| Err(No(code, figure)))
}

fn half_up(dividend: i64, divisor: i64) -> i64 {
    (2 * dividend + divisor) / (2 * divisor)
}

impl Order {
    fn new(asked: Ask, expires: i64) -> Self {
        let refunds = Vec::new();
        Self { asked, expires, code_ends: 0, is_closed: false, paid: None, refunds }
    }
}

impl Movement {
    fn new(ask: &Ask, card: Index, began: i64, state: &'static str) -> Self {
        let Ask { wallet, amount, .. } = *ask;
        Self { wallet, card, amount, began, state, is_open: true, counts: true, ..Self::default() }
    }
}

impl Reference {
    /// What everybody holds: the people, the merchants, then transit, fees, bank and suspense.
    pub fn balances(&self) -> Vec<i64> {
        use Holder::*;
        let wallets = (0..self.people.len()).map(Wallet);
        let all = wallets.chain((0..self.merchants.len()).map(Merchant));
        all.chain([Transit, Fees, Bank, Suspense]).map(|holder| self.held_by(holder)).collect()
    }

    pub(super) fn held_by(&self, holder: Holder) -> i64 {
        self.money.get(&holder).copied().unwrap_or(0)
    }

    /// Moves money: what some get others give.
    fn post<const N: usize>(&mut self, legs: [(Holder, i64); N]) {
        assert_eq!(legs.iter().map(|(_, minor)| minor).sum::<i64>(), 0, "{legs:?}");
        for (holder, minor) in legs {
            *self.money.entry(holder).or_default() += minor;
        }
    }

    /// What a person paid from all wallets, at times that count.
    pub(super) fn paid(&self, identity: Index, counts: impl Fn(i64) -> bool) -> i64 {
        let paid = self.orders.values().filter_map(|order| Some((order.asked.amount, order.paid?)));
        let is_theirs = |wallet: Index| self.people[wallet].identity == Some(identity);
        let counted = paid.filter(|(_, (wallet, at, _))| is_theirs(*wallet) && counts(*at));
        counted.map(|(amount, _)| amount).sum()
    }

    /// Number, sum and used allowance of what counts.
    pub(super) fn moved(
        &self,
        is_top_up: bool,
        counts: impl Fn(&Movement) -> bool,
    ) -> (i64, i64, i64) {
        let counted = self.movements.values();
        let counted = counted.filter(|one| one.is_top_up == is_top_up && one.counts && counts(one));
        counted.fold((0, 0, 0), |(n, sum, free), one| (n + 1, sum + one.amount, free + one.free))
    }

    fn is_of(&self, movement: &Movement, identity: Index) -> bool {
        self.people[movement.wallet].identity == Some(identity)
    }
}
