//! Durations as people write them.

use std::time::Duration;

const TEN_YEARS: u64 = 3652 * 24 * 3600;

/// Reads a number and a unit, such as `30d`.
pub fn parse(text: &str) -> Result<Duration, String> {
    let parsed = text.char_indices().next_back().and_then(|(at, unit)| {
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 24 * 3600,
            _ => return None,
        };
        let count: u64 = text[..at].parse().ok()?;
        count
            .checked_mul(seconds)
            .filter(|seconds| (1..=TEN_YEARS).contains(seconds))
    });
    parsed
        .map(Duration::from_secs)
        .ok_or_else(|| "give a number and s, m, h or d, such as 30d; ten years at most".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(parse("30d"), Ok(Duration::from_secs(30 * 24 * 3600)));
        assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
        for wrong in [
            "",
            "d",
            "30",
            "-1d",
            "0s",
            "1.5h",
            "99999999999d",
            "18446744073709551615d",
            "3é",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
