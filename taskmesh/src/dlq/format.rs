//! Dead letters as text and as JSON.

use chrono::SecondsFormat;
use serde_json::{Value, json};
use service_runtime::dead_letters::DeadLetter;

/// What stands where a letter has nothing to say.
pub const ABSENT: &str = "-";

/// Returns what a list says of a letter: everything but its headers and what it holds.
pub fn json(letter: &DeadLetter) -> Value {
    json!({
        "name": letter.name().to_string(),
        "record_time": time(letter),
        "key": key(letter),
        "type": letter.event_type(),
        "event_id": letter.event_id(),
        "attempts": letter.attempts(),
        "redrive_count": letter.redrive_count(),
        "reason": letter.reason(),
        "group": letter.topic().group,
        "source_topic": letter.topic().source.name,
        "source_offset": letter.source_offset(),
    })
}

/// Returns when the record was written.
pub fn time(letter: &DeadLetter) -> Option<String> {
    let time = letter.record_time()?;
    Some(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Returns the key as text.
pub fn key(letter: &DeadLetter) -> String {
    String::from_utf8_lossy(letter.key()).into_owned()
}

/// Takes the characters out that would steer the terminal, because a letter may hold anything.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| match letter.is_control() {
            true => char::REPLACEMENT_CHARACTER,
            false => letter,
        })
        .collect()
}

/// Returns "1 dead letter" or "7 dead letters".
pub fn letters(count: u64) -> String {
    match count {
        1 => "1 dead letter".to_owned(),
        count => format!("{count} dead letters"),
    }
}

/// Writes bytes as hexadecimal digits and as text, 16 a line.
pub fn hex_dump(bytes: &[u8]) -> String {
    let mut dump = String::new();
    for (line, bytes) in bytes.chunks(16).enumerate() {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = bytes
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            })
            .collect();
        dump.push_str(&format!(
            "{:08x}  {:<47}  {text}\n",
            line * 16,
            digits.join(" ")
        ));
    }
    dump
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_sixteen_a_line() {
        let dump = hex_dump(b"\xff\x00taskmesh-events!");
        let lines: Vec<&str> = dump.lines().collect();
        assert_eq!(
            lines[0],
            "00000000  ff 00 74 61 73 6b 6d 65 73 68 2d 65 76 65 6e 74  ..taskmesh-event"
        );
        assert_eq!(
            lines[1],
            "00000010  73 21                                            s!"
        );
    }

    #[test]
    fn nothing_in_a_letter_steers_the_terminal() {
        assert_eq!(plain("no\x1b[2J\nline"), "no\u{fffd}[2J\u{fffd}line");
    }
}
