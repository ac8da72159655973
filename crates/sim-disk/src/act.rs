//! What clients, merchants and the worker do in a script, each as the product's own command.

use crate::people::Person;
use domain::card::{BankAnswer, BankDecline, BankOperation};
use domain::ids::{TopUpId, WithdrawalId};
use domain::merchant::{AddMerchant, OpenidKeys};
use domain::order::{CreateOrder, PayOrder, TradeType};
use domain::refund::{CreateRefund, OrderOfRefund};
use domain::top_up::{RecordTopUp, StartTopUp};
use domain::withdrawal::{RecordWithdrawal, StartWithdrawal};
use domain::{Command, Refusal};
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

/// What is said of a merchant's number that is taken.
const NUMBER_TAKEN: &str = "refused IDEMPOTENCY_CONFLICT";

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
            Self::Pay { .. } | Self::Refund { .. } | Self::TopUp { .. } | Self::Withdraw { .. } => {
                true
            }
            Self::Order(_)
            | Self::Guess { .. }
            | Self::BankOnTopUp { .. }
            | Self::BankOnWithdrawal { .. }
            | Self::Merchant(_) => false,
        }
    }

    /// Asks the engine for it. What it is asked for is the same each time.
    pub(crate) fn ask(self, engine: &Engine, attempt: Attempt) -> Asked {
        match self {
            Self::Order(order) => {
                let asked = ask(engine, place(order, attempt.number));
                // The prepay id is another one each time.
                Box::pin(async move {
                    match asked.await {
                        Answer::Said(said) if said.starts_with("done") => {
                            Answer::Said("placed".into())
                        }
                        answer => answer,
                    }
                })
            }
            Self::Pay { person, order } => {
                let person = Person(person);
                let once = person.once(&format!("pay-{order}-{}", person.0));
                let password = person.password();
                ask(engine, PayOrder { once, password, ..pay(person, order, attempt.order_at) })
            }
            Self::Guess { person, order, number } => {
                let person = Person(person);
                let once = person.once(&format!("guess-{number}"));
                let password = person.guess(number);
                ask(engine, PayOrder { once, password, ..pay(person, order, attempt.order_at) })
            }
            Self::Refund { order, number } => ask(engine, refund(order, number)),
            Self::TopUp { person, id } => ask(engine, top_up(Person(person), id)),
            Self::BankOnTopUp { id, says } => {
                let answer = word(says, BankOperation::Debit, format!("T{id}"));
                ask(engine, RecordTopUp { top_up: TopUpId::from_bytes([id; 16]), answer })
            }
            Self::Withdraw { person, id } => ask(engine, withdraw(Person(person), id)),
            Self::BankOnWithdrawal { id, says } => {
                let answer = word(says, BankOperation::Credit, format!("W{id}"));
                let withdrawal = WithdrawalId::from_bytes([id; 16]);
                ask(engine, RecordWithdrawal { withdrawal, answer })
            }
            Self::Merchant(number) => {
                let asked = ask(engine, merchant(number));
                // Who asks again hears that the number is taken, and has what was wanted.
                Box::pin(async move {
                    match asked.await {
                        Answer::Said(said)
                            if attempt.number > 0 && said.starts_with(NUMBER_TAKEN) =>
                        {
                            Answer::Said("done ()".into())
                        }
                        answer => answer,
                    }
                })
            }
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
        out_trade_no: format!("T{order}"),
        trade_type: TradeType::Native,
        description: "Tea".into(),
        amount: amount_of(order),
        attach: None,
        notify_url: "https://tea.example/".into(),
        time_expire: None,
        openid: None,
        device_id: None,
        fingerprint: [order; 32],
        prepay_id: prepay_id(order, attempt),
    }
}

fn pay(person: Person, order: u8, order_at: u32) -> PayOrder {
    PayOrder {
        user: person.user(),
        session: None,
        wallet: person.wallet(),
        prepay_id: prepay_id(order, order_at),
        amount: amount_of(order),
        password: person.password(),
        factors: 1,
        openid_keys: OpenidKeys::for_tests(),
        transaction_id: format!("4200{order}-{}", person.0),
        once: domain::Once::State,
    }
}

fn refund(order: u8, number: u8) -> CreateRefund {
    CreateRefund {
        mchid: merchant_of(order),
        order: OrderOfRefund::OutTradeNo(format!("T{order}")),
        out_refund_no: format!("R{order}-{number}"),
        amount: fen(300 + i64::from(number)),
        total: amount_of(order),
        reason: None,
        notify_url: None,
        fingerprint: [number; 32],
        refund_id: format!("50-{order}-{number}"),
    }
}

fn top_up(person: Person, id: u8) -> StartTopUp {
    StartTopUp {
        user: person.user(),
        wallet: person.wallet(),
        card: person.card(),
        top_up: TopUpId::from_bytes([id; 16]),
        amount: fen(20_000 + i64::from(id)),
        password: person.password(),
        once: person.once(&format!("top-up-{id}")),
    }
}

fn withdraw(person: Person, id: u8) -> StartWithdrawal {
    StartWithdrawal {
        user: person.user(),
        wallet: person.wallet(),
        card: person.card(),
        withdrawal: WithdrawalId::from_bytes([id; 16]),
        amount: fen(1_000 + i64::from(id)),
        expected_fee_minor: 0,
        password: person.password(),
        once: person.once(&format!("withdrawal-{id}")),
    }
}

fn merchant(number: u8) -> AddMerchant {
    AddMerchant {
        mchid: mchid(number),
        name: "Tea house".into(),
        fee_bp: 60,
        apiv3_key: vec![1],
        appid: format!("wx{}", mchid(number)),
        serial: format!("{number:02}"),
        certificate: "PEM".into(),
    }
}
