//! A person from the first message to a wallet in use: steps 1 to 3 of the story.

use super::client::{Api, Differs, Told, number, text};
use super::random;
use reqwest::Method;
use serde_json::{Value, json};

/// A person with a session.
pub struct Person {
    /// Calls the API as this person.
    pub api: Api,
    /// The session's token.
    pub token: String,
    /// The phone, which is also the one that the bank has on file.
    pub phone: String,
    /// The payment password, once set.
    pub password: String,
    /// The id of the newest message that was read.
    pub(super) seen: i64,
}

/// A password that no rule finds weak for these people.
pub(super) const PASSWORD: &str = "739204";

impl Person {
    /// Registers with a phone and the code of a message, then logs in on a second device.
    pub async fn register(api: &Api) -> Told<(Self, String)> {
        let phone = random::phone();
        let (answer, seen) = sign_in(api, &phone, "REGISTER", "/v1/users", 0).await?;
        let token = text(&answer, "/token")?;
        let api = api.with_token(&token);
        let person = Self { api, token, phone, password: PASSWORD.into(), seen };
        let user = text(&answer, "/user")?;
        Ok((person, format!("registered as {user}")))
    }

    /// Logs in on another device; the session is the person's from now on.
    pub async fn log_in(&mut self) -> Told<((), String)> {
        // Another message to the phone may be sent only a minute after the last one.
        self.api.advance(61).await?;
        let (answer, seen) =
            sign_in(&self.api, &self.phone, "LOG_IN", "/v1/sessions", self.seen).await?;
        self.seen = seen;
        self.token = text(&answer, "/token")?;
        self.api = self.api.with_token(&self.token);
        let me = self.api.get("/v1/me").await?;
        Ok(((), format!("on {}, phone {}", text(&answer, "/device")?, text(&me, "/phone")?)))
    }

    /// Opens a wallet.
    pub async fn open_wallet(&self) -> Told<((), String)> {
        let opened = self.api.post("/v1/wallet", json!({})).await?;
        let wallet = self.api.get("/v1/wallet").await?;
        Ok(((), format!("{} is {}", text(&opened, "/id")?, text(&wallet, "/state")?)))
    }

    /// Submits a resident ID; a mistyped check digit is told first.
    pub async fn verify_resident_id(&self) -> Told<((), String)> {
        let id = random::resident_id();
        let wrong = format!("{}{}", &id[..17], if id.ends_with('1') { '2' } else { '1' });
        let document = |number: &str| {
            let person = json!({ "name": "李晓明", "number": number });
            json!({ "consent": "identity-1", "resident_id": person })
        };
        let path = "/v1/verifications";
        let code = "ID_CHECK_DIGIT_INVALID";
        let told = self.api.refused(Method::POST, path, document(&wrong), code).await?;
        let field = text(&told, "/field")?;
        self.verified(document(&id), &format!("a wrong digit was told at {field}")).await
    }

    /// Submits a passport; a mistyped number is told first.
    pub async fn verify_passport(&self) -> Told<((), String)> {
        let [first, second] = random::passport();
        let check = if second.as_bytes()[9] == b'1' { '2' } else { '1' };
        let wrong = format!("{}{check}{}", &second[..9], &second[10..]);
        let document = |line: &str| {
            json!({ "consent": "identity-1",
                "passport": { "mrz_line_1": first, "mrz_line_2": line } })
        };
        let path = "/v1/verifications";
        let code = "PASSPORT_MRZ_INVALID";
        let told = self.api.refused(Method::POST, path, document(&wrong), code).await?;
        let part = format!("{} ({})", text(&told, "/field")?, text(&told, "/reason")?);
        self.verified(document(&second), &format!("a wrong digit was told at {part}")).await
    }

    async fn verified(&self, document: Value, before: &str) -> Told<((), String)> {
        let submitted = self.api.post("/v1/verifications", document).await?;
        let path = format!("/v1/verifications/{}", text(&submitted, "/id")?);
        let decided = self.api.until(&path, &["VERIFIED", "REJECTED"]).await?;
        if decided["state"] != "VERIFIED" {
            return Err(Differs(format!("the authority said no: {decided}")));
        }
        let wallet = self.api.get("/v1/wallet").await?;
        let class = text(&wallet, "/identity/class")?;
        Ok(((), format!("{before}; verified as {} {class}", text(&wallet, "/identity/name")?)))
    }

    /// Sets the payment password; weak ones are refused first.
    pub async fn set_password(&self) -> Told<((), String)> {
        let path = "/v1/payment-password";
        let set = |digits: &str| json!({ "new_password": digits, "confirmation": digits });
        let mut reasons = Vec::new();
        for weak in ["123456", "111222", &self.phone[5..]] {
            let told =
                self.api.refused(Method::PUT, path, set(weak), "PAY_PASSWORD_TOO_WEAK").await?;
            reasons.push(text(&told, "/reason")?);
        }
        let answer = self.api.send(Method::PUT, path, set(&self.password)).await?;
        let state = text(&answer, "/state")?;
        Ok(((), format!("refused as {}; the wallet is {state}", reasons.join(", "))))
    }

    /// Waits for the newest code sent to the person's phone.
    pub async fn next_code(&mut self) -> Told<String> {
        let (code, seen) = self.api.code_for(&self.phone, self.seen).await?;
        self.seen = seen;
        Ok(code)
    }

    /// What the balance holds, in fen.
    pub async fn balance(&self) -> Told<i64> {
        number(&self.api.get("/v1/wallet").await?, "/balance/minor")
    }
}

/// A session of somebody who registered before.
pub(super) async fn session(api: &Api, phone: &str) -> Told<String> {
    let seen = api.newest_message(phone).await?;
    let (answer, _) = sign_in(api, phone, "LOG_IN", "/v1/sessions", seen).await?;
    text(&answer, "/token")
}

async fn sign_in(
    api: &Api,
    phone: &str,
    purpose: &str,
    path: &str,
    after: i64,
) -> Told<(Value, i64)> {
    let asked = json!({ "phone": phone, "purpose": purpose });
    let challenge = api.post("/v1/otp-challenges", asked).await?;
    let (code, seen) = api.code_for(phone, after).await?;
    let body = json!({
        "otp_challenge": text(&challenge, "/id")?,
        "phone": phone,
        "code": code,
        "device": { "name": "demo phone" },
    });
    Ok((api.post(path, body).await?, seen))
}
