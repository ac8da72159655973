//! The inspector as one page of plain HTML: no script, nothing from elsewhere, every text escaped.

use super::record::without_codes;
use super::{CallRecord, HeldBack, Inspector, NoticeRecord, Signature, XmlCall};
use crate::sandbox::late_payments::LatePayment;
use crate::sandbox::trials::CALL_OUTCOMES;
use crate::sandbox::{OUTCOMES, OutcomeRow};
use apiv3::v2::Diagnosis;
use kernel::Timestamp;
use std::fmt::{self, Write};

/// Calls and notifications on the page, each.
const SHOWN: usize = 50;

/// Nothing may come from elsewhere, nothing may run, and forms go nowhere else.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
                                 frame-ancestors 'none'; base-uri 'none'";

/// The page's style sheet.
pub(super) const STYLE: &str = "\
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 74rem; padding: 0 1rem; \
color: #1c2526; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; \
border-bottom: 1px solid #dde3e3; }
th { font-weight: 600; color: #56686a; }
code, pre { font: 12px/1.5 ui-monospace, monospace; }
pre { background: #f4f6f6; padding: .6rem; margin: .3rem 0; overflow-wrap: anywhere; \
white-space: pre-wrap; }
form { display: inline-block; margin: 0 .5rem .3rem 0; }
input, select, button { font: inherit; padding: .2rem .5rem; }
input[name=order] { width: 28rem; max-width: 100%; }
.good { color: #11692f; } .bad { color: #a5220f; font-weight: 600; } .dim { color: #56686a; }
.told { background: #eef5ee; border-left: 4px solid #11692f; padding: .5rem .8rem; }
summary { cursor: pointer; }
";

/// Writes the page. `told` is what came of the last thing that was asked for.
pub(super) fn page(
    inspector: &Inspector,
    late: &[LatePayment],
    now: Timestamp,
    told: Option<&str>,
) -> String {
    let mut html = String::with_capacity(64 * 1024);
    // Writing to a text cannot fail.
    let _ = write_page(&mut html, inspector, late, now, told);
    html
}

fn write_page(
    html: &mut String,
    inspector: &Inspector,
    late: &[LatePayment],
    now: Timestamp,
    told: Option<&str>,
) -> fmt::Result {
    html.push_str(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Jiaozi sandbox</title>\
         <link rel=\"stylesheet\" href=\"/sandbox/style.css\"></head><body>\
         <h1>Jiaozi sandbox</h1>",
    );
    if let Some(told) = told {
        write!(html, "<p class=\"told\" role=\"status\">{}</p>", Text(told))?;
    }
    write!(
        html,
        "<p>Business time <b>{}</b> \
         <a href=\"/sandbox\">Reload</a></p>\
         <form method=\"post\" action=\"/sandbox/clock\"><label>Move on by \
         <select name=\"seconds\"><option value=\"16\">16 seconds</option>\
         <option value=\"3600\">an hour</option><option value=\"86400\">a day</option>\
         <option value=\"691200\">8 days</option><option value=\"31622400\">a year</option>\
         </select></label> <button>Move time</button></form>",
        Text(&now.rfc3339())
    )?;
    payer(html)?;
    late_payments(html, late)?;
    notices(html, &inspector.notices())?;
    calls(html, &inspector.calls())?;
    html.push_str("</body></html>");
    Ok(())
}

fn payer(html: &mut String) -> fmt::Result {
    html.push_str(
        "<h2>Play the payer</h2><form method=\"post\" action=\"/sandbox/payments\">\
         <input name=\"order\" required placeholder=\"code_url, h5_url or prepay_id\" \
         aria-label=\"order\"> <select name=\"outcome\" aria-label=\"outcome\">\
         <option value=\"\">as the order says</option>",
    );
    for OutcomeRow { name, .. } in &OUTCOMES {
        write!(html, "<option>{name}</option>")?;
    }
    html.push_str(
        "</select> <button>Pay</button></form><table><tr><th>outcome</th>\
         <th>amounts ending in (fen)</th><th>what the merchant sees</th>\
         <th>what a till sees</th></tr>",
    );
    for row in &OUTCOMES {
        write!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            row.name,
            row.ends(),
            Text(row.merchant_sees),
            Text(row.till_sees.unwrap_or("codes are paid from the balance")),
        )?;
    }
    html.push_str(
        "</table><details><summary>Failures of the call itself</summary><table><tr>\
         <th>Sandbox-Outcome</th><th>amounts ending in (fen)</th><th>what the merchant sees</th>\
         </tr>",
    );
    for row in &CALL_OUTCOMES {
        let sees = Text(row.merchant_sees);
        write!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td><td>{sees}</td></tr>",
            row.name, row.amount_ends
        )?;
    }
    html.push_str("</table></details>");
    Ok(())
}

/// Shown once there are any: most developers never meet one.
fn late_payments(html: &mut String, late: &[LatePayment]) -> fmt::Result {
    if late.is_empty() {
        return Ok(());
    }
    html.push_str(
        "<h2>Paid after close</h2><table><tr><th>order</th><th>came</th><th>fen</th>\
         <th>goes back to the payer</th></tr>",
    );
    for LatePayment { prepay_id, mchid, out_trade_no, amount, state, came_at } in late {
        write!(
            html,
            "<tr><td>{}<br><span class=\"dim\">{}, merchant {}</span></td>\
             <td class=\"dim\">{}</td><td>{}</td><td>{}</td></tr>",
            Text(out_trade_no),
            Text(prepay_id),
            Text(mchid),
            Text(came_at.as_deref().unwrap_or_default()),
            amount.minor,
            state.as_str(),
        )?;
    }
    html.push_str("</table>");
    Ok(())
}

fn notices(html: &mut String, notices: &[NoticeRecord]) -> fmt::Result {
    html.push_str("<h2>Notifications</h2>");
    if notices.is_empty() {
        html.push_str("<p class=\"dim\">None was sent yet.</p>");
        return Ok(());
    }
    html.push_str("<table><tr><th>about</th><th>to</th><th>attempts</th><th>send it</th></tr>");
    for notice in notices.iter().take(SHOWN) {
        let NoticeRecord { batch, place, attempts, .. } = notice;
        write!(
            html,
            "<tr><td><details><summary>{}</summary><pre>{}\n{}</pre>decrypted\
             <pre>{}</pre></details><span class=\"dim\">{} merchant {}</span></td>\
             <td><code>{}</code></td><td>",
            Text(&notice.subject),
            Headers(&notice.headers),
            Text(&notice.body),
            Text(&notice.resource),
            Text(notice.event_type),
            Text(&notice.mchid),
            Text(&notice.url),
        )?;
        for (at, outcome) in attempts {
            let class = if outcome == "acknowledged" { "good" } else { "bad" };
            let (at, outcome) = (at.rfc3339(), Text(outcome));
            write!(
                html,
                "<span class=\"{class}\">{outcome}</span> <span class=\"dim\">{at}</span><br>"
            )?;
        }
        html.push_str("</td><td>");
        for (how, label) in [
            ("again", "again"),
            ("twice", "twice"),
            ("later", "in 10 s"),
            ("corrupted", "corrupted"),
            ("probe", "wrong signature"),
        ] {
            write!(
                html,
                "<form method=\"post\" action=\"/sandbox/notifications\">\
                 <input type=\"hidden\" name=\"batch\" value=\"{batch}\">\
                 <input type=\"hidden\" name=\"place\" value=\"{place}\">\
                 <button name=\"how\" value=\"{how}\">{label}</button></form>"
            )?;
        }
        html.push_str("</td></tr>");
    }
    html.push_str("</table>");
    Ok(())
}

fn calls(html: &mut String, calls: &[CallRecord]) -> fmt::Result {
    html.push_str("<h2>Calls of merchants</h2>");
    if calls.is_empty() {
        html.push_str("<p class=\"dim\">None came yet.</p>");
        return Ok(());
    }
    html.push_str("<table><tr><th>when</th><th>call</th><th>signature</th><th>answer</th></tr>");
    for call in calls.iter().take(SHOWN) {
        write_call(html, call)?;
    }
    html.push_str("</table>");
    Ok(())
}

fn write_call(html: &mut String, call: &CallRecord) -> fmt::Result {
    let (class, signature) = match call.signature {
        Signature::Right => ("good", "right"),
        Signature::Wrong => ("bad", "wrong"),
        Signature::Missing => ("bad", "missing"),
        Signature::NotChecked => ("dim", "not checked"),
    };
    write!(
        html,
        "<tr><td class=\"dim\">{}<br>{} ms, merchant {}</td><td><details><summary><code>{} \
         {}</code></summary><pre>{}\n{}</pre></details>",
        call.at.rfc3339(),
        call.micros / 1_000,
        Text(&call.mchid),
        Text(&call.method),
        Text(&call.target),
        Headers(&call.headers),
        Text(&call.request.text()),
    )?;
    for (name, text) in call.xml.iter().flat_map(|xml| &xml.names) {
        write!(html, "<span class=\"dim\">{name} {}</span><br>", Text(text))?;
    }
    write!(html, "</td><td><span class=\"{class}\">{signature}</span>")?;
    let held_back = match call.held_back {
        None => "",
        Some(HeldBack::Address) => "too many of this address without a right signature",
        Some(HeldBack::Merchant) => "too many of this merchant",
    };
    write!(html, "<br><span class=\"dim\">{held_back}</span>")?;
    if let Some(xml) = &call.xml {
        write_sign_type(html, xml)?;
        xml.diagnosis.iter().try_for_each(|found| write_diagnosis(html, found))?;
    }
    let answered = if call.is_done() { "good" } else { "bad" };
    write!(html, "</td><td><details><summary class=\"{answered}\">{}", call.status)?;
    if let Some(xml) = &call.xml {
        write!(html, " {} {}", xml.results(), xml.err_code())?;
    }
    write!(
        html,
        "</summary><pre>{}\n{}</pre></details></td></tr>",
        Headers(&call.answer_headers),
        Text(&call.answer.text()),
    )
}

/// How a message of the XML interface says that it is signed.
fn write_sign_type(html: &mut String, xml: &XmlCall) -> fmt::Result {
    let said = match (xml.checked_as, xml.sign_type.as_str()) {
        (Some(kind), "") => format!("{}, as no sign_type is given", kind.as_str()),
        (Some(kind), _) => format!("{}, as sign_type says", kind.as_str()),
        (None, "") => return Ok(()),
        (None, other) => format!("sign_type {other} is unknown"),
    };
    write!(html, "<br><span class=\"dim\">{}</span>", Text(&said))?;
    if xml.is_lower_case {
        html.push_str("<br><span class=\"dim\">in lower case; its form is upper case</span>");
    }
    Ok(())
}

/// What was signed here against what came.
fn write_diagnosis(html: &mut String, found: &Diagnosis) -> fmt::Result {
    for hint in found.hints() {
        write!(html, "<br>{}", Text(&hint.english))?;
    }
    write!(
        html,
        "<details><summary>what was signed here</summary><pre>{}</pre>the right sign<pre>{}</pre>\
         the one that came<pre>{}</pre></details>",
        Text(&without_codes(found.text())),
        Text(found.expected().unwrap_or("none: there is no key")),
        Text(found.received()),
    )
}

/// A text that means itself in HTML, in content and in attributes.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

struct Headers<'a>(&'a [(String, String)]);

impl fmt::Display for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in self.0 {
            writeln!(f, "{}: {}", Text(name), Text(value))?;
        }
        Ok(())
    }
}
