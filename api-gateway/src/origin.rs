//! Origin of a request: address and user agent of its client.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::{HeaderMap, header};
use service_runtime::grpc::Origin;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// Returns the origin of a request, given the number of proxies before the gateway.
pub fn origin(request: &Request, proxies: u8) -> Origin {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip());
    let headers = request.headers();
    let user_agent = headers.get(header::USER_AGENT);
    Origin::new(
        client(peer, headers, proxies),
        user_agent.map(|value| value.as_bytes()),
    )
}

/// Each proxy appends the address that it saw, so only so many entries from the end are believed; whatever stands before them was sent
/// by the client.
fn client(peer: Option<IpAddr>, headers: &HeaderMap, proxies: u8) -> Option<IpAddr> {
    let Some(from_the_end) = usize::from(proxies).checked_sub(1) else {
        return peer;
    };
    let entries: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    // A request that has passed fewer proxies than it must did not come the usual way, so its connection is all that is known of it.
    let entry = entries.iter().rev().nth(from_the_end);
    entry.and_then(|entry| address(entry.trim())).or(peer)
}

/// Some proxies add the port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse()
        .ok()
        .or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "10.0.0.9";

    fn seen(forwarded: &[&'static str], proxies: u8) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        client(PEER.parse().ok(), &headers, proxies)
            .unwrap()
            .to_string()
    }

    #[test]
    fn without_a_proxy_only_the_connection_counts() {
        assert_eq!(seen(&["198.51.100.1"], 0), PEER);
    }

    #[test]
    fn what_the_client_has_sent_itself_is_not_believed() {
        assert_eq!(seen(&["1.1.1.1, 198.51.100.1"], 1), "198.51.100.1");
        assert_eq!(seen(&["1.1.1.1", "198.51.100.1"], 1), "198.51.100.1");
        assert_eq!(
            seen(&["1.1.1.1, 198.51.100.1, 10.0.0.8"], 2),
            "198.51.100.1"
        );
    }

    #[test]
    fn a_request_around_the_proxies_is_known_by_its_connection() {
        assert_eq!(seen(&[], 1), PEER);
        assert_eq!(seen(&["198.51.100.1"], 2), PEER);
        assert_eq!(seen(&["unknown"], 1), PEER);
    }

    #[test]
    fn ports_and_brackets_are_no_part_of_an_address() {
        assert_eq!(seen(&["198.51.100.1:4711"], 1), "198.51.100.1");
        assert_eq!(seen(&["[2001:db8::1]:4711"], 1), "2001:db8::1");
        assert_eq!(seen(&["[2001:db8::1]"], 1), "2001:db8::1");
    }
}
