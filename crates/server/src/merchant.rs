//! `jiaozi merchant`: adds merchants and lists them.

use crate::cli::{AddMerchantFlags, ListMerchantsFlags, MerchantAction};
use crate::config::Config;
use crate::database;
use crate::operator::{self, Answer, Request};
use domain::merchant::Merchant;
use http_api::merchant::{MerchantRequest, NewMerchant};
use std::error::Error;

/// Does what was typed.
pub(crate) async fn run(action: MerchantAction) -> Result<(), Box<dyn Error>> {
    match action {
        MerchantAction::Add(flags) => add(flags).await,
        MerchantAction::List(flags) => list(&flags).await,
    }
}

async fn add(flags: AddMerchantFlags) -> Result<(), Box<dyn Error>> {
    let AddMerchantFlags { name, mchid, appid, fee_bp, json, config } = flags;
    let config = config.load()?;
    let request = Request::MerchantAdd(MerchantRequest { name, mchid, appid, fee_bp });
    let told = match operator::ask(&config, &request).await? {
        Answer::Done(told) => told,
        Answer::Failed(why) => return Err(why.into()),
    };
    if json {
        println!("{told}");
        return Ok(());
    }
    let merchant: NewMerchant = serde_json::from_value(told)?;
    print!("{}", guide(&merchant, &config));
    Ok(())
}

/// What the merchant's developer needs, and how the usual SDKs want it. The private key is in here
/// and nowhere else.
fn guide(merchant: &NewMerchant, config: &Config) -> String {
    let NewMerchant { mchid, appid, name, serial_no, certificate, private_key, apiv3_key } =
        merchant;
    let base = format!("http://{}", config.merchant_listen);
    format!(
        "merchant {mchid} ({name}) was added. Its private key and APIv3 key are shown this once \
         and are not kept in this form.\n\n\
         app id                  {appid}\n\
         certificate serial      {serial_no}\n\
         APIv3 key               {apiv3_key}\n\
         base address            {base}   (instead of https://api.mch.weixin.qq.com)\n\n\
         apiclient_key.pem:\n{private_key}\n\
         apiclient_cert.pem:\n{certificate}\n\
         Node, wechatpay-axios-plugin:\n  \
         new Wechatpay({{ baseURL: '{base}', mchid: '{mchid}', serial: '{serial_no}',\n    \
         privateKey: readFileSync('apiclient_key.pem'), certs: {{ any: undefined }} }})\n\
         Java, wechatpay-java:\n  \
         new RSAAutoCertificateConfig.Builder().merchantId(\"{mchid}\")\n    \
         .privateKeyFromPath(\"apiclient_key.pem\").merchantSerialNumber(\"{serial_no}\")\n    \
         .apiV3Key(\"{apiv3_key}\").build()\n\
         Go, wechatpay-go:\n  \
         option.WithWechatPayAutoAuthCipher(\"{mchid}\", \"{serial_no}\", key, \"{apiv3_key}\")\n\
         Python, wechatpayv3:\n  \
         WeChatPay(wechatpay_type=WeChatPayType.NATIVE, mchid='{mchid}', appid='{appid}',\n    \
         private_key=open('apiclient_key.pem').read(), cert_serial_no='{serial_no}',\n    \
         apiv3_key='{apiv3_key}', notify_url='https://…')\n"
    )
}

async fn list(flags: &ListMerchantsFlags) -> Result<(), Box<dyn Error>> {
    let config = flags.config.load()?;
    let queries = database::read_only(&config)?;
    let merchants: Vec<Merchant> =
        store::queries::select(&queries, "1 = 1 ORDER BY mchid", Vec::new()).await?;
    if flags.json {
        let shown: Vec<_> = merchants.iter().map(to_json).collect();
        println!("{}", serde_json::Value::from(shown));
        return Ok(());
    }
    for merchant in &merchants {
        let Merchant { mchid, state, fee_bp, name, .. } = merchant;
        println!("{mchid}  {:<9}  {fee_bp:>5} bp  {name}", state.as_str());
    }
    Ok(())
}

fn to_json(merchant: &Merchant) -> serde_json::Value {
    serde_json::json!({
        "mchid": merchant.mchid,
        "name": merchant.name,
        "state": merchant.state,
        "fee_bp": merchant.fee_bp,
        "added_at": merchant.added_at.rfc3339(),
    })
}
