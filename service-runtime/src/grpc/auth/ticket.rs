//! Tickets: short-lived stand-ins for a user's token, for clients that can only put a credential into a URL.
//!
//! A ticket is a JWT that a service of the mesh signs with its own key and an audience of its own, so it is refused wherever a
//! token is expected, and a token is refused wherever a ticket is expected. Any replica can verify it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ServiceIdentity, Verified, Verifier, error::AuthError};
use crate::{
    grpc::{Caller, Origin},
    ids::Ids,
};

/// A ticket that was just issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedTicket {
    /// The ticket.
    pub ticket: String,
    /// Until when it opens something, in seconds since 1970.
    pub open_until: u64,
}

/// The content of a ticket that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The caller, and until when the token is valid that the ticket was issued for.
    pub verified: Verified,
    /// Until when the ticket opens something, in seconds since 1970.
    pub open_until: u64,
}

impl Ticket {
    /// Reports whether the ticket may still open something. After that it can only resume what it opened.
    pub fn opens(&self) -> bool {
        jsonwebtoken::get_current_timestamp() < self.open_until
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    /// The end of the token that the ticket was issued for.
    exp: u64,
    jti: String,
    open_until: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
}

impl ServiceIdentity {
    /// Issues a ticket for one purpose, its audience, to a caller. It opens something for the given time and never beyond the end
    /// of the caller's token.
    pub fn issue_ticket(
        &self,
        audience: &str,
        verified: &Verified,
        lifetime: Duration,
    ) -> IssuedTicket {
        let now = jsonwebtoken::get_current_timestamp();
        let open_until = now
            .saturating_add(lifetime.as_secs())
            .min(verified.expire_time);
        let signer = self.signer();
        let caller = &verified.caller;
        let ticket = signer.encode(&Claims {
            iss: signer.issuer().to_owned(),
            aud: audience.to_owned(),
            sub: caller.user_id.as_ref().to_owned(),
            iat: now,
            exp: verified.expire_time,
            jti: Ids.uuid_v7().to_string(),
            open_until,
            token_id: caller.token_id.clone(),
            client_id: caller.client_id.clone(),
            roles: caller.roles.clone(),
        });
        IssuedTicket { ticket, open_until }
    }
}

impl Verifier {
    /// Verifies a ticket that was issued for this purpose.
    ///
    /// # Errors
    ///
    /// Fails if it was not, or if the token that it was issued for has expired.
    pub async fn verify_ticket(&self, audience: &str, ticket: &str) -> Result<Ticket, AuthError> {
        let claims: Claims = self.verify_mesh(ticket, audience).await?;
        let caller = Caller {
            user_id: claims.sub.parse().map_err(|_| AuthError::Claim("sub"))?,
            service: None,
            token_id: claims.token_id,
            client_id: claims.client_id,
            roles: claims.roles,
            origin: Origin::default(),
        };
        Ok(Ticket {
            verified: Verified {
                caller,
                expire_time: claims.exp,
            },
            open_until: claims.open_until,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grpc::{ApiError, auth::test_keys, mint_user_token};

    const AUDIENCE: &str = "tests";

    fn identity() -> ServiceIdentity {
        ServiceIdentity::new("api-gateway", &test_keys::config()).unwrap()
    }

    fn verifier() -> Verifier {
        Verifier::new(&test_keys::config()).unwrap()
    }

    fn verified(expire_time: u64) -> Verified {
        Verified {
            caller: Caller {
                user_id: "alice".parse().unwrap(),
                service: None,
                token_id: Some("token 7".to_owned()),
                client_id: Some("app".to_owned()),
                roles: vec!["auditor".to_owned()],
                origin: Origin::default(),
            },
            expire_time,
        }
    }

    fn now() -> u64 {
        jsonwebtoken::get_current_timestamp()
    }

    #[tokio::test]
    async fn ticket_stands_for_the_caller_it_was_issued_to() {
        let verified = verified(now() + 3_600);
        let issued = identity().issue_ticket(AUDIENCE, &verified, Duration::from_secs(60));
        let ticket = verifier()
            .verify_ticket(AUDIENCE, &issued.ticket)
            .await
            .unwrap();
        assert!(ticket.opens());
        assert_eq!(ticket.open_until, issued.open_until);
        assert!((now() + 55..=now() + 60).contains(&ticket.open_until));
        assert_eq!(ticket.verified, verified);
    }

    #[tokio::test]
    async fn used_up_ticket_still_tells_its_caller() {
        let verified = verified(now() + 3_600);
        let issued = identity().issue_ticket(AUDIENCE, &verified, Duration::ZERO);
        let ticket = verifier()
            .verify_ticket(AUDIENCE, &issued.ticket)
            .await
            .unwrap();
        assert!(!ticket.opens());
        assert_eq!(ticket.verified.caller.user_id.as_ref(), "alice");
    }

    #[tokio::test]
    async fn ticket_never_outlives_its_token() {
        let short =
            identity().issue_ticket(AUDIENCE, &verified(now() + 5), Duration::from_secs(60));
        assert!(short.open_until <= now() + 5);
        let past =
            identity().issue_ticket(AUDIENCE, &verified(now() - 60), Duration::from_secs(60));
        let refused = verifier().verify_ticket(AUDIENCE, &past.ticket).await;
        assert_eq!(refused.unwrap_err().reason(), "TOKEN_EXPIRED");
    }

    #[tokio::test]
    async fn tickets_and_tokens_are_not_interchangeable() {
        let (identity, verifier) = (identity(), verifier());
        let verified = verified(now() + 3_600);
        let ticket = identity
            .issue_ticket(AUDIENCE, &verified, Duration::from_secs(60))
            .ticket;
        assert_eq!(
            verifier.verify(&ticket).await.unwrap_err().reason(),
            "TOKEN_INVALID"
        );
        let users_token = mint_user_token(
            &test_keys::config().users,
            &"alice".parse().unwrap(),
            &[],
            Duration::from_secs(60),
        )
        .unwrap();
        let mut tampered = ticket.clone();
        tampered.replace_range(60..61, if &ticket[60..61] == "A" { "B" } else { "A" });
        let others_ticket = identity
            .issue_ticket("another purpose", &verified, Duration::from_secs(60))
            .ticket;
        for wrong in [
            identity.token(&"alice".parse().unwrap()),
            users_token,
            tampered,
            others_ticket,
            ticket[..ticket.len() - 1].to_owned(),
            String::new(),
            "x".repeat(100_000),
        ] {
            let refused = verifier.verify_ticket(AUDIENCE, &wrong).await;
            assert!(refused.is_err(), "{wrong}");
        }
    }
}
