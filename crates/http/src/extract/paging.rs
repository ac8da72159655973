//! Lists: pages by key, and query strings in which nothing is unknown.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Query as AxumQuery};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 100;

/// The query string as `T`. Put `#[serde(deny_unknown_fields)]` on it; lists that also page flatten
/// nothing but hold `cursor` and `limit` themselves and make a [`Paging`] of them.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumQuery::<T>::from_request_parts(parts, state).await {
            Ok(AxumQuery(query)) => Ok(Self(query)),
            Err(_) => Err(Problem::invalid("")),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PagingQuery {
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
    /// Most items on the page, 1 to 100; 20 when it is left out.
    limit: Option<u16>,
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// The key of the last item of the page before; `None` for the first page.
    pub after: Option<String>,
    /// Most items on the page.
    pub limit: usize,
}

impl Paging {
    /// Reads `cursor` and `limit` of a query string.
    ///
    /// # Errors
    /// `PARAM_INVALID` for a cursor that we did not write, or a limit outside 1 to 100.
    pub fn parse(cursor: Option<&str>, limit: Option<u16>) -> Result<Self, Problem> {
        let limit = limit.map_or(PAGE_DEFAULT, usize::from);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Problem::invalid("/limit"));
        }
        let after = cursor.map(read_cursor).transpose()?;
        Ok(Self { after, limit })
    }

    /// Makes the page of the items that follow the cursor, of which one more than `limit` were read
    /// when there is a next page. `key` names an item for the next cursor.
    pub fn page<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let has_more = items.len() > self.limit;
        items.truncate(self.limit);
        let last = items.last().filter(|_| has_more);
        let next_cursor = last.map(|item| URL_SAFE_NO_PAD.encode(key(item)));
        Page { items, next_cursor }
    }
}

fn read_cursor(cursor: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let fits = |text: &String| !text.is_empty() && text.len() <= 256 && !text.contains('\0');
    text.filter(fits).ok_or_else(|| Problem::invalid("/cursor"))
}

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::<PagingQuery>::from_request_parts(parts, state).await?;
        Self::parse(query.cursor.as_deref(), query.limit)
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items in order.
    pub items: Vec<T>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The same page with other items.
    pub fn map<U>(self, into: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(into).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let all: Vec<u32> = (1..=5).collect();
        let mut paging = Paging::parse(None, Some(2)).unwrap();
        let mut seen = Vec::new();
        loop {
            let after: u32 = paging.after.as_ref().map_or(0, |after| after.parse().unwrap());
            let rest = all.iter().copied().filter(|item| *item > after);
            let read = rest.take(paging.limit + 1).collect();
            let page = paging.page(read, u32::to_string);
            seen.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            paging = Paging::parse(Some(&cursor), Some(2)).unwrap();
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn limits_and_cursors_of_strangers_are_refused() {
        for limit in [0, 101] {
            assert_eq!(Paging::parse(None, Some(limit)), Err(Problem::invalid("/limit")));
        }
        for cursor in ["", "!", "_w", "AA", &URL_SAFE_NO_PAD.encode("x".repeat(257))] {
            assert_eq!(Paging::parse(Some(cursor), None), Err(Problem::invalid("/cursor")));
        }
    }
}
