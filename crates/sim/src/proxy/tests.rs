//! Each fault strikes where it was planned, seen from both ends.

use super::{Door, Fault, Moment, Passed, Plan, Proxy, Side};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const STARTUP: &[u8] = b"\0\0\0\x08\0\x03\0\0";
const ANSWER: &[u8] = b"C\0\0\0\x0bCOMMIT\0";

/// Both ends of a connection that has begun.
struct Ends {
    proxy: Proxy,
    client: TcpStream,
    server: TcpStream,
    listener: TcpListener,
}

fn ends() -> Ends {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap()).unwrap();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    client.write_all(STARTUP).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    assert_eq!(read(&mut server, STARTUP.len()), STARTUP);
    Ends { proxy, client, server, listener }
}

impl Ends {
    fn plan(&self, at: Moment, fault: Fault) {
        self.proxy.plan([Plan { at, fault }]);
    }
}

fn read(stream: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut read = vec![0; bytes];
    stream.read_exact(&mut read).unwrap();
    read
}

/// What still comes until the end, which is an orderly or a hard one.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut piece) = (Vec::new(), [0; 64]);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        all.extend_from_slice(&piece[..count]);
    }
    all
}

fn is_quiet(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = stream.read(&mut [0]).map_err(|error| error.kind());
    stream.set_read_timeout(None).unwrap();
    matches!(error, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[test]
fn a_cut_lets_exactly_the_planned_bytes_pass() {
    for bytes in 0..COMMIT.len() {
        let mut ends = ends();
        ends.plan(Moment::Bytes(Side::Client, bytes as u64), Fault::Cut);
        ends.client.write_all(COMMIT).unwrap();
        assert_eq!(rest(&mut ends.server), COMMIT[..bytes]);
        assert_eq!(rest(&mut ends.client), b"");
        assert_eq!(ends.proxy.struck(), 1);
    }
}

#[test]
fn a_cut_of_the_answer_lets_exactly_the_planned_bytes_pass() {
    let mut ends = ends();
    ends.plan(Moment::Bytes(Side::Server, 8), Fault::Cut);
    ends.client.write_all(COMMIT).unwrap();
    assert_eq!(read(&mut ends.server, COMMIT.len()), COMMIT);
    ends.server.write_all(ANSWER).unwrap();
    assert_eq!(rest(&mut ends.client), ANSWER[..8]);
}

#[test]
fn cuts_at_a_commit_lie_before_it_and_after_it() {
    for (at, passed) in [(Moment::BeforeCommit, &b""[..]), (Moment::AfterCommit, COMMIT)] {
        let mut ends = ends();
        ends.plan(at, Fault::Cut);
        ends.client.write_all(COMMIT).unwrap();
        assert_eq!(rest(&mut ends.server), passed, "{at:?}");
    }
}

#[test]
fn a_swallowed_answer_leaves_both_ends_waiting() {
    let mut ends = ends();
    ends.plan(Moment::CommitAnswered, Fault::Silence);
    ends.client.write_all(COMMIT).unwrap();
    assert_eq!(read(&mut ends.server, COMMIT.len()), COMMIT);
    ends.server.write_all(ANSWER).unwrap();
    assert!(is_quiet(&mut ends.client) && is_quiet(&mut ends.server));
    ends.proxy.cut();
    assert_eq!(rest(&mut ends.client), b"");
}

#[test]
fn a_half_close_ends_one_direction() {
    let mut ends = ends();
    ends.plan(Moment::Bytes(Side::Client, 0), Fault::HalfClose);
    ends.client.write_all(COMMIT).unwrap();
    assert_eq!(rest(&mut ends.server), b"");
    ends.server.write_all(ANSWER).unwrap();
    assert_eq!(read(&mut ends.client, ANSWER.len()), ANSWER);
}

#[test]
fn a_delay_lets_everything_pass_and_the_next_plan_waits_its_turn() {
    let mut ends = ends();
    let delay = Fault::Delay(Duration::from_millis(1));
    let cut = Plan { at: Moment::BeforeCommit, fault: Fault::Cut };
    ends.proxy.plan([Plan { at: Moment::AfterCommit, fault: delay }, cut]);
    ends.client.write_all(COMMIT).unwrap();
    assert_eq!(read(&mut ends.server, COMMIT.len()), COMMIT);
    ends.client.write_all(COMMIT).unwrap();
    assert_eq!(rest(&mut ends.server), b"");
    assert_eq!(ends.proxy.struck(), 2);
}

#[test]
fn a_shut_door_ends_new_connections_and_a_mute_one_holds_them() {
    let ends = ends();
    ends.proxy.set_door(Door::Shut);
    assert_eq!(rest(&mut TcpStream::connect(ends.proxy.address()).unwrap()), b"");
    ends.proxy.set_door(Door::Mute);
    assert!(is_quiet(&mut TcpStream::connect(ends.proxy.address()).unwrap()));
    ends.listener.set_nonblocking(true).unwrap();
    assert!(ends.listener.accept().is_err(), "the server hears of neither");
}

#[test]
fn a_switch_ends_connections_and_leads_to_the_other_server() {
    let mut ends = ends();
    let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    ends.proxy.switch(other.local_addr().unwrap());
    assert_eq!(rest(&mut ends.server), b"");
    assert_eq!(rest(&mut ends.client), b"");
    let mut client = TcpStream::connect(ends.proxy.address()).unwrap();
    client.write_all(STARTUP).unwrap();
    let (mut server, _) = other.accept().unwrap();
    assert_eq!(read(&mut server, STARTUP.len()), STARTUP);
}

#[test]
fn bytes_are_counted_from_the_plan_on() {
    let mut ends = ends();
    ends.proxy.plan([]);
    ends.client.write_all(COMMIT).unwrap();
    assert_eq!(read(&mut ends.server, COMMIT.len()), COMMIT);
    let expected = Passed { client: COMMIT.len() as u64, server: 0 };
    assert_eq!(ends.proxy.passed(), expected);
}
