//! What happens in a cycle: groups of acts one after another. The acts of a group wait together, so
//! that the engine takes them as one batch.

use crate::act::{Act, Says};
use crate::people::{FIRST_DIGITS, NEWCOMERS, PEOPLE};
use crate::random::Chance;

/// One script.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its steps.
    pub(crate) steps: Vec<Vec<Act>>,
}

/// The scripts that are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// A person pays a merchant, once alone and once beside others.
    Shopping,
    /// Money from and to cards, with a bank that says all it can say.
    Banking,
    /// What guards the money: who may come, payment passwords, freezes.
    Guarding,
    /// Days go by, so old answers are dropped and the tables that keep them take turns.
    Turning,
}

impl Named {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Shopping, Self::Banking, Self::Guarding, Self::Turning];

    /// A short word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shopping => "shopping",
            Self::Banking => "banking",
            Self::Guarding => "guarding",
            Self::Turning => "turning",
        }
    }
}

/// What acts touch that touch no order, top-up or withdrawal: numbers that these do not reach.
const CAREFUL_THING: u8 = 250;
const FREEZE_THING: u8 = 251;
const NEWCOMER_THING: u8 = 252;

/// Orders that wait on a fresh disk; scripts place further ones.
pub(crate) const ORDERS: u8 = 8;

impl Script {
    /// A script that is written down.
    pub fn named(name: Named) -> Self {
        let pay = |person, order| Act::Pay { person, order };
        let steps = match name {
            Named::Shopping => vec![
                vec![Act::Order(20)],
                vec![pay(1, 20)],
                vec![pay(1, 0), pay(2, 1), pay(3, 2), Act::Order(21)],
                vec![Act::Guess { person: 2, order: 21, number: 1 }],
                vec![Act::Refund { order: 20, number: 1 }],
                vec![Act::Merchant(7)],
                vec![pay(2, 21)],
            ],
            Named::Banking => vec![
                vec![Act::TopUp { person: 1, id: 10 }],
                vec![Act::BankOnTopUp { id: 10, says: Says::Pending }],
                vec![Act::BankOnTopUp { id: 10, says: Says::Done }, pay(2, 3)],
                vec![Act::Withdraw { person: 2, id: 11 }, Act::TopUp { person: 3, id: 12 }],
                vec![
                    Act::BankOnWithdrawal { id: 11, says: Says::Done },
                    Act::BankOnTopUp { id: 12, says: Says::Declined },
                ],
                vec![Act::Withdraw { person: 1, id: 13 }],
                vec![Act::BankOnWithdrawal { id: 13, says: Says::Declined }],
            ],
            Named::Guarding => vec![
                vec![Act::Register(0)],
                vec![Act::SetPassword { old: FIRST_DIGITS, new: 50 }, Act::Register(1), pay(1, 0)],
                vec![Act::Freeze { person: 2, number: 1 }],
                vec![pay(2, 1), pay(3, 2)],
                vec![Act::SetPassword { old: 99, new: 51 }],
                vec![Act::Unfreeze { person: 2, number: 1 }],
                vec![pay(2, 3), Act::SetPassword { old: 50, new: 52 }],
            ],
            Named::Turning => vec![
                vec![pay(1, 0), pay(2, 1)],
                vec![Act::NextDay],
                vec![Act::Order(20), Act::TopUp { person: 1, id: 10 }],
                vec![pay(3, 20)],
                vec![Act::NextDay],
                vec![Act::Withdraw { person: 2, id: 11 }],
            ],
        };
        Self { steps }
    }

    /// How many days have gone by when this step begins.
    pub(crate) fn days(&self, step: usize) -> i64 {
        let begun = self.steps.iter().take(step + 1).flatten();
        begun.filter(|act| **act == Act::NextDay).count() as i64
    }

    /// Whether days go by.
    pub(crate) fn has_days(&self) -> bool {
        self.days(self.steps.len()) > 0
    }

    /// From which step on every answer is still kept at the end: for a day, whatever the turn.
    pub(crate) fn kept_from(&self) -> usize {
        let last = self.steps.iter().rposition(|step| step.contains(&Act::NextDay));
        let mut before = self.steps[..last.unwrap_or(0)].iter();
        before.rposition(|step| step.contains(&Act::NextDay)).unwrap_or(0)
    }

    /// A short script that chance writes.
    pub fn by_chance(seed: u64) -> Self {
        let mut writer = Writer { chance: Chance::new(seed), ..Writer::default() };
        let count = 4 + writer.chance.below(5);
        let steps = (0..count).map(|_| writer.step()).collect();
        Self { steps }
    }
}

struct Writer {
    chance: Chance,
    last: u8,
    orders: Vec<u8>,
    top_ups: Vec<u8>,
    withdrawals: Vec<u8>,
    newcomers: u8,
    digits: u8,
    frozen: Option<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            chance: Chance::new(0),
            last: 30,
            orders: (0..ORDERS).collect(),
            top_ups: Vec::new(),
            withdrawals: Vec::new(),
            newcomers: 0,
            digits: FIRST_DIGITS,
            frozen: None,
        }
    }
}

impl Writer {
    /// The acts of a step touch different things, so that asking for all of them again after some
    /// of them happened comes to the same. What a step began is taken up from the next one on.
    fn step(&mut self) -> Vec<Act> {
        let acts = if self.chance.once_in(2) { 1 } else { 2 + self.chance.below(4) };
        let known = (self.orders.clone(), self.top_ups.clone(), self.withdrawals.clone());
        let mut step: Vec<Act> = Vec::new();
        let mut touched = Vec::new();
        for _ in 0..acts {
            let (act, thing) = self.act(&known.0, &known.1, &known.2);
            let is_alone =
                matches!(act, Act::Guess { .. } | Act::Freeze { .. } | Act::Unfreeze { .. });
            if !touched.contains(&thing) && (!is_alone || step.is_empty()) {
                touched.push(thing);
                step.push(act);
                self.note(act);
            }
            if is_alone && step.len() == 1 {
                break;
            }
        }
        step
    }

    /// An act, and the number of what it touches.
    fn act(&mut self, orders: &[u8], top_ups: &[u8], withdrawals: &[u8]) -> (Act, u8) {
        let person = 1 + self.chance.below(PEOPLE.into()) as u8;
        let order = self.pick(orders);
        self.last += 1;
        let id = self.last;
        match self.chance.below(15) {
            0 => {
                self.orders.push(id);
                (Act::Order(id), id)
            }
            1 | 2 if !top_ups.is_empty() => {
                let id = self.pick(top_ups);
                (Act::BankOnTopUp { id, says: self.word() }, id)
            }
            3 | 4 if !withdrawals.is_empty() => {
                let id = self.pick(withdrawals);
                (Act::BankOnWithdrawal { id, says: self.word() }, id)
            }
            1 | 5 => {
                self.top_ups.push(id);
                (Act::TopUp { person, id }, id)
            }
            3 | 6 => {
                self.withdrawals.push(id);
                (Act::Withdraw { person, id }, id)
            }
            7 => (Act::Guess { person, order, number: id }, order),
            8 => (Act::Refund { order, number: id }, order),
            9 if self.newcomers < NEWCOMERS => (Act::Register(self.newcomers), NEWCOMER_THING),
            10 => (Act::SetPassword { old: self.digits, new: id }, CAREFUL_THING),
            11 => match self.frozen {
                Some(person) => (Act::Unfreeze { person, number: id }, FREEZE_THING),
                None => (Act::Freeze { person, number: id }, FREEZE_THING),
            },
            _ => (Act::Pay { person, order }, order),
        }
    }

    /// What later acts go by, once the act is in the script.
    fn note(&mut self, act: Act) {
        match act {
            Act::Register(newcomer) => self.newcomers = newcomer + 1,
            Act::SetPassword { new, .. } => self.digits = new,
            Act::Freeze { person, .. } => self.frozen = Some(person),
            Act::Unfreeze { .. } => self.frozen = None,
            _ => {}
        }
    }

    fn pick(&mut self, from: &[u8]) -> u8 {
        from[self.chance.below(from.len() as u64) as usize]
    }

    fn word(&mut self) -> Says {
        match self.chance.below(4) {
            0 => Says::Pending,
            1 => Says::Declined,
            _ => Says::Done,
        }
    }
}
