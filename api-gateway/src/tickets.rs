//! Tickets for live streams: a browser's `EventSource` and `WebSocket` cannot set headers, so what they open has a ticket in its URL.
//!
//! URLs are logged by proxies and kept in histories, so a ticket is worth little there: it opens a stream of its user for a minute,
//! and nothing else. After that it only resumes a stream of which the client sends an event id in a header,
//! until the token has expired that it was issued for. Every replica verifies it without shared state.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use service_runtime::grpc::{AuthError, ErrorCode, ServiceIdentity, Verified, Verifier};
use url::form_urlencoded;

use crate::error::Error;

/// The name of the query parameter.
pub const PARAMETER: &str = "ticket";
/// The end of the path where they are issued, behind the path of the live stream.
pub const SEGMENT: &str = "/tickets";
/// Time for which a ticket opens a stream.
pub const LIFETIME: Duration = Duration::from_secs(60);
/// The audience of a ticket, which no token has.
pub const AUDIENCE: &str = "taskmesh-live-ticket";

/// Issues and redeems tickets.
#[derive(Clone)]
pub struct Tickets {
    identity: ServiceIdentity,
    verifier: Verifier,
}

impl Tickets {
    /// Signs tickets with the gateway's own key.
    pub fn new(identity: ServiceIdentity, verifier: Verifier) -> Self {
        Self { identity, verifier }
    }

    /// Issues a ticket to a caller, as the answer that the caller gets.
    pub fn issue(&self, verified: &Verified) -> Value {
        let issued = self.identity.issue_ticket(AUDIENCE, verified, LIFETIME);
        let expire_time = i64::try_from(issued.open_until)
            .ok()
            .and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0))
            .unwrap_or(DateTime::<Utc>::MAX_UTC);
        json!({
            "ticket": issued.ticket,
            "expire_time": expire_time.to_rfc3339_opts(SecondsFormat::Secs, true),
        })
    }

    /// Returns the caller for whom a ticket opens the live stream at a path, or resumes it.
    ///
    /// # Errors
    ///
    /// Fails if the ticket is not valid, or no longer.
    pub async fn redeem(&self, ticket: &str, path: &str, resumes: bool) -> Result<Verified, Error> {
        let code = ErrorCode::Unauthenticated;
        match self.verifier.verify_ticket(AUDIENCE, ticket).await {
            Ok(ticket) if ticket.opens() || resumes => Ok(ticket.verified),
            Ok(_) | Err(AuthError::Expired) => {
                let message = format!("ticket has expired; get a new one with POST {path}/tickets");
                Err(Error::refused(code, "TICKET_EXPIRED", message))
            }
            Err(cause @ AuthError::KeysUnavailable(_)) => Err(cause.into()),
            Err(_) => {
                let message = format!("ticket is not valid; get one with POST {path}/tickets");
                Err(Error::refused(code, "TICKET_INVALID", message))
            }
        }
    }
}

/// Takes the ticket out of a query: returns it, if there is one, and the query without it. Of several, none is valid.
pub fn take(query: &str) -> (Option<String>, String) {
    let is_ticket = |pair: &&str| {
        let name = form_urlencoded::parse(pair.as_bytes()).next();
        name.is_some_and(|(name, _)| name == PARAMETER)
    };
    let (tickets, rest): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_ticket);
    let ticket = match tickets.as_slice() {
        [] => None,
        [pair] => form_urlencoded::parse(pair.as_bytes())
            .next()
            .map(|(_, ticket)| ticket.into_owned()),
        _ => Some(String::new()),
    };
    (ticket, rest.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticket_is_taken_out_of_the_query() {
        for (query, ticket, rest) in [
            ("", None, ""),
            ("filter=a%26b", None, "filter=a%26b"),
            ("ticket=a.b.c", Some("a.b.c"), ""),
            (
                "filter=x&ticket=a.b.c&start=1",
                Some("a.b.c"),
                "filter=x&start=1",
            ),
            ("filter=x&tick%65t=a%2Eb", Some("a.b"), "filter=x"),
            ("ticket", Some(""), ""),
            ("ticket=a&ticket=b", Some(""), ""),
            ("tickets=a", None, "tickets=a"),
        ] {
            let expected = (ticket.map(str::to_owned), rest.to_owned());
            assert_eq!(take(query), expected, "{query}");
        }
    }
}
