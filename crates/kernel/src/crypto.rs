//! Hashes, keyed hashes and sealing. Random bytes and keys are handed in.

use aws_lc_rs::{aead, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// A 32-byte secret key; it does not print and is wiped when dropped.
#[derive(Clone)]
pub struct Key32(Zeroizing<[u8; 32]>);

impl Key32 {
    /// Takes 32 bytes from a secret source.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Key32 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key32(***)")
    }
}

/// SHA-256 over the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// HMAC-SHA-256 over the parts; each part is preceded by its length, so parts cannot run together.
pub fn keyed_hash(key: &Key32, parts: &[&[u8]]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut tag = [0; 32];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

/// Bytes as text that fits into a path: the alphabet of RFC 4648 section 5, without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Compares two secrets of one length in constant time.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(left, right).into()
}

/// The random bytes one sealing needs: a data key and two nonces.
pub type SealRandom = [u8; 56];

/// Why a sealed value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed under a key version that is not loaded.
    #[error("sealed under key version {0}, which is not loaded")]
    UnknownKey(u8),
    /// Too short, altered, or bound to another place.
    #[error("sealed value does not open")]
    Broken,
}

/// Something that wraps data keys: a local key, or a key service.
pub trait WrapKey {
    /// The version new values are sealed under.
    fn newest(&self) -> u8;
    /// The wrapping key of a version.
    fn key(&self, version: u8) -> Option<&Key32>;
}

const FORMAT: u8 = 1;
const TAG: usize = 16;
const HEAD: usize = 2 + 12 + 32 + TAG + 12;

/// Envelope encryption: a fresh data key seals `plain`, the wrapping key seals the data key.
/// `place` (table, column, row) is authenticated, so a sealed value moved elsewhere does not open.
///
/// Layout: format, key version, nonce, wrapped data key, nonce, ciphertext.
pub fn seal(keys: &dyn WrapKey, place: &[u8], plain: &[u8], random: &SealRandom) -> Vec<u8> {
    let version = keys.newest();
    let wrapping = keys.key(version).expect("the newest key version is loaded");
    let (data_key, rest) = random.split_at(32);
    let (first_nonce, second_nonce) = rest.split_at(12);
    let mut sealed = vec![FORMAT, version];
    sealed.extend_from_slice(first_nonce);
    let mut wrapped = data_key.to_vec();
    encrypt(wrapping.bytes(), first_nonce, place, &mut wrapped);
    sealed.append(&mut wrapped);
    sealed.extend_from_slice(second_nonce);
    let mut cipher = plain.to_vec();
    encrypt(data_key, second_nonce, place, &mut cipher);
    sealed.append(&mut cipher);
    sealed
}

/// Opens what [`seal`] made for the same place.
pub fn open(
    keys: &dyn WrapKey,
    place: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if sealed.len() < HEAD + TAG || sealed[0] != FORMAT {
        return Err(OpenError::Broken);
    }
    let wrapping = keys.key(sealed[1]).ok_or(OpenError::UnknownKey(sealed[1]))?;
    let data_key = decrypt(wrapping.bytes(), &sealed[2..14], place, &sealed[14..HEAD - 12])?;
    decrypt(&data_key, &sealed[HEAD - 12..HEAD], place, &sealed[HEAD..])
}

fn aes(key: &[u8]) -> aead::LessSafeKey {
    let key = aead::UnboundKey::new(&aead::AES_256_GCM, key).expect("the key has 32 bytes");
    aead::LessSafeKey::new(key)
}

fn encrypt(key: &[u8], nonce: &[u8], place: &[u8], text: &mut Vec<u8>) {
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).expect("a nonce has 12 bytes");
    aes(key)
        .seal_in_place_append_tag(nonce, aead::Aad::from(place), text)
        .expect("a value this short can be sealed");
}

fn decrypt(
    key: &[u8],
    nonce: &[u8],
    place: &[u8],
    text: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Broken)?;
    let mut text = Zeroizing::new(text.to_vec());
    let length = aes(key)
        .open_in_place(nonce, aead::Aad::from(place), &mut text)
        .map_err(|_| OpenError::Broken)?
        .len();
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One(Key32);
    impl WrapKey for One {
        fn newest(&self) -> u8 {
            1
        }
        fn key(&self, version: u8) -> Option<&Key32> {
            (version == 1).then_some(&self.0)
        }
    }

    #[test]
    fn a_sealed_value_opens_only_unaltered_and_in_its_place() {
        let keys = One(Key32::new([9; 32]));
        let sealed = seal(&keys, b"card/number/1", b"6222020123456789015", &[3; 56]);
        assert_eq!(
            open(&keys, b"card/number/1", &sealed).unwrap().as_slice(),
            b"6222020123456789015"
        );
        assert_eq!(open(&keys, b"card/number/2", &sealed), Err(OpenError::Broken));
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(open(&keys, b"card/number/1", &altered).is_err(), "byte {place}");
        }
        assert!(!sealed.windows(4).any(|four| four == b"6222"));
    }

    #[test]
    fn parts_of_a_keyed_hash_do_not_run_together() {
        let key = Key32::new([1; 32]);
        assert_ne!(keyed_hash(&key, &[b"ab", b"c"]), keyed_hash(&key, &[b"a", b"bc"]));
    }
}
