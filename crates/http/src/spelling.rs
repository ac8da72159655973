//! The closed lists of words in answers and requests, for the document: read from where the words
//! are declared, so that the document cannot tell others.

use domain::card::{BindingState, CardState};
use domain::catalogue::{Code, Source};
use domain::complaint::{
    ComplaintEnd, ComplaintState, ComplaintStep, PlatformReason, ProblemType, Satisfaction,
};
use domain::identity::VerificationState;
use domain::ledger::JournalKind;
use domain::merchant_transfer::TransferState;
use domain::order::{CardPaymentState, OrderState};
use domain::payment_code::{PasswordRule, PaymentCodesState};
use domain::refund::RefundState;
use domain::top_up::TopUpState;
use domain::user::OtpPurpose;
use domain::validate::bin_table::CardKind;
use domain::validate::card_number::Network;
use domain::wallet::{Channel, DocumentKind, FreezeKind, IdentityClass, WalletState};
use domain::withdrawal::WithdrawalState;
use std::borrow::Cow;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, schema};
use utoipa::{PartialSchema, ToSchema};

/// How the ways of being verified are spelt.
pub(crate) const CHANNELS: [(Channel, &str); 5] = [
    (Channel::Document, "DOCUMENT"),
    (Channel::Phone, "PHONE"),
    (Channel::FirstCard, "FIRST_CARD"),
    (Channel::SecondCard, "SECOND_CARD"),
    (Channel::Face, "FACE"),
];

/// Those who can cause a failure.
pub(crate) const SOURCES: [Source; 6] = [
    Source::Client,
    Source::Us,
    Source::Bank,
    Source::Authority,
    Source::Carrier,
    Source::Provider,
];

/// How one of them is spelt.
pub(crate) fn source_name(source: Source) -> &'static str {
    match source {
        Source::Client => "client",
        Source::Us => "us",
        Source::Bank => "bank",
        Source::Authority => "authority",
        Source::Carrier => "carrier",
        Source::Provider => "provider",
    }
}

const KINDS: [CardKind; 3] = [CardKind::Debit, CardKind::Credit, CardKind::SemiCredit];

const NETWORKS: [Network; 8] = [
    Network::UnionPay,
    Network::Visa,
    Network::Mastercard,
    Network::Jcb,
    Network::AmericanExpress,
    Network::DinersClub,
    Network::Discover,
    Network::Maestro,
];

/// Declares the schema `$name` with these words.
macro_rules! spelled {
    ($($name:ident = $words:expr;)+) => {$(
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of($words.into_iter().collect())
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name).trim_end_matches("Text"))
            }
        }
    )+};
}

/// Declares the schemas of enums that list their values themselves.
macro_rules! listed {
    ($($name:ident of $values:ty;)+) => {
        spelled!($($name = <$values>::ALL.iter().map(|value| value.as_str());)+);
    };
}

listed! {
    BindingStateText of BindingState;
    CardPaymentStateText of CardPaymentState;
    CardStateText of CardState;
    ComplaintEndText of ComplaintEnd;
    ComplaintStateText of ComplaintState;
    ComplaintStepText of ComplaintStep;
    DocumentKindText of DocumentKind;
    FreezeKindText of FreezeKind;
    IdentityClassText of IdentityClass;
    OrderStateText of OrderState;
    PasswordRuleText of PasswordRule;
    PaymentCodesStateText of PaymentCodesState;
    PlatformReasonText of PlatformReason;
    ProblemTypeText of ProblemType;
    RefundStateText of RefundState;
    SatisfactionText of Satisfaction;
    TopUpStateText of TopUpState;
    TransferStateText of TransferState;
    VerificationStateText of VerificationState;
    WalletStateText of WalletState;
    WithdrawalStateText of WithdrawalState;
}

spelled! {
    BillDirectionText = ["IN", "OUT"];
    BillKindText = bill_kinds();
    BillStateText = bill_states();
    CardKindText = KINDS.map(CardKind::as_str);
    CardNetworkText = NETWORKS.map(Network::as_str);
    ChannelText = CHANNELS.map(|(_, text)| text);
    OtpPurposeText = [OtpPurpose::Register, OtpPurpose::LogIn].map(OtpPurpose::as_str);
    RetryText = Code::all().map(|code| code.retry().as_str());
    SourceText = SOURCES.map(source_name);
}

/// Between accounts of the operator nothing is told to a person.
fn bill_kinds() -> impl Iterator<Item = &'static str> {
    let hidden = [
        JournalKind::WithdrawalSettle,
        JournalKind::Suspense,
        JournalKind::MerchantTransferReserve,
        JournalKind::MerchantTransferReturn,
        JournalKind::TransferBatchReserve,
        JournalKind::TransferDetailReturn,
        JournalKind::ProfitUnfreeze,
        JournalKind::ProfitReturn,
        JournalKind::RefundStart,
        JournalKind::RefundSettle,
    ];
    let kinds = JournalKind::ALL.iter().copied();
    kinds.filter(move |kind| !hidden.contains(kind)).map(JournalKind::as_str)
}

fn bill_states() -> impl Iterator<Item = &'static str> {
    let orders = OrderState::ALL.iter().map(|state| state.as_str());
    let refunds = RefundState::ALL.iter().map(|state| state.as_str());
    let top_ups = TopUpState::ALL.iter().map(|state| state.as_str());
    let withdrawals = WithdrawalState::ALL.iter().map(|state| state.as_str());
    let transfers = TransferState::ALL.iter().map(|state| state.as_str());
    let cards = CardPaymentState::ALL.iter().map(|state| state.as_str());
    orders.chain(refunds).chain(cards).chain(top_ups).chain(withdrawals).chain(transfers)
}

fn one_of(words: Vec<&'static str>) -> RefOr<Schema> {
    let mut once: Vec<&str> = Vec::new();
    for word in words {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    let text = ObjectBuilder::new().schema_type(schema::SchemaType::new(Type::String));
    text.enum_values(Some(once)).into()
}
