use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime};

pub(super) const FORM: &str = "must be an RFC 3339 time with offset, such as 2026-12-01T09:00:00Z";
const LONGEST_SECONDS: i64 = 315_576_000_000;

/// Reads an RFC 3339 time into seconds since 1970 and nanoseconds; the error is the cure.
pub(super) fn timestamp(text: &str) -> Result<prost_types::Timestamp, String> {
    let time = instant(text).ok_or_else(|| cure(text))?;
    let nanos = time.timestamp_subsec_nanos();
    if nanos >= 1_000_000_000 {
        return Err("has a leap second, which is not supported; write second 59".to_owned());
    }
    if !(1..=9999).contains(&time.to_utc().year()) {
        return Err("must be between the years 1 and 9999".to_owned());
    }
    Ok(prost_types::Timestamp {
        seconds: time.timestamp(),
        nanos: nanos.try_into().unwrap_or_default(),
    })
}

/// Reads an RFC 3339 time; the seconds may be left out, as people and models often do.
fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    let exact = DateTime::parse_from_rfc3339(text).ok();
    exact.or_else(|| {
        let (minute, offset) = text.split_at_checked("2026-12-01T09:00".len())?;
        let has_offset = offset.starts_with(['Z', 'z', '+', '-']);
        let with_seconds = has_offset.then(|| format!("{minute}:00{offset}"))?;
        DateTime::parse_from_rfc3339(&with_seconds).ok()
    })
}

/// Most wrong times lack something that the caller can add; the cure shows their own time with it.
fn cure(text: &str) -> String {
    let normal = text.replacen(' ', "T", 1);
    let local = |form| NaiveDateTime::parse_from_str(&normal, form);
    let without_offset = local("%Y-%m-%dT%H:%M:%S%.f").or_else(|_| local("%Y-%m-%dT%H:%M"));
    if let Ok(time) = without_offset {
        let time = time.format("%Y-%m-%dT%H:%M:%S%.f");
        return format!("needs an offset: write {time}Z or {time}+01:00");
    }
    if NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() {
        return format!(
            "needs a time and an offset: write {text}T09:00:00Z or {text}T09:00:00+01:00"
        );
    }
    // In a query string, + means a space.
    let mended = text
        .rfind(' ')
        .map(|at| format!("{}+{}", &text[..at], &text[at + 1..]));
    if mended.is_some_and(|mended| DateTime::parse_from_rfc3339(&mended).is_ok()) {
        return "has a space where its offset begins: in a URL, write + as %2B".to_owned();
    }
    FORM.to_owned()
}

/// Reads a duration such as `90s` or `1.5s`; the error is the cure.
pub(super) fn duration(text: &str) -> Result<prost_types::Duration, String> {
    parse_duration(text).ok_or_else(|| {
        format!("must be seconds with the letter s, such as 90s or 1.5s, up to {LONGEST_SECONDS}s")
    })
}

fn parse_duration(text: &str) -> Option<prost_types::Duration> {
    let digits = text.strip_suffix('s')?;
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    (seconds <= LONGEST_SECONDS).then_some(prost_types::Duration {
        seconds: sign * seconds,
        nanos: sign as i32 * nanos,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_with_offset_is_an_instant() {
        let time = timestamp("2026-12-01T09:00:00.25+01:00").unwrap();
        assert_eq!((time.seconds, time.nanos), (1_796_112_000, 250_000_000));
        assert_eq!(
            timestamp("2026-12-01T08:00:00Z").unwrap().seconds,
            time.seconds
        );
        for text in [
            "2026-12-01T08:00Z",
            "2026-12-01t08:00z",
            "2026-12-01 09:00+01:00",
        ] {
            assert_eq!(timestamp(text).unwrap().seconds, time.seconds, "{text}");
        }
    }

    #[test]
    fn a_time_without_offset_is_shown_how_to_have_one() {
        let cure = "needs an offset: write 2026-12-01T09:00:00Z or 2026-12-01T09:00:00+01:00";
        assert_eq!(timestamp("2026-12-01T09:00:00").unwrap_err(), cure);
        assert_eq!(timestamp("2026-12-01 09:00").unwrap_err(), cure);
        assert_eq!(
            timestamp("2026-12-01").unwrap_err(),
            "needs a time and an offset: write 2026-12-01T09:00:00Z or 2026-12-01T09:00:00+01:00"
        );
        assert!(
            timestamp("2026-12-01T09:00:00 01:00")
                .unwrap_err()
                .contains("%2B")
        );
        assert_eq!(timestamp("tomorrow").unwrap_err(), FORM);
        assert_eq!(timestamp("2026-02-30T09:00:00Z").unwrap_err(), FORM);
    }

    #[test]
    fn a_time_that_protobuf_cannot_hold_is_refused() {
        assert!(
            timestamp("2016-12-31T23:59:60Z")
                .unwrap_err()
                .contains("leap second")
        );
        assert!(
            timestamp("0000-01-01T00:00:00Z")
                .unwrap_err()
                .contains("years")
        );
    }

    #[test]
    fn a_duration_is_seconds() {
        let duration = |text| super::duration(text).map(|d| (d.seconds, d.nanos));
        assert_eq!(duration("90s"), Ok((90, 0)));
        assert_eq!(duration("-1.5s"), Ok((-1, -500_000_000)));
        for wrong in ["90", "1m", "s", "1.s", "1.0000000001s", "999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
