use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use service_runtime::{
    admin::AdminConfig,
    config::{HttpConfig, ServiceConfig, comma_separated},
    grpc::AuthConfig,
    telemetry::LogConfig,
};
use url::Url;

use crate::web_origin::{AllowedOrigins, is_bare};

/// The configuration of the gateway: variables that begin with `API_GATEWAY`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How logs are written.
    #[serde(default)]
    pub log: LogConfig,
    /// Where the operator's port is.
    pub admin: AdminConfig,
    /// How users' tokens are verified and the gateway's own are minted.
    pub auth: AuthConfig,
    /// Where clients are answered.
    pub http: HttpConfig,
    /// What a request may cost.
    #[serde(default)]
    pub requests: RequestsConfig,
    /// The URL under which clients reach the gateway, without a path; it stands in the OpenAPI document and tells clients
    /// where to learn about tokens.
    pub public_url: Url,
    /// The origins of web pages that may call the gateway and open WebSockets, such as `https://app.example.com`, or
    /// `http://localhost:*` for any port, separated by commas; `*` is any. The origin of the public URL always may.
    #[serde(default, deserialize_with = "comma_separated")]
    pub cors_allowed_origins: Vec<String>,
    /// The services behind the gateway by the second segment of their package: `API_GATEWAY_UPSTREAMS__TASK=http://…`.
    pub upstreams: BTreeMap<String, Url>,
    /// What only `/mcp` checks.
    #[serde(default)]
    pub mcp: McpConfig,
    /// How many proxies stand between clients and the gateway, each of which appends the address that it saw to `X-Forwarded-For`; none
    /// unless set, and then that header counts for nothing.
    #[serde(default)]
    pub proxies: u8,
}

/// What a request may cost.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestsConfig {
    /// How many bytes a JSON body may have; 1 MiB unless set.
    pub max_body_bytes: usize,
    /// How many bytes a body may have that is a file; 4 MB unless set.
    pub max_file_bytes: usize,
    /// How long a call may take if the client does not say, in milliseconds; 10 s unless set.
    pub default_deadline_ms: u64,
    /// How long a call may take at most, in milliseconds; 30 s unless set.
    pub max_deadline_ms: u64,
    /// How long an answer that is a stream may take, in milliseconds; 10 minutes unless set.
    pub max_stream_ms: u64,
    /// How long a live stream may take before its client has to come back, in milliseconds; 1 hour unless set, and never longer
    /// than its token is valid.
    pub max_live_ms: u64,
    /// How many requests a second each user may make, in the long run, to each replica of the gateway; 500 unless set, 0 for
    /// any number.
    pub rate_per_second: u32,
    /// How many requests a user who was quiet may make at once; 2000 unless set.
    pub rate_burst: u32,
}

/// What only `/mcp` checks.
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
    /// Returns how long a call may take, given what the client asked for.
    pub fn deadline(&self, asked: Option<Duration>) -> Duration {
        let default = Duration::from_millis(self.default_deadline_ms);
        asked
            .unwrap_or(default)
            .min(Duration::from_millis(self.max_deadline_ms))
    }

    /// Returns how long a stream may go on, given what the client asked for.
    pub fn stream_deadline(&self, asked: Option<Duration>) -> Duration {
        let longest = Duration::from_millis(self.max_stream_ms);
        asked.unwrap_or(longest).min(longest)
    }

    /// Returns how long a live stream may go on, given what the client asked for and how long its token is valid.
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
    /// Fails with the name of a wrong variable's field and the cure.
    pub fn check(&self) -> Result<(), String> {
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
        self.origins().map(|_| ())
    }

    /// Returns the origins of web pages that may call: JSON and WebSockets, and MCP.
    ///
    /// # Errors
    ///
    /// Fails with the name of the wrong variable's field and the cure.
    pub fn origins(&self) -> Result<(AllowedOrigins, AllowedOrigins), String> {
        let web = AllowedOrigins::new(
            "cors_allowed_origins",
            &self.cors_allowed_origins,
            &self.public_url,
        )?;
        let mcp = AllowedOrigins::new(
            "mcp.allowed_origins",
            &self.mcp.allowed_origins,
            &self.public_url,
        )?;
        Ok((web, mcp))
    }
}

impl ServiceConfig for Config {
    fn admin(&self) -> &AdminConfig {
        &self.admin
    }

    fn log(&self) -> &LogConfig {
        &self.log
    }

    fn http(&self) -> Option<&HttpConfig> {
        Some(&self.http)
    }

    fn auth(&self) -> Option<&AuthConfig> {
        Some(&self.auth)
    }
}
