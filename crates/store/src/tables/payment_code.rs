//! The tables of payment codes. No code is stored: only who shows codes, and which are used up.

use crate::{describe, text_cells};
use domain::ids::{DeviceId, IdentityId, WalletId};
use domain::payment_code::{
    PasswordRule, PaymentCodeLocator, PaymentCodeUsage, PaymentCodeUse, PaymentCodes,
    PaymentCodesState,
};
use kernel::Timestamp;

text_cells!(PasswordRule, PaymentCodesState);

describe!(PaymentCodes, Kept, key 1, "Who shows a wallet's payment codes.", {
    wallet: WalletId, "The wallet.";
    state: PaymentCodesState, "Whether there are any.";
    device: DeviceId, "The only device that shows them.";
    session: [u8; 32], "SHA-256 of the token of the session that they end with.";
    locator: i64, "What its codes name.";
    password: PasswordRule, "When the payment password is asked for.";
    turned_on_at: Timestamp, "When they were turned on.";
}, checks ["locator BETWEEN 0 AND 9999999999"]);

describe!(PaymentCodeLocator, Kept, key 1, "Finds a wallet by what its codes name.", {
    locator: i64, "What a code names.";
    wallet: WalletId, "The wallet.";
}, checks ["locator BETWEEN 0 AND 9999999999"], fixed ["wallet"]);

describe!(PaymentCodeUse, Mark, key 1, "Which payment codes of a wallet are used up.", {
    wallet: WalletId, "The wallet.";
    used_until_s: i64, "The second of the newest code presented; it and older ones are used up.";
}, checks ["used_until_s >= 0"]);

describe!(PaymentCodeUsage, Kept, key 1, "What an identity paid by code on one day.", {
    identity: IdentityId, "The person.";
    day_from: Timestamp, "When that day began.";
    paid_minor: i64, "Paid by code that day, in fen.";
    without_password: i64, "Payments of that day without the payment password.";
}, checks ["paid_minor > 0", "without_password >= 0"]);
