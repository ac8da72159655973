//! Small commands over real ledger rows, one for each thing a command can do to the engine.

use domain::catalogue::{Code, Param, Params};
use domain::fact::FactKind;
use domain::job::{Job, JobKind};
use domain::ledger::{
    Account, AccountNumber, AccountPath, JournalKind, OwnerKind, Posting, Purpose, Sign, Subject,
};
use domain::record::RowKey;
use domain::{Command, Once, Refusal, Stop, Tx, record};
use kernel::{Currency, Timestamp};

/// A mark: wrong guesses of one person.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tries {
    pub(crate) who: i64,
    pub(crate) failed: i64,
}
record!(Tries, "test_tries", Mark, who: i64);

/// A row that moving money only reads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frozen {
    pub(crate) who: i64,
    pub(crate) is_on: bool,
}
record!(Frozen, "test_frozen", Kept, who: i64);

/// What the command refuses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum No {
    AccountMissing,
    Same,
    Frozen,
    Short { available: i64 },
    WrongSecret { left: i64 },
    Locked,
    NotOwed,
}

impl Refusal for No {
    fn code(&self) -> Code {
        match self {
            Self::AccountMissing | Self::NotOwed => Code::ObjectNotFound,
            Self::Short { .. } => Code::BalanceInsufficient,
            Self::Same | Self::Frozen | Self::Locked | Self::WrongSecret { .. } => {
                Code::SystemMaintenance
            }
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Short { available } => Params(vec![("left", Param::Amount(*available))]),
            Self::WrongSecret { left } => Params(vec![("n", Param::Number(*left))]),
            _ => Params::default(),
        }
    }

    fn field(&self) -> Option<&'static str> {
        matches!(self, Self::Short { .. }).then_some("/amount")
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::WrongSecret { .. })
    }
}

/// A test command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// Opens a person's account, or finds it.
    Open { who: i64 },
    /// Money from the bank.
    Deposit { who: i64, amount: i64 },
    /// Money from one to another, unless frozen; finds the accounts through their paths.
    Move { from: i64, to: i64, amount: i64, key: Option<i64> },
    /// Only reads.
    Check { who: i64, least: i64 },
    /// Freezes or thaws, without reading first.
    Freeze { who: i64, is_on: bool },
    /// Counts wrong guesses; three lock.
    Guess { who: i64, is_right: bool, key: Option<i64> },
    /// Schedules without reading first.
    Owe { what: i64 },
    /// Removes what was scheduled.
    Meet { what: i64 },
    /// What the edge resolved does not hold.
    Stale { who: i64 },
    /// Panics after it changed something.
    Panic { who: i64 },
    /// Says that rows contradict each other when an account has an odd balance.
    DefectWhenOdd { who: i64 },
    /// Writes what no store takes.
    Poison { who: i64 },
    /// Asks for more rows than a command may.
    Bulk { rows: i64 },
    /// Asks for one more row each time it is decided.
    Winding { rounds: i64 },
}

impl Act {
    pub(crate) fn pay(from: i64, to: i64, amount: i64) -> Self {
        Self::Move { from, to, amount, key: None }
    }

    /// Whether it can end in nothing but a defect.
    pub(crate) fn is_hopeless(&self) -> bool {
        matches!(self, Self::Panic { .. } | Self::Poison { .. } | Self::Bulk { .. })
    }
}

fn find(tx: &mut Tx<'_>, who: i64) -> Result<AccountNumber, Stop<No>> {
    let key = (OwnerKind::User, who.to_string(), Purpose::Balance, Currency::Cny);
    Ok(tx.find::<AccountPath>(&key)?.ok_or(No::AccountMissing)?.number)
}

fn open(tx: &mut Tx<'_>, who: i64) -> Result<AccountNumber, Stop<No>> {
    let who = who.to_string();
    Ok(tx.open_account(OwnerKind::User, &who, Purpose::Balance, Currency::Cny)?)
}

fn post(
    tx: &mut Tx<'_>,
    from: AccountNumber,
    to: AccountNumber,
    amount: i64,
) -> Result<i64, Stop<No>> {
    let legs = [(from, -amount), (to, amount)];
    let subject = Subject::new("test", amount);
    let posting = Posting::balanced(JournalKind::Payment, subject, Currency::Cny, legs)?;
    let posted = tx.post(posting)?;
    let journal = posted.map_err(|short| No::Short { available: short.available })?;
    tx.publish(FactKind::PaymentSucceeded, "1900000001", amount.to_string(), journal);
    Ok(journal)
}

fn guess(tx: &mut Tx<'_>, who: i64, is_right: bool) -> Result<i64, Stop<No>> {
    let failed = tx.find::<Tries>(&who)?.map_or(0, |tries| tries.failed);
    if failed >= 3 {
        return Err(No::Locked.into());
    }
    open(tx, who)?;
    if !is_right {
        tx.mark(Tries { who, failed: failed + 1 });
        return Err(No::WrongSecret { left: 2 - failed }.into());
    }
    tx.mark(Tries { who, failed: 0 });
    Ok(failed)
}

impl Command for Act {
    type Done = i64;
    type Refusal = No;

    fn once(&self) -> Once {
        let (key, salt) = match self {
            Self::Move { amount, key: Some(key), .. } => (key, *amount),
            // The secret is no part of the fingerprint.
            Self::Guess { who, key: Some(key), .. } => (key, *who),
            _ => return Once::Business,
        };
        Once::Key { owner: "o".into(), key: format!("key-{key}"), fingerprint: [salt as u8; 32] }
    }

    fn owner(&self) -> String {
        match self {
            Self::Open { who } | Self::Check { who, .. } => who.to_string(),
            Self::Move { from, .. } => from.to_string(),
            _ => "system".into(),
        }
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<i64, Stop<No>> {
        match *self {
            Self::Open { who } => open(tx, who),
            Self::Deposit { who, amount } => {
                let bank = tx.open_account(OwnerKind::System, "", Purpose::Bank, Currency::Cny)?;
                let to = open(tx, who)?;
                post(tx, bank, to, amount)
            }
            Self::Move { from, to, amount, .. } => {
                if from == to {
                    return Err(No::Same.into());
                }
                let path = |who: i64| {
                    let key = (OwnerKind::User, who.to_string(), Purpose::Balance, Currency::Cny);
                    RowKey::of::<AccountPath>(&key)
                };
                tx.want([RowKey::of::<Frozen>(&from), path(from), path(to)])?;
                let is_frozen = tx.find::<Frozen>(&from)?.is_some_and(|frozen| frozen.is_on);
                let (payer, payee) = (find(tx, from)?, find(tx, to)?);
                if is_frozen {
                    return Err(No::Frozen.into());
                }
                post(tx, payer, payee, amount)
            }
            Self::Check { who, least } => {
                let number = find(tx, who)?;
                let available = tx.get::<Account>(&number)?.balance;
                if available < least {
                    return Err(No::Short { available }.into());
                }
                Ok(available)
            }
            Self::Freeze { who, is_on } => {
                tx.put(Frozen { who, is_on });
                Ok(0)
            }
            Self::Guess { who, is_right, .. } => guess(tx, who, is_right),
            Self::Owe { what } => {
                tx.schedule(Job::new(JobKind::SendOtp, what, Timestamp::from_seconds(what)));
                Ok(0)
            }
            Self::Meet { what } => {
                let key = (JobKind::SendOtp, what.to_string());
                let job = tx.find::<Job>(&key)?.ok_or(No::NotOwed)?;
                tx.remove::<Job>(&key);
                Ok(job.attempts)
            }
            _ => self.misbehave(tx),
        }
    }
}

impl Act {
    fn misbehave(&self, tx: &mut Tx<'_>) -> Result<i64, Stop<No>> {
        match *self {
            Self::Stale { who } => {
                find(tx, who)?;
                tx.put(Frozen { who, is_on: true });
                Err(Stop::Stale)
            }
            Self::Panic { who } => {
                open(tx, who)?;
                panic!("a command panics in a test");
            }
            Self::DefectWhenOdd { who } => {
                let number = find(tx, who)?;
                match tx.get::<Account>(&number)?.balance {
                    odd if odd % 2 == 1 => Err(Stop::Defect(format!("balance {odd} is odd"))),
                    even => Ok(even),
                }
            }
            Self::Poison { who } => {
                open(tx, who)?;
                tx.put(Account {
                    number: 1_000_000 + who,
                    currency: Currency::Cny,
                    sign: Sign::Credit,
                    balance: -1,
                    entries: 0,
                    last_entry: 0,
                });
                Ok(0)
            }
            Self::Bulk { rows } => {
                tx.want((0..rows).map(|row| RowKey::of::<Frozen>(&(1_000 + row))))?;
                tx.put(Frozen { who: 999, is_on: true });
                Ok(rows)
            }
            Self::Winding { rounds } => {
                for round in 0..rounds {
                    tx.find::<Frozen>(&(2_000 + round))?;
                }
                Ok(rounds)
            }
            _ => unreachable!("the other acts behave"),
        }
    }
}
