//! `jiaozi merchant key` and `platform-key`: what merchants sign with, and what we sign with.

use crate::cli::{ListFlags, MerchantKeyAction, PlatformKeyAction};
use crate::database;
use crate::operator::{self, KeyRequest, Request};
use apiv3::certificate::Certificate;
use domain::merchant::{MerchantCertificate, PlatformKey};
use serde_json::{Value, json};
use std::error::Error;
use store::queries::{self, select};

/// Does what was typed about the keys of a merchant.
pub(crate) async fn of_merchant(action: MerchantKeyAction) -> Result<(), Box<dyn Error>> {
    match action {
        MerchantKeyAction::Add(flags) => {
            let pem = std::fs::read_to_string(&flags.file)
                .map_err(|error| format!("{}: {error}", flags.file.display()))?;
            let request = KeyRequest::AddOfMerchant { mchid: flags.mchid, pem };
            operator::tell(&flags.config, &Request::Keys(request)).await
        }
        MerchantKeyAction::Revoke(flags) => {
            let request = KeyRequest::RevokeOfMerchant { mchid: flags.mchid, serial: flags.serial };
            operator::tell(&flags.config, &Request::Keys(request)).await
        }
        MerchantKeyAction::List(flags) => {
            let condition = "mchid = $1 ORDER BY added_at, serial";
            let mchid = vec![queries::Value::Text(flags.mchid)];
            let database = database::read_only(&flags.list.config.load()?)?;
            let keys: Vec<MerchantCertificate> =
                select(database.as_ref(), condition, mchid).await?;
            show(&flags.list, &keys.iter().map(key_of_merchant).collect::<Vec<_>>());
            Ok(())
        }
    }
}

/// Does what was typed about the platform's keys.
pub(crate) async fn of_platform(action: PlatformKeyAction) -> Result<(), Box<dyn Error>> {
    match action {
        PlatformKeyAction::Announce(flags) => {
            let request = KeyRequest::Announce { kind: flags.kind };
            operator::tell(&flags.config, &Request::Keys(request)).await
        }
        PlatformKeyAction::Use(flags) => {
            let request = KeyRequest::Use { id: flags.id };
            operator::tell(&flags.config, &Request::Keys(request)).await
        }
        PlatformKeyAction::Revoke(flags) => {
            let request = KeyRequest::Revoke { id: flags.id };
            operator::tell(&flags.config, &Request::Keys(request)).await
        }
        PlatformKeyAction::List(flags) => {
            let database = database::read_only(&flags.config.load()?)?;
            let order = "1 = 1 ORDER BY not_before, id";
            let keys: Vec<PlatformKey> = select(database.as_ref(), order, Vec::new()).await?;
            show(&flags, &keys.iter().map(key_of_platform).collect::<Vec<_>>());
            Ok(())
        }
    }
}

fn key_of_merchant(row: &MerchantCertificate) -> Value {
    let read = Certificate::parse_or_key(&row.certificate).ok();
    let ends_s = read.map(|read| read.not_after_s).filter(|seconds| *seconds < i64::MAX);
    json!({
        "id": row.serial,
        "kind": if row.certificate.contains("PUBLIC KEY") { "PUBLIC_KEY" } else { "CERTIFICATE" },
        "state": row.state,
        "added_at": row.added_at.rfc3339(),
        "expires_at": ends_s.map(|seconds| {
            kernel::Timestamp::from_micros(seconds.saturating_mul(kernel::time::SECOND)).rfc3339()
        }),
        "pem": row.certificate,
    })
}

fn key_of_platform(row: &PlatformKey) -> Value {
    json!({
        "id": row.id,
        "kind": row.kind,
        "state": row.state,
        "added_at": row.not_before.rfc3339(),
        "expires_at": row.end().map(|end| end.rfc3339()),
        "pem": row.public,
    })
}

fn show(flags: &ListFlags, keys: &[Value]) {
    if flags.json {
        say!("{}", Value::from(keys));
        return;
    }
    for key in keys {
        let text = |name: &str| key[name].as_str().unwrap_or("-").to_owned();
        say!("{:<44} {:<11} {:<9} {}", text("id"), text("kind"), text("state"), text("expires_at"));
        say!("{}", text("pem").trim_end());
    }
}
