//! Adding a merchant: its number, app id, key pair with certificate, and APIv3 key. Its private key
//! is given out once and never kept.

use super::platform_keys::{draw_key, new_certificate};
use crate::shell::Shell;
use apiv3::aead::ApiV3Key;
use apiv3::keys::{KeyError, PrivateKey};
use apiv3::sealed::seal_apiv3_key;
use apiv3::v2::ApiV2Key;
use domain::merchant::{
    AddMerchant, AddMerchantRefusal, MerchantAdded, SetApiv2Key, SetApiv2KeyRefusal,
    TRANSFER_SCENES, scenes_text,
};
use engine::{Engine, Failed};
use kernel::id::Hex;
use kernel::keys::KeyRing;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How often a number is drawn while the last one is taken.
const DRAWS: usize = 3;

/// How often a merchant is asked for while nobody knows whether it was added.
const TRIES: usize = 3;

const NAME_CHARS_MAX: usize = 64;

/// A merchant to be added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MerchantRequest {
    /// The name that payers see, 1 to 64 characters.
    pub name: String,
    /// Its number, ten digits; drawn if absent.
    #[serde(default)]
    pub mchid: Option<String>,
    /// Its first app id, `wx` and 16 hex digits; drawn if absent.
    #[serde(default)]
    pub appid: Option<String>,
    /// Its fee, in hundredths of a percent, 0 to 10,000.
    #[serde(default)]
    pub fee_bp: i64,
    /// The scenes for which it may send money to people; all there are if absent.
    #[serde(default)]
    pub transfer_scenes: Option<Vec<String>>,
    /// Whether it gets no platform certificates and knows the platform's bare public key alone.
    #[serde(default)]
    pub public_key_only: bool,
}

/// A merchant that was added, with its secrets, which exist nowhere else in this form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMerchant {
    /// Its number.
    pub mchid: String,
    /// Its app id.
    pub appid: String,
    /// Its name.
    pub name: String,
    /// Serial number of its certificate.
    pub serial_no: String,
    /// Its certificate, PEM.
    pub certificate: String,
    /// Its private key, PEM (PKCS#8).
    pub private_key: String,
    /// Its APIv3 key, 32 characters.
    pub apiv3_key: String,
}

impl fmt::Debug for NewMerchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewMerchant({}, {}, {})", self.mchid, self.appid, self.serial_no)
    }
}

/// Why no merchant was added.
#[derive(Debug, thiserror::Error)]
pub enum AddMerchantError {
    /// The name is empty or too long.
    #[error("the name must have 1 to 64 characters")]
    Name,
    /// The number has another form.
    #[error("the merchant number must have ten digits and not start with 0")]
    Mchid,
    /// The app id has another form.
    #[error("the app id must be `wx` and 16 hexadecimal digits")]
    Appid,
    /// The number belongs to another merchant.
    #[error("the merchant number is taken")]
    NumberTaken,
    /// The same request added the merchant before; its keys came out then and are not kept.
    #[error(
        "merchant {0} is there already, as asked for, and its keys were given out when it was \
         added; if they reached nobody, add a merchant with another number"
    )]
    AlreadyAdded(String),
    /// Nobody knows whether the merchant was added, so its keys are not given out.
    #[error(
        "nobody knows whether merchant {0} was added: `jiaozi merchant list` tells; if it is \
         there, its keys are lost: leave it alone and add another"
    )]
    Unknown(String),
    /// There is no such scene.
    #[error("a transfer scene is one of {}", TRANSFER_SCENES.join(", "))]
    Scene,
    /// The fee is out of range.
    #[error("the fee must be 0 to 10000 hundredths of a percent")]
    Fee,
    /// No key could be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The engine did not do it.
    #[error("the merchant was not added: {0}")]
    Failed(String),
}

/// Adds a merchant; what is not asked for is drawn.
///
/// # Errors
/// As the variants of [`AddMerchantError`] say. After `Failed` nothing was added.
pub async fn add_merchant(
    engine: &Engine,
    keys: &KeyRing,
    shell: &dyn Shell,
    request: &MerchantRequest,
) -> Result<NewMerchant, AddMerchantError> {
    add_merchant_with(engine, keys, shell, request, draw_key()).await
}

/// As [`add_merchant`], with a key pair that somebody else draws.
///
/// # Errors
/// The same.
pub async fn add_merchant_with(
    engine: &Engine,
    keys: &KeyRing,
    shell: &dyn Shell,
    request: &MerchantRequest,
    pair: impl Future<Output = Result<PrivateKey, KeyError>>,
) -> Result<NewMerchant, AddMerchantError> {
    let name = request.name.trim();
    if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.contains(char::is_control) {
        return Err(AddMerchantError::Name);
    }
    if request.mchid.as_deref().is_some_and(|mchid| !is_mchid(mchid)) {
        return Err(AddMerchantError::Mchid);
    }
    let transfer_scenes = match &request.transfer_scenes {
        Some(scenes) => scenes_text(scenes).ok_or(AddMerchantError::Scene)?,
        None => TRANSFER_SCENES.join(","),
    };
    let appid = match &request.appid {
        Some(appid) if !is_appid(appid) => return Err(AddMerchantError::Appid),
        Some(appid) => appid.clone(),
        None => draw_appid(shell),
    };
    let pair = pair.await?;
    for _ in 0..DRAWS {
        // The first digit is no 0, so that no spreadsheet shortens the number.
        let mchid = request.mchid.clone().unwrap_or_else(|| format!("1{}", shell.digits(9)));
        let certificate = new_certificate(&pair, &mchid, shell)?;
        let apiv3_key = ApiV3Key::from_random(&shell.token());
        let sealed = seal_apiv3_key(&keys.personal_data, &mchid, &apiv3_key, &shell.seal_random());
        let command = AddMerchant {
            mchid: mchid.clone(),
            name: name.to_owned(),
            fee_bp: request.fee_bp,
            apiv3_key: sealed,
            appid: appid.clone(),
            serial: certificate.serial.to_string(),
            certificate: certificate.pem.clone(),
            transfer_scenes: transfer_scenes.clone(),
            public_key_only: request.public_key_only,
        };
        match run_until_known(engine, command).await {
            Ok(MerchantAdded { has_these_keys: false }) => {
                return Err(AddMerchantError::AlreadyAdded(mchid));
            }
            Ok(MerchantAdded { has_these_keys: true }) => {
                return Ok(NewMerchant {
                    mchid,
                    appid,
                    name: name.to_owned(),
                    serial_no: certificate.serial.to_string(),
                    certificate: certificate.pem,
                    private_key: pair.to_pem().as_str().to_owned(),
                    apiv3_key: apiv3_key.reveal().as_str().to_owned(),
                });
            }
            Err(Failed::Refused(AddMerchantRefusal::FeeOutOfRange)) => {
                return Err(AddMerchantError::Fee);
            }
            Err(Failed::Refused(AddMerchantRefusal::NumberTaken)) if request.mchid.is_none() => {}
            Err(Failed::Refused(AddMerchantRefusal::NumberTaken)) => break,
            Err(Failed::Unknown) => return Err(AddMerchantError::Unknown(mchid)),
            Err(other) => return Err(AddMerchantError::Failed(format!("{other:?}"))),
        }
    }
    Err(AddMerchantError::NumberTaken)
}

/// Asks again with the same keys while nobody knows: they come out only if they are the merchant's.
async fn run_until_known(
    engine: &Engine,
    command: AddMerchant,
) -> Result<MerchantAdded, Failed<AddMerchantRefusal>> {
    let mut outcome = engine.run(command.clone()).await;
    for _ in 1..TRIES {
        match outcome {
            Err(Failed::Unknown) => outcome = engine.run(command.clone()).await,
            known => return known,
        }
        // Not tried this time says nothing about the time before.
        if let Err(Failed::Busy { .. }) = outcome {
            outcome = Err(Failed::Unknown);
        }
    }
    outcome
}

/// A merchant that now has this key for the XML interface; an earlier one counts no more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewApiv2Key {
    /// The merchant.
    pub mchid: String,
    /// The key, 32 characters. It exists nowhere else in this form.
    pub apiv2_key: String,
}

impl fmt::Debug for NewApiv2Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewApiv2Key({})", self.mchid)
    }
}

/// Gives a merchant a new key for the XML interface.
///
/// # Errors
/// When there is no such merchant, or the engine did not do it or may not have.
pub async fn set_apiv2_key(
    engine: &Engine,
    keys: &KeyRing,
    shell: &dyn Shell,
    mchid: &str,
) -> Result<NewApiv2Key, Failed<SetApiv2KeyRefusal>> {
    let key = ApiV2Key::from_random(&shell.token());
    let sealed = key.seal(&keys.personal_data, mchid, &shell.seal_random());
    engine.run(SetApiv2Key { mchid: mchid.to_owned(), key: sealed }).await?;
    Ok(NewApiv2Key { mchid: mchid.to_owned(), apiv2_key: key.reveal().as_str().to_owned() })
}

fn is_mchid(text: &str) -> bool {
    text.len() == 10 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text has the form of an app id: `wx` and 16 hexadecimal digits in lower case.
pub fn is_appid(text: &str) -> bool {
    let digits = text.strip_prefix("wx").unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn draw_appid(shell: &dyn Shell) -> String {
    let mut random = [0; 8];
    shell.fill(&mut random);
    format!("wx{}", Hex(&random))
}
