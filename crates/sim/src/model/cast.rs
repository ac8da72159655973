//! The people, cards and merchants that a sequence plays with, put into the rows that registering,
//! verifying, binding and adding would have left.

use super::ask::{Index, Number, OFFICER, Serial, Standing};
use super::house::{House, block_on};
use super::reference::{Person, Reference};
use domain::card::Card;
use domain::ids::{CardId, DeviceId, IdentityId, OtpId, UserId, WalletId};
use domain::ledger::{Account, AccountPath, OpenSystemAccounts, OwnerKind, Purpose};
use domain::merchant::{Merchant, MerchantAppid, MerchantState, Openid, OpenidKeys};
use domain::record::RowKey;
use domain::testing::{self, Plant};
use domain::user::{Otp, OtpPurpose, OtpState, Session, User};
use domain::validate::bin_table::CardKind;
use domain::wallet::{Identity, PaymentPassword, Wallet, WalletState};
use domain::{Halt, Tx};
use engine::Engine;
use kernel::crypto::{Key32, sha256};
use kernel::keys::{KeyRing, Versions};
use kernel::time::{HOUR, SECOND};
use kernel::{Currency, Timestamp};
use std::sync::Arc;

/// What an id is of.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A person who logs in, and their wallet.
    Person,
    /// A verified person.
    Identity,
    /// A card.
    Card,
    /// A top-up or withdrawal.
    Movement,
    /// A challenge on a phone.
    Otp,
}

/// One person's ids.
#[derive(Clone)]
pub struct Ids {
    /// The user.
    pub user: UserId,
    /// Their wallet.
    pub wallet: WalletId,
    /// Who they were verified as.
    pub identity: Option<IdentityId>,
}

/// See the module.
#[derive(Clone)]
pub struct Cast {
    pub(super) tag: u64,
    /// The keys of the installation.
    pub keys: KeyRing,
    /// When the model's time began, in microseconds.
    pub midnight: i64,
    /// The people.
    pub people: Vec<Ids>,
    /// The accounts whose balances the model knows, in its order.
    pub accounts: Vec<i64>,
    /// What they held before.
    pub before: Vec<i64>,
}

impl Cast {
    /// Puts a cast into a house, and the clock to the time of the model.
    pub fn arrange(house: &House, engine: &Engine, model: &Reference) -> Self {
        let tag = house.tag();
        let versions = || Versions::try_new(vec![(1, Key32::new([7; 32]))]);
        let keys = KeyRing::from_source(|_| versions()).expect("every purpose has a key");
        let mut cast = Self {
            tag,
            keys,
            midnight: next_29_december(engine),
            people: Vec::new(),
            accounts: Vec::new(),
            before: Vec::new(),
        };
        for (who, person) in model.people.iter().enumerate() {
            let user = UserId::from_bytes(cast.id(Kind::Person, who as u64));
            let wallet = WalletId::from_bytes(user.bytes());
            let identity = person.identity.map(|identity| cast.identity(identity));
            cast.people.push(Ids { user, wallet, identity });
        }
        let open = OpenSystemAccounts { currency: Currency::Cny, bank: format!("bank {tag}") };
        let system = engine.run_blocking(open).expect("opening accounts refuses nothing");
        engine.set_rules(Arc::new(domain::Rules { system, ..model.rules.clone() }));
        let (putting, model) = (cast.clone(), model.clone());
        let put = engine.run_blocking(Plant(move |tx: &mut Tx<'_>| putting.put(tx, &model)));
        cast.accounts = put.expect("putting rows refuses nothing");
        let theirs = [system.transit_withdrawal, system.income_fee, system.bank, system.suspense];
        cast.accounts.extend(theirs);
        cast.before = cast.look(engine);
        cast
    }

    /// The balances of the accounts.
    pub fn look(&self, engine: &Engine) -> Vec<i64> {
        let accounts = self.accounts.clone();
        let looked = engine.run_blocking(Plant(move |tx: &mut Tx<'_>| {
            tx.want(accounts.iter().map(RowKey::of::<Account>))?;
            accounts.iter().map(|number| Ok(tx.get::<Account>(number)?.balance)).collect()
        }));
        looked.expect("looking refuses nothing")
    }

    /// An id that nothing else in the house has.
    pub fn id(&self, kind: Kind, number: u64) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&(self.tag << 8 | kind as u64).to_be_bytes());
        bytes[8..].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    /// The serial in an id.
    pub fn serial(&self, id: [u8; 16]) -> Serial {
        let (_, tail) = id.split_last_chunk::<8>().expect("an id has 16 bytes");
        u64::from_be_bytes(*tail)
    }

    /// A number that nothing else in the house has, ending with the serial.
    pub fn number(&self, prefix: &str, serial: Serial) -> String {
        format!("{prefix}{:014}{serial:012}", self.tag)
    }

    /// A hash that no other cast has.
    pub fn hash(&self, parts: &[&str]) -> [u8; 32] {
        sha256(&[&self.tag.to_be_bytes(), parts.join("\n").as_bytes()])
    }

    fn identity(&self, identity: Index) -> IdentityId {
        IdentityId::from_bytes(self.id(Kind::Identity, identity as u64))
    }

    /// A card; one that the wallet does not have is nobody's.
    pub fn card(&self, who: Index, card: Index) -> CardId {
        CardId::from_bytes(self.id(Kind::Card, (who * 10 + card) as u64))
    }

    /// Who a key belongs to.
    pub fn owner(&self, who: Index) -> String {
        match who {
            OFFICER => format!("officer {}", self.tag),
            who => self.people[who].user.to_string(),
        }
    }

    /// A merchant's number.
    pub fn mchid(&self, merchant: Index) -> String {
        format!("{:010}", 1_900_000_000 + self.tag * 10 + merchant as u64)
    }

    /// A merchant's app id.
    pub fn appid(&self, merchant: Index) -> String {
        format!("wx{:016x}", self.tag * 10 + merchant as u64)
    }

    /// A merchant's number and its number of an order.
    pub fn order(&self, (merchant, number): Number) -> (String, String) {
        (self.mchid(merchant), format!("T{:08}-{number}", self.tag))
    }

    /// The tag of a payment password.
    pub fn password(&self, who: Index, digits: u8) -> [u8; 32] {
        self.hash(&["password", &who.to_string(), &digits.to_string()])
    }

    /// The hash of a session's token, by the ask that began the session; 0 from the start.
    pub fn session(&self, who: Index, begun_by: Serial) -> [u8; 32] {
        self.hash(&["session", &who.to_string(), &begun_by.to_string()])
    }

    fn phone_index(&self, who: Index) -> [u8; 32] {
        self.hash(&["phone", &who.to_string()])
    }

    /// Logs somebody in again.
    pub fn sign_in(&self, engine: &Engine, who: Index, begun_by: Serial) {
        let (rows, token_hash) = (self.rows(who), self.session(who, begun_by));
        let signed = engine.run_blocking(Plant(move |tx: &mut Tx<'_>| {
            let epoch = tx.get::<User>(&rows.user)?.session_epoch;
            tx.put(Session { token_hash, epoch, ..rows.session_row(tx.now()) });
            Ok(())
        }));
        signed.expect("putting rows refuses nothing");
    }

    /// A code for a reset is on its way.
    pub fn send_otp(&self, engine: &Engine, who: Index, otp: OtpId) {
        let phone_index = self.phone_index(who);
        let sent = engine.run_blocking(Plant(move |tx: &mut Tx<'_>| {
            tx.put(Otp {
                id: otp,
                phone_index,
                purpose: OtpPurpose::ResetPaymentPassword,
                state: OtpState::Sent,
                phone: Vec::new(),
                created_at: tx.now(),
                expires_at: tx.now().plus(300 * SECOND),
            });
            Ok(())
        }));
        sent.expect("putting rows refuses nothing");
    }

    fn put(&self, tx: &mut Tx<'_>, model: &Reference) -> Result<Vec<i64>, Halt> {
        let mut accounts = Vec::new();
        let account =
            |number| (OwnerKind::Merchant, self.mchid(number), Purpose::Balance, Currency::Cny);
        let merchants = 0..model.merchants.len();
        tx.want(merchants.map(|number| RowKey::of::<AccountPath>(&account(number))))?;
        for (number, channels) in model.channels.iter().enumerate() {
            let owned = model.people.iter().filter(|one| one.identity == Some(number));
            let identity = self.identity(number);
            let index = self.hash(&["document", &number.to_string()]);
            let owner = testing::Person { identity, index, ..testing::Person::numbered(0) };
            let (channels, wallets) = ((1 << channels) - 1, owned.count() as i64);
            tx.put(Identity { channels, wallets, ..owner.identity_row(tx.now()) });
        }
        for (who, person) in model.people.iter().enumerate() {
            accounts.push(self.put_person(tx, who, person)?);
        }
        for (number, merchant) in model.merchants.iter().enumerate() {
            let (mchid, added_at) = (self.mchid(number), tx.now());
            let kind = OwnerKind::Merchant;
            let account = tx.open_account(kind, &mchid, Purpose::Balance, Currency::Cny)?;
            let appid = self.appid(number);
            tx.put(MerchantAppid { mchid: mchid.clone(), appid, added_at });
            tx.put(Merchant {
                mchid,
                name: "Tea house".into(),
                state: MerchantState::Active,
                fee_bp: merchant.fee_bp,
                balance_account: account,
                apiv3_key: vec![1],
                allows_profit_return: false,
                public_key_only: false,
                transfer_scenes: String::new(),
                approves_batches: false,
                added_at,
            });
            accounts.push(account);
        }
        Ok(accounts)
    }

    fn put_person(&self, tx: &mut Tx<'_>, who: Index, person: &Person) -> Result<i64, Halt> {
        let (ids, rows, now) = (&self.people[who], self.rows(who), tx.now());
        let account = rows.open_balance(tx)?;
        tx.put(rows.user_row(now));
        tx.put(rows.device_row(now));
        tx.put(Session { token_hash: self.session(who, 0), ..rows.session_row(now) });
        tx.put(Wallet {
            state: match person.standing {
                Standing::Opening => WalletState::Opening,
                _ => WalletState::Active,
            },
            identity: ids.identity,
            has_password: !person.passwords.is_empty(),
            cards: person.cards.len() as i64,
            ..rows.wallet_row(account, now)
        });
        if let Some(digits) = person.passwords.last() {
            tx.put(PaymentPassword { tag: self.password(who, *digits), ..rows.password_row(now) });
        }
        for (number, card) in person.cards.iter().enumerate() {
            tx.put(Card {
                id: self.card(who, number),
                kind: if card.is_credit { CardKind::Credit } else { CardKind::Debit },
                number_index: self.hash(&["card", &who.to_string(), &number.to_string()]),
                ..rows.card_row(now)
            });
        }
        for merchant in 0..2 {
            let (appid, user) = (self.appid(merchant), ids.user);
            let openid = OpenidKeys::of(&self.keys).newest(&appid, user);
            tx.put(Openid { openid, appid, user });
        }
        Ok(account)
    }

    /// What somebody's rows are made from.
    fn rows(&self, who: Index) -> testing::Person {
        let Ids { user, wallet, .. } = self.people[who];
        let (device, index) = (DeviceId::from_bytes(user.bytes()), self.phone_index(who));
        testing::Person { user, wallet, device, index, ..testing::Person::numbered(0) }
    }
}

/// Moves the clock to the next 29 December, ten o'clock; gives the midnight before.
fn next_29_december(engine: &Engine) -> i64 {
    let now = engine.position().borrow().now;
    let year = now.business_date().year();
    let midnights = (year..).map(|year| {
        let text = format!("{year:04}-12-29T00:00:00+08:00");
        Timestamp::parse_rfc3339(&text).expect("it is written as RFC 3339 wants it")
    });
    let mut later = midnights.filter(|midnight| midnight.plus(10 * HOUR) > now);
    let midnight = later.next().expect("years go on");
    let wait = midnight.plus(10 * HOUR).since(now);
    block_on(engine.advance_clock(wait)).expect("time can pass");
    midnight.micros()
}
