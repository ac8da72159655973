//! Fills a database with people who can pay, by the commands that the product uses: each becomes a
//! user with a session, a wallet, a verified identity, a payment password, a card and a balance.
//! What the outside world would answer (code, authority, issuer, bank) is handed to the commands.

use super::dice::Dice;
use super::pipeline::{Failure, run};
use domain::Once;
use domain::card::{
    BankAnswer, ConfirmationAnswer, RecordCardBinding, StartCardBinding, secrets_place, token_place,
};
use domain::identity::{AuthorityAnswer, RecordVerification, SubmitVerification};
use domain::ids::{
    CardBindingId, CardId, DeviceId, IdentityId, OtpId, TopUpId, UserId, VerificationId, WalletId,
};
use domain::top_up::{RecordTopUp, StartTopUp};
use domain::user::{NewSession, OtpPurpose, OtpTry, Register, RequestOtp, otp_code, phone_place};
use domain::validate::bin_table::CardKind;
use domain::wallet::{
    DocumentKind, OpenWallet, PasswordTry, SetPaymentPassword, name_place, number_place,
};
use engine::Engine;
use http_api::personal::{document_index, password_tags};
use kernel::Amount;
use kernel::ExposeSecret;
use kernel::crypto::{seal, sha256};
use kernel::keys::KeyRing;
use std::sync::Arc;

/// The payment password of everybody.
pub(super) const PASSWORD: &str = "739204";

/// What everybody has at first, in fen: as much as one factor may pay in a day.
const MONEY: i64 = 100_000;

/// Makes people.
#[derive(Clone)]
pub(super) struct People {
    pub(super) engine: Engine,
    pub(super) keys: Arc<KeyRing>,
    pub(super) dice: Dice,
}

/// The ids of one person.
#[derive(Clone, Copy)]
pub(super) struct Person {
    number: u64,
    /// The user.
    pub(super) user: UserId,
    /// Their wallet.
    pub(super) wallet: WalletId,
}

impl Person {
    /// The person of that number.
    pub(super) fn of(dice: Dice, number: u64) -> Self {
        Self {
            number,
            user: UserId::from_bytes(dice.id(1, number)),
            wallet: WalletId::from_bytes(dice.id(2, number)),
        }
    }
}

impl People {
    /// Brings one person from nothing to a wallet with money.
    pub(super) async fn settle(&self, number: u64) -> Result<(), Failure> {
        let person = Person::of(self.dice, number);
        self.register(person).await?;
        let Person { user, wallet, .. } = person;
        run(&self.engine, OpenWallet { user, wallet, once: Once::State }).await?;
        self.verify(person).await?;
        let password = self.password(wallet);
        let (old, weak, once) = (None, None, Once::State);
        let set = SetPaymentPassword { user, wallet, old, new: password, weak, once };
        run(&self.engine, set).await?;
        let card = self.bind_card(person).await?;
        self.top_up(person, card).await
    }

    /// The payment password, entered.
    pub(super) fn password(&self, wallet: WalletId) -> PasswordTry {
        PasswordTry { tags: password_tags(&self.keys, wallet, PASSWORD), last_try: [0; 32] }
    }

    async fn register(&self, Person { number, user, .. }: Person) -> Result<(), Failure> {
        let phone = format!("+86138{number:08}");
        let phone_index = self.keys.blind_index("phone", &phone);
        let sealed = self.seal("phone", number, &phone_place(&phone_index), &phone);
        let (otp, purpose) = (OtpId::from_bytes(self.dice.id(3, number)), OtpPurpose::Register);
        let ask = RequestOtp { otp, purpose, phone_index, phone: sealed.clone() };
        run(&self.engine, ask).await?;
        let code = otp_code(self.keys.otp.newest_key(), otp, purpose);
        let register = Register {
            otp,
            tried: OtpTry::enter(&self.keys, otp, purpose, code.expose_secret()),
            phone_index,
            phone: sealed,
            user,
            session: NewSession {
                device: DeviceId::from_bytes(self.dice.id(4, number)),
                device_name: "bench".into(),
                token_hash: sha256(&[&self.dice.token(number)]),
            },
        };
        run(&self.engine, register).await.map(drop)
    }

    async fn verify(&self, Person { number, user, wallet }: Person) -> Result<(), Failure> {
        let document = DocumentKind::ResidentId;
        let resident_id = format!("11010119{number:010}");
        let document_index = document_index(&self.keys, document, "", &resident_id);
        let verification = VerificationId::from_bytes(self.dice.id(5, number));
        let submit = SubmitVerification {
            verification,
            user,
            wallet,
            document,
            document_index,
            name: self.seal("name", number, &name_place(&document_index), "测试员"),
            number: self.seal("number", number, &number_place(&document_index), &resident_id),
            consent: "identity-1".into(),
            once: Once::State,
        };
        run(&self.engine, submit).await?;
        let answer = AuthorityAnswer::Match { phone: true };
        let identity = IdentityId::from_bytes(self.dice.id(6, number));
        run(&self.engine, RecordVerification { verification, answer, identity }).await.map(drop)
    }

    async fn bind_card(&self, person: Person) -> Result<CardId, Failure> {
        let Person { number, user, wallet } = person;
        let binding = CardBindingId::from_bytes(self.dice.id(7, number));
        let card = CardId::from_bytes(self.dice.id(8, number));
        let digits = format!("622202{number:013}");
        let random = self.dice.seal_random("card", number);
        let start = StartCardBinding {
            user,
            wallet,
            binding,
            card,
            bank: "ICBC".into(),
            kind: CardKind::Debit,
            bin: "622202".into(),
            last_four: digits[15..].into(),
            expiry_month: None,
            number_index: self.keys.blind_index("card", &digits),
            secrets: seal(&self.keys.card_data, &secrets_place(binding), b"{}", &random),
            once: Once::State,
        };
        run(&self.engine, start).await?;
        let token = self.seal("card token", number, &token_place(card), &digits);
        let answer = ConfirmationAnswer::Bound { token };
        run(&self.engine, RecordCardBinding { binding, confirmation: 0, answer }).await?;
        Ok(card)
    }

    async fn top_up(&self, person: Person, card: CardId) -> Result<(), Failure> {
        let Person { number, user, wallet } = person;
        let top_up = TopUpId::from_bytes(self.dice.id(9, number));
        let start = StartTopUp {
            user,
            wallet,
            card,
            top_up,
            amount: Amount::fen(MONEY).expect("it is within the bounds"),
            password: self.password(wallet),
            once: Once::State,
        };
        run(&self.engine, start).await?;
        let answer = BankAnswer::Done { bank_ref: format!("B{number:020}") };
        run(&self.engine, RecordTopUp { top_up, answer }).await.map(drop)
    }

    fn seal(&self, what: &str, number: u64, place: &[u8], plain: &str) -> Vec<u8> {
        let random = self.dice.seal_random(what, number);
        seal(&self.keys.personal_data, place, plain.as_bytes(), &random)
    }
}
