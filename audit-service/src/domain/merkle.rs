//! Merkle trees of the shape that RFC 6962 defines: one root hash for any number of leaves.

use super::hash::{Hash, Hasher};

const NODE: &str = "taskmesh.audit.v1.node";

/// Returns the root of the tree over these leaves; zeros if there are none.
///
/// Leaves and nodes are hashed for different purposes, so that a node is never taken for a leaf; a node without a partner moves up as it
/// is, which makes the same tree as the definition by the largest power of two.
pub fn root(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut level: Vec<Hash> = leaves.into_iter().collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => Hasher::new(NODE)
                    .bytes(left.as_bytes())
                    .bytes(right.as_bytes())
                    .finish(),
                [alone] => *alone,
                _ => unreachable!("chunks of two have one or two"),
            })
            .collect();
    }
    level.first().copied().unwrap_or(Hash::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: i64) -> Vec<Hash> {
        (0..count)
            .map(|number| Hasher::new("test").number(number).finish())
            .collect()
    }

    /// The definition of RFC 6962, section 2.1.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::ZERO,
            [alone] => *alone,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                Hasher::new(NODE)
                    .bytes(defined(&leaves[..split]).as_bytes())
                    .bytes(defined(&leaves[split..]).as_bytes())
                    .finish()
            }
        }
    }

    #[test]
    fn the_tree_is_the_one_that_is_defined() {
        for count in 0..70 {
            let leaves = leaves(count);
            assert_eq!(root(leaves.clone()), defined(&leaves), "{count} leaves");
        }
    }

    #[test]
    fn root_depends_on_every_leaf_and_its_position() {
        let leaves = leaves(7);
        let mut swapped = leaves.clone();
        swapped.swap(2, 5);
        assert_ne!(root(leaves.clone()), root(swapped));
        assert_ne!(root(leaves.clone()), root(leaves[..6].to_vec()));
    }
}
