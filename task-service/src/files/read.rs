use super::{
    calendar,
    contents::{Contents, InvalidFile},
    csv,
    format::Format,
    limits::LARGEST_FILE,
    ndjson,
};

/// Reads the tasks of a file; times that name no zone are read in the user's.
pub fn read(format: Format, bytes: &[u8], user_zone: &str) -> Result<Contents, InvalidFile> {
    if bytes.len() > LARGEST_FILE {
        return Err(InvalidFile::TooLarge(bytes.len()));
    }
    let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if content.trim_ascii().is_empty() {
        return Err(InvalidFile::Empty);
    }
    match format {
        Format::Ndjson => ndjson::read(decode(bytes)?),
        Format::Csv => csv::read(decode(bytes)?),
        Format::Calendar => calendar::read(&calendar::Lines::unfold(bytes)?, user_zone),
    }
}

fn decode(bytes: &[u8]) -> Result<&str, InvalidFile> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (before, _) = bytes.split_at(error.valid_up_to());
        InvalidFile::NotUtf8 {
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            byte: error.valid_up_to() + 1,
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
