//! What developers reach of the sandbox bank through the wallet: its clock and its inbox.

use crate::bank_process::BankProcess;
use http_api::sandbox::{Later, SandboxBank};
use kernel::ExposeSecret;
use reqwest::{Client, Method, RequestBuilder, Response};
use std::time::Duration;

const ANSWER_TIME: Duration = Duration::from_secs(5);

/// See the module.
pub(crate) struct BankClient {
    bank: BankProcess,
    client: Client,
}

impl BankClient {
    /// A client of a running bank.
    pub(crate) fn try_new(bank: BankProcess) -> reqwest::Result<Self> {
        let client = Client::builder().timeout(ANSWER_TIME).no_proxy().build()?;
        Ok(Self { bank, client })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.address());
        self.client.request(method, url).bearer_auth(self.bank.secret.expose_secret())
    }
}

async fn send(request: RequestBuilder) -> Result<Response, String> {
    let answer = request.send().await.and_then(Response::error_for_status);
    // The address could hold a phone number in its query.
    answer.map_err(|error| error.without_url().to_string())
}

impl SandboxBank for BankClient {
    fn address(&self) -> String {
        format!("http://{}", self.bank.address)
    }

    fn raise_clock(&self, offset: i64) -> Later<'_, ()> {
        let body = serde_json::json!({ "offset_us": offset });
        let request = self.request(Method::POST, "/clock").json(&body);
        Box::pin(async move { send(request).await.map(drop) })
    }

    fn inbox(&self, query: Option<String>) -> Later<'_, String> {
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let request = self.request(Method::GET, &format!("/inbox.json{query}"));
        Box::pin(async move {
            let text = send(request).await?.text().await;
            text.map_err(|error| error.without_url().to_string())
        })
    }
}
