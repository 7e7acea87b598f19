//! Lists a user's reminders with their deliveries.

use service_runtime::grpc::Caller;

use crate::{
    app::App,
    domain::{delivery::Delivery, ids::TaskId, reminder::Reminder},
    error::Error,
    store::{self, reminder_page::After},
};

/// One page of a user's reminders.
#[derive(Debug)]
pub struct Page {
    /// The reminders, the latest fire time first, each with its deliveries.
    pub reminders: Vec<(Reminder, Vec<Delivery>)>,
    pub more: bool,
}

/// Returns up to `size` of the caller's reminders, of one task or of all.
pub async fn list_reminders(
    app: &App,
    caller: &Caller,
    task_id: Option<TaskId>,
    after: Option<After>,
    size: i64,
) -> Result<Page, Error> {
    let user_id = &caller.user_id;
    let (reminders, mut deliveries) = app
        .database
        .transaction("list_reminders", async |tx| {
            // One more than asked for shows whether there is a next page.
            let reminders =
                store::reminder_page::list(tx, user_id, task_id, after, size + 1).await?;
            let ids: Vec<_> = reminders.iter().map(|reminder| reminder.id).collect();
            let deliveries = store::reminder_page::list_deliveries(tx, user_id, &ids).await?;
            Ok::<_, Error>((reminders, deliveries))
        })
        .await?;
    let wanted = usize::try_from(size).unwrap_or(usize::MAX);
    let more = reminders.len() > wanted;
    let reminders = reminders
        .into_iter()
        .take(wanted)
        .map(|reminder| {
            let deliveries = deliveries.remove(&reminder.id).unwrap_or_default();
            (reminder, deliveries)
        })
        .collect();
    Ok(Page { reminders, more })
}
