//! Payment codes, for tests: what a person's device shows, and what a till makes of it.

use super::person::Person;
use super::shop::{APPID, MCHID};
use crate::merchant::OpenidKeys;
use crate::order::ProfitSharing;
use crate::payment_code::{
    CodeContent, Digits, PasswordRule, PayByCode, PresentedCode, TurnOnPaymentCodes,
};
use crate::rules::Rules;
use kernel::crypto::{Key32, sha256};
use kernel::keys::Versions;
use kernel::{Amount, ExposeSecret, Timestamp};

/// The key that codes of tests are made under.
///
/// # Panics
/// Never: one version is a ring.
pub fn code_keys() -> Versions {
    Versions::try_new(vec![(1, Key32::new([1; 32]))]).expect("one version is a ring")
}

/// The code that a device shows which codes with this locator name.
pub fn code(locator: i64, issued: Timestamp, digits: Digits) -> String {
    let content = CodeContent { locator, issued_s: issued.seconds(), digits };
    content.write(&code_keys(), &Rules::default()).expose_secret().to_owned()
}

/// The merchant's till charges a code.
///
/// # Panics
/// When the text has not the form of a code.
pub fn charge(out_trade_no: &str, amount: Amount, code: &str, now: Timestamp) -> PayByCode {
    let presented = PresentedCode::read(&code_keys(), code, now, &Rules::default());
    PayByCode {
        mchid: MCHID.into(),
        appid: APPID.into(),
        partner: None,
        out_trade_no: out_trade_no.into(),
        description: "Tea".into(),
        amount,
        attach: None,
        device_id: None,
        profit_sharing: ProfitSharing::No,
        code: presented.expect("18 digits with a prefix of ours"),
        fingerprint: sha256(&[out_trade_no.as_bytes(), code.as_bytes()]),
        openid_keys: OpenidKeys::for_tests(),
        transaction_id: format!("4200{out_trade_no}"),
    }
}

impl Person {
    /// Their device shows codes from now on.
    pub fn turn_on_codes(&self, locator: i64) -> TurnOnPaymentCodes {
        TurnOnPaymentCodes {
            user: self.user,
            wallet: self.wallet,
            device: self.device,
            session: self.index,
            entered: self.right(),
            password: PasswordRule::WhenNeeded,
            locator,
            once: self.once(&format!("codes-{locator}")),
        }
    }
}
