//! What the domain refuses, as the wire says it: one exhaustive match per command. Catalogue codes
//! never appear on this interface.

use domain::order::{CloseOrderRefusal, CreateOrderRefusal};
use domain::refund::CreateRefundRefusal;

use crate::code::Code;
use crate::error::{ApiError, FieldError, Location};
use crate::issue::Issue;

impl From<CreateOrderRefusal> for ApiError {
    fn from(refusal: CreateOrderRefusal) -> Self {
        match refusal {
            CreateOrderRefusal::MerchantUnknown => Self::new(Code::MchNotExists),
            CreateOrderRefusal::MerchantSuspended => {
                Self::saying(Code::NoAuth, "商户号已停用", "the merchant is suspended")
            }
            CreateOrderRefusal::AppidNotBound => Self::new(Code::AppidMchidNotMatch),
            CreateOrderRefusal::OpenidUnknown => Self::new(Code::OpenidMismatch),
            CreateOrderRefusal::TimeExpireOutOfRange => {
                let issue = Issue::TimeOutOfRange;
                FieldError::new(Location::Body, "/time_expire".into(), None, issue).into()
            }
            CreateOrderRefusal::NumberUsedDifferently => Self::saying(
                Code::InvalidRequest,
                "201 商户订单号重复",
                "201 out_trade_no was used with other parameters",
            ),
            CreateOrderRefusal::AlreadyPaid => Self::new(Code::OrderPaid),
            CreateOrderRefusal::Closed => Self::new(Code::OrderClosed),
        }
    }
}

impl From<CloseOrderRefusal> for ApiError {
    fn from(refusal: CloseOrderRefusal) -> Self {
        match refusal {
            CloseOrderRefusal::NotFound => Self::new(Code::OrderNotExist),
            CloseOrderRefusal::AlreadyPaid => Self::new(Code::OrderPaid),
            CloseOrderRefusal::ResultUnknown => Self::saying(
                Code::InvalidRequest,
                "支付结果确认中，请稍后查询",
                "a payment is under way, query the order later",
            ),
        }
    }
}

impl From<CreateRefundRefusal> for ApiError {
    fn from(refusal: CreateRefundRefusal) -> Self {
        let invalid = |chinese, english| Self::saying(Code::InvalidRequest, chinese, english);
        match refusal {
            CreateRefundRefusal::OrderNotFound => {
                Self::saying(Code::ResourceNotExists, "订单不存在", "order does not exist")
            }
            CreateRefundRefusal::NumberUsedDifferently => {
                invalid("商户退款单号重复", "out_refund_no was used with other parameters")
            }
            CreateRefundRefusal::NotPaid => invalid("订单未支付", "the order is not paid"),
            CreateRefundRefusal::TotalDiffers => {
                invalid("订单总金额不一致", "amount.total is not the order's total")
            }
            CreateRefundRefusal::WindowExpired => {
                invalid("订单已超过可退款期限", "the order is too old to be refunded")
            }
            CreateRefundRefusal::AmountExceeded { left: 0 } => {
                invalid("订单已全额退款", "the order is fully refunded")
            }
            CreateRefundRefusal::AmountExceeded { .. } => {
                invalid("退款金额超过剩余可退金额", "amount.refund is more than what is left")
            }
            CreateRefundRefusal::CountExceeded => {
                invalid("订单退款次数超限", "the order was refunded too often")
            }
            CreateRefundRefusal::TooFrequent { .. } => Self::new(Code::FrequencyLimited),
            CreateRefundRefusal::PayerClosed => Self::new(Code::UserAccountAbnormal),
            CreateRefundRefusal::NotEnough => Self::new(Code::NotEnough),
        }
    }
}
