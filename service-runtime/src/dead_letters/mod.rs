//! Dead letters: lists, shows, redrives and purges the records that consumers could not handle.
//!
//! The consumer loop writes them to the topics `<topic>.<group>.dlt`. The command line administers those of the whole mesh; each service
//! provides `taskmesh.admin.v1.DeadLetterService` for its own.

mod choice;
mod content;
mod error;
mod letter;
mod name;
mod office;
mod purge;
mod reader;
mod redrive;
mod rpc;
mod topics;

pub use choice::{Choice, Filter};
pub use content::Content;
pub use error::DeadLetterError;
pub use letter::DeadLetter;
pub use name::{InvalidLetterName, LetterName};
pub use office::{DeadLetterOffice, Letters, TopicCount};
pub use purge::Purged;
pub use redrive::{MOST_PER_SECOND, Progress, Redrive};
pub(crate) use rpc::server;
pub use topics::DeadLetterTopic;
