//! Who is let in, by the configuration of the overlay for development.

use std::process::Command;

use service_runtime::grpc::{ServiceIdentity, Verifier};

use crate::{
    env_file::{self, Lines, Variables},
    manifests::Manifests,
    services,
};

/// Mints a token as the guides say.
fn token(secret: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_taskmesh"))
        .args([
            "token",
            "--user",
            "alice",
            "--auth-secret",
            secret,
            "--data-dir",
        ])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn lets_alice_in(service: &services::OneService, variables: &Variables) {
    let auth = (service.load)(variables).unwrap().auth;
    let verifier = Verifier::new(&auth).unwrap();
    let secret = auth.users.secret.as_ref().unwrap().expose();
    let caller = verifier.verify(&token(secret)).await.unwrap();
    assert_eq!(caller.user_id.as_ref(), "alice");
    let identity = ServiceIdentity::new(service.name, &auth).unwrap();
    let caller = verifier
        .verify(&identity.token(&caller.user_id))
        .await
        .unwrap();
    assert_eq!(caller.service.as_deref(), Some(service.name));
}

#[tokio::test]
async fn the_local_overlay_accepts_what_taskmesh_token_mints() {
    let local = Manifests::local();
    for service in services::all() {
        lets_alice_in(
            &service,
            &local.environment(local.get("Deployment", service.name)),
        )
        .await;
    }
}

#[tokio::test]
async fn the_example_environment_accepts_what_taskmesh_token_mints() {
    let variables = env_file::read(".env.example", Lines::Set);
    for service in services::all() {
        lets_alice_in(&service, &variables).await;
    }
}
