//! What production has beyond the others: TLS everywhere, keys in files, more than one of everything.

use service_runtime::kafka::SecurityProtocol;

use crate::{
    manifests::{Manifests, container, items, name_of, pod},
    overlays::topics,
    services,
};

#[test]
fn every_connection_out_of_the_cluster_is_encrypted() {
    let production = Manifests::production();
    let scram = Some("SCRAM-SHA-256");
    let kafka = topics(production);
    assert_eq!(
        (kafka.security_protocol, kafka.sasl_mechanism.as_deref()),
        (SecurityProtocol::SaslSsl, scram)
    );
    assert!(kafka.sasl_username.is_some() && kafka.sasl_password.is_some());
    for service in services::all() {
        let variables = production.environment(production.get("Deployment", service.name));
        let loaded = (service.load)(&variables).unwrap();
        if let Some(kafka) = loaded.kafka {
            assert_eq!(
                (kafka.security_protocol, kafka.sasl_mechanism.as_deref()),
                (SecurityProtocol::SaslSsl, scram)
            );
            assert!(kafka.sasl_username.is_some() && kafka.sasl_password.is_some());
        }
        if let Some(database) = loaded.database {
            assert!(database.url.expose().ends_with("?sslmode=require"));
        }
        assert_eq!(loaded.auth.users.jwks_url.unwrap().scheme(), "https");
        assert_ne!(
            variables
                .get("NOTIFICATION_SERVICE_SMTP__SECURITY")
                .map(String::as_str),
            Some("none")
        );
    }
}

#[test]
fn at_least_two_of_each_service_run() {
    let production = Manifests::production();
    for service in services::all() {
        let fixed = production.get("Deployment", service.name)["spec"]["replicas"].as_u64();
        let scaled = production
            .of_kind("HorizontalPodAutoscaler")
            .find(|scaler| scaler["spec"]["scaleTargetRef"]["name"] == service.name)
            .and_then(|scaler| scaler["spec"]["minReplicas"].as_u64());
        // A number in the Deployment would undo what the autoscaler has done with every deployment.
        assert!(fixed.is_some() != scaled.is_some(), "{}", service.name);
        assert!(
            fixed
                .or(scaled)
                .is_some_and(|replicas| (2..=3).contains(&replicas)),
            "{}",
            service.name
        );
    }
}

#[test]
fn every_file_that_a_setting_names_is_mounted() {
    let production = Manifests::production();
    for workload in production.own_workloads() {
        let mounts: Vec<&str> = items(&container(workload)["volumeMounts"])
            .iter()
            .map(|mount| mount["mountPath"].as_str().unwrap())
            .collect();
        assert_eq!(
            mounts.len(),
            items(&pod(workload)["volumes"]).len(),
            "{}",
            name_of(workload)
        );
        let server = workload["kind"] == "Deployment";
        for (name, value) in production.environment(workload) {
            let mounted = mounts
                .iter()
                .any(|mount| value.starts_with(&format!("{mount}/")));
            // A migration reads the names of the key files with all the rest, but not the files.
            assert!(
                !(server && value.starts_with('/')) || mounted,
                "{name}={value} in {}",
                name_of(workload)
            );
        }
    }
}

#[test]
fn each_issuer_has_one_place_for_its_keys() {
    let production = Manifests::production();
    for service in services::all() {
        let variables = production.environment(production.get("Deployment", service.name));
        let auth = (service.load)(&variables).unwrap().auth;
        assert!(
            auth.users.jwks_url.is_some()
                && auth.users.jwks_file.is_none()
                && auth.users.secret.is_none()
        );
        assert!(
            auth.mesh.jwks_file.is_some()
                && auth.mesh.jwks_url.is_none()
                && auth.mesh.secret.is_none()
        );
        assert!(auth.signing_key_file.is_some() && auth.signing_key_id.is_some());
        assert_ne!(auth.users.issuer, auth.mesh.issuer);
    }
}
