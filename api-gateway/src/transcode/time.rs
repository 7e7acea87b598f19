use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime};

pub(super) const FORM: &str = "must be an RFC 3339 time with offset, such as 2026-12-01T09:00:00Z";

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
}
