//! Why the sign of a message does not hold, for the developer of a till: the text that a sandbox
//! signed, and, if it can be found out by trying, what the client did in its place. The key is
//! never part of it.

use super::sign::{ApiV2Key, SIGN, SignType, text_of};
use super::xml::{self, Fields};
use encoding_rs::GBK;
use std::ops::ControlFlow;
use zeroize::Zeroizing;

/// What is shown of the text.
const SHOWN_CHARS: usize = 4_096;
/// Stands for the key in what is shown.
const HIDDEN: &str = "key=<hidden>";

/// What a client did wrong, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// In Chinese.
    pub chinese: String,
    /// In English.
    pub english: String,
}

impl Hint {
    fn new(chinese: &str, english: &str) -> Self {
        Self { chinese: chinese.to_owned(), english: english.to_owned() }
    }
}

/// The keys to try.
#[derive(Clone, Debug, Default)]
pub struct KeysToTry {
    /// The one that counts; `None` if the merchant is unknown or has none.
    pub own: Option<ApiV2Key>,
    /// The merchant's key of the JSON interface, which is easily taken for the other.
    pub apiv3: Option<ApiV2Key>,
    /// Those of other merchants, by their numbers.
    pub others: Vec<(String, ApiV2Key)>,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    text: String,
    expected: Option<String>,
    received: String,
    hints: Vec<Hint>,
}

impl Diagnosis {
    /// Looks at a message whose sign does not hold under the key that counts.
    #[must_use]
    pub fn of(body: &[u8], fields: &Fields, kind: SignType, keys: &KeysToTry) -> Self {
        let received = fields.get(SIGN).cloned().unwrap_or_default();
        let text: String = text_of(signed(fields)) + HIDDEN;
        let shown = text.chars().take(SHOWN_CHARS).collect::<String>();
        Self {
            text: if shown.len() < text.len() { shown + "…" } else { shown },
            expected: keys.own.as_ref().map(|own| own.sign(fields, kind)),
            hints: hints(body, fields, (kind, &received), keys),
            received: received.chars().take(128).collect(),
        }
    }

    /// The text that is signed, with the key left out.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The sign that would have been right. Whoever is told it needs no key for this message.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// The sign that came.
    #[must_use]
    pub fn received(&self) -> &str {
        &self.received
    }

    /// What the client did wrong, as far as it was found out; never empty.
    #[must_use]
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// What the answer says more in a sandbox: not the sign that would have been right.
    pub(super) fn to_fields(&self) -> Fields {
        let join = |said: fn(&Hint) -> &str| self.hints.iter().map(said).collect::<Vec<_>>();
        Fields::from([
            ("sign_text".to_owned(), self.text.clone()),
            ("received_sign".to_owned(), self.received.clone()),
            ("hint".to_owned(), join(|hint| &hint.chinese).join("；")),
            ("hint_en".to_owned(), join(|hint| &hint.english).join("; ")),
        ])
    }
}

/// The fields that are signed, in their order.
fn signed(fields: &Fields) -> impl Iterator<Item = (&str, &str)> + Clone {
    let all = fields.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    all.filter(|(name, text)| *name != SIGN && !text.is_empty())
}

/// What is found by trying; the most usual first.
fn hints(
    body: &[u8],
    fields: &Fields,
    (kind, received): (SignType, &str),
    keys: &KeysToTry,
) -> Vec<Hint> {
    let given = received.to_ascii_uppercase();
    let is_hex = given.bytes().all(|byte| byte.is_ascii_hexdigit());
    let way = match given.len() {
        32 if is_hex => SignType::Md5,
        64 if is_hex => SignType::HmacSha256,
        0 => return vec![Hint::new("缺少 sign", "there is no sign")],
        _ => return vec![Hint::new(FORM.0, FORM.1)],
    };
    let mut found = Vec::new();
    if way != kind {
        found.push(other_way(way, kind));
    }
    let plain = text_of(signed(fields));
    let fits = |key: &ApiV2Key| key.sign_text(plain.as_bytes(), way) == given;
    match &keys.own {
        Some(own) if fits(own) => {}
        Some(own) => {
            let mistake = mistakes(body, fields, own, (way, &given)).break_value();
            found.extend(mistake.or_else(|| other_key(&fits, keys)));
        }
        None => {
            found.push(Hint::new(NO_KEY.0, NO_KEY.1));
            found.extend(other_key(&fits, keys));
        }
    }
    if found.is_empty() {
        found.push(Hint::new(NOT_FOUND.0, NOT_FOUND.1));
    }
    found
}

fn other_way(way: SignType, kind: SignType) -> Hint {
    let (way, kind) = (way.as_str(), kind.as_str());
    Hint {
        chinese: format!("sign 是 {way} 的结果，但按 sign_type 应为 {kind}（缺省为 MD5）"),
        english: format!("the sign is one of {way}, but sign_type means {kind} (MD5 if absent)"),
    }
}

/// The other key that the message is signed with.
fn other_key(fits: &dyn Fn(&ApiV2Key) -> bool, keys: &KeysToTry) -> Option<Hint> {
    if keys.apiv3.as_ref().is_some_and(fits) {
        return Some(Hint::new(APIV3_KEY.0, APIV3_KEY.1));
    }
    let (mchid, _) = keys.others.iter().find(|(_, key)| fits(key))?;
    Some(Hint {
        chinese: format!("使用了商户 {mchid} 的 APIv2 密钥"),
        english: format!("you signed with the APIv2 key of merchant {mchid}"),
    })
}

/// Tries what clients sign by mistake, with the key where they put it, until one has the sign that
/// was given.
fn mistakes(
    body: &[u8],
    fields: &Fields,
    own: &ApiV2Key,
    (way, given): (SignType, &str),
) -> ControlFlow<Hint> {
    let key = own.reveal();
    let attempt = |text: &[u8], end: &[&str], (chinese, english): (&str, &str)| {
        let end = Zeroizing::new(end.concat());
        let whole = Zeroizing::new([text, end.as_bytes()].concat());
        match own.digest(&whole, way) == given {
            true => ControlFlow::Break(Hint::new(chinese, english)),
            false => ControlFlow::Continue(()),
        }
    };
    let keyed = ["key=", key.as_str()];
    let every: Vec<_> = fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let with_empty = || every.iter().copied().filter(|(name, _)| *name != SIGN);
    attempt(text_of(with_empty()).as_bytes(), &keyed, EMPTY)?;
    let again = own.sign(fields, way);
    for sign in ["", again.as_str()] {
        let mut more = fields.clone();
        more.insert(SIGN.to_owned(), sign.to_owned());
        let of_sign = more.iter().filter(|(name, text)| *name == SIGN || !text.is_empty());
        let of_sign = of_sign.map(|(name, text)| (name.as_str(), text.as_str()));
        attempt(text_of(of_sign).as_bytes(), &keyed, SIGN_TOO)?;
    }
    let as_sent = xml::names(body).unwrap_or_default();
    let as_sent = as_sent.iter().filter_map(|name| fields.get_key_value(name));
    let as_sent = as_sent.map(|(name, text)| (name.as_str(), text.as_str()));
    let unsorted = as_sent.filter(|(name, _)| *name != SIGN);
    attempt(text_of(unsorted.clone()).as_bytes(), &keyed, UNSORTED)?;
    attempt(text_of(unsorted.filter(|(_, text)| !text.is_empty())).as_bytes(), &keyed, UNSORTED)?;
    let right = text_of(signed(fields));
    attempt(right.trim_end_matches('&').as_bytes(), &[], KEYLESS)?;
    attempt(right.as_bytes(), &[key.as_str()], NAMELESS_KEY)?;
    attempt(right.as_bytes(), &[keyed[0], keyed[1], "\n"], KEY_LINE)?;
    attempt(&GBK.encode(&right).0, &keyed, CHARSET_GBK)?;
    let narrow: String = right.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    attempt(narrow.as_bytes(), &keyed, CHARSET_ASCII)?;
    let twice: String = right.bytes().map(char::from).collect();
    attempt(twice.as_bytes(), &keyed, CHARSET_TWICE)?;
    for (change, texts) in [
        (percent_encoded as fn(&str) -> String, PERCENT),
        (|text| percent_encoded(text).replace("%20", "+"), PERCENT),
        (|text| quick_xml::escape::escape(text).into_owned(), ESCAPED),
    ] {
        let changed: Vec<_> = signed(fields).map(|(name, text)| (name, change(text))).collect();
        let changed = changed.iter().map(|(name, text)| (*name, text.as_str()));
        attempt(text_of(changed).as_bytes(), &keyed, texts)?;
    }
    if !fields.contains_key(SIGN_TYPE) {
        let mut more = fields.clone();
        more.insert(SIGN_TYPE.to_owned(), way.as_str().to_owned());
        attempt(text_of(signed(&more)).as_bytes(), &keyed, SIGN_TYPE_NOT_SENT)?;
    }
    for (left_out, _) in signed(fields) {
        let others = signed(fields).filter(|(name, _)| *name != left_out);
        let chinese = format!("字段 {left_out} 没有参与签名");
        let english = format!("the field {left_out} is sent, but you did not sign it");
        attempt(text_of(others).as_bytes(), &keyed, (&chinese, &english))?;
    }
    ControlFlow::Continue(())
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

const SIGN_TYPE: &str = "sign_type";

const FORM: (&str, &str) = (
    "sign 应为 32 位（MD5）或 64 位（HMAC-SHA256）十六进制数",
    "a sign has 32 (MD5) or 64 (HMAC-SHA256) hexadecimal digits",
);
const NO_KEY: (&str, &str) = (
    "mch_id 不存在或尚未设置 APIv2 密钥",
    "there is no such mch_id, or it has no APIv2 key: jiaozi merchant apiv2-key",
);
const NOT_FOUND: (&str, &str) = (
    "请与 sign_text 比较；若内容一致，请检查 APIv2 密钥",
    "compare sign_text with what you signed; if it is the same, your APIv2 key is another",
);
const APIV3_KEY: (&str, &str) = (
    "使用了 APIv3 密钥，应为 APIv2 密钥",
    "you signed with the APIv3 key in place of the APIv2 key",
);
const EMPTY: (&str, &str) =
    ("空值字段不参与签名", "fields without a value are not signed, but you signed them");
const SIGN_TOO: (&str, &str) =
    ("sign 字段本身不参与签名", "the field sign itself is not signed, but you signed it");
const UNSORTED: (&str, &str) = (
    "字段应按名称的 ASCII 顺序排序后签名",
    "you signed the fields as they are sent; sort them by name in ASCII order",
);
const KEYLESS: (&str, &str) =
    ("签名串末尾缺少 &key=密钥", "what you signed does not end with &key= and the key");
const NAMELESS_KEY: (&str, &str) =
    ("签名串末尾的密钥之前缺少 key=", "the key at the end of what you signed lacks its key=");
const KEY_LINE: (&str, &str) =
    ("密钥末尾多了换行符", "your key ends with a line end, which is not part of it");
const CHARSET_GBK: (&str, &str) =
    ("签名时使用了 GBK 编码，应为 UTF-8", "you signed the text in GBK; sign it in UTF-8");
const CHARSET_ASCII: (&str, &str) = (
    "签名时字符集不支持中文（变成了 ?），应为 UTF-8",
    "you signed in a charset that has ? for every Chinese character; sign in UTF-8",
);
const CHARSET_TWICE: (&str, &str) = (
    "签名的文本被重复编码（UTF-8 当作 Latin-1）",
    "you signed text that was encoded twice: UTF-8 read as Latin-1",
);
const PERCENT: (&str, &str) = (
    "签名的值做了百分号编码，应使用原值",
    "you signed percent-encoded values; sign them as they are",
);
const ESCAPED: (&str, &str) = (
    "签名的值做了 XML 转义，应使用原值",
    "you signed values escaped for XML; sign them as they are",
);
const SIGN_TYPE_NOT_SENT: (&str, &str) =
    ("sign_type 参与了签名但没有发送", "you signed a sign_type that is not sent");

#[cfg(test)]
#[path = "diagnosis_tests.rs"]
mod tests;
