//! What the domain refuses, as the wire says it: one exhaustive match per command. Catalogue codes
//! never appear on this interface.

use domain::Never;
use domain::complaint::AnswerComplaintRefusal;
use domain::merchant::SetWebhookRefusal;
use domain::merchant_transfer::{CancelTransferRefusal, CreateTransferRefusal, TransferLimit};
use domain::order::{
    CloseCombinedOrderRefusal, CloseOrderRefusal, CreateCombinedOrderRefusal, CreateOrderRefusal,
};
use domain::payment_code::{PayByCodeRefusal, ReverseOrderRefusal};
use domain::profit::{AddReceiverRefusal, ReturnProfitRefusal, ShareProfitRefusal};
use domain::refund::{ApplyAbnormalRefundRefusal, CreateRefundRefusal};
use domain::transfer_batch::CreateTransferBatchRefusal;
use kernel::money::Amount;

use crate::code::{Code, MERCHANT_DISABLED, NOT_TO_BE_CLOSED, NUMBER_REPEATED};
use crate::error::{ApiError, FieldError, Location};
use crate::issue::Issue;

impl From<CreateOrderRefusal> for ApiError {
    fn from(refusal: CreateOrderRefusal) -> Self {
        match refusal {
            CreateOrderRefusal::MerchantUnknown => Self::new(Code::MchNotExists),
            CreateOrderRefusal::MerchantSuspended => merchant_suspended(),
            CreateOrderRefusal::AppidNotBound => Self::new(Code::AppidMchidNotMatch),
            CreateOrderRefusal::SubMerchantUnknown => Self::saying(
                Code::NoAuth,
                "特约商户号未与服务商绑定",
                "the service provider does not serve this sub_mchid",
            ),
            CreateOrderRefusal::SubAppidNotBound => Self::saying(
                Code::AppidMchidNotMatch,
                "sub_appid 与 sub_mchid 不匹配",
                "sub_appid is not bound to sub_mchid",
            ),
            CreateOrderRefusal::OpenidUnknown => Self::new(Code::OpenidMismatch),
            CreateOrderRefusal::TimeExpireOutOfRange => {
                let issue = Issue::TimeOutOfRange;
                FieldError::new(Location::Body, "/time_expire".into(), None, issue).into()
            }
            CreateOrderRefusal::NumberUsedDifferently => Self::saying(
                Code::InvalidRequest,
                "201 商户订单号重复",
                "201 out_trade_no was used with other parameters",
            )
            .numbered(NUMBER_REPEATED),
            CreateOrderRefusal::AlreadyPaid => Self::new(Code::OrderPaid),
            CreateOrderRefusal::Closed => Self::new(Code::OrderClosed),
        }
    }
}

impl From<CreateCombinedOrderRefusal> for ApiError {
    fn from(refusal: CreateCombinedOrderRefusal) -> Self {
        match refusal {
            CreateCombinedOrderRefusal::Whole(refusal) => refusal.into(),
            CreateCombinedOrderRefusal::Part { index, refusal } => {
                Self::from(refusal).about(format!("/sub_orders/{index}"))
            }
            CreateCombinedOrderRefusal::SumTooLarge => {
                let issue = Issue::AboveMaximum(Amount::MAX_MINOR);
                FieldError::new(Location::Body, "/sub_orders".into(), None, issue).into()
            }
        }
    }
}

impl From<CloseCombinedOrderRefusal> for ApiError {
    fn from(refusal: CloseCombinedOrderRefusal) -> Self {
        match refusal {
            CloseCombinedOrderRefusal::NotFound => Self::new(Code::OrderNotExist),
            CloseCombinedOrderRefusal::Differs => Self::saying(
                Code::InvalidRequest,
                "子单信息与合单下单时不一致",
                "combine_appid or sub_orders are not those of the order",
            ),
            CloseCombinedOrderRefusal::AlreadyPaid => CloseOrderRefusal::AlreadyPaid.into(),
        }
    }
}

impl From<CloseOrderRefusal> for ApiError {
    fn from(refusal: CloseOrderRefusal) -> Self {
        match refusal {
            CloseOrderRefusal::NotFound => Self::new(Code::OrderNotExist),
            CloseOrderRefusal::PartOfCombined => Self::saying(
                Code::InvalidRequest,
                "合单支付的子单不能单独关闭",
                "a part of a combined order cannot be closed alone",
            ),
            CloseOrderRefusal::AlreadyPaid => Self::new(Code::OrderPaid),
            CloseOrderRefusal::ByCode => Self::saying(
                Code::InvalidRequest,
                "付款码订单请使用撤销接口",
                "an order by payment code is reversed, not closed",
            )
            .numbered(NOT_TO_BE_CLOSED),
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
            CreateRefundRefusal::NamesDiffer => invalid(
                "transaction_id 与 out_trade_no 不是同一订单",
                "transaction_id and out_trade_no name different orders",
            ),
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

impl From<ApplyAbnormalRefundRefusal> for ApiError {
    fn from(refusal: ApplyAbnormalRefundRefusal) -> Self {
        match refusal {
            ApplyAbnormalRefundRefusal::NotFound => Self::new(Code::ResourceNotExists),
            ApplyAbnormalRefundRefusal::NotAbnormal => {
                invalid("退款单不是异常状态", "the refund is not abnormal")
            }
            ApplyAbnormalRefundRefusal::CardUnknown => invalid(
                "不是付款用户本人已绑定的借记卡",
                "the account is no debit card that the payer has bound in that name",
            ),
        }
    }
}

const fn invalid(chinese: &'static str, english: &'static str) -> ApiError {
    ApiError::saying(Code::InvalidRequest, chinese, english)
}

fn merchant_suspended() -> ApiError {
    let error = ApiError::saying(Code::NoAuth, "商户号已停用", "the merchant is suspended");
    error.numbered(MERCHANT_DISABLED)
}

impl From<CreateTransferRefusal> for ApiError {
    fn from(refusal: CreateTransferRefusal) -> Self {
        match refusal {
            CreateTransferRefusal::MerchantUnknown => Self::new(Code::MchNotExists),
            CreateTransferRefusal::NumberUsedDifferently => {
                invalid("商户单号已存在且参数不一致", "out_bill_no was used with other parameters")
            }
            CreateTransferRefusal::MerchantSuspended => merchant_suspended(),
            CreateTransferRefusal::AppidNotBound => {
                invalid("appid 与商户号不匹配", "appid is not bound to the merchant")
            }
            CreateTransferRefusal::SceneNotGranted => {
                invalid("商户未开通该转账场景", "the merchant was not granted this transfer scene")
            }
            CreateTransferRefusal::PerceptionNotTaken => invalid(
                "该转账场景不支持传入的用户收款感知",
                "user_recv_perception is not one that the transfer scene has",
            ),
            CreateTransferRefusal::OpenidUnknown => {
                invalid("openid 与 appid 不匹配", "openid is not known under the appid")
            }
            CreateTransferRefusal::AmountOutOfRange => {
                invalid("转账金额超出单笔限额", "transfer_amount is outside the single limit")
            }
            CreateTransferRefusal::NameForbidden => {
                invalid("该金额不能校验收款人姓名", "so small an amount must carry no user_name")
            }
            CreateTransferRefusal::NameRequired => {
                invalid("该金额必须填写收款人姓名", "so large an amount must carry user_name")
            }
            CreateTransferRefusal::Limit(TransferLimit::PayeeAmount) => {
                invalid("超出该用户当日收款额度", "the payee's limit of the day is used up")
            }
            CreateTransferRefusal::Limit(TransferLimit::PayeeCount) => {
                invalid("超出该用户当日收款次数", "the payee got too many transfers today")
            }
            CreateTransferRefusal::Limit(TransferLimit::MerchantAmount) => {
                invalid("超出商户当日转账额度", "the merchant's limit of the day is used up")
            }
            CreateTransferRefusal::NotEnough => Self::new(Code::NotEnough),
        }
    }
}

impl From<CancelTransferRefusal> for ApiError {
    fn from(refusal: CancelTransferRefusal) -> Self {
        match refusal {
            CancelTransferRefusal::NotFound => {
                Self::saying(Code::NotFound, "转账单不存在", "the transfer does not exist")
            }
            CancelTransferRefusal::Over => {
                invalid("转账单已结束，不能撤销", "the transfer has ended")
            }
        }
    }
}

impl From<AddReceiverRefusal> for ApiError {
    fn from(refusal: AddReceiverRefusal) -> Self {
        match refusal {
            AddReceiverRefusal::AppidNotBound => {
                invalid("appid 与商户号不匹配", "appid is not bound to the merchant")
            }
            AddReceiverRefusal::Partner(refusal) => refusal.into(),
            AddReceiverRefusal::Itself => {
                invalid("分账接收方不能是自己", "a merchant is no receiver of its own")
            }
            AddReceiverRefusal::AccountUnknown => {
                invalid("分账接收方账户不存在", "the receiver does not exist")
            }
            AddReceiverRefusal::NameDiffers => {
                invalid("分账接收方全称不匹配", "the receiver has another name")
            }
        }
    }
}

impl From<ShareProfitRefusal> for ApiError {
    fn from(refusal: ShareProfitRefusal) -> Self {
        match refusal {
            ShareProfitRefusal::NumberUsedDifferently => {
                invalid("商户分账单号重复", "out_order_no was used with other parameters")
            }
            ShareProfitRefusal::OrderNotFound => {
                invalid("订单不存在", "transaction_id does not exist")
            }
            ShareProfitRefusal::AppidNotBound => AddReceiverRefusal::AppidNotBound.into(),
            ShareProfitRefusal::NameDiffers => AddReceiverRefusal::NameDiffers.into(),
            ShareProfitRefusal::NotForSharing => {
                invalid("非分账订单不支持分账", "the order was not placed for profit sharing")
            }
            ShareProfitRefusal::TooEarly => {
                invalid("订单处理中，请稍后再试", "the order was paid a moment ago, try again")
            }
            ShareProfitRefusal::CountExceeded => {
                invalid("分账次数超限", "the order was shared too often")
            }
            ShareProfitRefusal::ReceiverUnknown => {
                invalid("分账接收方未添加", "a receiver was not added")
            }
            ShareProfitRefusal::RatioExceeded => {
                invalid("超出最大分账比例", "more than the largest ratio")
            }
            ShareProfitRefusal::NotEnough { left: 0 } => {
                Self::saying(Code::NotEnough, "订单已无剩余待分金额", "nothing is left to share")
            }
            ShareProfitRefusal::NotEnough { .. } => Self::saying(
                Code::NotEnough,
                "分账金额大于剩余待分金额",
                "more than what is left to share",
            ),
        }
    }
}

impl From<ReturnProfitRefusal> for ApiError {
    fn from(refusal: ReturnProfitRefusal) -> Self {
        match refusal {
            ReturnProfitRefusal::NumberUsedDifferently => {
                invalid("商户回退单号重复", "out_return_no was used with other parameters")
            }
            ReturnProfitRefusal::OrderNotFound => {
                invalid("分账单不存在", "the request of sharing does not exist")
            }
            ReturnProfitRefusal::ReceiverUnknown => {
                invalid("回退方没有收到该分账单的分账", "return_mchid got nothing of it")
            }
            ReturnProfitRefusal::NotAllowed => Self::saying(
                Code::NoAuth,
                "回退方未同意分账回退",
                "return_mchid does not agree to returns",
            ),
            ReturnProfitRefusal::WindowExpired => {
                invalid("超过可回退期限", "it was shared too long ago")
            }
            ReturnProfitRefusal::CountExceeded => {
                invalid("回退次数超限", "it was given back too often")
            }
            ReturnProfitRefusal::AmountExceeded { .. } => {
                invalid("回退金额超过可回退金额", "more than what return_mchid still has of it")
            }
        }
    }
}

impl From<Never> for ApiError {
    fn from(refusal: Never) -> Self {
        match refusal {}
    }
}

impl From<AnswerComplaintRefusal> for ApiError {
    fn from(refusal: AnswerComplaintRefusal) -> Self {
        match refusal {
            AnswerComplaintRefusal::NotFound => Self::new(Code::ResourceNotExists),
            AnswerComplaintRefusal::OtherMerchant => Self::new(Code::NoAuth),
            AnswerComplaintRefusal::Over => {
                invalid("投诉已处理完成", "the complaint is dealt with")
            }
            AnswerComplaintRefusal::ImageUnknown => {
                invalid("图片不存在", "a picture was not uploaded by this merchant")
            }
            AnswerComplaintRefusal::NoRefundAsked => {
                invalid("投诉未申请退款", "the payer asked for no refund")
            }
        }
    }
}

impl From<SetWebhookRefusal> for ApiError {
    fn from(refusal: SetWebhookRefusal) -> Self {
        match refusal {
            SetWebhookRefusal::Exists => invalid("通知地址已存在", "an address is there already"),
            SetWebhookRefusal::NotFound => Self::new(Code::ResourceNotExists),
        }
    }
}

impl From<CreateTransferBatchRefusal> for ApiError {
    fn from(refusal: CreateTransferBatchRefusal) -> Self {
        match refusal {
            CreateTransferBatchRefusal::NumberUsedDifferently => {
                invalid("商户批次单号重复", "out_batch_no was used with other parameters")
            }
            CreateTransferBatchRefusal::Transfer(refusal) => refusal.into(),
        }
    }
}

impl From<PayByCodeRefusal> for ApiError {
    fn from(refusal: PayByCodeRefusal) -> Self {
        match refusal {
            PayByCodeRefusal::Order(refusal) => refusal.into(),
            PayByCodeRefusal::Over => Self::new(Code::OrderClosed),
            PayByCodeRefusal::Refused => Self::saying(
                Code::TradeError,
                "支付失败，请更换商户订单号重新下单",
                "the payment failed: charge again under another out_trade_no",
            ),
            PayByCodeRefusal::TooManyUnknown { .. } => Self::new(Code::FrequencyLimited),
            PayByCodeRefusal::CodeInvalid => invalid(
                "101 付款码无效，请重新扫码",
                "101 the payment code is not valid, scan again",
            ),
            PayByCodeRefusal::CodeExpired => {
                invalid("101 付款码已过期，请用户刷新", "101 the payment code has expired")
            }
            PayByCodeRefusal::CodeUsed => {
                invalid("101 付款码已使用，请用户刷新", "101 the payment code was used")
            }
            PayByCodeRefusal::Payer(_) => Self::new(Code::AccountError),
            PayByCodeRefusal::Limit(_) | PayByCodeRefusal::CodeLimit => {
                Self::saying(Code::RuleLimit, "付款方超过支付限额", "the payer's limit is exceeded")
            }
            PayByCodeRefusal::BalanceInsufficient => Self::new(Code::NotEnough),
        }
    }
}

impl From<ReverseOrderRefusal> for ApiError {
    fn from(refusal: ReverseOrderRefusal) -> Self {
        match refusal {
            ReverseOrderRefusal::NotFound => Self::new(Code::OrderNotExist),
            ReverseOrderRefusal::OtherApp => Self::new(Code::AppidMchidNotMatch),
            ReverseOrderRefusal::NotByCode => invalid(
                "非付款码订单，请关单或退款",
                "not an order by payment code: close or refund it",
            ),
            ReverseOrderRefusal::TooEarly { .. } => Self::saying(
                Code::FrequencyLimited,
                "用户支付中，请稍后再撤销",
                "the payer may be confirming the payment, reverse it later",
            ),
            ReverseOrderRefusal::WindowExpired => {
                invalid("订单已超过可撤销期限", "the order is too old to be reversed")
            }
            ReverseOrderRefusal::Refunded => {
                invalid("订单已发生退款，请继续退款", "a part is refunded: refund the rest")
            }
            ReverseOrderRefusal::PayerClosed => Self::new(Code::UserAccountAbnormal),
            ReverseOrderRefusal::NotEnough => Self::new(Code::NotEnough),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_causes_have_a_number_of_their_own() {
        let number = |error: ApiError| error.result_number();
        let order = |refusal: CreateOrderRefusal| number(refusal.into());
        assert_eq!(order(CreateOrderRefusal::NumberUsedDifferently), 268_498_688);
        assert_eq!(order(CreateOrderRefusal::MerchantSuspended), 268_443_715);
        assert_eq!(number(CreateTransferRefusal::MerchantSuspended.into()), 268_443_715);
        assert_eq!(number(CloseOrderRefusal::ByCode.into()), 268_449_641);
        let refusal = CreateOrderRefusal::NumberUsedDifferently;
        let part = CreateCombinedOrderRefusal::Part { index: 1, refusal };
        assert_eq!(number(part.into()), 268_498_688, "also of a part");
        assert_eq!(order(CreateOrderRefusal::AlreadyPaid), Code::OrderPaid.result_number());
        assert_eq!(number(CloseOrderRefusal::PartOfCombined.into()), 1, "none is on record");
    }
}
