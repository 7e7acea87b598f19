//! Preferences of a user.

use service_runtime::ids::UserId;

use super::email_address::EmailAddress;

/// The most minutes that a reminder can come before the due time: four weeks.
pub const MAXIMUM_MINUTES: i32 = 40_320;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// Address for e-mails, if the user has set one.
    pub email_address: Option<EmailAddress>,
    pub email_enabled: bool,
    /// Minutes before the due time, 0 to 40320, of the reminder of a task without settings of its own.
    pub default_reminder_minutes: i32,
    /// Whether a task without settings of its own has a reminder.
    pub default_reminder_enabled: bool,
    /// 0 until the user changes something, then one more with every change.
    pub version: i64,
}

/// Change of one preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreferenceChange {
    EmailAddress(Option<EmailAddress>),
    EmailEnabled(bool),
    /// Minutes before the due time, 0 to 40320.
    DefaultReminderMinutes(i32),
    /// Whether a task without settings of its own has a reminder.
    DefaultReminderEnabled(bool),
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            email_address: None,
            email_enabled: true,
            default_reminder_minutes: 60,
            default_reminder_enabled: true,
            version: 0,
        }
    }
}

impl Preferences {
    /// Returns the preferences after the changes, one version on.
    pub fn changed(&self, changes: &[PreferenceChange]) -> Self {
        let mut changed = self.clone();
        changed.version += 1;
        for change in changes.iter().cloned() {
            match change {
                PreferenceChange::EmailAddress(address) => changed.email_address = address,
                PreferenceChange::EmailEnabled(enabled) => changed.email_enabled = enabled,
                PreferenceChange::DefaultReminderMinutes(minutes) => {
                    changed.default_reminder_minutes = minutes;
                }
                PreferenceChange::DefaultReminderEnabled(enabled) => {
                    changed.default_reminder_enabled = enabled;
                }
            }
        }
        changed
    }

    /// Returns whether both ask for the same default reminder.
    pub fn same_default_reminder(&self, other: &Self) -> bool {
        self.default_reminder_enabled == other.default_reminder_enabled
            && self.default_reminder_minutes == other.default_reminder_minutes
    }

    /// Returns where e-mails to the user go: to their own address, or to `<user id>@<default domain>`; nowhere if the user
    /// wants none or neither is an address.
    pub fn recipient(
        &self,
        user_id: &UserId,
        default_domain: Option<&str>,
    ) -> Option<EmailAddress> {
        if !self.email_enabled {
            return None;
        }
        self.email_address
            .clone()
            .or_else(|| EmailAddress::from_parts(user_id.as_ref(), default_domain?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient(preferences: &Preferences, user_id: &str, domain: Option<&str>) -> Option<String> {
        preferences
            .recipient(&user_id.parse().unwrap(), domain)
            .map(|address| address.as_ref().to_owned())
    }

    #[test]
    fn the_own_address_goes_before_the_default_domain() {
        let mut preferences = Preferences::default();
        assert_eq!(recipient(&preferences, "alice", None), None);
        assert_eq!(
            recipient(&preferences, "alice", Some("example.com")).as_deref(),
            Some("alice@example.com")
        );
        preferences.email_address = Some("al@example.org".parse().unwrap());
        assert_eq!(
            recipient(&preferences, "alice", Some("example.com")).as_deref(),
            Some("al@example.org")
        );
    }

    #[test]
    fn user_id_must_be_local_part() {
        let preferences = Preferences::default();
        for user_id in ["alice@evil.example", "a b", "<alice>", ".", "\"quoted\""] {
            assert_eq!(
                recipient(&preferences, user_id, Some("example.com")),
                None,
                "{user_id}"
            );
        }
    }

    #[test]
    fn disabled_e_mail_has_no_recipient() {
        let preferences = Preferences {
            email_enabled: false,
            email_address: Some("al@example.org".parse().unwrap()),
            ..Preferences::default()
        };
        assert_eq!(recipient(&preferences, "alice", Some("example.com")), None);
    }
}
