//! The web pages that may call the gateway, by the `Origin` header that their browsers send. One list is for JSON (CORS) and
//! WebSockets, another for MCP.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use service_runtime::grpc::ErrorCode;
use url::{Host, Origin, Url};

use crate::error::Error;

/// The web pages of programs on this machine, at any port: for development only.
pub const LOOPBACK: &str = "http://localhost:*,http://127.0.0.1:*,http://[::1]:*,https://localhost:*,https://127.0.0.1:*,https://[::1]:*";

/// Origins that are allowed: those of a list, and always the gateway's own.
#[derive(Debug, Clone)]
pub struct AllowedOrigins {
    setting: &'static str,
    patterns: Arc<[Pattern]>,
}

#[derive(Debug, PartialEq, Eq)]
enum Pattern {
    /// `*`: any origin.
    Any,
    /// `null`: the origin of pages that have none, such as local files and sandboxed frames.
    Null,
    /// `https://app.example.com`, `http://localhost:3000`.
    Exactly(Origin),
    /// `http://localhost:*`: any port of a host.
    AnyPort(String, Host),
}

impl AllowedOrigins {
    /// Reads the value of a setting.
    ///
    /// # Errors
    ///
    /// Fails with the name of the setting, the wrong origin and a right one.
    pub fn new(
        setting: &'static str,
        origins: &[String],
        public_url: &Url,
    ) -> Result<Self, String> {
        let patterns = origins.iter().map(|origin| {
            Pattern::parse(origin).ok_or_else(|| {
                format!("{setting}: {origin} must be an origin, such as https://app.example.com")
            })
        });
        let own = Pattern::Exactly(public_url.origin());
        let patterns = patterns.chain([Ok(own)]).collect::<Result<_, _>>()?;
        Ok(Self { setting, patterns })
    }

    /// Reports whether every origin is allowed.
    pub fn allows_any(&self) -> bool {
        self.patterns.contains(&Pattern::Any)
    }

    /// Reports whether a page of this origin may call.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let url = Url::parse(origin).ok().filter(is_bare);
        self.patterns.iter().any(|pattern| match (pattern, &url) {
            (Pattern::Any, _) => true,
            (Pattern::Null, _) => origin == "null",
            (Pattern::Exactly(allowed), Some(url)) => url.origin() == *allowed,
            (Pattern::AnyPort(scheme, host), Some(url)) => {
                url.scheme() == scheme && url.host().is_some_and(|it| it.to_owned() == *host)
            }
            (_, None) => false,
        })
    }

    /// Checks the origin of a request. One without an origin does not come from a web page and is allowed.
    ///
    /// # Errors
    ///
    /// Fails if the origin is not allowed, or if there are several.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Error> {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (None, _) => Ok(()),
            (Some(origin), None) if self.allows(origin) => Ok(()),
            (Some(origin), _) => Err(Error::refused(
                ErrorCode::PermissionDenied,
                "ORIGIN_NOT_ALLOWED",
                format!(
                    "pages of {} may not call this API; an operator can allow the origin with the setting {}",
                    String::from_utf8_lossy(origin.as_bytes()),
                    self.setting
                ),
            )),
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let web_url = |text: &str| {
            let url = Url::parse(text).ok()?;
            let is_web = matches!(url.scheme(), "http" | "https");
            (is_web && is_bare(&url) && !text.contains('*')).then_some(url)
        };
        match text {
            "*" => return Some(Self::Any),
            "null" => return Some(Self::Null),
            _ => {}
        }
        match text.strip_suffix(":*") {
            None => Some(Self::Exactly(web_url(text)?.origin())),
            Some(text) => {
                let url = web_url(text)?;
                let host = url.host()?.to_owned();
                let has_port = url.port().is_some();
                (!has_port).then(|| Self::AnyPort(url.scheme().to_owned(), host))
            }
        }
    }
}

/// Reports whether a URL has nothing but a scheme, a host and perhaps a port.
pub(crate) fn is_bare(url: &Url) -> bool {
    let nothing_else = url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    url.has_host() && url.path() == "/" && nothing_else && nobody
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(list: &[&str]) -> Result<AllowedOrigins, String> {
        let list: Vec<String> = list.iter().map(|&origin| origin.to_owned()).collect();
        AllowedOrigins::new(
            "allowed",
            &list,
            &"https://tasks.example.com/".parse().unwrap(),
        )
    }

    fn check(list: &[&str], allowed_origins: &[&'static str], refused: &[&'static str]) {
        let allowed = allowed(list).unwrap();
        let allows = |origin| allowed.allows(&HeaderValue::from_static(origin));
        for origin in allowed_origins {
            assert!(allows(origin), "{list:?} refuses {origin}");
        }
        for origin in refused {
            assert!(!allows(origin), "{list:?} allows {origin}");
        }
    }

    #[test]
    fn origins_are_allowed_as_the_list_says() {
        let app = "https://app.example.com";
        let own = "https://tasks.example.com";
        check(&[], &[own], &["http://localhost:5173", app]);
        for same in [
            app,
            "https://app.example.com:443",
            "https://APP.example.com/",
        ] {
            check(
                &[same],
                &[
                    app,
                    "https://app.example.com:443",
                    "https://APP.example.com",
                ],
                &[
                    "http://app.example.com",
                    "https://app.example.com:8443",
                    "https://app.example.com.evil.test",
                    "https://evil.test/app.example.com",
                    "https://app.example.com@evil.test",
                    "null",
                    "",
                ],
            );
        }
        check(
            &["http://localhost:*"],
            &["http://localhost", "http://localhost:5173", own],
            &["https://localhost:5173", "http://localhost.evil.test:5173"],
        );
        check(
            &["http://[::1]:*"],
            &["http://[::1]:5173"],
            &["http://[::2]:5173"],
        );
        check(&["null"], &["null"], &[app]);
        check(&["*"], &["null", "https://anything.test"], &[]);
    }

    #[test]
    fn loopback_origins_have_any_port() {
        check(
            &LOOPBACK.split(',').collect::<Vec<_>>(),
            &[
                "http://localhost:5173",
                "https://localhost",
                "http://127.0.0.1:1",
                "http://[::1]:65535",
            ],
            &[
                "http://localhost.evil.test",
                "http://192.168.0.7:5173",
                "http://127.0.0.2:5173",
                "http://0.0.0.0:5173",
                "null",
            ],
        );
    }

    #[test]
    fn request_has_no_origin_or_one_that_is_allowed() {
        let allowed = allowed(&["https://app.example.com"]).unwrap();
        let check = |origins: &[&'static str]| {
            let origins = origins
                .iter()
                .map(|&origin| (header::ORIGIN, HeaderValue::from_static(origin)));
            allowed.check(&origins.collect::<HeaderMap>()).is_ok()
        };
        assert!(check(&[]));
        assert!(check(&["https://app.example.com"]));
        assert!(!check(&["https://evil.test"]));
    }

    #[test]
    fn wrong_entry_is_named() {
        for wrong in [
            "app.example.com",
            "ftp://app.example.com",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://me@app.example.com",
            "https://app.example.com:8443:*",
            "https://*.example.com",
            "null:*",
            "",
        ] {
            let error = allowed(&[wrong]).unwrap_err();
            let start = format!("allowed: {wrong} must be an origin");
            assert!(error.starts_with(&start), "{error}");
        }
    }
}
