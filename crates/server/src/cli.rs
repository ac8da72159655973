//! What can be typed after `jiaozi`.

mod complaints;
mod sandbox;
mod transfers;

pub(crate) use complaints::{ComplaintAction, ComplaintFlags, ComplaintListFlags};
pub(crate) use sandbox::{SandboxAction, SandboxTransferFlags};
pub(crate) use transfers::{TransferAction, TransferBatchFlags};

use crate::bench::{BenchAction, UnderTest};
use crate::operator::{FreezeBecause, SigningKey, WebhookOf};
use clap::{Args, Parser, Subcommand};
use domain::merchant::PlatformKeyKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// An open digital wallet that an organisation runs itself.
#[derive(Debug, Parser)]
#[command(name = "jiaozi", version, about)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Start the wallet.
    Serve(ServeFlags),
    /// Start the stand-in for banks, SMS carrier and identity authority; `serve --sandbox` does it
    /// by itself.
    SandboxBank(SandboxBankFlags),
    /// Play a complete story over HTTP in a sandbox, and audit the books at the end.
    Demo(DemoFlags),
    /// Bring the database to the schema of this program.
    Migrate(MigrateFlags),
    /// Audit the database: every rule, the hash chain, the trial balance. A server may be running.
    Verify(VerifyFlags),
    /// What a developer does in a running sandbox.
    #[command(subcommand)]
    Sandbox(SandboxAction),
    /// Measure how fast the wallet is on this machine.
    #[command(subcommand)]
    Bench(BenchAction),
    /// What an operator does to a user.
    #[command(subcommand)]
    User(UserAction),
    /// The merchants.
    #[command(subcommand)]
    Merchant(MerchantAction),
    /// Money that a bank's contradicting words left in suspense.
    #[command(subcommand)]
    Suspense(SuspenseAction),
    /// Complaints that a payer asked the operator to step in.
    #[command(subcommand)]
    Complaint(ComplaintAction),
    /// The secret keys.
    #[command(subcommand)]
    Keys(KeysAction),
    /// The configuration.
    #[command(subcommand)]
    Config(ConfigAction),
}

/// Where the configuration comes from; flags win over the environment, that over the file.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ConfigFlags {
    /// A TOML file with configuration keys.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder of the keys, and of the database if it is a file.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The database: `sqlite` for a file in the data folder (the default), `postgres://…` for a
    /// PostgreSQL database, which several servers may share, `postgres` for one that is made for
    /// this run and gone with it. An address with a password is better given as JIAOZI_DATABASE:
    /// everybody on the machine can see a command line.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ServeFlags {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// Runs as a sandbox: a stand-in bank, a clock that can be moved, keys made if missing.
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// Makes a demo merchant and demo people at the first start of a sandbox.
    #[arg(long, requires = "sandbox")]
    pub(crate) demo_people: bool,
    /// Where people's apps connect.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where merchants' servers connect.
    #[arg(long, value_name = "ADDR")]
    pub(crate) merchant_listen: Option<SocketAddr>,
    /// Where merchants' servers connect over TLS, in a sandbox.
    #[arg(long, value_name = "ADDR", requires = "sandbox")]
    pub(crate) tls_listen: Option<SocketAddr>,
    /// Where the sandbox is a proxy to itself.
    #[arg(long, value_name = "ADDR", requires = "sandbox")]
    pub(crate) proxy_listen: Option<SocketAddr>,
    /// Begins without the data of earlier starts, keys excepted.
    #[arg(long, requires = "sandbox")]
    pub(crate) fresh: bool,
    /// Draws the demo merchant's numbers and APIv3 key and the demo people from this, so that they
    /// are the same at each fresh start. RSA keys and sessions are new.
    #[arg(long, value_name = "NUMBER", requires = "demo_people")]
    pub(crate) seed: Option<u64>,
    /// Writes addresses and demo credentials as JSON to this file once everything answers.
    #[arg(long, value_name = "FILE", requires = "demo_people")]
    pub(crate) demo_file: Option<PathBuf>,
    /// Serves a benchmark, which holds the other end of standard input.
    #[arg(long, value_enum, hide = true, conflicts_with = "sandbox")]
    pub(crate) under_test: Option<UnderTest>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct DemoFlags {
    /// The file that `serve --demo-file` wrote; without it the sandbox on the data folder is taken,
    /// or a new one is started.
    #[arg(long, value_name = "FILE")]
    pub(crate) demo_file: Option<PathBuf>,
    /// The data folder in which a running sandbox is looked for.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// The database of the story: `sqlite`, `postgres://…` or, for a PostgreSQL that is made for it
    /// and gone afterwards, `postgres`. A running sandbox is taken only if it has this one.
    #[arg(long, value_name = "URL", env = "JIAOZI_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// How many people pay at once at the end; 0 leaves the rush out.
    #[arg(long, default_value_t = 256)]
    pub(crate) payers: usize,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct MigrateFlags {
    /// Spreads the tables over the nodes of a Citus cluster by book, and prints the statements that
    /// did it. What was distributed before stays as it is.
    #[arg(long)]
    pub(crate) distribute: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct VerifyFlags {
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
    /// Prints the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Audits what came after this batch, which an earlier audit ended at.
    #[arg(long, value_name = "BATCH", conflicts_with = "incremental")]
    #[arg(value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) since: Option<i64>,
    /// Audits what came after the last audit with this flag that found nothing, and that its head
    /// is still there. The first one is a whole audit.
    #[arg(long)]
    pub(crate) incremental: bool,
    /// A head that was published, as the audit of that time printed it: it must still be there.
    #[arg(long, value_name = "SEQ:HASH", value_parser = crate::audit::parse_head)]
    pub(crate) expect_head: Vec<store::verify::Head>,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SandboxBankFlags {
    /// The folder of its database, its port and its secret.
    #[arg(long, value_name = "DIR", default_value = "data/sandbox-bank")]
    pub(crate) data: PathBuf,
    /// The address to listen on.
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) listen: IpAddr,
    /// The port; 0 takes the one of the last run if it is free, else any.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Where it tells what it does by itself.
    #[arg(long, value_name = "URL")]
    pub(crate) callback_url: Option<String>,
    /// Ends when standard input closes, and tells its address on standard output.
    #[arg(long)]
    pub(crate) child: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserAction {
    /// Show ids, states, class and limits; of personal data no more than the masked phone.
    Show(PersonFlags),
    /// Stop a wallet: nothing leaves it until it is unfrozen; refunds still reach it.
    Freeze(WalletFlags),
    /// Let a frozen wallet work again.
    Unfreeze(WalletFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct PersonFlags {
    /// The wallet's id (`wal_…`), the user's (`usr_…`), or the phone.
    pub(crate) person: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct WalletFlags {
    /// The wallet's id (`wal_…`), the user's (`usr_…`), or the phone.
    pub(crate) wallet: String,
    /// Why it is in the operator's power.
    #[arg(long, value_enum, default_value = "risk")]
    pub(crate) because: FreezeBecause,
    /// Why, in words for the record.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MerchantAction {
    /// Add a merchant: makes its keys and prints a ready configuration for the usual SDKs, once.
    Add(AddMerchantFlags),
    /// Give a merchant a key for the XML interface that tills use, or another one: printed once.
    Apiv2Key(Apiv2KeyFlags),
    /// List the merchants.
    List(ListFlags),
    /// Register a domain from whose pages a merchant sends payers to the cashier page of its H5
    /// orders, or take it away. Once it has one, the page opens from there only.
    H5Domain(H5DomainFlags),
    /// Give a merchant a further app id; merchants whose orders are combined share one.
    Appid(AppidFlags),
    /// Let a service provider place orders for a sub-merchant, or no more.
    Sub(SubMerchantFlags),
    /// Let others ask back what a merchant got of their orders by profit sharing, or no more.
    ProfitReturn(SwitchFlags),
    /// What a merchant may send to people.
    #[command(subcommand)]
    Transfer(TransferAction),
    /// The keys that a merchant signs with.
    #[command(subcommand)]
    Key(MerchantKeyAction),
    /// The keys that we sign with, as merchants get them.
    #[command(subcommand)]
    PlatformKey(PlatformKeyAction),
    /// List the notifications that failed: those that are tried again, and the dead ones.
    Notifications(NotificationFlags),
    /// Send a failed notification again, now and by the whole schedule.
    Resend(ResendFlags),
    /// Choose which of our keys signs a merchant's notifications.
    NotifyWith(NotifyWithFlags),
    /// Take our certificates from a merchant, or give them back: without them it is one that knows
    /// our bare public key alone.
    PublicKeyOnly(SwitchFlags),
    /// Name where a merchant is told what it got by profit sharing, or of its refunds.
    Webhook(WebhookFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct H5DomainFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// The domain, without scheme and port; those below it count too.
    pub(crate) domain: String,
    /// It is registered no longer.
    #[arg(long)]
    pub(crate) end: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct WebhookFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// The address; without one the merchant is told no longer.
    pub(crate) url: Option<String>,
    /// What it is told there.
    #[arg(long, value_enum, default_value = "profit-sharing")]
    pub(crate) of: WebhookOf,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct AppidFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// The app id, `wx` and 16 hex digits.
    pub(crate) appid: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct SubMerchantFlags {
    /// The service provider's number.
    pub(crate) mchid: String,
    /// The sub-merchant's number.
    pub(crate) sub_mchid: String,
    /// No new orders; those that were placed go on.
    #[arg(long)]
    pub(crate) end: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

/// A merchant, and whether something is so with it or no more.
#[derive(Args, Clone, Debug)]
pub(crate) struct SwitchFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// Undoes it.
    #[arg(long)]
    pub(crate) end: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MerchantKeyAction {
    /// Let a merchant sign with a further certificate or public key, beside those it has; tells the
    /// serial number that it has to name.
    Add(AddMerchantKeyFlags),
    /// List a merchant's keys.
    List(MerchantKeysFlags),
    /// End a key for good.
    Revoke(RevokeMerchantKeyFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct AddMerchantKeyFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// A file with one PEM block, `CERTIFICATE` or `PUBLIC KEY`.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct MerchantKeysFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    #[command(flatten)]
    pub(crate) list: ListFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct RevokeMerchantKeyFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// The key's serial number.
    pub(crate) serial: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PlatformKeyAction {
    /// List our keys with their public halves.
    List(ListFlags),
    /// Make a key that merchants can download, copy and name, and that signs nothing by itself yet.
    Announce(AnnounceFlags),
    /// Sign with an announced key; those that it replaces are still accepted.
    Use(PlatformKeyFlags),
    /// End a key that is not in use.
    Revoke(PlatformKeyFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct AnnounceFlags {
    /// What it is given as: `CERTIFICATE` or `PUBLIC_KEY`.
    #[arg(value_parser = platform_key_kind)]
    pub(crate) kind: PlatformKeyKind,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct PlatformKeyFlags {
    /// The key's serial number, or `PUB_KEY_ID_` and digits.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

fn platform_key_kind(text: &str) -> Result<PlatformKeyKind, &'static str> {
    PlatformKeyKind::parse(text).ok_or("CERTIFICATE or PUBLIC_KEY")
}

#[derive(Args, Clone, Debug)]
pub(crate) struct Apiv2KeyFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct NotificationFlags {
    /// Those of this merchant only.
    #[arg(long)]
    pub(crate) mchid: Option<String>,
    /// Those only that are given up.
    #[arg(long)]
    pub(crate) dead: bool,
    #[command(flatten)]
    pub(crate) list: ListFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct NotifyWithFlags {
    /// The merchant's number.
    pub(crate) mchid: String,
    /// The kind of key.
    #[arg(value_enum)]
    pub(crate) key: SigningKey,
    /// For a merchant that knows both: 0.1 % of its notifications on the first day, then 1, 5, 10,
    /// 20 and 50 %, and all on the seventh.
    #[arg(long)]
    pub(crate) gradually: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ResendFlags {
    /// Which one, `<batch>/<place>` as the list shows it.
    pub(crate) notification: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SuspenseAction {
    /// List top-ups and withdrawals with money in suspense, and withdrawals in EXCEPTION.
    List(ListFlags),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Make the keys that are missing; those that are there stay as they are.
    Make(MakeKeysFlags),
    /// Add a version of a key, which writes from the next start on; the older ones still read.
    Add(AddKeyFlags),
}

#[derive(Args, Clone, Debug)]
pub(crate) struct MakeKeysFlags {
    /// Makes them even beside a database that has data: what was kept under lost keys stays lost.
    #[arg(long)]
    pub(crate) force_new: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct AddKeyFlags {
    /// What the key is for, as the key file names it.
    pub(crate) purpose: String,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct AddMerchantFlags {
    /// The name that payers see.
    #[arg(long)]
    pub(crate) name: String,
    /// Its number, ten digits; drawn if left out.
    #[arg(long)]
    pub(crate) mchid: Option<String>,
    /// Its first app id, `wx` and 16 hex digits; drawn if left out.
    #[arg(long)]
    pub(crate) appid: Option<String>,
    /// Its fee, in hundredths of a percent of a payment.
    #[arg(long, default_value_t = 0)]
    pub(crate) fee_bp: i64,
    /// The scenes for which it may send money to people, with commas between; all if left out.
    #[arg(long, value_name = "SCENES")]
    pub(crate) transfer_scenes: Option<String>,
    /// It gets no certificates of ours and knows our bare public key alone.
    #[arg(long)]
    pub(crate) public_key_only: bool,
    /// Prints one JSON object and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Args, Clone, Debug)]
pub(crate) struct ListFlags {
    /// Prints one JSON array and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// List every key with its value, where the value comes from, and what it means.
    Check(ConfigFlags),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
