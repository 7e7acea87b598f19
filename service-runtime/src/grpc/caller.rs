//! Who makes a call.

use tonic::{Request, Status, transport::server::TcpConnectInfo};

use super::{
    auth::AuthError,
    error::{ApiError, ErrorCode},
    origin::{self, Origin},
    status::status,
};
use crate::ids::UserId;

/// The role of those who look after the system.
pub const OPERATOR: &str = "operator";
/// The role of those who may look into everybody's audit records.
pub const AUDITOR: &str = "auditor";

/// The verified origin of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user whose data the call is about: the token's subject.
    pub user_id: UserId,
    /// The service of the mesh that acts for the user; absent for the user's own token.
    pub service: Option<String>,
    /// The id (`jti`) of the user's token, if it has one; of the service's if no user showed a token.
    pub token_id: Option<String>,
    /// The program that the user's token was issued to (`client_id`, else `azp`), if it names one.
    pub client_id: Option<String>,
    /// What the user may do beyond using their own data (`roles`); nothing if a service acts for the user by itself.
    pub roles: Vec<String>,
    /// Where the call comes from.
    pub origin: Origin,
}

/// A caller who lacks the role that a call needs.
#[derive(Debug, thiserror::Error)]
#[error(
    "this call requires the role \"{role}\"; use a token whose claim \"roles\" contains it (for development: taskmesh token --user <name> --role {role})"
)]
pub struct RoleMissing {
    role: &'static str,
}

impl ApiError for RoleMissing {
    fn code(&self) -> ErrorCode {
        ErrorCode::PermissionDenied
    }

    fn reason(&self) -> &'static str {
        "ROLE_MISSING"
    }

    fn metadata(&self) -> Vec<(String, String)> {
        vec![("role".to_owned(), self.role.to_owned())]
    }
}

impl Caller {
    /// Tells whether the caller has this role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// Fails if the caller does not have this role.
    pub fn require_role(&self, role: &'static str) -> Result<(), RoleMissing> {
        match self.has_role(role) {
            true => Ok(()),
            false => Err(RoleMissing { role }),
        }
    }
}

/// Takes a request apart into its caller, put there by the auth layer, and its message.
pub fn accept<T>(request: Request<T>) -> Result<(Caller, T), Status> {
    let (metadata, mut extensions, message) = request.into_parts();
    let peer = extensions
        .get::<TcpConnectInfo>()
        .and_then(TcpConnectInfo::remote_addr)
        .map(|address| address.ip());
    match extensions.remove::<Caller>() {
        Some(mut caller) => {
            origin::complete(&mut caller, peer, &metadata);
            Ok((caller, message))
        }
        None => Err(status(&AuthError::Missing)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_passed_no_auth_layer_is_refused() {
        let refusal = accept(Request::new(())).unwrap_err();
        assert_eq!(refusal.code(), tonic::Code::Unauthenticated);
    }
}
