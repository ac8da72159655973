//! Tests of the rules for `notify_url`.

use super::*;

fn public(url: &str) -> Result<(), UrlFault> {
    check(url, UrlRule::Public)
}

#[test]
fn ordinary_addresses_are_taken() {
    for url in [
        "https://shop.example.com/notify",
        "https://shop.example.com",
        "https://pay.xn--fiq228c.cn:8443/a/b-c_d;e",
        "HTTPS://Shop.Example.COM./n",
        "https://8.8.8.8/n",
        "https://[2400:3200::1]:443/n",
    ] {
        assert_eq!(public(url), Ok(()), "{url}");
    }
}

#[test]
fn other_shapes_are_refused() {
    use UrlFault::*;
    for (url, fault) in [
        ("", Syntax),
        ("shop.com/n", Syntax),
        ("ftp://shop.com/n", Syntax),
        ("https://", Syntax),
        ("https:///n", Syntax),
        ("https://sh op.com", Syntax),
        ("https://shop.com\\@127.0.0.1/", Syntax),
        ("https://商户.com/", Syntax),
        ("https://shop..com/", Syntax),
        ("https://-shop.com/", Syntax),
        ("https://shop.com:0/", Syntax),
        ("https://shop.com:65536/", Syntax),
        ("https://shop.com:+80/", Syntax),
        ("https://shop.com:/", Syntax),
        ("https://[::1/", Syntax),
        ("https://[::1]x/", Syntax),
        ("https://256.1.1.1/", Syntax),
        ("https://1.2.3.4.5/", Syntax),
        ("https://4294967296/", Syntax),
        ("https://1.2.3.08/", Syntax),
        ("http://shop.com/n", NotHttps),
        ("https://shop.com/n?a=1", Query),
        ("https://shop.com/n#a", Query),
        ("https://user:pw@shop.com/n", Credentials),
    ] {
        assert_eq!(public(url), Err(fault), "{url}");
    }
}

#[test]
fn addresses_inside_are_refused_in_every_spelling() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "0x",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "localhost",
        "a.localhost",
        "LOCALHOST",
        "router",
        "db.internal",
        "nas.local",
        "metadata.google.internal",
        "shop.test",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::7f00:1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:db8::1]",
        "[2001::1]",
    ] {
        assert_eq!(public(&format!("https://{host}/n")), Err(UrlFault::PrivateHost), "{host}");
    }
}

#[test]
fn a_sandbox_takes_http_and_private_hosts_and_nothing_else() {
    let relaxed = |url| check(url, UrlRule::Relaxed);
    assert_eq!(relaxed("http://127.0.0.1:8080/n"), Ok(()));
    assert_eq!(relaxed("http://localhost:3000"), Ok(()));
    assert_eq!(relaxed("http://localhost/n?a=1"), Err(UrlFault::Query));
    assert_eq!(relaxed("http://u@localhost/n"), Err(UrlFault::Credentials));
    assert_eq!(relaxed("file://localhost/n"), Err(UrlFault::Syntax));
}
