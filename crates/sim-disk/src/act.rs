//! What clients, merchants and the worker do in a script, each as the product's own command.

use crate::people;
use domain::card::{BankAnswer, BankDecline, BankOperation};
use domain::ids::{TopUpId, WithdrawalId};
use domain::merchant::AddMerchant;
use domain::order::{CreateOrder, PayOrder};
use domain::refund::CreateRefund;
use domain::testing::{self, Plant};
use domain::top_up::{RecordTopUp, StartTopUp};
use domain::wallet::{
    FreezeKind, FreezeWallet, FrozenBy, LiftedBy, OperatorFreeze, SetPaymentPassword,
    UnfreezeWallet,
};
use domain::withdrawal::{RecordWithdrawal, StartWithdrawal};
use domain::{Command, Once, Refusal, Tx};
use engine::{Engine, Failed};
use kernel::Amount;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// What a bank says about money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// It moved.
    Done,
    /// It will be told later.
    Pending,
    /// It did not move.
    Declined,
}

/// One thing that somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A merchant places an order.
    Order(u8),
    /// A person pays an order.
    Pay {
        /// Who.
        person: u8,
        /// Which order.
        order: u8,
    },
    /// Somebody tries to pay an order with a wrong password.
    Guess {
        /// Whose wallet.
        person: u8,
        /// Which order.
        order: u8,
        /// Which try.
        number: u8,
    },
    /// A merchant refunds part of an order.
    Refund {
        /// Which order.
        order: u8,
        /// Which refund of it.
        number: u8,
    },
    /// A person asks for money from the card.
    TopUp {
        /// Who.
        person: u8,
        /// Which top-up.
        id: u8,
    },
    /// The worker brings the bank's word about a top-up.
    BankOnTopUp {
        /// Which.
        id: u8,
        /// The word.
        says: Says,
    },
    /// A person asks for money on the card.
    Withdraw {
        /// Who.
        person: u8,
        /// Which withdrawal.
        id: u8,
    },
    /// The worker brings the bank's word about a withdrawal.
    BankOnWithdrawal {
        /// Which.
        id: u8,
        /// The word.
        says: Says,
    },
    /// The operator adds a merchant.
    Merchant(u8),
    /// A newcomer registers with the code that came by SMS.
    Register(u8),
    /// The careful person sets another payment password.
    SetPassword {
        /// The digits in force, as entered.
        old: u8,
        /// The new digits, never set before.
        new: u8,
    },
    /// The operator freezes a wallet.
    Freeze {
        /// Whose.
        person: u8,
        /// Which freeze.
        number: u8,
    },
    /// The operator lifts that freeze.
    Unfreeze {
        /// Whose.
        person: u8,
        /// Which lifting.
        number: u8,
    },
    /// A day goes by, so the tables of kept answers take turns.
    NextDay,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done or refused, in words.
    Said(String),
    /// Nobody knows, or nothing was tried: ask again.
    Unclear,
}

/// An answer on its way.
pub(crate) type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// How an act is asked for this time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// How often it was asked before. An order gets a new prepay id each time, as at the edge.
    pub(crate) number: u32,
    /// Under which attempt the order that is to be paid was acknowledged.
    pub(crate) order_at: u32,
}

fn fen(minor: i64) -> Amount {
    Amount::fen(minor).expect("a script's amount is an amount")
}

fn mchid(number: u8) -> String {
    format!("19000000{number:02}")
}

/// Orders go to two merchants in turn.
fn merchant_of(order: u8) -> String {
    mchid(order % 2)
}

fn amount_of(order: u8) -> Amount {
    fen(1_000 + 37 * i64::from(order))
}

fn prepay_id(order: u8, attempt: u32) -> String {
    format!("wx{order}-{attempt}")
}

fn ask<C: Command>(engine: &Engine, command: C) -> Asked {
    let engine = engine.clone();
    Box::pin(async move {
        match engine.run(command).await {
            Ok(done) => Answer::Said(format!("done {done:?}")),
            Err(failed) => unless_done(&failed),
        }
    })
}

/// Puts one word for all answers that come to the same.
fn say(asked: Asked, word: &'static str, is_same: impl Fn(&str) -> bool + Send + 'static) -> Asked {
    Box::pin(async move {
        match asked.await {
            Answer::Said(said) if is_same(&said) => Answer::Said(word.into()),
            answer => answer,
        }
    })
}

/// Asks for nothing. When the last one is answered, the engine has done between them what it does
/// between two batches: remove what is too old, and then let the tables take turns.
fn next_day(engine: &Engine) -> Asked {
    let engine = engine.clone();
    Box::pin(async move {
        for _ in 0..3 {
            if let Err(failed) = engine.run(Plant(|_: &mut Tx<'_>| Ok(()))).await {
                return unless_done(&failed);
            }
        }
        Answer::Said("a day went by".into())
    })
}

fn unless_done<R: Refusal + Debug>(failed: &Failed<R>) -> Answer {
    match failed {
        Failed::Unknown | Failed::Busy { .. } => Answer::Unclear,
        Failed::Refused(_) | Failed::Replayed(_) => {
            let failure = failed.failure();
            Answer::Said(format!("refused {} {:?}", failure.code.as_str(), failure.params))
        }
        Failed::KeyConflict => Answer::Said("key conflict".into()),
        Failed::Stale => Answer::Said("stale".into()),
        Failed::Defect => Answer::Said("defect".into()),
    }
}

impl Act {
    /// Whether asking again after the answer must give the very same answer.
    pub(crate) fn repeats_its_answer(&self) -> bool {
        match self {
            Self::Pay { .. }
            | Self::Refund { .. }
            | Self::TopUp { .. }
            | Self::Withdraw { .. }
            | Self::Merchant(_)
            | Self::SetPassword { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze { .. } => true,
            Self::Order(_)
            | Self::Guess { .. }
            | Self::BankOnTopUp { .. }
            | Self::BankOnWithdrawal { .. }
            | Self::Register(_)
            | Self::NextDay => false,
        }
    }

    /// Asks the engine for it. What it is asked for is the same each time.
    pub(crate) fn ask(self, engine: &Engine, attempt: Attempt) -> Asked {
        match self {
            Self::Order(order) => {
                // The prepay id is another one each time.
                say(ask(engine, place(order, attempt.number)), "placed", |said| {
                    said.starts_with("done")
                })
            }
            Self::Pay { person, order } => ask(engine, pay(person, order, attempt.order_at)),
            Self::Guess { person, order, number } => {
                let once = people::person(person).once(&format!("guess-{number}"));
                let password = people::guess(number);
                ask(engine, PayOrder { once, password, ..pay(person, order, attempt.order_at) })
            }
            Self::Refund { order, number } => ask(engine, refund(order, number)),
            Self::TopUp { person, id } => ask(engine, top_up(person, id)),
            Self::BankOnTopUp { id, says } => {
                let answer = word(says, BankOperation::Debit, format!("T{id}"));
                ask(engine, RecordTopUp { top_up: TopUpId::from_bytes([id; 16]), answer })
            }
            Self::Withdraw { person, id } => ask(engine, withdraw(person, id)),
            Self::BankOnWithdrawal { id, says } => {
                let answer = word(says, BankOperation::Credit, format!("W{id}"));
                let withdrawal = WithdrawalId::from_bytes([id; 16]);
                ask(engine, RecordWithdrawal { withdrawal, answer })
            }
            Self::Merchant(number) => ask(engine, merchant(number)),
            Self::Register(newcomer) => {
                // Who asks again hears that the code was used, and is registered.
                say(ask(engine, people::register(newcomer)), "registered", move |said| {
                    said.starts_with("done")
                        || attempt.number > 0 && said.starts_with("refused OTP_USED")
                })
            }
            Self::SetPassword { old, new } => ask(engine, set_password(old, new)),
            Self::Freeze { person, number } => ask(engine, freeze(person, number)),
            Self::Unfreeze { person, number } => ask(engine, unfreeze(person, number)),
            Self::NextDay => next_day(engine),
        }
    }
}

fn word(says: Says, operation: BankOperation, bank_ref: String) -> BankAnswer {
    match says {
        Says::Done => BankAnswer::Done { bank_ref },
        Says::Pending => BankAnswer::Pending,
        Says::Declined => BankAnswer::Declined(BankDecline::parse("51", operation)),
    }
}

fn place(order: u8, attempt: u32) -> CreateOrder {
    CreateOrder {
        mchid: merchant_of(order),
        appid: format!("wx{}", merchant_of(order)),
        fingerprint: [order; 32],
        prepay_id: prepay_id(order, attempt),
        ..testing::order(&format!("T{order}"), amount_of(order))
    }
}

fn pay(person: u8, order: u8, order_at: u32) -> PayOrder {
    let (who, order) = (people::person(person), place(order, order_at));
    let transaction_id = format!("4200{}-{person}", order.out_trade_no);
    PayOrder { transaction_id, ..who.pay(&order) }
}

fn refund(order: u8, number: u8) -> CreateRefund {
    let (order, out_refund_no) = (place(order, 0), format!("R{order}-{number}"));
    testing::refund(&order, &out_refund_no, fen(300 + i64::from(number)))
}

fn top_up(person: u8, id: u8) -> StartTopUp {
    let amount = fen(20_000 + i64::from(id));
    people::person(person).top_up(TopUpId::from_bytes([id; 16]), amount)
}

fn withdraw(person: u8, id: u8) -> StartWithdrawal {
    let amount = fen(1_000 + i64::from(id));
    people::person(person).withdraw(WithdrawalId::from_bytes([id; 16]), amount)
}

fn merchant(number: u8) -> AddMerchant {
    AddMerchant {
        mchid: mchid(number),
        appid: format!("wx{}", mchid(number)),
        serial: format!("{number:02}"),
        ..testing::merchant()
    }
}

fn set_password(old: u8, new: u8) -> SetPaymentPassword {
    let person = people::person(people::CAREFUL);
    SetPaymentPassword {
        user: person.user,
        wallet: person.wallet,
        old: Some(people::digits(old)),
        new: people::digits(new),
        weak: None,
        once: person.once(&format!("set-password-{new}")),
    }
}

fn officer(name: &str) -> Once {
    let key = format!("key-{name}-0123456789");
    Once::Key { owner: "officer".into(), key, fingerprint: [1; 32] }
}

fn freeze(person: u8, number: u8) -> FreezeWallet {
    let (name, reason) = ("officer".into(), "case 7".into());
    FreezeWallet {
        wallet: people::person(person).wallet,
        by: FrozenBy::Operator { name, kind: OperatorFreeze::Risk, reason },
        once: officer(&format!("freeze-{number}")),
    }
}

fn unfreeze(person: u8, number: u8) -> UnfreezeWallet {
    UnfreezeWallet {
        wallet: people::person(person).wallet,
        by: LiftedBy::Operator { name: "officer".into(), kind: FreezeKind::Risk },
        once: officer(&format!("unfreeze-{number}")),
    }
}
