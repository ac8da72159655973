//! The caller's bills: every movement of the balance, the newest first, and between them the
//! top-ups that have not reached it.
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
use domain::ids::{TopUpId, WalletId};
use domain::ledger::{Account, AccountNumber, Entry, Journal};
use domain::top_up::TopUp;
use domain::wallet::Wallet;
use std::fmt::{self, Display};
use std::str::FromStr;
use store::queries::{Value, find, select};
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
            Found::TopUp(top_up) => reader.top_up(&top_up).await?,
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
}

impl FromStr for BillId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(number) = text.parse() {
            return Ok(Self::Journal(number));
        }
        text.parse().map(Self::TopUp).map_err(|_| ())
    }
}

/// A place in the bills: the journal to go on with (0: none is left) and the top-up after which to
/// go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    journal: i64,
    top_up: TopUpId,
}

impl Place {
    async fn newest(app: &AppState, wallet: &Wallet) -> Result<Self, Problem> {
        let account = find::<Account>(app.queries.as_ref(), &wallet.balance_account).await?;
        let journal = account.ok_or(Code::SystemError)?.last_entry;
        Ok(Self { journal, top_up: TopUpId::from_bytes([u8::MAX; 16]) })
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.journal, self.top_up)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (journal, top_up) = text.split_once(' ').ok_or(())?;
        let journal = journal.parse().map_err(|_| ())?;
        Ok(Self { journal, top_up: top_up.parse().map_err(|_| ())? })
    }
}

enum Found {
    Movement(Movement),
    TopUp(TopUp),
}

/// Goes back in time through both kinds of lines at once.
struct Walk<'a> {
    app: &'a AppState,
    account: AccountNumber,
    place: Place,
    movement: Option<Movement>,
    /// The oldest first.
    top_ups: Vec<TopUp>,
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
        let mut top_ups = unposted(app, wallet.id, place.top_up, lines_max).await?;
        top_ups.reverse();
        Ok(Self { app, account, place, movement, top_ups })
    }

    /// The next older line; `place` is then behind it.
    async fn next(&mut self) -> Result<Option<Found>, Problem> {
        let moved_at = self.movement.as_ref().map(|movement| movement.journal.at);
        let is_newer = |top_up: &mut TopUp| moved_at.is_none_or(|at| top_up.created_at > at);
        if let Some(top_up) = self.top_ups.pop_if(is_newer) {
            self.place.top_up = top_up.id;
            return Ok(Some(Found::TopUp(top_up)));
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

/// Top-ups that have not reached the balance, the newest first.
async fn unposted(
    app: &AppState,
    wallet: WalletId,
    before: TopUpId,
    count: usize,
) -> Result<Vec<TopUp>, Problem> {
    let condition =
        format!("wallet = $1 AND id < $2 AND journal = 0 ORDER BY id DESC LIMIT {count}");
    let parameters = [wallet.bytes(), before.bytes()].map(|id| Value::Bytes(id.to_vec())).to_vec();
    Ok(select::<TopUp>(app.queries.as_ref(), &condition, parameters).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let place = Place { journal: 17, top_up: TopUpId::from_bytes([7; 16]) };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "17", "17 ", " top_", "x top_00000000000000000000000000"] {
            assert_eq!(bad.parse::<Place>(), Err(()), "{bad}");
        }
    }
}
