//! Operations of this service, one a file.

mod apply_plans;
mod begin_sending;
mod claim_deliveries;
mod fire_reminders;
mod get_preferences;
mod list_reminders;
mod observe_tasks;
mod release_delivery;
mod settle_delivery;
mod update_preferences;

pub use begin_sending::begin_sending;
pub use claim_deliveries::{DueDelivery, claim_deliveries};
pub use fire_reminders::fire_reminders;
pub use get_preferences::get_preferences;
pub use list_reminders::{Page, list_reminders};
pub use observe_tasks::observe_tasks;
pub use release_delivery::release_delivery;
pub use settle_delivery::settle_delivery;
pub use update_preferences::update_preferences;
