use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use prost_types::FieldMask;
use service_runtime::BoxError;
use taskmesh_proto::task::v1::{
    BatchCreateTasksRequest, CreateTaskRequest, ListTasksRequest, Priority, Task, UpdateTaskRequest,
};
use tonic::transport::Channel;
use uuid::Uuid;

use super::command::Subject;
use crate::{
    bench::old::{caller::Caller, data, progress::Progress},
    live_client::Shown,
};

/// Over how many HTTP/2 connections the writes of all users go.
const CONNECTIONS: usize = 2;
/// How many users are given their tasks at once.
const AT_ONCE: usize = 8;
const PAGE: i32 = 500;

/// Users with a few tasks each, who exist for one measurement.
pub struct Crowd {
    pub members: Vec<Member>,
    prefix: String,
}

/// One of them.
#[derive(Clone)]
pub struct Member {
    pub caller: Arc<Caller>,
    pub tasks: Vec<String>,
}

impl Crowd {
    /// Invents so many users with so many tasks each.
    pub async fn gather(
        subject: &Subject<'_>,
        users: usize,
        tasks: usize,
    ) -> Result<Self, BoxError> {
        let prefix = format!("bench-live-{}-", Uuid::new_v4().simple());
        let channels = subject.connection.channels(CONNECTIONS);
        let progress = Progress::new("invents users", "users", Some(users as u64));
        let members = stream::iter(0..users).map(|number| {
            let (prefix, channels, progress) = (&prefix, &channels, &progress);
            async move {
                let user = format!("{prefix}{number}");
                let member = Member::new(subject, channels, &user, tasks).await;
                progress.add(1);
                member
            }
        });
        let members = progress
            .watch(members.buffered(AT_ONCE).try_collect())
            .await?;
        Ok(Self { members, prefix })
    }

    /// Removes them with all that they have.
    pub async fn disperse(self, subject: &Subject<'_>) -> Result<(), BoxError> {
        let progress = Progress::new("removes them again", "crowds", Some(1));
        let removal = data::remove_users(&subject.database.client, &self.prefix);
        progress.watch(removal).await
    }
}

impl Member {
    async fn new(
        subject: &Subject<'_>,
        channels: &[Channel],
        user: &str,
        tasks: usize,
    ) -> Result<Self, BoxError> {
        let caller = subject
            .connection
            .caller_over(channels.to_vec(), &user.parse()?)?;
        let mut member = Self {
            caller: Arc::new(caller),
            tasks: Vec::new(),
        };
        if tasks > 0 {
            member.tasks = member.create(tasks).await?;
        }
        Ok(member)
    }

    async fn create(&self, count: usize) -> Result<Vec<String>, BoxError> {
        let task = |number| CreateTaskRequest {
            title: format!("Something to do, number {number}"),
            ..CreateTaskRequest::default()
        };
        let request = self.caller.request(BatchCreateTasksRequest {
            tasks: (0..count).map(task).collect(),
            ..BatchCreateTasksRequest::default()
        });
        let answer = self.caller.tasks(0).batch_create_tasks(request).await?;
        let results = answer.into_inner().results.into_iter();
        Ok(results
            .filter_map(|result| result.task)
            .map(|task| task.id)
            .collect())
    }

    /// Gives one of the tasks another title, or every other time another priority.
    pub async fn change(&self, task: usize, number: usize) -> Result<Task, BoxError> {
        let task_id = self.tasks[task % self.tasks.len()].clone();
        let turn = task / self.tasks.len();
        let field = if turn.is_multiple_of(2) {
            "title"
        } else {
            "priority"
        };
        // Never the one that it has.
        let priority = match turn % 4 {
            1 => Priority::High,
            _ => Priority::Low,
        };
        let request = self.caller.request(UpdateTaskRequest {
            task_id,
            title: format!("Something else to do, number {number}"),
            priority: priority.into(),
            update_mask: Some(FieldMask {
                paths: vec![field.to_owned()],
            }),
            ..UpdateTaskRequest::default()
        });
        let answer = self.caller.tasks(number).update_task(request).await?;
        Ok(answer.into_inner())
    }

    /// Lists the tasks as they are.
    pub async fn list(&self) -> Result<Vec<Shown>, BoxError> {
        let mut shown = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = self.caller.request(ListTasksRequest {
                page_size: PAGE,
                page_token,
                show_completed: true,
                show_hidden: true,
                ..ListTasksRequest::default()
            });
            let answer = self.caller.tasks(0).list_tasks(request).await?.into_inner();
            for task in answer.tasks {
                shown.push(Shown {
                    version: task.etag.parse()?,
                    id: task.id,
                    title: task.title,
                    is_deleted: false,
                });
            }
            if answer.next_page_token.is_empty() {
                return Ok(shown);
            }
            page_token = answer.next_page_token;
        }
    }
}
