//! Payment codes of the cast, for races: what a person's device shows, and what a merchant's till
//! makes of it.

use super::ask::{Answer, Index, Number, Serial};
use super::product::{Product, done, fen};
use domain::ids::DeviceId;
use domain::merchant::OpenidKeys;
use domain::order::{PayOrder, ProfitSharing};
use domain::payment_code::{
    CodeContent, Digits, PasswordRule, PayByCode, PresentedCode, RefuseOrder, ReverseOrder,
    TurnOnPaymentCodes, order_reference,
};
use domain::refund::OrderOfRefund;
use domain::testing;
use domain::wallet::PasswordTry;
use domain::{Once, Rules};
use kernel::ExposeSecret;
use kernel::crypto::sha256;

impl Product {
    /// Somebody's device shows codes from now on.
    ///
    /// # Panics
    /// When the person may not.
    pub fn turn_on_codes(&self, who: Index) {
        let cast = &self.cast;
        let command = TurnOnPaymentCodes {
            user: cast.people[who].user,
            wallet: cast.people[who].wallet,
            device: DeviceId::from_bytes(cast.people[who].user.bytes()),
            session: self.session(who),
            entered: self.right_password(who),
            password: PasswordRule::WhenNeeded,
            locator: self.locator(who),
            once: Once::State,
        };
        self.engine.run_blocking(command).expect("the person has a password and a session");
    }

    /// A code that the device shows, made so many seconds from now.
    ///
    /// # Panics
    /// Never: what is written can be read.
    pub fn code(&self, who: Index, ahead_s: i64, digits: Digits) -> PresentedCode {
        let now = self.engine.position().borrow().now;
        let issued_s = now.seconds() + ahead_s;
        let content = CodeContent { locator: self.locator(who), issued_s, digits };
        let (keys, rules) = (&self.cast.keys.payment_code, Rules::default());
        let text = content.write(keys, &rules);
        PresentedCode::read(keys, text.expose_secret(), now, &rules).expect("a code of ours")
    }

    /// A merchant charges a code.
    pub fn scan(&self, number: Number, amount: i64, code: &PresentedCode, by: Serial) -> Answer {
        let (mchid, out_trade_no) = self.cast.order(number);
        let command = PayByCode {
            fingerprint: sha256(&[mchid.as_bytes(), out_trade_no.as_bytes()]),
            mchid,
            appid: self.cast.appid(number.0),
            out_trade_no,
            description: "Tea".into(),
            amount: fen(amount),
            partner: None,
            attach: None,
            device_id: None,
            profit_sharing: ProfitSharing::No,
            code: code.clone(),
            openid_keys: OpenidKeys::of(&self.cast.keys),
            transaction_id: self.cast.number("42", by),
        };
        self.run(command, |made| done(0, i64::from(made.is_new), ""))
    }

    /// The payer confirms an order that waits.
    pub fn confirm(&self, who: Index, number: Number, amount: i64, by: Serial) -> Answer {
        let (mchid, out_trade_no) = self.cast.order(number);
        let command = PayOrder {
            user: self.cast.people[who].user,
            session: Some(self.session(who)),
            wallet: self.cast.people[who].wallet,
            prepay_id: order_reference(&mchid, &out_trade_no),
            amount: fen(amount),
            password: self.right_password(who),
            factors: 1,
            openid_keys: OpenidKeys::of(&self.cast.keys),
            transaction_id: self.cast.number("42", by),
            once: Once::State,
        };
        self.run(command, |paid| done(0, paid.amount_minor, ""))
    }

    /// The payer refuses an order that waits.
    pub fn refuse(&self, who: Index, number: Number) -> Answer {
        let (mchid, out_trade_no) = self.cast.order(number);
        let (user, wallet) = (self.cast.people[who].user, self.cast.people[who].wallet);
        let prepay_id = order_reference(&mchid, &out_trade_no);
        self.run(RefuseOrder { user, wallet, prepay_id }, |()| done(0, 0, ""))
    }

    /// The merchant takes a payment back.
    pub fn reverse(&self, number: Number, by: Serial) -> Answer {
        let (mchid, out_trade_no) = self.cast.order(number);
        let command = ReverseOrder {
            mchid,
            sub_mchid: None,
            order: OrderOfRefund::OutTradeNo(out_trade_no),
            appid: None,
            sub_appid: None,
            reason: "reversed".into(),
            refund_id: self.cast.number("50", by),
            payout: testing::payout_of(&self.cast.number("50", by)),
        };
        self.run(command, |()| done(0, 0, ""))
    }

    fn locator(&self, who: Index) -> i64 {
        i64::try_from(self.cast.tag * 100 + who as u64).expect("houses are small")
    }

    fn right_password(&self, who: Index) -> PasswordTry {
        PasswordTry { tags: vec![(1, self.cast.password(who, 1))], last_try: [1; 32] }
    }
}
