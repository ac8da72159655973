//! `jiaozi user`: shows what an operator may know of a person, and stops or frees a wallet. A
//! person is named by wallet, user or phone; the phone is only compared, never kept or printed.

use crate::cli::{PersonFlags, UserAction, WalletFlags};
use crate::config::Config;
use crate::operator::{self, Answer, Request};
use crate::{database, key_file};
use domain::identity::VerificationByWallet;
use domain::ids::{UserId, WalletId};
use domain::ledger::Batch;
use domain::user::{User, UserByPhone, phone_place};
use domain::validate::masking;
use domain::validate::phone::PhoneNumber;
use domain::wallet::{Freeze, FreezeKind, Identity, LimitsLeft, Usage, Wallet};
use http_api::personal::phone_index;
use http_api::{Shell as _, SystemShell};
use kernel::{Timestamp, crypto};
use serde_json::{Value, json};
use std::error::Error;
use store::Queries;
use store::queries::{find, select};

/// Does what was typed.
pub(crate) async fn run(action: UserAction) -> Result<(), Box<dyn Error>> {
    let staff = operator::staff();
    let (config, request) = match action {
        UserAction::Show(flags) => return show(&flags).await,
        UserAction::Freeze(WalletFlags { wallet, because, reason, config }) => {
            let config = config.load()?;
            let wallet = wallet_of(&config, &wallet).await?.to_string();
            (config, Request::Freeze { wallet, because, reason, operator: staff })
        }
        UserAction::Unfreeze(WalletFlags { wallet, because, config, .. }) => {
            let config = config.load()?;
            let wallet = wallet_of(&config, &wallet).await?.to_string();
            (config, Request::Unfreeze { wallet, because, operator: staff })
        }
    };
    match operator::ask(&config, &request).await? {
        Answer::Done(told) => say!("{told}"),
        Answer::Failed(why) => return Err(why.into()),
    }
    Ok(())
}

/// The wallet that was meant. One that is named by its own id need not be there.
async fn wallet_of(config: &Config, person: &str) -> Result<WalletId, Box<dyn Error>> {
    if let Ok(wallet) = person.parse() {
        return Ok(wallet);
    }
    let queries = database::read_only(config)?;
    let user = user_of(config, queries.as_ref(), person).await?;
    user.wallet.ok_or_else(|| "this user has no wallet".into())
}

async fn user_of(
    config: &Config,
    queries: &dyn Queries,
    person: &str,
) -> Result<User, Box<dyn Error>> {
    let user = if let Ok(id) = person.parse::<WalletId>() {
        find::<Wallet>(queries, &id).await?.map(|wallet| wallet.user)
    } else if let Ok(id) = person.parse::<UserId>() {
        Some(id)
    } else if let Ok(phone) = PhoneNumber::parse(person) {
        let keys = key_file::load(&config.key_file())?;
        let found = find::<UserByPhone>(queries, &phone_index(&keys, &phone)).await?;
        found.map(|found| found.user)
    } else {
        return Err("neither an id (wal_…, usr_…) nor a phone".into());
    };
    let user = match user {
        Some(id) => find::<User>(queries, &id).await?,
        None => None,
    };
    user.ok_or_else(|| "OBJECT_NOT_FOUND: there is no such person".into())
}

async fn show(PersonFlags { person, config }: &PersonFlags) -> Result<(), Box<dyn Error>> {
    let config = config.load()?;
    let queries = database::read_only(&config)?;
    let queries = queries.as_ref();
    let user = user_of(&config, queries, person).await?;
    let keys = key_file::load(&config.key_file())?;
    let phone = crypto::open(&keys.personal_data, &phone_place(&user.phone_index), &user.phone)?;
    let wallet = match user.wallet {
        Some(id) => find::<Wallet>(queries, &id).await?,
        None => None,
    };
    let mut shown = json!({
        "user": user.id,
        "phone": masking::phone(std::str::from_utf8(&phone)?),
        "registered_at": user.registered_at.rfc3339(),
    });
    if let Some(wallet) = wallet {
        shown["wallet"] = show_wallet(queries, &wallet).await?;
        if let Some(id) = wallet.identity {
            let identity = find::<Identity>(queries, &id).await?;
            let identity = identity.ok_or("the wallet's identity is not there")?;
            shown["identity"] = show_identity(&config, queries, &identity).await?;
        }
    }
    say!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}

async fn show_wallet(queries: &dyn Queries, wallet: &Wallet) -> Result<Value, Box<dyn Error>> {
    let mut freezes = Vec::new();
    for kind in FreezeKind::ALL {
        let freeze = find::<Freeze>(queries, &(wallet.id, *kind)).await?;
        freezes.extend(freeze.filter(Freeze::is_in_force).map(|freeze| {
            json!({
                "kind": freeze.kind,
                "by": freeze.frozen_by,
                "reason": freeze.reason,
                "since": freeze.frozen_at.rfc3339(),
            })
        }));
    }
    let last = find::<VerificationByWallet>(queries, &wallet.id).await?;
    Ok(json!({
        "id": wallet.id,
        "state": wallet.state,
        "freezes": freezes,
        "has_payment_password": wallet.has_password,
        "cards": wallet.cards,
        "last_verification": last.map(|last| last.newest),
        "opened_at": wallet.opened_at.rfc3339(),
    }))
}

async fn show_identity(
    config: &Config,
    queries: &dyn Queries,
    identity: &Identity,
) -> Result<Value, Box<dyn Error>> {
    let class = identity.class(&config.rules);
    let usage = find::<Usage>(queries, &identity.id).await?;
    let usage = usage.unwrap_or(Usage::none(identity.id)).on(business_now(queries).await?);
    let left = LimitsLeft::of(&usage, class, &config.rules);
    Ok(json!({
        "id": identity.id,
        "document": identity.document,
        "class": class,
        "channels": identity.channels.count_ones(),
        "wallets": identity.wallets,
        "verified_at": identity.verified_at.rfc3339(),
        "limits_left_minor": {
            "payments_of_class": left.payments_of_class,
            "payments_today": left.payments_today,
            "top_ups_today": left.top_ups_today,
            "withdrawals_today": left.withdrawals_today,
            "free_withdrawals": left.free_withdrawals,
        },
        "withdrawal_count_left_today": left.withdrawal_count_today,
    }))
}

async fn business_now(queries: &dyn Queries) -> Result<Timestamp, Box<dyn Error>> {
    let newest = select::<Batch>(queries, "1 = 1 ORDER BY seq DESC LIMIT 1", Vec::new()).await?;
    let offset = newest.first().map_or(0, |batch| batch.offset);
    Ok(SystemShell::default().now().plus(offset))
}
