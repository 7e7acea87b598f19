//! What a reminder says as an e-mail: plain text, no markup, no remote content.

use chrono::{DateTime, NaiveDate, Utc};
use jiff::Timestamp;
use lettre::{
    Message,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use super::Notice;
use crate::domain::{email_address::EmailAddress, time_zone::zone};

/// Writes the e-mail.
pub(super) fn compose(
    notice: Notice<'_>,
    from: &Mailbox,
    to: &EmailAddress,
) -> Result<Message, lettre::error::Error> {
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.as_address().clone()))
        .subject(format!("Reminder: {}", one_line(notice.title)))
        .message_id(Some(notice.message_id.to_owned()))
        .header(ContentType::TEXT_PLAIN)
        // RFC 3834: no out-of-office replies to this.
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .body(body(notice))
}

fn body(notice: Notice<'_>) -> String {
    let due = match (notice.due_date, notice.due_time) {
        (Some(date), _) => due_on(date),
        (None, Some(time)) => due_at(time, notice.time_zone),
        (None, None) => String::new(),
    };
    format!("{}\n{due}", notice.title)
}

fn due_on(date: NaiveDate) -> String {
    format!("\nDue: {}\n", date.format("%A, %-d %B %Y"))
}

fn due_at(time: DateTime<Utc>, name: &str) -> String {
    let Ok(time) = Timestamp::from_microsecond(time.timestamp_micros()) else {
        return String::new();
    };
    let local = time.to_zoned(zone(name));
    let name = local.time_zone().iana_name().unwrap_or("UTC").to_owned();
    format!(
        "\nDue: {} ({name})\n",
        local.strftime("%A, %-d %B %Y, %H:%M")
    )
}

/// A title has no control characters; should one get through, it must not end the header.
fn one_line(title: &str) -> String {
    title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::preferences::Preferences;

    fn text(title: &str, time_zone: &str) -> String {
        text_of(title, time_zone, None)
    }

    fn text_of(title: &str, time_zone: &str, due_date: Option<NaiveDate>) -> String {
        let notice = Notice {
            user_id: &"alice".parse().unwrap(),
            preferences: &Preferences::default(),
            message_id: "<1.email@example.com>",
            title,
            due_time: Some("2026-12-01T08:00:00Z".parse().unwrap()),
            due_date,
            time_zone,
        };
        let from = "Taskmesh <reminders@example.com>".parse().unwrap();
        let to = "alice@example.org".parse().unwrap();
        String::from_utf8(compose(notice, &from, &to).unwrap().formatted()).unwrap()
    }

    #[test]
    fn an_e_mail_says_what_is_due_and_when_in_the_zone_of_the_task() {
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
    fn a_task_without_a_zone_or_with_one_unknown_here_is_shown_in_utc() {
        for zone in ["", "Europe/Atlantis"] {
            let text = text("Water the plants", zone);
            assert!(
                text.ends_with("Due: Tuesday, 1 December 2026, 08:00 (UTC)\r\n"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_task_that_is_due_on_a_date_is_shown_without_a_time() {
        let date = NaiveDate::from_ymd_opt(2026, 12, 2);
        let text = text_of("Water the plants", "Pacific/Kiritimati", date);
        assert!(
            text.ends_with("Water the plants\r\n\r\nDue: Wednesday, 2 December 2026\r\n"),
            "{text}"
        );
    }

    #[test]
    fn no_title_can_add_a_header_or_end_the_message() {
        let text = text(
            "plants\r\nBcc: eve@example.com\r\n\r\n.\r\nMAIL FROM:<eve@example.com>",
            "",
        );
        let (headers, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!headers.contains("\r\nBcc:"), "{headers}");
        assert_eq!(headers.matches("Subject:").count(), 1);
    }

    #[test]
    fn a_title_in_any_script_stays_ascii_on_the_wire() {
        assert!(text("Zażółć gęślą jaźń 🌱 植物に水をやる", "Asia/Tokyo").is_ascii());
    }
}
