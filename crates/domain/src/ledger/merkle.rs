//! The hash tree of RFC 6962 over a batch's journals and opened accounts: a receipt is one leaf,
//! its path, and a head that can be compared with a published one.

use kernel::crypto::sha256;

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of one leaf.
pub fn leaf(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// Where a list of `count` leaves, from 2, is split: the largest power of two below it.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

/// The root over hashed leaves; of none, the hash of nothing.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The path of one leaf: the hashes beside it, from the bottom up.
pub fn path(leaves: &[Hash], place: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, beside) = if place < middle {
        (self::path(left, place), root(right))
    } else {
        (self::path(right, place - middle), root(left))
    };
    path.push(beside);
    path
}

/// The root that a leaf at `place` of `count` has with this path; `None` when the path has another
/// length than the tree.
pub fn root_of_path(leaf: Hash, place: usize, count: usize, path: &[Hash]) -> Option<Hash> {
    if place >= count {
        return None;
    }
    if count == 1 {
        return path.is_empty().then_some(leaf);
    }
    let (beside, below) = path.split_last()?;
    let middle = split(count);
    if place < middle {
        Some(node(&root_of_path(leaf, place, middle, below)?, beside))
    } else {
        Some(node(beside, &root_of_path(leaf, place - middle, count - middle, below)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_proves_itself_and_nothing_else() {
        for count in 1..20usize {
            let leaves: Vec<Hash> = (0..count).map(|n| leaf(&[n as u8])).collect();
            let root = root(&leaves);
            for place in 0..count {
                let path = path(&leaves, place);
                assert_eq!(root_of_path(leaves[place], place, count, &path), Some(root));
                assert_ne!(root_of_path(leaf(b"other"), place, count, &path), Some(root));
                assert_eq!(root_of_path(leaves[place], count, count, &path), None);
            }
        }
    }

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        let hex = kernel::id::Hex(&root(&[])).to_string();
        assert_eq!(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
