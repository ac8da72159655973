//! A merchant's server on a local port, that answers as a test tells it.

use crate::stage::{apiv3_key, platform_key};
use apiv3::notification::{Opened, open};
use apiv3::sign::SignedHeaders;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// One request as it arrived.
pub struct Received {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    /// Checks the signature and decrypts, as a merchant does.
    pub fn open(&self) -> Opened {
        assert!(self.is_signed());
        assert_eq!(self.headers["content-type"], "application/json");
        open(&self.body, &apiv3_key()).expect("it opens with the merchant's key")
    }

    /// Whether its signature is right.
    pub fn is_signed(&self) -> bool {
        let header = |name: &str| self.headers[name].clone();
        let signed = SignedHeaders {
            nonce: header("wechatpay-nonce"),
            timestamp: header("wechatpay-timestamp"),
            serial: header("wechatpay-serial"),
            signature: header("wechatpay-signature"),
        };
        signed.verifies(&platform_key().public_key(), &self.body)
    }
}

/// See the module. A status of 0 never answers.
pub struct MerchantServer {
    pub url: String,
    status: Arc<AtomicU16>,
    text: Arc<Mutex<&'static str>>,
    requests: mpsc::UnboundedReceiver<Received>,
}

impl MerchantServer {
    pub async fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notify", listener.local_addr().unwrap());
        let status = Arc::new(AtomicU16::new(status));
        let (sender, requests) = mpsc::unbounded_channel();
        let text = Arc::<Mutex<&str>>::default();
        let (shown, said) = (Arc::clone(&status), Arc::clone(&text));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shown), Arc::clone(&said), sender.clone()));
            }
        });
        Self { url, status, text, requests }
    }

    pub fn now_answers(&self, status: u16) {
        self.status.store(status, SeqCst);
    }

    /// What stands in its answers.
    pub fn now_says(&self, text: &'static str) {
        *self.text.lock().unwrap() = text;
    }

    /// The next request.
    pub async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(Duration::from_secs(30), self.requests.recv());
        next.await.expect("a notification comes").expect("the server runs")
    }

    /// Whether nothing came that was not taken yet.
    pub fn is_quiet(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }
}

async fn serve(
    stream: TcpStream,
    status: Arc<AtomicU16>,
    text: Arc<Mutex<&'static str>>,
    sender: mpsc::UnboundedSender<Received>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut headers = HashMap::new();
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        assert!(line.starts_with("POST /notify "), "{line}");
        loop {
            line.clear();
            stream.read_line(&mut line).await.ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        sender.send(Received { headers, body }).ok()?;
        match status.load(SeqCst) {
            0 => std::future::pending().await,
            status => {
                let text = *text.lock().unwrap();
                let length = text.len();
                let answer =
                    format!("HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\n\r\n{text}");
                stream.write_all(answer.as_bytes()).await.ok()?;
            }
        }
    }
}
