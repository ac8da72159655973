//! The caller's bills: every movement of the balance, the newest first, and between them the
//! top-ups that have not reached it and what cards paid.
//!
//! An account knows its last journal and each entry the one before, so a page is a walk of point
//! reads, however long the history is.

use super::bill_view::{BillAnswer, BillReader, Movement};
use super::wallet::{own_wallet, own_wallet_id};
use crate::app::AppState;
use crate::extract::{Caller, Id, Page, Paging, PagingQuery, Reader};
use crate::problem::{Problem, ProblemDocument};
use axum::Json;
use axum::extract::State;
use domain::catalogue::Code;
use domain::ids::{CardPaymentId, TopUpId, WalletId};
use domain::ledger::{Account, AccountNumber, Entry, Journal};
use domain::order::CardPayment;
use domain::top_up::TopUp;
use domain::wallet::Wallet;
use kernel::Timestamp;
use std::fmt::{self, Display};
use std::str::FromStr;
use store::queries::{Described, Value, find, select};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list_bills)).routes(routes!(get_bill))
}

/// Lists the caller's bills, the newest first.
#[utoipa::path(
    get, path = "/v1/bills", tag = "money", operation_id = "listBills",
    security(("session" = [])),
    params(PagingQuery),
    responses(
        (status = 200, description = "One page of bills", body = Page<BillAnswer>),
        (status = 400, description = "Unknown cursor or limit", body = ProblemDocument),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "No wallet is open", body = ProblemDocument),
    ),
)]
async fn list_bills(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    paging: Paging,
) -> Result<Json<Page<BillAnswer>>, Problem> {
    let wallet = own_wallet(&app, &caller).await?;
    let place = match &paging.after {
        Some(text) => text.parse().map_err(|()| Problem::invalid("/cursor"))?,
        None => Place::newest(&app, &wallet).await?,
    };
    let reader = BillReader { app: &app, language };
    let mut walk = Walk::start(&app, &wallet, place, paging.limit + 1).await?;
    let mut bills = Vec::new();
    while bills.len() <= paging.limit {
        let Some(found) = walk.next().await? else { break };
        let bill = match found {
            Found::Movement(movement) => reader.movement(movement).await?,
            Found::Beside(Beside::TopUp(top_up)) => reader.top_up(&top_up).await?,
            Found::Beside(Beside::CardPayment(payment)) => reader.card_payment(&payment).await?,
        };
        bills.push((bill, walk.place));
    }
    let page = paging.page(bills, |(_, place)| place.to_string());
    Ok(Json(page.map(|(bill, _)| bill)))
}

/// Shows one of the caller's bills.
#[utoipa::path(
    get, path = "/v1/bills/{id}", tag = "money", operation_id = "getBill",
    security(("session" = [])),
    params(("id" = String, Path, description = "The bill's id")),
    responses(
        (status = 200, description = "The bill", body = BillAnswer),
        (status = 401, description = "No valid session", body = ProblemDocument),
        (status = 404, description = "The caller has no such bill", body = ProblemDocument),
    ),
)]
async fn get_bill(
    State(app): State<AppState>,
    caller: Caller,
    Reader(language): Reader,
    Id(id): Id<BillId>,
) -> Result<Json<BillAnswer>, Problem> {
    let reader = BillReader { app: &app, language };
    let journal = match id {
        BillId::Journal(number) => number,
        BillId::TopUp(id) => {
            let wallet = own_wallet_id(&caller)?;
            let top_up = find::<TopUp>(app.queries.as_ref(), &id).await?;
            let top_up = top_up.filter(|top_up| top_up.wallet == wallet);
            let top_up = top_up.ok_or(Code::ObjectNotFound)?;
            if top_up.journal == 0 {
                return reader.top_up(&top_up).await.map(Json);
            }
            top_up.journal
        }
        BillId::CardPayment(id) => {
            let wallet = own_wallet_id(&caller)?;
            let payment = find::<CardPayment>(app.queries.as_ref(), &id).await?;
            let payment = payment.filter(|payment| payment.wallet == wallet);
            let payment = payment.ok_or(Code::ObjectNotFound)?;
            return reader.card_payment(&payment).await.map(Json);
        }
    };
    let wallet = own_wallet(&app, &caller).await?;
    let movement = find_movement(&app, wallet.balance_account, journal).await?;
    reader.movement(movement.ok_or(Code::ObjectNotFound)?).await.map(Json)
}

/// What names a line of the bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BillId {
    Journal(i64),
    TopUp(TopUpId),
    CardPayment(CardPaymentId),
}

impl FromStr for BillId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Journal(number));
        }
        let payment = || text.parse().map(Self::CardPayment).map_err(|_| ());
        text.parse().map(Self::TopUp).or_else(|_| payment())
    }
}

/// What has an id of its own beside the journals. Ids made later sort later, whatever they are of.
type BesideId = [u8; 16];

/// A place in the bills: the journal to go on with (0: none is left) and what beside the journals
/// to go on after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    journal: i64,
    beside: BesideId,
}

impl Place {
    async fn newest(app: &AppState, wallet: &Wallet) -> Result<Self, Problem> {
        let account = find::<Account>(app.queries.as_ref(), &wallet.balance_account).await?;
        let journal = account.ok_or(Code::SystemError)?.last_entry;
        Ok(Self { journal, beside: [u8::MAX; 16] })
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:032x}", self.journal, u128::from_be_bytes(self.beside))
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (journal, beside) = text.split_once(' ').ok_or(())?;
        let journal = journal.parse().map_err(|_| ())?;
        let is_hex = beside.len() == 32 && beside.bytes().all(|byte| byte.is_ascii_hexdigit());
        let beside = is_hex.then(|| u128::from_str_radix(beside, 16).ok()).flatten().ok_or(())?;
        Ok(Self { journal, beside: beside.to_be_bytes() })
    }
}

enum Found {
    Movement(Movement),
    Beside(Beside),
}

/// A line that moved no balance.
enum Beside {
    TopUp(TopUp),
    CardPayment(CardPayment),
}

impl Beside {
    fn id(&self) -> BesideId {
        match self {
            Self::TopUp(top_up) => top_up.id.bytes(),
            Self::CardPayment(payment) => payment.id.bytes(),
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::TopUp(top_up) => top_up.created_at,
            Self::CardPayment(payment) => payment.created_at,
        }
    }
}

/// Goes back in time through both kinds of lines at once.
struct Walk<'a> {
    app: &'a AppState,
    account: AccountNumber,
    place: Place,
    movement: Option<Movement>,
    /// The oldest first.
    beside: Vec<Beside>,
}

impl<'a> Walk<'a> {
    /// `lines_max`: how many lines will be asked for at most.
    async fn start(
        app: &'a AppState,
        wallet: &Wallet,
        place: Place,
        lines_max: usize,
    ) -> Result<Self, Problem> {
        let account = wallet.balance_account;
        let movement = find_movement(app, account, place.journal).await?;
        if movement.is_none() && place.journal != 0 {
            return Err(Problem::invalid("/cursor"));
        }
        let unposted = " AND journal = 0";
        let top_ups = newest_before::<TopUp>(app, wallet.id, place.beside, unposted, lines_max);
        let payments = newest_before::<CardPayment>(app, wallet.id, place.beside, "", lines_max);
        let mut beside: Vec<Beside> = top_ups.await?.into_iter().map(Beside::TopUp).collect();
        beside.extend(payments.await?.into_iter().map(Beside::CardPayment));
        beside.sort_unstable_by_key(Beside::id);
        Ok(Self { app, account, place, movement, beside })
    }

    /// The next older line; `place` is then behind it.
    async fn next(&mut self) -> Result<Option<Found>, Problem> {
        let moved_at = self.movement.as_ref().map(|movement| movement.journal.at);
        let is_newer = |beside: &mut Beside| moved_at.is_none_or(|at| beside.at() > at);
        if let Some(beside) = self.beside.pop_if(is_newer) {
            self.place.beside = beside.id();
            return Ok(Some(Found::Beside(beside)));
        }
        let Some(movement) = self.movement.take() else { return Ok(None) };
        self.place.journal = movement.entry.previous;
        self.movement = find_movement(self.app, self.account, self.place.journal).await?;
        Ok(Some(Found::Movement(movement)))
    }
}

/// What a journal did to an account; `None` if nothing.
async fn find_movement(
    app: &AppState,
    account: AccountNumber,
    journal: i64,
) -> Result<Option<Movement>, Problem> {
    let queries = app.queries.as_ref();
    let Some(entry) = find::<Entry>(queries, &(journal, account)).await? else {
        return Ok(None);
    };
    let journal = find::<Journal>(queries, &journal).await?.ok_or(Code::SystemError)?;
    Ok(Some(Movement { entry, journal }))
}

/// Rows of a wallet, the newest first.
async fn newest_before<R: Described>(
    app: &AppState,
    wallet: WalletId,
    before: BesideId,
    and: &str,
    count: usize,
) -> Result<Vec<R>, Problem> {
    let condition = format!("wallet = $1 AND id < $2{and} ORDER BY id DESC LIMIT {count}");
    let parameters = [wallet.bytes(), before].map(|id| Value::Bytes(id.to_vec())).to_vec();
    Ok(select::<R>(app.queries.as_ref(), &condition, parameters).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let place = Place { journal: 17, beside: [7; 16] };
        assert_eq!(place.to_string().parse(), Ok(place));
        let whole = "0".repeat(32);
        let long = format!("17 +{}", "0".repeat(31));
        for bad in ["", "17", "17 ", " 07", "17 07", &format!("x {whole}"), &long] {
            assert_eq!(bad.parse::<Place>(), Err(()), "{bad}");
        }
    }
}
