//! The product as the model sees it: an ask becomes the command that the edge would make of it, and
//! what comes back becomes an answer.

use super::ask::{Answer, Ask, BankSays, Freezer, Index, Number, Serial, Standing, What};
use super::cast::{Cast, Kind};
use super::house::{House, block_on};
use super::reference::Reference;
use domain::card::{BankAnswer, BankDecline, BankOperation};
use domain::catalogue::Param;
use domain::ids::{OtpId, TopUpId, WithdrawalId};
use domain::merchant::{Merchant, MerchantState, OpenidKeys};
use domain::order::{
    CardsTaken, CloseOrder, CreateOrder, ExpireOrder, PayOrder, ProfitSharing, TradeType,
};
use domain::refund::{CreateRefund, NoticeForm, OrderOfRefund, RefundSource};
use domain::testing;
use domain::testing::Plant;
use domain::top_up::{RecordTopUp, StartTopUp};
use domain::user::{OtpPurpose, OtpTry, otp_code};
use domain::validate::weak_password::WeakReason;
use domain::wallet::{
    FreezeKind, FreezeWallet, FrozenBy, IdentityTry, LiftedBy, OperatorFreeze, PasswordTry,
    ResetPaymentPassword, SetPaymentPassword, UnfreezeWallet, Wallet, WalletState,
};
use domain::withdrawal::{RecordWithdrawal, StartWithdrawal};
use domain::{Command, Once, Refusal};
use engine::{Engine, Failed};
use kernel::time::SECOND;
use kernel::{Amount, ExposeSecret};
use std::collections::BTreeMap;

/// One cast of people and merchants in a house.
#[derive(Clone)]
pub struct Product {
    pub(super) engine: Engine,
    pub(super) cast: Cast,
    prepaid: BTreeMap<Number, Serial>,
    top_ups: Vec<Serial>,
    /// Which ask began the session that somebody uses.
    sessions: BTreeMap<Index, Serial>,
}

pub(super) fn done(serial: Serial, number: i64, state: &'static str) -> Answer {
    Answer::Done(serial, number, state)
}

pub(super) fn fen(minor: i64) -> Amount {
    Amount::fen(minor).expect("asks move at least one fen")
}

/// The serial at the end of a number that we drew.
fn serial_of(text: &str) -> Serial {
    text[text.len() - 12..].parse().expect("our numbers end with a serial")
}

impl Product {
    /// Brings a new cast into the house, on 29 December at ten of a year that has not come yet.
    pub fn new(house: &House, engine: &Engine, model: &Reference) -> Self {
        let cast = Cast::arrange(house, engine, model);
        Self {
            engine: engine.clone(),
            cast,
            prepaid: BTreeMap::new(),
            top_ups: Vec::new(),
            sessions: BTreeMap::new(),
        }
    }

    /// The same cast, asked through another engine of the house.
    pub fn on(&self, engine: &Engine) -> Self {
        engine.set_rules(self.engine.rules());
        Self { engine: engine.clone(), ..self.clone() }
    }

    /// What everybody holds, in the order of the model.
    pub fn balances(&self) -> Vec<i64> {
        let looked = self.cast.look(&self.engine);
        looked.iter().zip(&self.cast.before).map(|(now, before)| now - before).collect()
    }

    /// Ends what must not stay open, as a worker would.
    pub fn finish(&self, model: &mut Reference) {
        for movement in self.top_ups.clone() {
            let says = BankSays::Declined("51");
            let ask = Ask::of(What::Bank { movement, says });
            assert_eq!(self.bank(movement, says), model.ask(&ask), "{ask:?}");
        }
        assert_eq!(self.balances(), model.balances());
    }

    /// Asks.
    pub fn ask(&mut self, ask: &Ask) -> Answer {
        match ask.what {
            What::Wait => {
                block_on(self.engine.advance_clock(ask.amount)).expect("time can pass");
                done(0, 0, "")
            }
            What::SignIn => self.sign_in(ask.who, ask.serial),
            What::Suspend(is_on) => self.suspend(ask.number.0, is_on),
            What::Stand(standing) => self.stand(ask.who, standing),
            What::Place { life_s, payer } => self.place(ask, (life_s, payer), ProfitSharing::No),
            What::Pay { factors } => self.pay(ask, factors),
            What::Close => {
                let (mchid, out_trade_no) = self.cast.order(ask.number);
                self.run(CloseOrder { mchid, sub_mchid: None, out_trade_no }, |()| done(0, 0, ""))
            }
            What::Expire => {
                let (mchid, out_trade_no) = self.cast.order(ask.number);
                self.run(ExpireOrder { mchid, out_trade_no }, |()| done(0, 0, ""))
            }
            What::Refund { refund, total } => {
                self.refund(ask, (refund, total), RefundSource::Unsettled)
            }
            What::TopUp { card } => self.top_up(ask, card),
            What::Withdraw { card, fee } => self.withdraw(ask, card, fee),
            What::Bank { movement, says } => self.bank(movement, says),
            What::SetPassword { old, is_weak } => self.set_password(ask, old, is_weak),
            What::ResetPassword { is_code_right, is_person_right } => {
                self.reset_password(ask, is_code_right, is_person_right)
            }
            What::Freeze(by) => self.freeze(ask, by),
            What::Unfreeze(by, is_owner) => self.unfreeze(ask, by, is_owner),
        }
    }

    pub(super) fn run<C: Command>(
        &self,
        command: C,
        answer: impl FnOnce(C::Done) -> Answer,
    ) -> Answer {
        self.told(self.engine.run_blocking(command), answer)
    }

    fn told<D, R: Refusal>(
        &self,
        outcome: Result<D, Failed<R>>,
        answer: impl FnOnce(D) -> Answer,
    ) -> Answer {
        let failure = match outcome {
            Ok(done) => return answer(done),
            Err(failed) => failed.failure(),
        };
        let figure = match failure.params.0.first() {
            Some((_, Param::Number(number) | Param::Amount(number))) => *number,
            Some((_, Param::Time(micros))) => micros - self.cast.midnight,
            Some((_, Param::Text(_))) | None => 0,
        };
        Answer::Refused(failure.code, figure)
    }

    fn once(&self, ask: &Ask) -> Once {
        let (owner, key) = ask.key().expect("only asks with a key happen once by it");
        let fingerprint = self.cast.hash(&[&format!("{:?}", ask.content())]);
        Once::Key { owner: self.cast.owner(owner), key: format!("key-{key:012}"), fingerprint }
    }

    fn entered(&self, ask: &Ask, digits: u8) -> PasswordTry {
        let last_try = [format!("{}/{}", ask.wallet, ask.key), digits.to_string()];
        PasswordTry {
            tags: vec![(1, self.cast.password(ask.wallet, digits))],
            last_try: self.cast.hash(&[&last_try[0], &last_try[1]]),
        }
    }

    pub(super) fn place(
        &mut self,
        ask: &Ask,
        (life_s, payer): (Option<i64>, Option<Index>),
        profit_sharing: ProfitSharing,
    ) -> Answer {
        let (mchid, out_trade_no) = self.cast.order(ask.number);
        let appid = self.cast.appid(ask.number.0);
        let now = self.engine.position().borrow().now;
        let command = CreateOrder {
            mchid,
            partner: None,
            out_trade_no,
            trade_type: payer.map_or(TradeType::Native, |_| TradeType::Jsapi),
            description: "Tea".into(),
            amount: fen(ask.amount),
            attach: None,
            notify_url: Some("https://tea.example/notify".into()),
            time_expire: life_s.map(|seconds| now.plus(seconds * SECOND)),
            openid: payer.map(|who| self.openid_keys().newest(&appid, self.cast.people[who].user)),
            device_id: None,
            cards_taken: CardsTaken::All,
            takes_balance: true,
            profit_sharing,
            fingerprint: self.cast.hash(&[&format!("{:?}", ask.content())]),
            prepay_id: self.cast.number("wx", ask.serial),
            appid,
        };
        let answer = self.run(command, |made| done(serial_of(&made.prepay_id), 0, ""));
        if let Answer::Done(serial, ..) = answer {
            self.prepaid.insert(ask.number, serial);
        }
        answer
    }

    pub(super) fn openid_keys(&self) -> OpenidKeys {
        OpenidKeys::of(&self.cast.keys)
    }

    fn pay(&self, ask: &Ask, factors: u32) -> Answer {
        let command = self.payment(ask, factors);
        self.run(command, |paid| done(serial_of(&paid.transaction_id), paid.amount_minor, ""))
    }

    pub(super) fn payment(&self, ask: &Ask, factors: u32) -> PayOrder {
        let prepaid = self.prepaid.get(&ask.number).copied().unwrap_or(0);
        PayOrder {
            user: self.cast.people[ask.who].user,
            session: Some(self.session(ask.who)),
            wallet: self.cast.people[ask.wallet].wallet,
            prepay_id: self.cast.number("wx", prepaid),
            amount: fen(ask.amount),
            password: self.entered(ask, ask.digits),
            factors,
            openid_keys: self.openid_keys(),
            transaction_id: self.cast.number("42", ask.serial),
            once: self.once(ask),
        }
    }

    pub(super) fn refund(
        &self,
        ask: &Ask,
        (refund, total): (Index, i64),
        source: RefundSource,
    ) -> Answer {
        let (mchid, out_trade_no) = self.cast.order(ask.number);
        let command = CreateRefund {
            sub_mchid: None,
            out_refund_no: format!("{mchid}-R{refund}"),
            mchid,
            order: OrderOfRefund::OutTradeNo(out_trade_no),
            amount: fen(ask.amount),
            total: fen(total),
            source,
            reason: None,
            notify_url: None,
            notice_form: NoticeForm::Json,
            refund_id: self.cast.number("50", ask.serial),
            payout: testing::payout_of(&self.cast.number("50", ask.serial)),
        };
        self.run(command, |made| done(serial_of(&made.refund_id), 0, ""))
    }

    fn top_up(&mut self, ask: &Ask, card: Index) -> Answer {
        let command = StartTopUp {
            user: self.cast.people[ask.who].user,
            wallet: self.cast.people[ask.wallet].wallet,
            card: self.cast.card(ask.wallet, card),
            top_up: TopUpId::from_bytes(self.cast.id(Kind::Movement, ask.serial)),
            amount: fen(ask.amount),
            password: self.entered(ask, ask.digits),
            once: self.once(ask),
        };
        let answer = self.run(command, |id| done(self.cast.serial(id.bytes()), 0, ""));
        if let Answer::Done(serial, ..) = answer
            && serial == ask.serial
        {
            self.top_ups.push(serial);
        }
        answer
    }

    fn withdraw(&self, ask: &Ask, card: Index, fee: i64) -> Answer {
        let command = StartWithdrawal {
            user: self.cast.people[ask.who].user,
            wallet: self.cast.people[ask.wallet].wallet,
            card: self.cast.card(ask.wallet, card),
            withdrawal: WithdrawalId::from_bytes(self.cast.id(Kind::Movement, ask.serial)),
            amount: fen(ask.amount),
            expected_fee_minor: fee,
            password: self.entered(ask, ask.digits),
            once: self.once(ask),
        };
        self.run(command, |it| done(self.cast.serial(it.withdrawal.bytes()), it.fee_minor, ""))
    }

    fn bank(&self, movement: Serial, says: BankSays) -> Answer {
        let is_top_up = self.top_ups.contains(&movement);
        let operation = if is_top_up { BankOperation::Debit } else { BankOperation::Credit };
        let bank_ref = |by: u8| self.cast.number(if by == 1 { "R1" } else { "R2" }, movement);
        let answer = match says {
            BankSays::Done(by) => BankAnswer::Done { bank_ref: bank_ref(by) },
            BankSays::Returned(by) => {
                let why = BankDecline::parse("51", operation);
                BankAnswer::Returned { bank_ref: bank_ref(by), why }
            }
            BankSays::Declined(why) => BankAnswer::Declined(BankDecline::parse(why, operation)),
            BankSays::Pending => BankAnswer::Pending,
            BankSays::Unknown => BankAnswer::Unknown,
            BankSays::NotSeen => BankAnswer::NotSeen,
        };
        let id = self.cast.id(Kind::Movement, movement);
        if is_top_up {
            let top_up = TopUpId::from_bytes(id);
            self.run(RecordTopUp { top_up, answer }, |state| done(0, 0, state.as_str()))
        } else {
            let withdrawal = WithdrawalId::from_bytes(id);
            self.run(RecordWithdrawal { withdrawal, answer }, |state| done(0, 0, state.as_str()))
        }
    }

    fn set_password(&self, ask: &Ask, old: Option<u8>, is_weak: bool) -> Answer {
        let ask = Ask { wallet: ask.who, ..*ask };
        let command = SetPaymentPassword {
            user: self.cast.people[ask.who].user,
            wallet: self.cast.people[ask.who].wallet,
            old: old.map(|digits| self.entered(&ask, digits)),
            new: self.entered(&ask, ask.digits),
            weak: is_weak.then_some(WeakReason::Common),
            once: self.once(&ask),
        };
        self.run(command, |set| done(0, 0, set.state.as_str()))
    }

    fn reset_password(&self, ask: &Ask, is_code_right: bool, is_person_right: bool) -> Answer {
        let once = self.once(ask);
        let ask = Ask { wallet: ask.who, ..*ask };
        let otp = OtpId::from_bytes(self.cast.id(Kind::Otp, ask.serial));
        self.cast.send_otp(&self.engine, ask.who, otp);
        let purpose = OtpPurpose::ResetPaymentPassword;
        let code = otp_code(self.cast.keys.otp.newest_key(), otp, purpose);
        let entered = if is_code_right { code.expose_secret() } else { "" };
        let command = ResetPaymentPassword {
            user: self.cast.people[ask.who].user,
            wallet: self.cast.people[ask.who].wallet,
            session: self.session(ask.who),
            otp,
            code: OtpTry::enter(&self.cast.keys, otp, purpose, entered),
            person: IdentityTry {
                identity: self.cast.people[ask.who].identity,
                is_right: is_person_right,
                last_try: self.cast.hash(&["person", &ask.who.to_string(), &ask.key.to_string()]),
            },
            new: self.entered(&ask, ask.digits),
            weak: None,
            once,
        };
        let midnight = self.cast.midnight;
        self.run(command, |it| done(0, it.capped_until.micros() - midnight, it.state.as_str()))
    }

    fn freeze(&self, ask: &Ask, by: Freezer) -> Answer {
        let operator = |kind| FrozenBy::Operator { name: "lin".into(), kind, reason: "r".into() };
        let command = FreezeWallet {
            wallet: self.cast.people[ask.who].wallet,
            by: match by {
                Freezer::Owner => FrozenBy::Owner(self.cast.people[ask.who].user),
                Freezer::Risk => operator(OperatorFreeze::Risk),
                Freezer::Judge => operator(OperatorFreeze::Judicial),
            },
            once: self.once(ask),
        };
        self.run(command, |_| done(0, 0, ""))
    }

    fn unfreeze(&self, ask: &Ask, by: Freezer, is_owner: bool) -> Answer {
        let once = self.once(ask);
        let ask = Ask { wallet: ask.who, ..*ask };
        let kind = match by {
            Freezer::Owner => FreezeKind::User,
            Freezer::Risk => FreezeKind::Risk,
            Freezer::Judge => FreezeKind::Judicial,
        };
        let user = self.cast.people[ask.who].user;
        let by = if is_owner {
            LiftedBy::Owner { user, password: self.entered(&ask, ask.digits) }
        } else {
            LiftedBy::Operator { name: "lin".into(), kind }
        };
        let command = UnfreezeWallet { wallet: self.cast.people[ask.who].wallet, by, once };
        self.run(command, |lifted| done(0, 0, lifted.state.as_str()))
    }

    pub(super) fn session(&self, who: Index) -> [u8; 32] {
        self.cast.session(who, self.sessions.get(&who).copied().unwrap_or(0))
    }

    fn sign_in(&mut self, who: Index, begun_by: Serial) -> Answer {
        self.cast.sign_in(&self.engine, who, begun_by);
        self.sessions.insert(who, begun_by);
        done(0, 0, "")
    }

    fn suspend(&self, merchant: Index, is_on: bool) -> Answer {
        let mchid = self.cast.mchid(merchant);
        let state = if is_on { MerchantState::Suspended } else { MerchantState::Active };
        self.arrange(move |tx| {
            let merchant = tx.get::<Merchant>(&mchid)?;
            tx.put(Merchant { state, ..merchant });
            Ok(())
        })
    }

    fn stand(&self, who: Index, standing: Standing) -> Answer {
        let wallet = self.cast.people[who].wallet;
        let state = match standing {
            Standing::Opening => WalletState::Opening,
            Standing::Active => WalletState::Active,
            Standing::Restricted => WalletState::Restricted,
            Standing::Closed => WalletState::Closed,
        };
        self.arrange(move |tx| {
            let wallet = tx.get::<Wallet>(&wallet)?;
            tx.put(Wallet { state, ..wallet });
            Ok(())
        })
    }

    fn arrange(
        &self,
        put: impl Fn(&mut domain::Tx<'_>) -> Result<(), domain::Halt> + Send + 'static,
    ) -> Answer {
        self.run(Plant(put), |_| done(0, 0, ""))
    }
}
