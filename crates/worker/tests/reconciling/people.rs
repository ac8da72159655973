//! Codes by SMS, identities and cards: what only the outside world may see is opened for it alone.

use crate::stage::{CARD, IDENTITY, PERSON, Stage, USER, WALLET};
use domain::Once;
use domain::card::{
    BindingState, Card, CardBinding, CardSecrets, ConfirmCardBinding, StartCardBinding, UnbindCard,
    code_place, secrets_place, token_place,
};
use domain::identity::{SubmitVerification, Verification, VerificationState};
use domain::ids::{CardBindingId, CardId, OtpId, VerificationId};
use domain::job::{Job, JobKind};
use domain::user::{Otp, OtpPurpose, OtpState, RequestOtp, User, otp_code, phone_place};
use domain::validate::bin_table::CardKind;
use domain::wallet::{DocumentKind, Identity, Wallet, name_place, number_place};
use kernel::ExposeSecret;
use kernel::crypto::{open, seal};
use kernel::keys::Versions;
use kernel::time::{MINUTE, SECOND};
use providers::bank::{BankCall, RevokeAnswer, SigningAnswer};
use providers::identity::{Channel, IdentityAnswer};
use providers::sms::SmsAnswer;
use providers::{RequestId, Unclear};

const OTP: OtpId = OtpId::from_bytes([21; 16]);
const VERIFICATION: VerificationId = VerificationId::from_bytes([22; 16]);
const BINDING: CardBindingId = CardBindingId::from_bytes([23; 16]);
const NEW_CARD: CardId = CardId::from_bytes([24; 16]);
const DOCUMENT: [u8; 32] = PERSON.index;
const PHONE: [u8; 32] = [5; 32];

fn sealed(keys: &Versions, place: &[u8], plain: &str) -> Vec<u8> {
    seal(keys, place, plain.as_bytes(), &[8; 56])
}

/// Asks for a code, and gives the same challenge as the carrier knows it.
async fn ask_for_code(stage: &Stage) -> RequestId {
    let phone = sealed(&stage.keys.personal_data, &phone_place(&PHONE), "+8613800138000");
    let (purpose, phone_index) = (OtpPurpose::Register, PHONE);
    let request = RequestOtp { otp: OTP, purpose, phone_index, phone };
    stage.engine.run(request).await.unwrap();
    RequestId::parse(OTP.to_string()).unwrap()
}

async fn until_otp(stage: &Stage, state: OtpState) {
    let reached = async || stage.get::<Otp>(&OTP).await.state == state;
    stage.until(state.as_str(), reached).await;
}

#[tokio::test]
async fn a_code_is_handed_over_until_the_carrier_takes_it_and_then_the_phone_is_forgotten() {
    let stage = Stage::new().await;
    stage.sms.answer(SmsAnswer::Unknown(Unclear::TimedOut));
    let worker = stage.start_worker("one");
    let id = ask_for_code(&stage).await;
    let again = async || stage.job(JobKind::SendOtp, OTP).await.is_some_and(|j| j.attempts == 1);
    stage.until("it is tried again", again).await;
    stage.advance(3 * SECOND).await;
    until_otp(&stage, OtpState::Sent).await;
    worker.stop().await;
    let messages = stage.sms.messages();
    assert_eq!(messages.len(), 2);
    let code = otp_code(stage.keys.otp.newest_key(), OTP, OtpPurpose::Register);
    for message in messages {
        assert_eq!((&message.request_id, message.to.expose_secret()), (&id, "+8613800138000"));
        assert!(message.text.expose_secret().contains(code.expose_secret()));
    }
    assert!(stage.get::<Otp>(&OTP).await.phone.is_empty());
    assert_eq!(stage.all::<Job>().await, []);
}

#[tokio::test]
async fn a_code_that_is_too_old_is_not_sent_any_more() {
    let stage = Stage::new().await;
    ask_for_code(&stage).await;
    stage.advance(5 * MINUTE).await;
    let worker = stage.start_worker("one");
    until_otp(&stage, OtpState::SendFailed).await;
    worker.stop().await;
    assert!(stage.sms.messages().is_empty());
}

async fn submit_verification(stage: &Stage) {
    let keys = &stage.keys.personal_data;
    let phone = sealed(keys, &phone_place(&PHONE), "+8613800138000");
    stage
        .plant(move |tx| {
            let user = tx.get::<User>(&USER)?;
            tx.put(User { phone_index: PHONE, phone: phone.clone(), ..user });
            let wallet = tx.get::<Wallet>(&WALLET)?;
            tx.put(Wallet { identity: None, ..wallet });
            Ok(())
        })
        .await;
    let submit = SubmitVerification {
        verification: VERIFICATION,
        user: USER,
        wallet: WALLET,
        document: DocumentKind::Passport,
        document_index: [30; 32],
        name: sealed(keys, &name_place(&[30; 32]), "LI LEI"),
        number: sealed(keys, &number_place(&[30; 32]), "E12345678"),
        consent: "1".into(),
        once: Once::State,
    };
    stage.engine.run(submit).await.unwrap();
}

#[tokio::test]
async fn an_authority_that_is_away_is_asked_again_and_its_channels_count() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    submit_verification(&stage).await;
    let channels = vec![Channel::Document, Channel::Phone];
    stage.authority.answer(IdentityAnswer::Unknown(Unclear::Connection));
    stage.authority.answer(IdentityAnswer::NotSeen);
    stage.authority.answer(IdentityAnswer::Match { channels });
    let worker = stage.start_worker("one");
    let job = async || stage.job(JobKind::CheckIdentity, VERIFICATION).await;
    stage.until("asked", async || job().await.is_some_and(|job| job.attempts == 1)).await;
    stage.advance(10 * SECOND).await;
    let state = async || stage.get::<Verification>(&VERIFICATION).await.state;
    stage.until("verified", async || state().await == VerificationState::Verified).await;
    worker.stop().await;
    assert_eq!(stage.authority.calls().len(), 3);
    let wallet = stage.get::<Wallet>(&WALLET).await;
    let person = stage.get::<Identity>(&wallet.identity.unwrap()).await;
    assert_eq!((person.channels, person.document), (3, DocumentKind::Passport));
}

async fn start_binding(stage: &Stage) {
    let keys = &stage.keys.personal_data;
    let name = sealed(keys, &name_place(&DOCUMENT), "Li Lei");
    let number = sealed(keys, &number_place(&DOCUMENT), "11010519491231002X");
    stage
        .plant(move |tx| {
            let person = tx.get::<Identity>(&IDENTITY)?;
            tx.put(Identity { name: name.clone(), number: number.clone(), ..person });
            Ok(())
        })
        .await;
    let secrets = CardSecrets {
        number: "6222020123456789015".to_owned().into(),
        phone: "+8613800138000".to_owned().into(),
        expiry: None,
        security_code: None,
    };
    let packed = secrets.pack();
    let start = StartCardBinding {
        user: USER,
        wallet: WALLET,
        binding: BINDING,
        card: NEW_CARD,
        bank: "ICBC".into(),
        kind: CardKind::Debit,
        bin: "622202".into(),
        last_four: "9015".into(),
        expiry_month: None,
        number_index: [31; 32],
        secrets: sealed(&stage.keys.card_data, &secrets_place(BINDING), packed.expose_secret()),
        once: Once::State,
    };
    stage.engine.run(start).await.unwrap();
}

async fn confirm(stage: &Stage) {
    let code = sealed(&stage.keys.card_data, &code_place(BINDING), "123456");
    let confirm = ConfirmCardBinding { user: USER, binding: BINDING, code, once: Once::State };
    stage.engine.run(confirm).await.unwrap();
}

async fn until_binding(stage: &Stage, state: BindingState) -> CardBinding {
    let reached = async || stage.get::<CardBinding>(&BINDING).await.state == state;
    stage.until(state.as_str(), reached).await;
    stage.get::<CardBinding>(&BINDING).await
}

#[tokio::test]
async fn a_card_is_bound_with_the_codes_of_its_bank_and_its_token_is_sealed() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    let wrong = SigningAnswer::WrongCode { tries_left: 4 };
    let token = "tok-2".to_owned().into();
    stage.bank.signing(SigningAnswer::Unknown(Unclear::TimedOut)).signing(SigningAnswer::CodeSent);
    stage.bank.signing(wrong).signing(SigningAnswer::Signed { token });
    let worker = stage.start_worker("one");
    start_binding(&stage).await;
    let job = async || stage.job(JobKind::CheckCard, BINDING).await;
    stage.until("asked", async || job().await.is_some_and(|job| job.attempts == 1)).await;
    stage.advance(10 * SECOND).await;
    assert_eq!(until_binding(&stage, BindingState::OtpSent).await.secrets, None);
    confirm(&stage).await;
    let wrong = async || stage.get::<CardBinding>(&BINDING).await.wrong_codes == 1;
    stage.until("the first code is wrong", wrong).await;
    confirm(&stage).await;
    assert_eq!(until_binding(&stage, BindingState::Bound).await.code, None);
    worker.stop().await;

    let id = |text: String| RequestId::parse(text).unwrap();
    let signing = id(BINDING.to_string());
    let confirmed = |n: i64| {
        let request_id = id(format!("{BINDING}.{n}"));
        BankCall::Confirm { request_id, signing: signing.clone() }
    };
    let check = BankCall::CheckCard(signing.clone());
    let find = BankCall::FindSigning(signing.clone());
    assert_eq!(stage.bank.calls(), [check, find, confirmed(1), confirmed(2)]);
    let card = stage.get::<Card>(&NEW_CARD).await;
    let token = open(&stage.keys.personal_data, &token_place(NEW_CARD), &card.token.unwrap());
    assert_eq!(token.unwrap().as_slice(), b"tok-2");
}

#[tokio::test]
async fn a_binding_that_was_left_is_given_up_and_its_secrets_are_erased() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    start_binding(&stage).await;
    stage.advance(15 * MINUTE).await;
    let worker = stage.start_worker("one");
    let binding = until_binding(&stage, BindingState::Failed).await;
    worker.stop().await;
    assert_eq!((binding.secrets, binding.code), (None, None));
    assert_eq!(stage.bank.calls(), [], "the bank is not asked any more");
}

#[tokio::test]
async fn the_token_of_an_unbound_card_is_revoked_and_erased() {
    let stage = Stage::new().await;
    stage.add_person(1_000).await;
    stage.bank.revocation(RevokeAnswer::Unknown(Unclear::TimedOut));
    stage.bank.revocation(RevokeAnswer::Revoked);
    let worker = stage.start_worker("one");
    let password = PERSON.right();
    let (user, wallet, card) = (USER, WALLET, CARD);
    let unbind = UnbindCard { user, wallet, card, password, once: Once::State };
    stage.engine.run(unbind).await.unwrap();
    let job = async || stage.job(JobKind::RevokeCardToken, CARD).await;
    stage.until("asked", async || job().await.is_some_and(|job| job.attempts == 1)).await;
    stage.advance(10 * SECOND).await;
    stage.until("erased", async || stage.get::<Card>(&CARD).await.token.is_none()).await;
    worker.stop().await;
    assert_eq!(stage.all::<Job>().await, []);
}
