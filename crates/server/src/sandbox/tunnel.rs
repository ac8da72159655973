//! The proxy of the sandbox: an SDK that lets nobody choose its host is given a proxy instead, as
//! every HTTP library allows. `CONNECT` to the hosts that the sandbox stands in for is answered by
//! the sandbox itself; nothing else is, so nobody reaches anything through it.

use super::authority::NAMES;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ASKING_TIME: Duration = Duration::from_secs(10);
const HEAD_BYTES_MAX: usize = 8 * 1024;
const END: &[u8] = b"\r\n\r\n";

const OPEN: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// Reads what a client of the proxy asks for and answers it; the stream then begins with the
/// client's TLS.
///
/// # Errors
///
/// When the client asks for anything else, takes too long, or leaves. A client that asked for
/// something else was told so.
pub(crate) async fn open(mut stream: TcpStream) -> io::Result<TcpStream> {
    let head = tokio::time::timeout(ASKING_TIME, read_head(&mut stream)).await??;
    if leads_here(&head) {
        stream.write_all(OPEN).await?;
        return Ok(stream);
    }
    let body = format!(
        "This proxy belongs to a Jiaozi sandbox and leads to nothing but CONNECT {}:443.\n",
        NAMES.join(":443, ")
    );
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close";
    let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "the proxy leads only to the sandbox"))
}

/// Everything up to the empty line. A client waits for the answer before it sends more.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(END) {
        if head.len() >= HEAD_BYTES_MAX || head.windows(END.len()).any(|part| part == END) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn leads_here(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let mut words = line.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let Some(host) = target.strip_suffix(":443") else { return false };
    method == Some("CONNECT") && NAMES.iter().any(|name| name.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_connect_to_the_names_leads_here() {
        let asks = |line: &str| leads_here(format!("{line}\r\nHost: x\r\n\r\n").as_bytes());
        for name in NAMES {
            assert!(asks(&format!("CONNECT {name}:443 HTTP/1.1")), "{name}");
        }
        assert!(asks("CONNECT API.mch.weixin.qq.com:443 HTTP/1.0"));
        for line in [
            "CONNECT api.mch.weixin.qq.com:80 HTTP/1.1",
            "CONNECT api.mch.weixin.qq.com HTTP/1.1",
            "CONNECT example.com:443 HTTP/1.1",
            "CONNECT api.mch.weixin.qq.com.example.com:443 HTTP/1.1",
            "CONNECT 127.0.0.1:443 HTTP/1.1",
            "CONNECT [::1]:443 HTTP/1.1",
            "GET http://api.mch.weixin.qq.com:443 HTTP/1.1",
            "GET / HTTP/1.1",
            "",
        ] {
            assert!(!asks(line), "{line}");
        }
    }
}
