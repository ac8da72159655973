//! Tests of the strict reader.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const LIMITS: Limits = Limits { bytes_max: 1000, depth_max: 4, text: TextRange::BasicPlane };

fn fault(body: &[u8]) -> (String, JsonFault) {
    let error = read_object(body, &LIMITS).unwrap_err();
    (error.pointer, error.fault)
}

#[test]
fn ordinary_bodies_of_all_clients_are_read() {
    let bodies = [
        "{\"a\":{\"b\":[1,-2,true,null,\"\\u4e2d\\/\\u003c\"]}}\n",
        " { \"a\" : { \"b\" : [ 1, -2, true, null, \"中/<\" ] } } ",
    ];
    for body in bodies {
        let read = read(body.as_bytes(), &LIMITS).unwrap();
        assert_eq!(read, json!({"a": {"b": [1, -2, true, null, "中/<"]}}));
    }
}

#[test]
fn each_fault_is_named_with_its_place() {
    use JsonFault::*;
    let cases: [(&[u8], &str, JsonFault); 21] = [
        (b"", "", Syntax),
        (b"{", "", Syntax),
        (b"{\"a\":1,}", "", Syntax),
        (b"{'a':1}", "", Syntax),
        (b"{\"a\":01}", "", Syntax),
        (b"{\"a\":NaN}", "", Syntax),
        (b"{\"a\":1e999}", "", Syntax),
        (b"{\"a\":1} x", "", Syntax),
        (b"{}{}", "", Syntax),
        (b"\xef\xbb\xbf{}", "", Syntax),
        (b"{\"a\":\"\\ud800\"}", "", Syntax),
        (b"{\"a\":\"\x01\"}", "", Syntax),
        (b"{\"a\":\"\xff\"}", "", Utf8),
        (b"{\"a\":\"\xed\xa0\x80\"}", "", Utf8),
        (b"[]", "", NotAnObject),
        (b"{\"a\":1,\"\\u0061\":1}", "/a", DuplicateKey),
        (b"{\"x\":[0,{\"a/~\":1,\"a/~\":2}]}", "/x/1/a~1~0", DuplicateKey),
        (b"{\"a\":[[[[]]]]}", "/a/0/0/0", TooDeep),
        (b"{\"a\":\"x\\u0000\"}", "/a", Nul),
        (b"{\"a\":[\"\\ud83d\\ude00\"]}", "/a/0", OutsideBasicPlane),
        ("{\"😀\":1}".as_bytes(), "/😀", OutsideBasicPlane),
    ];
    for (body, pointer, expected) in cases {
        let shown = String::from_utf8_lossy(body);
        assert_eq!(fault(body), (pointer.to_owned(), expected), "{shown}");
    }
    assert_eq!(fault(&[b' '; 1001]).1, TooLarge);
}

#[test]
fn all_of_unicode_is_read_where_it_is_allowed() {
    let limits = Limits { text: TextRange::Unicode, ..LIMITS };
    assert_eq!(read("\"😀\"".as_bytes(), &limits).unwrap(), json!("😀"));
    assert_eq!(read(br#""\u0000""#, &limits).unwrap_err().fault, JsonFault::Nul);
}

#[test]
fn numbers_that_are_no_integers_stay_recognisable() {
    let value = read(b"[10, 1e3, 1.0, -0, 9223372036854775808, 99999999999999999999]", &LIMITS);
    let value = value.unwrap();
    let integers: Vec<bool> =
        value.as_array().unwrap().iter().map(|number| number.is_i64()).collect();
    assert_eq!(integers, [true, false, false, false, false, false]);
}

#[test]
fn very_deep_nesting_neither_overflows_nor_takes_long() {
    let body = "[".repeat(900);
    assert_eq!(read(body.as_bytes(), &LIMITS).unwrap_err().fault, JsonFault::TooDeep);
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&body, &LIMITS);
    }

    #[test]
    fn what_is_accepted_is_what_the_library_reads(body in "[\\[\\]{}\",:0-9a-b.e \\\\-]{0,24}") {
        if let Ok(value) = read(body.as_bytes(), &LIMITS) {
            prop_assert_eq!(value, serde_json::from_str::<Value>(&body).unwrap());
        }
    }
}
