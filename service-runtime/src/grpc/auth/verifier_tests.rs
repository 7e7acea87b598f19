use std::{io::Write, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::*;
use crate::{
    grpc::{
        ApiError, Caller, Origin, ServiceIdentity,
        auth::test_keys::{
            KeyPair, MESH_SECRET, USERS_SECRET, claims, config, issuer, sign_with_secret,
        },
        mint_user_token,
    },
    ids::UserId,
};

async fn verify(token: &str) -> Result<Caller, AuthError> {
    Verifier::new(&config()).unwrap().verify(token).await
}

async fn reason_of(token: &str) -> &'static str {
    verify(token).await.unwrap_err().reason()
}

async fn reason_of_users_token(changed: impl FnOnce(&mut Value)) -> &'static str {
    let mut claims = claims();
    changed(&mut claims);
    reason_of(&sign_with_secret(USERS_SECRET.as_bytes(), &claims)).await
}

fn file(content: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file
}

fn with_key_file(jwks: &NamedTempFile) -> AuthConfig {
    let mut config = config();
    config.users.secret = None;
    config.users.jwks_file = Some(jwks.path().to_owned());
    config
}

#[tokio::test]
async fn token_names_the_user_and_the_service() {
    let alice: UserId = "alice".parse().unwrap();
    let token = mint_user_token(&config().users, &alice, &[], Duration::from_secs(60)).unwrap();
    let caller = verify(&token).await.unwrap();
    assert_eq!((&caller.user_id, caller.service), (&alice, None));
    assert!(caller.token_id.is_some());

    let identity = ServiceIdentity::new("recurrence-service", &config()).unwrap();
    let caller = verify(&identity.token(&alice)).await.unwrap();
    assert_eq!(caller.user_id, alice);
    assert_eq!(caller.service.as_deref(), Some("recurrence-service"));
}

#[tokio::test]
async fn roles_are_those_of_the_token() {
    let alice: UserId = "alice".parse().unwrap();
    let roles = ["operator".to_owned()];
    let minted = mint_user_token(&config().users, &alice, &roles, Duration::from_secs(60)).unwrap();
    let mut strange = claims();
    strange["roles"] = json!(["auditor", 7, null]);
    let mut no_list = claims();
    no_list["roles"] = json!("operator");
    let verifier = Verifier::new(&config()).unwrap();
    for (token, expected) in [
        (minted, vec!["operator"]),
        (
            sign_with_secret(USERS_SECRET.as_bytes(), &strange),
            vec!["auditor"],
        ),
        (sign_with_secret(USERS_SECRET.as_bytes(), &no_list), vec![]),
    ] {
        assert_eq!(verifier.verify(&token).await.unwrap().roles, expected);
    }
}

#[tokio::test]
async fn service_passes_on_roles_and_has_none_itself() {
    let identity = ServiceIdentity::new("api-gateway", &config()).unwrap();
    let verifier = Verifier::new(&config()).unwrap();
    let alice: UserId = "alice".parse().unwrap();
    let auditor = Caller {
        user_id: alice.clone(),
        service: None,
        token_id: None,
        client_id: None,
        roles: vec!["auditor".to_owned()],
        origin: Origin::default(),
    };
    let plain = Caller {
        roles: Vec::new(),
        ..auditor.clone()
    };
    for (request, expected) in [
        (identity.request_for(&auditor, ()), vec!["auditor"]),
        (identity.request_for(&plain, ()), vec![]),
        (identity.request(&alice, ()), vec![]),
    ] {
        let bearer = request.metadata().get("authorization").unwrap();
        let token = bearer.to_str().unwrap().trim_start_matches("Bearer ");
        let caller = verifier.verify(token).await.unwrap();
        assert_eq!(caller.service.as_deref(), Some("api-gateway"));
        assert_eq!(caller.roles, expected);
    }
}

#[tokio::test]
async fn actor_in_a_users_token_is_ignored() {
    let mut claims = claims();
    claims["act"] = json!({"sub": "recurrence-service"});
    let token = sign_with_secret(USERS_SECRET.as_bytes(), &claims);
    let caller = verify(&token).await.unwrap();
    assert_eq!(caller.service, None);
}

#[tokio::test]
async fn mesh_token_without_actor_is_refused() {
    let mut claims = claims();
    claims["iss"] = "mesh".into();
    let token = sign_with_secret(MESH_SECRET.as_bytes(), &claims);
    assert_eq!(reason_of(&token).await, "TOKEN_INVALID");
}

#[tokio::test]
async fn users_key_cannot_sign_for_the_mesh() {
    let mut claims = claims();
    claims["iss"] = "mesh".into();
    claims["act"] = json!({"sub": "recurrence-service"});
    let token = sign_with_secret(USERS_SECRET.as_bytes(), &claims);
    assert_eq!(reason_of(&token).await, "TOKEN_INVALID");
}

#[tokio::test]
async fn invalid_token_is_refused_with_its_reason() {
    let now = jsonwebtoken::get_current_timestamp();
    let expired = reason_of_users_token(|claims| claims["exp"] = (now - 31).into());
    assert_eq!(expired.await, "TOKEN_EXPIRED");
    let early = reason_of_users_token(|claims| claims["nbf"] = (now + 60).into());
    assert_eq!(early.await, "TOKEN_INVALID");
    let foreign = reason_of_users_token(|claims| claims["iss"] = "somebody".into());
    assert_eq!(foreign.await, "TOKEN_INVALID");
    let audience = reason_of_users_token(|claims| claims["aud"] = "another-system".into());
    assert_eq!(audience.await, "TOKEN_INVALID");
    for claim in ["sub", "exp", "iss", "aud"] {
        let missing = reason_of_users_token(|claims| {
            claims.as_object_mut().unwrap().remove(claim);
        });
        assert_eq!(missing.await, "TOKEN_INVALID", "without {claim}");
    }
    for subject in [json!(""), json!("x".repeat(256)), json!(7), json!(null)] {
        let wrong = reason_of_users_token(|claims| claims["sub"] = subject);
        assert_eq!(wrong.await, "TOKEN_INVALID");
    }
    for expiry in [json!("soon"), json!(null), json!(-1)] {
        let wrong = reason_of_users_token(|claims| claims["exp"] = expiry.clone());
        let reason = wrong.await;
        assert!(
            reason == "TOKEN_INVALID" || reason == "TOKEN_EXPIRED",
            "{expiry}: {reason}"
        );
    }
    let key = sign_with_secret(b"another secret, also of 32 bytes", &claims());
    assert_eq!(reason_of(&key).await, "TOKEN_INVALID");
    for garbage in ["", "x", "a.b.c", "..", &"x".repeat(100_000)] {
        assert_eq!(reason_of(garbage).await, "TOKEN_MALFORMED");
    }
}

#[tokio::test]
async fn token_within_the_leeway_is_accepted() {
    let mut claims = claims();
    claims["exp"] = (jsonwebtoken::get_current_timestamp() - 20).into();
    let token = sign_with_secret(USERS_SECRET.as_bytes(), &claims);
    assert!(verify(&token).await.is_ok());
}

#[tokio::test]
async fn token_without_signature_is_refused() {
    for algorithm in ["none", "None", "NONE"] {
        let header = BASE64.encode(json!({"alg": algorithm, "typ": "JWT"}).to_string());
        let body = BASE64.encode(claims().to_string());
        assert_eq!(
            reason_of(&format!("{header}.{body}.")).await,
            "TOKEN_MALFORMED"
        );
    }
    let signed = sign_with_secret(USERS_SECRET.as_bytes(), &claims());
    let (unsigned, _) = signed.rsplit_once('.').unwrap();
    assert_eq!(reason_of(&format!("{unsigned}.")).await, "TOKEN_INVALID");
}

#[tokio::test]
async fn algorithm_is_accepted_with_its_own_key_only() {
    let pairs = [KeyPair::rs256(), KeyPair::es256(), KeyPair::eddsa()];
    let ids = ["rs", "es", "ed"];
    let keys: Vec<_> = pairs
        .iter()
        .zip(ids)
        .map(|(pair, id)| pair.jwk(id))
        .collect();
    let jwks = file(json!({"keys": keys}).to_string().as_bytes());
    let verifier = Verifier::new(&with_key_file(&jwks)).unwrap();

    for (pair, id) in pairs.iter().zip(ids) {
        let token = pair.sign(id, &claims());
        assert!(
            verifier.verify(&token).await.is_ok(),
            "{:?}",
            pair.algorithm
        );
        for other in ids
            .into_iter()
            .filter(|other| *other != id)
            .chain(["unknown"])
        {
            let token = pair.sign(other, &claims());
            let error = verifier.verify(&token).await.unwrap_err();
            assert_eq!(error.reason(), "TOKEN_INVALID");
        }
    }
    let stranger = KeyPair::es256().sign("es", &claims());
    assert_eq!(
        verifier.verify(&stranger).await.unwrap_err().reason(),
        "TOKEN_INVALID"
    );
}

#[tokio::test]
async fn public_key_is_no_shared_secret() {
    let pair = KeyPair::rs256();
    let jwks = file(json!({"keys": [pair.jwk("rs")]}).to_string().as_bytes());
    let verifier = Verifier::new(&with_key_file(&jwks)).unwrap();
    let forged = sign_with_secret(&pair.public_pem(), &claims());
    assert_eq!(
        verifier.verify(&forged).await.unwrap_err().reason(),
        "TOKEN_INVALID"
    );
}

#[tokio::test]
async fn service_signs_with_ec_or_ed25519_key() {
    for pair in [KeyPair::es256(), KeyPair::eddsa()] {
        let jwks = file(json!({"keys": [pair.jwk("mine")]}).to_string().as_bytes());
        let pem = file(&pair.private_pem());
        let mut config = config();
        config.mesh.secret = None;
        config.mesh.jwks_file = Some(jwks.path().to_owned());
        config.signing_key_file = Some(pem.path().to_owned());
        config.signing_key_id = Some("mine".to_owned());
        let identity = ServiceIdentity::new("task-service", &config).unwrap();
        let token = identity.token(&"alice".parse().unwrap());
        let verifier = Verifier::new(&config).unwrap();
        let caller = verifier.verify(&token).await.unwrap();
        assert_eq!(caller.service.as_deref(), Some("task-service"));
    }
}

#[test]
fn invalid_configuration_names_the_setting() {
    let refusal = |change: fn(&mut AuthConfig)| {
        let mut config = config();
        change(&mut config);
        Verifier::new(&config).err().unwrap().to_string()
    };
    let short = refusal(|config| config.users = issuer("users", "short"));
    assert_eq!(short, "auth.users.secret: must have at least 32 bytes");
    let none = refusal(|config| config.mesh.secret = None);
    assert!(none.starts_with("auth.mesh: set exactly one of"), "{none}");
    let both = refusal(|config| config.users.jwks_file = Some("keys.json".into()));
    assert!(both.starts_with("auth.users: set exactly one of"), "{both}");
    let same = refusal(|config| config.mesh.issuer = "users".to_owned());
    assert!(same.starts_with("auth.mesh.issuer: must differ"), "{same}");
    let scheme = refusal(|config| {
        config.users.secret = None;
        config.users.jwks_url = Some("ftp://127.0.0.1/keys".parse().unwrap());
    });
    assert!(scheme.starts_with("auth.users.jwks_url: "), "{scheme}");

    let mut config = config();
    config.signing_key_file = Some("/nowhere/key.pem".into());
    let missing = ServiceIdentity::new("task-service", &config).err().unwrap();
    assert!(
        missing
            .to_string()
            .starts_with("auth.signing_key_file: cannot read")
    );
    let rsa = file(&KeyPair::rs256().private_pem());
    config.signing_key_file = Some(rsa.path().to_owned());
    let wrong = ServiceIdentity::new("task-service", &config).err().unwrap();
    assert!(wrong.to_string().contains("EC P-256 or Ed25519"));
}
