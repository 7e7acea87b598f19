/// A format of files that hold tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values with a header (RFC 4180).
    Csv,
    /// iCalendar (RFC 5545); only read.
    Calendar,
}

/// A content type that stands for no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFormat {
    /// Nothing is stated.
    #[error("must have a content type: application/x-ndjson, text/csv or text/calendar")]
    Unstated,
    /// Another type.
    #[error(
        "has a content type that cannot be imported; use application/x-ndjson, text/csv or text/calendar"
    )]
    Unknown,
    /// Another character set than UTF-8.
    #[error("has another character set; save it as UTF-8")]
    Charset,
}

impl Format {
    /// Returns the format that a content type stands for.
    pub fn from_content_type(content_type: &str) -> Result<Self, UnknownFormat> {
        let mut parts = content_type.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let format = match essence.as_str() {
            "" => return Err(UnknownFormat::Unstated),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines" => Self::Ndjson,
            "text/csv" => Self::Csv,
            "text/calendar" => Self::Calendar,
            _ => return Err(UnknownFormat::Unknown),
        };
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.trim().trim_matches('"').to_ascii_lowercase())
        });
        match charset.as_deref() {
            None | Some("utf-8" | "utf8" | "us-ascii") => Ok(format),
            Some(_) => Err(UnknownFormat::Charset),
        }
    }

    /// Returns the format of a file: the one that its content type stands for or, if that is only application/octet-stream, the one
    /// that its first bytes show.
    pub fn of_file(content_type: &str, data: &[u8]) -> Result<Self, UnknownFormat> {
        const CALENDAR: &[u8] = b"BEGIN:VCALENDAR";
        let essence = content_type.split(';').next().unwrap_or_default();
        if !essence
            .trim()
            .eq_ignore_ascii_case("application/octet-stream")
        {
            return Self::from_content_type(content_type);
        }
        let text = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
        let text = text.trim_ascii_start();
        let begin = text.get(..CALENDAR.len()).unwrap_or_default();
        Ok(match text.first() {
            _ if begin.eq_ignore_ascii_case(CALENDAR) => Self::Calendar,
            Some(b'{') => Self::Ndjson,
            _ => Self::Csv,
        })
    }

    /// Returns what files of the format call a field of a task.
    pub fn field(self, field: &'static str) -> &'static str {
        match (self, field) {
            (Self::Ndjson | Self::Csv, _) => field,
            (Self::Calendar, "title") => "SUMMARY",
            (Self::Calendar, "description") => "DESCRIPTION",
            (Self::Calendar, "due_time") => "DUE",
            (Self::Calendar, "start_time") => "DTSTART",
            (Self::Calendar, "time_zone") => "TZID",
            (Self::Calendar, "recurrence_rule") => "RRULE",
            (Self::Calendar, "reminders") => "VALARM",
            (Self::Calendar, "tags") => "CATEGORIES",
            (Self::Calendar, "parent_task_id" | "depends_on") => "RELATED-TO",
            (Self::Calendar, "complete_time") => "COMPLETED",
            (Self::Calendar, _) => field,
        }
    }

    /// Returns the content type of a file in the format.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Calendar => "text/calendar; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_type_is_read_with_its_parameters() {
        for (content_type, format) in [
            ("application/x-ndjson", Format::Ndjson),
            ("Text/CSV; header=present", Format::Csv),
            (
                "text/calendar; charset=\"UTF-8\"; component=VTODO",
                Format::Calendar,
            ),
        ] {
            assert_eq!(Format::from_content_type(content_type), Ok(format));
        }
        for format in [Format::Ndjson, Format::Csv, Format::Calendar] {
            assert_eq!(Format::from_content_type(format.content_type()), Ok(format));
        }
    }

    #[test]
    fn file_without_media_type_shows_its_format() {
        for (data, format) in [
            ("\u{feff}begin:vcalendar\r\n", Format::Calendar),
            (" {\"title\": \"x\"}\n", Format::Ndjson),
            ("title,description\n", Format::Csv),
            ("", Format::Csv),
        ] {
            let read = Format::of_file("Application/Octet-Stream", data.as_bytes());
            assert_eq!(read, Ok(format), "{data}");
        }
        assert_eq!(Format::of_file("text/csv", b"{}"), Ok(Format::Csv));
    }

    #[test]
    fn any_other_content_type_is_refused() {
        for (content_type, refusal) in [
            ("", UnknownFormat::Unstated),
            ("application/json", UnknownFormat::Unknown),
            ("text/csv; charset=utf-16", UnknownFormat::Charset),
        ] {
            assert_eq!(Format::from_content_type(content_type), Err(refusal));
        }
    }
}
