//! Codes as pictures that scanners read, in SVG.

use qrcodegen::{QrCode, QrCodeEcc};
use std::fmt::Write;

/// Widths of bars and gaps of each symbol of Code 128, by its value.
const SYMBOLS: &str = "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 \
    221312 231212 112232 122132 122231 113222 123122 123221 223211 221132 \
    221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 \
    212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 \
    231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 \
    231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 \
    314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 \
    112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 \
    111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 \
    214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 \
    114131 311141 411131 211412 211214 211232";
const START_C: usize = 105;
const STOP: &str = "2331112";
/// The empty margin that scanners need, in widths of the thinnest bar.
const MARGIN: u32 = 10;
const HEIGHT: u32 = 50;
/// Free squares around a QR code, as readers expect.
const QUIET: i32 = 4;

/// Digits as a Code 128 barcode, two in a symbol; `None` for anything but an even count of digits.
pub(crate) fn barcode(digits: &str) -> Option<String> {
    let symbols: Vec<&str> = SYMBOLS.split(' ').collect();
    let mut values = vec![START_C];
    for pair in digits.as_bytes().chunks(2) {
        let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = pair else { return None };
        values.push(usize::from(tens - b'0') * 10 + usize::from(ones - b'0'));
    }
    let sum: usize = values.iter().enumerate().map(|(place, value)| place.max(1) * value).sum();
    values.push(sum % 103);
    let widths = values.iter().map(|value| symbols[*value]).chain([STOP]).collect::<String>();
    let (mut at, mut path) = (MARGIN, String::new());
    for (place, width) in widths.bytes().map(|digit| u32::from(digit - b'0')).enumerate() {
        if place % 2 == 0 {
            write!(path, "M{at} 0h{width}v{HEIGHT}h-{width}z").ok()?;
        }
        at += width;
    }
    Some(picture(at + MARGIN, HEIGHT, &path))
}

/// A text as a QR code; `None` when it is too long for one.
pub(crate) fn qr(text: &str) -> Option<String> {
    qr_path(text).map(|(side, path)| picture(side, side, &path))
}

/// The side of a QR code with its margin, and the path around its dark squares, which are 1 wide.
pub(crate) fn qr_path(text: &str) -> Option<(u32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            write!(path, "M{},{}h1v1h-1z", x + QUIET, y + QUIET).ok()?;
        }
    }
    Some((u32::try_from(code.size() + 2 * QUIET).ok()?, path))
}

/// Black on white, in a document of its own.
fn picture(width: u32, height: u32, path: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{width}v{height}h-{width}z\"/><path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_symbol_is_once_eleven_wide_and_has_an_even_share_of_black() {
        let symbols: BTreeSet<&str> = SYMBOLS.split(' ').collect();
        assert_eq!(symbols.len(), 106);
        for symbol in symbols {
            let widths: Vec<u8> = symbol.bytes().map(|digit| digit - b'0').collect();
            assert_eq!((widths.len(), widths.iter().sum::<u8>()), (6, 11), "{symbol}");
            assert_eq!(widths.iter().step_by(2).sum::<u8>() % 2, 0, "{symbol}");
        }
    }

    /// Reads the bars back as a scanner would.
    fn scan(svg: &str) -> String {
        let path = svg.rsplit("d=\"").next().unwrap().split('"').next().unwrap();
        let mut widths = Vec::new();
        let mut at = MARGIN;
        for bar in path.split('M').skip(1) {
            let (from, rest) = bar.split_once(" 0h").unwrap();
            let width: u32 = rest.split('v').next().unwrap().parse().unwrap();
            let from: u32 = from.parse().unwrap();
            widths.extend((at < from).then_some(from - at));
            widths.push(width);
            at = from + width;
        }
        let widths: String = widths.iter().map(u32::to_string).collect();
        let symbols: Vec<&str> = SYMBOLS.split(' ').collect();
        let body = widths.strip_suffix(STOP).unwrap().as_bytes().chunks(6);
        let values: Vec<usize> = body
            .map(|symbol| symbols.iter().position(|known| known.as_bytes() == symbol).unwrap())
            .collect();
        let (check, values) = values.split_last().unwrap();
        let sum: usize = values.iter().enumerate().map(|(at, value)| at.max(1) * value).sum();
        assert_eq!((values[0], sum % 103), (START_C, *check));
        values[1..].iter().map(|pair| format!("{pair:02}")).collect()
    }

    #[test]
    fn a_barcode_says_its_digits() {
        for digits in ["134567890123456789", "100000000000000000", "159999999999999999"] {
            assert_eq!(scan(&barcode(digits).unwrap()), digits);
        }
        assert_eq!((barcode("123"), barcode("12a4")), (None, None));
    }

    #[test]
    fn a_qr_code_is_a_picture_of_its_own() {
        let picture = qr("134567890123456789").unwrap();
        assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>"));
        assert_ne!(qr("134567890123456788").unwrap(), picture);
        assert_eq!(qr(&"x".repeat(5_000)), None);
    }
}
