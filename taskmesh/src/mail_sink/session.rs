//! One connection, in the part of SMTP (RFC 5321) that a client needs to hand over messages.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    task::spawn_blocking,
    time::timeout,
};
use tracing::{error, info};

use super::mailbox::Mailbox;

/// The largest message, in bytes.
const MESSAGE_LIMIT: usize = 10 * 1024 * 1024;
const COMMAND_LIMIT: u64 = 2048;
const RECIPIENT_LIMIT: usize = 100;
const PATIENCE: Duration = Duration::from_secs(300);

/// One conversation with a client.
pub struct Session<R, W> {
    reader: R,
    writer: W,
    mailbox: Mailbox,
    sender_given: bool,
    recipients: usize,
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Command,
    Close,
}

impl<R, W> Session<R, W>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin,
{
    pub fn new(reader: R, writer: W, mailbox: Mailbox) -> Self {
        Self {
            reader,
            writer,
            mailbox,
            sender_given: false,
            recipients: 0,
        }
    }

    /// Talks with the client until it says QUIT, goes away or is silent for five minutes.
    pub async fn run(mut self) -> io::Result<()> {
        self.answer("220 taskmesh keeps every message").await?;
        loop {
            let mut line = Vec::new();
            let mut limited = (&mut self.reader).take(COMMAND_LIMIT);
            match timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await {
                Err(_) => return self.answer("421 too long without a command").await,
                Ok(read) => {
                    if read? == 0 {
                        return Ok(());
                    }
                }
            }
            if !line.ends_with(b"\n") {
                return self.answer("500 the line is too long").await;
            }
            let line = String::from_utf8_lossy(&line);
            if self.command(line.trim_end()).await? == Next::Close {
                return Ok(());
            }
        }
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.forget();
                // In one write: TCP would hold the second one back until the first is acknowledged.
                let extensions =
                    "250-taskmesh\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n";
                self.answer(&format!("{extensions}250 SIZE {MESSAGE_LIMIT}"))
                    .await?;
            }
            "HELO" => {
                self.forget();
                self.answer("250 taskmesh").await?;
            }
            "MAIL" if size_of(rest).is_some_and(|size| size > MESSAGE_LIMIT) => {
                self.answer("552 the message is too large").await?;
            }
            "MAIL" if has_path(rest, "FROM:") => {
                self.forget();
                self.sender_given = true;
                self.answer("250 ok").await?;
            }
            "RCPT" if !self.sender_given => self.answer("503 MAIL comes first").await?,
            "RCPT" if self.recipients == RECIPIENT_LIMIT => {
                self.answer("452 too many recipients").await?
            }
            "RCPT" if has_path(rest, "TO:") => {
                self.recipients += 1;
                self.answer("250 ok").await?;
            }
            "MAIL" | "RCPT" => {
                self.answer("501 give an address as in RCPT TO:<a@example.com>")
                    .await?
            }
            "DATA" if self.recipients == 0 => self.answer("503 RCPT comes first").await?,
            "DATA" => return self.data().await,
            "RSET" => {
                self.forget();
                self.answer("250 ok").await?;
            }
            "NOOP" => self.answer("250 ok").await?,
            "QUIT" => {
                self.answer("221 bye").await?;
                return Ok(Next::Close);
            }
            _ => self.answer("500 unknown command").await?,
        }
        Ok(Next::Command)
    }

    async fn data(&mut self) -> io::Result<Next> {
        self.answer("354 end with a dot on a line of its own")
            .await?;
        let message = match timeout(PATIENCE, read_message(&mut self.reader)).await {
            Ok(message) => message?,
            Err(_) => {
                self.answer("421 too long without the end of the message")
                    .await?;
                return Ok(Next::Close);
            }
        };
        self.forget();
        let Some(message) = message else {
            self.answer("552 the message is too large").await?;
            return Ok(Next::Command);
        };
        let mailbox = self.mailbox.clone();
        let stored = spawn_blocking(move || mailbox.store(&message)).await;
        match stored.map_err(io::Error::other).flatten() {
            Ok(id) => {
                info!("stored mail {id}");
                self.answer(&format!("250 stored as {id}")).await?;
            }
            Err(error) => {
                error!(%error, "storing a mail failed");
                self.answer("451 the message cannot be stored now").await?;
            }
        }
        Ok(Next::Command)
    }

    fn forget(&mut self) {
        self.sender_given = false;
        self.recipients = 0;
    }

    async fn answer(&mut self, line: &str) -> io::Result<()> {
        self.writer
            .write_all(format!("{line}\r\n").as_bytes())
            .await?;
        self.writer.flush().await
    }
}

/// Reads a message up to the line that is a lone dot; `None` if it is too large, which is read to its end all the same.
async fn read_message(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::new();
    let mut too_large = false;
    let mut at_line_start = true;
    loop {
        let mut part = Vec::new();
        let read = (&mut *reader)
            .take(COMMAND_LIMIT)
            .read_until(b'\n', &mut part)
            .await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if at_line_start && part == b".\r\n" {
            return Ok((!too_large).then_some(message));
        }
        // A line of the message that begins with a dot was sent with one more.
        let stuffed = at_line_start && part.starts_with(b".");
        at_line_start = part.ends_with(b"\r\n");
        too_large |= message.len() + part.len() > MESSAGE_LIMIT;
        if !too_large {
            message.extend_from_slice(&part[usize::from(stuffed)..]);
        }
    }
}

fn has_path(rest: &str, word: &str) -> bool {
    rest.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
        && rest[word.len()..].trim_start().starts_with('<')
        && rest.contains('>')
}

fn size_of(rest: &str) -> Option<usize> {
    rest.split(' ').find_map(|parameter| {
        parameter
            .to_ascii_uppercase()
            .strip_prefix("SIZE=")?
            .parse()
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends everything at once, as a pipelining client does, and returns the codes of the answers and the messages.
    async fn talk(input: &[u8]) -> (Vec<String>, Vec<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::of(folder.path());
        let mut output = Vec::new();
        // A client that goes away in the middle of a message ends the conversation with an error, which is its own.
        let _ = Session::new(input, &mut output, mailbox.clone())
            .run()
            .await;
        let codes = String::from_utf8(output)
            .unwrap()
            .lines()
            .filter(|line| !line[3..].starts_with('-'))
            .map(|line| line[..3].to_owned())
            .collect();
        let ids = mailbox.ids().unwrap();
        let messages = ids
            .into_iter()
            .map(|id| mailbox.read(id).unwrap())
            .collect();
        (codes, messages)
    }

    #[tokio::test]
    async fn a_message_is_kept_before_it_is_acknowledged_and_its_dots_are_restored() {
        let (codes, messages) = talk(
            b"EHLO me\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nSubject: hi\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
        )
        .await;
        assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "221"]);
        assert_eq!(messages, [b"Subject: hi\r\n\r\n.dot\r\n"]);
    }

    #[tokio::test]
    async fn commands_out_of_order_are_refused_and_the_conversation_goes_on() {
        let (codes, messages) = talk(
            b"RCPT TO:<b@y>\r\nDATA\r\nMAIL FROM:a\r\nMAIL FROM:<>\r\nDATA\r\nWHAT\r\nNOOP\r\n",
        )
        .await;
        assert_eq!(
            codes,
            ["220", "503", "503", "501", "250", "503", "500", "250"]
        );
        assert!(messages.is_empty());
    }

    #[tokio::test]
    async fn garbage_without_an_end_is_cut_off() {
        let (codes, _) = talk(&[0xff; 5000]).await;
        assert_eq!(codes, ["220", "500"]);
    }

    #[tokio::test]
    async fn a_message_that_breaks_off_is_not_kept() {
        let (codes, messages) =
            talk(b"MAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nSubject: hi\r\n\r\n.\n").await;
        assert_eq!(codes, ["220", "250", "250", "354"]);
        assert!(messages.is_empty());
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_is_refused_and_the_next_one_is_kept() {
        let mut input =
            b"MAIL FROM:<a@x> SIZE=99999999\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n"
                .to_vec();
        input.extend(std::iter::repeat_n(b'x', MESSAGE_LIMIT + 1));
        input.extend(b"\r\n.\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\nsmall\r\n.\r\n");
        let (codes, messages) = talk(&input).await;
        assert_eq!(
            codes,
            [
                "220", "552", "250", "250", "354", "552", "250", "250", "354", "250"
            ]
        );
        assert_eq!(messages, [b"small\r\n"]);
    }
}
