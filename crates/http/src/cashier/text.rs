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
    pub(super) stray: &'static str,
    /// In the sandbox only, like all that follow but for the states.
    pub(super) unsaid: &'static str,
    pub(super) foreign: &'static str,
    pub(super) register: &'static str,
    pub(super) no_domain: &'static str,
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
    stray: "收银台只能从商家自己的页面打开。请回到商家页面重试，或联系商家。",
    unsaid: "请求没有 Referer：直接输入了地址，商家页面设置了 Referrer-Policy: no-referrer，\
             或从 https 页面跳转到了 http 地址。",
    foreign: "Referer 的域名没有登记为该商户的 H5 支付域名：",
    register: "登记域名：jiaozi merchant h5-domain 商户号 域名（含其子域名；加 --end 取消）。",
    no_domain: "沙箱提示：该商户没有登记 H5 支付域名，因此没有检查 Referer；\
                登记之后，收银台只能从该域名的页面打开。",
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
    stray: "The cashier opens from the merchant's own pages only. Go back to the merchant and try \
            again, or tell the merchant.",
    unsaid: "The request has no Referer: the address was typed, the merchant's page has \
             Referrer-Policy: no-referrer, or it is an https page that leads to an http address.",
    foreign: "The host of the Referer is not registered as an H5 domain of the merchant:",
    register: "Register a domain: jiaozi merchant h5-domain MCHID DOMAIN (those below it count \
               too; --end takes it away).",
    no_domain: "Sandbox: the merchant has no registered H5 domain, so the Referer was not checked; \
                once it has one, the cashier opens from pages of that domain only.",
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
