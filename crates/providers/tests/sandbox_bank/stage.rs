//! A sandbox bank of its own for each test, with clients and a place for its callbacks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiaozi_providers::bank::{
    Bank, BankCallback, CardCheck, Confirmation, CreditElements, Movement, SandboxBank,
    SigningAnswer, open_callback,
};
use jiaozi_providers::identity::SandboxIdentity;
use jiaozi_providers::sms::SandboxSms;
use jiaozi_providers::{Connection, RequestId, SandboxClock};
use kernel::{Amount, ExposeSecret, SecretString};
use tokio::sync::{mpsc, oneshot};

const SECRET: &str = "a-shared-secret-of-the-test";

/// The time limit of the clients, far above what a busy machine needs.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The time limit of the client that meets late answers, which wait much longer.
const HASTY_LIMIT: Duration = Duration::from_secs(2);

/// How long the bank's late answers and contradictions wait, in microseconds.
pub const LATE_US: i64 = 60 * 1_000_000;

/// After so long, in microseconds, a credit has arrived.
pub const CREDIT_SETTLED_US: i64 = 2 * 3_600 * 1_000_000 + 1;

/// Everything a test talks to. The bank ends with it.
pub struct Stage {
    pub bank: SandboxBank,
    pub hasty_bank: SandboxBank,
    pub sms: SandboxSms,
    pub identity: SandboxIdentity,
    pub clock: SandboxClock,
    address: SocketAddr,
    codes: String,
    callbacks: mpsc::UnboundedReceiver<BankCallback>,
    _stop: oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Starts a bank that knows these codes.
    pub async fn start(codes: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, callbacks) = receive_callbacks().await;
        let config = sandbox_bank::Config {
            data_dir: folder.path().to_owned(),
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            secret: SECRET.to_owned(),
            scenarios: codes.to_owned(),
            callback_url: Some(url),
            late_after: Duration::from_micros(LATE_US.unsigned_abs()),
            end_with_stdin: false,
        };
        let (ready, address) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            sandbox_bank::run(config, ready, stopped).await.unwrap();
        });
        let address = address.await.unwrap();
        let url = format!("http://{address}");
        let connection = connect(&url, SECRET, TIME_LIMIT);
        Self {
            hasty_bank: SandboxBank::new(connect(&url, SECRET, HASTY_LIMIT)),
            bank: SandboxBank::new(connection.clone()),
            sms: SandboxSms::new(connection.clone()),
            identity: SandboxIdentity::new(connection.clone()),
            clock: SandboxClock::new(connection),
            address,
            codes: codes.to_owned(),
            callbacks,
            _stop: stop,
            _folder: folder,
        }
    }

    /// The card of a scenario.
    pub fn card(&self, name: &str, phase: Option<&str>) -> String {
        let cards = sandbox_bank::scenario_cards(&self.codes).unwrap();
        let phase_of = |phase| serde_json::to_value(phase).unwrap();
        let found = cards
            .into_iter()
            .find(|card| card.scenario == name && phase_of(card.phase).as_str() == phase);
        found.unwrap_or_else(|| panic!("no card for {name}")).card_number
    }

    /// Good elements for a card.
    pub fn check(&self, request: &str, card_number: &str) -> CardCheck {
        CardCheck {
            request_id: id(request),
            card_number: card_number.to_owned().into(),
            holder_name: "李雷".to_owned().into(),
            document_number: "11010519491231002X".to_owned().into(),
            phone: "+8613800138000".to_owned().into(),
            credit: Some(CreditElements {
                expiry: "12/40".to_owned().into(),
                security_code: "123".to_owned().into(),
            }),
        }
    }

    /// Gives the bank a code.
    pub async fn confirm(&self, signing: &str, request: &str, otp: &str) -> SigningAnswer {
        let otp: SecretString = otp.to_owned().into();
        let code = Confirmation { request_id: id(request), signing: id(signing), otp };
        self.bank.confirm_signing(&code).await
    }

    /// Signs a card and returns its token.
    pub async fn sign(&self, card_number: &str) -> String {
        let request = format!("sign-{card_number}");
        self.bank.check_card(&self.check(&request, card_number)).await;
        let code = self.code().await;
        match self.confirm(&request, &format!("{request}-c"), &code).await {
            SigningAnswer::Signed { token } => token.expose_secret().to_owned(),
            other => panic!("{card_number} was not signed: {other:?}"),
        }
    }

    pub fn movement(&self, request: &str, token: &str, amount: Amount) -> Movement {
        Movement { request_id: id(request), token: token.to_owned().into(), amount }
    }

    /// The inbox, newest first.
    pub async fn messages(&self) -> Vec<serde_json::Value> {
        let inbox: serde_json::Value = self.get("/inbox.json").await;
        inbox["messages"].as_array().unwrap().clone()
    }

    /// The code in the newest message.
    pub async fn code(&self) -> String {
        self.messages().await[0]["code"].as_str().unwrap().to_owned()
    }

    /// The bank's business day.
    pub async fn today(&self) -> String {
        self.bank.check_card(&self.check("today", "6222020123456789015")).await;
        self.messages().await[0]["at"].as_str().unwrap()[..10].to_owned()
    }

    /// The next callback.
    pub async fn callback(&mut self) -> BankCallback {
        self.callbacks.recv().await.unwrap()
    }

    /// A client with another secret.
    pub fn stranger(&self) -> SandboxBank {
        let url = format!("http://{}", self.address);
        SandboxBank::new(connect(&url, "not-the-secret-of-the-test", TIME_LIMIT))
    }

    /// What a page of the sandbox shows, without the secret.
    pub async fn text(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.address);
        reqwest::get(url).await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    async fn get(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }
}

/// A request id from good text.
pub fn id(text: &str) -> RequestId {
    RequestId::parse(text).unwrap()
}

/// A client for an address.
pub fn bank_at(url: &str) -> SandboxBank {
    SandboxBank::new(connect(url, SECRET, TIME_LIMIT))
}

fn connect(url: &str, secret: &str, time_limit: Duration) -> Connection {
    Connection::try_new(url, secret.to_owned().into(), time_limit).unwrap()
}

/// Takes callbacks, checks their signature and hands them on.
async fn receive_callbacks() -> (String, mpsc::UnboundedReceiver<BankCallback>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    let app = Router::new().route("/callback", post(take)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, receiver)
}

async fn take(
    State(sender): State<mpsc::UnboundedSender<BankCallback>>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let secret: SecretString = SECRET.to_owned().into();
    let (timestamp, signature) = (header("bank-timestamp"), header("bank-signature"));
    let opened = open_callback(&secret, &timestamp, &signature, &body, i64::try_from(now).unwrap());
    sender.send(opened.unwrap()).unwrap();
    StatusCode::NO_CONTENT
}
