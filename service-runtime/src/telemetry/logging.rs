//! Logs: one line an event, as JSON for machines or as text for people.

use std::{
    fmt,
    io::{self, IsTerminal},
    sync::OnceLock,
};

use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::{JsonFields, Writer},
    },
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use super::propagation;
use crate::clock::Clock;

/// The finer logs of these libraries hold arguments of tools and statements, such as titles; a filter that names them can
/// say otherwise.
const DISCREET: &str = "rmcp=warn,tokio_postgres=warn";

/// How logs are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// JSON for machines or text for people.
    pub format: LogFormat,
    /// What is written, such as `info` or `info,service_runtime=debug`; `info` if empty.
    pub level: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, with the names of the OpenTelemetry log data model.
    #[default]
    Json,
    /// Lines for people.
    Text,
}

/// Invalid log configuration, or logs that were set up twice.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct LogError(String);

/// Sets up the logs of this process and logs panics; a second call keeps what the first has set up.
pub fn init(config: &LogConfig) -> Result<(), LogError> {
    static DONE: OnceLock<Result<(), LogError>> = OnceLock::new();
    DONE.get_or_init(|| install(config)).clone()
}

fn install(config: &LogConfig) -> Result<(), LogError> {
    let level = if config.level.is_empty() {
        "info"
    } else {
        &config.level
    };
    let filter = EnvFilter::try_new(format!("{DISCREET},{level}"))
        .map_err(|cause| {
            LogError(format!("log.level: must be a level such as info, or a filter such as info,service_runtime=debug: {cause}"))
        })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    match config.format {
        LogFormat::Text => logs.finish().try_init(),
        LogFormat::Json => logs
            .fmt_fields(JsonFields::new())
            .event_format(JsonLine(Clock::system()))
            .finish()
            .try_init(),
    }
    .map_err(|cause| LogError(format!("logs were set up twice: {cause}")))?;
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(())
}

/// Writes an event as one JSON object, its own fields and those of its spans side by side under `attributes`.
struct JsonLine(Clock);

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut attributes = Map::new();
        for span in context
            .event_scope()
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .iter()
            .rev()
        {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                merge(&mut attributes, fields);
            }
        }
        let mut fields = FormattedFields::<N>::new(String::new());
        context.format_fields(fields.as_writer(), event)?;
        merge(&mut attributes, &fields);

        let metadata = event.metadata();
        let time = self.0.now().to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), time.into());
        line.insert("severity_text".to_owned(), metadata.level().as_str().into());
        line.insert(
            "body".to_owned(),
            attributes.remove("message").unwrap_or_default(),
        );
        line.insert("scope".to_owned(), metadata.target().into());
        attributes.remove("trace_id");
        if let Some(trace) = propagation::current() {
            line.insert("trace_id".to_owned(), trace.trace_id().into());
            line.insert("span_id".to_owned(), trace.span_id().into());
        }
        if !attributes.is_empty() {
            line.insert("attributes".to_owned(), attributes.into());
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

fn merge<N>(attributes: &mut Map<String, Value>, fields: &FormattedFields<N>) {
    // JsonFields has written them; anything else would be a fault of this file, and the line goes on without them.
    if let Ok(Value::Object(fields)) = serde_json::from_str(fields) {
        attributes.extend(fields);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{Instrument, info, info_span};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_json_line_has_the_trace_and_the_fields_of_event_and_spans() {
        let sink = Sink::default();
        let output = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || output.clone())
            .fmt_fields(JsonFields::new())
            .event_format(JsonLine(Clock::system()))
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);

        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned();
        let work = async { info!(task.id = 7, "completed task {}", "\"7\"") }
            .instrument(info_span!("operation.complete_task", rpc.method = "T/C"));
        propagation::with_traceparent(Some(traceparent), work).await;

        let line: Value = serde_json::from_slice(&sink.0.lock().unwrap()).unwrap();
        assert_eq!(line["severity_text"], "INFO");
        assert_eq!(line["body"], "completed task \"7\"");
        assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(line["attributes"]["task.id"], 7);
        assert_eq!(line["attributes"]["rpc.method"], "T/C");
        assert_eq!(line["attributes"].get("trace_id"), None);
    }

    #[test]
    fn a_level_that_is_no_filter_is_refused_with_the_name_of_the_setting() {
        let config = LogConfig {
            level: "info,=,".to_owned(),
            ..LogConfig::default()
        };
        assert!(
            install(&config)
                .unwrap_err()
                .to_string()
                .starts_with("log.level: ")
        );
    }
}
