//! The SMTP dialogue, step by step, so that every failure is known to have come before, at, or after the handing over.
//!
//! The mail library's own transport does not tell: a connection that breaks before the recipient was named and one that breaks
//! after the message was sent are the same "network error" there.

use std::{
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

use crate::{
    config::{SmtpConfig, SmtpSecurity},
    domain::delivery::{Outcome, Refusal},
};

/// How long a connection may lie idle and still be used; servers hang up after minutes.
const KEEP: Duration = Duration::from_secs(10);
const MOST_KEPT: usize = 16;

/// A mail server, and connections to it that wait for the next message.
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
        if let Some(mut connection) = self.take_kept()
            && envelope(&mut connection, from, to).await.is_ok()
        {
            return Ok(connection);
        }
        // Whatever fails up to the envelope is between this service and its mail server, and can be mended there.
        let mut connection = self.connect().await.map_err(|error| {
            Refusal::Transient(describe("the mail server is not ready", &error))
        })?;
        envelope(&mut connection, from, to).await?;
        Ok(connection)
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

    /// Hands the message over; from the first byte on, only an answer tells whether the server has taken it.
    pub(super) async fn hand_over(
        &self,
        mut connection: AsyncSmtpConnection,
        message: &[u8],
    ) -> Outcome {
        if let Err(error) = connection.command(Data).await {
            return Outcome::Refused(refusal(&error));
        }
        match connection.message(message).await {
            Ok(_) => {
                self.keep(connection);
                Outcome::Sent
            }
            Err(error) if error.status().is_some() => Outcome::Refused(refusal(&error)),
            Err(error) => Outcome::Unknown(describe("the mail server's answer was lost", &error)),
        }
    }

    fn take_kept(&self) -> Option<AsyncSmtpConnection> {
        let mut kept = self.kept();
        kept.retain(|(_, since)| since.elapsed() < KEEP);
        kept.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut kept = self.kept();
        if kept.len() < MOST_KEPT {
            kept.push((connection, Instant::now()));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(AsyncSmtpConnection, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why an envelope was not accepted.
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
            EnvelopeError::International => {
                Self::Permanent("the mail server takes no international addresses".to_owned())
            }
        }
    }
}

fn refusal(error: &Error) -> Refusal {
    if error.is_permanent() {
        Refusal::Permanent(describe("the mail server refused it", error))
    } else if error.is_transient() {
        Refusal::Transient(describe("the mail server refused it for now", error))
    } else {
        Refusal::Transient(describe("the connection to the mail server broke", error))
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

    #[test]
    fn only_a_code_of_three_numbers_is_repeated_from_the_servers_words() {
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
