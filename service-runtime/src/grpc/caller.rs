//! Who makes a call.

use tonic::{Request, Status};

use super::{auth::AuthError, status::status};
use crate::ids::UserId;

/// The verified origin of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user whose data the call is about: the token's subject.
    pub user_id: UserId,
    /// The service of the mesh that acts for the user; absent for the user's own token.
    pub service: Option<String>,
    /// The token's id (`jti`), if it has one.
    pub token_id: Option<String>,
}

/// Takes a request apart into its caller, put there by the auth layer, and its message.
pub fn accept<T>(request: Request<T>) -> Result<(Caller, T), Status> {
    let (_, mut extensions, message) = request.into_parts();
    match extensions.remove::<Caller>() {
        Some(caller) => Ok((caller, message)),
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
