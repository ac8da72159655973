//! Caps of balance payments: of the class for a life or a year, of the verification for a day.

use super::shop::Person;
use crate::testing::Stage;
use domain::Rules;
use kernel::time::DAY;
use std::sync::Arc;

impl Stage {
    /// Places an order and pays it: the code of the problem, or nothing.
    async fn buy(&self, payer: &Person, number: &str, minor: i64) -> Option<String> {
        self.place(number, minor).await;
        let answer = self.pay(&payer.token, number, number, minor).send().await;
        answer.body["code"].as_str().map(str::to_owned)
    }
}

#[tokio::test]
async fn a_password_alone_pays_a_thousand_yuan_a_day() {
    let stage = Stage::new().await;
    let payer = stage.rich(1, 300_000).await;
    stage.open_shop().await;
    let refused = Some("VERIFY_STRENGTH_LIMIT_EXCEEDED".to_owned());
    assert_eq!(stage.buy(&payer, "too-much", 100_001).await, refused);
    assert_eq!(stage.buy(&payer, "nearly", 99_999).await, None);
    assert_eq!(stage.buy(&payer, "two-fen", 2).await, refused);
    assert_eq!(stage.buy(&payer, "one-fen", 1).await, None);
    let wallet = stage.wallet(&payer.token).await;
    assert_eq!(wallet.body["limits"]["payments_today"]["minor"], 0);
    stage.wait(DAY);
    assert_eq!(stage.buy(&payer, "next-day", 100_000).await, None);
    stage.assert_books_are_right().await;
}

#[tokio::test]
async fn class_one_pays_a_thousand_yuan_in_its_life() {
    let stage = Stage::new().await;
    let person = stage.person(1, false).await;
    let mut payer = stage.with_money(person, 300_000).await;
    assert_eq!(stage.wallet(&payer.token).await.body["identity"]["class"], "CLASS_I");
    stage.open_shop().await;
    assert_eq!(stage.buy(&payer, "first", 60_000).await, None);
    stage.wait(400 * DAY);
    stage.back_again(&mut payer).await;
    let refused = Some("BALANCE_LIFETIME_LIMIT_EXCEEDED".to_owned());
    assert_eq!(stage.buy(&payer, "second", 40_001).await, refused);
}

#[tokio::test]
async fn class_two_pays_so_much_a_year() {
    let stage = Stage::new().await;
    let mut payer = stage.rich(1, 300_000).await;
    assert_eq!(stage.wallet(&payer.token).await.body["identity"]["class"], "CLASS_II");
    stage.open_shop().await;
    let rules = stage.app.rules();
    let rules = Rules { class2_year_minor: 150_000, ..Rules::clone(&rules) };
    stage.app.engine.set_rules(Arc::new(rules));
    assert_eq!(stage.buy(&payer, "first", 100_000).await, None);
    stage.wait(DAY);
    let refused = Some("BALANCE_ANNUAL_LIMIT_EXCEEDED".to_owned());
    assert_eq!(stage.buy(&payer, "second", 50_001).await, refused);
    assert_eq!(stage.buy(&payer, "third", 50_000).await, None);
    stage.wait(60 * DAY);
    stage.back_again(&mut payer).await;
    assert_eq!(stage.buy(&payer, "next-year", 100_000).await, None);
}
