//! The SMTP dialogue, step by step, so that every failure is known to have come before, at, or after the handing over.
//!
//! The mail library's own transport does not distinguish these: a connection that breaks before the recipient was named and one that breaks
//! after the message was sent are the same "network error" there.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
    },
};
use tokio::time::timeout;

use crate::{
    config::{SmtpConfig, SmtpSecurity},
    domain::delivery::{Outcome, Refusal},
};

/// Maximum idle time of a connection; servers hang up after minutes.
const MAX_IDLE: Duration = Duration::from_secs(10);
/// After this idle time a connection is checked before it is counted on.
const CHECK_AFTER: Duration = Duration::from_secs(4);
/// Time limit of the check of an idle connection; a new one is opened then.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_KEPT: usize = 16;

/// A mail server, and idle connections to it.
pub(super) struct SmtpServer {
    host: String,
    port: u16,
    security: SmtpSecurity,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    client_id: ClientId,
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl SmtpServer {
    /// Prepares connections; none is opened yet.
    pub(super) fn new(config: &SmtpConfig) -> Result<Self, Error> {
        let tls = match config.security {
            SmtpSecurity::None => None,
            SmtpSecurity::Starttls | SmtpSecurity::Tls => {
                Some(TlsParameters::new(config.host.clone())?)
            }
        };
        let credentials = config.username.as_ref().map(|username| {
            let password = config
                .password
                .as_ref()
                .map(|password| password.expose().clone());
            Credentials::new(username.clone(), password.unwrap_or_default())
        });
        Ok(Self {
            host: config.host.clone(),
            port: config.port(),
            security: config.security,
            tls,
            credentials,
            client_id: ClientId::default(),
            kept: Mutex::default(),
        })
    }

    /// Brings a connection to the point where the server waits for `DATA`: sender and recipient are accepted.
    pub(super) async fn address(
        &self,
        from: &Address,
        to: &Address,
    ) -> Result<AsyncSmtpConnection, Refusal> {
        // What a used connection says may be about the connection and not about the message: only a new one is believed.
        if let Some((mut connection, _)) = self.take_kept()
            && let Ok(Ok(())) = timeout(CHECK_TIMEOUT, envelope(&mut connection, from, to)).await
        {
            return Ok(connection);
        }
        let mut connection = self.open().await?;
        envelope(&mut connection, from, to).await?;
        Ok(connection)
    }

    /// Makes sure that a working connection is ready for a message that is about to come.
    pub(super) async fn warm_up(&self) -> Result<(), Refusal> {
        if let Some((mut connection, since)) = self.take_kept() {
            if since.elapsed() < CHECK_AFTER {
                self.keep(connection, since);
                return Ok(());
            }
            if let Ok(true) = timeout(CHECK_TIMEOUT, connection.test_connected()).await {
                self.keep(connection, Instant::now());
                return Ok(());
            }
        }
        self.keep(self.open().await?, Instant::now());
        Ok(())
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Refusal> {
        // Failures before the envelope concern the mail server, not the message, so another attempt may succeed.
        self.connect()
            .await
            .map_err(|error| Refusal::Transient(describe("the mail server is not ready", &error)))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let wrapper = match self.security {
            SmtpSecurity::Tls => self.tls.clone(),
            SmtpSecurity::Starttls | SmtpSecurity::None => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &self.client_id, wrapper, None)
                .await?;
        if let (SmtpSecurity::Starttls, Some(tls)) = (self.security, &self.tls) {
            connection.starttls(tls.clone(), &self.client_id).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// Hands the message over; from the first byte on, only a response shows whether the server has taken it.
    pub(super) async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        message: &str,
    ) -> Outcome {
        if let Err(error) = connection.command(Data).await {
            return Outcome::Refused(refusal(&error));
        }
        match connection.command(Content(message)).await {
            Ok(_) => {
                self.keep(connection, Instant::now());
                Outcome::Sent
            }
            Err(error) if error.status().is_some() => Outcome::Refused(refusal(&error)),
            Err(error) => {
                Outcome::Unknown(describe("the response of the mail server was lost", &error))
            }
        }
    }

    /// Takes the connection that was used last, and when that was.
    fn take_kept(&self) -> Option<(AsyncSmtpConnection, Instant)> {
        let mut kept = self.kept();
        kept.retain(|(_, since)| since.elapsed() < MAX_IDLE);
        kept.pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection, since: Instant) {
        let mut kept = self.kept();
        if kept.len() < MAX_KEPT {
            kept.push((connection, since));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message as it follows `DATA`: a line that begins with a dot gets one more, and a lone dot ends it (RFC 5321, 4.5.2).
///
/// It is written at once. The library would write the end separately, and TCP holds that back until the server has acknowledged
/// the rest, which takes 40 ms (Nagle's algorithm beside delayed acknowledgements).
struct Content<'a>(&'a str);

impl fmt::Display for Content<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.0;
        if message.starts_with('.') {
            formatter.write_str(".")?;
        }
        formatter.write_str(&message.replace("\r\n.", "\r\n.."))?;
        if !message.ends_with("\r\n") {
            formatter.write_str("\r\n")?;
        }
        formatter.write_str(".\r\n")
    }
}

/// Refusal of an envelope.
enum EnvelopeError {
    Smtp(Error),
    /// The address is not ASCII and the server takes no others (RFC 6531).
    International,
}

async fn envelope(
    connection: &mut AsyncSmtpConnection,
    from: &Address,
    to: &Address,
) -> Result<(), EnvelopeError> {
    let international = [from, to]
        .iter()
        .any(|address| !AsRef::<str>::as_ref(address).is_ascii());
    let mut parameters = Vec::new();
    if international {
        if !connection
            .server_info()
            .supports_feature(Extension::SmtpUtfEight)
        {
            return Err(EnvelopeError::International);
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let mail = Mail::new(Some(from.clone()), parameters);
    connection
        .command(mail)
        .await
        .map_err(EnvelopeError::Smtp)?;
    let rcpt = Rcpt::new(to.clone(), Vec::new());
    connection
        .command(rcpt)
        .await
        .map_err(EnvelopeError::Smtp)?;
    Ok(())
}

impl From<EnvelopeError> for Refusal {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Smtp(error) => refusal(&error),
            EnvelopeError::International => Self::Permanent(
                "the mail server does not support internationalised addresses".to_owned(),
            ),
        }
    }
}

fn refusal(error: &Error) -> Refusal {
    if error.is_permanent() {
        Refusal::Permanent(describe("the mail server rejected the message", error))
    } else if error.is_transient() {
        Refusal::Transient(describe(
            "the mail server rejected the message temporarily",
            error,
        ))
    } else {
        Refusal::Transient(describe(
            "the connection to the mail server was lost",
            error,
        ))
    }
}

/// Adds the server's reply code, such as `550 5.1.1`, and nothing of its words, which may hold the address.
fn describe(what: &str, error: &Error) -> String {
    let Some(code) = error.status() else {
        return what.to_owned();
    };
    let words = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    match words
        .split_whitespace()
        .next()
        .filter(|word| is_enhanced_code(word))
    {
        Some(enhanced) => format!("{what}: {code} {enhanced}"),
        None => format!("{what}: {code}"),
    }
}

/// Returns whether a word is an enhanced status code (RFC 3463) such as `5.1.1`.
fn is_enhanced_code(word: &str) -> bool {
    let parts: Vec<_> = word.split('.').collect();
    parts.len() == 3
        && parts
            .iter()
            .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Behaviour, MailServer};

    fn accepting_server() -> (SmtpServer, MailServer) {
        let server = MailServer::start(Behaviour::Accept);
        let client = SmtpServer::new(&MailServer::settings(server.port()));
        (client.unwrap(), server)
    }

    /// Makes the idle connections look older.
    fn age(server: &SmtpServer, by: Duration) {
        for (_, since) in server.kept().iter_mut() {
            *since = since.checked_sub(by).unwrap();
        }
    }

    #[tokio::test]
    async fn warm_connection_takes_the_next_message() {
        let (server, mail) = accepting_server();
        server.warm_up().await.unwrap();
        server.warm_up().await.unwrap();
        assert_eq!(mail.verbs(), ["EHLO"]);
        let [from, to] = ["a@example.com", "b@example.com"].map(|text| text.parse().unwrap());
        server.address(&from, &to).await.ok().unwrap();
        assert_eq!(mail.verbs(), ["EHLO", "MAIL", "RCPT"]);
    }

    #[tokio::test]
    async fn idle_connection_is_checked_old_one_replaced() {
        let (server, mail) = accepting_server();
        server.warm_up().await.unwrap();
        age(&server, CHECK_AFTER);
        server.warm_up().await.unwrap();
        assert_eq!(mail.verbs(), ["EHLO", "NOOP"]);
        age(&server, MAX_IDLE);
        server.warm_up().await.unwrap();
        assert_eq!(mail.verbs(), ["EHLO", "NOOP", "EHLO"]);
        assert_eq!(server.kept().len(), 1);
    }

    #[test]
    fn message_is_dot_stuffed_and_terminated() {
        for (message, sent) in [
            ("Subject: a\r\n\r\nb\r\n", "Subject: a\r\n\r\nb\r\n.\r\n"),
            ("Subject: a\r\n\r\nb", "Subject: a\r\n\r\nb\r\n.\r\n"),
            ("a\r\n.\r\n..b\r\nc.\r\n", "a\r\n..\r\n...b\r\nc.\r\n.\r\n"),
            (".", "..\r\n.\r\n"),
            ("a\r\n.", "a\r\n..\r\n.\r\n"),
        ] {
            assert_eq!(Content(message).to_string(), sent, "{message:?}");
        }
    }

    #[test]
    fn only_enhanced_status_code_is_repeated() {
        for word in ["5.1.1", "4.2.0", "5.7.133"] {
            assert!(is_enhanced_code(word), "{word}");
        }
        for word in [
            "",
            "5.1",
            "5.1.1.1",
            "5..1",
            "5.1.1000",
            "alice@example.com",
            "a.b.c",
        ] {
            assert!(!is_enhanced_code(word), "{word}");
        }
    }
}
