//! Which call a request is. What belongs together is a file with a table of its routes for each
//! family of calls that share a rate; the tables are listed in [`FAMILIES`] and nowhere else.

use super::answer::Outcome;
use super::call::Call;
use super::rates::Family;
use super::{
    bills, certificates, code_payments, combined, complaints, orders, profit, refunds, security,
    transfer_batches, transfers, uploads,
};
use apiv3::code::Code;
use apiv3::error::{ApiError, FieldError, Location};
use apiv3::issue::Issue;
use apiv3::request::check_path_variable;
use apiv3::target::percent_decode;
use axum::http::Method;
use std::pin::Pin;

/// The routes of all families. Where two patterns fit one path, the first one counts.
const FAMILIES: &[(Family, &[Route])] = &[
    (Family::Bills, bills::ROUTES),
    (Family::Others, certificates::ROUTES),
    (Family::CodePayments, code_payments::CHARGING),
    (Family::Closes, code_payments::REVERSING),
    (Family::Orders, combined::PLACING),
    (Family::OrderQueries, combined::QUERIES),
    (Family::Closes, combined::CLOSING),
    (Family::Complaints, complaints::ROUTES),
    (Family::Orders, orders::PLACING),
    (Family::OrderQueries, orders::QUERIES),
    (Family::Closes, orders::CLOSING),
    (Family::ProfitSharing, profit::ROUTES),
    (Family::Refunds, refunds::ASKING),
    (Family::RefundQueries, refunds::QUERIES),
    (Family::Others, security::ROUTES),
    (Family::TransferBatches, transfer_batches::SENDING),
    (Family::TransferBatchQueries, transfer_batches::QUERIES),
    (Family::Transfers, transfers::SENDING),
    (Family::TransferQueries, transfers::QUERIES),
    (Family::TransferCancels, transfers::CANCELLING),
    (Family::Uploads, uploads::ROUTES),
];

const OTHER_METHOD: ApiError = ApiError::saying(
    Code::InvalidRequest,
    "此地址不支持该请求方法",
    "this address has no such method",
);

/// How a call ends, once it is served.
pub(super) type Serving = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A method and a path with who serves it.
#[derive(Debug)]
pub(super) struct Route {
    method: Method,
    path: &'static str,
    serve: fn(Call) -> Serving,
    signed: Signed,
}

/// What of a body is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// All of it.
    Whole,
    /// All of it, and it may be long.
    Large,
    /// The part `meta` of an upload.
    Meta,
}

impl Route {
    /// A call that reads. A segment `{name}` of the path is a variable, checked by its name.
    pub(super) const fn get(path: &'static str, serve: fn(Call) -> Serving) -> Self {
        Self { method: Method::GET, path, serve, signed: Signed::Whole }
    }

    /// A call that changes something.
    pub(super) const fn post(path: &'static str, serve: fn(Call) -> Serving) -> Self {
        Self { method: Method::POST, path, serve, signed: Signed::Whole }
    }

    /// A call that lists very much.
    pub(super) const fn post_large(path: &'static str, serve: fn(Call) -> Serving) -> Self {
        Self { method: Method::POST, path, serve, signed: Signed::Large }
    }

    /// A call that uploads a file.
    pub(super) const fn upload(path: &'static str, serve: fn(Call) -> Serving) -> Self {
        Self { method: Method::POST, path, serve, signed: Signed::Meta }
    }

    /// A call that puts something in another's place.
    pub(super) const fn put(path: &'static str, serve: fn(Call) -> Serving) -> Self {
        Self { method: Method::PUT, path, serve, signed: Signed::Whole }
    }

    /// A call that takes something away.
    pub(super) const fn delete(path: &'static str, serve: fn(Call) -> Serving) -> Self {
        Self { method: Method::DELETE, path, serve, signed: Signed::Whole }
    }

    /// The segments of the path that stand for variables, if the path fits.
    fn fits<'a>(&self, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut variables = Vec::new();
        let (mut pattern, mut segments) = (self.path.split('/'), path.split('/'));
        loop {
            match (pattern.next(), segments.next()) {
                (None, None) => return Some(variables),
                (Some(part), Some(segment)) => match variable_name(part) {
                    Some(name) => variables.push((name, segment)),
                    None if part == segment => {}
                    None => return None,
                },
                _ => return None,
            }
        }
    }
}

fn variable_name(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

/// A route with the values of its variables.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    family: Family,
    route: &'static Route,
    variables: Vec<(&'static str, String)>,
}

impl Matched {
    /// Reads the path as it stands on the request line.
    ///
    /// # Errors
    /// NOT_FOUND for another path, INVALID_REQUEST for another method, PARAM_ERROR for a variable
    /// of another form.
    pub(super) fn find(method: &Method, path: &str) -> Result<Self, ApiError> {
        let mut refusal = ApiError::new(Code::NotFound);
        for (family, route) in all() {
            let Some(variables) = route.fits(path) else { continue };
            if route.method == *method {
                let variables = variables.into_iter().map(read_variable).collect::<Result<_, _>>();
                return Ok(Self { family, route, variables: variables? });
            }
            refusal = OTHER_METHOD;
        }
        Err(refusal)
    }

    /// The pattern of the path, for metrics: its values have no bound.
    pub(super) fn pattern(&self) -> &'static str {
        self.route.path
    }

    /// Whose rate the call counts to.
    pub(super) fn family(&self) -> Family {
        self.family
    }

    /// What of the body is signed.
    pub(super) fn signed(&self) -> Signed {
        self.route.signed
    }

    pub(super) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| *known == name);
        &found.expect("a handler asks for the variables of its own route").1
    }

    pub(super) fn serve(call: Call) -> Serving {
        (call.matched.route.serve)(call)
    }
}

fn all() -> impl Iterator<Item = (Family, &'static Route)> {
    FAMILIES.iter().flat_map(|(family, routes)| routes.iter().map(|route| (*family, route)))
}

fn read_variable((name, raw): (&'static str, &str)) -> Result<(&'static str, String), ApiError> {
    let decoded = percent_decode(raw).and_then(|bytes| String::from_utf8(bytes).ok());
    let decoded = decoded.ok_or_else(|| {
        FieldError::new(Location::UriTemplate, name.to_owned(), None, Issue::Encoding)
    })?;
    check_path_variable(name, &decoded)?;
    Ok((name, decoded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn code(method: Method, path: &str) -> Code {
        Matched::find(&method, path).unwrap_err().code
    }

    #[test]
    fn variables_of_the_path_are_decoded() {
        let path = "/v3/pay/transactions/out-trade-no/a%7Cb%2Ac-d/close";
        let found = Matched::find(&Method::POST, path).unwrap();
        assert_eq!(found.pattern(), "/v3/pay/transactions/out-trade-no/{out_trade_no}/close");
        assert_eq!(found.variable("out_trade_no"), "a|b*c-d");
        let found = Matched::find(&Method::GET, "/v3/refund/domestic/refunds/r@1").unwrap();
        assert_eq!(found.variable("out_refund_no"), "r@1");
    }

    #[test]
    fn other_paths_methods_and_variables_have_their_own_errors() {
        for path in [
            "/",
            "/v3",
            "/v2/certificates",
            "/v3/certificates/",
            "//v3/certificates",
            "/v3/pay/transactions/other",
            "/v3/pay/transactions/out-trade-no/123456/open",
            "/v3/pay/transactions/out-trade-no/123/456",
        ] {
            assert_eq!(code(Method::GET, path), Code::NotFound, "{path}");
        }
        assert_eq!(code(Method::POST, "/v3/certificates"), Code::InvalidRequest);
        for number in ["1234", "%", "%FF%FF%FF%FF%FF%FF", "123456%2F7"] {
            let path = format!("/v3/pay/transactions/out-trade-no/{number}");
            assert_eq!(code(Method::GET, &path), Code::ParamError, "{path}");
        }
    }

    #[test]
    fn every_route_is_once_and_every_variable_has_a_rule() {
        let mut seen = BTreeSet::new();
        for (_, route) in all() {
            assert!(seen.insert((route.method.to_string(), route.path)), "{}", route.path);
            for name in route.path.split('/').filter_map(variable_name) {
                let refused = check_path_variable(name, "\u{0}").unwrap_err();
                assert_eq!(refused.field_error().unwrap().field, name);
            }
        }
    }
}
