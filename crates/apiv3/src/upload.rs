//! Uploaded files: a body of two parts, `meta` and `file`, of which only the text of `meta` is
//! signed. It names the hash of the file, and that binds the two.
//!
//! Clients write these bodies in many ways: without the boundary in the header, with a semicolon
//! too many, with lengths on each part. All of them are read.

use kernel::crypto::sha256;
use serde_json::Value;

use crate::error::{ApiError, FieldError, Location};
use crate::fields::Fields;
use crate::issue::Issue;
use crate::request::read_body;

/// What a kind of upload takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadKind {
    /// JPG, BMP or PNG up to 2 MB.
    Image,
    /// A film up to 5 MB.
    Video,
}

const MEGABYTE: usize = 1024 * 1024;
const FILMS: [(&str, &str); 10] = [
    ("avi", "video/x-msvideo"),
    ("wmv", "video/x-ms-wmv"),
    ("mpeg", "video/mpeg"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mkv", "video/x-matroska"),
    ("flv", "video/x-flv"),
    ("f4v", "video/x-f4v"),
    ("m4v", "video/x-m4v"),
    ("rmvb", "application/vnd.rn-realmedia-vbr"),
];
const PICTURES: [(&str, &[u8], &str); 4] = [
    ("jpg", &[0xff, 0xd8, 0xff], "image/jpeg"),
    ("jpeg", &[0xff, 0xd8, 0xff], "image/jpeg"),
    ("png", b"\x89PNG\r\n\x1a\n", "image/png"),
    ("bmp", b"BM", "image/bmp"),
];

/// Longest body of an upload: the largest file, its meta, and what is around them.
pub const UPLOAD_BYTES_MAX: usize = 5 * MEGABYTE + 16 * 1024;

/// Largest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 2 * MEGABYTE;

/// The type of a picture, as a web server names it, told by its first bytes; `None` for what is
/// none of ours.
#[must_use]
pub fn picture_type(content: &[u8]) -> Option<&'static str> {
    let found = PICTURES.iter().find(|(_, magic, _)| content.starts_with(magic));
    found.map(|(_, _, content_type)| *content_type)
}

/// The same for a type that was kept, of which a header may say nothing but one of ours.
#[must_use]
pub fn picture_type_named(text: &str) -> &'static str {
    let found = PICTURES.iter().find(|(_, _, known)| *known == text);
    found.map_or("application/octet-stream", |(_, _, known)| *known)
}

impl UploadKind {
    fn bytes_max(self) -> usize {
        match self {
            Self::Image => PICTURE_BYTES_MAX,
            Self::Video => 5 * MEGABYTE,
        }
    }
}

/// An uploaded file whose hash holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload<'a> {
    /// Its type, as a web server names it.
    pub content_type: &'static str,
    /// Its SHA-256.
    pub hash: [u8; 32],
    /// The bytes.
    pub content: &'a [u8],
}

/// The signed part of an upload; `None` if the body has none.
#[must_use]
pub fn signed_part<'a>(content_type: Option<&str>, body: &'a [u8]) -> Option<&'a [u8]> {
    part(content_type, body, "meta")
}

impl<'a> Upload<'a> {
    /// Reads an upload. The signature over `meta` is checked by the caller.
    ///
    /// # Errors
    /// PARAM_ERROR for a missing part, another hash, another type, or too large a file.
    pub fn parse(
        kind: UploadKind,
        content_type: Option<&str>,
        body: &'a [u8],
    ) -> Result<Self, ApiError> {
        let missing = |name: &str| fault(&format!("/{name}"), None, Issue::Missing);
        let meta = part(content_type, body, "meta").ok_or_else(|| missing("meta"))?;
        let content = part(content_type, body, "file").ok_or_else(|| missing("file"))?;
        let meta = read_body(meta)?;
        let fields = Fields::top(&meta);
        let name = fields.get_text("filename", 1..=256)?.to_ascii_lowercase();
        let said = fields.get_text("sha256", 64..=64)?;
        let hash = sha256(&[content]);
        if !said.eq_ignore_ascii_case(&hex::encode(hash)) {
            return Err(fields.fault("sha256", Issue::Hash).into());
        }
        if content.is_empty() || content.len() > kind.bytes_max() {
            let (length, maximum) = (content.len(), kind.bytes_max());
            return Err(fault("/file", None, Issue::TooLong { length, maximum }).into());
        }
        let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
        let found = match kind {
            UploadKind::Image => PICTURES
                .iter()
                .find(|(known, magic, _)| *known == suffix && content.starts_with(magic))
                .map(|(_, _, content_type)| *content_type),
            UploadKind::Video => FILMS.iter().find(|(known, _)| *known == suffix).map(|(_, t)| *t),
        };
        let content_type = found.ok_or_else(|| fields.fault("filename", Issue::FileType))?;
        Ok(Self { content_type, hash, content })
    }
}

fn fault(field: &str, value: Option<&Value>, issue: Issue) -> FieldError {
    FieldError::new(Location::Body, field.to_owned(), value, issue)
}

/// The content of the part with this name.
fn part<'a>(content_type: Option<&str>, body: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let boundary = boundary(content_type, body)?;
    let open = [b"--", boundary.as_slice()].concat();
    let between = [b"\r\n--", boundary.as_slice()].concat();
    let mut rest = &body[find(body, &open)? + open.len()..];
    loop {
        rest = rest.strip_prefix(b"\r\n")?;
        let head_ends = find(rest, b"\r\n\r\n")?;
        let (head, after) = (&rest[..head_ends], &rest[head_ends + 4..]);
        let ends = find(after, &between)?;
        if part_name(head).as_deref() == Some(name) {
            return Some(&after[..ends]);
        }
        rest = &after[ends + between.len()..];
    }
}

/// The boundary that the header names, or else the one that the body begins with.
fn boundary(content_type: Option<&str>, body: &[u8]) -> Option<Vec<u8>> {
    let named = content_type.and_then(|text| {
        let mut parameters = text.split(';').skip(1).map(str::trim);
        let found = parameters.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.eq_ignore_ascii_case("boundary").then_some(value.trim_matches('"'))
        })?;
        (!found.is_empty()).then(|| found.as_bytes().to_vec())
    });
    named.or_else(|| {
        let first = &body[..find(body, b"\r\n")?];
        let boundary = first.strip_prefix(b"--")?;
        (1..=200).contains(&boundary.len()).then(|| boundary.to_vec())
    })
}

/// The name in the Content-Disposition of a part.
fn part_name(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let line = head
        .split("\r\n")
        .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let mut parameters = line.split(';').skip(1).map(str::trim);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("name").then(|| value.trim_matches('"').to_owned())
    })
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    let first = *pattern.first()?;
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| *byte == first) {
        if text[from + at..].starts_with(pattern) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest--X of it";

    fn meta(name: &str, content: &[u8]) -> String {
        format!(r#"{{"filename":"{name}","sha256":"{}"}}"#, hex::encode(sha256(&[content])))
    }

    fn body(meta: &str, content: &[u8]) -> Vec<u8> {
        let mut body = format!(
            "--X\r\nContent-Disposition: form-data; name=\"meta\";\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{meta}\r\n--X\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n",
            meta.len()
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--X--\r\n");
        body
    }

    #[test]
    fn an_upload_is_read_with_and_without_the_boundary_in_the_header() {
        let meta = meta("A.PNG", PNG);
        let body = body(&meta, PNG);
        for header in [
            Some("multipart/form-data; boundary=X"),
            Some("multipart/form-data; boundary=\"X\""),
            Some("multipart/form-data"),
            None,
        ] {
            assert_eq!(signed_part(header, &body), Some(meta.as_bytes()), "{header:?}");
            let upload = Upload::parse(UploadKind::Image, header, &body).unwrap();
            assert_eq!((upload.content_type, upload.content), ("image/png", PNG));
        }
    }

    #[test]
    fn what_does_not_hold_is_named() {
        let refused = |meta: &str, content: &[u8], kind| {
            let body = body(meta, content);
            let error = Upload::parse(kind, None, &body).unwrap_err();
            let error = error.field_error().unwrap().clone();
            (error.field, error.issue)
        };
        let other = refused(&meta("a.png", b"else"), PNG, UploadKind::Image);
        assert_eq!(other, ("/sha256".into(), Issue::Hash));
        let kind = refused(&meta("a.jpg", PNG), PNG, UploadKind::Image);
        assert_eq!(kind, ("/filename".into(), Issue::FileType));
        let film = refused(&meta("a.png", PNG), PNG, UploadKind::Video);
        assert_eq!(film, ("/filename".into(), Issue::FileType));
        let large = vec![0; 2 * MEGABYTE + 1];
        let (field, issue) = refused(&meta("a.png", &large), &large, UploadKind::Image);
        assert_eq!(field, "/file");
        assert!(matches!(issue, Issue::TooLong { maximum: 2_097_152, .. }));
        assert_eq!(signed_part(None, b"{}"), None);
        assert_eq!(signed_part(None, b"--X\r\n\r\n"), None);
    }

    #[test]
    fn no_body_makes_the_reader_stumble() {
        let whole = body(&meta("a.png", PNG), PNG);
        for end in 0..whole.len() {
            let _ = Upload::parse(UploadKind::Image, None, &whole[..end]);
        }
    }
}
