use url::Url;

service_runtime::service_config! {
    /// Configuration of the task-service: variables that begin with `TASK_SERVICE_`.
    pub struct Config: grpc, auth, database, kafka {
        /// URL of the recurrence-service, such as `http://localhost:7402`.
        pub recurrence_url: Url,
    }
}
