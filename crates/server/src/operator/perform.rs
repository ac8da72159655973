//! Turns an operator's request into a command and runs it.

use super::request::{Answer, H5DomainRequest, Request, SigningKey, WebhookOf};
use apiv3::language::Language;
use apiv3::notify_url::{self, UrlRule};
use domain::ids::WalletId;
use domain::merchant::{
    AddAppid, AllowProfitReturn, BindSubMerchant, ChooseNotificationKey, KeyPace, RegisterH5Domain,
    SetPublicKeyOnly, SetWebhook, WebhookChange,
};
use domain::notification::ResendNotification;
use domain::wallet::{FreezeWallet, FrozenBy, LiftedBy, UnfreezeWallet};
use domain::{Command, Once};
use engine::Engine;
use http_api::SystemShell;
use http_api::merchant::{
    AddMerchantError, MerchantRequest, add_merchant, is_appid, set_apiv2_key,
};
use kernel::keys::KeyRing;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use store::Queries;
use tokio::sync::Notify;

/// Runs requests of operators.
#[derive(Clone)]
pub(crate) struct Operator {
    /// Where they are run.
    pub(crate) engine: Engine,
    /// Reads what they lead on from.
    pub(crate) queries: Arc<dyn Queries>,
    /// Seals what is kept of a merchant.
    pub(crate) keys: Arc<KeyRing>,
    /// Where merchants connect.
    pub(crate) merchant_address: SocketAddr,
    /// Has a running sandbox begin anew.
    pub(crate) reset: Option<Arc<Notify>>,
}

impl Operator {
    /// Performs a request.
    pub(crate) async fn perform(&self, request: &Request) -> Answer {
        match request {
            Request::Freeze { wallet, because, reason, operator } => {
                let by = FrozenBy::Operator {
                    name: operator.clone(),
                    kind: (*because).into(),
                    reason: reason.clone(),
                };
                let Some(wallet) = wallet_id(wallet) else { return no_wallet() };
                let command = FreezeWallet { wallet, by, once: Once::State };
                self.run(command, |wallet| json!({ "wallet": wallet, "state": "FROZEN" })).await
            }
            Request::Unfreeze { wallet, because, operator } => {
                let by = LiftedBy::Operator { name: operator.clone(), kind: (*because).into() };
                let Some(wallet) = wallet_id(wallet) else { return no_wallet() };
                let command = UnfreezeWallet { wallet, by, once: Once::State };
                self.run(command, |lifted| json!(lifted)).await
            }
            Request::Resend { batch, place } => {
                let command = ResendNotification { batch: *batch, place: *place };
                self.run(command, |()| json!({ "state": "WAITING" })).await
            }
            Request::NotifyWith { mchid, key, gradually } => {
                self.notify_with(mchid, *key, *gradually).await
            }
            Request::PublicKeyOnly { mchid, public_key_only } => {
                let (mchid, public_key_only) = (mchid.clone(), *public_key_only);
                let told = json!({ "mchid": mchid, "public_key_only": public_key_only });
                self.run(SetPublicKeyOnly { mchid, public_key_only }, |()| told).await
            }
            Request::Reset => match &self.reset {
                Some(reset) => {
                    reset.notify_one();
                    Answer::Done(Value::Null)
                }
                None => Answer::Failed("no sandbox runs here that could begin anew".to_owned()),
            },
            Request::Webhook { mchid, of, url } => self.webhook(mchid, *of, url.as_deref()).await,
            Request::H5Domain(asked) => self.h5_domain(asked).await,
            Request::ProfitReturn { mchid, is_allowed } => {
                let (mchid, is_allowed) = (mchid.clone(), *is_allowed);
                let told = json!({ "mchid": mchid, "allows_profit_return": is_allowed });
                self.run(AllowProfitReturn { mchid, is_allowed }, |()| told).await
            }
            Request::MerchantAdd(request) => self.add_merchant(request).await,
            Request::AppidAdd { mchid, appid } => {
                if !is_appid(appid) {
                    return Answer::Failed(AddMerchantError::Appid.to_string());
                }
                let command = AddAppid { mchid: mchid.clone(), appid: appid.clone() };
                self.run(command, |()| json!({ "mchid": mchid, "appid": appid })).await
            }
            Request::SubMerchantBind { mchid, sub_mchid, state } => {
                let (mchid, sub_mchid) = (mchid.clone(), sub_mchid.clone());
                let told = json!({ "mchid": mchid, "sub_mchid": sub_mchid, "state": state });
                let command = BindSubMerchant { mchid, sub_mchid, state: *state };
                self.run(command, |()| told).await
            }
            Request::Transfers(request) => self.transfers(request).await,
            Request::Complaints(request) => self.complaints(request).await,
            Request::Keys(request) => self.keys(request).await,
            Request::MerchantApiv2Key { mchid } => {
                let shell = SystemShell::default();
                match set_apiv2_key(&self.engine, &self.keys, &shell, mchid).await {
                    Ok(made) => Answer::Done(json!(made)),
                    Err(failed) => Answer::failed(&failed.failure()),
                }
            }
        }
    }

    async fn add_merchant(&self, request: &MerchantRequest) -> Answer {
        let shell = SystemShell::default();
        match add_merchant(&self.engine, &self.keys, &shell, request).await {
            Ok(merchant) => {
                let mut told = json!(merchant);
                told["address"] = json!(self.merchant_address);
                Answer::Done(told)
            }
            Err(error) => Answer::Failed(error.to_string()),
        }
    }

    async fn notify_with(&self, mchid: &str, key: SigningKey, gradually: bool) -> Answer {
        let pace = if gradually { KeyPace::Gradual } else { KeyPace::AtOnce };
        let command = ChooseNotificationKey { mchid: mchid.to_owned(), kind: key.into(), pace };
        let told =
            json!({ "mchid": mchid, "notified_with": key, "gradually": pace == KeyPace::Gradual });
        self.run(command, |()| told).await
    }

    async fn h5_domain(&self, asked: &H5DomainRequest) -> Answer {
        let (mchid, domain) = (asked.mchid.clone(), asked.domain.to_ascii_lowercase());
        let is_registered = asked.is_registered;
        let told = json!({ "mchid": mchid, "domain": domain, "registered": is_registered });
        self.run(RegisterH5Domain { mchid, domain, is_registered }, |()| told).await
    }

    async fn webhook(&self, mchid: &str, of: WebhookOf, url: Option<&str>) -> Answer {
        // What is connected to is looked at again each time, by the rule of this server.
        if let Some(Err(fault)) = url.map(|url| notify_url::check(url, UrlRule::Relaxed)) {
            return Answer::Failed(format!("the address {}", fault.text(Language::English)));
        }
        let command = SetWebhook {
            mchid: mchid.to_owned(),
            kind: of.into(),
            change: url.map_or(WebhookChange::Remove, |url| WebhookChange::Put(url.to_owned())),
        };
        self.run(command, |()| json!({ "mchid": mchid, "of": of, "url": url })).await
    }

    pub(super) async fn run<C: Command>(
        &self,
        command: C,
        tell: impl FnOnce(C::Done) -> Value,
    ) -> Answer {
        match self.engine.run(command).await {
            Ok(done) => Answer::Done(tell(done)),
            Err(failed) => Answer::failed(&failed.failure()),
        }
    }
}

fn wallet_id(text: &str) -> Option<WalletId> {
    text.parse().ok()
}

fn no_wallet() -> Answer {
    Answer::Failed("not the id of a wallet: it begins with wal_".to_owned())
}
