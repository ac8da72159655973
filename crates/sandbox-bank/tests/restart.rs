//! What a bank process keeps when it ends, and when it refuses to start.

#![expect(clippy::unwrap_used, reason = "a failed step of a test is a failed test")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use jiaozi_sandbox_bank::{Config, Error, run};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const SECRET: &str = "a-shared-secret-of-the-test";

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

fn config(folder: &Path) -> Config {
    Config {
        data_dir: folder.to_owned(),
        listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        secret: SECRET.to_owned(),
        scenarios: String::new(),
        callback_url: None,
        late_after: Duration::from_secs(1),
        end_with_stdin: false,
    }
}

async fn start(folder: &Path) -> Running {
    let (ready, address) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let config = config(folder);
    let task = tokio::spawn(async move {
        let stopped = async move {
            let _ = stopped.await;
        };
        run(config, ready, stopped).await
    });
    Running { address: address.await.unwrap(), stop, task }
}

impl Running {
    async fn end(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }

    async fn post(&self, path: &str, body: serde_json::Value) -> (u16, serde_json::Value) {
        let url = format!("http://{}{path}", self.address);
        let request = reqwest::Client::new().post(url).bearer_auth(SECRET).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }
}

fn check(request_id: &str) -> serde_json::Value {
    serde_json::json!({
        "request_id": request_id, "card_number": "6222020123456789015", "holder_name": "李雷",
        "document_number": "11010519491231002X", "phone": "13800138000",
    })
}

#[tokio::test]
async fn a_restarted_bank_has_its_port_its_clock_and_its_signings() {
    let folder = tempfile::tempdir().unwrap();
    let bank = start(folder.path()).await;
    let address = bank.address;
    let (status, answer) = bank.post("/bank/v1/signings", check("b1")).await;
    assert_eq!((status, answer["status"].as_str()), (200, Some("OTP_SENT")));
    bank.post("/clock", serde_json::json!({ "offset_us": 1_000_000 })).await;
    bank.end().await;

    let bank = start(folder.path()).await;
    assert_eq!(bank.address, address);
    let (status, again) = bank.post("/bank/v1/signings", check("b1")).await;
    assert_eq!((status, again), (200, answer));
    let (_, clock) = bank.post("/clock", serde_json::json!({ "offset_us": 0 })).await;
    assert_eq!(clock["offset_us"], 1_000_000);
    bank.end().await;
}

#[tokio::test]
async fn a_port_that_was_taken_meanwhile_is_left_to_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let bank = start(folder.path()).await;
    let address = bank.address;
    bank.end().await;
    let _other = std::net::TcpListener::bind(address).unwrap();
    let bank = start(folder.path()).await;
    assert_ne!(bank.address, address);
    bank.end().await;
}

#[tokio::test]
async fn bad_requests_and_ids_used_for_something_else_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bank = start(folder.path()).await;
    bank.post("/bank/v1/signings", check("b1")).await;
    let mut other = check("b1");
    other["phone"] = "13900139000".into();
    assert_eq!(bank.post("/bank/v1/signings", other).await.0, 409);
    assert_eq!(bank.post("/bank/v1/signings", check("")).await.0, 400);
    assert_eq!(bank.post("/bank/v1/signings", check("a/b")).await.0, 400);
    for amount in [serde_json::json!(0), serde_json::json!(-1), 100_000_000_000_i64.into()] {
        let debit = serde_json::json!({
            "request_id": "d1", "token": "t", "amount": amount, "currency": "CNY",
        });
        assert_eq!(bank.post("/bank/v1/debits", debit).await.0, 400, "{amount}");
    }
    let fraction = serde_json::json!({
        "request_id": "d1", "token": "t", "amount": 1.5, "currency": "CNY",
    });
    assert_eq!(bank.post("/bank/v1/debits", fraction).await.0, 422);
    bank.end().await;
}

#[tokio::test]
async fn a_bank_without_a_real_secret_or_with_a_bad_list_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let short = Config { secret: "short".to_owned(), ..config(folder.path()) };
    let (ready, _) = oneshot::channel();
    assert!(matches!(run(short, ready, async {}).await, Err(Error::Secret)));
    let bad = Config { scenarios: "BANK_DECLINED,never".to_owned(), ..config(folder.path()) };
    let (ready, _) = oneshot::channel();
    assert!(matches!(run(bad, ready, async {}).await, Err(Error::Scenario { line: 1 })));
}

/// Set in the child process of the test below, to the folder it shall use.
const CHILD: &str = "SANDBOX_BANK_TEST_FOLDER";

#[tokio::test]
async fn child_process() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let config = Config { end_with_stdin: true, ..config(Path::new(&folder)) };
    let (ready, _) = oneshot::channel();
    run(config, ready, std::future::pending()).await.unwrap();
}

#[tokio::test]
async fn a_bank_ends_when_its_standard_input_closes_and_the_next_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process"])
        .env(CHILD, folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    let port_file = folder.path().join("port");
    while !port_file.exists() {
        tokio::task::yield_now().await;
    }
    // The next one is started while the first still runs, as after a killed parent.
    let next = tokio::spawn({
        let folder = folder.path().to_owned();
        async move { start(&folder).await }
    });
    drop(input);
    assert!(child.wait().await.unwrap().success());
    next.await.unwrap().end().await;
}
