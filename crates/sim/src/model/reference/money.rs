//! The movements of money: orders, refunds, top-ups, withdrawals and what banks say of them.

use super::Holder::{Bank, Fees, Merchant, Suspense, Transit, Wallet};
use super::{Card, DONE, Decided, Movement, No, Order, Reference, day, half_up, refuse, year};
use crate::model::ask::{Answer, Ask, BankSays, Index, Serial, Standing, What};
use domain::catalogue::Code;
use domain::validate::bin_table::CardKind;
use kernel::time::SECOND;

impl Reference {
    /// Decides what no key has answered before.
    pub(super) fn decide(&mut self, ask: &Ask) -> Decided {
        match ask.what {
            What::Wait => self.now += ask.amount,
            What::SignIn => self.people[ask.who].is_signed_in = true,
            What::Suspend(is_on) => self.merchants[ask.number.0].is_suspended = is_on,
            What::Stand(standing) => self.people[ask.who].standing = standing,
            What::Place { life_s, .. } => return self.place(ask, life_s),
            What::Pay { factors } => return self.pay(ask, factors),
            What::Close => {
                let order = self.orders.get_mut(&ask.number).ok_or(No(Code::OrderNotFound, 0))?;
                refuse([(order.paid.is_some(), Code::OrderAlreadyPaid, 0)])?;
                order.is_closed = true;
            }
            What::Expire => {
                let order = self.orders.get_mut(&ask.number).expect("only known orders expire");
                order.is_closed |= order.paid.is_none() && order.expires <= self.now;
            }
            What::Refund { refund, total } => return self.refund(ask, refund, total),
            What::TopUp { card } => return self.top_up(ask, card),
            What::Withdraw { card, fee } => return self.withdraw(ask, card, fee),
            What::Bank { movement, says } => return Ok(self.bank_says(movement, says)),
            What::SetPassword { old, is_weak } => return self.set_password(ask, old, is_weak),
            What::ResetPassword { is_code_right, is_person_right } => {
                return self.reset_password(ask, is_code_right, is_person_right);
            }
            What::Freeze(by) => return self.freeze(ask, by),
            What::Unfreeze(by, is_owner) => return self.unfreeze(ask, by, is_owner),
        }
        DONE
    }

    fn place(&mut self, ask: &Ask, life_s: Option<i64>) -> Decided {
        let (now, rules, known) = (self.now, &self.rules, self.orders.get(&ask.number));
        let life_s = life_s.unwrap_or(rules.order_ttl_s);
        let fits = (rules.order_ttl_min_s..=rules.order_ttl_max_s).contains(&life_s);
        let is_over = known.is_some_and(|order| order.is_closed || order.expires <= now);
        refuse([
            (self.merchants[ask.number.0].is_suspended, Code::MerchantAbnormal, 0),
            (known.is_some_and(|order| order.paid.is_some()), Code::OrderAlreadyPaid, 0),
            (is_over, Code::OrderClosed, 0),
            (known.is_some_and(|order| order.asked != ask.content()), Code::OrderParamsChanged, 0),
            (known.is_none() && !fits, Code::ParamInvalid, 0),
        ])?;
        let order = self
            .orders
            .entry(ask.number)
            .or_insert_with(|| Order::new(ask.content(), now + life_s * SECOND));
        order.code_ends = order.expires.min(now + rules.prepay_ttl_s * SECOND);
        Ok(Answer::Done(ask.serial, 0, ""))
    }

    fn pay(&mut self, ask: &Ask, factors: u32) -> Decided {
        let (now, amount, merchant) = (self.now, ask.amount, ask.number.0);
        let order = self.orders.get(&ask.number).ok_or(No(Code::OrderNotFound, 0))?;
        let What::Place { payer, .. } = order.asked.what else {
            unreachable!("an order was placed")
        };
        refuse([
            (order.paid.is_some(), Code::OrderAlreadyPaid, 0),
            (order.is_closed, Code::OrderClosed, 0),
            (order.code_ends <= now, Code::OrderExpired, 0),
            (order.asked.amount != amount, Code::OrderAmountChanged, 0),
            (payer.is_some_and(|payer| payer != ask.who), Code::OrderPayerMismatch, 0),
            (ask.who != ask.wallet, Code::ObjectNotFound, 0),
            (self.merchants[merchant].is_suspended, Code::MerchantAbnormal, 0),
        ])?;
        let identity = self.may_move(ask, false)?;
        self.check_password(ask.wallet, ask.key, ask.digits)?;
        let rules = &self.rules;
        let this_year = self.paid(identity, |at| year(at) == year(now));
        let (sum, cap, code) = match self.channels[identity] {
            0..3 => (
                self.paid(identity, |_| true),
                rules.class1_lifetime_minor,
                Code::BalanceLifetimeLimitExceeded,
            ),
            3..5 => (this_year, rules.class2_year_minor, Code::BalanceAnnualLimitExceeded),
            _ => (this_year, rules.class3_year_minor, Code::BalanceAnnualLimitExceeded),
        };
        let cap_day =
            if factors > 1 { rules.verify_two_day_minor } else { rules.verify_one_day_minor };
        let left = (cap_day - self.paid(identity, |at| day(at) == day(now))).max(0);
        refuse([
            (sum + amount > cap, code, 0),
            (amount > left, Code::VerifyStrengthLimitExceeded, left),
            (amount > self.held_by(Wallet(ask.wallet)), Code::BalanceInsufficient, 0),
        ])?;
        let fee = half_up(amount * self.merchants[merchant].fee_bp, 10_000);
        self.post([(Wallet(ask.wallet), -amount), (Merchant(merchant), amount - fee), (Fees, fee)]);
        self.orders.entry(ask.number).and_modify(|order| order.paid = Some((ask.wallet, now, fee)));
        Ok(Answer::Done(ask.serial, amount, ""))
    }

    fn refund(&mut self, ask: &Ask, refund: Index, total: i64) -> Decided {
        let (now, rules, merchant) = (self.now, &self.rules, ask.number.0);
        let order = self.orders.get_mut(&ask.number).ok_or(No(Code::OrderNotFound, 0))?;
        if let Some((serial, before)) = self.refunds.get(&(merchant, refund)) {
            let said = |ask: &Ask| (ask.number, ask.amount, ask.what);
            refuse([(said(before) != said(ask), Code::RefundNoConflict, 0)])?;
            return Ok(Answer::Done(*serial, 0, ""));
        }
        let (payer, paid_at, fee) = order.paid.ok_or(No(Code::RefundOrderNotPaid, 0))?;
        let before: i64 = order.refunds.iter().map(|(amount, _)| amount).sum();
        let next = order.refunds.last().map_or(now, |(_, at)| at + rules.refund_spacing_s * SECOND);
        let is_closed = self.people[payer].standing == Standing::Closed;
        let after = before + ask.amount;
        refuse([
            (total != order.asked.amount, Code::RefundAmountExceeded, 0),
            (is_closed, Code::RefundAccountAbnormal, 0),
            (now - paid_at > rules.refund_window_s * SECOND, Code::RefundWindowExpired, 0),
            (after > total, Code::RefundAmountExceeded, total - before),
            (order.refunds.len() as i64 == rules.refund_count_max, Code::RefundCountExceeded, 0),
            (now < next, Code::RefundTooFrequent, next),
        ])?;
        let fee_back = half_up(fee * after, total) - half_up(fee * before, total);
        order.refunds.push((ask.amount, now));
        let of_merchant = ask.amount - fee_back;
        self.post([
            (Merchant(merchant), -of_merchant),
            (Fees, -fee_back),
            (Wallet(payer), ask.amount),
        ]);
        self.refunds.insert((merchant, refund), (ask.serial, ask.content()));
        Ok(Answer::Done(ask.serial, 0, ""))
    }

    fn check_card(&self, wallet: Index, card: Index, code: Code) -> Result<(), No> {
        let card = self.people[wallet].cards.get(card).ok_or(No(Code::ObjectNotFound, 0))?;
        refuse([(card.is_suspended, Code::CardSuspended, 0), (card.is_credit, code, 0)])
    }

    fn top_up(&mut self, ask: &Ask, card: Index) -> Decided {
        let identity = self.may_move(ask, true)?;
        self.check_card(ask.wallet, card, Code::TopupCardNotSupported)?;
        let bank = self.rules.bank_limits.of("ICBC", CardKind::Debit);
        let single = self.rules.topup_single_max_minor.min(bank.single_minor);
        refuse([(ask.amount > single, Code::TopupLimitExceeded, 0)])?;
        self.check_password(ask.wallet, ask.key, ask.digits)?;
        let today = |one: &Movement| day(one.began) == day(self.now);
        let (_, person, _) = self.moved(true, |one| today(one) && self.is_of(one, identity));
        let (_, on_card, _) =
            self.moved(true, |one| today(one) && (one.wallet, one.card) == (ask.wallet, card));
        let is_over = person + ask.amount > self.rules.topup_day_max_minor;
        let after = self.held_by(Wallet(ask.wallet)) + ask.amount;
        refuse([
            (is_over || on_card + ask.amount > bank.day_minor, Code::TopupLimitExceeded, 0),
            (after > self.rules.balance_cap_minor, Code::BalanceCapExceeded, 0),
        ])?;
        let movement = Movement::new(ask, card, self.now, "BANK_PROCESSING");
        self.movements.insert(ask.serial, Movement { is_top_up: true, ..movement });
        Ok(Answer::Done(ask.serial, 0, ""))
    }

    /// Fee and used allowance of a withdrawal.
    pub(in crate::model) fn price(&self, wallet: Index, amount: i64) -> (i64, i64) {
        let (one, rules) = (&self.people[wallet], &self.rules);
        let (_, _, used) =
            self.moved(false, |other| self.people[other.wallet].identity == one.identity);
        let free = amount.min((rules.withdraw_free_lifetime_minor - used).max(0));
        let is_dust =
            amount == self.held_by(Wallet(wallet)) && amount <= rules.withdraw_dust_free_minor;
        let fee = half_up((amount - free) * rules.withdraw_fee_bp, 10_000);
        let is_free = is_dust || free == amount;
        (if is_free { 0 } else { fee.max(rules.withdraw_fee_min_minor) }, free)
    }

    fn withdraw(&mut self, ask: &Ask, card: Index, seen: i64) -> Decided {
        let (identity, amount, rules) = (self.may_move(ask, true)?, ask.amount, self.rules.clone());
        refuse([(self.people[ask.wallet].cards.is_empty(), Code::WithdrawNoCard, 0)])?;
        self.check_card(ask.wallet, card, Code::WithdrawCardNotSupported)?;
        refuse([(amount > rules.withdraw_single_max_minor, Code::WithdrawLimitSingle, 0)])?;
        self.check_password(ask.wallet, ask.key, ask.digits)?;
        let (fee, free) = self.price(ask.wallet, amount);
        let today = |one: &Movement| day(one.began) == day(self.now);
        let (count, sum, _) = self.moved(false, |one| today(one) && self.is_of(one, identity));
        let reset_at = self.people[ask.wallet].reset_at;
        let capped_until = reset_at.map_or(0, |at| at + rules.password_reset_cap_s * SECOND);
        let is_capped = self.now < capped_until && sum + amount > rules.password_reset_cap_minor;
        refuse([
            (sum + amount > rules.withdraw_day_max_minor, Code::WithdrawLimitDaily, 0),
            (is_capped, Code::PasswordResetCooldown, capped_until),
            (count == rules.withdraw_count_day, Code::WithdrawCountLimit, 0),
            (fee != seen, Code::WithdrawFeeChanged, 0),
            (amount + fee > self.held_by(Wallet(ask.wallet)), Code::WithdrawBalanceAndFee, fee),
        ])?;
        self.post([(Wallet(ask.wallet), -amount - fee), (Transit, amount + fee)]);
        let movement = Movement::new(ask, card, self.now, "HELD");
        self.movements.insert(ask.serial, Movement { fee, free, ..movement });
        Ok(Answer::Done(ask.serial, fee, ""))
    }

    fn bank_says(&mut self, serial: Serial, says: BankSays) -> Answer {
        let mut one = self.movements.remove(&serial).expect("the bank was asked");
        let (is_in, is_open) = (one.is_top_up, one.is_open);
        let signed = if is_in { one.amount } else { -one.amount };
        let takes = !is_in || self.people[one.wallet].standing != Standing::Closed;
        let is_late = self.now - one.began >= self.rules.topup_send_s * SECOND;
        let says = match (says, one.settled_by) {
            (BankSays::Declined(_), Some(by)) => BankSays::Returned(by),
            (says, _) => says,
        };
        match says {
            BankSays::Done(by) if one.refs.contains_key(&by) => {}
            BankSays::Done(by) if is_open && takes => {
                one.refs.insert(by, (true, false));
                (one.settled_by, one.is_open, one.state) = (Some(by), false, "SUCCESS");
                self.settle(&one, signed);
            }
            BankSays::Done(by) => {
                let is_posted = self.suspend(signed);
                one.refs.insert(by, (is_posted, false));
                one.state = if is_in { one.state } else { "EXCEPTION" };
                self.fail(&mut one, "");
            }
            BankSays::Returned(by) => match one.refs.insert(by, (false, true)) {
                Some((is_posted, false)) => {
                    let _ = is_posted && self.suspend(-signed);
                    one.state = if is_in { one.state } else { "EXCEPTION" };
                }
                _ => self.fail(&mut one, ""),
            },
            BankSays::Declined(why) => self.fail(&mut one, why),
            BankSays::NotSeen if is_in && is_late => self.fail(&mut one, ""),
            BankSays::Pending if is_open => one.state = "BANK_PROCESSING",
            BankSays::Unknown | BankSays::NotSeen if is_open && is_in => one.state = "UNKNOWN",
            _ => {}
        }
        let state = one.state;
        self.movements.insert(serial, one);
        Answer::Done(0, 0, state)
    }

    fn settle(&mut self, one: &Movement, signed: i64) {
        let payer = if self.held_by(Bank) - signed <= 0 { Bank } else { Suspense };
        if one.is_top_up {
            self.post([(payer, -signed), (Wallet(one.wallet), one.amount)]);
        } else {
            self.post([(payer, -signed), (Transit, -one.amount - one.fee), (Fees, one.fee)]);
        }
        self.people[one.wallet].cards[one.card].declines = 0;
    }

    /// Ends an open one without money; some reasons tell against the card.
    fn fail(&mut self, one: &mut Movement, why: &str) {
        if !one.is_open {
            return;
        }
        (one.is_open, one.counts) = (false, false);
        one.state = if one.is_top_up { "FAILED" } else { "RETURNED" };
        if !one.is_top_up {
            let held = one.amount + one.fee;
            self.post([(Transit, -held), (Wallet(one.wallet), held)]);
        }
        let max = self.rules.card_hard_declines_max;
        let Card { declines, is_suspended, .. } = &mut self.people[one.wallet].cards[one.card];
        *declines = match why {
            "54" => max,
            "05" if one.is_top_up => *declines + 1,
            _ => return,
        };
        *is_suspended |= *declines >= max;
    }

    /// Money of the bank that is nobody's yet. The bank cannot have paid out what it does not hold.
    fn suspend(&mut self, minor: i64) -> bool {
        let holds = self.held_by(Bank) - minor <= 0;
        if holds {
            self.post([(Bank, -minor), (Suspense, minor)]);
        }
        holds
    }
}
