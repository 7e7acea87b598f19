//! What this service answers, and what it asks. Handlers accept, operate, answer, and nothing else.

mod category_service;
mod convert;
mod recurrence_client;
mod saved_filter_service;
mod settings_service;
mod tag_service;
mod task_service;
mod write;

use crate::App;

pub use convert::series;
pub use recurrence_client::RecurrenceClient;

/// Answers the calls of every service.
#[derive(Clone)]
pub struct Rpc(pub App);
