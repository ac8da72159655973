//! Drawing the page. Every value is escaped; the page needs no script.

use super::referer::Stray;
use super::text::Texts;
use crate::pictures;
use crate::sandbox::{OUTCOMES, Outcome};
use domain::catalogue::Language;
use domain::order::OrderState;
use kernel::money::yuan;
use kernel::{Amount, Timestamp};
use std::fmt::Write;

/// How often an open page draws itself anew, in seconds.
const REFRESH_S: u32 = 3;
/// The same while a developer chooses what the payer does, because a new page forgets the choice.
const CHOOSING_REFRESH_S: u32 = 30;

/// What is drawn.
pub(super) enum Page {
    /// An order.
    Sheet(Sheet),
    /// No order is at this address.
    Invalid,
    /// The payer comes from somewhere else than its merchant's pages.
    Stray {
        stray: Stray,
        /// Whether it is told what to do about it; in the sandbox only.
        told_more: bool,
    },
}

impl Page {
    /// Whether the payer can be played on it.
    pub(super) fn has_form(&self) -> bool {
        match self {
            Self::Sheet(sheet) => sheet.player_in_turn().is_some(),
            Self::Invalid | Self::Stray { .. } => false,
        }
    }
}

/// A sandbox's payer, whom the reader of the page plays.
pub(super) struct Player {
    pub(super) order_ref: String,
    /// Whether the merchant has a domain that its payers must come from.
    pub(super) has_domain: bool,
    /// What it did last.
    pub(super) played: Option<Outcome>,
}

/// An order as the page shows it.
pub(super) struct Sheet {
    pub(super) merchant: String,
    pub(super) description: String,
    pub(super) amount: Amount,
    pub(super) state: OrderState,
    pub(super) expires_at: Timestamp,
    /// The text of the order's code, while the order can be paid.
    pub(super) code: Option<String>,
    /// Where the merchant wants the payer back.
    pub(super) back: Option<String>,
    /// In the sandbox only.
    pub(super) player: Option<Player>,
}

impl Sheet {
    /// The played payer, while there is something to pay.
    fn player_in_turn(&self) -> Option<&Player> {
        self.player.as_ref().filter(|_| self.code.is_some())
    }
}

/// The whole document.
pub(super) fn render(page: &Page, language: Language) -> String {
    let texts = Texts::of(language);
    let (refresh, body) = match page {
        Page::Invalid => (String::new(), format!("<p role=\"alert\">{}</p>", texts.invalid)),
        Page::Stray { stray, told_more } => (String::new(), lost(stray, *told_more, texts)),
        Page::Sheet(sheet) => (refresh(sheet), draw(sheet, texts)),
    };
    format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{refresh}\
         <title>{title}</title>\n<link rel=\"stylesheet\" href=\"/cashier/style.css\">\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n",
        tag = texts.tag,
        title = texts.title,
    )
}

/// For who comes from a page that is not the merchant's.
fn lost(stray: &Stray, told_more: bool, texts: &Texts) -> String {
    let mut out = format!("<p role=\"alert\">{}</p>", texts.stray);
    if told_more {
        let (what, host) = match stray {
            Stray::Unsaid => (texts.unsaid, String::new()),
            Stray::From(host) => (texts.foreign, format!(" <code>{}</code>", escape(host))),
        };
        out += &format!("\n<p>{what}{host}</p>\n<p>{}</p>", texts.register);
    }
    out
}

fn refresh(sheet: &Sheet) -> String {
    match sheet.state {
        OrderState::NotPay | OrderState::UserPaying | OrderState::BankPending => {
            // Of all that leave the order open, only who is slow still does something by itself.
            let is_choosing =
                sheet.player_in_turn().is_some_and(|player| player.played != Some(Outcome::Slow));
            let seconds = if is_choosing { CHOOSING_REFRESH_S } else { REFRESH_S };
            format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n")
        }
        OrderState::Success | OrderState::Closed | OrderState::PayError | OrderState::Revoked => {
            String::new()
        }
    }
}

fn draw(sheet: &Sheet, texts: &Texts) -> String {
    let mut out = format!(
        "<p class=\"amount\">¥{}</p>\n<p class=\"state\" role=\"status\">{}</p>\n\
         <dl>\n<dt>{}</dt><dd>{}</dd>\n<dt>{}</dt><dd>{}</dd>\n",
        yuan(sheet.amount.minor()),
        texts.state(sheet.state),
        texts.payee,
        escape(&sheet.merchant),
        texts.what_for,
        escape(&sheet.description),
    );
    if sheet.code.is_some() {
        let until = sheet.expires_at.rfc3339();
        let shown = until.get(..16).unwrap_or(&until).replace('T', " ");
        out += &format!(
            "<dt>{}</dt><dd><time datetime=\"{until}\">{shown}</time></dd>\n",
            texts.until
        );
    }
    out += "</dl>\n";
    if let Some(code) = &sheet.code {
        out += &format!("<p>{}</p>\n{}\n", texts.scan, drawn_code(code, texts.code));
        out += &format!("<p><a href=\"{}\">{}</a></p>\n", escape(code), texts.open);
    }
    if sheet.player_in_turn().is_some_and(|player| !player.has_domain) {
        out += &format!("<p class=\"played\">{} {}</p>\n", texts.no_domain, texts.register);
    }
    if let Some(player) = sheet.player_in_turn() {
        out += &form(player, sheet.back.as_deref(), texts);
    }
    if let Some(played) = sheet.player.as_ref().and_then(|player| player.played) {
        let (row, did) = (played.row(), texts.played);
        let (name, sees) = (row.name, escape(row.merchant_sees));
        out += &format!("<p class=\"played\">{did} <code>{name}</code>: {sees}</p>\n");
    }
    if let Some(back) = &sheet.back {
        let rel = "nofollow noopener noreferrer";
        out += &format!("<p><a rel=\"{rel}\" href=\"{}\">{}</a></p>\n", escape(back), texts.back);
    }
    out
}

/// What plays the payer: every outcome of the sandbox.
fn form(player: &Player, back: Option<&str>, texts: &Texts) -> String {
    let mut out = format!(
        "<form class=\"player\" method=\"post\" action=\"/sandbox/cashier\">\n\
         <input type=\"hidden\" name=\"order\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"redirect_url\" value=\"{}\">\n\
         <select name=\"outcome\" aria-label=\"{}\"><option value=\"\">{}</option>",
        escape(&player.order_ref),
        escape(back.unwrap_or_default()),
        texts.outcome,
        texts.as_the_order_says,
    );
    for row in &OUTCOMES {
        let selected = if player.played == Some(row.outcome) { " selected" } else { "" };
        out += &format!("<option{selected}>{}</option>", row.name);
    }
    out += &format!("</select>\n<button>{}</button>\n</form>\n", texts.play);
    out
}

/// A QR code as a picture of one path.
fn drawn_code(text: &str, label: &str) -> String {
    let (size, path) = pictures::qr_path(text)
        .expect("an order's code has at most 64 characters, which fit any version");
    format!(
        "<svg class=\"code\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {size} {size}\" \
         shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    )
}

/// Text that cannot leave an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A value of a query string.
pub(super) fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => {
                write!(out, "%{other:02X}").expect("writing to a string cannot fail");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(state: OrderState) -> Sheet {
        Sheet {
            merchant: "<b>Tea & \"co\"".into(),
            description: "a'b".into(),
            amount: Amount::fen(1_205).unwrap(),
            state,
            expires_at: Timestamp::parse_rfc3339("2026-11-21T10:00:00+08:00").unwrap(),
            code: (state == OrderState::NotPay).then(|| "jiaozi://pay?pr=wx1".into()),
            back: Some("https://a.example/\"><script>".into()),
            player: None,
        }
    }

    #[test]
    fn what_a_merchant_wrote_stays_text() {
        let page = render(&Page::Sheet(sheet(OrderState::NotPay)), Language::En);
        assert!(page.contains("&lt;b&gt;Tea &amp; &quot;co&quot;") && page.contains("a&#39;b"));
        assert!(!page.contains("<script") && !page.contains("<b>"));
        assert!(page.contains("¥12.05") && page.contains("2026-11-21 10:00"));
        assert!(page.contains("http-equiv=\"refresh\"") && page.contains("<svg"));
    }

    #[test]
    fn a_paid_order_has_no_code_and_stands_still() {
        for language in [Language::ZhCn, Language::En] {
            let page = render(&Page::Sheet(sheet(OrderState::Success)), language);
            assert!(!page.contains("<svg") && !page.contains("refresh"));
        }
    }

    #[test]
    fn only_a_sandbox_plays_the_payer_and_only_while_there_is_something_to_pay() {
        let played = |state, played| {
            let player = Some(Player { order_ref: "\"wx1".into(), has_domain: true, played });
            let page = Page::Sheet(Sheet { player, ..sheet(state) });
            (page.has_form(), render(&page, Language::En))
        };
        let (has_form, page) = played(OrderState::NotPay, None);
        assert!(has_form && page.contains("value=\"&quot;wx1\"") && !page.contains("selected"));
        assert!(page.contains("<button>Play the payer</button>"));
        assert!(OUTCOMES.iter().all(|row| page.contains(&format!("<option>{}<", row.name))));
        assert!(!page.contains("<script") && page.contains("content=\"30\""));
        let (_, page) = played(OrderState::NotPay, Some(Outcome::Slow));
        assert!(page.contains("<option selected>slow<") && page.contains("content=\"3\""));
        let (has_form, page) = played(OrderState::Success, Some(Outcome::Card));
        assert!(!has_form && !page.contains("<form") && page.contains("<code>card</code>"));
        let page = Page::Sheet(sheet(OrderState::NotPay));
        assert!(!page.has_form() && !render(&page, Language::En).contains("<form"));
    }

    #[test]
    fn addresses_are_encoded_whole() {
        assert_eq!(percent_encode("https://a/?b=c d&e"), "https%3A%2F%2Fa%2F%3Fb%3Dc%20d%26e");
    }
}
