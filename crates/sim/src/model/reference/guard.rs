//! What stands before every movement: keys that make an ask happen once, sessions, freezes, the
//! payment password and its reset.

use super::{DONE, Decided, No, Reference, Wrong, refuse};
use crate::model::ask::{Answer, Ask, Freezer, Index, Standing, What};
use domain::catalogue::Code;
use kernel::time::{DAY, SECOND};

/// The caller may come again with the right secret, so no answer about one is kept.
fn is_about_secret(code: Code, what: What) -> bool {
    use Code::*;
    match code {
        PayPasswordWrong | PayPasswordLocked | PayPasswordHardLocked | PayPasswordTooWeak => true,
        PayPasswordReused | OtpInvalid | PasswordResetLimit => true,
        PayPasswordNotSet | ParamInvalid => {
            matches!(what, What::SetPassword { .. } | What::Unfreeze(..))
        }
        _ => false,
    }
}

impl Reference {
    /// Asks, and remembers what a key stands for.
    pub fn ask(&mut self, ask: &Ask) -> Answer {
        self.asked += 1;
        if matches!(ask.what, What::Pay { .. }) && !self.people[ask.who].is_signed_in {
            return Answer::Refused(Code::SessionExpired, 0);
        }
        if let Some((content, answer, _)) = ask.key().and_then(|key| self.kept.get(&key)) {
            let conflict = Answer::Refused(Code::IdempotencyConflict, 0);
            return if *content == ask.content() { answer.clone() } else { conflict };
        }
        let decided = self.decide(ask);
        let is_kept = !matches!(decided, Err(No(code, _)) if is_about_secret(code, ask.what));
        let answer = decided.unwrap_or_else(|No(code, figure)| Answer::Refused(code, figure));
        if let Some(key) = ask.key().filter(|_| is_kept) {
            self.kept.insert(key, (ask.content(), answer.clone(), self.now));
        }
        answer
    }

    pub(super) fn stands(&mut self, who: Index) -> &'static str {
        let one = &mut self.people[who];
        let is_complete = one.identity.is_some() && !one.passwords.is_empty();
        if one.frozen.is_empty() && one.standing == Standing::Opening && is_complete {
            one.standing = Standing::Active;
        }
        match one.standing {
            _ if !one.frozen.is_empty() => "FROZEN",
            Standing::Opening => "OPENING",
            Standing::Active => "ACTIVE",
            Standing::Restricted => "RESTRICTED",
            Standing::Closed => "CLOSED",
        }
    }

    /// The person, if the wallet's money may move: to others, or to an own card.
    pub(super) fn may_move(&self, ask: &Ask, to_own_card: bool) -> Result<Index, No> {
        let one = &self.people[ask.wallet];
        refuse([
            (ask.who != ask.wallet, Code::ObjectNotFound, 0),
            (!one.frozen.is_empty(), Code::AccountFrozen, 0),
            (one.standing == Standing::Closed, Code::AccountStatusAbnormal, 0),
            (one.standing == Standing::Restricted && !to_own_card, Code::AccountRestricted, 0),
            (one.identity.is_none(), Code::IdentityRequired, 0),
            (one.standing == Standing::Opening, Code::PayPasswordNotSet, 0),
        ])?;
        Ok(one.identity.expect("it was looked at"))
    }

    pub(super) fn check_password(&mut self, wallet: Index, key: u64, digits: u8) -> Result<(), No> {
        let (now, rules, one) = (self.now, &self.rules, &mut self.people[wallet]);
        let right = *one.passwords.last().ok_or(No(Code::PayPasswordNotSet, 0))?;
        let (wrong, allowed, hard) =
            (&mut one.wrong, rules.password_tries, |locks| locks >= rules.password_locks_hard);
        if wrong.last != Some((key, digits)) && !hard(wrong.locks) && wrong.until <= now {
            if right == digits {
                *wrong = Wrong::default();
                return Ok(());
            }
            wrong.tries = wrong.tries % allowed + 1;
            wrong.last = Some((key, digits));
            if wrong.tries == allowed {
                if wrong.first.is_none_or(|first| now - first >= DAY) {
                    (wrong.first, wrong.locks) = (Some(now), 0);
                }
                wrong.locks += 1;
                wrong.until = now + rules.password_lock_s * SECOND;
            }
        }
        refuse([
            (hard(wrong.locks), Code::PayPasswordHardLocked, 0),
            (wrong.until > now, Code::PayPasswordLocked, wrong.until),
            (true, Code::PayPasswordWrong, allowed - wrong.tries),
        ])
    }

    pub(super) fn freeze(&mut self, ask: &Ask, by: Freezer) -> Decided {
        let one = &mut self.people[ask.who];
        let stands = one.frozen.contains(&by) || by == Freezer::Owner;
        let is_closed = one.standing == Standing::Closed;
        refuse([
            (is_closed, Code::AccountStatusAbnormal, 0),
            (stands && !one.frozen.is_empty(), Code::FreezeAlready, 0),
        ])?;
        one.is_signed_in &= by != Freezer::Owner;
        one.frozen.insert(by);
        DONE
    }

    pub(super) fn unfreeze(&mut self, ask: &Ask, by: Freezer, is_owner: bool) -> Decided {
        let frozen = &self.people[ask.who].frozen;
        let is_bound = is_owner && frozen.len() > 1;
        refuse([(!frozen.contains(&by) || is_bound, Code::UnfreezeNotAllowed, 0)])?;
        if is_owner {
            self.check_password(ask.who, ask.key, ask.digits)?;
        }
        self.people[ask.who].frozen.remove(&by);
        Ok(Answer::Done(0, 0, self.stands(ask.who)))
    }

    pub(super) fn set_password(&mut self, ask: &Ask, old: Option<u8>, is_weak: bool) -> Decided {
        let one = &self.people[ask.who];
        refuse([
            (!one.frozen.is_empty(), Code::AccountFrozen, 0),
            (one.standing == Standing::Closed, Code::AccountStatusAbnormal, 0),
            (old.is_none() && !one.passwords.is_empty(), Code::ParamInvalid, 0),
        ])?;
        if let Some(old) = old {
            self.check_password(ask.who, ask.key, old)?;
        }
        refuse([(is_weak, Code::PayPasswordTooWeak, 0)])?;
        self.new_password(ask)?;
        Ok(Answer::Done(0, 0, self.stands(ask.who)))
    }

    fn new_password(&mut self, ask: &Ask) -> Result<(), No> {
        let passwords = &mut self.people[ask.who].passwords;
        let is_used = passwords.iter().rev().take(4).any(|used| *used == ask.digits);
        refuse([(is_used, Code::PayPasswordReused, 0)])?;
        passwords.push(ask.digits);
        Ok(())
    }

    pub(super) fn reset_password(
        &mut self,
        ask: &Ask,
        is_code_right: bool,
        is_person_right: bool,
    ) -> Decided {
        let (now, rules, one) = (self.now, self.rules.clone(), &mut self.people[ask.who]);
        let is_bound = one.frozen.iter().any(|by| *by != Freezer::Owner);
        let is_closed = one.frozen.is_empty() && one.standing == Standing::Closed;
        let is_known = one.proofs.last == Some((ask.key, 0));
        refuse([
            (is_bound, Code::AccountFrozen, 0),
            (is_closed, Code::AccountStatusAbnormal, 0),
            (one.identity.is_none(), Code::IdentityRequired, 0),
            (one.passwords.is_empty(), Code::PayPasswordNotSet, 0),
            (one.proofs.until > now, Code::PasswordResetLimit, one.proofs.until),
            (!is_code_right, Code::OtpInvalid, rules.otp_tries - 1),
            (!is_person_right && is_known, Code::PasswordResetIdentityFailed, 0),
        ])?;
        if !is_person_right {
            let proofs = &mut one.proofs;
            if proofs.tries == 0 || proofs.first.is_none_or(|first| now - first >= DAY) {
                (proofs.tries, proofs.first) = (0, Some(now));
            }
            (proofs.tries, proofs.last) = (proofs.tries + 1, Some((ask.key, 0)));
            refuse([(
                proofs.tries < rules.password_reset_tries,
                Code::PasswordResetIdentityFailed,
                0,
            )])?;
            (proofs.tries, proofs.until) = (0, now + rules.password_reset_block_s * SECOND);
            return Err(No(Code::PasswordResetLimit, proofs.until));
        }
        self.new_password(ask)?;
        let one = &mut self.people[ask.who];
        (one.wrong, one.reset_at) = (Wrong::default(), Some(now));
        if one.proofs.tries > 0 {
            one.proofs = Wrong::default();
        }
        let stands = self.stands(ask.who);
        Ok(Answer::Done(0, now + rules.password_reset_cap_s * SECOND, stands))
    }
}
