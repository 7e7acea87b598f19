use std::collections::HashSet;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;
use notification_service::NotificationService;
use service_runtime::{
    grpc::Channel,
    ids::Ids,
    postgres::DatabaseError,
    testing::{RecordedEvent, TestService, eventually},
};
use taskmesh_proto::{
    notification::v1::{self as pb, notification_service_client::NotificationServiceClient},
    topics,
};
use tonic::Status;

use super::TaskBuilder;

/// The whole service, as users and other services see it.
pub struct Wire {
    pub service: TestService<NotificationService>,
}

impl Wire {
    pub async fn start() -> Self {
        Self {
            service: TestService::start(&[]).await,
        }
    }

    /// Publishes the event of a task as the task-service does.
    pub async fn publish(&self, builder: &TaskBuilder) {
        let (topic, key) = (&topics::TASK_EVENTS, &builder.task.id);
        let kind = "taskmesh.task.v1.TaskUpdated";
        let event = builder.event();
        self.service
            .publish(topic, key, Ids.uuid_v7(), kind, &event)
            .await;
    }

    pub fn client(&self) -> NotificationServiceClient<Channel> {
        NotificationServiceClient::new(self.service.channel())
    }

    pub async fn list(
        &self,
        user: &str,
        request: pb::ListRemindersRequest,
    ) -> Result<pb::ListRemindersResponse, Status> {
        let request = self.service.request_as(user, request);
        Ok(self.client().list_reminders(request).await?.into_inner())
    }

    /// Lists all reminders of a user.
    pub async fn reminders(&self, user: &str) -> Vec<pb::Reminder> {
        let request = pb::ListRemindersRequest::default();
        self.list(user, request).await.unwrap().reminders
    }

    /// Waits until the user has one reminder that is in a state, and returns it.
    pub async fn reminder_in(&self, user: &str, state: pb::ReminderState) -> pb::Reminder {
        eventually(&format!("a reminder of {user} is {state:?}"), async || {
            let mut reminders = self.reminders(user).await;
            reminders.retain(|reminder| reminder.state() == state);
            reminders.pop()
        })
        .await
    }

    pub async fn preferences(&self, user: &str) -> pb::Preferences {
        let request = self.service.request_as(user, pb::GetPreferencesRequest {});
        self.client()
            .get_preferences(request)
            .await
            .unwrap()
            .into_inner()
    }

    pub async fn update(
        &self,
        user: &str,
        paths: &[&str],
        mut request: pb::UpdatePreferencesRequest,
    ) -> Result<pb::Preferences, Status> {
        request.update_mask = Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        });
        let request = self.service.request_as(user, request);
        Ok(self
            .client()
            .update_preferences(request)
            .await?
            .into_inner())
    }

    /// Returns all events that the service has sent, each once: a relay that was stopped may send its last ones again.
    pub async fn events(&self) -> Vec<RecordedEvent<pb::ReminderEvent>> {
        let mut seen = HashSet::new();
        let mut events = self.service.events(&topics::TASK_REMINDERS).await;
        events.retain(|event: &RecordedEvent<_>| seen.insert(event.id));
        events
    }

    /// Lets two hours pass for whatever is scheduled.
    pub async fn let_two_hours_pass(&self) {
        let database = self.service.database();
        let passed: Result<usize, DatabaseError> = database
            .transaction("let_two_hours_pass", async |tx| {
                let statement = "UPDATE reminders SET fire_time = fire_time - interval '2 hours'";
                Ok(diesel::sql_query(statement).execute(tx).await?)
            })
            .await;
        passed.unwrap();
    }

    /// Returns the versions of a task's reminders, in the order of their creation: each step increments one.
    pub async fn versions(&self, task: &TaskBuilder) -> Vec<i64> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            version: i64,
        }
        let database = self.service.database();
        let rows: Result<Vec<Row>, DatabaseError> = database
            .read("versions", async |connection| {
                let statement =
                    "SELECT version FROM reminders WHERE task_id::text = $1 ORDER BY id";
                let statement = diesel::sql_query(statement).bind::<Text, _>(&task.task.id);
                Ok(statement.load(connection).await?)
            })
            .await;
        rows.unwrap().into_iter().map(|row| row.version).collect()
    }

    /// Returns the last words of the kinds of all events of a task, such as `ReminderSent`.
    pub async fn kinds(&self, task: &TaskBuilder) -> Vec<String> {
        let events = self.events().await;
        let of_task = events.iter().filter(|event| event.key == task.task.id);
        of_task
            .map(|event| event.kind.rsplit('.').next().unwrap().to_owned())
            .collect()
    }
}
