//! What a sandbox gives developers beyond the wallet: its own certificate authority, doors for SDKs
//! that let nobody choose their host, and the commands of `jiaozi sandbox`.

mod authority;
mod desk;
mod doors;
mod fresh;
mod people;
mod till;
pub(crate) mod tunnel;
mod whereabouts;

pub(crate) use desk::{Desk, Messenger};
pub(crate) use doors::{DoorAddresses, SandboxDoors};
pub(crate) use fresh::{start_again, wipe};
pub(crate) use people::People;
pub(crate) use whereabouts::Whereabouts;

use crate::cli::{ConfigFlags, SandboxAction, SandboxTransferFlags};
use crate::demo::{Api, text};
use crate::operator::{self, Answer, Request};
use apiv3::transfer::parse_package_info;
use authority::Authority;
use serde_json::{Value, json};
use std::error::Error;
use std::time::Duration;

/// How long a sandbox may take to begin anew.
const RESET_TIME: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(30);

/// Does what was typed after `jiaozi sandbox`.
pub(crate) async fn run(action: SandboxAction) -> Result<(), Box<dyn Error>> {
    match action {
        SandboxAction::Ca(flags) => {
            let config = flags.load()?;
            config.make_folder()?;
            say!("{}", Authority::settle(&config.data)?.certificate.trim_end());
        }
        SandboxAction::Env(flags) => {
            let found = Whereabouts::read(&flags.load()?.data)?;
            say!("{}", found.variables().trim_end());
        }
        SandboxAction::Pay(flags) => {
            // Neither an address nor a prepay id begins so.
            let mut asked = match flags.order.trim_start().starts_with('{') {
                true => json!({ "sheet": serde_json::from_str::<Value>(&flags.order)? }),
                false => json!({ "order": flags.order }),
            };
            if let Some(outcome) = flags.outcome {
                asked["outcome"] = outcome.into();
            }
            let played = running(&flags.config)?.post("/sandbox/v1/payments", asked).await?;
            say!("{}", serde_json::to_string_pretty(&played)?);
        }
        SandboxAction::Code(flags) => {
            let asked = match flags.outcome {
                Some(outcome) => json!({ "outcome": outcome }),
                None => json!({}),
            };
            let shown = running(&flags.config)?.post("/sandbox/v1/codes", asked).await?;
            say!("{}", text(&shown, "/code")?);
        }
        SandboxAction::ConfirmTransfer(flags) => play_payee(&flags, "confirm").await?,
        SandboxAction::RefuseTransfer(flags) => play_payee(&flags, "refuse").await?,
        SandboxAction::ExpireTransfer(flags) => play_payee(&flags, "expire").await?,
        SandboxAction::Complain(flags) => {
            let asked = json!({
                "transaction_id": flags.transaction_id, "detail": flags.detail,
                "apply_refund": flags.refund,
            });
            let told = running(&flags.config)?.post("/sandbox/v1/complaints", asked).await?;
            say!("{}", serde_json::to_string_pretty(&told)?);
        }
        SandboxAction::Complaint(flags) => {
            let path = format!("/sandbox/v1/complaints/{}", flags.complaint_id);
            let asked = json!({ "action": flags.action.as_str(), "content": flags.content });
            let told = running(&flags.config)?.post(&path, asked).await?;
            say!("{}", serde_json::to_string_pretty(&told)?);
        }
        SandboxAction::Reset(flags) => reset(&flags).await?,
        SandboxAction::Advance(flags) => {
            say!("{}", running(&flags.config)?.advance(flags.time).await?);
        }
    }
    Ok(())
}

/// Has the payee of a merchant's transfer do something.
async fn play_payee(flags: &SandboxTransferFlags, action: &str) -> Result<(), Box<dyn Error>> {
    let name = match parse_package_info(&flags.transfer) {
        Some(_) => "package_info",
        None => "out_bill_no",
    };
    let asked = json!({ name: flags.transfer, "action": action });
    let played = running(&flags.config)?.post("/sandbox/v1/transfers", asked).await?;
    say!("{}", serde_json::to_string_pretty(&played)?);
    Ok(())
}

async fn reset(flags: &ConfigFlags) -> Result<(), Box<dyn Error>> {
    let config = flags.load()?;
    let file = Whereabouts::file(&config.data);
    let before = fresh::life(&file);
    match operator::ask(&config, &Request::Reset).await? {
        Answer::Done(_) => {}
        Answer::Failed(why) => return Err(why.into()),
    }
    let is_new = async {
        while fresh::life(&file).is_none_or(|life| Some(life) == before) {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(RESET_TIME, is_new).await.map_err(|_| "it does not get ready")?;
    say!("the sandbox is as at its first start");
    Ok(())
}

/// The sandbox that runs on the data folder.
fn running(flags: &ConfigFlags) -> Result<Api, Box<dyn Error>> {
    let found = Whereabouts::read(&flags.load()?.data)?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    Ok(Api::new(&http, &found.consumer_api))
}

/// Reads `90s`, `15m`, `2h` or `8d` as seconds.
pub(crate) fn parse_time(text: &str) -> Result<i64, String> {
    let wrong = || "a number with s, m, h or d: 15m".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 24 * 3_600,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).filter(|seconds| *seconds >= 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        let read = |text: &str| parse_time(text).ok();
        assert_eq!((read("90s"), read("15m"), read("8d")), (Some(90), Some(900), Some(691_200)));
        for wrong in ["", "s", "15", "-1m", "1.5h", "9223372036854775807d", "1天"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
