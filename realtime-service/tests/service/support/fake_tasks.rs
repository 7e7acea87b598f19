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
use service_runtime::{clock::Clock, filter::Now, task_filter::TaskFilter, time_zone::TimeZone};
use taskmesh_proto::task::v1::{
    Category, GetSettingsRequest, ListCategoriesRequest, ListCategoriesResponse,
    ListSavedFiltersRequest, ListSavedFiltersResponse, ListTagsRequest, ListTagsResponse,
    ListTasksRequest, ListTasksResponse, SavedFilter, Settings, Tag, Task,
};
use tonic::{Code, Request, Response, Status, server::Grpc};
use tonic_prost::ProstCodec;
use tonic_types::{ErrorDetails, StatusExt};

type Meanwhile = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Task-service with the tasks, saved filters and settings of one user.
#[derive(Clone, Default)]
pub struct FakeTasks(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    tasks: Vec<Task>,
    saved_filters: Vec<SavedFilter>,
    settings: Settings,
    meanwhile: Option<Meanwhile>,
}

impl FakeTasks {
    pub fn add(&self, task: &Task) {
        self.0.lock().unwrap().tasks.push(task.clone());
    }

    pub fn save_filters(&self, filters: &[SavedFilter]) {
        self.0.lock().unwrap().saved_filters = filters.to_vec();
    }

    pub fn set_settings(&self, settings: &Settings) {
        self.0.lock().unwrap().settings = settings.clone();
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
        let (lists, filters, settings) = (self.clone(), self.clone(), self.clone());
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
                "/taskmesh.task.v1.SavedFilterService/ListSavedFilters",
                unary(move |_: ListSavedFiltersRequest| {
                    let saved_filters = filters.0.lock().unwrap().saved_filters.clone();
                    async move {
                        Ok(ListSavedFiltersResponse {
                            saved_filters,
                            ..ListSavedFiltersResponse::default()
                        })
                    }
                }),
            )
            .route(
                "/taskmesh.task.v1.SettingsService/GetSettings",
                unary(move |_: GetSettingsRequest| {
                    let settings = settings.0.lock().unwrap().settings.clone();
                    async move { Ok(settings) }
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
        let filter = TaskFilter::parse(&request.filter).map_err(|error| {
            let details = ErrorDetails::with_bad_request_violation("filter", error.to_string());
            let wrong = "the request is invalid";
            Status::with_error_details(Code::InvalidArgument, wrong, details)
        })?;
        let now = Now::new(Clock::system().now(), &TimeZone::utc());
        let state = self.0.lock().unwrap();
        let mut tasks = state
            .tasks
            .iter()
            .filter(|task| filter.matches(*task, &now));
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
