use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Addresses that a merchant must not be able to make this machine call.
const HOSTILE: [&str; 88] = [
    "https://127.0.0.1/n",
    "https://127.1/n",
    "https://127.0.1/n",
    "https://127.255.255.254/n",
    "https://2130706433/n",
    "https://0x7f000001/n",
    "https://0x7f.0.0.1/n",
    "https://0177.0.0.1/n",
    "https://017700000001/n",
    "https://0/n",
    "https://0.0.0.0/n",
    "https://10.0.0.1/n",
    "https://10.1/n",
    "https://172.16.0.1/n",
    "https://172.31.255.255/n",
    "https://192.168.1.1/n",
    "https://192.168.257/n",
    "https://3232235777/n",
    "https://169.254.169.254/latest/meta-data",
    "https://169.254.1.1/n",
    "https://0xa9fea9fe/n",
    "https://100.64.0.1/n",
    "https://100.127.255.255/n",
    "https://192.0.0.8/n",
    "https://192.0.2.1/n",
    "https://198.18.0.1/n",
    "https://198.51.100.7/n",
    "https://203.0.113.7/n",
    "https://224.0.0.1/n",
    "https://239.255.255.250/n",
    "https://240.0.0.1/n",
    "https://255.255.255.255/n",
    "https://127.0.0.1./n",
    "https://[::]/n",
    "https://[::1]/n",
    "https://[0:0:0:0:0:0:0:1]/n",
    "https://[::ffff:127.0.0.1]/n",
    "https://[::ffff:7f00:1]/n",
    "https://[::ffff:169.254.169.254]/n",
    "https://[::127.0.0.1]/n",
    "https://[64:ff9b::7f00:1]/n",
    "https://[64:ff9b:1::a00:1]/n",
    "https://[2002:7f00:1::]/n",
    "https://[2001::1]/n",
    "https://[2001:db8::1]/n",
    "https://[fe80::1]/n",
    "https://[fc00::1]/n",
    "https://[fd00:ec2::254]/n",
    "https://[ff02::1]/n",
    "https://[100::1]/n",
    "https://localhost/n",
    "https://LOCALHOST./n",
    "https://db.localhost/n",
    "https://printer.local/n",
    "https://metadata.google.internal/n",
    "https://user@8.8.8.8/n",
    "https://8.8.8.8@127.0.0.1/n",
    "http://8.8.8.8/n",
    "file:///etc/passwd",
    "https://8.8.8.8\\@127.0.0.1/n",
    "https://127.0.0.1:443/n",
    "https://127.0.0.1:22/n",
    "https://10.0.0.1:6379/n",
    "https://[::1]:5432/n",
    "https://localhost:8443/n",
    "https://8.8.8.8:0/n",
    "https://8.8.8.8:65536/n",
    "https://8.8.8.8:443:22/n",
    "https://0x7f.1/n",
    "https://0x0a000001/n",
    "https://012.0.0.1/n",
    "https://168.63.129.16/metadata",
    "https://100.100.100.200/latest/meta-data",
    "https://192.88.99.1/n",
    "https://[::ffff:0a00:0001]/n",
    "https://[::ffff:0:127.0.0.1]/n",
    "https://[64:ff9b::a9fe:a9fe]/n",
    "https://[2002:a9fe:a9fe::]/n",
    "https://[2002:c0a8:101::1]/n",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/n",
    "https://[fec0::1]/n",
    "https://[fe80::1%25eth0]/n",
    "https://instance-data.ec2.internal/n",
    "https://router.home.arpa/n",
    "https://127.0.0.1%2f@8.8.8.8/n",
    "gopher://8.8.8.8:70/n",
    "ftp://8.8.8.8/n",
    "https:8.8.8.8/n",
];

#[test]
fn no_text_leads_to_an_address_that_is_not_public() {
    for url in HOSTILE {
        assert_eq!(allowed(url, UrlRule::Public), None, "{url}");
    }
    for url in ["https://8.8.8.8/n", "https://[2606:4700::1111]/n", "https://shop.example.com/n"] {
        assert!(allowed(url, UrlRule::Public).is_some(), "{url}");
    }
}

#[test]
fn a_name_is_followed_only_to_its_public_addresses() {
    let private = ["127.0.0.1:0", "10.0.0.1:0", "[::1]:0", "[::ffff:192.168.0.1]:0", "[fe80::1]:0"];
    let parse = |text: &&str| text.parse::<SocketAddr>().unwrap();
    assert!(connectable(private.iter().map(parse), UrlRule::Public).is_err());
    let public = parse(&"8.8.8.8:0");
    let mixed = private.iter().map(parse).chain([public]);
    assert_eq!(connectable(mixed, UrlRule::Public).unwrap(), [public]);
    assert!(connectable(private.iter().map(parse), UrlRule::Relaxed).is_ok());
}

/// Answers every connection with the same bytes, or with nothing at all.
async fn merchant(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notify", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            if let Some(answer) = answer {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            open.push(stream);
        }
    });
    url
}

async fn outcome(answer: Option<&'static str>) -> Result<(), Undelivered> {
    let egress = Egress::new(UrlRule::Relaxed).with_limit(Duration::from_millis(500));
    egress.post(&merchant(answer).await, HeaderMap::new(), b"{}".to_vec(), Yes::Status).await
}

#[tokio::test]
async fn only_200_and_204_acknowledge() {
    let empty = |line| outcome(Some(line));
    assert_eq!(empty("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await, Ok(()));
    assert_eq!(empty("HTTP/1.1 204 No Content\r\n\r\n").await, Ok(()));
    let fail = "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"code\":\"FAIL\"}";
    assert_eq!(outcome(Some(fail)).await, Ok(()));
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(outcome(Some(moved)).await, Err(Undelivered::Status(302)));
    let error = "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(outcome(Some(error)).await, Err(Undelivered::Status(500)));
    let created = "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(outcome(Some(created)).await, Err(Undelivered::Status(201)));
    assert_eq!(outcome(Some("nonsense\r\n\r\n")).await, Err(Undelivered::Connection));
}

#[tokio::test]
async fn silence_and_an_endless_answer_take_no_more_than_the_limits() {
    assert_eq!(outcome(None).await, Err(Undelivered::Time));
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    assert_eq!(outcome(Some(endless)).await, Ok(()));
}

#[tokio::test]
async fn nobody_listening_and_a_forbidden_address_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let post = |egress: Egress, url: String| async move {
        egress.post(&url, HeaderMap::new(), Vec::new(), Yes::Status).await
    };
    let relaxed = post(Egress::new(UrlRule::Relaxed), format!("http://{address}/")).await;
    assert_eq!(relaxed, Err(Undelivered::Connection));
    let public = post(Egress::new(UrlRule::Public), format!("https://{address}/")).await;
    assert_eq!(public, Err(Undelivered::Address));
}

/// A name that led to the public internet when it was named, and leads home when it is called.
#[tokio::test]
async fn a_name_that_changes_its_answer_is_looked_at_each_time() {
    let answers = std::sync::Mutex::new(vec!["127.0.0.1:0", "10.0.0.7:0", "8.8.8.8:0"]);
    let lookup = move |_: String| -> Found {
        let next = answers.lock().unwrap().pop().unwrap();
        Box::pin(async move { Ok(vec![next.parse().unwrap()]) })
    };
    let mut names = Names { rule: UrlRule::Public, lookup: Arc::new(lookup) };
    let name: Name = "rebind.example.com".parse().unwrap();
    let first = tower::Service::call(&mut names, name.clone()).await.unwrap();
    assert_eq!(first.collect::<Vec<_>>(), ["8.8.8.8:0".parse().unwrap()]);
    for _ in 0..2 {
        assert!(tower::Service::call(&mut names, name.clone()).await.is_err());
    }
}

#[tokio::test]
async fn a_name_that_leads_home_is_not_connected_to() {
    let name: Name = "localhost".parse().unwrap();
    let mut names = Names::of_system(UrlRule::Public);
    assert!(tower::Service::call(&mut names, name.clone()).await.is_err());
    let mut relaxed = Names::of_system(UrlRule::Relaxed);
    assert!(tower::Service::call(&mut relaxed, name).await.is_ok());
}

/// A merchant with a certificate that only `roots` trusts; it acknowledges one connection.
fn https_merchant() -> (String, RootCertStore) {
    use std::io::{Read, Write};
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.unwrap())
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/notify", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        if stream.read(&mut [0; 4096]).is_ok() {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    (url, roots)
}

#[tokio::test]
async fn https_needs_a_certificate_that_is_trusted() {
    let (url, roots) = https_merchant();
    let trusting = Egress::trusting(UrlRule::Relaxed, roots);
    assert_eq!(trusting.post(&url, HeaderMap::new(), Vec::new(), Yes::Status).await, Ok(()));
    let (url, _) = https_merchant();
    let strict = Egress::new(UrlRule::Relaxed);
    let refused = strict.post(&url, HeaderMap::new(), Vec::new(), Yes::Status).await;
    assert_eq!(refused, Err(Undelivered::Connection));
}
