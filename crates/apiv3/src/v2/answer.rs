//! Answers of the XML interface: HTTP 200 always, with what came of it inside.

use super::diagnosis::Diagnosis;
use super::sign::{ApiV2Key, SignType};
use super::xml::{self, Fields};

/// Longest text of `return_msg` and `err_code_des`.
const MESSAGE_CHARS_MAX: usize = 128;

/// A business error: its code, and a text for the till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Literal of `err_code`.
    pub code: &'static str,
    /// Text of `err_code_des`, at most 128 characters.
    pub text: String,
}

impl Refused {
    /// With a text.
    #[must_use]
    pub fn saying(code: &'static str, text: &str) -> Self {
        Self { code, text: text.to_owned() }
    }

    /// A parameter that is missing or breaks a rule.
    #[must_use]
    pub fn param(name: &str) -> Self {
        Self { code: "PARAM_ERROR", text: format!("参数错误: {name}") }
    }

    /// We failed; the outcome must be asked for.
    #[must_use]
    pub fn system() -> Self {
        Self::saying("SYSTEMERROR", "系统异常，请查询结果")
    }

    /// One call too many; nothing was done.
    #[must_use]
    pub fn limited() -> Self {
        Self::saying("FREQUENCY_LIMITED", "频率超限")
    }
}

/// An answer before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The message was not even taken: its text. Not signed, because nobody is known.
    NotTaken(&'static str),
    /// Done: what there is to show.
    Done(Fields),
    /// Refused, perhaps with more to show.
    Refused(Refused, Fields),
}

impl Answer {
    /// What a log says of it: the code, empty for success.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotTaken(_) => "FAIL",
            Self::Done(_) => "",
            Self::Refused(refused, _) => refused.code,
        }
    }

    /// The bytes of an answer to a message that was not taken.
    #[must_use]
    pub fn not_taken(text: &str) -> String {
        let pairs = [("return_code", "FAIL"), ("return_msg", text)];
        xml::write(&owned(&pairs))
    }

    /// The same for a sign that does not hold, in a sandbox: with why. What most clients show of
    /// it is `return_msg`, so the reason is there too.
    #[must_use]
    pub fn not_signed(text: &str, diagnosis: &Diagnosis) -> String {
        let mut fields = diagnosis.to_fields();
        let said = format!("{text}：{}", fields["hint"]);
        let said = said.chars().take(MESSAGE_CHARS_MAX).collect::<String>();
        fields.extend(owned(&[("return_code", "FAIL"), ("return_msg", &said)]));
        xml::write(&fields)
    }

    /// The bytes of the answer. `asked` is the message, of which who asks is repeated; `nonce` is
    /// new.
    #[must_use]
    pub fn write(self, asked: &Fields, (key, kind): (&ApiV2Key, SignType), nonce: &str) -> String {
        let (mut fields, refused) = match self {
            Self::NotTaken(text) => return Self::not_taken(text),
            Self::Done(fields) => (fields, None),
            Self::Refused(refused, fields) => (fields, Some(refused)),
        };
        for name in ["appid", "mch_id", "sub_appid", "sub_mch_id", "device_info"] {
            if let Some(text) = asked.get(name).filter(|text| !text.is_empty()) {
                fields.insert(name.to_owned(), text.clone());
            }
        }
        let result = if refused.is_some() { "FAIL" } else { "SUCCESS" };
        let pairs = [
            ("return_code", "SUCCESS"),
            ("return_msg", "OK"),
            ("result_code", result),
            ("nonce_str", nonce),
        ];
        fields.extend(owned(&pairs));
        if let Some(Refused { code, text }) = refused {
            let text = text.chars().take(MESSAGE_CHARS_MAX).collect::<String>();
            fields.extend(owned(&[("err_code", code), ("err_code_des", &text)]));
        }
        fields.retain(|_, text| !text.is_empty());
        let sign = key.sign(&fields, kind);
        fields.insert("sign".to_owned(), sign);
        xml::write(&fields)
    }
}

fn owned(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_signed_the_way_it_was_asked() {
        let key = ApiV2Key::from_random(&[7; 32]);
        let asked = owned(&[("appid", "wx1"), ("mch_id", "1"), ("body", "x"), ("device_info", "")]);
        for kind in [SignType::Md5, SignType::HmacSha256] {
            let done = Answer::Done(owned(&[("recall", "N"), ("attach", "")]));
            let fields = xml::read(done.write(&asked, (&key, kind), "n").as_bytes()).unwrap();
            assert!(key.verifies(&fields, kind));
            let names: Vec<_> = fields.keys().map(String::as_str).collect();
            let expected = ["appid", "mch_id", "nonce_str", "recall", "result_code"];
            assert_eq!(names[..5], expected);
            assert_eq!(names[5..], ["return_code", "return_msg", "sign"]);
        }
    }

    #[test]
    fn a_refusal_has_a_code_and_a_stranger_gets_no_signature() {
        let key = ApiV2Key::from_random(&[7; 32]);
        let refused = Answer::Refused(Refused::param("body"), Fields::new());
        assert_eq!(refused.code(), "PARAM_ERROR");
        let text = refused.write(&Fields::new(), (&key, SignType::Md5), "n");
        let fields = xml::read(text.as_bytes()).unwrap();
        assert_eq!((&*fields["result_code"], &*fields["err_code"]), ("FAIL", "PARAM_ERROR"));
        assert_eq!(fields["err_code_des"], "参数错误: body");
        let text = Answer::NotTaken("签名错误").write(&Fields::new(), (&key, SignType::Md5), "n");
        assert_eq!(
            text,
            "<xml><return_code><![CDATA[FAIL]]></return_code>\
             <return_msg><![CDATA[签名错误]]></return_msg></xml>"
        );
    }
}
