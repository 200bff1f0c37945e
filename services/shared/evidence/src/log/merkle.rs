//! The tree of RFC 6962: leaf and node hashes, roots by a frontier, audit paths.

use ring::digest::{Context, SHA256};

/// A SHA-256.
pub type Hash = [u8; 32];

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The hash of a leaf with this data.
#[must_use]
pub fn leaf(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// The hash of an inner node.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The root of a tree with these leaf hashes; of an empty tree the hash of nothing.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The audit path of the leaf at `index`, leaf to root; `None` outside the tree.
#[must_use]
pub fn path(leaves: &[Hash], index: usize) -> Option<Vec<Hash>> {
    if index >= leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    walk(leaves, index, &mut path);
    Some(path)
}

fn walk(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    if index < at {
        walk(left, index, path);
        path.push(root(right));
    } else {
        walk(right, index - at, path);
        path.push(root(left));
    }
}

/// Whether the path leads from the leaf to the root.
#[must_use]
pub fn includes(root_hash: &Hash, size: usize, index: usize, leaf: &Hash, path: &[Hash]) -> bool {
    fold(size, index, leaf, path).is_some_and(|hash| hash == *root_hash)
}

fn fold(size: usize, index: usize, leaf: &Hash, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return path.is_empty().then_some(*leaf);
    }
    let (last, rest) = path.split_last()?;
    let at = split(size);
    if index < at {
        Some(node(&fold(at, index, leaf, rest)?, last))
    } else {
        Some(node(last, &fold(size - at, index - at, leaf, rest)?))
    }
}

/// The largest power of two below `size` (at least 2).
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_those_of_the_rfc() {
        let hex = |hash: Hash| data_encoding::HEXLOWER.encode(&hash);
        assert_eq!(
            hex(root(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(leaf(&[])),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proved_and_no_other() {
        for size in 1..40_usize {
            let leaves: Vec<Hash> = (0..size).map(|i| leaf(&i.to_be_bytes())).collect();
            let root = root(&leaves);
            for index in 0..size {
                let path = path(&leaves, index).unwrap();
                assert!(includes(&root, size, index, &leaves[index], &path));
                assert!(!includes(&root, size, index, &leaf(b"other"), &path));
                assert_eq!(
                    includes(&root, size, (index + 1) % size, &leaves[index], &path),
                    size == 1
                );
            }
        }
    }
}
