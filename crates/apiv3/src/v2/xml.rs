//! The flat XML of the older interface: one element with one level of texts. Anything else is
//! refused before it can mean something: document types, entities, processing instructions,
//! attributes, deeper elements, a field twice, control characters.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use std::collections::BTreeMap;

/// Largest body, in bytes.
pub const BYTES_MAX: usize = 64 * 1024;
const FIELDS_MAX: usize = 100;
const NAME_BYTES_MAX: usize = 64;

/// The fields of a message by their names, in order of their bytes.
pub type Fields = BTreeMap<String, String>;

/// The bytes are not the XML that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XmlFault;

/// Reads a message.
///
/// # Errors
/// [`XmlFault`] for anything but `<xml>` with at most 100 texts in it.
pub fn read(bytes: &[u8]) -> Result<Fields, XmlFault> {
    parse(bytes).map(|state| state.fields)
}

/// The names of a message in the order that they came in.
pub(super) fn names(bytes: &[u8]) -> Result<Vec<String>, XmlFault> {
    parse(bytes).map(|state| state.order)
}

fn parse(bytes: &[u8]) -> Result<State, XmlFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| XmlFault)?;
    if text.len() > BYTES_MAX {
        return Err(XmlFault);
    }
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim());
    let mut state = State::default();
    loop {
        let event = reader.read_event().map_err(|_| XmlFault)?;
        if matches!(event, Event::Eof) {
            return if state.is_over { Ok(state) } else { Err(XmlFault) };
        }
        state.take(event)?;
    }
}

#[derive(Default)]
struct State {
    fields: Fields,
    order: Vec<String>,
    is_in_root: bool,
    is_over: bool,
    open: Option<(String, String)>,
}

impl State {
    fn take(&mut self, event: Event<'_>) -> Result<(), XmlFault> {
        match event {
            Event::Start(start) => {
                if start.attributes_raw().trim().is_empty() {
                    return self.begin(start.name().as_ref());
                }
                Err(XmlFault)
            }
            Event::Empty(empty) => {
                if empty.attributes_raw().trim().is_empty() {
                    self.begin(empty.name().as_ref())?;
                    return self.end();
                }
                Err(XmlFault)
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text.into_inner()),
            Event::CData(text) => self.text(&text.into_inner()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| XmlFault)?;
                let name = reference.into_inner();
                match (character, resolve_predefined_entity(&name)) {
                    (Some(character), _) => self.text(character.encode_utf8(&mut [0; 4])),
                    (None, Some(text)) => self.text(text),
                    (None, None) => Err(XmlFault),
                }
            }
            Event::Decl(_) if !self.is_in_root && !self.is_over => Ok(()),
            Event::Comment(_) => Ok(()),
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => Err(XmlFault),
        }
    }

    fn begin(&mut self, name: &str) -> Result<(), XmlFault> {
        if self.is_over || self.open.is_some() {
            return Err(XmlFault);
        }
        if !self.is_in_root {
            self.is_in_root = true;
            return if name == "xml" { Ok(()) } else { Err(XmlFault) };
        }
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let fits = is_name && name.len() <= NAME_BYTES_MAX && self.fields.len() < FIELDS_MAX;
        if !fits || self.fields.contains_key(name) {
            return Err(XmlFault);
        }
        self.open = Some((name.to_owned(), String::new()));
        Ok(())
    }

    fn end(&mut self) -> Result<(), XmlFault> {
        match self.open.take() {
            Some((name, text)) => {
                self.order.push(name.clone());
                self.fields.insert(name, text);
            }
            None => self.is_over = true,
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlFault> {
        let is_allowed = |character: char| !character.is_control() || "\t\r\n".contains(character);
        if !text.chars().all(is_allowed) {
            return Err(XmlFault);
        }
        match &mut self.open {
            Some((_, so_far)) => so_far.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlFault),
        }
        Ok(())
    }
}

/// Writes a message.
#[must_use]
pub fn write(fields: &Fields) -> String {
    write_as("xml", fields)
}

/// The same in an element of another name.
pub(super) fn write_as(root: &str, fields: &Fields) -> String {
    let mut out = format!("<{root}>");
    for (name, text) in fields {
        let text = text.replace("]]>", "]]]]><![CDATA[>");
        out.push_str(&format!("<{name}><![CDATA[{text}]]></{name}>"));
    }
    out + &format!("</{root}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn texts_are_read_with_or_without_cdata_and_escapes() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xml>\n  <a>1</a>\n\
                    <b><![CDATA[<茶> & co]]></b><!-- x --><c>a&amp;b&lt;&#65;&#x42;</c><d/>\
                    <e></e>\n</xml>\n";
        let expected = [("a", "1"), ("b", "<茶> & co"), ("c", "a&b<AB"), ("d", ""), ("e", "")];
        assert_eq!(read(text.as_bytes()), Ok(fields(&expected)));
    }

    #[test]
    fn anything_else_is_refused() {
        let many: String = (0..101).map(|number| format!("<f{number}>1</f{number}>")).collect();
        for bad in [
            "",
            "text",
            "<xml>",
            "<xml><a>1</xml>",
            "<xml><a>1</b></xml>",
            "<html></html>",
            "<xml></xml><xml></xml>",
            "<xml><a><b>1</b></a></xml>",
            "<xml><a>1</a><a>2</a></xml>",
            "<xml a=\"1\"></xml>",
            "<xml><a b=\"1\">1</a></xml>",
            "<xml>text</xml>",
            "<xml><a>&b;</a></xml>",
            "<xml><a>&#0;</a></xml>",
            "<xml><a>\u{1}</a></xml>",
            "<xml><?php 1 ?></xml>",
            "<!DOCTYPE xml [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><xml><a>&b;</a></xml>",
            "<!DOCTYPE xml><xml></xml>",
            "<xml><a.b>1</a.b></xml>",
            &format!("<xml>{many}</xml>"),
            &format!("<xml><a>{}</a></xml>", "x".repeat(BYTES_MAX)),
        ] {
            assert_eq!(read(bad.as_bytes()), Err(XmlFault), "{}", &bad[..bad.len().min(80)]);
        }
        assert_eq!(read(b"<xml><a>\xff</a></xml>"), Err(XmlFault));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(text in "[^\\p{Cc}]{0,200}") {
            let message = fields(&[("a", &text), ("b", "]]>")]);
            prop_assert_eq!(read(write(&message).as_bytes()), Ok(message));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
