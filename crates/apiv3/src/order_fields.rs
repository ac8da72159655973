//! Fields that all ways of creating an order share: which are read, and which are documented and
//! checked but change nothing about an order here. Those too are part of what its number stands
//! for.

use domain::order::{CardsTaken, ProfitSharing};
use kernel::time::Timestamp;
use serde::Serialize;

use crate::code::{Code, OPENID_REQUIRED};
use crate::error::{ApiError, FieldError, Location};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::request::check_out_trade_no;

/// A text that says something: an empty one stands for none.
pub(crate) fn said(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A merchant's order number under a name.
pub(crate) fn get_out_trade_no(fields: &Fields<'_>, name: &str) -> Result<String, FieldError> {
    let number = fields.get_text(name, 0..=usize::MAX)?;
    check_out_trade_no(number).map_err(|issue| fields.fault(name, issue))?;
    Ok(number.to_owned())
}

/// Ways to pay that the merchant excludes, of those that it can, sorted.
pub(crate) fn read_limit_pay(
    fields: &Fields<'_>,
    limits_known: &'static [&'static str],
) -> Result<Vec<&'static str>, FieldError> {
    let mut limits = Vec::new();
    for (pointer, item) in fields.items("limit_pay")? {
        let known = limits_known.iter().copied().find(|known| item == known);
        limits.push(known.ok_or_else(|| {
            let issue = Issue::NotOneOf(limits_known);
            FieldError::new(Location::Body, pointer, Some(item), issue)
        })?);
    }
    limits.sort_unstable();
    limits.dedup();
    if !takes_balance(&limits) && cards_taken(&limits) == CardsTaken::None {
        return Err(fields.fault("limit_pay", Issue::NothingLeft));
    }
    Ok(limits)
}

/// Where an order is placed. The payer's address is not among it: it changes with the network, and
/// who asks again from the next one asks for the same order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scene {
    pub(crate) device_id: Option<String>,
    pub(crate) store: Option<Store>,
    pub(crate) browser: Option<Browser>,
}

/// `store_info`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Store {
    id: String,
    name: Option<String>,
    area_code: Option<String>,
    address: Option<String>,
}

/// `h5_info`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Browser {
    kind: String,
    app_name: Option<String>,
    app_url: Option<String>,
    bundle_id: Option<String>,
    package_name: Option<String>,
}

/// `detail`: the goods, which only coupons would look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Detail {
    cost_price: Option<i64>,
    invoice_id: Option<String>,
    goods: Vec<Goods>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Goods {
    merchant_goods_id: String,
    wechatpay_goods_id: Option<String>,
    goods_name: Option<String>,
    quantity: i64,
    unit_price: i64,
}

/// Reads `scene_info`; `in_browser` is whether it must be there, with the browser's part, and
/// `device_max` bounds the length of `device_id` in bytes.
pub(crate) fn read_scene(
    fields: &Fields<'_>,
    in_browser: bool,
    device_max: usize,
) -> Result<Scene, FieldError> {
    let scene = match in_browser {
        true => Some(fields.get_object("scene_info")?),
        false => fields.find_object("scene_info")?,
    };
    let Some(scene) = scene else { return Ok(Scene::default()) };
    scene.get_text("payer_client_ip", 1..=45)?;
    let device_id = said(scene.find_text("device_id", 0..=device_max)?);
    let store = scene.find_object("store_info")?.map(|store| read_store(&store)).transpose()?;
    let browser = match in_browser {
        true => Some(scene.get_object("h5_info")?),
        false => scene.find_object("h5_info")?,
    };
    let browser = browser.map(|browser| read_browser(&browser)).transpose()?;
    Ok(Scene { device_id, store, browser })
}

fn read_store(store: &Fields<'_>) -> Result<Store, FieldError> {
    Ok(Store {
        id: store.get_text("id", 1..=32)?.to_owned(),
        name: said(store.find_text("name", 0..=256)?),
        area_code: said(store.find_text("area_code", 0..=32)?),
        address: said(store.find_text("address", 0..=512)?),
    })
}

fn read_browser(browser: &Fields<'_>) -> Result<Browser, FieldError> {
    let kind = browser.get_text("type", 1..=32)?.to_owned();
    // How long these may be is not on record for certain.
    let text = |name| browser.find_text(name, 0..=usize::MAX).map(said);
    Ok(Browser {
        kind,
        app_name: text("app_name")?,
        app_url: text("app_url")?,
        bundle_id: text("bundle_id")?,
        package_name: text("package_name")?,
    })
}

/// Reads `detail`; one that says nothing stands for none.
pub(crate) fn read_detail(fields: &Fields<'_>) -> Result<Option<Detail>, FieldError> {
    let Some(detail) = fields.find_object("detail")? else { return Ok(None) };
    let detail = Detail {
        cost_price: detail.find_integer("cost_price", 0)?,
        invoice_id: said(detail.find_text("invoice_id", 0..=32)?),
        goods: detail.objects("goods_detail")?.iter().map(read_goods).collect::<Result<_, _>>()?,
    };
    Ok((detail != Detail::default()).then_some(detail))
}

fn read_goods(goods: &Fields<'_>) -> Result<Goods, FieldError> {
    Ok(Goods {
        merchant_goods_id: goods.get_text("merchant_goods_id", 1..=32)?.to_owned(),
        wechatpay_goods_id: said(goods.find_text("wechatpay_goods_id", 0..=32)?),
        goods_name: said(goods.find_text("goods_name", 0..=usize::MAX)?),
        quantity: goods.get_integer("quantity", 1)?,
        unit_price: goods.get_integer("unit_price", 0)?,
    })
}

/// Reads `time_expire`; older clients also send when they began, another time with each try.
pub(crate) fn read_times(fields: &Fields<'_>) -> Result<Option<Timestamp>, FieldError> {
    fields.find_time("time_start")?;
    fields.find_time("time_expire")
}

/// A fault of a field. That of a payer who is not named, under this pointer, has a number of its
/// own.
pub(crate) fn field_error(error: FieldError, payer: &str) -> ApiError {
    let is_nobody = error.issue == Issue::Missing && error.field.starts_with(payer);
    let error = ApiError::from(error);
    if is_nobody { error.numbered(OPENID_REQUIRED) } else { error }
}

/// Refuses what would promise something that does not happen. `payer` names the object of the
/// payer.
pub(crate) fn refuse_products(fields: &Fields<'_>, payer: &str) -> Result<(), ApiError> {
    let payer = fields.find_object(payer)?;
    let is_checked = payer.is_some_and(|payer| payer.has("identity"));
    if is_checked || fields.has("subsidy_info") || fields.has("contract_info") {
        return Err(ApiError::new(Code::NoAuth));
    }
    refuse_subsidy(fields)
}

/// Refuses an order that somebody else is to pay a part of.
pub(crate) fn refuse_subsidy(order: &Fields<'_>) -> Result<(), ApiError> {
    let Some(settle) = order.find_object("settle_info")? else { return Ok(()) };
    match settle.find_integer("subsidy_amount", 0)? {
        None | Some(0) => Ok(()),
        Some(_) => Err(ApiError::new(Code::NoAuth)),
    }
}

/// The cards that `limit_pay` leaves.
pub(crate) fn cards_taken(limit_pay: &[&str]) -> CardsTaken {
    let forbids = |what: &str| limit_pay.contains(&what) || limit_pay.contains(&"balance_only");
    match (forbids("no_debit"), forbids("no_credit")) {
        (false, false) => CardsTaken::All,
        (false, true) => CardsTaken::Debit,
        (true, false) => CardsTaken::Credit,
        (true, true) => CardsTaken::None,
    }
}

/// Whether `limit_pay` leaves the balance.
pub(crate) fn takes_balance(limit_pay: &[&str]) -> bool {
    !limit_pay.contains(&"no_balance")
}

/// Whether the money waits for profit sharing once it is paid.
pub(crate) fn read_profit_sharing(fields: &Fields<'_>) -> Result<bool, FieldError> {
    let Some(settle) = fields.find_object("settle_info")? else { return Ok(false) };
    Ok(settle.find_boolean("profit_sharing")?.unwrap_or(false))
}

/// What becomes of the money, as the domain says it.
pub(crate) fn profit_sharing(is_shared: bool) -> ProfitSharing {
    if is_shared { ProfitSharing::Yes } else { ProfitSharing::No }
}
