//! Plays the payer of an order, so that a developer needs no phone: what the payer does is chosen
//! in the request, by the merchant's request that placed the order, or by the order's amount.

use super::Later;
use super::codes::ShownCode;
use super::complaints::{Complained, ComplaintMove, Grievance};
use crate::app::AppState;
use crate::cashier::{is_fresh, is_web_address};
use crate::consumer::order_view::find_order;
use crate::consumer::pay_sheets::PaySheetBody;
use crate::extract::{Body, Wire};
use crate::problem::{Problem, ProblemDocument};
use apiv3::create::parse_code_url;
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the played payer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Pays from the balance.
    Success,
    /// Looks at the order and leaves.
    UserCancels,
    /// Has no money.
    InsufficientBalance,
    /// Enters a wrong payment password.
    WrongPassword,
    /// Takes three seconds, then pays.
    Slow,
    /// Pays from a debit card.
    Card,
    /// Pays from a card whose bank takes ten minutes.
    BankSlow,
    /// Pays from a card whose bank takes eight days: by then the order is closed.
    PaidAfterClose,
    /// Pays from a card that takes nothing back.
    RefundAbnormal,
}

/// One outcome as developers are told of it.
pub struct OutcomeRow {
    /// The outcome.
    pub outcome: Outcome,
    /// Its name in requests.
    pub name: &'static str,
    /// An order whose amount ends in these four digits (of fen) chooses it; 0 for none.
    pub amount_ends: i64,
    /// What the merchant then sees.
    pub merchant_sees: &'static str,
    /// What a till sees that charges a code which was shown to lead to it; `None` when no code
    /// does, because codes are paid from the balance.
    pub till_sees: Option<&'static str>,
}

impl OutcomeRow {
    /// The amounts that choose it, in words.
    pub(super) fn ends(&self) -> String {
        if self.amount_ends == 0 { "all others".to_owned() } else { self.amount_ends.to_string() }
    }
}

/// All outcomes, for the page, the document and the choice by amount.
pub const OUTCOMES: [OutcomeRow; 9] = [
    OutcomeRow {
        outcome: Outcome::Success,
        name: "success",
        amount_ends: 0,
        merchant_sees: "trade_state SUCCESS, and the notification TRANSACTION.SUCCESS",
        till_sees: Some(
            "SUCCESS; above ¥1,000.00 or after ten of a day, first USERPAYING for a moment",
        ),
    },
    OutcomeRow {
        outcome: Outcome::UserCancels,
        name: "user_cancels",
        amount_ends: 9_001,
        merchant_sees: "trade_state stays NOTPAY, no notification",
        till_sees: Some("USERPAYING, then PAYERROR"),
    },
    OutcomeRow {
        outcome: Outcome::InsufficientBalance,
        name: "insufficient_balance",
        amount_ends: 9_002,
        merchant_sees: "trade_state stays NOTPAY; the payer is told BALANCE_INSUFFICIENT",
        till_sees: Some("NOT_ENOUGH, over XML NOTENOUGH; above ¥1,000.00 USERPAYING, then REVOKED"),
    },
    OutcomeRow {
        outcome: Outcome::WrongPassword,
        name: "wrong_password",
        amount_ends: 9_003,
        merchant_sees: "trade_state stays NOTPAY; the payer is told PAY_PASSWORD_WRONG",
        till_sees: Some("USERPAYING until its 45 seconds of business time are over, then REVOKED"),
    },
    OutcomeRow {
        outcome: Outcome::Slow,
        name: "slow",
        amount_ends: 9_004,
        merchant_sees: "NOTPAY for three seconds of real time, then SUCCESS and its notification",
        till_sees: Some("USERPAYING for three seconds of real time, then SUCCESS"),
    },
    OutcomeRow {
        outcome: Outcome::Card,
        name: "card",
        amount_ends: 9_005,
        merchant_sees: "SUCCESS with bank_type CMB_DEBIT; refunds are PROCESSING, and SUCCESS two \
            hours of business time later",
        till_sees: None,
    },
    OutcomeRow {
        outcome: Outcome::BankSlow,
        name: "bank_slow",
        amount_ends: 9_006,
        merchant_sees: "NOTPAY for ten minutes of business time, then SUCCESS; closed meanwhile, \
            it stays CLOSED and the payer gets the money back by itself",
        till_sees: None,
    },
    OutcomeRow {
        outcome: Outcome::RefundAbnormal,
        name: "refund_abnormal",
        amount_ends: 9_007,
        merchant_sees: "SUCCESS; refunds become ABNORMAL, and CLOSED a week of business time later \
            unless the merchant applies for another way",
        till_sees: None,
    },
    OutcomeRow {
        outcome: Outcome::PaidAfterClose,
        name: "paid_after_close",
        amount_ends: 9_008,
        merchant_sees: "NOTPAY, and CLOSED once the merchant closes it or its time is over; eight \
            days of business time after the payment the bank's yes comes, it stays CLOSED, and the \
            payer gets the money back by itself",
        till_sees: None,
    },
];

const AMOUNT_ENDS: i64 = 10_000;

impl Outcome {
    /// The outcome of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        OUTCOMES.iter().find(|row| row.name == name).map(|row| row.outcome)
    }

    /// What developers are told of it.
    pub(crate) fn row(self) -> &'static OutcomeRow {
        let found = OUTCOMES.iter().find(|row| row.outcome == self);
        found.expect("the table has every outcome")
    }

    /// Whether a payment code can lead to it.
    pub(super) fn is_at_tills(self) -> bool {
        self.row().till_sees.is_some()
    }

    /// What a code that is charged for this amount, in fen, leads to when nothing else was said.
    pub(super) fn of_charge(minor: i64) -> Self {
        let outcome = Self::of_amount(minor);
        if outcome.is_at_tills() { outcome } else { Self::Success }
    }

    /// What an order of this amount, in fen, chooses by itself.
    fn of_amount(minor: i64) -> Self {
        let ends = minor % AMOUNT_ENDS;
        let row = OUTCOMES.iter().find(|row| row.amount_ends != 0 && row.amount_ends == ends);
        row.map_or(Self::Success, |row| row.outcome)
    }
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
pub struct Played {
    /// What the payer did.
    pub outcome: Outcome,
    /// Whether the order is paid now.
    pub is_paid: bool,
    /// The number of the payment, once paid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transaction_id: Option<String>,
    /// What the payer was told, if not paid: a code of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// The same in English.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
}

/// The people whom the sandbox plays. They use the public API like everybody else.
pub trait SandboxPeople: Send + Sync + 'static {
    /// Does with an order what `outcome` says.
    fn pay(&self, order_ref: String, outcome: Outcome) -> Later<'_, Played>;
    /// Shows a payment code and, when it was charged, does what `outcome` says.
    fn show_code(&self, outcome: Outcome) -> Later<'_, ShownCode>;
    /// Complains about a payment that it made.
    fn complain(&self, grievance: Grievance) -> Later<'_, Complained>;
    /// Does something more about a complaint that it filed.
    fn go_on_complaining(&self, id: String, step: ComplaintMove) -> Later<'_, Complained>;
    /// The name of the payer under an app id of a merchant, for orders of its app.
    fn openid(&self, mchid: String, appid: String) -> Later<'_, String>;
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(pay)).routes(routes!(openid))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlayBody {
    /// The order's `code_url`, `h5_url` or `prepay_id`.
    order: Option<String>,
    /// In its place, what the merchant's page or app hands the wallet: then the payer looks whether
    /// the merchant signed it.
    sheet: Option<PaySheetBody>,
    /// What the payer does; if absent, what the header `Sandbox-Outcome` of the request that placed
    /// the order says, or else what its amount chooses, which usually means `success`.
    outcome: Option<Outcome>,
}

impl Wire for PlayBody {}

/// Plays the payer of an order.
#[utoipa::path(
    post, path = "/sandbox/v1/payments", tag = "sandbox", operation_id = "playPayment",
    request_body = PlayBody,
    responses(
        (status = 200, description = "What the payer did and was told", body = Played),
        (status = 400, description = "No such outcome, or malformed", body = ProblemDocument),
        (status = 401, description = "The sheet is not signed by who placed the order; \
            `checked_text` is what should have been signed", body = ProblemDocument),
        (status = 404, description = "No such order", body = ProblemDocument),
        (status = 410, description = "An `h5_url` older than five minutes: the merchant places \
            the order again for a new one", body = ProblemDocument),
        (status = 503, description = "The payer cannot play now", body = ProblemDocument),
    ),
)]
async fn pay(
    State(app): State<AppState>,
    Body(body): Body<PlayBody>,
) -> Result<Json<Played>, Problem> {
    let order = match (&body.order, &body.sheet) {
        (Some(order), None) => order,
        (None, Some(sheet)) => sheet.opened(&app).await?,
        (Some(_), Some(_)) | (None, None) => return Err(Problem::invalid("/order")),
    };
    play(&app, order, body.outcome).await.map(Json)
}

/// Plays the payer of the order that a text names.
pub(super) async fn play(
    app: &AppState,
    order: &str,
    outcome: Option<Outcome>,
) -> Result<Played, Problem> {
    let people = app.people.as_deref().ok_or(Code::RouteUnknown)?;
    let order_ref = reference(order.trim());
    let found = find_order(app, order_ref).await?;
    if is_web_address(order.trim()) && !is_fresh(app, order_ref) {
        return Err(Problem::new(Code::OrderExpired).at("/order"));
    }
    let outcome = match (outcome, app.inspector.as_ref().and_then(|all| all.wishes.find(order_ref)))
    {
        (Some(outcome), _) => outcome,
        (None, Some(wish)) => Outcome::named(&wish).ok_or_else(|| Problem::invalid("/outcome"))?,
        (None, None) => Outcome::of_amount(found.amount().minor()),
    };
    people.pay(order_ref.to_owned(), outcome).await.map_err(|reason| {
        tracing::warn!(%reason, "the sandbox's payer cannot play");
        Problem::new(Code::SystemBusy).after(1)
    })
}

/// The reference of an order in its code, in the address of its page, or as it is.
pub(super) fn reference(text: &str) -> &str {
    if let Some(order_ref) = parse_code_url(text) {
        return order_ref;
    }
    let query = text.split_once('?').map_or("", |(_, query)| query);
    let named = query.split('&').find_map(|pair| pair.strip_prefix("prepay_id="));
    named.unwrap_or_else(|| text.strip_prefix("prepay_id=").unwrap_or(text))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenidBody {
    /// The merchant's number.
    mchid: String,
    /// An app id of that merchant.
    appid: String,
}

impl Wire for OpenidBody {}

#[derive(Serialize, ToSchema)]
struct PlayedOpenid {
    /// 28 characters.
    openid: String,
}

/// Gives the name of the played payer under an app id, for orders of the merchant's own app.
#[utoipa::path(
    post, path = "/sandbox/v1/openids", tag = "sandbox", operation_id = "playOpenid",
    request_body = OpenidBody,
    responses(
        (status = 200, description = "The name", body = PlayedOpenid),
        (status = 400, description = "Malformed request", body = ProblemDocument),
        (status = 503, description = "The merchant has no such app id, or the payer cannot play",
            body = ProblemDocument),
    ),
)]
async fn openid(
    State(app): State<AppState>,
    Body(OpenidBody { mchid, appid }): Body<OpenidBody>,
) -> Result<Json<PlayedOpenid>, Problem> {
    let people = app.people.as_deref().ok_or(Code::RouteUnknown)?;
    let openid = people.openid(mchid, appid).await.map_err(|reason| {
        tracing::warn!(%reason, "the sandbox's payer has no name");
        Problem::new(Code::SystemBusy).after(1)
    })?;
    Ok(Json(PlayedOpenid { openid }))
}

/// The table of what tills see, as the documentation shows it.
#[cfg(test)]
fn document_of_tills() -> String {
    let mut text = String::from(
        "| outcome | amounts ending in (fen) | what the till sees |\n| --- | --- | --- |\n",
    );
    for row in &OUTCOMES {
        if let Some(till_sees) = row.till_sees {
            text.push_str(&format!("| `{}` | {} | {till_sees} |\n", row.name, row.ends()));
        }
    }
    text
}

/// The table of outcomes as the documentation shows it.
#[cfg(test)]
fn document() -> String {
    let mut text = String::from(
        "| outcome | amounts ending in (fen) | what the merchant sees |\n| --- | --- | --- |\n",
    );
    for row in &OUTCOMES {
        text.push_str(&format!("| `{}` | {} | {} |\n", row.name, row.ends(), row.merchant_sees));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_named_by_its_code_its_page_or_itself() {
        let url = apiv3::create::code_url("wx20260101").unwrap();
        assert_eq!(reference(&url), "wx20260101");
        assert_eq!(reference("http://x/h5?prepay_id=wx1&package=2"), "wx1");
        assert_eq!(reference("prepay_id=wx1"), "wx1");
        assert_eq!(reference("wx1"), "wx1");
    }

    #[test]
    fn amounts_choose_as_the_table_says() {
        for row in &OUTCOMES {
            assert_eq!(serde_json::to_value(row.outcome).unwrap(), row.name);
            if row.amount_ends != 0 {
                assert_eq!(Outcome::of_amount(row.amount_ends), row.outcome);
                assert_eq!(Outcome::of_amount(120_000 + row.amount_ends), row.outcome);
            }
        }
        assert_eq!(Outcome::of_amount(1), Outcome::Success);
        assert_eq!(Outcome::of_charge(9_004), Outcome::Slow);
        assert_eq!(Outcome::of_charge(9_005), Outcome::Success, "codes are paid from the balance");
    }

    #[test]
    fn the_documented_tables_are_these() {
        let page = include_str!("../../../../docs/sandbox.md");
        for table in [document(), document_of_tills()] {
            assert!(page.contains(&table), "put this into docs/sandbox.md:\n{table}");
        }
    }
}
