//! The calls of the load.

use std::time::Duration;

use prost_types::{FieldMask, Timestamp};
use service_runtime::clock::{Clock, timestamp};
use taskmesh_proto::task::v1::{
    CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, ReminderSetting, Task,
    UpdateTaskRequest, reminder_setting::When, task_service_client::TaskServiceClient,
};
use tonic::{
    Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};

use super::{dice::Dice, load::request, users::Users};

/// When reminders fire, from now: some of them amid faults, none long after the end of the load.
const REMIND_MS: std::ops::Range<u64> = 5_000..15_000;
const DUE: Duration = Duration::from_secs(30 * 24 * 3600);

/// A call that changes something.
#[derive(Debug, Clone)]
pub enum Write {
    Create(CreateTaskRequest),
    Update(UpdateTaskRequest),
    Complete(CompleteTaskRequest),
    Delete(DeleteTaskRequest),
}

/// Draws the next call of a user.
pub fn draw(dice: &mut Dice, user: usize, users: &Users) -> Write {
    let request_id = dice.id().to_string();
    // No other call has this title.
    let title = format!("chaos {request_id}");
    let drawn = match dice.below(100) {
        0..45 => users.hot(user, dice).map(|task_id| {
            Write::Update(UpdateTaskRequest {
                task_id,
                title: title.clone(),
                update_mask: Some(FieldMask {
                    paths: vec!["title".to_owned()],
                }),
                request_id: request_id.clone(),
                ..UpdateTaskRequest::default()
            })
        }),
        45..70 => users.take_occurrence(user).map(|task_id| {
            Write::Complete(CompleteTaskRequest {
                task_id,
                request_id: request_id.clone(),
                ..CompleteTaskRequest::default()
            })
        }),
        70..78 => users.take_old(user).map(|task_id| {
            Write::Delete(DeleteTaskRequest {
                task_id,
                request_id: request_id.clone(),
                ..DeleteTaskRequest::default()
            })
        }),
        _ => None,
    };
    drawn.unwrap_or_else(|| {
        let plain = CreateTaskRequest {
            title,
            request_id,
            ..CreateTaskRequest::default()
        };
        Write::Create(match dice.below(10) {
            0..2 => CreateTaskRequest {
                reminders: vec![ReminderSetting {
                    when: Some(When::AtTime(from_now(dice.milliseconds(REMIND_MS)))),
                }],
                ..plain
            },
            2..4 => CreateTaskRequest {
                due_time: Some(from_now(DUE)),
                time_zone: "Europe/Berlin".to_owned(),
                recurrence_rule: "FREQ=DAILY".to_owned(),
                muted: true,
                ..plain
            },
            _ => plain,
        })
    })
}

impl Write {
    /// Makes the call.
    pub async fn send(
        &self,
        mut client: TaskServiceClient<Channel>,
        bearer: &MetadataValue<Ascii>,
    ) -> Result<Task, Status> {
        let answer = match self.clone() {
            Self::Create(message) => client.create_task(request(message, bearer)).await,
            Self::Update(message) => client.update_task(request(message, bearer)).await,
            Self::Complete(message) => client.complete_task(request(message, bearer)).await,
            Self::Delete(message) => client.delete_task(request(message, bearer)).await,
        };
        answer.map(tonic::Response::into_inner)
    }

    /// Returns the title that it writes.
    pub fn title(&self) -> Option<&str> {
        match self {
            Self::Create(message) => Some(&message.title),
            Self::Update(message) => Some(&message.title),
            Self::Complete(_) | Self::Delete(_) => None,
        }
    }
}

fn from_now(time: Duration) -> Timestamp {
    timestamp(Clock::system().now() + time)
}
