//! Which `notify_url` may be stored: https, a public host, no query. This looks at the text
//! only; what a name resolves to is checked again by whoever connects.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::language::Language;

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// Not an absolute http address.
    Syntax,
    /// http where https is demanded.
    NotHttps,
    /// It has a query string or a fragment.
    Query,
    /// It carries a user name or password.
    Credentials,
    /// Its host is not on the public internet.
    PrivateHost,
}

/// Which addresses are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlRule {
    /// https to public hosts only.
    Public,
    /// Also http and private hosts: for a sandbox on a developer's machine.
    Relaxed,
}

impl UrlFault {
    /// The fault in words.
    #[must_use]
    pub fn text(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Syntax => ("不是有效的 URL", "is not a valid URL"),
            Self::NotHttps => ("必须以 https:// 开头", "must start with https://"),
            Self::Query => ("不能携带参数", "must carry no query and no fragment"),
            Self::Credentials => ("不能包含用户名或密码", "must carry no credentials"),
            Self::PrivateHost => ("必须为外网可访问的地址", "must be a public address"),
        };
        language.pick(chinese, english)
    }
}

/// Checks an address of printable ASCII.
///
/// # Errors
/// The first fault, in the order of [`UrlFault`] but for the syntax of the host.
pub fn check(url: &str, rule: UrlRule) -> Result<(), UrlFault> {
    if !url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte)) {
        return Err(UrlFault::Syntax);
    }
    let (scheme, rest) = url.split_once("://").ok_or(UrlFault::Syntax)?;
    if scheme.eq_ignore_ascii_case("http") {
        if rule == UrlRule::Public {
            return Err(UrlFault::NotHttps);
        }
    } else if !scheme.eq_ignore_ascii_case("https") {
        return Err(UrlFault::Syntax);
    }
    if rest.contains(['?', '#']) {
        return Err(UrlFault::Query);
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlFault::Credentials);
    }
    let host = host_of(authority).ok_or(UrlFault::Syntax)?;
    if rule == UrlRule::Public && !host.is_public() {
        return Err(UrlFault::PrivateHost);
    }
    Ok(())
}

/// Whether an address may be connected to from a server that strangers can steer. Also for the
/// check at connect time.
#[must_use]
pub fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

enum Host {
    Address(IpAddr),
    Name(String),
}

impl Host {
    fn is_public(&self) -> bool {
        match self {
            Self::Address(address) => is_public_address(*address),
            Self::Name(name) => is_public_name(name),
        }
    }
}

fn host_of(authority: &str) -> Option<Host> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
    };
    if let Some(port) = port.strip_prefix(':') {
        let digits = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
        if !digits || port.parse::<u16>().map_or(true, |port| port == 0) {
            return None;
        }
    } else if !port.is_empty() {
        return None;
    }
    if authority.starts_with('[') {
        return host.parse::<Ipv6Addr>().ok().map(|v6| Host::Address(v6.into()));
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    // As browsers and resolvers do: a last label that is a number makes the host an address.
    let last = name.rsplit('.').next().unwrap_or_default();
    if !last.is_empty() && (last.bytes().all(|b| b.is_ascii_digit()) || number(last).is_some()) {
        return loose_v4(&name).map(|v4| Host::Address(v4.into()));
    }
    is_name(&name).then_some(Host::Name(name))
}

fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Names that never leave the machine or its network, and those of cloud metadata services.
fn is_public_name(name: &str) -> bool {
    let private = [
        "localhost",
        "local",
        "localdomain",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "home.arpa",
        "test",
        "example",
        "invalid",
        "onion",
    ];
    let inside = |suffix: &&str| {
        name.strip_suffix(*suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    name.contains('.') && !private.iter().any(inside)
}

/// One to four decimal, octal or hex numbers, the last filling the rest: every spelling that
/// resolvers take for an IPv4 address.
fn loose_v4(text: &str) -> Option<Ipv4Addr> {
    let numbers: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    if first.len() > 3 || first.iter().any(|n| *n > 255) {
        return None;
    }
    let free_bits = 8 * (4 - first.len());
    if *last >= 1 << free_bits {
        return None;
    }
    let high = first.iter().fold(0, |high, n| high << 8 | n) << free_bits;
    u32::try_from(high | last).ok().map(Ipv4Addr::from)
}

fn number(text: &str) -> Option<u64> {
    if let Some(hex) = text.strip_prefix("0x") {
        return if hex.is_empty() { Some(0) } else { plain(hex, 16) };
    }
    match text.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => plain(octal, 8),
        _ => plain(text, 10),
    }
}

fn plain(digits: &str, radix: u32) -> Option<u64> {
    let all = digits.bytes().all(|b| b.is_ascii_alphanumeric());
    all.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    // The metadata service of one cloud has an address in public space.
    !reserved && address != Ipv4Addr::new(168, 63, 129, 16)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
#[path = "notify_url_tests.rs"]
mod tests;
