//! The protocol's error codes with their HTTP status and their standard texts.

use crate::language::Language;

/// Numbers behind the `-` of `Request-ID` on record for one cause of a code: an order's number that
/// was used with other parameters.
pub(crate) const NUMBER_REPEATED: u32 = 268_498_688;

/// An order by payment code, which is reversed and not closed.
pub(crate) const NOT_TO_BE_CLOSED: u32 = 268_449_641;

/// A merchant that is suspended.
pub(crate) const MERCHANT_DISABLED: u32 = 268_443_715;

/// An order whose payer is not named, but has to be.
pub(crate) const OPENID_REQUIRED: u32 = 268_501_013;

/// An error code of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A parameter breaks a rule; the detail says which.
    ParamError,
    /// The request conflicts with a rule or with an earlier request.
    InvalidRequest,
    /// The signature or its surroundings do not hold.
    SignError,
    /// We failed; the outcome must be asked for.
    SystemError,
    /// The appid does not belong to the merchant.
    AppidMchidNotMatch,
    /// No such merchant.
    MchNotExists,
    /// The order is closed.
    OrderClosed,
    /// The order is already paid.
    OrderPaid,
    /// The payer's account cannot take part.
    AccountError,
    /// The merchant may not use this.
    NoAuth,
    /// Too little money.
    NotEnough,
    /// The merchant's order number was used before.
    OutTradeNoUsed,
    /// A risk or frequency rule forbids it.
    RuleLimit,
    /// The payment was refused.
    TradeError,
    /// The user's account cannot receive the refund.
    UserAccountAbnormal,
    /// No such order.
    OrderNotExist,
    /// No such object.
    ResourceNotExists,
    /// No such address, or nothing there.
    NotFound,
    /// A bank failed; the outcome must be asked for.
    BankError,
    /// Too many calls.
    FrequencyLimited,
    /// Too many calls of profit sharing, which spells it so.
    RatelimitExceed,
    /// The openid does not belong to the appid.
    OpenidMismatch,
    /// Overloaded or going down.
    ServiceUnavailable,
    /// Nothing happened on the day of a bill.
    NoStatementExist,
    /// A bill is being made.
    StatementCreating,
}

impl Code {
    /// All codes, for tables and tests.
    pub const ALL: [Self; 25] = [
        Self::ParamError,
        Self::InvalidRequest,
        Self::SignError,
        Self::SystemError,
        Self::AppidMchidNotMatch,
        Self::MchNotExists,
        Self::OrderClosed,
        Self::OrderPaid,
        Self::AccountError,
        Self::NoAuth,
        Self::NotEnough,
        Self::OutTradeNoUsed,
        Self::RuleLimit,
        Self::TradeError,
        Self::UserAccountAbnormal,
        Self::OrderNotExist,
        Self::ResourceNotExists,
        Self::NotFound,
        Self::BankError,
        Self::FrequencyLimited,
        Self::RatelimitExceed,
        Self::OpenidMismatch,
        Self::ServiceUnavailable,
        Self::NoStatementExist,
        Self::StatementCreating,
    ];

    /// Literal of the field `code`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// Standard text, when nothing more exact is known.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        language.pick(self.row().2, self.row().3)
    }

    /// The number behind the `-` of `Request-ID`; never 0. Codes without a number on record
    /// share 1.
    #[must_use]
    pub fn result_number(self) -> u32 {
        match self {
            Self::ParamError => 268_435_461,
            Self::SignError => 268_443_699,
            Self::FrequencyLimited | Self::RatelimitExceed => 268_447_840,
            Self::OrderNotExist => 268_512_771,
            Self::OrderPaid => 268_498_689,
            Self::OrderClosed => 268_447_914,
            Self::OutTradeNoUsed => NUMBER_REPEATED,
            Self::AppidMchidNotMatch => 268_445_527,
            Self::InvalidRequest
            | Self::SystemError
            | Self::BankError
            | Self::MchNotExists
            | Self::AccountError
            | Self::NoAuth
            | Self::NotEnough
            | Self::RuleLimit
            | Self::TradeError
            | Self::UserAccountAbnormal
            | Self::ResourceNotExists
            | Self::NotFound
            | Self::OpenidMismatch
            | Self::ServiceUnavailable
            | Self::NoStatementExist
            | Self::StatementCreating => 1,
        }
    }

    fn row(self) -> (&'static str, u16, &'static str, &'static str) {
        match self {
            Self::ParamError => ("PARAM_ERROR", 400, "参数错误", "invalid parameter"),
            Self::InvalidRequest => {
                ("INVALID_REQUEST", 400, "请求不符合业务规则", "request conflicts with a rule")
            }
            Self::SignError => ("SIGN_ERROR", 401, "签名错误", "signature error"),
            Self::SystemError => {
                ("SYSTEM_ERROR", 500, "系统异常，请查询结果", "system error, query the outcome")
            }
            Self::BankError => (
                "BANK_ERROR",
                500,
                "银行系统异常，请查询结果",
                "the bank failed, query the outcome",
            ),
            Self::AppidMchidNotMatch => (
                "APPID_MCHID_NOT_MATCH",
                400,
                "appid 与 mchid 不匹配",
                "appid is not bound to mchid",
            ),
            Self::MchNotExists => ("MCH_NOT_EXISTS", 400, "商户号不存在", "unknown merchant"),
            Self::OrderClosed => ("ORDER_CLOSED", 400, "订单已关闭", "order is closed"),
            Self::OrderPaid => ("ORDER_PAID", 400, "订单已支付", "order is already paid"),
            Self::AccountError => {
                ("ACCOUNT_ERROR", 403, "付款方账户异常", "payer account is abnormal")
            }
            Self::NoAuth => ("NO_AUTH", 403, "商户无此权限", "merchant lacks this permission"),
            Self::NotEnough => ("NOT_ENOUGH", 403, "余额不足", "balance is not enough"),
            Self::OutTradeNoUsed => {
                ("OUT_TRADE_NO_USED", 403, "商户订单号已使用", "out_trade_no is already used")
            }
            Self::RuleLimit => ("RULE_LIMIT", 403, "业务规则限制", "refused by a rule"),
            Self::TradeError => ("TRADE_ERROR", 403, "交易失败", "payment was refused"),
            Self::UserAccountAbnormal => {
                ("USER_ACCOUNT_ABNORMAL", 403, "用户账户异常", "user account is abnormal")
            }
            Self::OrderNotExist => ("ORDER_NOT_EXIST", 404, "订单不存在", "order does not exist"),
            Self::ResourceNotExists => {
                ("RESOURCE_NOT_EXISTS", 404, "资源不存在", "object does not exist")
            }
            Self::NotFound => ("NOT_FOUND", 404, "请求的地址不存在", "nothing at this address"),
            Self::FrequencyLimited => ("FREQUENCY_LIMITED", 429, "频率超限", "too many requests"),
            Self::RatelimitExceed => ("RATELIMIT_EXCEED", 429, "频率超限", "too many requests"),
            Self::OpenidMismatch => {
                ("OPENID_MISMATCH", 500, "openid 与 appid 不匹配", "openid is not of this appid")
            }
            Self::NoStatementExist => {
                ("NO_STATEMENT_EXIST", 400, "账单文件不存在", "there is no bill of that day")
            }
            Self::StatementCreating => {
                ("STATEMENT_CREATING", 400, "账单生成中", "the bill is being made")
            }
            Self::ServiceUnavailable => {
                ("SERVICE_UNAVAILABLE", 503, "服务暂不可用，请重试", "unavailable, try again")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_once_and_has_texts_within_the_wire_limits() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{}", code.as_str());
            assert!(code.as_str().len() <= 32);
            assert!((400..=503).contains(&code.status()));
            assert_ne!(code.result_number(), 0);
            assert!(!code.text(Language::Chinese).is_ascii());
            assert!(code.text(Language::English).is_ascii());
        }
    }
}
