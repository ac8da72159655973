//! Pages for the developer: the cards with their scenarios, and the inbox.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::Bank;
use crate::card::issuer;
use crate::failure::Failure;
use crate::identity::special_names;
use crate::scenario::{AMOUNTS, Phase, ScenarioCard};
use crate::sms::{self, InboxQuery, SPECIAL_NUMBERS};

const STYLE: &str = "
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
nav a{margin-right:1rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #8886;padding:.4rem .6rem;text-align:left;vertical-align:top}
code{font-size:1em;white-space:nowrap}
.message{border:1px solid #8886;border-radius:.5rem;margin:.6rem 0;padding:.6rem .8rem}
.small{opacity:.75;font-size:.85rem}
";

/// `GET /` and `GET /cards`
pub(crate) async fn cards(State(bank): State<Bank>) -> Response {
    let mut body = String::from("<h1>测试银行卡 · Test cards</h1>");
    let phases = [
        (None, "一切正常 · Everything works"),
        (Some(Phase::Bind), "绑卡时 · When the card is bound"),
        (Some(Phase::Debit), "扣款时（充值）· When money is taken"),
        (Some(Phase::Credit), "入账时（提现）· When money is sent"),
    ];
    body.push_str(
        "<p>任何校验位正确的其他卡号也可使用，一切正常。姓名、证件、手机号填写格式正确即可；\
         信用卡另需有效期 MM/YY 和安全码。<br>Any other number with a right check digit works too, \
         with any well-formed name, document and phone; credit cards also need an expiry MM/YY \
         and a security code.</p>",
    );
    for (phase, title) in phases {
        let cards = bank.scenarios.cards().iter().filter(|card| card.phase == phase);
        let rows = cards.map(card_row).collect::<String>();
        let head = ["卡号 · Number", "银行 · Bank", "情景 · Scenario", "结果 · What happens"];
        push_table(&mut body, title, &head, &rows);
    }
    let amounts = AMOUNTS
        .iter()
        .map(|amount| row(&[&format!("….{:02}", amount.ending), amount.zh, amount.en]));
    let title = "金额尾数（分）· Endings of amounts, on cards without a scenario";
    let meaning = ["结果", "What happens"];
    push_table(&mut body, title, &["尾数 · Ending", meaning[0], meaning[1]], &join(amounts));
    let names = special_names().map(|name| row(&name));
    let title = "实名核验的姓名 · Names at the identity authority";
    let head = ["姓名以…结尾 · Ends with", "或含有 · Or has the word", meaning[0], meaning[1]];
    push_table(&mut body, title, &head, &join(names));
    let numbers = SPECIAL_NUMBERS.iter().map(|(number, zh, en)| row(&[number, zh, en]));
    let title = "短信号码 · Phone numbers at the carrier";
    push_table(&mut body, title, &["号码 · Number", meaning[0], meaning[1]], &join(numbers));
    page("测试银行卡 · Test cards", "", &body)
}

/// `GET /scenarios.json`
pub(crate) async fn scenarios(State(bank): State<Bank>) -> Response {
    Json(serde_json::json!({ "cards": bank.scenarios.cards() })).into_response()
}

/// `GET /inbox`
pub(crate) async fn inbox(
    State(bank): State<Bank>,
    Query(query): Query<InboxQuery>,
) -> Result<Response, Failure> {
    let messages = bank.database.run(move |tx, _| sms::list(tx, &query)).await?;
    let mut body = String::from(
        "<h1>短信收件箱 · Inbox</h1>\
         <p class=small>每3秒刷新，最新在前；可加 ?to=手机号 筛选 · refreshes every 3 seconds, \
         newest first; add ?to=number to filter</p>",
    );
    if messages.is_empty() {
        body.push_str("<p>暂无短信 · No messages yet</p>");
    }
    for message in &messages {
        let [from, to, at, purpose, text] =
            [&message.from, &message.to, &message.at, &message.purpose, &message.text]
                .map(|text| escape(text));
        // Writing into a String cannot fail.
        let _ = write!(
            body,
            "<div class=message><div class=small>{from} → <b>{to}</b> · {at} · {purpose}</div>\
             <div>{text}</div></div>"
        );
    }
    Ok(page("短信收件箱 · Inbox", "<meta http-equiv=refresh content=3>", &body))
}

fn card_row(card: &ScenarioCard) -> String {
    let number = format!("<code>{}</code>", escape(&card.card_number));
    let bank = format!("{} {}", card.bank, issuer(card.bank).zh);
    let what = format!("{}<br>{}", escape(&card.zh), escape(&card.en));
    let (bank, scenario) = (escape(&bank), escape(&card.scenario));
    format!("<tr><td>{number}<td>{bank}<td>{scenario}<td>{what}</tr>")
}

fn row(cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td>{}", escape(cell))).collect();
    format!("<tr>{cells}</tr>")
}

fn join(rows: impl Iterator<Item = String>) -> String {
    rows.collect()
}

fn push_table(body: &mut String, title: &str, head: &[&str], rows: &str) {
    let head: String = head.iter().map(|cell| format!("<th>{cell}")).collect();
    let _ =
        write!(body, "<h2>{title}</h2><div class=wide><table><tr>{head}</tr>{rows}</table></div>");
}

fn page(title: &str, head: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width,initial-scale=1\">{head}\
         <title>{title}</title><style>{STYLE}</style>\
         <nav><a href=/cards>测试银行卡 · Cards</a><a href=/inbox>收件箱 · Inbox</a></nav>\
         {body}</html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, html).into_response()
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_of_others_cannot_become_markup() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }
}
