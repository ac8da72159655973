//! `jiaozi merchant`: adds merchants and lists them.

use crate::cli::{
    AddMerchantFlags, Apiv2KeyFlags, AppidFlags, H5DomainFlags, ListFlags, MerchantAction,
    SubMerchantFlags, SwitchFlags, WebhookFlags,
};
use crate::database;
use crate::merchant_guide::Guide;
use crate::merchant_keys;
use crate::merchant_transfers;
use crate::notifications;
use crate::operator::{self, Answer, H5DomainRequest, Request};
use domain::merchant::{KeyState, Merchant, PlatformKey, PlatformKeyKind, SubMerchantState};
use http_api::merchant::{MerchantRequest, NewApiv2Key, NewMerchant};
use std::error::Error;
use store::{Queries, QueryError};

/// Does what was typed.
pub(crate) async fn run(action: MerchantAction) -> Result<(), Box<dyn Error>> {
    match action {
        MerchantAction::Add(flags) => add(flags).await,
        MerchantAction::Apiv2Key(flags) => apiv2_key(flags).await,
        MerchantAction::List(flags) => list(&flags).await,
        MerchantAction::Appid(AppidFlags { mchid, appid, config }) => {
            operator::tell(&config, &Request::AppidAdd { mchid, appid }).await
        }
        MerchantAction::Sub(SubMerchantFlags { mchid, sub_mchid, end, config }) => {
            let state = if end { SubMerchantState::Ended } else { SubMerchantState::Active };
            operator::tell(&config, &Request::SubMerchantBind { mchid, sub_mchid, state }).await
        }
        MerchantAction::H5Domain(H5DomainFlags { mchid, domain, end, config }) => {
            let asked = H5DomainRequest { mchid, domain, is_registered: !end };
            operator::tell(&config, &Request::H5Domain(asked)).await
        }
        MerchantAction::ProfitReturn(SwitchFlags { mchid, end, config }) => {
            operator::tell(&config, &Request::ProfitReturn { mchid, is_allowed: !end }).await
        }
        MerchantAction::Transfer(action) => merchant_transfers::run(action).await,
        MerchantAction::Key(action) => merchant_keys::of_merchant(action).await,
        MerchantAction::PlatformKey(action) => merchant_keys::of_platform(action).await,
        MerchantAction::Notifications(flags) => notifications::list(flags).await,
        MerchantAction::Resend(flags) => notifications::resend(&flags).await,
        MerchantAction::NotifyWith(flags) => {
            let (mchid, key, gradually) = (flags.mchid, flags.key, flags.gradually);
            let request = Request::NotifyWith { mchid, key, gradually };
            operator::tell(&flags.config, &request).await
        }
        MerchantAction::PublicKeyOnly(SwitchFlags { mchid, end, config }) => {
            operator::tell(&config, &Request::PublicKeyOnly { mchid, public_key_only: !end }).await
        }
        MerchantAction::Webhook(WebhookFlags { mchid, url, of, config }) => {
            operator::tell(&config, &Request::Webhook { mchid, of, url }).await
        }
    }
}

async fn add(flags: AddMerchantFlags) -> Result<(), Box<dyn Error>> {
    let AddMerchantFlags { name, mchid, appid, fee_bp, public_key_only, json, config, .. } = flags;
    let config = config.load()?;
    let scenes = |text: String| text.split_terminator(',').map(str::to_owned).collect();
    let transfer_scenes = flags.transfer_scenes.map(scenes);
    let request = MerchantRequest { name, mchid, appid, fee_bp, transfer_scenes, public_key_only };
    let request = Request::MerchantAdd(request);
    let told = match operator::ask(&config, &request).await? {
        Answer::Done(told) => told,
        Answer::Failed(why) => return Err(why.into()),
    };
    if json {
        say!("{told}");
        return Ok(());
    }
    // The running server may listen elsewhere than the configuration of this command says.
    let address = serde_json::from_value(told["address"].clone());
    let address = address.unwrap_or(config.merchant_listen);
    let merchant: NewMerchant = serde_json::from_value(told)?;
    // Whatever fails here, the merchant is added and its private key must come out now.
    let key = match database::read_only(&config) {
        Ok(queries) => public_key(queries.as_ref()).await.unwrap_or_default(),
        Err(_) => None,
    };
    let platform = key.as_ref().map(|key| (key.id.as_str(), key.public.as_str()));
    let guide = Guide { merchant: &merchant, address, platform, public_key_only };
    say!("{}", guide.text().trim_end());
    Ok(())
}

async fn apiv2_key(Apiv2KeyFlags { mchid, config }: Apiv2KeyFlags) -> Result<(), Box<dyn Error>> {
    let config = config.load()?;
    match operator::ask(&config, &Request::MerchantApiv2Key { mchid }).await? {
        Answer::Done(told) => {
            let NewApiv2Key { apiv2_key, .. } = serde_json::from_value(told)?;
            say!("{apiv2_key}");
            Ok(())
        }
        Answer::Failed(why) => Err(why.into()),
    }
}

/// The platform's bare public key, once a server has made it.
pub(crate) async fn public_key(queries: &dyn Queries) -> Result<Option<PlatformKey>, QueryError> {
    let keys: Vec<PlatformKey> =
        store::queries::select(queries, "1 = 1 ORDER BY not_before DESC", Vec::new()).await?;
    let usable =
        |key: &PlatformKey| key.kind == PlatformKeyKind::PublicKey && key.state == KeyState::Active;
    Ok(keys.into_iter().find(usable))
}

async fn list(flags: &ListFlags) -> Result<(), Box<dyn Error>> {
    let config = flags.config.load()?;
    let queries = database::read_only(&config)?;
    let merchants: Vec<Merchant> =
        store::queries::select(queries.as_ref(), "1 = 1 ORDER BY mchid", Vec::new()).await?;
    if flags.json {
        let shown: Vec<_> = merchants.iter().map(to_json).collect();
        say!("{}", serde_json::Value::from(shown));
        return Ok(());
    }
    for merchant in &merchants {
        let Merchant { mchid, state, fee_bp, name, .. } = merchant;
        say!("{mchid}  {:<9}  {fee_bp:>5} bp  {name}", state.as_str());
    }
    Ok(())
}

fn to_json(merchant: &Merchant) -> serde_json::Value {
    serde_json::json!({
        "mchid": merchant.mchid,
        "name": merchant.name,
        "state": merchant.state,
        "fee_bp": merchant.fee_bp,
        "allows_profit_return": merchant.allows_profit_return,
        "public_key_only": merchant.public_key_only,
        "transfer_scenes": merchant.transfer_scenes.split_terminator(',').collect::<Vec<_>>(),
        "approves_batches": merchant.approves_batches,
        "added_at": merchant.added_at.rfc3339(),
    })
}
