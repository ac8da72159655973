//! What happens in a cycle: groups of acts one after another. The acts of a group wait together, so
//! that the engine takes them as one batch.

use crate::act::{Act, Says};
use crate::people::PEOPLE;
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
}

impl Named {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Shopping, Self::Banking];

    /// A short word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shopping => "shopping",
            Self::Banking => "banking",
        }
    }
}

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
        };
        Self { steps }
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
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            chance: Chance::new(0),
            last: 30,
            orders: (0..ORDERS).collect(),
            top_ups: Vec::new(),
            withdrawals: Vec::new(),
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
            let is_alone = matches!(act, Act::Guess { .. });
            if !touched.contains(&thing) && (!is_alone || step.is_empty()) {
                touched.push(thing);
                step.push(act);
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
        match self.chance.below(12) {
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
            _ => (Act::Pay { person, order }, order),
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
