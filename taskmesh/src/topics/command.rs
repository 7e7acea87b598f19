use std::{env, process::ExitCode};

use clap::{Args, Subcommand};
use serde::Deserialize;
use service_runtime::{
    BoxError,
    config::{self, ConfigError},
    kafka::KafkaConfig,
};

use super::{
    cluster::{Cluster, State},
    declared::declared,
};

/// Create the topics of the mesh, or compare them with what is declared.
///
/// How to reach the cluster stands in variables such as TASKMESH_KAFKA__SECURITY_PROTOCOL, TASKMESH_KAFKA__SASL_MECHANISM,
/// TASKMESH_KAFKA__SASL_USERNAME, TASKMESH_KAFKA__SASL_PASSWORD and TASKMESH_KAFKA__TOPIC_PREFIX.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create the topics that are missing; those that exist are compared and never changed.
    Apply {
        #[command(flatten)]
        brokers: Brokers,
        /// How many brokers keep a copy of each partition; -1 leaves it to the cluster.
        #[arg(long, default_value_t = 3, allow_negative_numbers = true)]
        replication: i32,
    },
    /// Compare the topics of the cluster with what is declared.
    List {
        #[command(flatten)]
        brokers: Brokers,
    },
}

/// Which brokers to ask.
#[derive(Debug, Args)]
pub struct Brokers {
    /// `host:port`, several separated by commas.
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

/// Runs `topics apply` or `topics list`; a missing or different topic makes `list` fail.
pub async fn run(arguments: Arguments) -> Result<ExitCode, BoxError> {
    let (brokers, replication) = match arguments.command {
        Command::Apply {
            brokers,
            replication,
        } => (brokers, Some(replication)),
        Command::List { brokers } => (brokers, None),
    };
    let kafka = brokers.kafka()?;
    let declared = declared(&kafka);
    let cluster = Cluster::new(&kafka)?;
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
                let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
                format!("different: {}", texts.join("; "))
            }
        };
        println!(
            "{name:<50} {partitions:>3} partitions  {days:>5} h  {state}",
            name = topic.name,
            partitions = topic.partitions,
            days = topic.retention.as_secs() / 3600,
        );
    }
    // What exists is an operator's to change, so a difference does not fail a deployment that applies.
    Ok(if as_declared || replication.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns how to reach these brokers: the rest stands in the variables of the environment that begin with `TASKMESH_KAFKA__`.
pub fn kafka_of(bootstrap_servers: &str) -> Result<KafkaConfig, ConfigError> {
    let servers = (
        "TASKMESH_KAFKA__BOOTSTRAP_SERVERS".to_owned(),
        bootstrap_servers.to_owned(),
    );
    kafka_config(env::vars().chain([servers]))
}

/// Reads how to reach brokers from those of the variables that begin with `TASKMESH_KAFKA__`.
pub fn kafka_config(
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<KafkaConfig, ConfigError> {
    #[derive(Debug, Deserialize)]
    struct Settings {
        kafka: KafkaConfig,
    }
    let kafka = variables
        .into_iter()
        .filter(|(name, _)| name.starts_with("TASKMESH_KAFKA__"));
    config::load::<Settings>("TASKMESH", kafka).map(|settings| settings.kafka)
}
