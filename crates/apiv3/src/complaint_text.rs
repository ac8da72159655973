//! The words in which a step of a complaint is shown: those of who did it, and ours for its facts.
//! Merchants read them in Chinese, as the protocol has them, payers in their own language.

use domain::catalogue::Language;
use domain::complaint::{ComplaintLog, PlatformReason, Satisfaction};
use kernel::money::yuan;

/// All that a step says, as one text; empty if it says nothing.
#[must_use]
pub fn step_details(log: &ComplaintLog, language: Language) -> String {
    let refunded = log.refunded.map(|amount| refund(amount.minor(), language));
    let launches = log.launch_refund_day.map(|days| launches(days, language));
    let reason = log.platform_reason.map(|reason| reason_text(reason, language).to_owned());
    let rated = log.satisfaction.map(|found| satisfaction_text(found, language).to_owned());
    let facts = [refunded, launches, reason, rated].into_iter().flatten();
    let words = [&log.details, &log.remark].into_iter().cloned();
    let said: Vec<String> = facts.chain(words).filter(|text| !text.is_empty()).collect();
    said.join(match language {
        Language::ZhCn => "；",
        Language::En => "; ",
    })
}

/// Why a payer asks us to step in.
pub(crate) fn reason_text(reason: PlatformReason, language: Language) -> &'static str {
    match (reason, language) {
        (PlatformReason::NoAnswer, Language::ZhCn) => "商家未回应",
        (PlatformReason::NoAnswer, Language::En) => "The merchant does not answer",
        (PlatformReason::NotAgreed, Language::ZhCn) => "与商家协商不一致",
        (PlatformReason::NotAgreed, Language::En) => "No agreement with the merchant",
        (PlatformReason::Others, Language::ZhCn) => "其他原因",
        (PlatformReason::Others, Language::En) => "Another reason",
    }
}

fn satisfaction_text(found: Satisfaction, language: Language) -> &'static str {
    match (found, language) {
        (Satisfaction::Satisfied, Language::ZhCn) => "满意",
        (Satisfaction::Satisfied, Language::En) => "Satisfied",
        (Satisfaction::Neutral, Language::ZhCn) => "一般",
        (Satisfaction::Neutral, Language::En) => "Neither satisfied nor unsatisfied",
        (Satisfaction::Unsatisfied, Language::ZhCn) => "不满意",
        (Satisfaction::Unsatisfied, Language::En) => "Unsatisfied",
    }
}

fn refund(minor: i64, language: Language) -> String {
    let yuan = yuan(minor);
    match language {
        Language::ZhCn => format!("退款 {yuan} 元"),
        Language::En => format!("Refund of {yuan} yuan"),
    }
}

/// When the merchant starts its refund.
fn launches(days: i64, language: Language) -> String {
    match (days, language) {
        (0, Language::ZhCn) => "当天发起退款".into(),
        (0, Language::En) => "The refund is started today".into(),
        (days, Language::ZhCn) => format!("{days}天内发起退款"),
        (1, Language::En) => "The refund is started within 1 day".into(),
        (days, Language::En) => format!("The refund is started within {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::complaint::{ComplaintState, ComplaintStep};
    use kernel::{Amount, Timestamp};

    fn log(
        words: [&str; 2],
        launch_refund_day: Option<i64>,
        refunded: Option<i64>,
    ) -> ComplaintLog {
        let [details, remark] = words.map(str::to_owned);
        ComplaintLog {
            complaint_id: "C1".into(),
            number: 1,
            step: ComplaintStep::MerchantApproveRefund,
            state: ComplaintState::Processing,
            details,
            staff: String::new(),
            remark,
            launch_refund_day,
            platform_reason: None,
            satisfaction: None,
            refunded: refunded.map(|minor| Amount::fen(minor).unwrap()),
            images: String::new(),
            at: Timestamp::default(),
        }
    }

    #[test]
    fn facts_come_first_in_the_readers_language_and_words_stay_as_they_are() {
        for (log, chinese, english) in [
            (log(["", ""], None, None), "", ""),
            (log(["", "soon"], None, None), "soon", "soon"),
            (log(["", ""], Some(0), None), "当天发起退款", "The refund is started today"),
            (log(["", ""], Some(1), None), "1天内发起退款", "The refund is started within 1 day"),
            (
                log(["", "soon"], Some(3), None),
                "3天内发起退款；soon",
                "The refund is started within 3 days; soon",
            ),
            (log(["hot", "look"], None, None), "hot；look", "hot; look"),
            (log(["", ""], None, Some(500)), "退款 5.00 元", "Refund of 5.00 yuan"),
        ] {
            assert_eq!(step_details(&log, Language::ZhCn), chinese);
            assert_eq!(step_details(&log, Language::En), english);
        }
    }

    #[test]
    fn what_a_payer_chooses_is_told_in_the_readers_language() {
        let asked = ComplaintLog {
            platform_reason: Some(PlatformReason::NoAnswer),
            ..log(["a week", ""], None, None)
        };
        assert_eq!(step_details(&asked, Language::ZhCn), "商家未回应；a week");
        assert_eq!(step_details(&asked, Language::En), "The merchant does not answer; a week");
        let satisfaction = Some(Satisfaction::Unsatisfied);
        let rated = ComplaintLog { satisfaction, ..log(["", ""], None, None) };
        assert_eq!(step_details(&rated, Language::ZhCn), "不满意");
        assert_eq!(step_details(&rated, Language::En), "Unsatisfied");
    }
}
