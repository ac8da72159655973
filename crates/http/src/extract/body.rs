//! Bodies in strict JSON: one meaning, bounded, and nothing in them that the route does not know.

use crate::problem::Problem;
use apiv3::strict_json::{self, JsonFault, Limits, TextRange, push_step};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use domain::catalogue::Code;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

const LIMITS: Limits = Limits { bytes_max: 64 * 1024, depth_max: 8, text: TextRange::Unicode };

/// The shape of a request's body. Put `#[serde(deny_unknown_fields)]` on it.
pub trait Wire: DeserializeOwned + Send {
    /// The top-level fields that hold secrets. They are left out of the request's fingerprint, so
    /// that what is stored cannot be used to try secrets.
    const SECRETS: &'static [&'static str] = &[];
}

/// A body of the shape `T`.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: Wire> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        shape(read(request).await?).map(Self)
    }
}

/// Reads the whole body as one JSON object.
pub(super) async fn read(request: Request) -> Result<Map<String, Value>, Problem> {
    let (parts, body) = request.into_parts();
    if !is_json(parts.headers.get(CONTENT_TYPE)) {
        return Err(Code::MediaTypeUnsupported.into());
    }
    let bytes = read_bytes(Request::from_parts(parts, body), LIMITS.bytes_max).await?;
    strict_json::read_object(&bytes, &LIMITS).map_err(|error| match error.fault {
        JsonFault::TooLarge => Code::BodyTooLarge.into(),
        _ => Problem::invalid(error.pointer),
    })
}

/// Reads the whole body, whatever it is.
pub(crate) async fn read_bytes(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    if announced_length(&parts.headers).is_some_and(|length| length > bytes_max) {
        return Err(Code::BodyTooLarge.into());
    }
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Code::BodyTooLarge.into()),
        Err(_) => Err(Problem::invalid("")),
    }
}

/// Reads the object as `T`; the problem names the field.
pub(super) fn shape<T: Wire>(object: Map<String, Value>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
        let mut pointer = pointer(error.path());
        // A missing field is reported at the object that lacks it.
        if let Some(field) = missing_field(&error.inner().to_string()) {
            push_step(&mut pointer, field);
        }
        Problem::invalid(pointer)
    })
}

fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => push_step(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_step(&mut pointer, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let text = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, parameter) = text.split_once(';').unwrap_or((text, "charset=utf-8"));
    let parameter = parameter.trim().replace('"', "");
    kind.trim().eq_ignore_ascii_case("application/json")
        && (parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8"))
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(rename = "inner")]
        _inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[serde(rename = "count")]
        _count: i64,
    }

    impl Wire for Outer {}

    async fn read_as(kind: &str, text: &[u8]) -> Result<Outer, Problem> {
        let request = Request::builder().header(CONTENT_TYPE, kind);
        let request = request.body(axum::body::Body::from(text.to_vec())).unwrap();
        Body::<Outer>::from_request(request, &()).await.map(|Body(outer)| outer)
    }

    #[tokio::test]
    async fn each_field_at_fault_is_named() {
        for (text, field) in [
            (r#"{"inner":[{"count":1}],"extra":1}"#, "/extra"),
            (r#"{"inner":[{"count":1},{"count":2,"a/b":1}]}"#, "/inner/1/a~1b"),
            (r#"{"inner":[{}]}"#, "/inner/0/count"),
            (r"{}", "/inner"),
            (r#"{"inner":[{"count":"1"}]}"#, "/inner/0/count"),
            (r#"{"inner":[{"count":1.5}]}"#, "/inner/0/count"),
            (r#"{"inner":[{"count":1,"count":1}]}"#, "/inner/0/count"),
            (r#"{"inner":3}"#, "/inner"),
            (r"[]", ""),
            (r#"{"inner""#, ""),
        ] {
            let problem = read_as("application/json", text.as_bytes()).await.unwrap_err();
            assert_eq!(problem, Problem::invalid(field), "{text}");
        }
    }

    #[tokio::test]
    async fn a_body_is_json_of_at_most_64_kib() {
        let good = br#"{"inner":[]}"#;
        for kind in ["application/json", "Application/JSON; charset=UTF-8", "application/json;"] {
            assert!(read_as(kind, good).await.is_ok(), "{kind}");
        }
        for kind in ["", "text/plain", "application/jsonx", "application/json; charset=gbk"] {
            let problem = read_as(kind, good).await.unwrap_err();
            assert_eq!(problem.code(), Code::MediaTypeUnsupported, "{kind}");
        }
        let long = vec![b' '; LIMITS.bytes_max + 1];
        let problem = read_as("application/json", &long).await.unwrap_err();
        assert_eq!(problem.code(), Code::BodyTooLarge);
    }
}
