//! What each scenario promises to the person who meets it.

/// Endings of amounts that any card obeys: the ending in fen, and the scenario that it plays.
pub(crate) const DEBIT_ENDINGS: &[(i64, &str)] = &[
    (51, "iso-51"),
    (61, "iso-61"),
    (81, "late"),
    (82, "lost"),
    (83, "double"),
    (84, "declined-then-done"),
    (85, "done-then-returned"),
    (86, "pending"),
    (91, "iso-91"),
];

/// The same for withdrawals, where 51 and 61 mean nothing.
pub(crate) const CREDIT_ENDINGS: &[(i64, &str)] = &[
    (51, "success"),
    (61, "success"),
    (81, "late"),
    (82, "lost"),
    (83, "double"),
    (84, "declined-then-done"),
    (85, "done-then-returned"),
    (86, "pending"),
    (91, "iso-91"),
];

/// Codes that banks cause and no person can meet yet, with the reason.
pub(crate) const NOT_YET: &[(&str, &str)] = &[
    ("REFUND_PROCESSING", "an order is paid from the balance only, so no refund goes to a card"),
    ("REFUND_ABNORMAL", "an order is paid from the balance only, so no refund goes to a card"),
];

/// How something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promise<'a> {
    /// The last state.
    pub(crate) state: &'static str,
    /// Why.
    pub(crate) code: Option<&'a str>,
    /// How often the amount ends in suspense: -1 when it is missing there.
    pub(crate) suspended: i64,
    /// When it has ended.
    pub(crate) by: By,
}

/// When something has ended, each later than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// As soon as the bank has been asked often enough.
    Asked,
    /// The bank waits ten minutes.
    Minutes,
    /// The two hours of an ordinary payment to a card.
    Hours,
    /// After a day.
    Day,
    /// After two days.
    Days,
    /// Long after the promised day.
    Weeks,
}

impl<'a> Promise<'a> {
    fn good(state: &'static str, by: By) -> Self {
        Self { state, code: None, suspended: 0, by }
    }

    fn bad(state: &'static str, code: &'a str) -> Self {
        Self { state, code: Some(code), suspended: 0, by: By::Asked }
    }

    /// Of the binding of a card.
    pub(crate) fn of_binding(scenario: &'a str) -> Self {
        match scenario {
            "late" | "lost" | "never-arrives" | "busy" | "garbled" => {
                Self::good("BOUND", By::Asked)
            }
            // Nobody waits ten minutes in front of a form.
            "pending" => Self { by: By::Minutes, ..Self::bad("FAILED", "CARD_ISSUER_UNAVAILABLE") },
            code => Self::bad("FAILED", code),
        }
    }

    /// Of a top-up.
    pub(crate) fn of_debit(scenario: &'a str) -> Self {
        let done = Self::good("SUCCESS", By::Asked);
        match scenario {
            "late" | "lost" | "never-arrives" | "busy" | "garbled" => done,
            "double" => Self { suspended: 1, ..done },
            "done-then-returned" => Self { suspended: -1, ..done },
            "declined-then-done" => {
                Self { suspended: 1, ..Self::bad("FAILED", "TOPUP_BANK_DECLINED") }
            }
            "pending" | "PAYMENT_RESULT_UNKNOWN" => Self::good("SUCCESS", By::Minutes),
            code => Self::bad("FAILED", response_code(code)),
        }
    }

    /// Of a withdrawal.
    pub(crate) fn of_credit(scenario: &'a str) -> Self {
        let exception = |suspended| Self {
            state: "EXCEPTION",
            code: Some("WITHDRAW_UNDER_REVIEW"),
            suspended,
            by: By::Hours,
        };
        match scenario {
            "success" | "late" | "lost" | "never-arrives" | "busy" | "garbled" => {
                Self::good("SUCCESS", By::Hours)
            }
            "pending" => Self::good("SUCCESS", By::Minutes),
            "double" => exception(-1),
            "declined-then-done" => exception(-1),
            "done-then-returned" => exception(1),
            "WITHDRAW_BANK_DELAY" => Self::good("SUCCESS", By::Day),
            "REFUND_PROCESSING" => Self::good("SUCCESS", By::Days),
            "WITHDRAW_OVERDUE" => Self::good("SUCCESS", By::Weeks),
            "WITHDRAW_BANK_REJECTED" => Self { by: By::Hours, ..Self::bad("RETURNED", scenario) },
            // What a bank says of a refund, or by a number, is a plain no to a withdrawal.
            "REFUND_ABNORMAL" | "iso-91" => Self::bad("RETURNED", "WITHDRAW_BANK_REJECTED"),
            code => Self::bad("RETURNED", code),
        }
    }
}

/// What a top-up tells of a response code of card networks; a code in words stays what it is.
fn response_code(scenario: &str) -> &str {
    match scenario {
        "iso-14" => "CARD_NUMBER_INVALID",
        "iso-33" | "iso-54" => "CARD_EXPIRED",
        "iso-41" | "iso-43" => "CARD_STATUS_ABNORMAL",
        "iso-51" => "CARD_FUNDS_INSUFFICIENT",
        "iso-61" => "BANK_LIMIT_EXCEEDED",
        "iso-65" => "BANK_COUNT_EXCEEDED",
        "iso-75" => "CARD_PIN_TRIES_EXCEEDED",
        "iso-91" | "iso-96" => "BANK_SYSTEM_ERROR",
        "iso-99" => "PAYMENT_FAILED",
        other if other.starts_with("iso-") => "TOPUP_BANK_DECLINED",
        other => other,
    }
}
