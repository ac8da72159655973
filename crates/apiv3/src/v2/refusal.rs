//! What the domain refuses, as the XML interface says it: one exhaustive match per command.

use super::answer::Refused;
use domain::order::CreateOrderRefusal;
use domain::payment_code::{PayByCodeRefusal, ReverseOrderRefusal};
use domain::refund::CreateRefundRefusal;

impl From<CreateOrderRefusal> for Refused {
    fn from(refusal: CreateOrderRefusal) -> Self {
        let (code, text) = match refusal {
            CreateOrderRefusal::MerchantUnknown => ("MCH_NOT_EXISTS", "商户号不存在"),
            CreateOrderRefusal::MerchantSuspended => ("NOAUTH", "商户号已停用"),
            CreateOrderRefusal::AppidNotBound => {
                ("APPID_MCHID_NOT_MATCH", "appid 与 mch_id 不匹配")
            }
            CreateOrderRefusal::SubMerchantUnknown => ("NOAUTH", "特约商户号未与服务商绑定"),
            CreateOrderRefusal::SubAppidNotBound => {
                ("APPID_MCHID_NOT_MATCH", "sub_appid 与 sub_mch_id 不匹配")
            }
            CreateOrderRefusal::OpenidUnknown | CreateOrderRefusal::TimeExpireOutOfRange => {
                ("PARAM_ERROR", "参数错误")
            }
            CreateOrderRefusal::NumberUsedDifferently => ("INVALID_REQUEST", "201 商户订单号重复"),
            CreateOrderRefusal::AlreadyPaid => ("ORDERPAID", "订单已支付"),
            CreateOrderRefusal::Closed => ("ORDERCLOSED", "订单已关闭"),
        };
        Self::saying(code, text)
    }
}

impl From<PayByCodeRefusal> for Refused {
    fn from(refusal: PayByCodeRefusal) -> Self {
        let (code, text) = match refusal {
            PayByCodeRefusal::Order(refusal) => return refusal.into(),
            PayByCodeRefusal::Over => ("ORDERREVERSED", "订单已撤销"),
            PayByCodeRefusal::Refused => ("TRADE_ERROR", "支付失败，请更换商户订单号重新下单"),
            PayByCodeRefusal::TooManyUnknown { .. } => ("FREQUENCY_LIMITED", "频率超限"),
            PayByCodeRefusal::CodeInvalid => ("AUTH_CODE_INVALID", "101 付款码无效，请重新扫码"),
            PayByCodeRefusal::CodeExpired => {
                ("AUTH_CODE_INVALID", "101 付款码已过期，请用户刷新后重新扫码")
            }
            PayByCodeRefusal::CodeUsed => {
                ("AUTH_CODE_INVALID", "101 付款码已使用，请用户刷新后重新扫码")
            }
            PayByCodeRefusal::Payer(_) => ("ACCOUNTERROR", "付款方账户异常"),
            PayByCodeRefusal::Limit(_) | PayByCodeRefusal::CodeLimit => {
                ("RULELIMIT", "付款方超过支付限额")
            }
            PayByCodeRefusal::BalanceInsufficient => ("NOTENOUGH", "余额不足"),
        };
        Self::saying(code, text)
    }
}

impl From<CreateRefundRefusal> for Refused {
    fn from(refusal: CreateRefundRefusal) -> Self {
        let (code, text) = match refusal {
            CreateRefundRefusal::OrderNotFound => ("ORDERNOTEXIST", "订单不存在"),
            CreateRefundRefusal::NamesDiffer => {
                ("INVALID_REQUEST", "transaction_id 与 out_trade_no 不是同一订单")
            }
            CreateRefundRefusal::NumberUsedDifferently => {
                ("REFUND_FEE_MISMATCH", "商户退款单号已用于另一笔退款，请更换单号或沿用原参数")
            }
            CreateRefundRefusal::NotPaid => ("ERROR", "订单未支付，不能退款，请关单或撤销"),
            CreateRefundRefusal::TotalDiffers => {
                ("REFUND_FEE_MISMATCH", "total_fee 与订单金额不一致，请核实后再试")
            }
            CreateRefundRefusal::WindowExpired => ("TRADE_OVERDUE", "订单已经超过退款期限"),
            CreateRefundRefusal::AmountExceeded { left } => {
                let text = format!("退款金额超过可退金额，还可退 {left} 分");
                return Self::saying("ERROR", &text);
            }
            CreateRefundRefusal::CountExceeded => ("ERROR", "该订单的退款次数已达上限"),
            CreateRefundRefusal::TooFrequent { .. } => {
                ("FREQUENCY_LIMITED", "同一订单退款过于频繁，请一分钟后用原参数重试")
            }
            CreateRefundRefusal::PayerClosed => {
                ("USER_ACCOUNT_ABNORMAL", "用户账户已注销，请商户自行处理退款")
            }
            CreateRefundRefusal::NotEnough => ("NOTENOUGH", "商户余额不足，请充值后用原参数重试"),
        };
        Self::saying(code, text)
    }
}

/// A refused reversal, and whether it should be called again.
#[must_use]
pub fn reversal(refusal: ReverseOrderRefusal) -> (Refused, &'static str) {
    let (code, text, recall) = match refusal {
        ReverseOrderRefusal::NotFound | ReverseOrderRefusal::OtherApp => {
            ("ORDERNOTEXIST", "订单不存在", "N")
        }
        ReverseOrderRefusal::NotByCode => ("INVALID_REQUEST", "非付款码订单，请关单或退款", "N"),
        ReverseOrderRefusal::TooEarly { .. } => ("USERPAYING", "用户支付中，请稍后再撤销", "Y"),
        ReverseOrderRefusal::WindowExpired => ("REVERSE_EXPIRE", "订单已超过可撤销期限", "N"),
        ReverseOrderRefusal::Refunded => ("TRADE_ERROR", "订单已发生退款，请继续退款", "N"),
        ReverseOrderRefusal::PayerClosed => ("TRADE_ERROR", "付款方账户异常", "N"),
        ReverseOrderRefusal::NotEnough => ("NOTENOUGH", "商户余额不足", "Y"),
    };
    (Refused::saying(code, text), recall)
}
