use super::*;
use std::collections::BTreeSet;

#[test]
fn every_row_of_the_file_is_a_code_with_the_same_content() {
    let file = include_str!("../../catalogue/failures.txt");
    let rows: Vec<Vec<&str>> = file
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|columns| columns.len() == 8)
        .collect();
    assert_eq!(rows.len(), Code::all().count());
    for (row, code) in rows.iter().zip(Code::all()) {
        assert_eq!(row[0], code.as_str());
        let status = match code.status() {
            Status::Http(number) => number.to_string(),
            Status::Client => "client".to_owned(),
        };
        assert_eq!(row[1], status);
        assert_eq!(row[3], code.retry().as_str());
        let ids: Vec<&str> = code.remedies().iter().map(|remedy| remedy.id).collect();
        assert_eq!(row[4], ids.join(" "));
        assert_eq!(row[5..], [code.cause(), code.zh(), code.en()]);
        assert_eq!(Code::parse(row[0]), Some(code));
    }
}

#[test]
fn the_catalogue_is_complete() {
    assert_eq!(Code::all().count(), 275);
    assert_eq!(Remedy::all().len(), 60);
    let codes: BTreeSet<&str> = Code::all().map(Code::as_str).collect();
    assert_eq!(codes.len(), 275);
    for (index, remedy) in Remedy::all().iter().enumerate() {
        assert_eq!(remedy.id, format!("R{:02}", index + 1));
    }
    assert_eq!(Code::parse("NO_SUCH_CODE"), None);
}

#[test]
fn every_failure_has_texts_and_something_to_try() {
    for code in Code::all() {
        assert!(!code.remedies().is_empty(), "{code}");
        assert!(!code.sources().is_empty(), "{code}");
        for text in [code.zh(), code.en(), code.cause()] {
            assert!(!text.trim().is_empty(), "{code}");
        }
        assert!(code.en().is_ascii() || code.en().contains('–'), "{code}");
        assert!(!code.zh().is_ascii(), "{code}");
    }
}

#[test]
fn a_status_is_a_notice_or_a_failure() {
    for code in Code::all() {
        match code.status() {
            Status::Http(202) => assert_eq!(code.retry(), Retry::Query, "{code}"),
            Status::Http(status) => assert!((400..=599).contains(&status), "{code}"),
            Status::Client => {}
        }
    }
    let notices = Code::all().filter(|code| code.status() == Status::Http(202));
    assert_eq!(notices.count(), 10);
}

#[test]
fn no_text_keeps_a_brace_with_and_without_values() {
    let values = Params(vec![
        ("n", Param::Number(3)),
        ("time", Param::Time(0)),
        ("limit", Param::Amount(20_000)),
        ("left", Param::Amount(1)),
        ("fee", Param::Amount(10)),
        ("reason", Param::Text("x".to_owned())),
    ]);
    for params in [Params::default(), values] {
        for language in [Language::ZhCn, Language::En] {
            for code in Code::all() {
                let mut texts = vec![code.text(language, &params)];
                texts.extend(code.remedies().iter().map(|r| r.text(language, code, &params)));
                for text in texts {
                    assert!(!text.contains(['{', '}']), "{code}: {text}");
                    assert_eq!(text, text.trim(), "{code}");
                }
            }
        }
    }
}

#[test]
fn known_values_are_filled_in() {
    let params = Params(vec![("n", Param::Number(4))]);
    assert_eq!(Code::OtpInvalid.text(Language::En, &params), "Wrong code; 4 tries left");
    assert_eq!(Code::OtpInvalid.text(Language::ZhCn, &params), "验证码错误，还可尝试 4 次");
    let limit = Params(vec![("limit", Param::Amount(20_000))]);
    let text = Code::RedPacketShareTooLarge.text(Language::En, &limit);
    assert_eq!(text, "A single packet cannot exceed ¥200.00");
}

#[test]
fn the_remedy_for_customer_service_quotes_the_code() {
    let remedies = Code::SystemError.remedies();
    let last = remedies.last().expect("a failure has remedies");
    let text = last.text(Language::En, Code::SystemError, &Params::default());
    assert_eq!(text, "Contact customer service and quote the code SYSTEM_ERROR");
}

#[test]
fn what_an_issuer_answers_is_marked_as_caused_by_the_bank() {
    let answers = [
        Code::BankDeclined,
        Code::CardNumberInvalid,
        Code::CardBankNotSupported,
        Code::CardExpired,
        Code::RiskRejected,
        Code::CardStatusAbnormal,
        Code::CardFundsInsufficient,
        Code::CardInfoUnverifiable,
        Code::BankLimitExceeded,
        Code::BankCountExceeded,
        Code::CardPinTriesExceeded,
        Code::PaymentResultUnknown,
        Code::BankSystemError,
        Code::PaymentFailed,
        Code::CardHolderNameMismatch,
        Code::CardIdMismatch,
        Code::CardPhoneMismatch,
        Code::CardExpiryInvalid,
        Code::CardCvvInvalid,
        Code::CardNotActivated,
        Code::CardIssuerDeclined,
        Code::CardIssuerUnavailable,
        Code::TopupBankDeclined,
        Code::WithdrawBankRejected,
        Code::WithdrawCardClassLimit,
    ];
    for code in answers {
        assert!(code.is_caused_by(Source::Bank), "{code}");
    }
    assert_eq!(Code::all().filter(|code| code.is_caused_by(Source::Bank)).count(), 38);
}

#[test]
fn an_unknown_outcome_asks_to_look_before_repeating() {
    assert_eq!(Code::ResultUnknown.status(), Status::Http(503));
    assert_eq!(Code::ResultUnknown.retry(), Retry::Query);
}

#[test]
fn placeholder_names_come_back_from_storage() {
    assert_eq!(Params::name("limit"), Some("limit"));
    assert_eq!(Params::name("secret"), None);
}
