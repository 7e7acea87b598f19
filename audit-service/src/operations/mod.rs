//! Operations of this service, one a file.

mod append_records;
mod check_checkpoints;
mod export_records;
mod get_activity_report;
mod keep_months;
mod list_records;
mod record_reading;
mod seal_records;
mod verify_chain;

pub use append_records::append_records;
pub use export_records::{RecordFormat, export_records};
pub use get_activity_report::{ActivityReport, get_activity_report};
pub use keep_months::{drop_months, make_room};
pub use list_records::{RecordList, list_records};
pub use record_reading::{Reading, record_reading};
pub use seal_records::seal_records;
pub use verify_chain::{Verified, verify_chain, verify_chains};
