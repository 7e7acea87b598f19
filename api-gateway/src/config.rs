use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use service_runtime::config::comma_separated;
use url::Url;

use crate::web_origin::is_bare;

service_runtime::service_config! {
    /// Configuration of the gateway: variables that begin with `API_GATEWAY`.
    pub struct Config: auth, http {
        /// Limits of a request.
        #[serde(default)]
        pub requests: RequestsConfig,
        /// URL under which clients reach the gateway, without a path; part of the OpenAPI document and of the metadata about
        /// tokens.
        pub public_url: Url,
        /// The origins of web pages that may call the gateway and open WebSockets, such as `https://app.example.com`, or
        /// `http://localhost:*` for any port, separated by commas; `*` is any. The origin of the public URL always may.
        #[serde(default, deserialize_with = "comma_separated")]
        pub cors_allowed_origins: Vec<String>,
        /// The services behind the gateway by the second segment of their package: `API_GATEWAY_UPSTREAMS__TASK=http://…`.
        pub upstreams: BTreeMap<String, Url>,
        /// Settings of `/mcp`.
        #[serde(default)]
        pub mcp: McpConfig,
        /// Number of proxies between clients and the gateway, each of which appends the address that it saw to `X-Forwarded-For`; none
        /// unless set, and then that header counts for nothing.
        #[serde(default)]
        pub proxies: u8,
    }
}

/// Limits of a request.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestsConfig {
    /// Maximum size of a JSON body in bytes; 1 MiB unless set.
    pub max_body_bytes: usize,
    /// Maximum size of a body that is a file, in bytes; 4 MB unless set.
    pub max_file_bytes: usize,
    /// Deadline of a call without a timeout of the client, in milliseconds; 10 s unless set.
    pub default_deadline_ms: u64,
    /// Maximum deadline of a call, in milliseconds; 30 s unless set.
    pub max_deadline_ms: u64,
    /// Maximum duration of a stream, in milliseconds; 10 minutes unless set.
    pub max_stream_ms: u64,
    /// Maximum duration of a live stream, after which its client reconnects, in milliseconds; 1 hour unless set, and never longer
    /// than its token is valid.
    pub max_live_ms: u64,
    /// Average number of requests per second that each user may make to each replica of the gateway; 500 unless set, 0 for
    /// no limit.
    pub rate_per_second: u32,
    /// Number of requests that an idle user may make at once; 2000 unless set.
    pub rate_burst: u32,
}

/// Settings of `/mcp`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct McpConfig {
    /// The origins of web pages that may call tools, in the same form; without any, only programs that are no browsers and pages
    /// of the public URL may.
    #[serde(deserialize_with = "comma_separated")]
    pub allowed_origins: Vec<String>,
    /// The names under which clients may address `/mcp`, separated by commas; the host of the public URL and this
    /// machine's own always are.
    #[serde(deserialize_with = "comma_separated")]
    pub allowed_hosts: Vec<String>,
}

impl Default for RequestsConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 1024 * 1024,
            default_deadline_ms: 10_000,
            max_deadline_ms: 30_000,
            max_file_bytes: 4_000_000,
            max_stream_ms: 600_000,
            max_live_ms: 3_600_000,
            rate_per_second: 500,
            rate_burst: 2_000,
        }
    }
}

impl RequestsConfig {
    /// Returns the time limit of a call, given the one that the client asked for.
    pub fn deadline(&self, asked: Option<Duration>) -> Duration {
        let default = Duration::from_millis(self.default_deadline_ms);
        asked
            .unwrap_or(default)
            .min(Duration::from_millis(self.max_deadline_ms))
    }

    /// Returns the time limit of a stream, given the one that the client asked for.
    pub fn stream_deadline(&self, asked: Option<Duration>) -> Duration {
        let longest = Duration::from_millis(self.max_stream_ms);
        asked.unwrap_or(longest).min(longest)
    }

    /// Returns the time limit of a live stream, given the one that the client asked for and that of its token.
    pub fn live_deadline(&self, asked: Option<Duration>, token: Duration) -> Duration {
        let longest = Duration::from_millis(self.max_live_ms).min(token);
        asked.unwrap_or(longest).min(longest)
    }
}

impl Config {
    /// Checks what the types do not.
    ///
    /// # Errors
    ///
    /// Fails with the name of the wrong setting and a hint.
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_web = matches!(self.public_url.scheme(), "http" | "https");
        if !is_web || !is_bare(&self.public_url) {
            return Err(format!(
                "public_url: {} must be a URL without a path, such as https://tasks.example.com",
                self.public_url
            ));
        }
        if self.requests.rate_per_second > 0 && self.requests.rate_burst == 0 {
            return Err(
                "requests.rate_burst: must be at least 1; to disable the limit, set requests.rate_per_second to 0"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
