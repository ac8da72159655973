//! A merchant's server: it signs what it sends, checks what it gets, and receives notifications.

use super::client::{Differs, Told};
use super::random;
use apiv3::aead::{AeadNonce, ApiV3Key};
use apiv3::authorization::{Authorization, RawRequest};
use apiv3::certificate::Certificate;
use apiv3::key_name::Serial;
use apiv3::keys::PrivateKey;
use apiv3::notification::open;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

/// What a merchant knows of itself.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// Its number.
    pub mchid: String,
    /// Its app id.
    pub appid: String,
    /// The serial number of its certificate.
    pub serial_no: String,
    /// The file of its private key.
    pub private_key_file: String,
    /// The file of its certificate.
    #[serde(default)]
    pub certificate_file: String,
    /// Its APIv3 key.
    pub apiv3_key: String,
    /// Its key for the XML interface; empty if it has none.
    #[serde(default)]
    pub apiv2_key: String,
}

/// See the module.
pub struct Shop {
    http: reqwest::Client,
    base: Mutex<String>,
    /// What it knows of itself.
    pub credentials: Credentials,
    key: PrivateKey,
    serial: Serial,
    platform: Option<Certificate>,
    inbox: Inbox,
    /// Where it receives notifications.
    pub notify_url: String,
}

/// A received notification, as it came.
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

#[derive(Clone, Default)]
struct Inbox {
    received: Arc<Mutex<Vec<Received>>>,
    /// How many more notifications are answered with an error.
    failures: Arc<Mutex<u32>>,
}

/// A notification that was verified and decrypted.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its id, the same at each delivery.
    pub id: String,
    /// What happened.
    pub event_type: String,
    /// The decrypted resource.
    pub resource: Value,
}

const PATIENCE: Duration = Duration::from_secs(30);

impl Shop {
    /// Opens the shop: reads its key, starts its receiver, fetches the platform's certificate.
    pub async fn open(http: &reqwest::Client, base: &str, credentials: Credentials) -> Told<Self> {
        let pem = std::fs::read_to_string(&credentials.private_key_file)
            .map_err(|error| Differs(format!("no private key of the merchant: {error}")))?;
        let key = PrivateKey::from_pem(&pem);
        let key = key.map_err(|error| Differs(format!("bad private key: {error}")))?;
        let serial = Serial::parse(&credentials.serial_no);
        let serial = serial.ok_or_else(|| Differs("bad certificate serial number".into()))?;
        let inbox = Inbox::default();
        let notify_url = receive(inbox.clone()).await?;
        let base = Mutex::new(base.trim_end_matches('/').to_owned());
        let http = http.clone();
        let platform = None;
        let mut shop = Self { http, base, credentials, key, serial, platform, inbox, notify_url };
        shop.platform = Some(shop.fetch_certificate().await?);
        Ok(shop)
    }

    /// The server answers elsewhere from now on: it was started again.
    pub fn moved(&self, base: &str) {
        base.trim_end_matches('/')
            .clone_into(&mut self.base.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn fetch_certificate(&self) -> Told<Certificate> {
        let (status, answer) = self.call("GET", "/v3/certificates", None).await?;
        let listed = answer["data"].as_array().and_then(|all| all.last()).cloned();
        let sealed = listed.unwrap_or_default()["encrypt_certificate"].clone();
        let part = |name: &str| sealed[name].as_str().unwrap_or_default().to_owned();
        let nonce = AeadNonce::parse(&part("nonce"));
        let plain = nonce.and_then(|nonce| {
            self.apiv3_key().open(&nonce, &part("associated_data"), &part("ciphertext"))
        });
        let pem = plain.and_then(|plain| String::from_utf8(plain).ok());
        let certificate = pem.and_then(|pem| Certificate::parse(&pem).ok());
        certificate.ok_or_else(|| Differs(format!("no platform certificate: {status} {answer}")))
    }

    fn apiv3_key(&self) -> ApiV3Key {
        ApiV3Key::parse(&self.credentials.apiv3_key).expect("the merchant's APIv3 key has 32 bytes")
    }

    /// Sends a signed request and checks the signature of the answer.
    pub async fn call(
        &self,
        method: &str,
        target: &str,
        body: Option<&Value>,
    ) -> Told<(u16, Value)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = RawRequest { method, target, body: body.as_bytes() };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let nonce = hex::encode(random::bytes::<16>());
        let caller = (self.credentials.mchid.as_str(), &self.serial);
        let header = Authorization::sign(&self.key, caller, (&nonce, now as i64), &request);
        let url = {
            let base = self.base.lock().unwrap_or_else(PoisonError::into_inner);
            format!("{base}{target}")
        };
        let method = reqwest::Method::from_bytes(method.as_bytes())
            .map_err(|_| Differs(format!("no such method: {method}")))?;
        let response = self
            .http
            .request(method, url)
            .header("authorization", header)
            .header("accept", "application/json")
            .header("user-agent", "jiaozi-demo")
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = response.bytes().await?;
        if let Some(platform) = &self.platform
            && !is_signed(&headers, &bytes, platform)
        {
            return Err(Differs(format!("{target}: the answer's signature is wrong")));
        }
        let answer = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).map_err(|_| Differs(format!("{target}: not JSON")))?
        };
        Ok((status, answer))
    }

    /// Sends what must be answered with this status.
    pub async fn expect(
        &self,
        status: u16,
        method: &str,
        target: &str,
        body: Option<&Value>,
    ) -> Told<Value> {
        match self.call(method, target, body).await? {
            (got, answer) if got == status => Ok(answer),
            (got, answer) => {
                Err(Differs(format!("{method} {target}: {got} {answer}, expected {status}")))
            }
        }
    }

    /// Sends what must be refused with this code.
    pub async fn refused(&self, target: &str, body: &Value, code: &str) -> Told<Value> {
        match self.call("POST", target, Some(body)).await? {
            (status, answer) if status >= 400 && answer["code"] == code => Ok(answer),
            (status, answer) => {
                Err(Differs(format!("{target}: {status} {answer}, expected {code}")))
            }
        }
    }

    /// Lets the next notifications fail.
    pub fn fail_next(&self, count: u32) {
        *self.inbox.failures.lock().unwrap_or_else(PoisonError::into_inner) = count;
    }

    /// Waits for notifications of an event about a number until there are `count`, and checks each.
    pub async fn notified(
        &self,
        event: &str,
        pointer: &str,
        number: &str,
        count: usize,
    ) -> Told<Vec<Notification>> {
        let began = Instant::now();
        loop {
            let opened = self.opened()?;
            let about = |one: &&Notification| {
                one.event_type == event
                    && one.resource.pointer(pointer).and_then(Value::as_str) == Some(number)
            };
            let found: Vec<Notification> = opened.iter().filter(about).cloned().collect();
            if found.len() >= count {
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                return Err(Differs(format!("no {event} for {number} arrived")));
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Everything that arrived so far, verified and decrypted, in the order of arrival.
    ///
    /// # Errors
    ///
    /// If a signature is wrong or something does not open.
    pub fn opened(&self) -> Told<Vec<Notification>> {
        let platform = self.platform.as_ref().expect("an open shop has the certificate");
        let received = self.inbox.received.lock().unwrap_or_else(PoisonError::into_inner);
        let open_one = |one: &Received| {
            if !is_signed(&one.headers, &one.body, platform) {
                return Err(Differs("a notification's signature is wrong".into()));
            }
            let opened = open(&one.body, &self.apiv3_key());
            let opened = opened.ok_or_else(|| Differs("a notification does not open".into()))?;
            let resource = serde_json::from_slice(&opened.resource);
            Ok(Notification {
                id: opened.id,
                event_type: opened.event_type,
                resource: resource.map_err(|_| Differs("a notification is not JSON".into()))?,
            })
        };
        received.iter().map(open_one).collect()
    }
}

fn is_signed(headers: &HeaderMap, body: &[u8], platform: &Certificate) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let parts = (
        header("wechatpay-timestamp"),
        header("wechatpay-nonce"),
        header("wechatpay-signature").and_then(|text| STANDARD.decode(text).ok()),
    );
    let (Some(timestamp), Some(nonce), Some(signature)) = parts else { return false };
    let message: [&[u8]; 6] = [timestamp.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"];
    platform.public_key.verifies(&message, &signature)
}

async fn receive(inbox: Inbox) -> Told<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.map_err(|error| Differs(format!("no receiver: {error}")))?;
    let address = listener.local_addr().map_err(|error| Differs(error.to_string()))?;
    let router = Router::new().route("/notify", post(take)).with_state(inbox);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(format!("http://{address}/notify"))
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut failures = inbox.failures.lock().unwrap_or_else(PoisonError::into_inner);
    let is_failure = *failures > 0;
    *failures = failures.saturating_sub(1);
    let mut received = inbox.received.lock().unwrap_or_else(PoisonError::into_inner);
    received.push(Received { headers, body });
    if is_failure { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
}
