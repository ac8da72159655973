//! Transfers to people: one by one, which their payees take, and in batches, which need nobody.

use super::{DONE, Decided, Holder, Market, No, STRANGER, refuse};
use crate::model::ask::{Answer, Index};
use crate::model::market::Deed;
use domain::catalogue::Code;
use kernel::time::{DAY, SECOND};

#[derive(Clone, Debug)]
pub(in crate::model::market) struct Bill {
    pub asked: Deed,
    pub payee: Index,
    pub amount: i64,
    pub at: i64,
    pub state: &'static str,
}

#[derive(Clone, Debug)]
pub(in crate::model::market) struct Batch {
    pub asked: Deed,
    parts: Vec<(Index, i64)>,
    pub at: i64,
    pub state: &'static str,
    /// Whether its money has left the merchant.
    is_reserved: bool,
}

impl Market {
    /// Number and sum of what was sent today, to one person or by the merchant.
    pub(in crate::model::market) fn sent_today(&self, payee: Option<Index>) -> (i64, i64) {
        let today = self.now.div_euclid(DAY);
        let sent = self.sent.iter().filter(|(at, ..)| at.div_euclid(DAY) == today);
        let counted = sent.filter(|(_, to, _)| *to == payee);
        counted.fold((0, 0), |(count, sum), (.., amount)| (count + 1, sum + amount))
    }

    /// Whether somebody may get so much more today.
    fn may_get(&self, payee: Index, amount: i64) -> bool {
        let (count, sum) = self.sent_today(Some(payee));
        count < self.rules.transfer_payee_count_day
            && sum + amount <= self.rules.transfer_payee_day_minor
    }

    fn is_single(&self, amount: i64) -> bool {
        let rules = &self.rules;
        (rules.transfer_single_min_minor..=rules.transfer_single_max_minor).contains(&amount)
    }

    /// Takes it from the merchant, if the day and the balance allow it.
    fn reserve(&mut self, amount: i64) -> Result<(), No> {
        let (_, all) = self.sent_today(None);
        refuse([
            (all + amount > self.rules.transfer_merchant_day_minor, Code::ParamInvalid),
            (amount > self.held_by(Holder::Merchant(0)), Code::BalanceInsufficient),
        ])?;
        self.post(Holder::Merchant(0), Holder::Escrow, amount);
        self.sent.push((self.now, None, amount));
        Ok(())
    }

    pub(super) fn send(&mut self, deed: &Deed, bill: Index, payee: Index, amount: i64) -> Decided {
        if let Some(known) = self.bills.get(&bill) {
            return if known.asked == *deed { DONE } else { Err(No(Code::IdempotencyConflict, 0)) };
        }
        refuse([
            (self.suspended.contains(&0), Code::MerchantAbnormal),
            (!self.is_single(amount) || !self.may_get(payee, amount), Code::ParamInvalid),
        ])?;
        self.reserve(amount)?;
        self.sent.push((self.now, Some(payee), amount));
        let (asked, at, state) = (deed.clone(), self.now, "WAIT_USER_CONFIRM");
        self.bills.insert(bill, Bill { asked, payee, amount, at, state });
        DONE
    }

    pub(super) fn cancel(&mut self, bill: Index) -> Decided {
        let state = self.bills.get(&bill).map(|bill| bill.state);
        refuse([
            (state.is_none(), Code::ObjectNotFound),
            (matches!(state, Some("SUCCESS" | "FAIL")), Code::OrderClosed),
        ])?;
        self.end_bill(bill, "CANCELLED", Holder::Merchant(0));
        DONE
    }

    pub(super) fn confirm(&mut self, number: Index, who: Index) -> Decided {
        let bill = self.bills.get(&number).filter(|bill| bill.payee == who);
        let bill = bill.ok_or(No(Code::ObjectNotFound, 0))?;
        let is_open = bill.state == "WAIT_USER_CONFIRM"
            && self.now < bill.at + self.rules.transfer_ttl_s * SECOND;
        let is_done = bill.state == "SUCCESS";
        refuse([
            (!is_open && !is_done, Code::OrderClosed),
            (!is_done && self.closed.contains(&who), Code::AccountStatusAbnormal),
            (!is_done && who == STRANGER, Code::IdentityRequired),
        ])?;
        self.end_bill(number, "SUCCESS", Holder::Person(who));
        Ok(Answer::Done(0, 0, "SUCCESS"))
    }

    /// Ends a transfer that is open.
    fn end_bill(&mut self, number: Index, state: &'static str, to: Holder) {
        let bill = self.bills.get_mut(&number).expect("it is there");
        let amount = bill.amount;
        if bill.state == "WAIT_USER_CONFIRM" {
            bill.state = state;
            self.post(Holder::Escrow, to, amount);
        }
    }

    pub(super) fn batch(&mut self, deed: &Deed, batch: Index, parts: &[(Index, i64)]) -> Decided {
        if let Some(known) = self.batches.get(&batch) {
            return if known.asked == *deed { DONE } else { Err(No(Code::IdempotencyConflict, 0)) };
        }
        let are_single = parts.iter().all(|(_, amount)| self.is_single(*amount));
        refuse([
            (self.suspended.contains(&0), Code::MerchantAbnormal),
            (!are_single, Code::ParamInvalid),
        ])?;
        let is_reserved = !self.is_staffed;
        if is_reserved {
            self.reserve(parts.iter().map(|(_, amount)| amount).sum())?;
        }
        let state = if is_reserved { "ACCEPTED" } else { "WAIT_PAY" };
        let (asked, parts, at) = (deed.clone(), parts.to_vec(), self.now);
        self.batches.insert(batch, Batch { asked, parts, at, state, is_reserved });
        DONE
    }

    /// Whether the staff can still decide about it.
    fn is_undecided(&self, batch: &Batch) -> bool {
        batch.state == "WAIT_PAY" && self.now < batch.at + self.rules.batch_approval_s * SECOND
    }

    pub(super) fn approve(&mut self, number: Index) -> Decided {
        let batch = self.batches.get(&number).ok_or(No(Code::ObjectNotFound, 0))?.clone();
        if !batch.is_reserved {
            refuse([
                (!self.is_undecided(&batch), Code::OrderClosed),
                (self.suspended.contains(&0), Code::MerchantAbnormal),
            ])?;
            self.reserve(batch.parts.iter().map(|(_, amount)| amount).sum())?;
            let approved = Batch { state: "ACCEPTED", is_reserved: true, ..batch };
            self.batches.insert(number, approved);
        }
        Ok(Answer::Done(0, 0, self.batches[&number].state))
    }

    pub(super) fn reject(&mut self, number: Index) -> Decided {
        let batch = self.batches.get(&number).ok_or(No(Code::ObjectNotFound, 0))?;
        let was_rejected = batch.state == "FINISHED" && !batch.is_reserved;
        refuse([(!was_rejected && !self.is_undecided(batch), Code::OrderClosed)])?;
        let rejected = Batch { state: "FINISHED", ..batch.clone() };
        self.batches.insert(number, rejected);
        DONE
    }

    /// The worker: what nobody took goes back, and batches are paid, or closed if nobody decided.
    pub(super) fn end_transfers(&mut self) {
        for (number, bill) in self.bills.clone() {
            if self.now >= bill.at + self.rules.transfer_ttl_s * SECOND {
                self.end_bill(number, "FAIL", Holder::Merchant(0));
            }
        }
        for (number, mut batch) in self.batches.clone() {
            if batch.state == "ACCEPTED" {
                for (payee, amount) in &batch.parts {
                    let takes = !self.closed.contains(payee) && *payee != STRANGER;
                    if takes && self.may_get(*payee, *amount) {
                        self.sent.push((self.now, Some(*payee), *amount));
                        self.post(Holder::Escrow, Holder::Person(*payee), *amount);
                    } else {
                        self.post(Holder::Escrow, Holder::Merchant(0), *amount);
                    }
                }
                batch.state = "FINISHED";
            } else if batch.state == "WAIT_PAY" && !self.is_undecided(&batch) {
                batch.state = "CLOSED";
            }
            self.batches.insert(number, batch);
        }
    }
}
