//! The demo merchant and the demo person of a sandbox, made once at its first start, and the file
//! that tells where to find them.

use super::shop::Credentials;
use super::{DemoFile, Payer, PlatformPublicKey, make_payer};
use crate::demo::random::DemoShell;
use crate::merchant::public_key;
use crate::sandbox::Whereabouts;
use apiv3::keys::{KeyError, PrivateKey};
use domain::merchant::AllowProfitReturn;
use http_api::AppState;
use http_api::merchant::{MerchantRequest, add_merchant_with, draw_key, set_apiv2_key};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tokio::task::JoinHandle;

/// What the demo person has at first, in fen. The daily cap of a top-up is far above it.
const MONEY: i64 = 500_000;

/// The file of those who are kept between starts.
const KEPT: &str = "demo-people.json";

/// The key pair of the demo merchant. Drawing it takes long, so it begins while other things start.
pub(crate) struct MerchantKey(Option<JoinHandle<Result<PrivateKey, KeyError>>>);

impl MerchantKey {
    /// Begins to draw it, if nobody is kept in this folder.
    pub(crate) fn begin(data: &Path) -> Self {
        Self((!data.join(KEPT).exists()).then(|| tokio::spawn(draw_key())))
    }

    async fn take(self) -> Result<PrivateKey, KeyError> {
        match self.0 {
            Some(drawing) => drawing.await.unwrap_or(Err(KeyError::Library)),
            None => draw_key().await,
        }
    }
}

/// Who is kept between starts.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Inhabitants {
    merchant: Credentials,
    payer: Payer,
    /// Told anew at each start.
    #[serde(skip)]
    platform: PlatformPublicKey,
    /// The database they are in, as it may be shown; unset for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
}

/// Where the sandbox answers, and its database.
pub(crate) struct Place {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The database, as it is told to who plays here.
    pub(crate) database: String,
    /// Where the sandbox answers.
    pub(crate) sandbox: Whereabouts,
}

impl Place {
    /// The database, if it is not a file of this folder: people of another one are strangers here.
    fn server(&self) -> Option<String> {
        self.database.starts_with("postgres://").then(|| self.database.clone())
    }
}

impl Inhabitants {
    /// Those of an earlier start, or new ones: the merchant by the command that the command line
    /// uses, the person by the public API.
    pub(crate) async fn settle(
        app: &AppState,
        place: &Place,
        key: MerchantKey,
    ) -> Result<Self, Box<dyn Error>> {
        let kept = place.data.join(KEPT);
        let people = &place.sandbox.consumer_api;
        let database = place.server();
        let platform = platform_key(app, &place.data).await?;
        if let Some(mut inhabitants) = Self::kept(&kept)?
            && inhabitants.database == database
        {
            inhabitants.platform = platform;
            let has_all = !inhabitants.merchant.apiv2_key.is_empty();
            if !has_all {
                // It was made by an earlier version of this program.
                let (shell, mchid) = (DemoShell::default(), &inhabitants.merchant.mchid);
                inhabitants.merchant.apiv2_key = apiv2_key(app, &shell, mchid).await?;
            }
            match super::log_in_again(people, &mut inhabitants.payer).await {
                Ok(false) if has_all => {}
                Ok(_) => write(&kept, serde_json::to_string_pretty(&inhabitants)?.as_bytes())?,
                // The sandbox is of use without its demo person.
                Err(error) => tracing::warn!(%error, "the demo person cannot log in"),
            }
            return Ok(inhabitants);
        }
        let request =
            MerchantRequest { name: "Demo Tea House 示例茶馆".into(), ..Default::default() };
        let shell = DemoShell::default();
        let new = add_merchant_with(&app.engine, &app.keys, &shell, &request, key.take()).await?;
        let agree = AllowProfitReturn { mchid: new.mchid.clone(), is_allowed: true };
        app.engine.run(agree).await.map_err(|failed| failed.failure().code.to_string())?;
        let key_file = place.data.join("demo-merchant-key.pem");
        write(&key_file, new.private_key.as_bytes())?;
        let certificate_file = place.data.join("demo-merchant-cert.pem");
        write(&certificate_file, new.certificate.as_bytes())?;
        let merchant = Credentials {
            appid: new.appid,
            serial_no: new.serial_no,
            private_key_file: whole(&key_file)?,
            certificate_file: whole(&certificate_file)?,
            apiv3_key: new.apiv3_key,
            apiv2_key: apiv2_key(app, &shell, &new.mchid).await?,
            mchid: new.mchid,
        };
        let payer = make_payer(people, MONEY).await?;
        let inhabitants = Self { merchant, payer, platform, database };
        write(&kept, serde_json::to_string_pretty(&inhabitants)?.as_bytes())?;
        Ok(inhabitants)
    }

    fn kept(file: &Path) -> Result<Option<Self>, Box<dyn Error>> {
        match std::fs::read_to_string(file) {
            Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the file that tests and `jiaozi demo` read, complete at once.
    pub(crate) fn tell(&self, place: &Place, file: &Path) -> Result<(), Box<dyn Error>> {
        let sandbox = place.sandbox.clone();
        let demo = DemoFile {
            merchant_api: sandbox.merchant_api,
            consumer_api: sandbox.consumer_api,
            merchant_tls_api: sandbox.merchant_tls_api,
            proxy: sandbox.proxy,
            ca_file: sandbox.ca_file.to_string_lossy().into_owned(),
            platform: self.platform.clone(),
            database: place.database.clone(),
            merchant: self.merchant.clone(),
            payer: self.payer.clone(),
        };
        let beside = file.with_extension("part");
        write(&beside, serde_json::to_string_pretty(&demo)?.as_bytes())?;
        std::fs::rename(beside, file)?;
        Ok(())
    }

    /// The demo person.
    pub(crate) fn payer(&self) -> Payer {
        self.payer.clone()
    }

    /// Prints who is there and what to try.
    pub(crate) fn print(&self, place: &Place) {
        let (merchant, payer) = (&self.merchant, &self.payer);
        let Credentials { mchid, appid, private_key_file, apiv3_key, apiv2_key, .. } = merchant;
        say!("  demo merchant   {mchid}, app id {appid}, APIv3 key {apiv3_key}");
        say!("                  APIv2 key of the XML interface {apiv2_key}");
        say!("                  private key in {private_key_file}");
        say!(
            "  demo person     phone {}, payment password {}",
            payer.phone,
            payer.payment_password
        );
        say!("                  bearer token {}", payer.token);
        say!("try");
        say!("  make demo                         plays a whole story against this server");
        say!(
            "  curl -H 'Authorization: Bearer {}' {}/v1/wallet",
            payer.token,
            place.sandbox.consumer_api
        );
    }
}

/// A new key of the merchant for the XML interface.
async fn apiv2_key(
    app: &AppState,
    shell: &DemoShell,
    mchid: &str,
) -> Result<String, Box<dyn Error>> {
    let made = set_apiv2_key(&app.engine, &app.keys, shell, mchid).await;
    Ok(made.map_err(|failed| failed.failure().code.to_string())?.apiv2_key)
}

/// The platform's bare public key, in a file as merchants in public key mode keep it.
async fn platform_key(app: &AppState, data: &Path) -> Result<PlatformPublicKey, Box<dyn Error>> {
    let key = public_key(app.queries.as_ref()).await?.ok_or("the platform has no public key")?;
    let file = data.join("platform-public-key.pem");
    write(&file, key.public.as_bytes())?;
    Ok(PlatformPublicKey { id: key.id, file: whole(&file)? })
}

/// The path of a file as another folder's programs need it.
fn whole(file: &Path) -> std::io::Result<String> {
    Ok(file.canonicalize()?.to_string_lossy().into_owned())
}

/// Writes a file that only its owner reads.
fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)
}
