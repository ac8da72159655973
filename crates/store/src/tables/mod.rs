//! Every table. One module per area describes the rows of that area.

mod card;
mod complaint;
mod ledger;
mod merchant;
mod merchant_transfer;
mod payment_code;
mod profit;
mod refund;
mod transfer_batch;
mod user;
mod wallet;

use crate::registry::Registered;

/// Every table, in the order in which they are created.
pub(crate) const ALL: &[Registered] = &[
    Registered::of::<domain::ledger::Batch>(),
    Registered::of::<domain::ledger::Journal>(),
    Registered::of::<domain::ledger::Entry>(),
    Registered::of::<domain::ledger::Account>(),
    Registered::of::<domain::ledger::AccountPath>(),
    Registered::of::<domain::fact::Fact>(),
    Registered::of::<domain::job::Job>(),
    Registered::of::<domain::idempotency::IdempotencyEven>(),
    Registered::of::<domain::idempotency::IdempotencyOdd>(),
    Registered::of::<domain::wallet::Wallet>(),
    Registered::of::<domain::wallet::Identity>(),
    Registered::of::<domain::wallet::Usage>(),
    Registered::of::<domain::wallet::Attempts>(),
    Registered::of::<domain::wallet::PaymentPassword>(),
    Registered::of::<domain::wallet::Freeze>(),
    Registered::of::<domain::wallet::IdentityByDocument>(),
    Registered::of::<domain::user::User>(),
    Registered::of::<domain::user::UserByPhone>(),
    Registered::of::<domain::user::Device>(),
    Registered::of::<domain::user::Session>(),
    Registered::of::<domain::user::Otp>(),
    Registered::of::<domain::user::OtpSends>(),
    Registered::of::<domain::user::OtpDay>(),
    Registered::of::<domain::identity::Verification>(),
    Registered::of::<domain::identity::VerificationByWallet>(),
    Registered::of::<domain::merchant::Merchant>(),
    Registered::of::<domain::merchant::MerchantAppid>(),
    Registered::of::<domain::merchant::SubMerchant>(),
    Registered::of::<domain::merchant::MerchantApiv2Key>(),
    Registered::of::<domain::merchant::MerchantCertificate>(),
    Registered::of::<domain::merchant::MerchantH5Domain>(),
    Registered::of::<domain::merchant::MerchantWebhook>(),
    Registered::of::<domain::merchant::PlatformKey>(),
    Registered::of::<domain::merchant::NotificationKey>(),
    Registered::of::<domain::merchant::Openid>(),
    Registered::of::<domain::order::Order>(),
    Registered::of::<domain::order::CombinedOrder>(),
    Registered::of::<domain::order::CombinedPart>(),
    Registered::of::<domain::order::OrderByPrepay>(),
    Registered::of::<domain::order::OrderByTransaction>(),
    Registered::of::<domain::refund::Refund>(),
    Registered::of::<domain::refund::RefundById>(),
    Registered::of::<domain::refund::RefundPayout>(),
    Registered::of::<domain::profit::ProfitReceiver>(),
    Registered::of::<domain::profit::ProfitOrder>(),
    Registered::of::<domain::profit::ProfitOrderById>(),
    Registered::of::<domain::profit::ProfitShare>(),
    Registered::of::<domain::profit::ProfitReturn>(),
    Registered::of::<domain::merchant_transfer::MerchantTransfer>(),
    Registered::of::<domain::merchant_transfer::MerchantTransferByNo>(),
    Registered::of::<domain::merchant_transfer::TransferUsage>(),
    Registered::of::<domain::transfer_batch::TransferBatch>(),
    Registered::of::<domain::transfer_batch::TransferBatchById>(),
    Registered::of::<domain::transfer_batch::TransferDetail>(),
    Registered::of::<domain::complaint::Complaint>(),
    Registered::of::<domain::complaint::ComplaintByOrder>(),
    Registered::of::<domain::complaint::ComplaintLog>(),
    Registered::of::<domain::complaint::Media>(),
    Registered::of::<domain::complaint::ShownPicture>(),
    Registered::of::<domain::complaint::ComplaintUsage>(),
    Registered::of::<domain::merchant::SecurityEcho>(),
    Registered::of::<domain::notification::Slot>(),
    Registered::of::<domain::notification::Retry>(),
    Registered::of::<domain::card::Card>(),
    Registered::of::<domain::card::CardByNumber>(),
    Registered::of::<domain::card::CardUse>(),
    Registered::of::<domain::card::BindingFails>(),
    Registered::of::<domain::card::CardBinding>(),
    Registered::of::<domain::card::BankMovement>(),
    Registered::of::<domain::top_up::TopUp>(),
    Registered::of::<domain::withdrawal::Withdrawal>(),
    Registered::of::<domain::order::CardPayment>(),
    Registered::of::<domain::payment_code::PaymentCodes>(),
    Registered::of::<domain::payment_code::PaymentCodeLocator>(),
    Registered::of::<domain::payment_code::PaymentCodeUse>(),
    Registered::of::<domain::payment_code::PaymentCodeUsage>(),
];
