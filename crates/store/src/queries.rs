//! The reading side: point queries and lists. A list is shown to people; it never feeds a decision.

mod combined;

pub use combined::combined_parts;

use crate::BOOK;
pub use crate::table::Described;
use crate::table::Table;
use crate::value::Corrupt;
pub use crate::value::{Kind, Value};
use domain::record::RowKey;
use std::any::TypeId;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};

/// A read that failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueryError {
    /// The database did not answer in time, or not at all.
    #[error("query failed: {0}")]
    Failed(String),
    /// A stored row is not readable: a defect.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// Rows of values, or why not.
pub type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<Vec<Vec<Value>>, QueryError>> + Send + 'a>>;

/// Reads of committed rows. A read that starts after a command was answered sees what it wrote.
pub trait Queries: Send + Sync + 'static {
    /// Runs one portable statement: parameters are `$1`, `$2`, …, and the answer's columns have
    /// these types.
    fn rows(&self, sql: String, parameters: Vec<Value>, kinds: Vec<Kind>) -> Answer<'_>;
}

fn columns<R: Described>() -> (String, Vec<Kind>) {
    let names: Vec<&str> = R::TABLE.columns.iter().map(|column| column.name).collect();
    (quote(&names), R::TABLE.columns.iter().map(|column| column.kind).collect())
}

fn quote(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

/// A statement with the types of its columns.
#[derive(Clone)]
struct Text {
    sql: String,
    kinds: Vec<Kind>,
}

impl Text {
    /// The statement about `K` under a condition, written when it is first needed: putting forty
    /// columns together costs more than sending them.
    fn of<K: 'static>(condition: &'static str, write: impl FnOnce() -> Self) -> Self {
        static WRITTEN: RwLock<BTreeMap<(TypeId, &str), Text>> = RwLock::new(BTreeMap::new());
        let key = (TypeId::of::<K>(), condition);
        let written = WRITTEN.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        written.unwrap_or_else(|| {
            let text = write();
            let mut all = WRITTEN.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(key, text.clone());
            text
        })
    }
}

/// The row with this key.
pub async fn find<R: Described>(
    queries: &dyn Queries,
    key: &R::Key,
) -> Result<Option<R>, QueryError> {
    let Text { sql, kinds } = Text::of::<R>("", || select_text::<R>(&has_key::<R>("")));
    let mut rows = queries.rows(sql, key_values::<R>(key)?, kinds).await?;
    Ok(rows.pop().map(R::from_values).transpose()?)
}

/// The parts of a key as parameters.
fn key_values<R: Described>(key: &R::Key) -> Result<Vec<Value>, Corrupt> {
    R::TABLE.key_values(&RowKey::of::<R>(key).bytes).ok_or_else(|| Corrupt {
        table: R::TABLE.name,
        column: "key",
        what: "key does not fit its columns".into(),
    })
}

/// The condition that the key's columns are the parameters from the first on.
fn has_key<R: Described>(prefix: &str) -> String {
    let columns = R::TABLE.key_columns().iter().enumerate();
    let same =
        columns.map(|(place, column)| format!("{prefix}\"{}\" = ${}", column.name, place + 1));
    same.collect::<Vec<_>>().join(" AND ")
}

/// The rows that meet a condition: what stands after `WHERE book = 1 AND`, with order and limit.
pub async fn select<R: Described>(
    queries: &dyn Queries,
    condition: &str,
    parameters: Vec<Value>,
) -> Result<Vec<R>, QueryError> {
    let Text { sql, kinds } = select_text::<R>(condition);
    let rows = queries.rows(sql, parameters, kinds).await?;
    rows.into_iter().map(|values| R::from_values(values).map_err(QueryError::from)).collect()
}

fn select_text<R: Described>(condition: &str) -> Text {
    let (names, kinds) = columns::<R>();
    let table = R::TABLE.name;
    let sql = format!("SELECT {names} FROM \"{table}\" WHERE book = {BOOK} AND {condition}");
    Text { sql, kinds }
}

/// How many rows meet a condition: what stands after `WHERE book = 1 AND`.
pub async fn count<R: Described>(
    queries: &dyn Queries,
    condition: &str,
    parameters: Vec<Value>,
) -> Result<i64, QueryError> {
    let table = R::TABLE.name;
    let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE book = {BOOK} AND {condition}");
    let rows = queries.rows(sql, parameters, vec![Kind::Int]).await?;
    Ok(numbers::<1>(rows).next().map_or(0, |[count]| count))
}

/// Walks an account's entries from the one of a journal back, at most `limit` of them and none
/// before `above` but the first: each one's journal, and the journal of the entry before it.
pub async fn entries_back(
    queries: &dyn Queries,
    account: i64,
    journal: i64,
    above: i64,
    limit: i64,
) -> Result<Vec<[i64; 2]>, QueryError> {
    let sql = format!(
        "WITH RECURSIVE walk(journal, previous, place) AS ( \
         SELECT journal, previous, 1 FROM entry WHERE book = {BOOK} AND journal = $1 \
         AND account = $2 UNION ALL SELECT e.journal, e.previous, w.place + 1 FROM walk w \
         JOIN entry e ON e.book = {BOOK} AND e.journal = w.previous AND e.account = $2 \
         WHERE w.previous > $3 AND w.place < {limit}) SELECT journal, previous FROM walk \
         ORDER BY journal DESC"
    );
    let parameters = [journal, account, above].map(Value::Int).to_vec();
    let rows = queries.rows(sql, parameters, vec![Kind::Int, Kind::Int]).await?;
    Ok(numbers::<2>(rows).collect())
}

/// Rows of integers.
fn numbers<const N: usize>(rows: Vec<Vec<Value>>) -> impl Iterator<Item = [i64; N]> {
    rows.into_iter().filter_map(|row| {
        let numbers: Option<Vec<i64>> = row
            .into_iter()
            .map(|value| if let Value::Int(number) = value { Some(number) } else { None })
            .collect();
        numbers?.try_into().ok()
    })
}

fn joined_text<A: Described, B: Described>(on: &str) -> Text {
    let names = |alias: &str, table: &Table| {
        let names = table.columns.iter().map(|column| format!("{alias}.\"{}\"", column.name));
        names.collect::<Vec<_>>().join(", ")
    };
    let kinds = A::TABLE.columns.iter().chain(B::TABLE.columns).map(|column| column.kind).collect();
    let sql = format!(
        "SELECT {}, {} FROM \"{}\" a LEFT JOIN \"{}\" b ON b.book = a.book AND {on} \
         WHERE a.book = {BOOK} AND {}",
        names("a", &A::TABLE),
        names("b", &B::TABLE),
        A::TABLE.name,
        B::TABLE.name,
        has_key::<A>("a."),
    );
    Text { sql, kinds }
}

/// The row with this key together with the row of another kind that it leads to, if there is one,
/// in one statement. `on` says how, with `a` for the first and `b` for the second.
pub async fn find_with<A: Described, B: Described>(
    queries: &dyn Queries,
    key: &A::Key,
    on: &'static str,
) -> Result<Option<(A, Option<B>)>, QueryError> {
    let Text { sql, kinds } = Text::of::<(A, B)>(on, || joined_text::<A, B>(on));
    let Some(mut first) = queries.rows(sql, key_values::<A>(key)?, kinds).await?.pop() else {
        return Ok(None);
    };
    let second = first.split_off(A::TABLE.columns.len().min(first.len()));
    // A key is never null, so only a row that is not there has one.
    let second = match second.first() {
        None | Some(Value::Null) => None,
        Some(_) => Some(B::from_values(second)?),
    };
    Ok(Some((A::from_values(first)?, second)))
}
