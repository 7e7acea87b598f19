//! Bearer tokens (JWT): who may issue them, how they are verified, and how this service mints its own.
//!
//! There are two issuers. Users' tokens come from outside. The mesh's own tokens are minted by its services for calls on
//! behalf of a user and name the service as the actor (`act.sub`, RFC 8693); a user's token is never passed on.

mod bearer;
mod claims;
mod config;
mod error;
mod identity;
mod jwks;
mod keys;
mod mint;
mod openssl_provider;
mod remote;
mod ticket;
mod verifier;

#[cfg(test)]
mod test_keys;

pub use bearer::bearer_token;
pub use config::{AuthConfig, AuthConfigError, IssuerConfig};
pub use error::AuthError;
pub use identity::ServiceIdentity;
pub use mint::mint_user_token;
pub use ticket::{IssuedTicket, Ticket};
pub use verifier::{Verified, Verifier};
