use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures::{StreamExt, TryStreamExt, stream};
use prost_types::FieldMask;
use service_runtime::BoxError;
use taskmesh_proto::task::v1::{
    BatchCreateTasksRequest, CreateTaskRequest, Priority, Task, UpdateTaskRequest,
};
use uuid::Uuid;

use crate::bench::{
    data,
    load::{Bounds, Outcome, open_loop},
    mesh::{Caller, Mesh},
    report::step,
};

/// Number of users that are created concurrently.
const CONCURRENCY: usize = 8;

/// Users of one measurement, each with a few tasks.
pub struct Crowd {
    pub members: Arc<[Member]>,
    prefix: String,
}

/// User with tasks.
pub struct Member {
    pub caller: Arc<Caller>,
    tasks: Vec<String>,
}

/// Answered change.
#[derive(Debug, Clone)]
pub struct Written {
    /// Index of the member.
    pub user: usize,
    pub task: String,
    pub version: i64,
    pub sent: Instant,
    pub answered: Instant,
}

impl Crowd {
    pub async fn create(mesh: &Mesh<'_>, users: usize, tasks: usize) -> Result<Self, BoxError> {
        step(format!("creates {users} users"));
        let prefix = format!("bench-live-{}-", Uuid::new_v4().simple());
        let members = stream::iter(0..users).map(|number| {
            let caller = mesh.caller(&format!("{prefix}{number}"));
            async move { Member::create(caller?, tasks).await }
        });
        let members: Vec<Member> = members.buffered(CONCURRENCY).try_collect().await?;
        let members = members.into();
        Ok(Self { members, prefix })
    }

    /// Removes the users' tasks.
    pub async fn remove(self, mesh: &Mesh<'_>) -> Result<(), BoxError> {
        step("removes the users");
        data::remove_users(&mesh.database, &self.prefix).await
    }

    /// Changes tasks of all members in turn at a steady rate; returns the answered changes too.
    pub async fn write(
        &self,
        rate: u32,
        bounds: Bounds,
    ) -> Result<(Outcome, Vec<Written>), BoxError> {
        step(format!("{rate} changes per second"));
        let (members, written) = (Arc::clone(&self.members), Arc::new(Mutex::default()));
        let journal: Arc<Mutex<Vec<Written>>> = Arc::clone(&written);
        let call = move |number: usize| {
            let (members, journal) = (Arc::clone(&members), Arc::clone(&journal));
            async move {
                let user = number % members.len();
                let sent = Instant::now();
                let task = members[user].change(number / members.len(), number).await?;
                let written = Written {
                    user,
                    version: task.etag.parse()?,
                    task: task.id,
                    sent,
                    answered: Instant::now(),
                };
                journal
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(written);
                Ok(())
            }
        };
        let outcome = open_loop(rate.into(), bounds, call).await?;
        let written = std::mem::take(&mut *written.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((outcome, written))
    }
}

impl Member {
    async fn create(caller: Arc<Caller>, count: usize) -> Result<Self, BoxError> {
        let task = |number| CreateTaskRequest {
            title: format!("Task {number}"),
            ..CreateTaskRequest::default()
        };
        let mut tasks = Vec::new();
        if count > 0 {
            let request = caller.request(BatchCreateTasksRequest {
                tasks: (0..count).map(task).collect(),
                ..BatchCreateTasksRequest::default()
            });
            let answer = caller.tasks(0).batch_create_tasks(request).await?;
            let created = answer.into_inner().results.into_iter();
            tasks.extend(created.filter_map(|result| Some(result.task?.id)));
        }
        Ok(Self { caller, tasks })
    }

    /// Changes the title or the priority of one task, never to the value that it has.
    async fn change(&self, turn: usize, number: usize) -> Result<Task, BoxError> {
        let round = turn / self.tasks.len();
        let field = if round.is_multiple_of(2) {
            "title"
        } else {
            "priority"
        };
        let priority = if round % 4 == 1 {
            Priority::High
        } else {
            Priority::Low
        };
        let request = self.caller.request(UpdateTaskRequest {
            task_id: self.tasks[turn % self.tasks.len()].clone(),
            title: format!("Changed task {number}"),
            priority: priority.into(),
            update_mask: Some(FieldMask {
                paths: vec![field.to_owned()],
            }),
            ..UpdateTaskRequest::default()
        });
        let answer = self.caller.tasks(number).update_task(request).await?;
        Ok(answer.into_inner())
    }
}
