//! Operations of this service, one a file.

mod append_records;
mod authorize_access;
mod check_checkpoints;
mod export_records;
mod get_activity_report;
mod list_records;
mod manage_partitions;
mod seal_records;
mod verify_chain;

pub use append_records::append_records;
pub use authorize_access::{Access, authorize_access};
pub use export_records::{RecordFormat, export_records};
pub use get_activity_report::{ActivityReport, get_activity_report};
pub use list_records::{RecordList, list_records};
pub use manage_partitions::{create_partitions, drop_partitions};
pub use seal_records::seal_records;
pub use verify_chain::{Verified, verify_chain, verify_chains};
