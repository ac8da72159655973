//! Keys and vectors for the tests of this crate.

use std::sync::LazyLock;

use crate::keys::PrivateKey;

static MERCHANT: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());
static PLATFORM: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());

/// A merchant's key pair, one per test process.
pub fn merchant_key() -> &'static PrivateKey {
    &MERCHANT
}

/// The platform's key pair, one per test process.
pub fn platform_key() -> &'static PrivateKey {
    &PLATFORM
}

/// A public key drawn by another cryptographic library, whose private half was thrown away.
pub const FOREIGN_PUBLIC_PEM: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAurgehP8ob46Jo1YHNl3x
JtbyUlA3cPu3FXGqZXe0nBni3VXTRbKqDZsARz9lV3oYxTr39uHRS9Clmm4RPc8j
YBChAQdwn/J3Zl2raL5j74m896kmcC2fXAbsgjGjHG1OiLi+vmnMCQj+oqyfN3Oi
ilVGlhnioYX6PlFnUvCvs3dpErTLEsEPewBu7VEpDLq5XHi4xXLmT6nbsGxQjrm0
VGzVioT8dVaUEhAQVq24qV63MkgdRUIP49btId74neiJGEwI+I6FiFci/M3R3jAz
BtUudhgHuQAAhw/++A36xFFA7DuigSM5SH0fyPC4sJrvmuENU+EOrp5JqRdSwsG8
cQIDAQAB
-----END PUBLIC KEY-----
";

/// Body of the foreign message: escaped and raw non-ASCII text, and a final LF as one client
/// sends it.
pub const FOREIGN_BODY: &str = "{\"description\":\"café \\u4e2d\",\"amount\":{\"total\":1}}\n";

/// What was signed: method, target, timestamp, nonce and body, a LF after each.
pub const FOREIGN_MESSAGE: &str = "\
POST\n/v3/pay/transactions/native?a=%7C\n1700000000\n\
5K8264ILTKCH16CQ2502SI8ZNMTM67VS\n\
{\"description\":\"café \\u4e2d\",\"amount\":{\"total\":1}}\n\n";

/// The other library's signature of [`FOREIGN_MESSAGE`].
pub const FOREIGN_SIGNATURE: &str = "\
nV7u40P4FSYZVLfZmDypKA+zLbPoR603xK/oQDUjQpV7hVsRz1CBh+SviJlj8O7V3yyp6icdabB1hB/XU8rF\
EwggmAzdChEUYIGpF6bsHi80Y54D6reL7fnhxHubrWiLAYE6TiK8Ikk4zdSIX82P5Gr9Y31eYr9mkeB9B2DV\
XxvpT1BeTMFoNskyIv3u2x8P1EsKlyPN+E5lzD/0SO25xrlMCEkpwdlfCFM69AgHCzDsOn0xkxOk/VgwAOwM\
7EOoB66u/1vXUFpeWdkFyhqnjdD+gkaElF4IRABy76Glv4aAV/3lRwdAp1NS4Yis7K3zN6MO62N0PhrHuuWf\
hr95OQ==";
