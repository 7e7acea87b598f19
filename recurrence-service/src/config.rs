use url::Url;

service_runtime::service_config! {
    /// Configuration of the recurrence-service: variables that begin with `RECURRENCE_SERVICE_`.
    pub struct Config: grpc, auth, database, kafka {
        /// URL of the task-service, such as `http://localhost:7401`.
        pub task_url: Url,
    }
}
