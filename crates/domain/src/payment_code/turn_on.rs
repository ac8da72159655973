//! A person lets a device show payment codes: with the payment password, because who shows codes
//! can pay. A device that showed them before stops.

use super::{PasswordRule, PaymentCodeLocator, PaymentCodes, PaymentCodesState};
use crate::catalogue::{Code, Params};
use crate::command::{Command, Once, Refusal, Stop};
use crate::ids::{DeviceId, UserId, WalletId};
use crate::record::RowKey;
use crate::tx::Tx;
use crate::wallet::{
    PasswordRefusal, PasswordTry, Wallet, WalletBlocked, check_password, password_keys,
};
use serde::{Deserialize, Serialize};

/// See the module. Turned on again, they get a new locator: older codes are void.
#[derive(Clone, Debug)]
pub struct TurnOnPaymentCodes {
    /// The person.
    pub user: UserId,
    /// The person's wallet.
    pub wallet: WalletId,
    /// The device that shows them from now on.
    pub device: DeviceId,
    /// SHA-256 of the token of the session that they end with.
    pub session: [u8; 32],
    /// The payment password as entered.
    pub entered: PasswordTry,
    /// When payments ask for it.
    pub password: PasswordRule,
    /// A new locator, drawn by the edge.
    pub locator: i64,
    /// The caller's key.
    pub once: Once,
}

/// The codes are on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCodesOn {
    /// The wallet.
    pub wallet: WalletId,
}

/// Why the codes were not turned on, in order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnOnPaymentCodesRefusal {
    /// The wallet is not the caller's.
    WalletNotFound,
    /// The wallet's money may not move.
    Wallet(WalletBlocked),
    /// The payment password was not accepted.
    Password(PasswordRefusal),
}

impl Refusal for TurnOnPaymentCodesRefusal {
    fn code(&self) -> Code {
        match self {
            Self::WalletNotFound => Code::ObjectNotFound,
            Self::Wallet(blocked) => blocked.code(),
            Self::Password(refusal) => refusal.code(),
        }
    }

    fn params(&self) -> Params {
        match self {
            Self::Password(refusal) => refusal.params(),
            Self::WalletNotFound | Self::Wallet(_) => Params::default(),
        }
    }

    fn is_about_secret(&self) -> bool {
        matches!(self, Self::Password(_))
    }
}

impl Command for TurnOnPaymentCodes {
    type Done = PaymentCodesOn;
    type Refusal = TurnOnPaymentCodesRefusal;

    fn once(&self) -> Once {
        self.once.clone()
    }

    fn owner(&self) -> String {
        self.user.to_string()
    }

    fn decide(&self, tx: &mut Tx<'_>) -> Result<PaymentCodesOn, Stop<TurnOnPaymentCodesRefusal>> {
        let own =
            [RowKey::of::<Wallet>(&self.wallet), RowKey::of::<PaymentCodeLocator>(&self.locator)];
        tx.want(own.into_iter().chain(password_keys(self.wallet)))?;
        let wallet = tx.look::<Wallet>(&self.wallet)?.filter(|wallet| wallet.user == self.user);
        let wallet = wallet.ok_or(TurnOnPaymentCodesRefusal::WalletNotFound)?;
        wallet.may_pay().map_err(TurnOnPaymentCodesRefusal::Wallet)?;
        let checked = check_password(tx, wallet.id, &self.entered)?;
        checked.map_err(TurnOnPaymentCodesRefusal::Password)?;
        if tx.look::<PaymentCodeLocator>(&self.locator)?.is_some() {
            return Err(Stop::Stale); // The edge drew a number that is taken; it draws again.
        }
        tx.put(PaymentCodeLocator { locator: self.locator, wallet: wallet.id });
        tx.put(PaymentCodes {
            wallet: wallet.id,
            state: PaymentCodesState::On,
            device: self.device,
            session: self.session,
            locator: self.locator,
            password: self.password,
            turned_on_at: tx.now(),
        });
        Ok(PaymentCodesOn { wallet: wallet.id })
    }
}
