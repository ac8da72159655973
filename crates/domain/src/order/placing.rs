//! What placing an order and placing a combined one have in common.

use super::{CreateOrderRefusal as No, OrderByPrepay, OrderState, PrepayKind};
use crate::command::{Halt, Stop};
use crate::merchant::{
    Merchant, MerchantAppid, MerchantState, Openid, SubMerchant, SubMerchantState,
};
use crate::record::RowKey;
use crate::tx::Tx;
use kernel::Timestamp;
use kernel::time::SECOND;

/// Whom a service provider has paid by an order that it places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The sub-merchant.
    pub sub_mchid: String,
    /// The sub-merchant's app id, if the order is placed under it too.
    pub sub_appid: Option<String>,
    /// The only payer, named under the sub-merchant's app id.
    pub sub_openid: Option<String>,
}

impl Partner {
    /// The rows that checking it reads.
    pub(crate) fn keys(&self, mchid: &str) -> Vec<RowKey> {
        let relation = (mchid.to_owned(), self.sub_mchid.clone());
        let mut keys =
            vec![RowKey::of::<SubMerchant>(&relation), RowKey::of::<Merchant>(&self.sub_mchid)];
        if let Some(appid) = &self.sub_appid {
            let bound = (self.sub_mchid.clone(), appid.clone());
            keys.push(RowKey::of::<MerchantAppid>(&bound));
        }
        keys
    }

    /// Checks that `mchid` serves the sub-merchant, which is in business and has the app id.
    pub(crate) fn check(&self, tx: &mut Tx<'_>, mchid: &str) -> Result<(), Stop<No>> {
        let relation = (mchid.to_owned(), self.sub_mchid.clone());
        let relation = tx.find::<SubMerchant>(&relation)?;
        if relation.is_none_or(|relation| relation.state != SubMerchantState::Active) {
            return Err(No::SubMerchantUnknown.into());
        }
        let merchant = tx.find::<Merchant>(&self.sub_mchid)?;
        if merchant.ok_or(No::SubMerchantUnknown)?.state == MerchantState::Suspended {
            return Err(No::MerchantSuspended.into());
        }
        if let Some(appid) = &self.sub_appid {
            let bound = (self.sub_mchid.clone(), appid.clone());
            tx.find::<MerchantAppid>(&bound)?.ok_or(No::SubAppidNotBound)?;
        }
        Ok(())
    }

    /// Checks that the payer it names is known.
    pub(super) fn check_payer(&self, tx: &mut Tx<'_>) -> Result<(), Stop<No>> {
        match (&self.sub_openid, &self.sub_appid) {
            (None, _) => Ok(()),
            (Some(openid), Some(appid)) => check_openid(tx, openid, appid),
            (Some(_), None) => Err(No::OpenidUnknown.into()),
        }
    }
}

/// The rows that [`check_merchant`] reads.
pub(crate) fn merchant_keys(mchid: &str, appid: &str) -> [RowKey; 2] {
    let bound = (mchid.to_owned(), appid.to_owned());
    [RowKey::of::<Merchant>(&mchid.to_owned()), RowKey::of::<MerchantAppid>(&bound)]
}

/// Checks that a merchant is in business and has the app id.
pub(crate) fn check_merchant(tx: &mut Tx<'_>, mchid: &str, appid: &str) -> Result<(), Stop<No>> {
    let merchant = tx.find::<Merchant>(&mchid.to_owned())?.ok_or(No::MerchantUnknown)?;
    if merchant.state == MerchantState::Suspended {
        return Err(No::MerchantSuspended.into());
    }
    let bound = (mchid.to_owned(), appid.to_owned());
    tx.find::<MerchantAppid>(&bound)?.ok_or(No::AppidNotBound)?;
    Ok(())
}

/// Checks that a payer is known under an app id.
pub(super) fn check_openid(tx: &mut Tx<'_>, openid: &str, appid: &str) -> Result<(), Stop<No>> {
    let known = tx.find::<Openid>(&openid.to_owned())?;
    let known = known.filter(|known| known.appid == appid);
    Ok(known.map(|_| ()).ok_or(No::OpenidUnknown)?)
}

/// The same number again: the same request is the same order while it is unpaid.
pub(super) fn again(state: OrderState, is_open: bool, is_same: bool) -> Result<(), No> {
    match state {
        OrderState::Success => Err(No::AlreadyPaid),
        OrderState::Closed => Err(No::Closed),
        OrderState::UserPaying | OrderState::PayError | OrderState::Revoked => {
            Err(No::NumberUsedDifferently)
        }
        OrderState::NotPay if !is_open => Err(No::Closed),
        OrderState::NotPay | OrderState::BankPending if is_same => Ok(()),
        OrderState::NotPay | OrderState::BankPending => Err(No::NumberUsedDifferently),
    }
}

/// When a new order closes by itself: as asked, within the bounds.
pub(super) fn end(tx: &Tx<'_>, asked: Option<Timestamp>) -> Result<Timestamp, No> {
    let (now, rules) = (tx.now(), tx.rules());
    let after = |seconds: i64| now.plus(seconds.saturating_mul(SECOND));
    let end = asked.unwrap_or(after(rules.order_ttl_s));
    let allowed = after(rules.order_ttl_min_s)..=after(rules.order_ttl_max_s);
    if allowed.contains(&end) { Ok(end) } else { Err(No::TimeExpireOutOfRange) }
}

/// Notes what a new prepay id leads to, until its own time or the order's is over.
pub(crate) fn lead(
    tx: &mut Tx<'_>,
    prepay_id: &str,
    kind: PrepayKind,
    (mchid, out_trade_no): (String, String),
    expires_at: Timestamp,
) -> Result<(), Halt> {
    if tx.find::<OrderByPrepay>(&prepay_id.to_owned())?.is_some() {
        return Err(Halt::Stale); // The edge drew a number that is taken; it draws again.
    }
    let session_ends = tx.now().plus(tx.rules().prepay_ttl_s.saturating_mul(SECOND));
    tx.put(OrderByPrepay {
        prepay_id: prepay_id.to_owned(),
        kind,
        mchid,
        out_trade_no,
        expires_at: expires_at.min(session_ends),
    });
    Ok(())
}
