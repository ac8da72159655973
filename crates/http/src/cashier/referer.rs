//! From whose page a payer comes: an `h5_url` that somebody else passes on does not open. Only
//! merchants with a registered domain are asked, because the others have nothing to compare with.
//! The page to which it leads is not guarded, so that it can be loaded again.

use crate::app::AppState;
use crate::consumer::order_view::FoundOrder;
use crate::problem::Problem;
use axum::http::HeaderMap;
use axum::http::header::REFERER;
use domain::merchant::MerchantH5Domain;
use store::queries::{Value, select};

/// What is wrong with where a payer comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// The browser does not say.
    Unsaid,
    /// The page of this host, which is not registered.
    From(String),
}

/// The domains of who placed an order, or combined several, and of who is paid.
pub(super) async fn registered(
    app: &AppState,
    found: &FoundOrder,
) -> Result<Vec<MerchantH5Domain>, Problem> {
    let whose = [found.session.mchid.as_str(), found.shown_mchid()];
    let whose = whose.map(|mchid| Value::Text(mchid.to_owned()));
    let condition = "(mchid = $1 OR mchid = $2)";
    Ok(select::<MerchantH5Domain>(app.queries.as_ref(), condition, whose.to_vec()).await?)
}

/// What is wrong with where a payer comes from; `None` when nothing is.
pub(super) fn stray(registered: &[MerchantH5Domain], headers: &HeaderMap) -> Option<Stray> {
    if registered.is_empty() {
        return None;
    }
    let referer = headers.get(REFERER).and_then(|value| value.to_str().ok());
    match referer.and_then(host) {
        None => Some(Stray::Unsaid),
        Some(host) if registered.iter().any(|domain| domain.covers(&host)) => None,
        Some(host) => Some(Stray::From(host)),
    }
}

/// The host of a web address, in lower case.
fn host(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let named = authority.rsplit('@').next().unwrap_or_default();
    let host = named.split(':').next().unwrap_or_default();
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    #[test]
    fn the_host_is_what_is_between_scheme_and_path_without_user_and_port() {
        for (address, expected) in [
            ("https://Tea.Example/shop?a=https://other.example/", "tea.example"),
            ("http://tea.example:8080", "tea.example"),
            ("https://tea.example@evil.example/", "evil.example"),
            ("https://evil.example\\@tea.example/", "evil.example"),
            ("https://evil.example?@tea.example/", "evil.example"),
            ("https://evil.example#@tea.example/", "evil.example"),
            ("HTTPS://tea.example/", "tea.example"),
        ] {
            assert_eq!(host(address).as_deref(), Some(expected), "{address}");
        }
        for none in ["", "tea.example", "ftp://tea.example", "https://", "https:///tea.example"] {
            assert_eq!(host(none), None, "{none}");
        }
    }

    #[test]
    fn who_has_no_domain_is_not_asked() {
        let headers = |referer: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(REFERER, referer.parse().unwrap());
            headers
        };
        let (mchid, domain) = ("1900000001".to_owned(), "tea.example".to_owned());
        let tea = [MerchantH5Domain { mchid, domain, set_at: Timestamp::default() }];
        assert_eq!(stray(&[], &headers("https://evil.example/")), None);
        assert_eq!(stray(&tea, &headers("https://pay.tea.example/x")), None);
        assert_eq!(stray(&tea, &HeaderMap::new()), Some(Stray::Unsaid));
        let other = Some(Stray::From("evil.example".into()));
        assert_eq!(stray(&tea, &headers("https://evil.example/")), other);
    }
}
