//! Payment codes: 18 digits that a payer's device shows and a merchant scans. One device at a time
//! shows a wallet's codes, each for a short time and for one payment. Small payments need nothing
//! more; for others the payer confirms with the payment password.

mod code;
mod pay_by_code;
mod refuse_order;
mod reverse_order;
mod turn_off;
mod turn_on;
mod usage;

#[cfg(test)]
mod tests;

pub use code::{CodeContent, Digits, PresentedCode};
pub use pay_by_code::{CodePayment, PayByCode, PayByCodeRefusal};
pub use refuse_order::{RefuseOrder, RefuseOrderRefusal};
pub use reverse_order::{ReverseOrder, ReverseOrderRefusal};
pub use turn_off::TurnOffPaymentCodes;
pub use turn_on::{PaymentCodesOn, TurnOnPaymentCodes, TurnOnPaymentCodesRefusal};
pub(crate) use usage::use_code_limits;
pub use usage::{PaymentCodeUsage, Strength};

use crate::ids::{DeviceId, WalletId};
use crate::rules::Rules;
use crate::{record, text_enum};
use kernel::Timestamp;
use kernel::crypto::sha256;
use kernel::id::Hex;

/// How far ahead of its time a code may be, in seconds: a device that needs another code within the
/// second of the last one gets one of the next second.
pub const AHEAD_S: i64 = 30;

text_enum!(
    /// Whether a wallet has payment codes.
    PaymentCodesState {
        /// One device shows them.
        On = "ON",
        /// No code of it is taken.
        Off = "OFF",
    }
);

text_enum!(
    /// When a payment by code asks for the payment password.
    PasswordRule {
        /// Above the amount or the number of payments that need none.
        WhenNeeded = "WHEN_NEEDED",
        /// For every payment.
        Always = "ALWAYS",
    }
);

/// Who shows a wallet's codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentCodes {
    /// The wallet.
    pub wallet: WalletId,
    /// Whether there are any.
    pub state: PaymentCodesState,
    /// The only device that shows them.
    pub device: DeviceId,
    /// SHA-256 of the token of the session in which they were turned on, and with which they end.
    pub session: [u8; 32],
    /// What its codes name; a new one each time they are turned on, so that older codes are void.
    pub locator: i64,
    /// When the payment password is asked for.
    pub password: PasswordRule,
    /// When they were turned on.
    pub turned_on_at: Timestamp,
}

record!(PaymentCodes, "payment_codes", Kept, wallet: WalletId);

/// Finds a wallet by what its codes name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentCodeLocator {
    /// What a code names: 0 to 9,999,999,999.
    pub locator: i64,
    /// The wallet.
    pub wallet: WalletId,
}

record!(PaymentCodeLocator, "payment_code_locator", Kept, locator: i64);

/// Which codes of a wallet are used up. A mark: a payment that failed has used its code too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentCodeUse {
    /// The wallet.
    pub wallet: WalletId,
    /// The second of the newest code that was presented; it and all older ones are used up.
    pub used_until_s: i64,
}

record!(PaymentCodeUse, "payment_code_use", Mark, wallet: WalletId);

impl PaymentCodes {
    /// What the next code of this wallet says, if they are on: made now, or in the next second that
    /// is not used up. `None` when so many were used up that the next would be too far ahead.
    pub fn next_code(
        &self,
        used: Option<&PaymentCodeUse>,
        digits: Digits,
        now: Timestamp,
    ) -> Option<CodeContent> {
        let after = used.map_or(0, |used| used.used_until_s.saturating_add(1));
        let issued_s = now.seconds().max(after);
        let fits = issued_s <= now.seconds() + AHEAD_S;
        fits.then_some(CodeContent { locator: self.locator, issued_s, digits })
    }
}

/// When a device should show another code, and until when this one is taken, in seconds since 1970.
pub fn code_times(content: &CodeContent, rules: &Rules) -> (i64, i64) {
    (content.issued_s + rules.code_refresh_s, content.issued_s + rules.code_ttl_s)
}

/// The reference under which a payer finds an order that waits for the payment password. It follows
/// from the order and is no secret: only its payer is shown the order.
pub fn order_reference(mchid: &str, out_trade_no: &str) -> String {
    let hash = sha256(&[b"order by code\n", mchid.as_bytes(), b"\n", out_trade_no.as_bytes()]);
    format!("code{}", Hex(&hash[..16]))
}
