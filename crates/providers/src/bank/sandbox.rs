//! The client of the sandbox bank's protocol.

use kernel::{Amount, Currency, ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    Bank, BankAnswer, CardCheck, Confirmation, Direction, LineMovement, Movement, Revocation,
    RevokeAnswer, SigningAnswer, StatementLine, StatementQuery,
};
use crate::http::Reply;
use crate::{Answering, Connection, RequestId, Unclear};

/// A bank behind the sandbox's HTTP protocol.
pub struct SandboxBank(Connection);

impl SandboxBank {
    /// Over this connection.
    pub fn new(connection: Connection) -> Self {
        Self(connection)
    }

    async fn move_money(
        &self,
        path: &str,
        direction: Direction,
        movement: &Movement,
    ) -> BankAnswer {
        let body = MovementBody {
            request_id: movement.request_id.as_str(),
            token: movement.token.expose_secret(),
            amount: movement.amount.minor(),
            currency: movement.amount.currency().as_str(),
        };
        match self.0.post::<MovementReply>(path, &body).await {
            Err(unclear) => BankAnswer::Unknown(unclear),
            // A bank cannot claim that it never saw what it just answered.
            Ok(Reply::NotSeen) => BankAnswer::Unknown(Unclear::Unreadable),
            Ok(Reply::Answer(reply)) if reply.amount != movement.amount.minor() => {
                other_amount(&movement.request_id)
            }
            Ok(Reply::Answer(reply)) => reply.answer(direction, &movement.request_id),
        }
    }

    async fn find_movement(
        &self,
        path: &str,
        direction: Direction,
        id: &RequestId,
        amount: Amount,
    ) -> BankAnswer {
        match self.0.find::<MovementReply>(path, id).await {
            Err(unclear) => BankAnswer::Unknown(unclear),
            Ok(Reply::NotSeen) => BankAnswer::NotSeen,
            Ok(Reply::Answer(reply)) if reply.amount != amount.minor() => other_amount(id),
            Ok(Reply::Answer(reply)) => reply.answer(direction, id),
        }
    }
}

impl Bank for SandboxBank {
    fn check_card<'a>(&'a self, check: &'a CardCheck) -> Answering<'a, SigningAnswer> {
        Box::pin(async move {
            let body = CheckBody {
                request_id: check.request_id.as_str(),
                card_number: check.card_number.expose_secret(),
                holder_name: check.holder_name.expose_secret(),
                document_number: check.document_number.expose_secret(),
                phone: check.phone.expose_secret(),
                expiry: check.credit.as_ref().map(|credit| credit.expiry.expose_secret()),
                cvv: check.credit.as_ref().map(|credit| credit.security_code.expose_secret()),
            };
            signing_answer(self.0.post("/bank/v1/signings", &body).await, &check.request_id)
        })
    }

    fn find_signing<'a>(&'a self, signing: &'a RequestId) -> Answering<'a, SigningAnswer> {
        Box::pin(
            async move { signing_answer(self.0.find("/bank/v1/signings", signing).await, signing) },
        )
    }

    fn confirm_signing<'a>(&'a self, code: &'a Confirmation) -> Answering<'a, SigningAnswer> {
        Box::pin(async move {
            let path = format!("/bank/v1/signings/{}/confirmations", code.signing);
            let body =
                ConfirmBody { request_id: code.request_id.as_str(), otp: code.otp.expose_secret() };
            signing_answer(self.0.post(&path, &body).await, &code.signing)
        })
    }

    fn revoke<'a>(&'a self, revocation: &'a Revocation) -> Answering<'a, RevokeAnswer> {
        Box::pin(async move {
            let body = RevokeBody {
                request_id: revocation.request_id.as_str(),
                token: revocation.token.expose_secret(),
            };
            match self.0.post::<RevokeReply>("/bank/v1/tokens/revoke", &body).await {
                Ok(Reply::Answer(reply)) if reply.status == "REVOKED" => RevokeAnswer::Revoked,
                Ok(Reply::Answer(_)) => RevokeAnswer::Unknown(Unclear::Unreadable),
                Ok(Reply::NotSeen) => RevokeAnswer::NotSeen,
                Err(unclear) => RevokeAnswer::Unknown(unclear),
            }
        })
    }

    fn debit<'a>(&'a self, movement: &'a Movement) -> Answering<'a, BankAnswer> {
        Box::pin(self.move_money("/bank/v1/debits", Direction::Debit, movement))
    }

    fn find_debit<'a>(&'a self, id: &'a RequestId, amount: Amount) -> Answering<'a, BankAnswer> {
        Box::pin(self.find_movement("/bank/v1/debits", Direction::Debit, id, amount))
    }

    fn credit<'a>(&'a self, movement: &'a Movement) -> Answering<'a, BankAnswer> {
        Box::pin(self.move_money("/bank/v1/credits", Direction::Credit, movement))
    }

    fn find_credit<'a>(&'a self, id: &'a RequestId, amount: Amount) -> Answering<'a, BankAnswer> {
        Box::pin(self.find_movement("/bank/v1/credits", Direction::Credit, id, amount))
    }

    fn statement<'a>(
        &'a self,
        query: &'a StatementQuery,
    ) -> Answering<'a, Result<Vec<StatementLine>, Unclear>> {
        Box::pin(async move {
            let plain =
                |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !plain(&query.bank) || !plain(&query.day) {
                return Err(Unclear::Unreadable);
            }
            let path = format!("/bank/v1/statement?bank={}&day={}", query.bank, query.day);
            match self.0.get_long::<StatementReply>(&path).await? {
                Reply::NotSeen => Err(Unclear::Unreadable),
                Reply::Answer(reply) => reply.lines.into_iter().map(LineReply::line).collect(),
            }
        })
    }
}

#[derive(Serialize)]
struct CheckBody<'a> {
    request_id: &'a str,
    card_number: &'a str,
    holder_name: &'a str,
    document_number: &'a str,
    phone: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cvv: Option<&'a str>,
}

#[derive(Serialize)]
struct ConfirmBody<'a> {
    request_id: &'a str,
    otp: &'a str,
}

#[derive(Serialize)]
struct RevokeBody<'a> {
    request_id: &'a str,
    token: &'a str,
}

#[derive(Serialize)]
struct MovementBody<'a> {
    request_id: &'a str,
    token: &'a str,
    amount: i64,
    currency: &'a str,
}

#[derive(Deserialize)]
struct RevokeReply {
    status: String,
}

#[derive(Deserialize)]
struct SigningReply {
    request_id: String,
    status: String,
    code: Option<String>,
    tries_left: Option<u32>,
    token: Option<SecretText>,
}

/// Read straight into a secret, so that no copy of the token can be printed.
#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

fn signing_answer(
    reply: Result<Reply<SigningReply>, Unclear>,
    signing: &RequestId,
) -> SigningAnswer {
    let unreadable = SigningAnswer::Unknown(Unclear::Unreadable);
    let reply = match reply {
        Err(unclear) => return SigningAnswer::Unknown(unclear),
        Ok(Reply::NotSeen) => return SigningAnswer::NotSeen,
        Ok(Reply::Answer(reply)) => reply,
    };
    if reply.request_id != signing.as_str() {
        return unreadable;
    }
    match (reply.status.as_str(), reply.token, reply.code, reply.tries_left) {
        ("OTP_SENT", ..) => SigningAnswer::CodeSent,
        ("SIGNED", Some(token), ..) => SigningAnswer::Signed { token: token.0 },
        ("DECLINED", _, Some(code), _) if is_code(&code) => SigningAnswer::Declined { code },
        ("WRONG_OTP", _, _, Some(tries_left)) => SigningAnswer::WrongCode { tries_left },
        ("OTP_EXPIRED", ..) => SigningAnswer::CodeExpired,
        ("TOO_MANY_TRIES", ..) => SigningAnswer::TooManyTries,
        ("PENDING", ..) => SigningAnswer::Pending,
        _ => unreadable,
    }
}

/// The bank speaks of another amount than it was asked for: no yes and no no, and somebody must
/// look at it.
fn other_amount(id: &RequestId) -> BankAnswer {
    tracing::error!(%id, "the bank speaks of another amount than ours; nothing is booked");
    BankAnswer::Unknown(Unclear::Unreadable)
}

/// What the bank says about a movement, in an answer or a callback.
#[derive(Deserialize)]
pub(super) struct MovementReply {
    pub(super) kind: String,
    pub(super) request_id: String,
    status: String,
    code: Option<String>,
    bank_ref: String,
    pub(super) amount: i64,
}

impl MovementReply {
    /// The answer, if it speaks of this request.
    pub(super) fn answer(self, direction: Direction, id: &RequestId) -> BankAnswer {
        let about_us = self.kind == direction.as_str() && self.request_id == id.as_str();
        let bank_ref = self.bank_ref;
        if !about_us || bank_ref.is_empty() || bank_ref.len() > 64 {
            return BankAnswer::Unknown(Unclear::Unreadable);
        }
        match (self.status.as_str(), self.code) {
            ("SUCCESS", _) => BankAnswer::Done { bank_ref },
            ("PENDING", _) => BankAnswer::Pending { bank_ref },
            ("DECLINED", Some(code)) if is_code(&code) => BankAnswer::Declined { code },
            ("RETURNED", Some(code)) if is_code(&code) => BankAnswer::Returned { bank_ref, code },
            _ => BankAnswer::Unknown(Unclear::Unreadable),
        }
    }
}

/// Codes are short and plain; anything else is not a no that we understand.
fn is_code(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (1..=64).contains(&text.len()) && plain
}

#[derive(Deserialize)]
struct StatementReply {
    lines: Vec<LineReply>,
}

#[derive(Deserialize)]
struct LineReply {
    bank_ref: String,
    request_id: String,
    direction: String,
    amount: i64,
    currency: String,
}

impl LineReply {
    fn line(self) -> Result<StatementLine, Unclear> {
        let movement = match self.direction.as_str() {
            "DEBIT" => LineMovement::Debit,
            "CREDIT" => LineMovement::Credit,
            "DEBIT_RETURN" => LineMovement::DebitReturn,
            "CREDIT_RETURN" => LineMovement::CreditReturn,
            _ => return Err(Unclear::Unreadable),
        };
        let currency = Currency::parse(&self.currency).ok_or(Unclear::Unreadable)?;
        let amount = Amount::try_new(self.amount, currency).map_err(|_| Unclear::Unreadable)?;
        let Self { bank_ref, request_id, .. } = self;
        Ok(StatementLine { bank_ref, request_id, movement, amount })
    }
}
