use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use mail_parser::{Address, Message, MessageParser};
use service_runtime::BoxError;
use uuid::Uuid;

use super::mailbox::Mailbox;
use crate::data_folder::Location;

/// Characters of a list's line that the recipients may take.
const MAX_RECIPIENTS: usize = 40;
/// Characters of a list's line that the subject may take.
const MAX_SUBJECT: usize = 60;

/// Read the e-mails that the mesh has sent.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all messages, oldest first, one per line: id, time, recipients, subject.
    ///
    /// Long recipients and subjects are truncated; `taskmesh mail show <ID>` shows the whole message.
    List {
        #[command(flatten)]
        location: Location,
    },
    /// Show one message: sender, recipients, subject and text.
    Show {
        /// Message id, or `last` for the newest.
        id: String,
        /// Show the raw message.
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        location: Location,
    },
}

/// Runs `mail list` or `mail show`.
pub fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    match arguments.command {
        Command::List { location } => {
            list(&Mailbox::of(location.of_mesh()?), &mut io::stdout().lock())?
        }
        Command::Show { id, raw, location } => {
            let mailbox = Mailbox::of(location.of_mesh()?);
            let id = find(&mailbox, &id)?;
            show(&mailbox.read(id)?, raw)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(mailbox: &Mailbox, output: &mut impl Write) -> io::Result<()> {
    for id in mailbox.ids()? {
        let bytes = mailbox.read(id)?;
        let message = MessageParser::default().parse(&bytes).unwrap_or_default();
        writeln!(
            output,
            "{id}  {time}  {to}  {subject}",
            time = message
                .date()
                .map(|date| date.to_rfc3339())
                .unwrap_or_default(),
            to = shortened(&addresses(message.to()), MAX_RECIPIENTS),
            subject = shortened(
                &on_one_line(message.subject().unwrap_or("(no subject)")),
                MAX_SUBJECT
            ),
        )?;
    }
    Ok(())
}

fn find(mailbox: &Mailbox, id: &str) -> Result<Uuid, BoxError> {
    let ids = mailbox.ids()?;
    let found = match id {
        "last" => ids.last().copied(),
        id => ids
            .into_iter()
            .find(|candidate| candidate.to_string() == id),
    };
    found.ok_or_else(|| {
        format!("mail {id} does not exist; list the ids with `taskmesh mail list`").into()
    })
}

fn show(bytes: &[u8], raw: bool) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let message = MessageParser::default().parse(bytes);
    let (Some(message), false) = (message, raw) else {
        return output.write_all(bytes);
    };
    writeln!(output, "From:    {}", addresses(message.from()))?;
    writeln!(output, "To:      {}", addresses(message.to()))?;
    writeln!(
        output,
        "Subject: {}",
        on_one_line(message.subject().unwrap_or_default())
    )?;
    writeln!(output, "\n{}", text_of(&message).trim_end())
}

fn text_of(message: &Message<'_>) -> String {
    message
        .body_text(0)
        .unwrap_or_default()
        .replace("\r\n", "\n")
}

fn addresses(address: Option<&Address<'_>>) -> String {
    let texts: Vec<String> = address
        .into_iter()
        .flat_map(Address::iter)
        .filter_map(|address| address.address().map(on_one_line))
        .collect();
    texts.join(", ")
}

/// Cuts a text to a number of characters, the last of which then shows that it was cut.
fn shortened(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(length - 1).collect();
    short.truncate(short.trim_end().len());
    short + "…"
}

/// Replaces what could move the terminal's cursor.
fn on_one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_another_encoding_is_shown_as_it_was_written() {
        let bytes = b"From: T <t@example.com>\r\nTo: alice@example.com\r\nSubject: =?utf-8?b?w5xiZW4=?=\r\n\
            Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nK=C3=A4se\r\n";
        let message = MessageParser::default().parse(bytes).unwrap();
        assert_eq!(message.subject(), Some("Üben"));
        assert_eq!(text_of(&message), "Käse\n");
        assert_eq!(addresses(message.to()), "alice@example.com");
    }

    #[test]
    fn list_has_one_short_line_for_each_message() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::of(folder.path());
        let many = vec!["someone@example.com"; 100].join(", ");
        for (to, subject, shown) in [
            (
                "a@example.com",
                "x".repeat(60),
                format!("a@example.com  {}", "x".repeat(60)),
            ),
            (
                "a@example.com",
                "ü".repeat(500),
                format!("a@example.com  {}…", "ü".repeat(59)),
            ),
            (
                &many,
                "Hi".to_owned(),
                "someone@example.com, someone@example.co…  Hi".to_owned(),
            ),
        ] {
            let message = format!(
                "To: {to}\r\nSubject: {subject}\r\nDate: Mon, 30 Nov 2026 01:00:00 +0000\r\n\r\n"
            );
            let id = mailbox.store(message.as_bytes()).unwrap();
            let mut output = Vec::new();
            list(&mailbox, &mut output).unwrap();
            let output = String::from_utf8(output).unwrap();
            let line = format!("{id}  2026-11-30T01:00:00Z  {shown}");
            assert_eq!(output.lines().last(), Some(line.as_str()));
        }
    }

    #[test]
    fn control_characters_of_a_message_do_not_reach_the_terminal() {
        assert_eq!(on_one_line("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
