//! Cards as their owner sees them: never more of the number than its last four digits.

use crate::app::AppState;
use crate::problem::{Explanation, Problem};
use crate::spelling::{CardKindText, CardStateText};
use crate::wire::Money;
use domain::Rules;
use domain::card::{Card, CardState};
use domain::catalogue::{Code, Language, Params};
use domain::ids::CardId;
use domain::validate::bin_table::Bank;
use domain::validate::masking;
use serde::Serialize;
use store::queries::find;
use utoipa::ToSchema;

/// A bound card.
#[derive(Serialize, ToSchema)]
#[schema(as = Card)]
pub(super) struct CardAnswer {
    /// The card's id.
    #[schema(value_type = String)]
    id: CardId,
    /// `BOUND` or `SUSPENDED`.
    #[schema(value_type = CardStateText)]
    state: CardState,
    /// The bank's short code.
    bank: String,
    /// The bank's name, in the reader's language.
    bank_name: String,
    /// What it draws on: `DEBIT` or `CREDIT`.
    #[schema(value_type = CardKindText)]
    kind: &'static str,
    /// The number, masked.
    number: String,
    /// The last four digits.
    last_four: String,
    /// Whether a top-up or withdrawal goes on with it; until it ends the card cannot be removed.
    is_in_use: bool,
    /// What the bank lets it pay; the bank may think otherwise.
    bank_limits: BankLimits,
    /// When it was bound, RFC 3339.
    bound_at: String,
    /// Why it is suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<Explanation>,
}

/// What a bank lets a card pay.
#[derive(Serialize, ToSchema)]
struct BankLimits {
    /// At a time.
    single: Money,
    /// In a day.
    day: Money,
}

impl CardAnswer {
    pub(super) fn new(card: Card, rules: &Rules, language: Language) -> Self {
        let limit = rules.bank_limits.of(&card.bank, card.kind);
        let why = |code: Code| Explanation::new(code, &Params::default(), language);
        Self {
            id: card.id,
            state: card.state,
            bank_name: bank_name(&card.bank, language),
            kind: card.kind.as_str(),
            number: masking::card_shown(&card.last_four),
            is_in_use: card.open_items > 0,
            bank_limits: BankLimits {
                single: Money::cny(limit.single_minor),
                day: Money::cny(limit.day_minor),
            },
            bound_at: card.bound_at.rfc3339(),
            notice: card.failure.map(why),
            bank: card.bank,
            last_four: card.last_four,
        }
    }
}

/// Enough of a card to recognise it.
#[derive(Serialize, ToSchema)]
pub(super) struct CardTail {
    /// The card's id.
    #[schema(value_type = String)]
    id: CardId,
    /// The bank's short code.
    bank: String,
    /// The bank's name, in the reader's language.
    bank_name: String,
    /// The last four digits of the number.
    last_four: String,
}

impl CardTail {
    /// Reads a card that a row names.
    pub(super) async fn find(
        app: &AppState,
        id: CardId,
        language: Language,
    ) -> Result<Self, Problem> {
        let card = find::<Card>(app.queries.as_ref(), &id).await?.ok_or(Code::SystemError)?;
        let bank_name = bank_name(&card.bank, language);
        Ok(Self { id, bank: card.bank, bank_name, last_four: card.last_four })
    }
}

/// The bank's name; its code if the table does not know it any more.
pub(super) fn bank_name(code: &str, language: Language) -> String {
    Bank::find(code).map_or(code, |bank| bank.name(language)).to_owned()
}
