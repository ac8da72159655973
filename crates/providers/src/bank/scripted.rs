//! A bank that answers what a test tells it to, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kernel::Amount;

use super::{
    Bank, BankAnswer, CardCheck, Confirmation, Movement, Revocation, RevokeAnswer, SigningAnswer,
    StatementLine, StatementQuery,
};
use crate::{Answering, RequestId, Unclear};

/// Answers from queues, first in, first out. An empty queue answers unknown.
#[derive(Default)]
pub struct ScriptedBank(Mutex<Script>);

#[derive(Default)]
struct Script {
    signings: VecDeque<SigningAnswer>,
    submissions: VecDeque<BankAnswer>,
    queries: VecDeque<BankAnswer>,
    revocations: VecDeque<RevokeAnswer>,
    statements: VecDeque<Vec<StatementLine>>,
    calls: Vec<BankCall>,
}

/// One call, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankCall {
    /// The elements of a card were checked.
    CheckCard(RequestId),
    /// A signing was asked for.
    FindSigning(RequestId),
    /// A code was given for a signing.
    Confirm {
        /// Id of the try.
        request_id: RequestId,
        /// Id of the signing.
        signing: RequestId,
    },
    /// A token was revoked.
    Revoke(RequestId),
    /// Money was taken.
    Debit(RequestId, Amount),
    /// A debit was asked for.
    FindDebit(RequestId, Amount),
    /// Money was sent.
    Credit(RequestId, Amount),
    /// A credit was asked for.
    FindCredit(RequestId, Amount),
    /// A statement was fetched.
    Statement(StatementQuery),
}

impl ScriptedBank {
    /// A bank without a script: it answers unknown to everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next answer about a signing: to a check, a code or a query.
    pub fn signing(&self, answer: SigningAnswer) -> &Self {
        self.script().signings.push_back(answer);
        self
    }

    /// The next answer to a debit or credit.
    pub fn submission(&self, answer: BankAnswer) -> &Self {
        self.script().submissions.push_back(answer);
        self
    }

    /// The next answer to a query about a debit or credit.
    pub fn query(&self, answer: BankAnswer) -> &Self {
        self.script().queries.push_back(answer);
        self
    }

    /// The next answer to a revocation.
    pub fn revocation(&self, answer: RevokeAnswer) -> &Self {
        self.script().revocations.push_back(answer);
        self
    }

    /// The next statement.
    pub fn next_statement(&self, lines: Vec<StatementLine>) -> &Self {
        self.script().statements.push_back(lines);
        self
    }

    /// The movement is done, but its answer comes after the time limit; a query tells.
    pub fn late(&self, bank_ref: &str) -> &Self {
        self.submission(BankAnswer::Unknown(Unclear::TimedOut)).query(done(bank_ref))
    }

    /// The movement is done, but its answer is lost; a query tells.
    pub fn lost(&self, bank_ref: &str) -> &Self {
        self.submission(BankAnswer::Unknown(Unclear::Connection)).query(done(bank_ref))
    }

    /// The request gets lost before the bank sees it; a query tells.
    pub fn never_arrives(&self) -> &Self {
        self.submission(BankAnswer::Unknown(Unclear::Connection)).query(BankAnswer::NotSeen)
    }

    /// The movement is done twice: the answer and a later query name different references.
    pub fn twice(&self, first_ref: &str, second_ref: &str) -> &Self {
        self.submission(done(first_ref)).query(done(second_ref))
    }

    /// The answer is no, a later query says yes.
    pub fn declined_then_done(&self, code: &str, bank_ref: &str) -> &Self {
        self.submission(BankAnswer::Declined { code: code.to_owned() }).query(done(bank_ref))
    }

    /// The answer is yes, a later query says that the money went back.
    pub fn done_then_returned(&self, bank_ref: &str, code: &str) -> &Self {
        let returned =
            BankAnswer::Returned { bank_ref: bank_ref.to_owned(), code: code.to_owned() };
        self.submission(done(bank_ref)).query(returned)
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<BankCall> {
        self.script().calls.clone()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_signing(&self, call: BankCall) -> SigningAnswer {
        let mut script = self.script();
        script.calls.push(call);
        let answer = script.signings.pop_front();
        answer.unwrap_or(SigningAnswer::Unknown(Unclear::Connection))
    }

    fn submitted(&self, call: BankCall) -> BankAnswer {
        let mut script = self.script();
        script.calls.push(call);
        script.submissions.pop_front().unwrap_or(BankAnswer::Unknown(Unclear::Connection))
    }

    fn queried(&self, call: BankCall) -> BankAnswer {
        let mut script = self.script();
        script.calls.push(call);
        script.queries.pop_front().unwrap_or(BankAnswer::Unknown(Unclear::Connection))
    }
}

fn done(bank_ref: &str) -> BankAnswer {
    BankAnswer::Done { bank_ref: bank_ref.to_owned() }
}

fn ready<'a, T: Send + 'a>(answer: T) -> Answering<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl Bank for ScriptedBank {
    fn check_card<'a>(&'a self, check: &'a CardCheck) -> Answering<'a, SigningAnswer> {
        ready(self.next_signing(BankCall::CheckCard(check.request_id.clone())))
    }

    fn find_signing<'a>(&'a self, signing: &'a RequestId) -> Answering<'a, SigningAnswer> {
        ready(self.next_signing(BankCall::FindSigning(signing.clone())))
    }

    fn confirm_signing<'a>(&'a self, code: &'a Confirmation) -> Answering<'a, SigningAnswer> {
        let (request_id, signing) = (code.request_id.clone(), code.signing.clone());
        ready(self.next_signing(BankCall::Confirm { request_id, signing }))
    }

    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> Answering<'a, RevokeAnswer> {
        let mut script = self.script();
        script.calls.push(BankCall::Revoke(revocation.request_id.clone()));
        let answer = script.revocations.pop_front();
        ready(answer.unwrap_or(RevokeAnswer::Unknown(Unclear::Connection)))
    }

    fn debit<'a>(&'a self, movement: &'a Movement) -> Answering<'a, BankAnswer> {
        ready(self.submitted(BankCall::Debit(movement.request_id.clone(), movement.amount)))
    }

    fn find_debit<'a>(&'a self, id: &'a RequestId, amount: Amount) -> Answering<'a, BankAnswer> {
        ready(self.queried(BankCall::FindDebit(id.clone(), amount)))
    }

    fn credit<'a>(&'a self, movement: &'a Movement) -> Answering<'a, BankAnswer> {
        ready(self.submitted(BankCall::Credit(movement.request_id.clone(), movement.amount)))
    }

    fn find_credit<'a>(&'a self, id: &'a RequestId, amount: Amount) -> Answering<'a, BankAnswer> {
        ready(self.queried(BankCall::FindCredit(id.clone(), amount)))
    }

    fn statement<'a>(
        &'a self,
        query: &'a StatementQuery,
    ) -> Answering<'a, Result<Vec<StatementLine>, Unclear>> {
        let mut script = self.script();
        script.calls.push(BankCall::Statement(query.clone()));
        ready(script.statements.pop_front().ok_or(Unclear::Connection))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movement(id: &RequestId) -> Movement {
        let (token, amount) = ("tok".to_owned().into(), Amount::fen(5).unwrap());
        Movement { request_id: id.clone(), token, amount }
    }

    #[tokio::test]
    async fn a_script_is_played_in_order_and_then_everything_is_unknown() {
        let bank = ScriptedBank::new();
        bank.late("R1").declined_then_done("05", "R2");
        let id = RequestId::parse("tp_1").unwrap();
        let debit = movement(&id);
        assert_eq!(bank.debit(&debit).await, BankAnswer::Unknown(Unclear::TimedOut));
        assert_eq!(bank.find_debit(&id, debit.amount).await, done("R1"));
        assert_eq!(bank.credit(&debit).await, BankAnswer::Declined { code: "05".to_owned() });
        assert_eq!(bank.find_credit(&id, debit.amount).await, done("R2"));
        assert_eq!(
            bank.find_credit(&id, debit.amount).await,
            BankAnswer::Unknown(Unclear::Connection)
        );
        let expected = [
            BankCall::Debit(id.clone(), debit.amount),
            BankCall::FindDebit(id.clone(), debit.amount),
            BankCall::Credit(id.clone(), debit.amount),
            BankCall::FindCredit(id.clone(), debit.amount),
            BankCall::FindCredit(id, debit.amount),
        ];
        assert_eq!(bank.calls(), expected);
    }
}
