//! A wallet as its owner sees it, read from committed rows.

use crate::app::AppState;
use crate::problem::Problem;
use crate::spelling::{
    CHANNELS, ChannelText, DocumentKindText, FreezeKindText, IdentityClassText, WalletStateText,
};
use crate::wire::Money;
use domain::catalogue::Code;
use domain::identity::VerificationByWallet;
use domain::ids::{VerificationId, WalletId};
use domain::ledger::Account;
use domain::validate::masking;
use domain::wallet::{
    Channel, DocumentKind, FreezeKind, Identity, IdentityClass, LimitsLeft, Usage, Wallet,
    WalletState, name_place, number_place,
};
use serde::Serialize;
use store::queries::find;
use utoipa::ToSchema;

/// A wallet.
#[derive(Serialize, ToSchema)]
#[schema(as = Wallet)]
pub(super) struct WalletAnswer {
    /// The wallet's id.
    #[schema(value_type = String)]
    id: WalletId,
    /// `OPENING`, `ACTIVE`, `RESTRICTED`, `FROZEN`, `CLOSING` or `CLOSED`.
    #[schema(value_type = WalletStateText)]
    state: WalletState,
    /// Who froze it, while it is frozen: `USER`, `RISK` or `JUDICIAL`, the strongest first.
    #[schema(value_type = Option<FreezeKindText>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen_by: Option<FreezeKind>,
    /// What can be spent, in fen.
    balance: Money,
    /// Whether a payment password is set.
    has_payment_password: bool,
    /// How many cards are bound.
    cards: i64,
    /// When it was opened, RFC 3339.
    opened_at: String,
    /// The last submission of identity data.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    last_verification: Option<VerificationId>,
    /// The verified person behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityAnswer>,
    /// What is left of the limits, which the person's wallets share.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsAnswer>,
}

/// The verified person behind a wallet.
#[derive(Serialize, ToSchema)]
#[schema(as = Identity)]
struct IdentityAnswer {
    /// The kind of document: `RESIDENT_ID` or `PASSPORT`.
    #[schema(value_type = DocumentKindText)]
    document: DocumentKind,
    /// The name, masked.
    name: String,
    /// The document's number, masked.
    number: String,
    /// `CLASS_I`, `CLASS_II` or `CLASS_III`: decides the caps of balance payments.
    #[schema(value_type = IdentityClassText)]
    class: IdentityClass,
    /// The independent ways in which the person was verified: `DOCUMENT`, `PHONE`, `FIRST_CARD`,
    /// `SECOND_CARD`, `FACE`. Three give class II, five class III.
    #[schema(value_type = Vec<ChannelText>)]
    channels: Vec<&'static str>,
}

/// What is left of the limits. A sum that no cap binds is left out.
#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
struct LimitsAnswer {
    /// Balance payments under the cap of the class: lifetime for class I, otherwise this year.
    #[serde(skip_serializing_if = "Option::is_none")]
    payments_of_class: Option<Money>,
    /// Balance payments today, authorised by the payment password alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    payments_today: Option<Money>,
    /// Top-ups today.
    top_ups_today: Money,
    /// Withdrawals today, without fees.
    withdrawals_today: Money,
    /// How many more withdrawals today.
    withdrawal_count_today: i64,
    /// Withdrawals without a fee, ever.
    free_withdrawals: Money,
}

impl From<LimitsLeft> for LimitsAnswer {
    fn from(left: LimitsLeft) -> Self {
        Self {
            payments_of_class: left.payments_of_class.map(Money::cny),
            payments_today: left.payments_today.map(Money::cny),
            top_ups_today: Money::cny(left.top_ups_today),
            withdrawals_today: Money::cny(left.withdrawals_today),
            withdrawal_count_today: left.withdrawal_count_today,
            free_withdrawals: Money::cny(left.free_withdrawals),
        }
    }
}

/// Reads what belongs to a wallet.
pub(super) async fn show(app: &AppState, wallet: Wallet) -> Result<WalletAnswer, Problem> {
    let queries = app.queries.as_ref();
    let account = find::<Account>(queries, &wallet.balance_account).await?;
    let account = account.ok_or(Code::SystemError)?;
    let last = find::<VerificationByWallet>(queries, &wallet.id).await?;
    let (identity, limits) = match wallet.identity {
        None => (None, None),
        Some(id) => {
            let identity = find::<Identity>(queries, &id).await?.ok_or(Code::SystemError)?;
            let usage = find::<Usage>(queries, &id).await?.unwrap_or(Usage::none(id));
            let usage = usage.on(app.business_now());
            let rules = app.rules();
            let limits = LimitsLeft::of(&usage, identity.class(&rules), &rules);
            (Some(show_identity(app, &identity)?), Some(limits.into()))
        }
    };
    Ok(WalletAnswer {
        id: wallet.id,
        state: wallet.state,
        frozen_by: wallet.freeze,
        balance: Money { currency: account.currency.as_str(), minor: account.balance },
        has_payment_password: wallet.has_password,
        cards: wallet.cards,
        opened_at: wallet.opened_at.rfc3339(),
        last_verification: last.map(|last| last.newest),
        identity,
        limits,
    })
}

fn show_identity(app: &AppState, identity: &Identity) -> Result<IdentityAnswer, Problem> {
    let name = app.unseal(&name_place(&identity.document_index), &identity.name)?;
    let number = app.unseal(&number_place(&identity.document_index), &identity.number)?;
    let has = |channel: Channel| identity.channels & channel as i64 != 0;
    Ok(IdentityAnswer {
        document: identity.document,
        name: masking::own_name(&name),
        number: masking::document(&number),
        class: identity.class(&app.rules()),
        channels: CHANNELS.into_iter().filter(|(one, _)| has(*one)).map(|(_, name)| name).collect(),
    })
}
