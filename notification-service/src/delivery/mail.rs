//! Composition of e-mails: plain text, no markup, no remote content.

use chrono::{DateTime, NaiveDate, Utc};
use email_encoding::headers::{rfc2047, writer::EmailWriter};
use lettre::{
    Address, Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use crate::domain::{delivery::Notice, time_zone::zone};

/// The longest word that is written as it is: folded between such words, no line becomes too long (RFC 5322, 2.1.1).
const MAX_PLAIN_WORD: usize = 60;

/// Writes the e-mail; nothing if the library takes no message of these parts.
pub(super) fn compose(notice: &Notice, from: &Mailbox, to: Address) -> Option<String> {
    let mut builder = Message::builder().from(from.clone());
    if let Some(header) = from_header(from) {
        builder = builder.raw_header(header);
    }
    let message = builder
        .to(Mailbox::new(None, to))
        .message_id(Some(notice.message_id.clone()))
        .header(ContentType::TEXT_PLAIN)
        // RFC 3834: no out-of-office replies to this.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .raw_header(as_written(
            HeaderName::new_from_ascii_str("Subject"),
            one_line(&format!("Reminder: {}", notice.title)),
        ))
        .body(body(notice))
        .ok()?;
    String::from_utf8(message.formatted()).ok()
}

/// Returns the sender's header. The library takes care of all names but one that looks encoded.
fn from_header(from: &Mailbox) -> Option<HeaderValue> {
    let name = from.name.as_ref().filter(|name| name.contains("=?"))?;
    let header = HeaderName::new_from_ascii_str("From");
    let encoded = format!("{} <{}>", encoded_words(&header, name), from.email);
    Some(HeaderValue::dangerous_new_pre_encoded(
        header,
        from.to_string(),
        encoded,
    ))
}

/// Returns a header of free text that every mail program shows as it was written, also if it looks like an encoded word (RFC 2047)
/// itself.
fn as_written(name: HeaderName, text: String) -> HeaderValue {
    let is_plain = |word: &str| {
        (1..=MAX_PLAIN_WORD).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_graphic())
    };
    if !text.contains("=?") && text.split(' ').all(is_plain) {
        return HeaderValue::new(name, text);
    }
    let encoded = encoded_words(&name, &text);
    HeaderValue::dangerous_new_pre_encoded(name, text, encoded)
}

fn encoded_words(header: &str, text: &str) -> String {
    let mut encoded = String::new();
    let mut writer = EmailWriter::new(&mut encoded, header.len() + ": ".len(), 0, false);
    rfc2047::encode(text, &mut writer).expect("a string takes whatever is written");
    drop(writer);
    encoded
}

fn body(notice: &Notice) -> String {
    let due = match (notice.due_date, notice.due_time) {
        (Some(date), _) => due_on(date),
        (None, Some(time)) => due_at(time, &notice.time_zone),
        (None, None) => String::new(),
    };
    format!("{}\n{due}", notice.title)
}

fn due_on(date: NaiveDate) -> String {
    format!("\nDue: {}\n", date.format("%A, %-d %B %Y"))
}

fn due_at(time: DateTime<Utc>, name: &str) -> String {
    let zone = zone(name);
    let local = zone.local(time).format("%A, %-d %B %Y, %H:%M");
    format!("\nDue: {local} ({zone})\n")
}

/// Replaces control characters, which a title should not have: none may end the header.
fn one_line(title: &str) -> String {
    title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn text(title: &str, time_zone: &str) -> String {
        text_of(title, time_zone, None)
    }

    fn text_of(title: &str, time_zone: &str, due_date: Option<NaiveDate>) -> String {
        let from = "Taskmesh <reminders@example.com>".parse().unwrap();
        let to = "alice@example.org".parse().unwrap();
        compose(&notice(title, time_zone, due_date), &from, to).unwrap()
    }

    fn notice(title: &str, time_zone: &str, due_date: Option<NaiveDate>) -> Notice {
        Notice {
            message_id: "<1.email@example.com>".to_owned(),
            title: title.to_owned(),
            due_time: Some("2026-12-01T08:00:00Z".parse().unwrap()),
            due_date,
            time_zone: time_zone.to_owned(),
        }
    }

    #[test]
    fn e_mail_has_due_time_in_zone_of_task() {
        let text = text("Water the plants", "Europe/Berlin");
        assert!(
            text.contains("Subject: Reminder: Water the plants\r\n"),
            "{text}"
        );
        assert!(
            text.contains("Message-ID: <1.email@example.com>\r\n"),
            "{text}"
        );
        assert!(
            text.contains("Auto-Submitted: auto-generated\r\n"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "Water the plants\r\n\r\nDue: Tuesday, 1 December 2026, 09:00 (Europe/Berlin)\r\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn unknown_zone_is_shown_as_utc() {
        for zone in ["", "Europe/Atlantis"] {
            let text = text("Water the plants", zone);
            assert!(
                text.ends_with("Due: Tuesday, 1 December 2026, 08:00 (UTC)\r\n"),
                "{text}"
            );
        }
    }

    #[test]
    fn due_date_is_shown_without_time() {
        let date = NaiveDate::from_ymd_opt(2026, 12, 2);
        let text = text_of("Water the plants", "Pacific/Kiritimati", date);
        assert!(
            text.ends_with("Water the plants\r\n\r\nDue: Wednesday, 2 December 2026\r\n"),
            "{text}"
        );
    }

    #[test]
    fn title_cannot_inject_headers() {
        let text = text(
            "plants\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>",
            "",
        );
        let (headers, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!headers.contains("\r\nBcc:"), "{headers}");
        assert_eq!(headers.matches("Subject:").count(), 1);
    }

    #[test]
    fn header_shows_text_as_written() {
        let long_word = "x".repeat(500);
        let long_text = "water the plants ".repeat(29);
        for title in [
            "Water the plants",
            "=?UTF-8?B?SGFja2Vk?=",
            "=?utf-8?q?Hacked?=",
            "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=",
            "before =?UTF-8?B?SGFja2Vk?= behind",
            "be=?UTF-8?B?SGFja2Vk?=fore",
            "Zażółć =?UTF-8?B?SGFja2Vk?=",
            "=?UTF-8?B?SGFja2Vk",
            "UTF-8?B?SGFja2Vk?=",
            "=?UTF-8?B??=",
            "=?=?UTF-8?B?SGFja2Vk?=?=",
            "=?x-unknown?B?SGFja2Vk?=",
            "Who =? me ?= you",
            "a  b   c",
            "two words: \"quoted\", <angled>, (round) \\ done; 100 %",
            "Zażółć gęślą jaźń 🌱 植物に水をやる",
            "🌱",
            "👩‍👩‍👧‍👦🏳️‍🌈 e\u{301}",
            &"🌱".repeat(500),
            &"植物に水をやる ".repeat(60),
            &format!("{} =?UTF-8?B?SGFja2Vk?=", "word ".repeat(12)),
            &format!("{}=?UTF-8?B?SGFja2Vk?=", "x".repeat(50)),
            &long_word,
            long_text.trim_end(),
            "\u{202e}reversed\u{202c} \u{200b}",
        ] {
            let text = text(title, "");
            let (headers, _) = text.split_once("\r\n\r\n").unwrap();
            assert!(headers.is_ascii(), "{headers}");
            assert!(headers.lines().all(|line| line.len() <= 78), "{headers}");
            assert_eq!(headers.matches("Subject:").count(), 1);
            let message = MessageParser::new().parse(text.as_bytes()).unwrap();
            let shown = format!("Reminder: {title}");
            assert_eq!(message.subject(), Some(shown.as_str()), "{headers}");
        }
    }

    #[test]
    fn control_characters_become_spaces_in_subject() {
        for (title, shown) in [
            ("a\r\nb", "a  b"),
            ("=?UTF-8?B?\r\n SGFja2Vk?=", "=?UTF-8?B?   SGFja2Vk?="),
            ("a\tb\u{85}c\u{0}", "a b c "),
        ] {
            let text = text(title, "");
            let message = MessageParser::new().parse(text.as_bytes()).unwrap();
            let shown = format!("Reminder: {shown}");
            assert_eq!(message.subject(), Some(shown.as_str()), "{text}");
        }
    }

    #[test]
    fn sender_is_shown_as_configured() {
        for name in [
            "Taskmesh",
            "=?UTF-8?B?SGFja2Vk?=",
            "Tasks =?UTF-8?Q?of?= mine",
            "Aufgaben für \"alle\", immer",
        ] {
            let address = "reminders@example.com".parse().unwrap();
            let from = Mailbox::new(Some(name.to_owned()), address);
            let to = "alice@example.org".parse().unwrap();
            let text = compose(&notice("Water the plants", "", None), &from, to).unwrap();
            let message = MessageParser::new().parse(text.as_bytes()).unwrap();
            let sender = message.from().and_then(|from| from.first()).unwrap();
            assert_eq!(sender.name(), Some(name), "{text}");
            assert_eq!(sender.address(), Some("reminders@example.com"));
        }
    }
}
