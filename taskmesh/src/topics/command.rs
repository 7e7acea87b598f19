use std::{env, io::stdout, process::ExitCode};

use clap::{Args, Subcommand};
use service_runtime::{
    BoxError,
    config::ConfigError,
    kafka::{KafkaConfig, SchemaRegistry},
};

use super::{
    cluster::{Cluster, State},
    declared::declared,
    schemas,
};

/// Create the topics of the mesh and register their schemas, or compare both with the declaration.
///
/// Variables configure the connection: TASKMESH_KAFKA__SECURITY_PROTOCOL, TASKMESH_KAFKA__SASL_MECHANISM,
/// TASKMESH_KAFKA__SASL_USERNAME, TASKMESH_KAFKA__SASL_PASSWORD, TASKMESH_KAFKA__TOPIC_PREFIX, and for a schema registry
/// TASKMESH_KAFKA__SCHEMA_REGISTRY_URL, TASKMESH_KAFKA__SCHEMA_REGISTRY_USERNAME and
/// TASKMESH_KAFKA__SCHEMA_REGISTRY_PASSWORD.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create missing topics and, if a schema registry is configured, register missing schemas; existing topics are compared
    /// with the declaration and never changed.
    Apply {
        #[command(flatten)]
        brokers: Brokers,
        /// Replication factor; -1 selects the default of the cluster.
        #[arg(long, default_value_t = 3, allow_negative_numbers = true)]
        replication: i32,
    },
    /// Compare topics and, if a schema registry is configured, schemas with the declaration.
    List {
        #[command(flatten)]
        brokers: Brokers,
    },
}

/// Which brokers to ask.
#[derive(Debug, Args)]
pub struct Brokers {
    /// Broker addresses, `host:port` separated by commas.
    #[arg(
        long,
        env = "TASKMESH_KAFKA__BOOTSTRAP_SERVERS",
        default_value = "127.0.0.1:9092"
    )]
    bootstrap_servers: String,
}

impl Brokers {
    /// Returns how to reach them.
    pub fn kafka(&self) -> Result<KafkaConfig, ConfigError> {
        kafka_of(&self.bootstrap_servers)
    }
}

/// Runs `topics apply` or `topics list`; a missing or different topic or schema makes `list` fail, and a schema that is refused
/// makes `apply` fail.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let (brokers, replication) = match arguments.command {
        Command::Apply {
            brokers,
            replication,
        } => (brokers, Some(replication)),
        Command::List { brokers } => (brokers, None),
    };
    let kafka = brokers.kafka()?;
    let topics_are_right = run_for_topics(&kafka, replication).await?;
    let schemas_are_right = match SchemaRegistry::new(&kafka)? {
        Some(registry) => {
            schemas::compare(registry, &kafka, replication.is_some(), &mut stdout()).await?
        }
        None => true,
    };
    // What exists is an operator's to change, so a difference between topics does not fail a deployment that applies.
    Ok(
        match (topics_are_right || replication.is_some()) && schemas_are_right {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
    )
}

/// Creates what is missing if it is told how, prints every topic, and returns whether all are as declared.
async fn run_for_topics(kafka: &KafkaConfig, replication: Option<i32>) -> Result<bool, BoxError> {
    let declared = declared(kafka);
    let cluster = Cluster::new(kafka)?;
    let created = match replication {
        Some(replication) => cluster.create_missing(&declared, replication).await?,
        None => Vec::new(),
    };
    let mut as_declared = true;
    for (topic, state) in declared.iter().zip(cluster.compare(&declared).await?) {
        let state = match state {
            _ if created.contains(&topic.name) => "created".to_owned(),
            State::AsDeclared => "as declared".to_owned(),
            State::Missing => {
                as_declared = false;
                "missing".to_owned()
            }
            State::Different(differences) => {
                as_declared = false;
                format!("different: {}", differences.join("; "))
            }
        };
        println!(
            "{name:<50} {partitions:>3} partitions  {kept:>7}  {state}",
            name = topic.name,
            partitions = topic.partitions,
            kept = match topic.retention {
                Some(retention) => format!("{} h", retention.as_secs() / 3600),
                None => "forever".to_owned(),
            },
        );
    }
    Ok(as_declared)
}

/// Returns how to reach these brokers: the rest stands in the variables of the environment that begin with `TASKMESH_KAFKA__`.
pub fn kafka_of(bootstrap_servers: &str) -> Result<KafkaConfig, ConfigError> {
    let servers = (
        "TASKMESH_KAFKA__BOOTSTRAP_SERVERS".to_owned(),
        bootstrap_servers.to_owned(),
    );
    KafkaConfig::load("TASKMESH", env::vars().chain([servers]))
}
