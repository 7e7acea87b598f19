use http::{HeaderMap, header};

/// What the protocol is called that is spoken here.
pub(super) const PROTOCOL: &str = "taskmesh.live.v1";
/// What an offered protocol begins with that is a token.
const TOKEN_PREFIX: &str = "bearer.";

/// Where the token of a socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// In the header `Authorization`, as with every other request.
    Header,
    /// Among the protocols that the client offers.
    Protocol(String),
    /// Still to come.
    FirstMessage,
}

impl Credentials {
    /// Finds out where the token of a request is.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key(header::AUTHORIZATION) {
            return Self::Header;
        }
        let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
        let mut offered = offered
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| name.trim().strip_prefix(TOKEN_PREFIX));
        offered
            .next()
            .map_or(Self::FirstMessage, |token| Self::Protocol(token.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn of(headers: &[(HeaderName, &'static str)]) -> Credentials {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Credentials::of(&headers.collect())
    }

    #[test]
    fn a_token_is_looked_for_where_a_client_can_put_it() {
        let offered = "taskmesh.live.v1, bearer.a.b.c";
        let protocols = (header::SEC_WEBSOCKET_PROTOCOL, offered);
        let token = Credentials::Protocol("a.b.c".to_owned());
        assert_eq!(of(std::slice::from_ref(&protocols)), token);
        let bearer = (header::AUTHORIZATION, "Bearer d.e.f");
        assert_eq!(of(&[protocols, bearer]), Credentials::Header);
        let without = (header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
        assert_eq!(of(&[without]), Credentials::FirstMessage);
        assert_eq!(of(&[]), Credentials::FirstMessage);
    }
}
