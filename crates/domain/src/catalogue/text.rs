//! Filling the placeholders of the catalogue's texts. A text must never reach a person with a
//! brace in it, so a missing value becomes a general word of the language, or nothing.

use super::{Code, Language, PLACEHOLDERS};
use kernel::Timestamp;
use kernel::time::MINUTE;

/// A value for a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Param {
    /// A count.
    Number(i64),
    /// Money in fen, shown as `¥1,234.56`.
    Amount(i64),
    /// Microseconds since 1970 in UTC, shown in the wallet's zone (UTC+8) as `2026-11-21 18:05`.
    /// Rounded up to the minute: a person who waits until the time shown has waited long enough.
    Time(i64),
    /// Words that are already in the language of the reader, or the same in every language.
    Text(String),
}

impl Param {
    /// The value as a person reads it.
    pub fn render(&self) -> String {
        match self {
            Param::Number(number) => number.to_string(),
            Param::Amount(fen) => amount(*fen),
            Param::Time(micros) => time(*micros),
            Param::Text(text) => text.clone(),
        }
    }
}

/// The values for the placeholders of a text, in order. Names without a placeholder are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(pub Vec<(&'static str, Param)>);

impl Params {
    /// The placeholder name that equals `text`, for values that come back from storage.
    pub fn name(text: &str) -> Option<&'static str> {
        PLACEHOLDERS.iter().copied().find(|name| *name == text)
    }

    /// The value called `name`.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(super) fn fill(&self, template: &str, language: Language, code: Code) -> String {
        let mut values: Vec<(&str, String)> =
            self.0.iter().map(|(name, value)| (*name, value.render())).collect();
        values.push(("code", code.as_str().to_owned()));
        fill(template, language, &values)
    }
}

/// Puts the values into the places of `template` and leaves no brace of it behind. A place
/// without a value becomes a general word of the language; values are taken as they are.
pub fn fill(template: &str, language: Language, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after_brace)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after_brace.split_once('}') else {
            rest = after_brace;
            break;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(value),
            None => match general_word(name, language, &filled, after) {
                "" => filled.truncate(filled.trim_end().len()),
                word => filled.push_str(word),
            },
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn general_word(name: &str, language: Language, before: &str, after: &str) -> &'static str {
    match (name, language) {
        ("time", Language::ZhCn) if after.starts_with(" 后") => "一段时间",
        ("time", Language::ZhCn) => "稍后",
        ("time", Language::En) if before.ends_with("after ") => "a while",
        ("time", Language::En) => "a later time",
        ("n", Language::ZhCn) => "若干",
        ("n", Language::En) => "a few",
        ("limit", Language::ZhCn) => "规定金额",
        ("limit", Language::En) => "the permitted amount",
        ("left", Language::ZhCn) => "不足",
        ("left", Language::En) => "too little",
        ("reason", Language::ZhCn) => "未说明原因",
        ("reason", Language::En) => "no reason given",
        _ => "",
    }
}

fn amount(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let (yuan, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    let digits = yuan.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}¥{grouped}.{rest:02}")
}

fn time(micros: i64) -> String {
    let past_the_minute = micros.rem_euclid(MINUTE);
    let wait = if past_the_minute == 0 { 0 } else { MINUTE - past_the_minute };
    let text = Timestamp::from_micros(micros).plus(wait).rfc3339();
    text.chars().take("2026-11-21T18:05".len()).collect::<String>().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_in_yuan_with_two_digits_after_the_point() {
        for (fen, text) in [
            (12_345, "¥123.45"),
            (1, "¥0.01"),
            (0, "¥0.00"),
            (5_000_000, "¥50,000.00"),
            (123_456_789, "¥1,234,567.89"),
            (-100, "-¥1.00"),
            (i64::MIN, "-¥92,233,720,368,547,758.08"),
        ] {
            assert_eq!(Param::Amount(fen).render(), text);
        }
    }

    #[test]
    fn times_are_shown_in_the_wallets_zone_and_never_too_early() {
        let at =
            |text: &str| Param::Time(Timestamp::parse_rfc3339(text).unwrap().micros()).render();
        assert_eq!(at("2026-11-21T10:05:00Z"), "2026-11-21 18:05");
        assert_eq!(at("2026-11-21T10:05:00.000001Z"), "2026-11-21 18:06");
        assert_eq!(at("2026-12-31T16:00:00Z"), "2027-01-01 00:00");
        assert_eq!(Param::Time(i64::MAX).render(), "9999-01-01 07:59");
    }

    #[test]
    fn a_missing_value_becomes_a_general_word() {
        let none = Params::default();
        for (code, zh, en) in [
            (Code::OtpInvalid, "验证码错误，还可尝试 若干 次", "Wrong code; a few tries left"),
            (
                Code::OtpResendTooSoon,
                "请于 一段时间 后重新获取",
                "Request a new code after a while",
            ),
            (
                Code::SystemMaintenance,
                "系统维护中，预计 稍后 恢复",
                "Under maintenance, back at about a later time",
            ),
            (
                Code::WithdrawBalanceAndFee,
                "余额不足以支付提现金额和手续费",
                "Balance does not cover amount plus fee",
            ),
            (
                Code::LimitDailyExceeded,
                "超过单日限额，剩余 不足",
                "Daily limit exceeded; too little left",
            ),
            (
                Code::RefundMerchantRejected,
                "商家拒绝退款：未说明原因",
                "The merchant refused: no reason given",
            ),
        ] {
            assert_eq!(code.text(Language::ZhCn, &none), zh);
            assert_eq!(code.text(Language::En, &none), en);
        }
    }

    #[test]
    fn an_unclosed_brace_is_dropped() {
        assert_eq!(fill("wait {time", Language::En, &[]), "wait time");
    }

    #[test]
    fn a_value_is_not_filled_again() {
        let values = [("reason", "{time}".to_owned())];
        assert_eq!(fill("no: {reason}", Language::En, &values), "no: {time}");
    }
}
