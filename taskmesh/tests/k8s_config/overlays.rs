//! Each overlay as a whole: every program gets a configuration that it can read.

use service_runtime::kafka::KafkaConfig;

use crate::{
    env_file::Variables,
    manifests::{Manifests, container, items, name_of, strings},
    services,
};

/// Returns how the operator's command line reaches the brokers.
pub fn topics(manifests: &Manifests) -> KafkaConfig {
    let variables = manifests.environment(manifests.get("Job", "topics-apply"));
    KafkaConfig::load("TASKMESH", variables).unwrap()
}

#[test]
fn every_service_reads_its_config_map_and_its_secret() {
    for overlay in Manifests::overlays() {
        for service in services::all() {
            let variables = overlay.environment(overlay.get("Deployment", service.name));
            let foreign: Vec<_> = variables
                .keys()
                .filter(|name| !name.starts_with(service.prefix))
                .collect();
            assert!(
                foreign.is_empty(),
                "{} gives {} {foreign:?}",
                overlay.folder,
                service.name
            );
            if let Err(error) = (service.load)(&variables) {
                panic!("{}: {error}", overlay.folder);
            }
        }
    }
}

#[test]
fn the_base_leaves_nothing_open_but_brokers_issuers_the_public_url_and_secrets() {
    let base = Manifests::base();
    for service in services::all() {
        let config_map = base
            .of_kind("ConfigMap")
            .find(|map| name_of(map).starts_with(service.name));
        let mut variables = strings(&config_map.unwrap()["data"]);
        let mut add = |name: &str, value: &str| {
            variables.insert(format!("{}_{name}", service.prefix), value.to_owned())
        };
        add("AUTH__USERS__ISSUER", "https://login.example.com/");
        match service.name {
            "api-gateway" => add("PUBLIC_URL", "https://taskmesh.example.com"),
            _ => add("KAFKA__BOOTSTRAP_SERVERS", "kafka:9092"),
        };
        if service.keeps_data {
            add("DATABASE__URL", "postgres://postgres:5432/taskmesh");
        }
        if service.name == "realtime-service" {
            add(
                "TOKENS__SECRET",
                "the-secret-of-the-resume-tokens-in-this-test",
            );
        }
        (service.load)(&variables).unwrap();
    }
}

#[test]
fn a_schema_is_migrated_with_the_settings_of_the_service_that_owns_it() {
    for manifests in Manifests::all() {
        for service in services::all().iter().filter(|service| service.keeps_data) {
            let job = manifests.get("Job", &format!("{}-migrate", service.name));
            let server = manifests.get("Deployment", service.name);
            assert_eq!(container(job)["args"], serde_json::json!(["migrate"]));
            assert_eq!(container(job)["image"], container(server)["image"]);
            assert_eq!(container(job)["envFrom"], container(server)["envFrom"]);
        }
    }
}

#[test]
fn topics_are_kept_by_one_broker_here_and_by_three_in_production() {
    for (overlay, replication) in Manifests::overlays()
        .iter()
        .zip(["--replication=1", "--replication=3"])
    {
        let arguments: Vec<&str> = items(&container(overlay.get("Job", "topics-apply"))["args"])
            .iter()
            .map(|argument| argument.as_str().unwrap())
            .collect();
        assert_eq!(arguments, ["topics", "apply", replication]);
        // Arguments are read from left to right: a wrong one would be refused before the help is printed.
        let help = std::process::Command::new(env!("CARGO_BIN_EXE_taskmesh"))
            .args(arguments)
            .arg("--help")
            .output()
            .unwrap();
        assert!(
            help.status.success(),
            "{}",
            String::from_utf8_lossy(&help.stderr)
        );
    }
}

#[test]
fn all_parts_of_an_overlay_agree_on_brokers_and_issuers() {
    for overlay in Manifests::overlays() {
        let topics = topics(overlay);
        let mut auth = Vec::new();
        for service in services::all() {
            let variables = overlay.environment(overlay.get("Deployment", service.name));
            let loaded = (service.load)(&variables).unwrap();
            if let Some(kafka) = loaded.kafka {
                let seen = |kafka: &KafkaConfig| {
                    (
                        kafka.bootstrap_servers.clone(),
                        kafka.topic_prefix.clone(),
                        kafka.security_protocol,
                        kafka.sasl_mechanism.clone(),
                    )
                };
                assert_eq!(
                    seen(&kafka),
                    seen(&topics),
                    "{} of {}",
                    service.name,
                    overlay.folder
                );
            }
            auth.push(common_auth(service.prefix, &variables));
        }
        assert!(
            auth.windows(2).all(|pair| pair[0] == pair[1]),
            "{}: {auth:#?}",
            overlay.folder
        );
    }
}

fn common_auth(prefix: &str, variables: &Variables) -> Variables {
    variables
        .iter()
        .filter_map(|(name, value)| {
            Some((
                name.strip_prefix(&format!("{prefix}_AUTH__"))?.to_owned(),
                value.clone(),
            ))
        })
        .collect()
}
