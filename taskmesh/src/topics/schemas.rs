use std::io::Write;

use service_runtime::{
    BoxError,
    kafka::{
        KafkaConfig, Registered, Registration, RegistryError, SchemaRegistry, Subject, subjects,
    },
};

/// Registers the declared schemas that are not registered, if the settings name a registry.
pub async fn register_all(kafka: &KafkaConfig) -> Result<(), RegistryError> {
    let Some(registry) = SchemaRegistry::new(kafka)? else {
        return Ok(());
    };
    let mut round = registry.round();
    for subject in subjects(kafka) {
        round.register(&subject).await?;
    }
    Ok(())
}

/// Registers the declared schemas that are not registered, and prints every subject; returns whether the registry took all.
pub async fn apply(
    registry: &SchemaRegistry,
    kafka: &KafkaConfig,
    out: &mut impl Write,
) -> Result<bool, BoxError> {
    let mut are_all = true;
    let mut round = registry.round();
    for subject in subjects(kafka) {
        match round.register(&subject).await {
            Ok(Registration::New(registered)) => print(out, &subject, registered, "registered")?,
            Ok(Registration::Known(registered)) => print(out, &subject, registered, "as declared")?,
            // What does not refer to it may be registered all the same.
            Err(RegistryError::Incompatible { message, .. }) => {
                are_all = false;
                print_absence(out, &subject, &format!("not compatible: {message}"))?;
            }
            Err(RegistryError::NotRegistered { .. }) => {
                are_all = false;
                print_absence(
                    out,
                    &subject,
                    "not registered, because a schema that it imports is not",
                )?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(are_all)
}

/// Prints what the registry has of every subject; returns whether it has all declared schemas.
pub async fn list(
    registry: &SchemaRegistry,
    kafka: &KafkaConfig,
    out: &mut impl Write,
) -> Result<bool, BoxError> {
    let mut are_all = true;
    let mut round = registry.round();
    for subject in subjects(kafka) {
        if let Some(registered) = round.find(&subject).await? {
            print(out, &subject, registered, "as declared")?;
            continue;
        }
        are_all = false;
        match registry.latest(&subject.name).await? {
            Some(other) => print(out, &subject, other, "different: not the declared schema")?,
            None => print_absence(out, &subject, "missing")?,
        }
    }
    Ok(are_all)
}

fn print(
    out: &mut impl Write,
    subject: &Subject,
    registered: Registered,
    state: &str,
) -> std::io::Result<()> {
    let Registered { id, version } = registered;
    let name = &subject.name;
    writeln!(
        out,
        "{name:<50} schema {id:>5}  version {version:>3}  {state}"
    )
}

fn print_absence(out: &mut impl Write, subject: &Subject, state: &str) -> std::io::Result<()> {
    writeln!(out, "{name:<50} {state}", name = subject.name)
}

#[cfg(test)]
mod tests {
    use service_runtime::testing::FakeRegistry;

    use super::*;
    use crate::topics::kafka_config;

    fn kafka(registry: &FakeRegistry) -> KafkaConfig {
        let variables = [
            ("TASKMESH_KAFKA__BOOTSTRAP_SERVERS", "localhost:9092"),
            ("TASKMESH_KAFKA__TOPIC_PREFIX", "team."),
            ("TASKMESH_KAFKA__SCHEMA_REGISTRY_URL", registry.url()),
        ];
        kafka_config(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap()
    }

    async fn applied(kafka: &KafkaConfig) -> (bool, String) {
        let registry = SchemaRegistry::new(kafka).unwrap().unwrap();
        let mut out = Vec::new();
        let are_all = apply(&registry, kafka, &mut out).await.unwrap();
        (are_all, String::from_utf8(out).unwrap())
    }

    async fn listed(kafka: &KafkaConfig) -> (bool, String) {
        let registry = SchemaRegistry::new(kafka).unwrap().unwrap();
        let mut out = Vec::new();
        let are_all = list(&registry, kafka, &mut out).await.unwrap();
        (are_all, String::from_utf8(out).unwrap())
    }

    fn line<'a>(text: &'a str, subject: &str) -> &'a str {
        let mut lines = text.lines();
        lines
            .find(|line| line.split_whitespace().next() == Some(subject))
            .unwrap_or_else(|| panic!("{subject} is not in {text}"))
    }

    #[tokio::test]
    async fn applying_registers_every_subject_once_and_again_changes_nothing() {
        let registry = FakeRegistry::start().await;
        let kafka = kafka(&registry);
        let (are_all, missing) = listed(&kafka).await;
        assert!(!are_all);
        assert!(
            missing.lines().all(|line| line.ends_with("missing")),
            "{missing}"
        );

        let (are_all, first) = applied(&kafka).await;
        assert!(are_all);
        assert!(
            first.lines().all(|line| line.ends_with("registered")),
            "{first}"
        );
        assert_eq!(first.lines().count(), missing.lines().count());
        let versions = registry.versions();
        for subject in ["team.task-events-value", "taskmesh/task/v1/task.proto"] {
            assert!(versions.contains(&(subject.to_owned(), 1)), "{versions:?}");
        }

        let (are_all, second) = applied(&kafka).await;
        assert!(are_all);
        assert_eq!(second, first.replace("registered", "as declared"));
        assert_eq!(registry.versions(), versions);
        assert_eq!(listed(&kafka).await, (true, second));
    }

    #[tokio::test]
    async fn a_schema_that_is_not_compatible_is_told_with_the_registrys_words_and_stops_no_other() {
        let registry = FakeRegistry::start().await;
        let kafka = kafka(&registry);
        registry.add(
            "team.task-events-value",
            "syntax = \"proto3\"; message Older {}",
        );
        registry.refuse("team.task-events-value", "a field was removed");
        let (are_all, text) = applied(&kafka).await;
        assert!(!are_all);
        assert!(
            line(&text, "team.task-events-value").ends_with("not compatible: a field was removed")
        );
        assert!(line(&text, "team.task-reminders-value").ends_with("registered"));

        let (are_all, text) = listed(&kafka).await;
        assert!(!are_all);
        assert!(
            line(&text, "team.task-events-value").ends_with("different: not the declared schema"),
            "{text}"
        );
        assert!(line(&text, "team.task-reminders-value").ends_with("as declared"));
    }

    #[tokio::test]
    async fn a_registry_that_is_away_is_an_error_that_names_its_setting() {
        let registry = FakeRegistry::start().await;
        let kafka = kafka(&registry);
        drop(registry);
        let error = register_all(&kafka).await.unwrap_err().to_string();
        assert!(error.contains("KAFKA__SCHEMA_REGISTRY_URL"), "{error}");
    }
}
