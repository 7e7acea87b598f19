use std::time::Duration;

use http::HeaderMap;

use crate::error::Error;

const HEADER: &str = "grpc-timeout";
const CURE: &str = "must be a number above 0 of up to 8 digits and a unit (H, M, S, m, u or n), such as 500m for 500 milliseconds";

/// Returns how long the client wants to wait, from the header `grpc-timeout` in gRPC's own form, such as `5S` or `500m`.
///
/// # Errors
///
/// Fails if the header has another form.
pub fn requested_deadline(headers: &HeaderMap) -> Result<Option<Duration>, Error> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let parsed = value.to_str().ok().and_then(parse);
    parsed.map(Some).ok_or(Error::Header {
        name: HEADER,
        cure: CURE,
    })
}

fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok().filter(|count| *count > 0)?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_digits_and_a_unit() {
        assert_eq!(parse("5S"), Some(Duration::from_secs(5)));
        assert_eq!(parse("500m"), Some(Duration::from_millis(500)));
        for wrong in [
            "",
            "5",
            "S",
            "0H",
            "00000000n",
            "-5S",
            "123456789S",
            "5s",
            "5€",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
