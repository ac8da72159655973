//! What a seeded database has instead of random draws: every secret, id and number follows from the
//! seed, so that the clients know them without having been told.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::crypto::{SealRandom, sha256};

/// The first six bytes of every id, as ids made at one moment have them.
const MOMENT: [u8; 6] = [0x01, 0x9a, 0xa0, 0, 0, 0];

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dice {
    /// Another seed gives other people.
    pub(super) seed: u64,
}

impl Dice {
    /// 32 bytes for the `number`th thing of a kind.
    pub(super) fn bytes(self, what: &str, number: u64) -> [u8; 32] {
        let (seed, number) = (self.seed.to_be_bytes(), number.to_be_bytes());
        sha256(&[b"bench", &seed, what.as_bytes(), &number])
    }

    /// The bytes of an id: of its shape a UUIDv7, and later numbers sort later.
    pub(super) fn id(self, kind: u8, number: u64) -> [u8; 16] {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&MOMENT);
        (id[6], id[7]) = (0x70, kind);
        id[8..].copy_from_slice(&number.to_be_bytes());
        id[8] |= 0x80;
        id
    }

    /// What one sealing needs.
    pub(super) fn seal_random(self, what: &str, number: u64) -> SealRandom {
        let mut random = [0; 56];
        random[..32].copy_from_slice(&self.bytes(what, number));
        random[32..].copy_from_slice(&self.bytes(what, !number)[..24]);
        random
    }

    /// The bits of a person's bearer token.
    pub(super) fn token(self, person: u64) -> [u8; 32] {
        self.bytes("token", person)
    }

    /// The header with which a person proves who calls.
    pub(super) fn authorization(self, person: u64) -> String {
        let mut header = String::with_capacity(50);
        header.push_str("Bearer ");
        URL_SAFE_NO_PAD.encode_string(self.token(person), &mut header);
        header
    }
}

/// A number that looks drawn, and is another one for each `number`.
pub(super) fn spread(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
