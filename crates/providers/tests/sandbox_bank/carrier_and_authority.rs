//! The SMS carrier, the identity authority and the pages.

use jiaozi_providers::Unclear;
use jiaozi_providers::identity::{Channel, IdentityAnswer, IdentityAuthority, IdentityCheck};
use jiaozi_providers::sms::{SmsAnswer, SmsCarrier, SmsMessage};

use crate::stage::{Stage, id};

fn message(request: &str, to: &str, text: &str) -> SmsMessage {
    SmsMessage {
        request_id: id(request),
        to: to.to_owned().into(),
        text: text.to_owned().into(),
        purpose: "REGISTER".to_owned(),
    }
}

fn person(request: &str, name: &str) -> IdentityCheck {
    IdentityCheck {
        request_id: id(request),
        document_type: "RESIDENT_ID".to_owned(),
        document_number: "11010519491231002X".to_owned().into(),
        name: name.to_owned().into(),
        phone: Some("+8613800138000".to_owned().into()),
    }
}

fn matched(channels: &[Channel]) -> IdentityAnswer {
    IdentityAnswer::Match { channels: channels.to_vec() }
}

#[tokio::test]
async fn a_message_sent_twice_is_in_the_inbox_once_newest_first() {
    let stage = Stage::start("").await;
    let first = message("s1", "+8613800138000", "code 012345");
    assert_eq!(stage.sms.send(&first).await, SmsAnswer::Accepted);
    assert_eq!(stage.sms.send(&first).await, SmsAnswer::Accepted);
    let second = message("s2", "+8613900139000", "code 678901");
    assert_eq!(stage.sms.send(&second).await, SmsAnswer::Accepted);
    let changed = message("s1", "+8613800138000", "code 999999");
    assert_eq!(stage.sms.send(&changed).await, SmsAnswer::Unknown(Unclear::Status(409)));
    let codes: Vec<_> = stage.messages().await.iter().map(|m| m["code"].clone()).collect();
    assert_eq!(codes, ["678901", "012345"]);
    let filtered = stage.text("/inbox.json?to=13800138000").await;
    assert!(filtered.contains("012345") && !filtered.contains("678901"), "{filtered}");
}

#[tokio::test]
async fn special_numbers_are_refused_swallowed_or_slow() {
    let stage = Stage::start("").await;
    for (request, to, code) in
        [("s1", "+8617000000901", "DELIVERY_FAILED"), ("s2", "17000000902", "PHONE_INVALID")]
    {
        let answer = stage.sms.send(&message(request, to, "x")).await;
        assert_eq!(answer, SmsAnswer::Refused { code: code.to_owned() });
    }
    let swallowed = message("s3", "+8617000000903", "x");
    assert_eq!(stage.sms.send(&swallowed).await, SmsAnswer::Accepted);
    let slow = message("s4", "+8617000000904", "x");
    for _ in 0..2 {
        assert_eq!(stage.sms.send(&slow).await, SmsAnswer::Unknown(Unclear::Status(503)));
    }
    assert_eq!(stage.messages().await.len(), 0);
    assert_eq!(stage.sms.send(&slow).await, SmsAnswer::Accepted);
    assert_eq!(stage.messages().await.len(), 1);
}

#[tokio::test]
async fn the_authority_names_the_channels_that_confirmed_a_person() {
    let stage = Stage::start("").await;
    let both = matched(&[Channel::Document, Channel::Phone]);
    let check = person("i1", "李雷");
    assert_eq!(stage.identity.check(&check).await, both);
    assert_eq!(stage.identity.check(&check).await, both);
    assert_eq!(stage.identity.find_check(&id("i1")).await, both);
    assert_eq!(stage.identity.find_check(&id("i0")).await, IdentityAnswer::NotSeen);
    let document = matched(&[Channel::Document]);
    assert_eq!(stage.identity.check(&person("i2", "李无号")).await, document);
    let without_phone = IdentityCheck { phone: None, ..person("i3", "韩梅梅") };
    assert_eq!(stage.identity.check(&without_phone).await, document);
    let other = person("i1", "韩梅梅");
    assert_eq!(stage.identity.check(&other).await, IdentityAnswer::Unknown(Unclear::Status(409)));
}

#[tokio::test]
async fn special_names_are_refused_pending_or_unavailable() {
    let stage = Stage::start("").await;
    for (request, name, code) in [
        ("i1", "李不符", "INFO_MISMATCH"),
        ("i2", "ANNA MISMATCH", "INFO_MISMATCH"),
        ("i3", "李过期", "DOCUMENT_EXPIRED"),
    ] {
        let answer = stage.identity.check(&person(request, name)).await;
        assert_eq!(answer, IdentityAnswer::Mismatch { code: code.to_owned() });
    }
    let down = IdentityAnswer::Unknown(Unclear::Status(503));
    let flaky = person("i4", "李稍候");
    for _ in 0..2 {
        assert_eq!(stage.identity.check(&flaky).await, down);
        assert_eq!(stage.identity.find_check(&id("i4")).await, IdentityAnswer::NotSeen);
    }
    let both = matched(&[Channel::Document, Channel::Phone]);
    assert_eq!(stage.identity.check(&flaky).await, both);
    for _ in 0..4 {
        assert_eq!(stage.identity.check(&person("i5", "JOHN DOWN")).await, down);
    }
    let slow = person("i6", "李待审");
    assert_eq!(stage.identity.check(&slow).await, IdentityAnswer::Pending);
    stage.clock.raise_offset(600 * 1_000_000 + 1).await.unwrap();
    assert_eq!(stage.identity.find_check(&id("i6")).await, both);
}

#[tokio::test]
async fn the_pages_show_every_scenario_card_and_escaped_messages() {
    let stage = Stage::start("CARD_PHONE_MISMATCH").await;
    let page = stage.text("/cards").await;
    for card in sandbox_bank::scenario_cards("CARD_PHONE_MISMATCH").unwrap() {
        assert!(page.contains(&card.card_number), "{card:?}");
    }
    stage.sms.send(&message("s1", "+8613800138000", "<script>alert(1)</script>")).await;
    let page = stage.text("/inbox").await;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}

#[tokio::test]
async fn the_clock_goes_forward_only() {
    let stage = Stage::start("").await;
    assert_eq!(stage.clock.raise_offset(5_000_000).await, Ok(5_000_000));
    assert_eq!(stage.clock.raise_offset(1_000_000).await, Ok(5_000_000));
    assert_eq!(stage.clock.raise_offset(-1).await, Err(Unclear::Status(400)));
}
