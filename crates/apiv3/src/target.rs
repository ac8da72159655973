//! Percent-encoding in request targets.

/// Decodes `%XX`; `None` if an escape is cut off or not hex. `+` stays as it is.
#[must_use]
pub fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut pair = [0];
        hex::decode_to_slice([bytes.next()?, bytes.next()?], &mut pair).ok()?;
        out.push(pair[0]);
    }
    Some(out)
}

/// The target with its escapes undone, as a client signs it that escapes only when sending.
/// `None` if nothing is escaped, or if an escape hides a character that would give the target
/// another structure: two requests must never share one signature.
pub(crate) fn unescaped_target(target: &str) -> Option<Vec<u8>> {
    if !target.contains('%') {
        return None;
    }
    let structural = |byte: u8| !byte.is_ascii_graphic() || b"/?#&=%+;\\".contains(&byte);
    for escape in target.split('%').skip(1) {
        let hidden = percent_decode(&format!("%{}", escape.get(..2)?))?;
        if hidden.iter().copied().any(structural) {
            return None;
        }
    }
    percent_decode(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_bad_ones_noticed() {
        assert_eq!(percent_decode("a%7Cb%2a+").unwrap(), b"a|b*+");
        for bad in ["%", "%7", "%zz", "a%7"] {
            assert_eq!(percent_decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_harmless_escapes_make_another_target() {
        assert_eq!(unescaped_target("/v3/a%7Cb%40c").unwrap(), b"/v3/a|b@c");
        for other in ["/v3/a", "/a%3Fx=1", "/a%2Fb", "/a%0A1", "/a%2541", "/a%E4", "/a%7"] {
            assert_eq!(unescaped_target(other), None, "{other}");
        }
    }
}
