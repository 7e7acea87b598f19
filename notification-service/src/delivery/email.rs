//! Reminders by e-mail.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use lettre::{Address, message::Mailbox, transport::smtp::client::AsyncSmtpConnection};
use service_runtime::ids::UserId;

use super::{Channel, Handover, mail, smtp::SmtpServer};
use crate::{
    config::{EmailConfig, SmtpConfig},
    domain::{
        delivery::{Channel as ChannelKind, Notice, Outcome, Refusal},
        email_address::EmailAddress,
        ids::ReminderId,
        preferences::Preferences,
    },
};

/// Sends reminders through a mail server.
pub struct EmailChannel {
    server: Arc<SmtpServer>,
    from: Mailbox,
    default_domain: Option<String>,
    timeout: Duration,
}

impl EmailChannel {
    /// Checks the settings; connects when there is something to send.
    ///
    /// # Errors
    ///
    /// Fails with the setting that cannot be used and what to do about it.
    pub fn new(smtp: &SmtpConfig, email: &EmailConfig) -> Result<Self, String> {
        let from = smtp.from.parse().map_err(|_| {
            "smtp.from: must be a mailbox such as Taskmesh <reminders@example.com>".to_owned()
        })?;
        let default_domain = email.default_domain.clone();
        if let Some(domain) = &default_domain
            && EmailAddress::from_parts("user", domain).is_none()
        {
            return Err("email.default_domain: must be a domain such as example.com".to_owned());
        }
        if smtp.password.is_some() && smtp.username.is_none() {
            return Err("smtp.password: needs smtp.username".to_owned());
        }
        if !(1_000..=300_000).contains(&smtp.timeout_ms) {
            return Err("smtp.timeout_ms: must be between 1000 and 300000".to_owned());
        }
        let server = SmtpServer::new(smtp).map_err(|cause| {
            format!("smtp.security: TLS cannot be set up for this host: {cause}")
        })?;
        Ok(Self {
            server: Arc::new(server),
            from,
            default_domain,
            timeout: smtp.timeout(),
        })
    }

    fn recipient(&self, user_id: &UserId, preferences: &Preferences) -> Option<EmailAddress> {
        preferences.recipient(user_id, self.default_domain.as_deref())
    }
}

#[async_trait]
impl Channel for EmailChannel {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Email
    }

    fn reaches(&self, user_id: &UserId, preferences: &Preferences) -> bool {
        self.recipient(user_id, preferences).is_some()
    }

    fn message_id(&self, reminder_id: ReminderId) -> String {
        format!("<{reminder_id}.email@{}>", self.from.email.domain())
    }

    fn patience(&self) -> Duration {
        self.timeout
    }

    async fn warm_up(&self) -> Result<(), Refusal> {
        self.server.warm_up().await
    }

    async fn open(
        &self,
        user_id: &UserId,
        preferences: &Preferences,
        notice: &Notice,
    ) -> Result<Box<dyn Handover>, Refusal> {
        let Some(to) = self.recipient(user_id, preferences) else {
            let reason = "e-mail was switched off, or the address removed, before it could be sent";
            return Err(Refusal::Permanent(reason.to_owned()));
        };
        let invalid = || Refusal::Permanent("the e-mail could not be created".to_owned());
        let to: Address = to.as_ref().parse().map_err(|_| invalid())?;
        let message = mail::compose(notice, &self.from, to.clone()).ok_or_else(invalid)?;
        let connection = self.server.address(&self.from.email, &to).await?;
        Ok(Box::new(EmailHandover {
            server: Arc::clone(&self.server),
            connection,
            message,
        }))
    }
}

/// A connection on which sender and recipient have been accepted.
struct EmailHandover {
    server: Arc<SmtpServer>,
    connection: AsyncSmtpConnection,
    message: String,
}

#[async_trait]
impl Handover for EmailHandover {
    async fn hand_over(self: Box<Self>) -> Outcome {
        self.server.hand_over(self.connection, &self.message).await
    }
}
