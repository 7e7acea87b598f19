use std::io::Write;

use service_runtime::{
    BoxError,
    kafka::{KafkaConfig, Registered, RegistryError, SchemaRegistry, subjects},
};

/// Registers the declared schemas that are not registered, if a registry is configured.
pub async fn register_all(kafka: &KafkaConfig) -> Result<(), RegistryError> {
    let Some(mut registry) = SchemaRegistry::new(kafka)? else {
        return Ok(());
    };
    for subject in subjects(kafka) {
        if registry.find(&subject).await?.is_none() {
            registry.register(&subject).await?;
        }
    }
    Ok(())
}

/// Prints the state of every subject, after registering its declared schema if `is_registering`; returns whether all declared schemas
/// are registered.
pub async fn compare(
    mut registry: SchemaRegistry,
    kafka: &KafkaConfig,
    is_registering: bool,
    out: &mut impl Write,
) -> Result<bool, BoxError> {
    let mut are_all = true;
    for subject in subjects(kafka) {
        let name = &subject.name;
        let (registered, state) = match registry.find(&subject).await? {
            Some(registered) => (Some(registered), "as declared".to_owned()),
            None if is_registering => match registry.register(&subject).await {
                Ok(registered) => (Some(registered), "registered".to_owned()),
                // Subjects that do not import it can still be registered.
                Err(RegistryError::Incompatible { message, .. }) => {
                    are_all = false;
                    (None, format!("not compatible: {message}"))
                }
                Err(RegistryError::NotRegistered { .. }) => {
                    are_all = false;
                    let state = "not registered, because a schema that it imports is not";
                    (None, state.to_owned())
                }
                Err(error) => return Err(error.into()),
            },
            None => {
                are_all = false;
                match registry.latest(name).await? {
                    Some(other) => (Some(other), "different: not the declared schema".to_owned()),
                    None => (None, "missing".to_owned()),
                }
            }
        };
        match registered {
            Some(Registered { id, version }) => writeln!(
                out,
                "{name:<50} schema {id:>5}  version {version:>3}  {state}"
            )?,
            None => writeln!(out, "{name:<50} {state}")?,
        }
    }
    Ok(are_all)
}

#[cfg(test)]
mod tests {
    use service_runtime::testing::FakeRegistry;

    use super::*;

    fn kafka(registry: &FakeRegistry) -> KafkaConfig {
        let variables = [
            ("TASKMESH_KAFKA__BOOTSTRAP_SERVERS", "localhost:9092"),
            ("TASKMESH_KAFKA__TOPIC_PREFIX", "team."),
            ("TASKMESH_KAFKA__SCHEMA_REGISTRY_URL", registry.url()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        KafkaConfig::load("TASKMESH", variables).unwrap()
    }

    async fn applied(kafka: &KafkaConfig) -> (bool, String) {
        compared(kafka, true).await
    }

    async fn listed(kafka: &KafkaConfig) -> (bool, String) {
        compared(kafka, false).await
    }

    async fn compared(kafka: &KafkaConfig, is_registering: bool) -> (bool, String) {
        let registry = SchemaRegistry::new(kafka).unwrap().unwrap();
        let mut out = Vec::new();
        let are_all = compare(registry, kafka, is_registering, &mut out).await;
        (are_all.unwrap(), String::from_utf8(out).unwrap())
    }

    fn line<'a>(text: &'a str, subject: &str) -> &'a str {
        let mut lines = text.lines();
        lines
            .find(|line| line.split_whitespace().next() == Some(subject))
            .unwrap_or_else(|| panic!("{subject} is not in {text}"))
    }

    #[tokio::test]
    async fn apply_registers_every_subject_once() {
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
    async fn incompatible_schema_does_not_stop_the_others() {
        let registry = FakeRegistry::start().await;
        let kafka = kafka(&registry);
        registry.add_final(
            "team.task-events-value",
            "syntax = \"proto3\"; message Older {}",
            "a field was removed",
        );
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
}
