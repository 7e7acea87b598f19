//! Token of a user, and requests with it.

use std::time::Duration;

use service_runtime::BoxError;
use taskmesh::token;
use tonic::{
    Request,
    metadata::{Ascii, MetadataValue},
};

const TTL: Duration = Duration::from_secs(24 * 3_600);

/// Bearer token.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub token: String,
    header: MetadataValue<Ascii>,
}

impl Bearer {
    /// Signs a token for a user with these roles.
    pub fn new(secret: &str, user: &str, roles: &[String]) -> Result<Self, BoxError> {
        let token = token::mint(secret.to_owned(), &user.parse()?, roles, TTL)?;
        let header = format!("Bearer {token}").parse()?;
        Ok(Self { token, header })
    }

    /// Adds the token and a timeout to a message.
    pub fn request<T>(&self, message: T, timeout: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(timeout);
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.header.clone());
        request
    }
}
