//! The two languages in which `message` is written.

/// Language of the human text of an answer; codes never change with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// zh-CN, the protocol's default.
    #[default]
    Chinese,
    /// English, on request.
    English,
}

impl Language {
    /// Reads `Accept-Language`: the language of the two with the highest weight, the first
    /// named among equals, Chinese when neither is named.
    #[must_use]
    pub fn from_header(accept_language: Option<&str>) -> Self {
        let mut best = (Self::Chinese, 0.0);
        for range in accept_language.unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default();
            let language = if primary.eq_ignore_ascii_case("en") {
                Self::English
            } else if primary.eq_ignore_ascii_case("zh") {
                Self::Chinese
            } else {
                continue;
            };
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(Ok(1.0), str::parse::<f32>).unwrap_or(0.0);
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Value of `Content-Language`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The text in this language.
    #[must_use]
    pub fn pick<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_unless_english_is_preferred() {
        let read = |text| Language::from_header(Some(text));
        assert_eq!(Language::from_header(None), Language::Chinese);
        for chinese in ["", "*", "zh-HK", "fr", "zh-CN,en;q=0.8", "en;q=0.1,zh", "en;q=0"] {
            assert_eq!(read(chinese), Language::Chinese, "{chinese}");
        }
        for english in ["en", "en-US,zh;q=0.5", "zh;q=0.2, en;q=0.9", "fr,EN"] {
            assert_eq!(read(english), Language::English, "{english}");
        }
    }
}
