//! The failure catalogue, so that an app can explain a code without a call having failed.

use crate::app::AppState;
use crate::extract::{Page, Paging, Query, Reader};
use crate::problem::{Problem, ProblemDocument, RemedyText};
use crate::spelling::{RetryText, SOURCES, SourceText, source_name};
use axum::Json;
use axum::extract::Path;
use domain::catalogue::{Code, Params, Source, Status};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of this resource.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list_entries)).routes(routes!(get_entry))
}

/// One way a request can fail.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct CatalogueEntry {
    /// The stable code.
    code: &'static str,
    /// The HTTP status it is answered with; absent for codes that an app shows by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Who can cause it, the usual one first: `client`, `us`, `bank`, `authority`, `carrier`,
    /// `provider`.
    #[schema(value_type = Vec<SourceText>)]
    sources: Vec<&'static str>,
    /// Whether trying again helps: `now`, `later`, `after_fix`, `query` or `no`.
    #[schema(value_type = RetryText)]
    retry: &'static str,
    /// The text in the reader's language, with general words where a failure fills in its values.
    message: String,
    /// What the reader can try, in this order.
    remedies: Vec<RemedyText>,
}

impl CatalogueEntry {
    fn new(code: Code, Reader(language): Reader) -> Self {
        let none = Params::default();
        let remedies = code.remedies().iter();
        Self {
            code: code.as_str(),
            status: match code.status() {
                Status::Http(status) => Some(status),
                Status::Client => None,
            },
            sources: code.sources().iter().map(|source| source_name(*source)).collect(),
            retry: code.retry().as_str(),
            message: code.text(language, &none),
            remedies: remedies
                .map(|remedy| RemedyText {
                    id: remedy.id,
                    text: remedy.text(language, code, &none),
                })
                .collect(),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CatalogueQuery {
    /// Only codes that this party can cause.
    #[param(value_type = Option<SourceText>)]
    source: Option<String>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
    /// Most items on the page, 1 to 100; 20 when it is left out.
    limit: Option<u16>,
}

/// Lists the failure catalogue in its own order.
#[utoipa::path(
    get, path = "/v1/catalogue", tag = "catalogue", operation_id = "listCatalogue",
    params(CatalogueQuery),
    responses(
        (status = 200, description = "One page of codes", body = Page<CatalogueEntry>),
        (status = 400, description = "Unknown source, cursor or limit", body = ProblemDocument),
    ),
)]
async fn list_entries(
    reader: Reader,
    Query(query): Query<CatalogueQuery>,
) -> Result<Json<Page<CatalogueEntry>>, Problem> {
    let paging = Paging::parse(query.cursor.as_deref(), query.limit)?;
    let after = match &paging.after {
        Some(code) => Some(Code::parse(code).ok_or_else(|| Problem::invalid("/cursor"))?),
        None => None,
    };
    let source = query.source.as_deref().map(read_source).transpose()?;
    let wanted = |code: &Code| {
        after.is_none_or(|after| *code > after)
            && source.is_none_or(|source| code.is_caused_by(source))
    };
    let codes = Code::all().filter(wanted).take(paging.limit + 1).collect();
    let page = paging.page(codes, Code::to_string);
    Ok(Json(page.map(|code| CatalogueEntry::new(code, reader))))
}

fn read_source(text: &str) -> Result<Source, Problem> {
    let known = SOURCES.into_iter().find(|source| source_name(*source) == text);
    known.ok_or_else(|| Problem::invalid("/source"))
}

/// Explains one code.
#[utoipa::path(
    get, path = "/v1/catalogue/{code}", tag = "catalogue", operation_id = "getCatalogueEntry",
    params(("code" = String, Path, description = "A code, for example `BALANCE_INSUFFICIENT`")),
    responses(
        (status = 200, description = "The code", body = CatalogueEntry),
        (status = 404, description = "No such code", body = ProblemDocument),
    ),
)]
async fn get_entry(
    reader: Reader,
    Path(code): Path<String>,
) -> Result<Json<CatalogueEntry>, Problem> {
    let code = Code::parse(&code).ok_or(Code::ObjectNotFound)?;
    Ok(Json(CatalogueEntry::new(code, reader)))
}
