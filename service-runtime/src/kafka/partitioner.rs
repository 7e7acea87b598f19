//! Partition of a key by the default partitioner of the Java client.

const SEED: u32 = 0x9747_b28c;
const FACTOR: u32 = 0x5bd1_e995;

/// Returns the partition of a key in a topic with this number of partitions.
///
/// # Panics
///
/// Panics if the topic has no partitions.
pub fn partition_of(key: &[u8], partitions: i32) -> i32 {
    // The Java client clears the sign bit.
    let positive = murmur2(key) & 0x7fff_ffff;
    i32::try_from(positive).expect("31 bits fit") % partitions
}

/// MurmurHash2, 32 bits, with Kafka's seed.
fn murmur2(data: &[u8]) -> u32 {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let (words, rest) = data.as_chunks::<4>();
    let mut hash = words.iter().fold(SEED ^ length, |hash, word| {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(FACTOR);
        word ^= word >> 24;
        hash.wrapping_mul(FACTOR) ^ word.wrapping_mul(FACTOR)
    });
    if !rest.is_empty() {
        let shifts = [0, 8, 16];
        for (byte, shift) in rest.iter().zip(shifts) {
            hash ^= u32::from(*byte) << shift;
        }
        hash = hash.wrapping_mul(FACTOR);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(FACTOR);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the Java client's tests.
    #[test]
    fn keys_have_hashes_of_java_client() {
        let cases: [(&str, i32); 6] = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            (
                "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            ("abc", 479_470_107),
        ];
        for (key, hash) in cases {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
        assert_eq!(partition_of(b"abc", 3), 479_470_107 % 3);
        assert_eq!(partition_of(b"foobar", 1), 0);
    }
}
