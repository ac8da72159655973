//! What a merchant's page or app hands the wallet: a prepay id, signed by who placed the order.
//! A wallet opens what it is handed through here alone, so that nobody else's page passes an order
//! off as its own.

use super::order_view::{FoundOrder, OrderAnswer, find_order, show};
use crate::app::AppState;
use crate::extract::{Body, Caller, Reader, Wire};
use crate::problem::{Problem, ProblemDocument};
use apiv3::certificate::Certificate;
use apiv3::keys::PublicKey;
use apiv3::paysign::{PayCaller, PaySheet, prepay_id_of_package};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::merchant::MerchantCertificate;
use domain::order::TradeType;
use serde::Deserialize;
use store::queries::{Value, select};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What an app's `package` always is.
const APP_PACKAGE: &str = "Sign=WXPay";
const SIGN_TYPE: &str = "RSA";
/// Unix seconds have ten digits until the year 2286; milliseconds have more.
const TIMESTAMP_DIGITS: usize = 10;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(open_pay_sheet))
}

/// The parameters as a merchant's server made them. A page or mini program passes `appId`,
/// `timeStamp`, `nonceStr`, `package`, `signType` and `paySign`; an app passes `appid`,
/// `partnerid`, `prepayid`, `package`, `noncestr`, `timestamp` and `sign`. Each name may be spelt
/// either way, of which this document shows the first; an app may give the time as a number.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaySheet)]
pub(crate) struct PaySheetBody {
    /// The app id under which the order was placed; a sub-merchant's too.
    #[serde(rename = "appId", alias = "appid")]
    appid: String,
    /// Unix seconds.
    #[serde(rename = "timeStamp", alias = "timestamp")]
    #[schema(value_type = String)]
    timestamp: Seconds,
    /// The merchant's nonce.
    #[serde(rename = "nonceStr", alias = "noncestr")]
    nonce: String,
    /// A page: `prepay_id=` and the prepay id; an app: `Sign=WXPay`.
    package: String,
    /// A page: `RSA`.
    #[serde(rename = "signType")]
    sign_type: Option<String>,
    /// A page: the signature, in base64.
    #[serde(rename = "paySign")]
    pay_sign: Option<String>,
    /// An app: the merchant's number; a service provider may give the sub-merchant's.
    #[serde(rename = "partnerId", alias = "partnerid")]
    partnerid: Option<String>,
    /// An app: the prepay id.
    #[serde(rename = "prepayId", alias = "prepayid")]
    prepayid: Option<String>,
    /// An app: the signature, in base64.
    sign: Option<String>,
}

impl Wire for PaySheetBody {}

/// Some apps keep it as a number.
#[derive(Clone, Deserialize)]
#[serde(from = "TextOrNumber")]
struct Seconds(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(u64),
}

impl From<TextOrNumber> for Seconds {
    fn from(value: TextOrNumber) -> Self {
        match value {
            TextOrNumber::Text(text) => Self(text),
            TextOrNumber::Number(number) => Self(number.to_string()),
        }
    }
}

/// Opens the pay sheet of an order: the wallet is handed what a merchant's page or app passed on,
/// checks who signed it, and shows the order. Nothing changes.
#[utoipa::path(
    post, path = "/v1/pay-sheets", tag = "orders", operation_id = "openPaySheet",
    security(("session" = [])),
    request_body = PaySheetBody,
    responses(
        (status = 200, description = "The order", body = OrderAnswer),
        (status = 400, description = "Malformed, or not what a page or an app passes",
            body = ProblemDocument),
        (status = 401, description = "No valid session, or not signed by who placed the order: \
            the code tells", body = ProblemDocument),
        (status = 404, description = "No such order, or for another person only",
            body = ProblemDocument),
    ),
)]
async fn open_pay_sheet(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Body(body): Body<PaySheetBody>,
) -> Result<Json<OrderAnswer>, Problem> {
    let order_ref = body.opened(&app).await?;
    show(&app, &caller, language, order_ref).await.map(Json)
}

/// What is checked, and against which signature.
struct Signed<'a> {
    caller: PayCaller,
    sheet: PaySheet<'a>,
    signature: &'a str,
}

impl PaySheetBody {
    /// The reference of the order, if who placed it signed this.
    ///
    /// # Errors
    /// `PARAM_INVALID` naming the parameter, `ORDER_NOT_FOUND`, `SIGNATURE_INVALID`.
    pub(crate) async fn opened(&self, app: &AppState) -> Result<&str, Problem> {
        let signed = self.read()?;
        let found = find_order(app, signed.sheet.prepay_id).await?;
        if caller_of(found.order().trade_type) != Some(signed.caller) {
            return Err(Problem::invalid("/package"));
        }
        self.check_names(&found)?;
        for key in keys_of(app, &found.session.mchid).await? {
            if signed.sheet.verifies(signed.caller, &key, signed.signature) {
                return Ok(signed.sheet.prepay_id);
            }
        }
        let problem = Problem::new(Code::SignatureInvalid).at(signed.field());
        Err(match app.sandbox {
            Some(_) => problem.checked(signed.sheet.message(signed.caller)),
            None => problem,
        })
    }

    fn read(&self) -> Result<Signed<'_>, Problem> {
        let digits = self.timestamp.0.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || self.timestamp.0.len() != TIMESTAMP_DIGITS {
            return Err(Problem::invalid("/timeStamp"));
        }
        let (caller, signature) = match (&self.pay_sign, &self.sign) {
            (Some(signature), None) => (PayCaller::Page, signature),
            (None, Some(signature)) => (PayCaller::App, signature),
            (Some(_), Some(_)) | (None, None) => return Err(Problem::invalid("/paySign")),
        };
        let prepay_id = match caller {
            PayCaller::Page if self.sign_type.as_deref() != Some(SIGN_TYPE) => {
                return Err(Problem::invalid("/signType"));
            }
            PayCaller::Page => prepay_id_of_package(&self.package),
            PayCaller::App if self.package != APP_PACKAGE => None,
            PayCaller::App => {
                Some(self.prepayid.as_deref().ok_or_else(|| Problem::invalid("/prepayid"))?)
            }
        };
        let sheet = PaySheet {
            appid: &self.appid,
            timestamp: &self.timestamp.0,
            nonce: &self.nonce,
            prepay_id: prepay_id.ok_or_else(|| Problem::invalid("/package"))?,
        };
        Ok(Signed { caller, sheet, signature })
    }

    /// Whether app id and, from an app, the merchant's number are those of the order.
    fn check_names(&self, found: &FoundOrder) -> Result<(), Problem> {
        let whole = found.combined.as_ref().is_some_and(|whole| whole.appid == self.appid);
        if !whole && !found.parts.iter().any(|part| part.is_of_app(&self.appid)) {
            return Err(Problem::new(Code::SignatureInvalid).at("/appId"));
        }
        if self.sign.is_none() {
            return Ok(()); // A page names no merchant.
        }
        let is_named = self.partnerid.as_deref().is_some_and(|mchid| {
            found.session.mchid == mchid || found.order().is_of_merchant(mchid)
        });
        is_named.then_some(()).ok_or_else(|| Problem::invalid("/partnerid"))
    }
}

/// From where such an order is opened; a code or a link is opened without a sheet.
fn caller_of(trade_type: TradeType) -> Option<PayCaller> {
    match trade_type {
        TradeType::Jsapi => Some(PayCaller::Page),
        TradeType::App => Some(PayCaller::App),
        TradeType::Native | TradeType::H5 | TradeType::Micropay => None,
    }
}

impl Signed<'_> {
    fn field(&self) -> &'static str {
        match self.caller {
            PayCaller::Page => "/paySign",
            PayCaller::App => "/sign",
        }
    }
}

/// The keys that a merchant may sign with now.
async fn keys_of(app: &AppState, mchid: &str) -> Result<Vec<PublicKey>, Problem> {
    let mchid = Value::Text(mchid.to_owned());
    let rows =
        select::<MerchantCertificate>(app.queries.as_ref(), "mchid = $1", vec![mchid]).await?;
    let now = app.shell.now().seconds();
    let live = rows.into_iter().filter(MerchantCertificate::may_sign);
    // One that is unreadable is told of where requests are checked.
    let parsed = live.filter_map(|row| Certificate::parse_or_key(&row.certificate).ok());
    Ok(parsed.filter(|known| known.is_valid_at(now)).map(|known| known.public_key).collect())
}
