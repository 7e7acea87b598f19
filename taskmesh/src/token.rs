//! Tokens for development: the users' issuer is a secret of the data folder.

use std::{io::ErrorKind, path::Path, process::ExitCode, time::Duration};

use clap::Args;
use service_runtime::{
    BoxError,
    config::Redacted,
    grpc::{IssuerConfig, mint_user_token},
    ids::UserId,
};

use crate::{
    data_folder::{DataFolderError, Location},
    duration, secrets,
};

/// Who issues the tokens of users, as tokens name it.
pub const ISSUER: &str = "https://users.taskmesh.test";
/// What tokens are meant for, as they name it.
pub const AUDIENCE: &str = "taskmesh";
const USERS_SECRET: &str = "users-secret";

/// The secret that users' tokens are signed with.
#[derive(Debug, Clone, Args)]
pub struct Secret {
    /// Sign users' tokens with this secret of at least 32 bytes instead of the one in the data folder.
    #[arg(
        long = "auth-secret",
        env = "TASKMESH_AUTH_SECRET",
        hide_env_values = true
    )]
    given: Option<String>,
}

impl Secret {
    /// Returns the secret that was given, else the data folder's, which is made if there is none.
    pub fn read(&self, data_folder: &Path) -> std::io::Result<String> {
        match self.given() {
            Some(secret) => Ok(secret),
            None => secrets::read_or_make(data_folder, USERS_SECRET),
        }
    }

    /// Returns the secret that was given, else that of a mesh which has run; makes none.
    pub fn of_mesh(&self, location: &Location) -> Result<String, DataFolderError> {
        if let Some(secret) = self.given() {
            return Ok(secret);
        }
        let folder = location.of_mesh()?;
        secrets::read(folder, USERS_SECRET).map_err(|error| match error.kind() {
            ErrorKind::NotFound => location.no_mesh(),
            _ => DataFolderError::File(folder.to_owned(), error),
        })
    }

    fn given(&self) -> Option<String> {
        self.given.clone().filter(|secret| !secret.is_empty())
    }
}

/// Print a token for a user.
#[derive(Debug, Args)]
pub struct Arguments {
    /// User id, the subject of the token.
    #[arg(long, value_parser = |text: &str| text.parse::<UserId>())]
    user: UserId,
    /// Role of the user: `operator` may manage dead letters, `auditor` may read the records of other users. Repeatable.
    #[arg(long = "role")]
    roles: Vec<String>,
    /// Validity period of the token, such as 90s, 15m, 12h or 30d.
    #[arg(long, default_value = "30d", value_parser = duration::parse)]
    ttl: Duration,
    #[command(flatten)]
    location: Location,
    #[command(flatten)]
    secret: Secret,
}

/// Prints the token.
pub fn run(arguments: &Arguments) -> Result<ExitCode, BoxError> {
    let secret = arguments.secret.of_mesh(&arguments.location)?;
    println!(
        "{}",
        mint(secret, &arguments.user, &arguments.roles, arguments.ttl)?
    );
    Ok(ExitCode::SUCCESS)
}

/// Mints a token of a user with these roles.
pub fn mint(
    secret: String,
    user: &UserId,
    roles: &[String],
    ttl: Duration,
) -> Result<String, BoxError> {
    let users = IssuerConfig {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        secret: Some(Redacted::new(secret)),
        jwks_file: None,
        jwks_url: None,
    };
    Ok(mint_user_token(&users, user, roles, ttl)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_folder::DataFolder;

    #[test]
    fn secret_of_folder_without_mesh_is_not_made() {
        let parent = tempfile::tempdir().unwrap();
        let location = Location {
            data_dir: parent.path().join("typo"),
        };
        let own = Secret { given: None };
        let refused = own.of_mesh(&location).unwrap_err().to_string();
        assert!(refused.starts_with("no mesh has run in"), "{refused}");
        assert!(!location.data_dir.exists());
        // A broker of its own works in such a folder, and has no users.
        drop(DataFolder::open(&location.data_dir).unwrap());
        assert!(own.of_mesh(&location).is_err());
        assert!(!location.data_dir.join(USERS_SECRET).exists());
        let made = own.read(&location.data_dir).unwrap();
        assert_eq!(own.of_mesh(&location).unwrap(), made);
        let given = Secret {
            given: Some("given".to_owned()),
        };
        assert_eq!(given.of_mesh(&location).unwrap(), "given");
    }

    #[test]
    fn a_secret_that_is_too_short_is_refused_by_name() {
        let error = mint(
            "short".to_owned(),
            &"alice".parse().unwrap(),
            &[],
            Duration::from_secs(60),
        )
        .unwrap_err();
        assert!(error.to_string().contains("users.secret"), "{error}");
    }
}
