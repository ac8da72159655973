//! Who asks, as far as an address tells: the other end of the connection, or what a proxy in front
//! of us, which the operator named, says about its own other end.

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use std::net::{IpAddr, SocketAddr};

const FORWARDED: &str = "x-forwarded-for";

/// The caller's address; `None` when nobody told who is connected. `proxies` are the only ones
/// whose word is taken, and only for hops that they added: the right-most hop that is none of
/// them is the caller. A hop that is no address leaves us with the proxy's own.
pub(crate) fn address_of(request: &Request, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    if !proxies.contains(&peer) {
        return Some(peer);
    }
    Some(forwarded(request.headers(), proxies).unwrap_or(peer))
}

fn forwarded(headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    for line in headers.get_all(FORWARDED).iter().rev() {
        for hop in line.to_str().ok()?.rsplit(',') {
            let hop = hop.trim().parse::<IpAddr>().ok()?.to_canonical();
            if !proxies.contains(&hop) {
                return Some(hop);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn address(peer: &str, lines: &[&str]) -> String {
        let peer = SocketAddr::new(peer.parse().unwrap(), 1000);
        let mut request = Request::builder().extension(ConnectInfo(peer));
        for line in lines {
            request = request.header(FORWARDED, *line);
        }
        let proxies = ["10.0.0.1", "10.0.0.2"].map(|proxy| proxy.parse().unwrap());
        address_of(&request.body(Body::empty()).unwrap(), &proxies).unwrap().to_string()
    }

    #[test]
    fn a_strangers_word_about_its_address_is_not_taken() {
        assert_eq!(address("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn a_named_proxy_says_who_is_behind_it() {
        assert_eq!(address("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(address("::ffff:10.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        let forged = "203.0.113.9, 198.51.100.7,10.0.0.2";
        assert_eq!(address("10.0.0.1", &[forged]), "198.51.100.7", "the right-most of strangers");
        assert_eq!(address("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn what_is_no_address_leaves_the_proxys_own() {
        for lines in [&[][..], &["unknown"], &["198.51.100.7, "], &["10.0.0.2"], &["\u{e9}"]] {
            assert_eq!(address("10.0.0.1", lines), "10.0.0.1", "{lines:?}");
        }
    }
}
