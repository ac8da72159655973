//! Which card, and which amount, makes the bank do what.
//!
//! A scenario belongs to one phase: a card that fails when money is taken from it can still be
//! signed. Codes of failures come from outside as a text, so this crate knows none by heart; only
//! their prefixes tell when a bank would say such a thing.

use std::collections::HashMap;

use serde::Serialize;

use crate::Error;
use crate::card::{CardKind, ISSUERS, card_number, issuer_of};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

/// How long a credit takes to arrive, in microseconds of business time.
pub(crate) const CREDIT_SETTLES_AFTER: i64 = 2 * HOUR;

/// How long a debit takes that comes too late for what it pays, in microseconds of business time:
/// longer than an order lives that was given no time of its own, which is a week.
const LATE_DEBIT_AFTER: i64 = 8 * 24 * HOUR;

/// When the bank shows the behaviour of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Phase {
    /// The check of the four elements.
    Bind,
    /// Money is taken from the card.
    Debit,
    /// Money is sent to the card.
    Credit,
}

/// What the bank does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Agrees; a credit arrives after [`CREDIT_SETTLES_AFTER`].
    Agree,
    /// Declines with this code.
    Decline(String),
    /// Says pending and agrees after so many microseconds of business time.
    AgreeAfter(i64),
    /// Says pending and declines with the code after so many microseconds of business time.
    DeclineAfter(i64, String),
    /// Agrees, but answers only after the caller's time limit.
    Late,
    /// Agrees, but the connection breaks before the answer.
    Lost,
    /// Agrees, and reports it a second time under another reference.
    Double,
    /// Answers that it declined, and later that it was done.
    DeclinedThenDone,
    /// Answers that it was done, and later that it was given back.
    DoneThenReturned,
    /// Never sees the first request: the connection breaks and nothing is done.
    NeverArrives,
    /// Is too busy for the first two requests.
    Busy,
    /// Agrees, but answers something that nobody can read.
    Garbled,
}

/// A card number with a documented behaviour.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioCard {
    /// The number to bind.
    pub card_number: String,
    /// Short code of the bank.
    pub bank: &'static str,
    /// `DEBIT` or `CREDIT`.
    pub card_kind: &'static str,
    /// The failure code or the name of the scenario.
    pub scenario: String,
    /// When it shows; absent for a card that simply works.
    pub phase: Option<Phase>,
    /// What happens, in Chinese.
    pub zh: String,
    /// What happens, in English.
    pub en: String,
    #[serde(skip)]
    pub(crate) behaviour: Behaviour,
}

/// An ending of an amount with a documented behaviour, on any card without a scenario of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AmountScenario {
    /// The last two digits of the amount in fen.
    pub ending: i64,
    /// What happens, in Chinese.
    pub zh: &'static str,
    /// What happens, in English.
    pub en: &'static str,
    on_credit: bool,
    behaviour: fn() -> Behaviour,
}

/// All scenarios of one bank process.
pub(crate) struct Scenarios {
    cards: Vec<ScenarioCard>,
    by_number: HashMap<(String, Phase), usize>,
}

impl Scenarios {
    /// Reads lines `code` or `code,phase` (`bind`, `debit`, `credit`; without one, the code's
    /// prefix decides) and adds the built-in scenarios.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut cards = Cards { list: plain_cards(), taken: HashMap::new() };
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("code") {
                continue;
            }
            let (code, phase) = line.split_once(',').unwrap_or((line, ""));
            let refused = || Error::Scenario { line: index + 1 };
            let phase = parse_phase(phase.trim(), code).ok_or_else(refused)?;
            cards.add_code(code.trim(), phase);
        }
        for (code, zh, en) in RESPONSE_CODES {
            let behaviour = Behaviour::Decline((*code).to_owned());
            cards.add(DEBIT_RANGE, &format!("iso-{code}"), Phase::Debit, behaviour, zh, en);
        }
        for (name, phases, behaviour, zh, en) in LIES {
            for phase in *phases {
                cards.add(DEBIT_RANGE, name, *phase, behaviour(), zh, en);
            }
        }
        let mut by_number = HashMap::new();
        for (index, card) in cards.list.iter().enumerate() {
            if let Some(phase) = card.phase {
                by_number.insert((card.card_number.clone(), phase), index);
            }
        }
        Ok(Self { cards: cards.list, by_number })
    }

    /// Every card with a documented behaviour, those that simply work first.
    pub fn cards(&self) -> &[ScenarioCard] {
        &self.cards
    }

    /// What the bank does with this card in this phase.
    pub fn of_card(&self, number: &str, phase: Phase) -> Option<&Behaviour> {
        let index = self.by_number.get(&(number.to_owned(), phase))?;
        Some(&self.cards[*index].behaviour)
    }

    /// What the bank does with money on this card: the card decides before the amount.
    pub fn of_movement(&self, number: &str, phase: Phase, amount: i64) -> Behaviour {
        if let Some(behaviour) = self.of_card(number, phase) {
            return behaviour.clone();
        }
        if let Some(family) = FAMILIES.iter().find(|family| number.starts_with(family.prefix)) {
            return if family.phase == phase { (family.behaviour)() } else { Behaviour::Agree };
        }
        AMOUNTS
            .iter()
            .find(|scenario| scenario.ending == amount % 100)
            .filter(|scenario| scenario.on_credit || phase == Phase::Debit)
            .map_or(Behaviour::Agree, |scenario| (scenario.behaviour)())
    }
}

/// The cards that a bank started with this list of codes knows, those that simply work first.
pub fn scenario_cards(codes: &str) -> Result<Vec<ScenarioCard>, Error> {
    Ok(Scenarios::parse(codes)?.cards)
}

const DEBIT_RANGE: (&str, usize) = ("622202", 19);
const CREDIT_RANGE: (&str, usize) = ("622210", 16);
const CROSS_BORDER_RANGE: (&str, usize) = ("427020", 16);

struct Cards {
    list: Vec<ScenarioCard>,
    taken: HashMap<(&'static str, u64), String>,
}

impl Cards {
    fn add_code(&mut self, code: &str, phase: Phase) {
        let range = match code {
            "CARD_EXPIRY_INVALID" | "CARD_CVV_INVALID" => CREDIT_RANGE,
            "CARD_CROSS_BORDER_OFF" | "CARD_3DS_FAILED" | "CARD_BILLING_ADDRESS_INVALID" => {
                CROSS_BORDER_RANGE
            }
            _ => DEBIT_RANGE,
        };
        let (behaviour, zh, en) = behaviour_of_code(code);
        self.add(range, code, phase, behaviour, &zh, &en);
    }

    /// The number follows from the scenario's name, so it stays the same when the list grows.
    fn add(
        &mut self,
        range: (&'static str, usize),
        name: &str,
        phase: Phase,
        behaviour: Behaviour,
        zh: &str,
        en: &str,
    ) {
        let key = format!("{name}/{phase:?}");
        let mut index = 100_000 + fnv1a(&key) % 900_000;
        while let Some(other) = self.taken.get(&(range.0, index)) {
            if *other == key {
                return;
            }
            index = 100_000 + (index + 1 - 100_000) % 900_000;
        }
        self.taken.insert((range.0, index), key);
        let card_number = card_number(range.0, range.1, index);
        let (issuer, kind) = issuer_of(&card_number);
        self.list.push(ScenarioCard {
            card_number,
            bank: issuer.code,
            card_kind: kind.as_str(),
            scenario: name.to_owned(),
            phase: Some(phase),
            zh: zh.to_owned(),
            en: en.to_owned(),
            behaviour,
        });
    }
}

/// Two debit cards and a credit card of every bank that simply work.
fn plain_cards() -> Vec<ScenarioCard> {
    let mut cards = Vec::new();
    for issuer in ISSUERS {
        let debit = issuer.debit_range().map(|range| (range, [1, 2].as_slice()));
        let credit = issuer.credit_range().map(|range| (range, [1].as_slice()));
        for ((prefix, length), indexes) in [debit, credit].into_iter().flatten() {
            for index in indexes {
                let card_number = card_number(prefix, length, *index);
                let (_, kind) = issuer_of(&card_number);
                let (zh, en) = match kind {
                    CardKind::Debit => ("一切正常", "everything works"),
                    CardKind::Credit => ("一切正常（信用卡）", "everything works (credit card)"),
                };
                cards.push(ScenarioCard {
                    card_number,
                    bank: issuer.code,
                    card_kind: kind.as_str(),
                    scenario: "success".to_owned(),
                    phase: None,
                    zh: zh.to_owned(),
                    en: en.to_owned(),
                    behaviour: Behaviour::Agree,
                });
            }
        }
    }
    cards
}

fn parse_phase(text: &str, code: &str) -> Option<Phase> {
    Some(match text {
        "bind" => Phase::Bind,
        "debit" | "pay" | "topup" => Phase::Debit,
        "credit" | "withdraw" | "refund" => Phase::Credit,
        "" => phase_of_code(code),
        _ => return None,
    })
}

/// The moment a bank would say such a thing.
fn phase_of_code(code: &str) -> Phase {
    let at_debit = ["CARD_FUNDS_INSUFFICIENT", "CARD_SUSPENDED", "CARD_PIN_TRIES_EXCEEDED"];
    if code.starts_with("WITHDRAW_") || code.starts_with("REFUND_") {
        Phase::Credit
    } else if code.starts_with("CARD_") && !at_debit.contains(&code) {
        Phase::Bind
    } else {
        Phase::Debit
    }
}

/// Most codes are a plain no; those that tell of waiting are played as waiting.
fn behaviour_of_code(code: &str) -> (Behaviour, String, String) {
    let settles = |after: i64, zh: &str, en: &str| {
        (
            Behaviour::AgreeAfter(after),
            format!("先处理中，{zh}后成功"),
            format!("pending, done {en}"),
        )
    };
    match code {
        "WITHDRAW_BANK_REJECTED" => (
            Behaviour::DeclineAfter(CREDIT_SETTLES_AFTER, code.to_owned()),
            "先受理，2小时后退回".to_owned(),
            "accepted, sent back 2 hours later".to_owned(),
        ),
        // Longer than any run of holidays, so that the promised day has passed for sure.
        "WITHDRAW_OVERDUE" => settles(21 * 24 * HOUR, "21天", "21 days later"),
        "REFUND_PROCESSING" => settles(48 * HOUR, "2天", "2 days later"),
        _ if code.ends_with("_DELAY") => settles(26 * HOUR, "26小时", "26 hours later"),
        _ if code.ends_with("_UNKNOWN") => settles(10 * MINUTE, "10分钟", "10 minutes later"),
        _ => (
            Behaviour::Decline(code.to_owned()),
            format!("拒绝：{code}"),
            format!("declined with {code}"),
        ),
    }
}

/// FNV-1a: short, and the same on every machine and in every version.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Response codes as card networks use them (field 39 of ISO 8583), answered at debit.
const RESPONSE_CODES: &[(&str, &str, &str)] = &[
    ("01", "请联系发卡行", "refer to the issuer"),
    ("05", "不予承兑", "do not honour"),
    ("14", "卡号无效", "no such card"),
    ("15", "无此发卡行", "no such issuer"),
    ("33", "过期卡", "expired card"),
    ("34", "有作弊嫌疑", "suspected fraud"),
    ("41", "挂失卡", "lost card"),
    ("43", "被窃卡", "stolen card"),
    ("51", "余额不足", "not enough money"),
    ("54", "卡已过期", "card expired"),
    ("55", "密码或信息有误", "wrong secret or details"),
    ("57", "不允许持卡人进行的交易", "not permitted to this card holder"),
    ("59", "疑似欺诈", "suspected fraud"),
    ("61", "超出金额限制", "above the amount limit"),
    ("62", "受限制的卡", "restricted card"),
    ("65", "超出次数限制", "above the count limit"),
    ("75", "密码错误次数超限", "too many wrong PINs"),
    ("91", "发卡行不可用", "issuer not available"),
    ("96", "系统异常", "system malfunction"),
    ("99", "未知原因", "a reason nobody documents"),
];

const MONEY: &[Phase] = &[Phase::Debit, Phase::Credit];
const ALL: &[Phase] = &[Phase::Bind, Phase::Debit, Phase::Credit];

type Lie = (&'static str, &'static [Phase], fn() -> Behaviour, &'static str, &'static str);

const LIES: &[Lie] = &[
    (
        "late",
        ALL,
        || Behaviour::Late,
        "已办理，超时后才应答",
        "done, answered after the time limit",
    ),
    ("lost", ALL, || Behaviour::Lost, "已办理，应答丢失", "done, the answer is lost"),
    (
        "double",
        MONEY,
        || Behaviour::Double,
        "回调两次，第二次流水号不同",
        "reported twice, the second time under another reference",
    ),
    (
        "declined-then-done",
        MONEY,
        || Behaviour::DeclinedThenDone,
        "先说失败，后说成功",
        "answers declined, later says it was done",
    ),
    (
        "done-then-returned",
        MONEY,
        || Behaviour::DoneThenReturned,
        "先说成功，后退回",
        "answers done, later gives it back",
    ),
    (
        "pending",
        ALL,
        || Behaviour::AgreeAfter(10 * MINUTE),
        "处理中，10分钟后成功",
        "pending, agrees 10 minutes later",
    ),
    (
        "never-arrives",
        ALL,
        || Behaviour::NeverArrives,
        "首次请求未到达银行",
        "the first request never reaches the bank",
    ),
    ("busy", ALL, || Behaviour::Busy, "前两次返回503", "answers 503 to the first two requests"),
    (
        "garbled",
        ALL,
        || Behaviour::Garbled,
        "已办理，应答无法解析",
        "done, the answer is unreadable",
    ),
];

/// Cards that share a behaviour and differ in their last digits: a number can be bound to few
/// wallets only, so who plays many people needs many numbers.
struct Family {
    prefix: &'static str,
    phase: Phase,
    behaviour: fn() -> Behaviour,
}

const FAMILIES: &[Family] = &[
    Family {
        prefix: "6214830086",
        phase: Phase::Debit,
        behaviour: || Behaviour::AgreeAfter(10 * MINUTE),
    },
    Family {
        prefix: "6214830088",
        phase: Phase::Debit,
        behaviour: || Behaviour::AgreeAfter(LATE_DEBIT_AFTER),
    },
    Family {
        prefix: "6214830091",
        phase: Phase::Credit,
        behaviour: || Behaviour::Decline("REFUND_ABNORMAL".to_owned()),
    },
];

/// Endings of amounts, for cards without a scenario of their own.
pub(crate) const AMOUNTS: &[AmountScenario] = &[
    AmountScenario {
        ending: 51,
        zh: "余额不足 (51)",
        en: "not enough money (51)",
        on_credit: false,
        behaviour: || Behaviour::Decline("51".to_owned()),
    },
    AmountScenario {
        ending: 61,
        zh: "超出金额限制 (61)",
        en: "above the amount limit (61)",
        on_credit: false,
        behaviour: || Behaviour::Decline("61".to_owned()),
    },
    AmountScenario {
        ending: 81,
        zh: "已办理，超时后才应答",
        en: "late",
        on_credit: true,
        behaviour: || Behaviour::Late,
    },
    AmountScenario {
        ending: 82,
        zh: "已办理，应答丢失",
        en: "lost",
        on_credit: true,
        behaviour: || Behaviour::Lost,
    },
    AmountScenario {
        ending: 83,
        zh: "回调两次",
        en: "double",
        on_credit: true,
        behaviour: || Behaviour::Double,
    },
    AmountScenario {
        ending: 84,
        zh: "先失败后成功",
        en: "declined, then done",
        on_credit: true,
        behaviour: || Behaviour::DeclinedThenDone,
    },
    AmountScenario {
        ending: 85,
        zh: "先成功后退回",
        en: "done, then returned",
        on_credit: true,
        behaviour: || Behaviour::DoneThenReturned,
    },
    AmountScenario {
        ending: 86,
        zh: "处理中，10分钟后成功",
        en: "pending for 10 minutes",
        on_credit: true,
        behaviour: || Behaviour::AgreeAfter(10 * MINUTE),
    },
    AmountScenario {
        ending: 91,
        zh: "发卡行不可用 (91)",
        en: "issuer not available (91)",
        on_credit: true,
        behaviour: || Behaviour::Decline("91".to_owned()),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::card::is_card_number;

    const CODES: &str = "code,phase\nCARD_PHONE_MISMATCH,bind\nCARD_FUNDS_INSUFFICIENT\n\
        BANK_DECLINED\nWITHDRAW_BANK_REJECTED\nCARD_CVV_INVALID\nCARD_PHONE_MISMATCH\n";

    fn card<'a>(cards: &'a Scenarios, name: &str) -> &'a ScenarioCard {
        cards.cards().iter().find(|card| card.scenario == name).unwrap()
    }

    #[test]
    fn every_code_has_one_valid_card_of_its_own() {
        let cards = Scenarios::parse(CODES).unwrap();
        let mut seen = HashSet::new();
        for card in cards.cards() {
            assert!(is_card_number(&card.card_number), "{card:?}");
            assert!(seen.insert(card.card_number.clone()), "{card:?}");
        }
        assert_eq!(card(&cards, "CARD_CVV_INVALID").card_kind, "CREDIT");
        let twice = cards.cards().iter().filter(|card| card.scenario == "CARD_PHONE_MISMATCH");
        assert_eq!(twice.count(), 1);
    }

    #[test]
    fn the_prefix_of_a_code_decides_when_it_shows() {
        let cards = Scenarios::parse(CODES).unwrap();
        for (name, phase) in [
            ("CARD_PHONE_MISMATCH", Phase::Bind),
            ("CARD_FUNDS_INSUFFICIENT", Phase::Debit),
            ("BANK_DECLINED", Phase::Debit),
            ("WITHDRAW_BANK_REJECTED", Phase::Credit),
        ] {
            assert_eq!(card(&cards, name).phase, Some(phase), "{name}");
        }
    }

    #[test]
    fn a_card_keeps_its_number_when_the_list_grows() {
        let small = Scenarios::parse("BANK_DECLINED").unwrap();
        let large = Scenarios::parse(&format!("{CODES}\nCARD_EXPIRED")).unwrap();
        assert_eq!(
            card(&small, "BANK_DECLINED").card_number,
            card(&large, "BANK_DECLINED").card_number
        );
    }

    #[test]
    fn an_unknown_phase_is_refused_with_its_line() {
        let refused = Scenarios::parse("CARD_EXPIRED\nBANK_DECLINED,later").err().unwrap();
        assert!(matches!(refused, Error::Scenario { line: 2 }));
    }

    #[test]
    fn cards_of_a_family_behave_alike() {
        let cards = Scenarios::parse(CODES).unwrap();
        for index in [0, 7, 99_999] {
            for (prefix, wait) in [("6214830086", 10 * MINUTE), ("6214830088", 192 * HOUR)] {
                let slow = card_number(prefix, 16, index);
                let slowly = Behaviour::AgreeAfter(wait);
                assert_eq!(cards.of_movement(&slow, Phase::Debit, 100), slowly);
                assert_eq!(cards.of_movement(&slow, Phase::Credit, 100), Behaviour::Agree);
            }
            let closed = card_number("6214830091", 16, index);
            let no = Behaviour::Decline("REFUND_ABNORMAL".to_owned());
            assert_eq!(cards.of_movement(&closed, Phase::Credit, 100), no);
            assert_eq!(cards.of_movement(&closed, Phase::Debit, 100), Behaviour::Agree);
        }
    }

    #[test]
    fn a_scenario_card_ignores_the_ending_of_the_amount() {
        let cards = Scenarios::parse(CODES).unwrap();
        let number = &card(&cards, "BANK_DECLINED").card_number;
        let decline = Behaviour::Decline("BANK_DECLINED".to_owned());
        assert_eq!(cards.of_movement(number, Phase::Debit, 10_051), decline);
        assert_eq!(cards.of_movement(number, Phase::Credit, 10_000), Behaviour::Agree);
        let short = Behaviour::Decline("51".to_owned());
        assert_eq!(cards.of_movement("6222020123456789015", Phase::Debit, 10_051), short);
        assert_eq!(
            cards.of_movement("6222020123456789015", Phase::Credit, 10_051),
            Behaviour::Agree
        );
    }
}
