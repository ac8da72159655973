//! What the page says, in both languages.

use domain::catalogue::Language;
use domain::order::OrderState;

/// The texts of one language.
pub(super) struct Texts {
    pub(super) tag: &'static str,
    pub(super) title: &'static str,
    pub(super) payee: &'static str,
    pub(super) what_for: &'static str,
    pub(super) until: &'static str,
    pub(super) scan: &'static str,
    pub(super) code: &'static str,
    pub(super) open: &'static str,
    pub(super) back: &'static str,
    pub(super) invalid: &'static str,
    /// In the sandbox only, like the three that follow.
    pub(super) play: &'static str,
    pub(super) outcome: &'static str,
    pub(super) as_the_order_says: &'static str,
    pub(super) played: &'static str,
    waiting: &'static str,
    pending: &'static str,
    paid: &'static str,
    closed: &'static str,
}

const CHINESE: Texts = Texts {
    tag: "zh-CN",
    title: "收银台",
    payee: "收款方",
    what_for: "商品",
    until: "请在此之前付款",
    scan: "请用钱包扫描二维码付款",
    code: "付款二维码",
    open: "在钱包中打开",
    back: "返回商家",
    invalid: "链接无效或已过期，请回到商家页面重新下单。",
    play: "扮演付款人",
    outcome: "付款人的行为",
    as_the_order_says: "由订单决定",
    played: "付款人的行为",
    waiting: "等待付款，本页会自动更新",
    pending: "银行处理中，本页会自动更新",
    paid: "付款成功",
    closed: "订单已关闭，无法付款",
};

const ENGLISH: Texts = Texts {
    tag: "en",
    title: "Cashier",
    payee: "To",
    what_for: "For",
    until: "Pay before",
    scan: "Scan this code with your wallet to pay",
    code: "Payment code",
    open: "Open in the wallet",
    back: "Back to the merchant",
    invalid: "This link is not valid any more. Go back to the merchant and order again.",
    play: "Play the payer",
    outcome: "What the payer does",
    as_the_order_says: "as the order says",
    played: "The payer played",
    waiting: "Waiting for the payment; this page updates itself",
    pending: "The bank is at work; this page updates itself",
    paid: "Paid",
    closed: "The order is closed and cannot be paid",
};

impl Texts {
    /// Those of a language.
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::ZhCn => &CHINESE,
            Language::En => &ENGLISH,
        }
    }

    pub(super) fn state(&self, state: OrderState) -> &'static str {
        match state {
            OrderState::NotPay | OrderState::UserPaying => self.waiting,
            OrderState::BankPending => self.pending,
            OrderState::Success => self.paid,
            OrderState::Closed | OrderState::PayError | OrderState::Revoked => self.closed,
        }
    }
}
