//! The reference model: the wallet's rules once more, on plain maps, one ask after the other. Sums
//! are added up from what happened, never kept. It shares no code with the product but the figures.

use super::ask::{Answer, Ask, BankSays, Freezer, Index, Number, Serial, Standing};
use domain::Rules;
use domain::catalogue::Code;
use kernel::time::{DAY, SECOND};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub(super) struct Order {
    asked: (i64, Option<i64>, Option<Index>),
    pub amount: i64,
    pub expires: i64,
    pub code_ends: i64,
    pub is_closed: bool,
    /// Wallet, time and fee.
    pub paid: Option<(Index, i64, i64)>,
    pub refunds: Vec<(i64, i64)>,
}

/// A top-up or a withdrawal. `refs` are the bank's references: whether each was posted and went back.
#[derive(Clone, Debug)]
pub(super) struct Movement {
    pub wallet: Index,
    card: Index,
    pub amount: i64,
    fee: i64,
    free: i64,
    pub began: i64,
    pub state: &'static str,
    counts: bool,
    settled_by: Option<u8>,
    refs: BTreeMap<u8, (bool, bool)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Card {
    pub is_credit: bool,
    pub is_suspended: bool,
    declines: i64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Wrong {
    tries: i64,
    pub until: i64,
    locks: i64,
    first: Option<i64>,
    last: Option<(u64, u8)>,
}

#[derive(Clone, Debug)]
pub(super) struct Person {
    pub identity: Option<Index>,
    pub standing: Standing,
    pub frozen: BTreeSet<Freezer>,
    pub balance: i64,
    pub passwords: Vec<u8>,
    pub wrong: Wrong,
    pub proofs: Wrong,
    pub reset_at: Option<i64>,
    pub cards: Vec<Card>,
    pub is_signed_in: bool,
}

/// See the module. Times are microseconds since the midnight that began 29 December.
#[derive(Clone, Debug)]
pub struct Reference {
    pub(super) rules: Rules,
    pub(super) now: i64,
    pub(super) asked: Serial,
    pub(super) people: Vec<Person>,
    pub(super) classes: Vec<i64>,
    /// Balance, fee in basis points, whether it is suspended.
    pub(super) merchants: Vec<(i64, i64, bool)>,
    pub(super) orders: BTreeMap<Number, Order>,
    pub(super) refunds: BTreeMap<Number, (Serial, Ask)>,
    pub(super) top_ups: BTreeMap<Serial, Movement>,
    pub(super) withdrawals: BTreeMap<Serial, Movement>,
    pub(super) kept: BTreeMap<(Index, u64), (Ask, Answer, i64)>,
    /// Transit, fees, bank and suspense.
    pub(super) system: [i64; 4],
}

/// A refusal, and whether it is about a secret and so not kept under a key.
struct No(Code, Option<i64>, bool);
type Decided = Result<Answer, No>;

const TRANSIT: usize = 0;
const FEES: usize = 1;
const BANK: usize = 2;
const SUSPENSE: usize = 3;
const OK: Decided = Ok(Answer::Done(0, 0, ""));

fn no<T>(code: Code) -> Result<T, No> {
    Err(No(code, None, false))
}

fn half_up(dividend: i64, divisor: i64) -> i64 {
    (2 * dividend + divisor) / (2 * divisor)
}

pub(super) fn day(time: i64) -> i64 {
    time.div_euclid(DAY)
}

/// 29, 30 and 31 December are days 0 to 2.
fn year(time: i64) -> bool {
    day(time) >= 3
}

impl Reference {
    /// Asks, and remembers what a key stands for.
    pub fn ask(&mut self, ask: &Ask) -> Answer {
        self.asked += 1;
        if matches!(ask, Ask::Pay { who, .. } if !self.people[*who].is_signed_in) {
            return Answer::Refused(Code::SessionExpired, None);
        }
        if let Some((content, answer, _)) = ask.key().and_then(|key| self.kept.get(&key)) {
            let conflict = Answer::Refused(Code::IdempotencyConflict, None);
            return if *content == ask.content() { answer.clone() } else { conflict };
        }
        let (answer, is_kept) = match self.decide(ask) {
            Ok(done) => (done, true),
            Err(No(code, figure, is_secret)) => (Answer::Refused(code, figure), !is_secret),
        };
        if let Some(key) = ask.key().filter(|_| is_kept) {
            self.kept.insert(key, (ask.content(), answer.clone(), self.now));
        }
        answer
    }

    /// What everybody holds: the people, the merchants, then transit, fees, bank and suspense.
    pub fn balances(&self) -> Vec<i64> {
        let people = self.people.iter().map(|person| person.balance);
        people.chain(self.merchants.iter().map(|one| one.0)).chain(self.system).collect()
    }

    fn decide(&mut self, ask: &Ask) -> Decided {
        match ask.clone() {
            Ask::Wait { micros } => { self.now += micros; OK }
            Ask::SignIn { who } => { self.people[who].is_signed_in = true; OK }
            Ask::Suspend { merchant, is_on } => { self.merchants[merchant].2 = is_on; OK }
            Ask::Stand { who, standing } => { self.people[who].standing = standing; OK }
            Ask::Place { order, amount, life_s, payer } => self.place(order, (amount, life_s, payer)),
            Ask::Pay { who, wallet, order, amount, digits, factors, key } =>
                self.pay((who, wallet), order, amount, (key, digits), factors),
            Ask::Close { order } => match self.orders.get_mut(&order) {
                None => no(Code::OrderNotFound),
                Some(order) if order.paid.is_some() => no(Code::OrderAlreadyPaid),
                Some(order) => { order.is_closed = true; OK }
            },
            Ask::Expire { order } => {
                let order = self.orders.get_mut(&order).expect("only known orders expire");
                order.is_closed |= order.paid.is_none() && order.expires <= self.now;
                OK
            }
            Ask::Refund { order, refund, amount, total } => self.refund(ask, order, refund, amount, total),
            Ask::TopUp { who, wallet, card, amount, digits, key } => self.top_up((who, wallet), card, amount, (key, digits)),
            Ask::TopUpAnswer { top_up, says } => self.top_up_answer(top_up, says),
            Ask::Withdraw { who, wallet, card, amount, fee, digits, key } =>
                self.withdraw((who, wallet), card, amount, fee, (key, digits)),
            Ask::WithdrawalAnswer { withdrawal, says } => self.withdrawal_answer(withdrawal, says),
            Ask::SetPassword { who, old, new, is_weak, key } => self.set_password(who, old, new, is_weak, key),
            Ask::ResetPassword { who, is_code_right, is_person_right, new, key } =>
                self.reset_password(who, is_code_right, is_person_right, new, key),
            Ask::Freeze { who, by, .. } => {
                let person = &mut self.people[who];
                if person.standing == Standing::Closed { return no(Code::AccountStatusAbnormal); }
                let stands = if by == Freezer::Owner { !person.frozen.is_empty() } else { person.frozen.contains(&by) };
                if stands { return no(Code::FreezeAlready); }
                person.is_signed_in &= by != Freezer::Owner;
                person.frozen.insert(by);
                OK
            }
            Ask::Unfreeze { who, by, digits, key } => {
                let frozen = &self.people[who].frozen;
                if !frozen.contains(&by) || (digits.is_some() && frozen.len() > 1) { return no(Code::UnfreezeNotAllowed); }
                if let Some(digits) = digits { self.check_password(who, (key, digits))?; }
                self.people[who].frozen.remove(&by);
                Ok(Answer::Done(0, 0, self.stands(who)))
            }
        }
    }

    fn stands(&mut self, who: Index) -> &'static str {
        let person = &mut self.people[who];
        match person.standing {
            _ if !person.frozen.is_empty() => "FROZEN",
            Standing::Opening if person.identity.is_some() && !person.passwords.is_empty() => {
                person.standing = Standing::Active;
                "ACTIVE"
            }
            Standing::Opening => "OPENING",
            Standing::Active => "ACTIVE",
            Standing::Restricted => "RESTRICTED",
            Standing::Closed => "CLOSED",
        }
    }

    /// Whether money may leave the wallet at all, to others or to an own card.
    fn may_move(&self, (who, wallet): (Index, Index), to_own_card: bool) -> Result<Index, No> {
        let person = &self.people[wallet];
        match (person.standing, person.identity) {
            _ if who != wallet => no(Code::ObjectNotFound),
            _ if !person.frozen.is_empty() => no(Code::AccountFrozen),
            (Standing::Closed, _) => no(Code::AccountStatusAbnormal),
            (Standing::Restricted, _) if !to_own_card => no(Code::AccountRestricted),
            (_, None) => no(Code::IdentityRequired),
            (Standing::Opening, _) => no(Code::PayPasswordNotSet),
            (_, Some(identity)) => Ok(identity),
        }
    }

    fn check_password(&mut self, wallet: Index, tried: (u64, u8)) -> Result<(), No> {
        let (now, rules) = (self.now, &self.rules);
        let person = &mut self.people[wallet];
        let Some(right) = person.passwords.last() else { return Err(No(Code::PayPasswordNotSet, None, true)) };
        let wrong = &mut person.wrong;
        if wrong.last != Some(tried) && wrong.locks < rules.password_locks_hard && wrong.until <= now {
            if *right == tried.1 {
                *wrong = Wrong::default();
                return Ok(());
            }
            wrong.tries = if wrong.tries == rules.password_tries { 1 } else { wrong.tries + 1 };
            wrong.last = Some(tried);
            if wrong.tries == rules.password_tries {
                if wrong.first.is_none_or(|first| now - first >= DAY) { (wrong.first, wrong.locks) = (Some(now), 0); }
                wrong.locks += 1;
                wrong.until = now + rules.password_lock_s * SECOND;
            }
        }
        let (code, figure) = match wrong {
            _ if wrong.locks >= rules.password_locks_hard => (Code::PayPasswordHardLocked, None),
            _ if wrong.until > now => (Code::PayPasswordLocked, Some(wrong.until)),
            _ => (Code::PayPasswordWrong, Some(rules.password_tries - wrong.tries)),
        };
        Err(No(code, figure, true))
    }
}

impl Reference {
    fn place(&mut self, number: Number, asked: (i64, Option<i64>, Option<Index>)) -> Decided {
        let (now, rules) = (self.now, &self.rules);
        if self.merchants[number.0].2 { return no(Code::MerchantAbnormal); }
        let expires = match self.orders.get(&number) {
            Some(order) if order.paid.is_some() => return no(Code::OrderAlreadyPaid),
            Some(order) if order.is_closed || order.expires <= now => return no(Code::OrderClosed),
            Some(order) if order.asked != asked => return no(Code::OrderParamsChanged),
            Some(order) => order.expires,
            None => now + asked.1.unwrap_or(rules.order_ttl_s) * SECOND,
        };
        let life = expires - now;
        if !self.orders.contains_key(&number) && (life < rules.order_ttl_min_s * SECOND || life > rules.order_ttl_max_s * SECOND) {
            return no(Code::ParamInvalid);
        }
        let fresh = Order { asked, amount: asked.0, expires, code_ends: 0, is_closed: false, paid: None, refunds: Vec::new() };
        let order = self.orders.entry(number).or_insert(fresh);
        order.code_ends = expires.min(now + rules.prepay_ttl_s * SECOND);
        Ok(Answer::Done(self.asked, 0, ""))
    }

    pub(super) fn paid(&self, identity: Index, counts: impl Fn(i64) -> bool) -> i64 {
        let paid = self.orders.values().filter_map(|order| Some((order.amount, order.paid?)));
        paid.filter(|(_, (wallet, at, _))| self.people[*wallet].identity == Some(identity) && counts(*at)).map(|(amount, _)| amount).sum()
    }

    fn pay(&mut self, who: (Index, Index), number: Number, amount: i64, tried: (u64, u8), factors: u32) -> Decided {
        let now = self.now;
        let Some(order) = self.orders.get(&number) else { return no(Code::OrderNotFound) };
        match order {
            _ if order.paid.is_some() => return no(Code::OrderAlreadyPaid),
            _ if order.is_closed => return no(Code::OrderClosed),
            _ if order.code_ends <= now => return no(Code::OrderExpired),
            _ if order.amount != amount => return no(Code::OrderAmountChanged),
            _ if order.asked.2.is_some_and(|payer| payer != who.0) => return no(Code::OrderPayerMismatch),
            _ if who.0 != who.1 => return no(Code::ObjectNotFound),
            _ if self.merchants[number.0].2 => return no(Code::MerchantAbnormal),
            _ => {}
        }
        let identity = self.may_move(who, false)?;
        self.check_password(who.1, tried)?;
        let rules = &self.rules;
        let (sum, cap, code) = match self.classes[identity] {
            1 => (self.paid(identity, |_| true), rules.class1_lifetime_minor, Code::BalanceLifetimeLimitExceeded),
            2 => (self.paid(identity, |at| year(at) == year(now)), rules.class2_year_minor, Code::BalanceAnnualLimitExceeded),
            _ => (self.paid(identity, |at| year(at) == year(now)), rules.class3_year_minor, Code::BalanceAnnualLimitExceeded),
        };
        if sum + amount > cap { return no(code); }
        let cap = if factors > 1 { rules.verify_two_day_minor } else { rules.verify_one_day_minor };
        let left = cap - self.paid(identity, |at| day(at) == day(now));
        if amount > left { return Err(No(Code::VerifyStrengthLimitExceeded, Some(left.max(0)), false)); }
        if self.people[who.1].balance < amount { return no(Code::BalanceInsufficient); }
        let fee = half_up(amount * self.merchants[number.0].1, 10_000);
        self.people[who.1].balance -= amount;
        self.merchants[number.0].0 += amount - fee;
        self.system[FEES] += fee;
        self.orders.entry(number).and_modify(|order| order.paid = Some((who.1, now, fee)));
        Ok(Answer::Done(self.asked, amount, ""))
    }

    fn refund(&mut self, ask: Ask, number: Number, refund: Index, amount: i64, total: i64) -> Decided {
        let (now, rules) = (self.now, &self.rules);
        let Some(order) = self.orders.get_mut(&number) else { return no(Code::OrderNotFound) };
        match self.refunds.get(&(number.0, refund)) {
            Some((serial, before)) if *before == ask => return Ok(Answer::Done(*serial, 0, "")),
            Some(_) => return no(Code::RefundNoConflict),
            None => {}
        }
        let Some((payer, paid_at, fee)) = order.paid else { return no(Code::RefundOrderNotPaid) };
        let before: i64 = order.refunds.iter().map(|(amount, _)| amount).sum();
        let next_at = order.refunds.last().map_or(now, |(_, at)| at + rules.refund_spacing_s * SECOND);
        match () {
            _ if total != order.amount => return no(Code::RefundAmountExceeded),
            _ if self.people[payer].standing == Standing::Closed => return no(Code::RefundAccountAbnormal),
            _ if now - paid_at > rules.refund_window_s * SECOND => return no(Code::RefundWindowExpired),
            _ if before + amount > total => return Err(No(Code::RefundAmountExceeded, Some(total - before), false)),
            _ if order.refunds.len() as i64 == rules.refund_count_max => return no(Code::RefundCountExceeded),
            _ if now < next_at => return Err(No(Code::RefundTooFrequent, Some(next_at), false)),
            _ => {}
        }
        let fee_back = half_up(fee * (before + amount), total) - half_up(fee * before, total);
        order.refunds.push((amount, now));
        self.people[payer].balance += amount;
        self.merchants[number.0].0 -= amount - fee_back;
        self.system[FEES] -= fee_back;
        self.refunds.insert((number.0, refund), (self.asked, ask));
        Ok(Answer::Done(self.asked, 0, ""))
    }

    fn sum(movements: &BTreeMap<Serial, Movement>, counts: impl Fn(&Movement) -> bool) -> (i64, i64, i64) {
        let counted = movements.values().filter(|one| one.counts && counts(one));
        counted.fold((0, 0, 0), |(n, sum, free), one| (n + 1, sum + one.amount, free + one.free))
    }

    fn check_card(&self, wallet: Index, card: Index, is_credit: Code) -> Result<(), No> {
        match self.people[wallet].cards.get(card) {
            None => no(Code::ObjectNotFound),
            Some(card) if card.is_suspended => no(Code::CardSuspended),
            Some(card) if card.is_credit => no(is_credit),
            Some(_) => Ok(()),
        }
    }

    fn top_up(&mut self, who: (Index, Index), card: Index, amount: i64, tried: (u64, u8)) -> Decided {
        let identity = self.may_move(who, true)?;
        self.check_card(who.1, card, Code::TopupCardNotSupported)?;
        let bank = self.rules.bank_limits.of("ICBC", domain::validate::bin_table::CardKind::Debit);
        if amount > self.rules.topup_single_max_minor.min(bank.single_minor) { return no(Code::TopupLimitExceeded); }
        self.check_password(who.1, tried)?;
        let today = |one: &Movement| day(one.began) == day(self.now);
        let (_, by_person, _) = Self::sum(&self.top_ups, |one| today(one) && self.people[one.wallet].identity == Some(identity));
        let (_, by_card, _) = Self::sum(&self.top_ups, |one| today(one) && (one.wallet, one.card) == (who.1, card));
        if by_person + amount > self.rules.topup_day_max_minor || by_card + amount > bank.day_minor { return no(Code::TopupLimitExceeded); }
        if self.people[who.1].balance + amount > self.rules.balance_cap_minor { return no(Code::BalanceCapExceeded); }
        self.top_ups.insert(self.asked, self.movement(who.1, card, (amount, 0, 0), "BANK_PROCESSING"));
        Ok(Answer::Done(self.asked, 0, ""))
    }

    fn movement(&self, wallet: Index, card: Index, (amount, fee, free): (i64, i64, i64), state: &'static str) -> Movement {
        Movement { wallet, card, amount, fee, free, began: self.now, state, counts: true, settled_by: None, refs: BTreeMap::new() }
    }

    /// The bank's account never goes above zero: it cannot have paid out what is not there.
    fn suspend(&mut self, minor: i64) -> bool {
        let holds = self.system[BANK] - minor <= 0;
        if holds { self.system[BANK] -= minor; self.system[SUSPENSE] += minor; }
        holds
    }

    fn ended(&mut self, movement: &mut Movement, state: &'static str, why: Option<&'static str>, is_top_up: bool) {
        let max = self.rules.card_hard_declines_max;
        let card = &mut self.people[movement.wallet].cards[movement.card];
        movement.state = state;
        movement.counts = why.is_none();
        match why {
            None => card.declines = 0,
            Some("54") => card.declines = max,
            Some("05") if is_top_up => card.declines += 1,
            Some(_) => return,
        }
        card.is_suspended |= card.declines >= max;
    }

    fn top_up_answer(&mut self, serial: Serial, says: BankSays) -> Decided {
        let mut one = self.top_ups[&serial].clone();
        let is_open = ["BANK_PROCESSING", "UNKNOWN"].contains(&one.state);
        let says = match (says, one.settled_by) {
            (BankSays::Declined(_), Some(by)) => BankSays::Returned(by),
            (says, _) => says,
        };
        match says {
            BankSays::Done(by) if one.refs.contains_key(&by) => {}
            BankSays::Done(by) if is_open && self.people[one.wallet].standing != Standing::Closed => {
                one.refs.insert(by, (true, false));
                one.settled_by = Some(by);
                self.system[BANK] -= one.amount;
                self.people[one.wallet].balance += one.amount;
                self.ended(&mut one, "SUCCESS", None, true);
            }
            BankSays::Done(by) => {
                let posted = self.suspend(one.amount);
                one.refs.insert(by, (posted, false));
                if is_open { self.ended(&mut one, "FAILED", Some(""), true); }
            }
            BankSays::Declined(why) if is_open => self.ended(&mut one, "FAILED", Some(why), true),
            BankSays::Returned(by) => match one.refs.insert(by, (false, true)) {
                None if is_open => self.ended(&mut one, "FAILED", Some(""), true),
                Some((true, false)) => { self.suspend(-one.amount); }
                _ => {}
            },
            BankSays::NotSeen if is_open && self.now - one.began >= self.rules.topup_send_s * SECOND =>
                self.ended(&mut one, "FAILED", Some(""), true),
            BankSays::Pending if is_open => one.state = "BANK_PROCESSING",
            BankSays::Unknown | BankSays::NotSeen if is_open => one.state = "UNKNOWN",
            _ => {}
        }
        let state = one.state;
        self.top_ups.insert(serial, one);
        Ok(Answer::Done(0, 0, state))
    }

    /// Fee and used allowance of a withdrawal.
    pub(super) fn price(&self, wallet: Index, amount: i64) -> (i64, i64) {
        let (person, rules) = (&self.people[wallet], &self.rules);
        let (_, _, used) = Self::sum(&self.withdrawals, |one| self.people[one.wallet].identity == person.identity);
        let free = amount.min((rules.withdraw_free_lifetime_minor - used).max(0));
        let is_dust = amount == person.balance && amount <= rules.withdraw_dust_free_minor;
        let fee = half_up((amount - free) * rules.withdraw_fee_bp, 10_000).max(rules.withdraw_fee_min_minor);
        (if is_dust || free == amount { 0 } else { fee }, free)
    }

    fn withdraw(&mut self, who: (Index, Index), card: Index, amount: i64, seen: i64, tried: (u64, u8)) -> Decided {
        let identity = self.may_move(who, true)?;
        if self.people[who.1].cards.is_empty() { return no(Code::WithdrawNoCard); }
        self.check_card(who.1, card, Code::WithdrawCardNotSupported)?;
        if amount > self.rules.withdraw_single_max_minor { return no(Code::WithdrawLimitSingle); }
        self.check_password(who.1, tried)?;
        let (fee, free) = self.price(who.1, amount);
        let (count, sum, _) = Self::sum(&self.withdrawals, |one| day(one.began) == day(self.now) && self.people[one.wallet].identity == Some(identity));
        let rules = &self.rules;
        let capped_until = self.people[who.1].reset_at.map_or(0, |at| at + rules.password_reset_cap_s * SECOND);
        match () {
            _ if sum + amount > rules.withdraw_day_max_minor => return no(Code::WithdrawLimitDaily),
            _ if self.now < capped_until && sum + amount > rules.password_reset_cap_minor => return Err(No(Code::PasswordResetCooldown, Some(capped_until), false)),
            _ if count == rules.withdraw_count_day => return no(Code::WithdrawCountLimit),
            _ if fee != seen => return no(Code::WithdrawFeeChanged),
            _ if amount + fee > self.people[who.1].balance => return Err(No(Code::WithdrawBalanceAndFee, Some(fee), false)),
            _ => {}
        }
        self.people[who.1].balance -= amount + fee;
        self.system[TRANSIT] += amount + fee;
        self.withdrawals.insert(self.asked, self.movement(who.1, card, (amount, fee, free), "HELD"));
        Ok(Answer::Done(self.asked, fee, ""))
    }

    fn withdrawal_answer(&mut self, serial: Serial, says: BankSays) -> Decided {
        let mut one = self.withdrawals[&serial].clone();
        let is_open = ["HELD", "BANK_PROCESSING"].contains(&one.state);
        let says = match (says, one.settled_by) {
            (BankSays::Declined(_), Some(by)) => BankSays::Returned(by),
            (says, _) => says,
        };
        let back = match says {
            BankSays::Done(by) if one.refs.contains_key(&by) => None,
            BankSays::Done(by) if is_open => {
                one.refs.insert(by, (true, false));
                one.settled_by = Some(by);
                self.system[TRANSIT] -= one.amount + one.fee;
                self.system[FEES] += one.fee;
                let payer = if self.system[BANK] + one.amount <= 0 { BANK } else { SUSPENSE };
                self.system[payer] += one.amount;
                self.ended(&mut one, "SUCCESS", None, false);
                None
            }
            BankSays::Done(by) => {
                let posted = self.suspend(-one.amount);
                one.refs.insert(by, (posted, false));
                one.state = "EXCEPTION";
                None
            }
            BankSays::Declined(why) if is_open => Some(why),
            BankSays::Returned(by) => match one.refs.insert(by, (false, true)) {
                None if is_open => Some(""),
                Some((posted, false)) => {
                    if posted { self.suspend(one.amount); }
                    one.state = "EXCEPTION";
                    None
                }
                _ => None,
            },
            BankSays::Pending if is_open => { one.state = "BANK_PROCESSING"; None }
            _ => None,
        };
        if let Some(why) = back {
            self.system[TRANSIT] -= one.amount + one.fee;
            self.people[one.wallet].balance += one.amount + one.fee;
            self.ended(&mut one, "RETURNED", Some(why), false);
        }
        let state = one.state;
        self.withdrawals.insert(serial, one);
        Ok(Answer::Done(0, 0, state))
    }

    fn set_password(&mut self, who: Index, old: Option<u8>, new: u8, is_weak: bool, key: u64) -> Decided {
        let person = &self.people[who];
        match old {
            _ if !person.frozen.is_empty() => return no(Code::AccountFrozen),
            _ if person.standing == Standing::Closed => return no(Code::AccountStatusAbnormal),
            Some(old) => self.check_password(who, (key, old))?,
            None if !person.passwords.is_empty() => return Err(No(Code::ParamInvalid, None, true)),
            None => {}
        }
        self.new_password(who, new, is_weak)?;
        Ok(Answer::Done(0, 0, self.stands(who)))
    }

    /// Neither easy to guess nor one of the last four.
    fn new_password(&mut self, who: Index, new: u8, is_weak: bool) -> Result<(), No> {
        let passwords = &mut self.people[who].passwords;
        if is_weak { return Err(No(Code::PayPasswordTooWeak, None, true)); }
        if passwords.iter().rev().take(4).any(|used| *used == new) { return Err(No(Code::PayPasswordReused, None, true)); }
        passwords.push(new);
        Ok(())
    }

    fn reset_password(&mut self, who: Index, is_code_right: bool, is_person_right: bool, new: u8, key: u64) -> Decided {
        let (now, rules) = (self.now, self.rules.clone());
        let person = &mut self.people[who];
        let limit = |until| Err(No(Code::PasswordResetLimit, Some(until), true));
        match () {
            _ if person.frozen.iter().any(|by| *by != Freezer::Owner) => return no(Code::AccountFrozen),
            _ if person.frozen.is_empty() && person.standing == Standing::Closed => return no(Code::AccountStatusAbnormal),
            _ if person.identity.is_none() => return no(Code::IdentityRequired),
            _ if person.passwords.is_empty() => return no(Code::PayPasswordNotSet),
            _ if person.proofs.until > now => return limit(person.proofs.until),
            _ if !is_code_right => return Err(No(Code::OtpInvalid, Some(rules.otp_tries - 1), true)),
            _ if is_person_right => {}
            _ if person.proofs.last == Some((key, 0)) => return no(Code::PasswordResetIdentityFailed),
            _ => {
                let proofs = &mut person.proofs;
                if proofs.tries == 0 || proofs.first.is_none_or(|first| now - first >= DAY) { (proofs.tries, proofs.first) = (0, Some(now)); }
                (proofs.tries, proofs.last) = (proofs.tries + 1, Some((key, 0)));
                if proofs.tries < rules.password_reset_tries { return no(Code::PasswordResetIdentityFailed); }
                (proofs.tries, proofs.until) = (0, now + rules.password_reset_block_s * SECOND);
                return limit(proofs.until);
            }
        }
        self.new_password(who, new, false)?;
        let person = &mut self.people[who];
        (person.wrong, person.reset_at) = (Wrong::default(), Some(now));
        person.proofs = if person.proofs.tries > 0 { Wrong::default() } else { person.proofs.clone() };
        let stands = self.stands(who);
        Ok(Answer::Done(0, now + rules.password_reset_cap_s * SECOND, stands))
    }
}
