//! Lanes: each event belongs to one, and one relay at a time sends the events of a lane.

/// How many lanes an outbox has; `migrations/runtime` creates them.
const LANES: u64 = 16;

/// Returns the lane of a key's events on a topic.
///
/// What waits in an outbox was put into its lane by this function, so that it must never return another one (FNV-1a, mixed as in MurmurHash3).
pub(super) fn of(topic: &str, key: &str) -> i16 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in topic.bytes().chain([0]).chain(key.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // Short keys differ in few bits of the hash so far.
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
    }
    i16::try_from((hash ^ (hash >> 33)) % LANES).expect("a lane is a small number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_lane_for_ever() {
        let lanes: Vec<i16> = ["a", "b", "c", "", "0196f0a2-7b1c-7d3e-8f00-000000000001"]
            .map(|key| of("task-events", key))
            .into();
        assert_eq!(lanes, [11, 15, 12, 11, 1]);
        assert_ne!(of("task-events", "a"), of("task-reminders", "a"));
    }

    #[test]
    fn keys_spread_over_all_lanes() {
        let mut counts = [0; 16];
        for key in 0..1_600 {
            let lane = of("task-events", &key.to_string());
            counts[usize::try_from(lane).unwrap()] += 1;
        }
        assert!(
            counts.iter().all(|count| (50..=150).contains(count)),
            "{counts:?}"
        );
    }
}
