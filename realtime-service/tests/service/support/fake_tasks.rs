use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::Request as HttpRequest,
    routing::{MethodRouter, post},
};
use prost::Message;
use taskmesh_proto::task::v1::{
    Category, ListCategoriesRequest, ListCategoriesResponse, ListTagsRequest, ListTagsResponse,
    ListTasksRequest, ListTasksResponse, MatchTasksRequest, MatchTasksResponse, Tag, Task,
};
use tonic::{Code, Request, Response, Status, server::Grpc};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, StatusExt};

type Meanwhile = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A task-service with the tasks of one user. Its filters know one form: `title = X`.
#[derive(Clone, Default)]
pub struct FakeTasks(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    tasks: Vec<Task>,
    meanwhile: Option<Meanwhile>,
}

impl FakeTasks {
    pub fn add(&self, task: &Task) {
        self.0.lock().unwrap().tasks.push(task.clone());
    }

    pub fn rename(&self, id: &str, title: &str) {
        let mut state = self.0.lock().unwrap();
        let task = state.tasks.iter_mut().find(|task| task.id == id).unwrap();
        task.title = title.to_owned();
    }

    /// Has something happen between the first page of tasks and the second.
    pub fn meanwhile<F>(&self, happen: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.lock().unwrap().meanwhile = Some(Box::new(move || Box::pin(happen())));
    }

    /// Answers calls; returns the URL.
    pub async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let (lists, matches) = (self.clone(), self.clone());
        let router = Router::new()
            .route(
                "/taskmesh.task.v1.CategoryService/ListCategories",
                unary(|_: ListCategoriesRequest| async {
                    Ok(ListCategoriesResponse {
                        categories: vec![Category {
                            display_name: "home".to_owned(),
                            ..Category::default()
                        }],
                        ..ListCategoriesResponse::default()
                    })
                }),
            )
            .route(
                "/taskmesh.task.v1.TagService/ListTags",
                unary(|_: ListTagsRequest| async {
                    Ok(ListTagsResponse {
                        tags: vec![Tag {
                            display_name: "urgent".to_owned(),
                            ..Tag::default()
                        }],
                        ..ListTagsResponse::default()
                    })
                }),
            )
            .route(
                "/taskmesh.task.v1.TaskService/ListTasks",
                unary(move |request| {
                    let lists = lists.clone();
                    async move { lists.list(request).await }
                }),
            )
            .route(
                "/taskmesh.task.v1.TaskService/MatchTasks",
                unary(move |request| {
                    let matches = matches.clone();
                    async move { matches.matching(&request) }
                }),
            );
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    /// Answers with one task a page, so that what happens meanwhile happens between two pages.
    async fn list(&self, request: ListTasksRequest) -> Result<ListTasksResponse, Status> {
        let at: usize = request.page_token.parse().unwrap_or_default();
        let meanwhile = match at {
            0 => None,
            _ => self.0.lock().unwrap().meanwhile.take(),
        };
        if let Some(meanwhile) = meanwhile {
            meanwhile().await;
        }
        let wanted = wanted_title(&request.filter)?;
        let state = self.0.lock().unwrap();
        let mut tasks = state
            .tasks
            .iter()
            .filter(|task| wanted.is_none_or(|wanted| task.title == wanted));
        let task = tasks.nth(at).cloned();
        let next_page_token = match tasks.next() {
            Some(_) => (at + 1).to_string(),
            None => String::new(),
        };
        Ok(ListTasksResponse {
            tasks: task.into_iter().collect(),
            next_page_token,
        })
    }

    fn matching(&self, request: &MatchTasksRequest) -> Result<MatchTasksResponse, Status> {
        let wanted = wanted_title(&request.filter)?;
        let state = self.0.lock().unwrap();
        let tasks = state.tasks.iter();
        let matching = tasks
            .filter(|task| request.task_ids.contains(&task.id))
            .filter(|task| wanted.is_none_or(|wanted| task.title == wanted));
        Ok(MatchTasksResponse {
            task_ids: matching.map(|task| task.id.clone()).collect(),
        })
    }
}

fn wanted_title(filter: &str) -> Result<Option<&str>, Status> {
    match filter.strip_prefix("title = ") {
        Some(title) => Ok(Some(title)),
        None if filter.is_empty() => Ok(None),
        None => {
            let details = ErrorDetails::with_bad_request_violation("filter", "is wrong");
            let wrong = "the request is invalid";
            Err(Status::with_error_details(
                Code::InvalidArgument,
                wrong,
                details,
            ))
        }
    }
}

fn unary<A, B, F, Answer>(answer: F) -> MethodRouter
where
    A: Message + Default + 'static,
    B: Message + Default + 'static,
    F: Fn(A) -> Answer + Clone + Send + Sync + 'static,
    Answer: Future<Output = Result<B, Status>> + Send,
{
    post(async move |request: HttpRequest| {
        let service = tower::service_fn(move |request: Request<A>| {
            let answer = answer.clone();
            async move { answer(request.into_inner()).await.map(Response::new) }
        });
        let mut grpc = Grpc::new(ProstCodec::<B, A>::default());
        grpc.unary(service, request).await.map(Body::new)
    })
}
