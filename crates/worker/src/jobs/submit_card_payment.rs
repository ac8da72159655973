//! Takes the payment of an order from its card. What was sent before is asked about first, and sent
//! again only when the bank never saw it, with the same id.

use super::{Jobs, Met, Unmet, in_our_words, movement, request_id, subject};
use crate::shell::{self, Shell};
use domain::card::{BankAnswer as Answer, BankOperation};
use domain::ids::{CardPaymentId, RefundPayoutId};
use domain::job::Job;
use domain::merchant::OpenidKeys;
use domain::order::{CardPayment, RecordCardPayment, transaction_id};
use kernel::Timestamp;
use kernel::keys::KeyRing;
use providers::bank::BankAnswer;
use store::queries::find;

pub(super) async fn meet(jobs: &Jobs, job: &Job) -> Met {
    let id: CardPaymentId = subject(job)?;
    let payment = find::<CardPayment>(jobs.queries.as_ref(), &id).await?.ok_or(Unmet::Gone)?;
    if !payment.is_open() {
        return Err(Unmet::Gone);
    }
    let bank = &jobs.providers.bank;
    let may_be_sent = payment.may_be_sent(jobs.now(), &jobs.engine.rules());
    let known = match job.attempts {
        0 if may_be_sent => BankAnswer::NotSeen,
        _ => bank.find_debit(&request_id(id)?, payment.amount).await,
    };
    let answer = match known {
        BankAnswer::NotSeen if may_be_sent => {
            bank.debit(&movement(jobs, id, payment.card, payment.amount).await?).await
        }
        known => known,
    };
    let answer = in_our_words(answer, BankOperation::Payment);
    jobs.record(recording(jobs.shell.as_ref(), &jobs.keys, jobs.now(), id, answer)).await
}

/// The command that records an answer, with what it needs drawn. `now` is business time.
pub(crate) fn recording(
    shell: &dyn Shell,
    keys: &KeyRing,
    now: Timestamp,
    payment: CardPaymentId,
    answer: Answer,
) -> RecordCardPayment {
    let random = u32::from_be_bytes(shell::random(shell)) % 10_000;
    RecordCardPayment {
        payment,
        answer,
        transaction_id: transaction_id(now, &format!("{random:04}")),
        openid_keys: OpenidKeys::of(keys),
        payout: RefundPayoutId::from_bytes(shell::id(shell)),
    }
}
