//! Files over the wire: what of the form is signed, and how large it may be.

use crate::world::World;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;

const TARGET: &str = "/v3/merchant/media/upload";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\npixels";

fn meta(name: &str, file: &[u8]) -> String {
    let hash = kernel::id::Hex(&kernel::crypto::sha256(&[file])).to_string();
    json!({ "filename": name, "sha256": hash }).to_string()
}

/// A form whose `meta` is signed, sent without a boundary in the header.
fn upload(world: &World, signed: &str, sent: &str, file: &[u8]) -> Request<Body> {
    let head = format!(
        "--b\r\nContent-Disposition: form-data; name=\"meta\";\r\n\r\n{sent}\r\n--b\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n"
    );
    let mut request = world.signed(&world.merchant, ("POST", TARGET), signed.as_bytes());
    *request.body_mut() = Body::from([head.as_bytes(), file, b"\r\n--b--\r\n"].concat());
    let kind = "multipart/form-data".parse().unwrap();
    request.headers_mut().insert("content-type", kind);
    request
}

#[tokio::test]
async fn another_meta_than_the_signed_one_is_refused() {
    let world = World::new().await;
    let (signed, sent) = (meta("a.png", PNG), meta("b.png", PNG));
    let forged = world.send(upload(&world, &signed, &sent, PNG)).await;
    assert_eq!((forged.status, &forged.json()["code"]), (401, &json!("SIGN_ERROR")));
}

#[tokio::test]
async fn a_picture_has_at_most_two_megabytes_and_no_body_is_larger_than_a_film() {
    let world = World::new().await;
    let two_megabytes = [b"BM".as_slice(), &vec![0; 2 * 1024 * 1024 - 2]].concat();
    let sent = meta("a.bmp", &two_megabytes);
    let kept = world.send(upload(&world, &sent, &sent, &two_megabytes)).await;
    assert_eq!(kept.status, 200, "{kept:?}");
    let sent = meta("a.bmp", PNG);
    let huge = world.send(upload(&world, &sent, &sent, &vec![0; 6 * 1024 * 1024])).await;
    huge.refuses_field("", "the body is too large");
}
