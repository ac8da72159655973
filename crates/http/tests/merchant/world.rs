//! A wallet with one merchant, one payer, and a clock that stands still.

use crate::answers;
use apiv3::authorization::{Authorization, RawRequest};
use apiv3::certificate::Certificate;
use apiv3::key_name::Serial;
use apiv3::keys::{PrivateKey, PublicKey};
use apiv3::sign::SignedHeaders;
use apiv3::signers::Signers;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use domain::ledger::OpenSystemAccounts;
use domain::merchant::{OpenidKeys, PlatformKey, PlatformKeyKind};
use domain::order::PayOrder;
use domain::profit::FinishProfit;
use domain::testing::{Person, Plant, transfer};
use domain::{Command, Once, Rules, Tx};
use engine::Engine;
use jiaozi_http::merchant::{
    MerchantRequest, NewMerchant, add_merchant, keep_platform_keys, router,
};
use jiaozi_http::sandbox::{Later, SandboxBank};
use jiaozi_http::{AppParts, AppState, Limits, Shell, SystemShell};
use kernel::crypto::Key32;
use kernel::keys::{KeyRing, Versions};
use kernel::time::SECOND;
use kernel::{Amount, Currency, Timestamp};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use store::queries;
use store_sqlite::{Options, ReaderOptions, SqliteReaders, SqliteStore, Temporary};
use tower::ServiceExt;

/// Who pays.
pub(crate) const PAYER: Person = Person::numbered(1);

/// What the payer holds at first, in fen.
pub(crate) const BALANCE: i64 = 100_000;

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Shell for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn fill(&self, bytes: &mut [u8]) {
        SystemShell::default().fill(bytes);
    }
}

impl engine::Shell for Clock {
    fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn random(&self, bytes: &mut [u8]) {
        self.fill(bytes);
    }

    fn pause(&self, _: Duration) {
        std::thread::yield_now();
    }
}

/// A merchant with its key at hand.
pub(crate) struct Party {
    pub(crate) made: NewMerchant,
    pub(crate) serial: Serial,
    pub(crate) key: PrivateKey,
}

pub(crate) struct World {
    pub(crate) app: AppState,
    pub(crate) router: Router,
    pub(crate) clock: Clock,
    pub(crate) merchant: Party,
    /// Names and public halves of the platform's keys, the certificate's first.
    pub(crate) platform: Vec<(String, PublicKey)>,
    nonces: AtomicU64,
    database: Temporary,
}

/// What came back, its signature checked.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Compares status and whole body; `Null` stands for no body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: Value) {
        let found = if self.body.is_empty() { Value::Null } else { self.json() };
        assert_eq!((self.status, found), (status, body));
    }

    /// The same for an error that has a code and a message only.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, code: &str, message: &str) {
        self.is(status, json!({ "code": code, "message": message }));
    }

    /// Compares a PARAM_ERROR about a field of the body, but for its `value`.
    #[track_caller]
    pub(crate) fn refuses_field(&self, field: &str, issue: &str) {
        let mut body = self.json();
        body["detail"].as_object_mut().unwrap().remove("value");
        let expected = json!({
            "code": "PARAM_ERROR",
            "message": format!("invalid parameter: {field} {issue}"),
            "detail": { "field": field, "location": "body", "issue": issue },
        });
        assert_eq!((self.status, body), (400, expected));
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose merchant pays a fee, in hundredths of a percent.
    pub(crate) async fn with_fee(fee_bp: i64) -> Self {
        let mut world = Self::new().await;
        let request =
            MerchantRequest { name: "Tea house".into(), fee_bp, ..MerchantRequest::default() };
        world.merchant = added(&world.app, &world.clock, &request).await;
        world
    }

    /// Checks the whole database.
    pub(crate) async fn check_books(&self) {
        let report = store::verify::verify(self.app.queries.as_ref(), &|_, _, _| {}).await.unwrap();
        // The money of tests is a top-up that nobody asked for.
        let own = |finding: &&store::verify::Finding| !["B1", "B7"].contains(&finding.rule);
        let findings: Vec<_> = report.findings.iter().filter(own).collect();
        assert!(findings.is_empty(), "{findings:?}");
    }

    /// A world whose edge differs.
    pub(crate) async fn with(change: impl FnOnce(&mut AppState)) -> Self {
        let database = Temporary::new().unwrap();
        let start = Timestamp::parse_rfc3339("2026-11-21T10:00:00+08:00").unwrap();
        let clock = Clock(Arc::new(AtomicI64::new(start.micros())));
        let store = SqliteStore::open(database.path(), Options::default()).unwrap();
        let rules = Arc::new(Rules::default());
        let engine =
            Engine::start(Box::new(store), clock.clone(), rules, engine::Limits::default());
        let engine = engine.unwrap();
        assert!(engine.wait_ready().await);
        let open = OpenSystemAccounts { currency: Currency::Cny, bank: "demo".into() };
        let system = engine.run(open).await.unwrap();
        engine.set_rules(Arc::new(Rules { system, ..Rules::default() }));
        let readers = SqliteReaders::open(database.path(), ReaderOptions::default()).unwrap();
        let mut app = AppState::from(AppParts {
            engine,
            queries: Arc::new(readers),
            keys: Arc::new(ring()),
            shell: Arc::new(clock.clone()),
            sandbox: None,
            people: None,
            inspector: None,
            metrics: Arc::new(String::new),
            callers: Arc::default(),
            signers: Arc::new(Signers::start(Box::new(|| false))),
            unsafe_switches: [].into(),
            public_url: "https://wallet.example".into(),
            limits: Limits::default(),
        });
        let (queries, ring) = (Arc::clone(&app.queries), Arc::clone(&app.keys));
        keep_platform_keys(&app.engine, queries.as_ref(), &ring, &clock).await.unwrap();
        let seed = Plant(|tx: &mut Tx<'_>| {
            let account = PAYER.put(tx)?;
            transfer(tx, tx.rules().system.bank, account, BALANCE)
        });
        app.engine.run(seed).await.unwrap();
        let merchant = add(&app, &clock, "Tea house").await;
        let platform = platform(queries.as_ref()).await;
        change(&mut app);
        let router = router(&app);
        let nonces = AtomicU64::new(0);
        Self { app, router, clock, merchant, platform, nonces, database }
    }

    pub(crate) async fn add_merchant(&self, name: &str) -> Party {
        add(&self.app, &self.clock, name).await
    }

    /// Learns the platform's keys anew.
    pub(crate) async fn know_platform(&mut self) {
        self.platform = platform(self.app.queries.as_ref()).await;
    }

    /// Where the database lies.
    pub(crate) fn folder(&self) -> &Path {
        self.database.folder()
    }

    /// Lets the real clock go on.
    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * SECOND, Ordering::SeqCst);
    }

    /// Lets a second pass and the merchant's request of sharing move its money.
    pub(crate) async fn finish_sharing(&self, out_order_no: &str) {
        self.advance(1).await;
        let (mchid, out_order_no) = (self.merchant.made.mchid.clone(), out_order_no.to_owned());
        self.app.engine.run(FinishProfit { mchid, out_order_no }).await.unwrap();
    }

    /// Moves business time only.
    pub(crate) async fn advance(&self, seconds: i64) {
        self.app.engine.advance_clock(seconds * SECOND).await.unwrap();
    }

    pub(crate) fn nonce(&self) -> String {
        format!("nonce{}", self.nonces.fetch_add(1, Ordering::SeqCst))
    }

    /// A request with the headers that all clients send, not signed.
    pub(crate) fn bare(&self, method: &str, target: &str, body: &[u8]) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(target)
            .header("accept", "application/json")
            .header("user-agent", "test")
            .header("accept-language", "en")
            .body(Body::from(body.to_vec()))
            .unwrap()
    }

    /// The header that a merchant signs a request with.
    pub(crate) fn authorization(
        &self,
        party: &Party,
        (nonce, ahead_s): (&str, i64),
        request: &RawRequest<'_>,
    ) -> String {
        let now_s = Shell::now(&self.clock).seconds() + ahead_s;
        let who = (party.made.mchid.as_str(), &party.serial);
        Authorization::sign(&party.key, who, (nonce, now_s), request)
    }

    /// A request signed by a merchant.
    pub(crate) fn signed(
        &self,
        party: &Party,
        (method, target): (&str, &str),
        body: &[u8],
    ) -> Request<Body> {
        let raw = RawRequest { method, target, body };
        let header = self.authorization(party, (&self.nonce(), 0), &raw);
        let mut request = self.bare(method, target, body);
        request.headers_mut().insert("authorization", header.parse().unwrap());
        request
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send(self.signed(&self.merchant, ("GET", target), b"")).await
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Answer {
        self.post_raw(target, body.to_string().as_bytes()).await
    }

    pub(crate) async fn post_raw(&self, target: &str, body: &[u8]) -> Answer {
        self.send(self.signed(&self.merchant, ("POST", target), body)).await
    }

    /// Sends a request and checks what every answer must have.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let address: SocketAddr = "192.0.2.1:40000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(address));
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        self.check(&answer);
        answers::check(&method, &path, &answer);
        answer
    }

    fn check(&self, answer: &Answer) {
        let signed = SignedHeaders {
            nonce: answer.header("wechatpay-nonce").into(),
            timestamp: answer.header("wechatpay-timestamp").into(),
            serial: answer.header("wechatpay-serial").into(),
            signature: answer.header("wechatpay-signature").into(),
        };
        let key = self.platform.iter().find(|(name, _)| *name == signed.serial);
        assert!(signed.verifies(&key.unwrap().1, &answer.body), "{answer:?}");
        assert_eq!(signed.nonce.len(), 32);
        let scheme = answer.header("wechatpay-signature-type");
        assert_eq!(scheme, "WECHATPAY2-SHA256-RSA2048");
        let (id, result) = answer.header("request-id").split_once('-').unwrap();
        assert_eq!((id.len(), result == "0"), (40, answer.status < 300));
        assert_eq!(answer.header("cache-control"), "no-cache, must-revalidate");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let kind = answer.headers.get("content-type").map(|kind| kind.to_str().unwrap());
        let json = (answer.status != 204).then_some("application/json; charset=utf-8");
        assert_eq!(kind, json);
    }

    /// The body of a Native create.
    pub(crate) fn order(&self, out_trade_no: &str) -> Value {
        json!({
            "appid": self.merchant.made.appid,
            "mchid": self.merchant.made.mchid,
            "description": "一杯茶",
            "out_trade_no": out_trade_no,
            "attach": "table 7",
            "notify_url": "https://tea.example.com/notify",
            "amount": { "total": 1_000, "currency": "CNY" },
        })
    }

    pub(crate) fn refund(&self, out_trade_no: &str, number: &str, fen: i64) -> Value {
        json!({
            "out_trade_no": out_trade_no,
            "out_refund_no": number,
            "reason": "cold tea",
            "amount": { "refund": fen, "total": 1_000, "currency": "CNY" },
        })
    }

    pub(crate) fn by_number(&self, out_trade_no: &str) -> String {
        let mchid = &self.merchant.made.mchid;
        format!("/v3/pay/transactions/out-trade-no/{out_trade_no}?mchid={mchid}")
    }

    /// Places a Native order and gives its prepay id.
    pub(crate) async fn place(&self, out_trade_no: &str) -> String {
        let body = self.order(out_trade_no);
        let answer = self.post("/v3/pay/transactions/native", &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let url = answer.json()["code_url"].as_str().unwrap().to_owned();
        apiv3::create::parse_code_url(&url).unwrap().to_owned()
    }

    /// The payer's name under the merchant's app id.
    pub(crate) fn payer_openid(&self) -> String {
        OpenidKeys::of(&self.app.keys).newest(&self.merchant.made.appid, PAYER.user)
    }

    /// Has the payer pay an order of 10.00, and gives the number of the payment.
    pub(crate) async fn pay(&self, prepay_id: &str) -> String {
        let transaction_id = format!("4200{}{}", "20261121", self.clock.digits(16));
        let command = PayOrder {
            user: PAYER.user,
            session: None,
            wallet: PAYER.wallet,
            prepay_id: prepay_id.into(),
            amount: Amount::fen(1_000).unwrap(),
            password: PAYER.right(),
            factors: 1,
            openid_keys: OpenidKeys::of(&self.app.keys),
            transaction_id: transaction_id.clone(),
            once: Once::State,
        };
        self.app.engine.run(command).await.unwrap();
        transaction_id
    }

    /// Places an order of 10.00 and has it paid.
    pub(crate) async fn paid(&self, out_trade_no: &str) -> String {
        let prepay_id = self.place(out_trade_no).await;
        self.pay(&prepay_id).await
    }
}

fn ring() -> KeyRing {
    let mut byte = 0;
    KeyRing::from_source(|_| {
        byte += 1;
        Versions::try_new(vec![(1, Key32::new([byte; 32]))])
    })
    .unwrap()
}

async fn add(app: &AppState, clock: &Clock, name: &str) -> Party {
    let request = MerchantRequest { name: name.into(), ..MerchantRequest::default() };
    added(app, clock, &request).await
}

async fn added(app: &AppState, clock: &Clock, request: &MerchantRequest) -> Party {
    let made = add_merchant(&app.engine, &app.keys, clock, request).await.unwrap();
    let key = PrivateKey::from_pem(&made.private_key).unwrap();
    let serial = Serial::parse(&made.serial_no).unwrap();
    Party { made, serial, key }
}

async fn platform(from: &dyn store::Queries) -> Vec<(String, PublicKey)> {
    let rows = queries::select::<PlatformKey>(from, "1 = 1 ORDER BY kind", Vec::new()).await;
    let public = |row: PlatformKey| {
        let key = match row.kind {
            PlatformKeyKind::Certificate => Certificate::parse(&row.public).unwrap().public_key,
            PlatformKeyKind::PublicKey => PublicKey::from_pem(&row.public).unwrap(),
        };
        (row.id, key)
    };
    rows.unwrap().into_iter().map(public).collect()
}

/// Stands for a sandbox bank that nobody calls.
pub(crate) struct NoBank;

impl SandboxBank for NoBank {
    fn address(&self) -> String {
        String::new()
    }

    fn raise_clock(&self, _: i64) -> Later<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn inbox(&self, _: Option<String>) -> Later<'_, String> {
        Box::pin(async { Ok(String::new()) })
    }
}

/// Puts a row that no command of the product puts yet, in place of the one of its key.
pub(crate) fn put<R: domain::record::Kept + Clone>(row: R) -> impl Command<Done = ()> {
    Plant(move |tx: &mut Tx<'_>| {
        tx.find::<R>(&row.key())?;
        tx.put(row.clone());
        Ok(())
    })
}
