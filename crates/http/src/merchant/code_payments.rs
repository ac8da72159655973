//! Charging payment codes that merchants scanned, and taking such payments back, by a merchant for
//! itself or by a service provider.

use super::Face;
use super::answer::Reply;
use super::call::Call;
use super::fault::{Fault, attempt};
use super::orders::find_order;
use super::refunds::{draw_payout, draw_refund_id};
use super::route::Route;
use crate::sandbox::{Outcome, code_to_charge, wish_of_charge};
use apiv3::code::Code;
use apiv3::code_pay::{CodePay, Reversal, reversal_answer, waiting_answer};
use apiv3::error::ApiError;
use apiv3::order::OrderState;
use apiv3::request::Mode;
use domain::merchant::{MerchantAppid, OpenidKeys};
use domain::order::{Partner, ProfitSharing};
use domain::payment_code::{
    CodePayment, PayByCode, PayByCodeRefusal, PresentedCode, ReverseOrder, ReverseOrderRefusal,
};
use domain::refund::OrderOfRefund;
use kernel::Amount;
use store::queries::{Value, select};

pub(super) const CHARGING: &[Route] = &[
    Route::post("/v3/pay/transactions/codepay", |call| Box::pin(charge(call, Mode::Direct))),
    Route::post("/v3/pay/partner/transactions/codepay", |call| {
        Box::pin(charge(call, Mode::Partner))
    }),
    Route::post("/v3/pay/partner/transactions/scannedpos", |call| {
        Box::pin(charge(call, Mode::Partner))
    }),
];

pub(super) const REVERSING: &[Route] = &[
    Route::post("/v3/pay/transactions/out-trade-no/{out_trade_no}/reverse", |call| {
        Box::pin(take_back(call, Mode::Direct))
    }),
    Route::post("/v3/pay/partner/transactions/out-trade-no/{out_trade_no}/reverse", |call| {
        Box::pin(take_back(call, Mode::Partner))
    }),
];

/// Told to the payer of a reversed payment.
const REVERSED: &str = "商户撤销";

/// A code to be charged, however it was asked for.
pub(super) struct Charge<'a> {
    pub(super) mchid: &'a str,
    pub(super) appid: &'a str,
    pub(super) partner: Option<&'a Partner>,
    pub(super) out_trade_no: &'a str,
    pub(super) description: &'a str,
    pub(super) attach: Option<&'a str>,
    pub(super) amount: Amount,
    pub(super) device_id: Option<&'a str>,
    pub(super) profit_sharing: ProfitSharing,
    pub(super) auth_code: &'a str,
    pub(super) fingerprint: [u8; 32],
    /// What a sandbox's payer shall do.
    pub(super) wish: Option<Outcome>,
}

impl Charge<'_> {
    /// Charges it; `None` when the code has another form than ours.
    pub(super) async fn run(
        &self,
        face: &Face,
    ) -> Result<Option<Result<CodePayment, PayByCodeRefusal>>, Fault> {
        let (app, rules) = (&face.app, face.app.rules());
        let now = app.business_now();
        let held = code_to_charge(app, self.auth_code, self.wish, self.amount).await;
        let held = held.ok_or(Code::ServiceUnavailable)?;
        let code = PresentedCode::read(&app.keys.payment_code, &held.code, now, &rules);
        let Some(code) = code else { return Ok(None) };
        let make = || PayByCode {
            mchid: self.mchid.to_owned(),
            appid: self.appid.to_owned(),
            partner: self.partner.cloned(),
            out_trade_no: self.out_trade_no.to_owned(),
            description: self.description.to_owned(),
            amount: self.amount,
            attach: self.attach.map(str::to_owned),
            device_id: self.device_id.map(str::to_owned),
            profit_sharing: self.profit_sharing,
            code: code.clone(),
            fingerprint: self.fingerprint,
            openid_keys: OpenidKeys::of(&app.keys),
            transaction_id: app.draw_transaction_id(),
        };
        attempt(face, make).await.map(Some)
    }
}

/// Takes a payment back. `appids` are those that are named: the merchant's and the sub-merchant's.
pub(super) async fn reverse(
    face: &Face,
    mchid: &str,
    sub_mchid: Option<&str>,
    order: OrderOfRefund,
    (appid, sub_appid): (Option<&str>, Option<&str>),
) -> Result<Result<(), ReverseOrderRefusal>, Fault> {
    let make = || ReverseOrder {
        mchid: mchid.to_owned(),
        sub_mchid: sub_mchid.map(str::to_owned),
        order: order.clone(),
        appid: appid.map(str::to_owned),
        sub_appid: sub_appid.map(str::to_owned),
        reason: REVERSED.to_owned(),
        refund_id: draw_refund_id(face),
        payout: draw_payout(face),
    };
    attempt(face, make).await
}

async fn charge(call: Call, mode: Mode) -> Result<Reply, Fault> {
    let asked = CodePay::parse(mode, &call.body, &call.caller())?;
    let wish = wish_of_charge(&call.face.app, call.wish.as_deref())?;
    let appid = match &asked.appid {
        Some(appid) => appid.clone(),
        None => appid_of(&call, &asked).await?,
    };
    let charge = Charge {
        mchid: &call.mchid,
        appid: &appid,
        partner: asked.partner.as_ref(),
        out_trade_no: &asked.out_trade_no,
        description: &asked.description,
        attach: asked.attach.as_deref(),
        amount: asked.amount,
        device_id: asked.device_id.as_deref(),
        profit_sharing: asked.profit_sharing,
        auth_code: &asked.auth_code,
        fingerprint: asked.fingerprint,
        wish,
    };
    let charged = charge.run(&call.face).await?.ok_or_else(CodePay::no_code)?;
    charged.map_err(ApiError::from)?;
    let sub_mchid = asked.partner.map(|partner| partner.sub_mchid);
    let order = find_order(&call.face, &call.mchid, sub_mchid, asked.out_trade_no).await?;
    let order = order.ok_or_else(|| Fault::defect("a charged code has no order"))?;
    Ok(match order.state {
        OrderState::UserPaying => Reply::accepted(waiting_answer(&order)),
        _ => Reply::json(order.to_json()),
    })
}

/// The app of a charge that names none: that of the order when this is a repetition, else the only
/// one of the merchant.
async fn appid_of(call: &Call, asked: &CodePay) -> Result<String, Fault> {
    let sub_mchid = asked.partner.as_ref().map(|partner| partner.sub_mchid.clone());
    let number = asked.out_trade_no.clone();
    if let Some(order) = find_order(&call.face, &call.mchid, sub_mchid, number).await? {
        return Ok(order.appid);
    }
    let queries = call.face.app.queries.as_ref();
    let mchid = Value::Text(call.mchid.clone());
    let bound = select::<MerchantAppid>(queries, "mchid = $1 LIMIT 2", vec![mchid]).await?;
    match <[MerchantAppid; 1]>::try_from(bound) {
        Ok([bound]) => Ok(bound.appid),
        Err(_) => Err(CodePay::no_appid().into()),
    }
}

async fn take_back(call: Call, mode: Mode) -> Result<Reply, Fault> {
    let asked = Reversal::parse(mode, &call.body, &call.caller())?;
    let (sub_mchid, number) = (asked.sub_mchid, call.variable("out_trade_no"));
    // Nothing is read before: the charge may still be on its way, and this has to come after it.
    let named = OrderOfRefund::OutTradeNo(number.clone());
    let (mchid, appids) = (&call.mchid, (asked.appid.as_deref(), asked.sub_appid.as_deref()));
    let reversed = reverse(&call.face, mchid, sub_mchid.as_deref(), named, appids).await?;
    reversed.map_err(ApiError::from)?;
    let order = find_order(&call.face, mchid, sub_mchid, number).await?;
    let order = order.ok_or_else(|| Fault::defect("a reversed payment has no order"))?;
    Ok(Reply::json(reversal_answer(&order)))
}
