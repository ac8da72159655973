//! As much of PostgreSQL's protocol as it takes to see where messages begin, and which of them
//! commit.

use std::collections::HashSet;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who connected.
    Client,
    /// The database.
    Server,
}

/// What a message means to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The first message of a COMMIT.
    CommitBegins,
    /// The message after which the server carries the COMMIT out.
    CommitEnds,
    /// A COMMIT in a single message.
    Commit,
    /// The server says how a COMMIT ended.
    CommitAnswered,
}

/// A request to go over to TLS, or to GSSAPI; both are declined.
const DECLINED: [i32; 2] = [80_877_103, 80_877_104];
/// No message of ours comes near; more means that the stream is not what we take it for.
const MESSAGE_MAX: usize = 64 << 20;

/// Cuts one direction of a connection into messages.
pub(crate) struct Messages {
    side: Side,
    waiting: Vec<u8>,
    has_begun: bool,
    commits: HashSet<Vec<u8>>,
    is_in_commit: bool,
}

/// One message, whole.
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mark: Option<Mark>,
    /// Whether it asks for encryption, which is declined instead of passed on.
    pub(crate) is_declined: bool,
}

impl Messages {
    pub(crate) fn of(side: Side) -> Self {
        let has_begun = side == Side::Server;
        let (waiting, commits) = (Vec::new(), HashSet::new());
        Self { side, waiting, has_begun, commits, is_in_commit: false }
    }

    pub(crate) fn take_in(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// What came and is no whole message.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.waiting)
    }

    /// The next whole message, if it has come.
    pub(crate) fn next(&mut self) -> Option<Message> {
        // The first message of a client has no kind before its length.
        let kind_bytes = usize::from(self.has_begun);
        let length = self.waiting.get(kind_bytes..kind_bytes + 4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        assert!((4..MESSAGE_MAX).contains(&length), "this is not PostgreSQL's protocol");
        let end = kind_bytes + length;
        if self.waiting.len() < end {
            return None;
        }
        let rest = self.waiting.split_off(end);
        let bytes = std::mem::replace(&mut self.waiting, rest);
        if !self.has_begun {
            let code = bytes.get(4..8).and_then(|code| code.try_into().ok());
            let is_declined = code.is_some_and(|code| DECLINED.contains(&i32::from_be_bytes(code)));
            self.has_begun = !is_declined;
            return Some(Message { bytes, mark: None, is_declined });
        }
        let mark = self.mark(bytes[0], &bytes[5..]);
        Some(Message { bytes, mark, is_declined: false })
    }

    fn mark(&mut self, kind: u8, body: &[u8]) -> Option<Mark> {
        let mut texts = body.split(|byte| *byte == 0);
        let (first, second) = (texts.next()?, texts.next().unwrap_or_default());
        match (self.side, kind) {
            (Side::Server, b'C') if is_end(first) => Some(Mark::CommitAnswered),
            (Side::Client, b'Q') if is_commit(first) => Some(Mark::Commit),
            (Side::Client, b'P') => {
                // Statement, then text.
                if is_commit(second) {
                    self.commits.insert(first.to_vec());
                } else {
                    self.commits.remove(first);
                }
                None
            }
            // Portal, then statement.
            (Side::Client, b'B') if self.commits.contains(second) => {
                self.is_in_commit = true;
                Some(Mark::CommitBegins)
            }
            (Side::Client, b'S') if std::mem::take(&mut self.is_in_commit) => {
                Some(Mark::CommitEnds)
            }
            _ => None,
        }
    }
}

fn is_commit(sql: &[u8]) -> bool {
    let sql = sql.trim_ascii().strip_suffix(b";").unwrap_or(sql.trim_ascii());
    sql.eq_ignore_ascii_case(b"COMMIT")
}

/// A COMMIT of a transaction that had failed is answered with the other word.
fn is_end(tag: &[u8]) -> bool {
    tag == b"COMMIT" || tag == b"ROLLBACK"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    fn startup(code: i32) -> Vec<u8> {
        [8_i32.to_be_bytes(), code.to_be_bytes()].concat()
    }

    fn marks(side: Side, bytes: &[u8]) -> Vec<Option<Mark>> {
        let mut messages = Messages::of(side);
        messages.take_in(bytes);
        let marks = std::iter::from_fn(|| messages.next()).map(|message| message.mark).collect();
        assert_eq!(messages.rest(), [0_u8; 0]);
        marks
    }

    #[test]
    fn a_prepared_commit_begins_with_its_bind_and_ends_with_its_sync() {
        let flight = [
            startup(196_608),
            message(b'P', b"s1\0commit;\0\0\0"),
            message(b'P', b"s2\0SELECT 1\0\0\0"),
            message(b'S', b""),
            message(b'B', b"\0s2\0\0\0"),
            message(b'S', b""),
            message(b'B', b"\0s1\0\0\0"),
            message(b'E', b"\0\0\0\0\0"),
            message(b'S', b""),
            message(b'S', b""),
        ];
        let mut expected = [None; 10];
        (expected[6], expected[8]) = (Some(Mark::CommitBegins), Some(Mark::CommitEnds));
        assert_eq!(marks(Side::Client, &flight.concat()), expected);
    }

    #[test]
    fn a_commit_in_one_message_and_both_answers_are_seen() {
        let flight = [startup(196_608), message(b'Q', b"COMMIT\0"), message(b'Q', b"BEGIN\0")];
        let expected = [None, Some(Mark::Commit), None];
        assert_eq!(marks(Side::Client, &flight.concat()), expected);
        let answers = ["COMMIT\0", "ROLLBACK\0", "SELECT 1\0"];
        let answers = answers.map(|tag| message(b'C', tag.as_bytes()));
        let answered = Some(Mark::CommitAnswered);
        assert_eq!(marks(Side::Server, &answers.concat()), [answered, answered, None]);
    }

    #[test]
    fn encryption_is_declined_and_the_true_start_follows() {
        let mut messages = Messages::of(Side::Client);
        let bytes = [startup(DECLINED[0]), startup(196_608), message(b'X', b"")].concat();
        // It comes in pieces of one byte.
        let mut seen = Vec::new();
        for byte in bytes {
            messages.take_in(&[byte]);
            seen.extend(messages.next().map(|message| (message.is_declined, message.bytes.len())));
        }
        assert_eq!(seen, [(true, 8), (false, 8), (false, 5)]);
    }
}
