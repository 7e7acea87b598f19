//! gRPC as every service speaks it: errors, callers, tokens, the server with its layers, and the client.

pub mod auth;
pub mod caller;
pub mod client;
pub mod deadline;
pub mod error;
mod layers;
pub mod local;
mod methods;
pub mod metrics;
mod origin;
pub mod server;
mod status;
mod unimplemented;

pub use auth::{
    AuthConfig, AuthConfigError, AuthError, IssuedTicket, IssuerConfig, ServiceIdentity, Ticket,
    Verified, Verifier, bearer_token, mint_user_token,
};
pub use caller::{AUDITOR, Caller, OPERATOR, RoleMissing, accept};
pub use client::{UpstreamError, connect, connect_for_streams};
pub use error::{ApiError, ErrorCode, FieldViolation};
pub use local::{Channel, call_without_connections};
pub use origin::Origin;
pub use server::{GrpcConfig, serve};
pub use status::{DOMAIN, status};
