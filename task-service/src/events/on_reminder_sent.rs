use async_trait::async_trait;
use service_runtime::{
    clock::from_timestamp,
    kafka::{EventHandler, HandleError, Received},
    postgres::AsyncPgConnection,
};
use taskmesh_proto::notification::v1::{ReminderEvent, reminder_event::Change};

use crate::store;

/// Shows on a task when its user was last reminded of it.
pub struct OnReminderSent;

#[async_trait]
impl EventHandler for OnReminderSent {
    type Event = ReminderEvent;

    async fn handle(
        &self,
        tx: &mut AsyncPgConnection,
        event: &Received<ReminderEvent>,
    ) -> Result<(), HandleError> {
        let ReminderEvent {
            event_time,
            user_id,
            reminder,
            change: Some(Change::Sent(_)),
            ..
        } = &event.message
        else {
            return Ok(());
        };
        let time = event_time.and_then(from_timestamp);
        let task_id = reminder.as_ref().map(|reminder| reminder.task_id.parse());
        let (Some(time), Ok(user_id), Some(Ok(task_id))) = (time, user_id.parse(), task_id) else {
            return Err(HandleError::Reject(
                "a sent reminder has an event_time, a user_id and a task_id that is a UUID"
                    .to_owned(),
            ));
        };
        // Of a task that is not there, nothing can be shown.
        Ok(store::task::update_remind_time(tx, &user_id, task_id, time).await?)
    }
}
