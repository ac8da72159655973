//! The public ids of the wallet's objects.

use crate::row_id;

row_id!(
    /// A person who logs in.
    UserId,
    "usr"
);
row_id!(
    /// A wallet that a user opened.
    WalletId,
    "wal"
);
row_id!(
    /// The person across wallets, found by a document.
    IdentityId,
    "idn"
);
row_id!(
    /// One submission of identity data.
    VerificationId,
    "ver"
);
row_id!(
    /// One challenge by a one-time password.
    OtpId,
    "otp"
);
row_id!(
    /// A device that a user logged in on.
    DeviceId,
    "dev"
);
row_id!(
    /// A bound bank card.
    CardId,
    "card"
);
row_id!(
    /// The binding of a card while it goes on.
    CardBindingId,
    "bind"
);
row_id!(
    /// A movement from a card to the balance.
    TopUpId,
    "top"
);
row_id!(
    /// A movement from the balance to an own card.
    WithdrawalId,
    "wdr"
);
row_id!(
    /// A payment of an order from a card.
    CardPaymentId,
    "cpy"
);
row_id!(
    /// A movement to a card of what is given back.
    RefundPayoutId,
    "rpo"
);
