//! Why a signature does not match, for the developer of a client: the message line by line as a
//! sandbox signed it, what came instead, and, if it can be found out, what the client signed.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::authorization::{Authorization, RawRequest, message_head};
use crate::keys::PublicKey;
use crate::target::percent_decode;

/// Characters of the body that are shown.
const SHOWN_BODY_CHARS: usize = 1024;

/// A usual mistake: the message that it makes, and what it is in both languages.
struct Mistake {
    message: Vec<u8>,
    texts: (&'static str, &'static str),
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    lines: [String; 5],
    body_bytes: usize,
    signature: String,
    mistake: Option<(&'static str, &'static str)>,
}

impl Diagnosis {
    /// Looks at a request whose signature does not hold, signed with the private half of `key` or
    /// of another key.
    #[must_use]
    pub fn of(signed: &Authorization, key: &PublicKey, request: &RawRequest<'_>) -> Self {
        let body = String::from_utf8_lossy(request.body);
        let signs = |mistake: &Mistake| key.verifies(&[&mistake.message], &signed.signature);
        Self {
            lines: [
                request.method.to_owned(),
                request.target.to_owned(),
                signed.timestamp_s.to_string(),
                signed.nonce.clone(),
                body.chars().take(SHOWN_BODY_CHARS).collect(),
            ],
            body_bytes: request.body.len(),
            signature: BASE64_STANDARD.encode(&signed.signature),
            mistake: mistakes(signed, request).into_iter().find(signs).map(|found| found.texts),
        }
    }

    /// What the detail of the error says more in a sandbox.
    pub(crate) fn to_wire(&self) -> Value {
        let (chinese, english) = self.mistake.unwrap_or((
            "以上各行每行以 \\n 结尾；若内容一致，请检查是否使用了与 serial_no 对应的商户私钥",
            "each line ends with \\n; if they are what you signed, look whether your private key \
             is the one of serial_no",
        ));
        json!({
            "sign_message_lines": self.lines,
            "body_length": self.body_bytes,
            "received_signature": self.signature,
            "hint": chinese,
            "hint_en": english,
        })
    }
}

/// Messages that clients sign by mistake.
fn mistakes(signed: &Authorization, request: &RawRequest<'_>) -> Vec<Mistake> {
    let path = request.target.split('?').next().unwrap_or_default();
    let whole = |method: &str, target: &[u8], body: &[u8], end: &[u8]| {
        let head = message_head(method, target, signed.timestamp_s, &signed.nonce);
        [head.as_slice(), body, end].concat()
    };
    let (method, target, body) = (request.method, request.target.as_bytes(), request.body);
    let trimmed = body.trim_ascii();
    let lower = method.to_ascii_lowercase();
    let mut all = vec![
        // Before the next one: a body that ends with a line end makes the same message of both.
        (whole(method, target, trimmed, b"\n"), TRIMMED_BODY),
        (whole(method, target, body, b""), NO_LAST_LINE_END),
        (whole(method, path.as_bytes(), body, b"\n"), NO_QUERY),
        (whole(method, target, b"", b"\n"), NO_BODY),
        (whole(method, target, b"{}", b"\n"), EMPTY_OBJECT),
        (whole(method, target, b"null", b"\n"), NULL_BODY),
        (whole(&lower, target, body, b"\n"), LOWER_CASE),
    ];
    if let Some(rest) = path.strip_prefix("/v3") {
        all.push((whole(method, rest.as_bytes(), body, b"\n"), NO_PREFIX));
    }
    if let Some(decoded) = percent_decode(request.target) {
        all.push((whole(method, &decoded, body, b"\n"), DECODED));
    }
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let written = value.to_string();
        all.push((whole(method, target, written.as_bytes(), b"\n"), REWRITTEN_BODY));
    }
    all.into_iter().map(|(message, texts)| Mistake { message, texts }).collect()
}

const NO_LAST_LINE_END: (&str, &str) =
    ("签名串最后一行缺少 \\n", "the last line of what you signed lacks its \\n");
const NO_QUERY: (&str, &str) =
    ("签名的 URL 缺少查询串", "the target that you signed lacks the query string");
const NO_BODY: (&str, &str) =
    ("签名时请求体为空，实际发送了请求体", "you signed an empty body and sent another one");
const TRIMMED_BODY: (&str, &str) = (
    "签名的请求体与发送的请求体首尾空白不同",
    "the body that was sent has white space around it that you did not sign",
);
const EMPTY_OBJECT: (&str, &str) = (
    "签名的请求体是 {}，与发送的不同",
    "the body that you signed is {}, which is not what was sent",
);
const NULL_BODY: (&str, &str) = (
    "签名的请求体是 null，没有请求体时应为空",
    "the body that you signed is null; without a body it is empty",
);
const LOWER_CASE: (&str, &str) =
    ("签名的请求方法必须大写", "the method that you signed must be in upper case");
const NO_PREFIX: (&str, &str) =
    ("签名的 URL 缺少 /v3 前缀", "the target that you signed lacks its prefix /v3");
const DECODED: (&str, &str) = (
    "签名的 URL 未做百分号编码，应与发送的一致",
    "the target that you signed is decoded; sign it as it is sent",
);
const REWRITTEN_BODY: (&str, &str) = (
    "签名的 JSON 与发送的 JSON 字节不同（空白或字段顺序），请签名实际发送的字节",
    "the JSON that you signed has other bytes (spaces or order); sign what is sent",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_name::Serial;
    use crate::testing;

    const REQUEST: RawRequest<'_> =
        RawRequest { method: "POST", target: "/v3/a?b=%7C", body: b"{\"x\": 1}\n" };

    /// The diagnosis of a request that was signed as another one.
    fn hint(as_if: &RawRequest<'_>) -> Value {
        let serial = Serial::parse("4A").unwrap();
        let who = ("1900000001", &serial);
        let header =
            Authorization::sign(testing::merchant_key(), who, ("n1", 1_700_000_000), as_if);
        let signed = Authorization::parse(&header).unwrap();
        let key = testing::merchant_key().public_key();
        Diagnosis::of(&signed, &key, &REQUEST).to_wire()
    }

    #[test]
    fn usual_mistakes_are_recognised() {
        for (as_if, expected) in [
            (RawRequest { target: "/v3/a", ..REQUEST }, NO_QUERY),
            (RawRequest { body: b"", ..REQUEST }, NO_BODY),
            (RawRequest { body: b"{\"x\": 1}", ..REQUEST }, TRIMMED_BODY),
            (RawRequest { body: b"{}", ..REQUEST }, EMPTY_OBJECT),
            (RawRequest { body: b"null", ..REQUEST }, NULL_BODY),
            (RawRequest { body: b"{\"x\":1}", ..REQUEST }, REWRITTEN_BODY),
            (RawRequest { method: "post", ..REQUEST }, LOWER_CASE),
            (RawRequest { target: "/a", ..REQUEST }, NO_PREFIX),
            (RawRequest { target: "/v3/a?b=|", ..REQUEST }, DECODED),
        ] {
            assert_eq!(hint(&as_if)["hint_en"], expected.1);
        }
        let other = hint(&RawRequest { body: b"other", ..REQUEST });
        assert!(other["hint_en"].as_str().unwrap().starts_with("each line ends"));
    }

    #[test]
    fn the_message_is_shown_line_by_line_and_a_long_body_is_cut() {
        let shown = hint(&RawRequest { body: b"", ..REQUEST });
        let lines = ["POST", "/v3/a?b=%7C", "1700000000", "n1", "{\"x\": 1}\n"];
        assert_eq!(shown["sign_message_lines"], json!(lines));
        assert_eq!(shown["body_length"], 9);
        let serial = Serial::parse("4A").unwrap();
        let body = "字".repeat(2_000);
        let long = RawRequest { body: body.as_bytes(), ..REQUEST };
        let who = ("1900000001", &serial);
        let header = Authorization::sign(testing::platform_key(), who, ("n1", 1), &long);
        let signed = Authorization::parse(&header).unwrap();
        let key = testing::merchant_key().public_key();
        let shown = Diagnosis::of(&signed, &key, &long).to_wire();
        let last = shown["sign_message_lines"][4].as_str().unwrap().chars().count();
        assert_eq!((last, &shown["body_length"]), (1_024, &json!(6_000)));
    }
}
