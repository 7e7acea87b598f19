//! Where a call comes from: the address and the program of whoever made it.

use std::net::IpAddr;

use prost::Message;
use taskmesh_proto::common::v1 as pb;
use tonic::metadata::{BinaryMetadataValue, MetadataMap};

use super::Caller;

/// The metadata in which the gateway says where a call comes from.
const METADATA: &str = "taskmesh-origin-bin";
const LONGEST_USER_AGENT: usize = 500;
const LONGEST_CLIENT: usize = 255;
/// Marks a client id that no token vouches for: it cannot be taken for a verified one.
const SELF_NAMED: &str = "mcp:";

/// Where a call comes from, as the first part of the mesh saw it that it reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address of the user's program.
    pub ip_address: Option<IpAddr>,
    /// What the user's program said of itself, up to 500 characters, none of them a control character.
    pub user_agent: Option<String>,
}

impl Origin {
    /// Returns the origin of a call by what its connection and its header say.
    pub fn new(ip_address: Option<IpAddr>, user_agent: Option<&[u8]>) -> Self {
        Self {
            // An IPv4 address stays one, whatever socket it came in by.
            ip_address: ip_address.map(|address| address.to_canonical()),
            user_agent: user_agent
                .and_then(|bytes| readable(&String::from_utf8_lossy(bytes), LONGEST_USER_AGENT)),
        }
    }
}

impl Caller {
    /// Adds the name that an MCP client gives itself. Nobody has verified it: it is a client id, marked as one of this kind,
    /// only if the user's token names none, and in any case a product in front of the user agent's own.
    #[must_use]
    pub fn calling_itself(mut self, name: &str) -> Self {
        let Some(name) = readable(name, LONGEST_CLIENT - SELF_NAMED.len()) else {
            return self;
        };
        let user_agent = self.origin.user_agent.unwrap_or_default();
        self.origin.user_agent = readable(&format!("{name} {user_agent}"), LONGEST_USER_AGENT);
        self.client_id
            .get_or_insert_with(|| format!("{SELF_NAMED}{name}"));
        self
    }
}

/// Puts into the metadata of a call where the caller's own call came from, and with which token.
pub(super) fn pass_on(metadata: &mut MetadataMap, caller: &Caller) {
    let message = pb::Origin {
        token_id: caller.token_id.clone().unwrap_or_default(),
        client_id: caller.client_id.clone().unwrap_or_default(),
        ip_address: address_to_text(caller.origin.ip_address),
        user_agent: caller.origin.user_agent.clone().unwrap_or_default(),
    };
    let value = BinaryMetadataValue::from_bytes(&message.encode_to_vec());
    metadata.insert_bin(METADATA, value);
}

/// Completes the caller by where the call comes from: what the gateway says, for a service's call; else what the connection says.
pub(super) fn complete(caller: &mut Caller, peer: Option<IpAddr>, metadata: &MetadataMap) {
    if caller.service.is_none() {
        let user_agent = metadata.get("user-agent").map(|value| value.as_bytes());
        caller.origin = Origin::new(peer, user_agent);
        return;
    }
    let Some(told) = told(metadata) else {
        // A service that acts by itself: its own address says nothing of the user.
        return;
    };
    let pb::Origin {
        token_id,
        client_id,
        ip_address,
        user_agent,
    } = told;
    // The service's own token is one of many that it mints; the user's is what can be asked about and revoked.
    caller.token_id = readable(&token_id, LONGEST_CLIENT);
    caller.client_id = readable(&client_id, LONGEST_CLIENT);
    caller.origin = Origin::new(ip_address.parse().ok(), Some(user_agent.as_bytes()));
}

fn told(metadata: &MetadataMap) -> Option<pb::Origin> {
    let bytes = metadata.get_bin(METADATA)?.to_bytes().ok()?;
    pb::Origin::decode(bytes).ok()
}

/// Returns a text without control characters and not longer than that; none if nothing is left.
fn readable(text: &str, longest: usize) -> Option<String> {
    let kept: String = text
        .chars()
        .filter(|character| !character.is_control())
        .take(longest)
        .collect();
    (!kept.trim().is_empty()).then_some(kept)
}

fn address_to_text(address: Option<IpAddr>) -> String {
    address
        .map(|address| address.to_string())
        .unwrap_or_default()
}

impl From<&Caller> for pb::Actor {
    fn from(caller: &Caller) -> Self {
        let Caller {
            user_id,
            service,
            token_id,
            client_id,
            // What somebody may do elsewhere is no part of what was done here.
            roles: _,
            origin,
        } = caller;
        Self {
            user_id: user_id.to_string(),
            service: service.clone().unwrap_or_default(),
            token_id: token_id.clone().unwrap_or_default(),
            client_id: client_id.clone().unwrap_or_default(),
            ip_address: address_to_text(origin.ip_address),
            user_agent: origin.user_agent.clone().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "192.0.2.7";

    fn caller(service: Option<&str>) -> Caller {
        Caller {
            user_id: "alice".parse().unwrap(),
            service: service.map(str::to_owned),
            token_id: Some("own".to_owned()),
            client_id: None,
            roles: Vec::new(),
            origin: Origin::default(),
        }
    }

    fn at_the_gateway() -> Caller {
        Caller {
            token_id: Some("shown".to_owned()),
            client_id: Some("chat".to_owned()),
            origin: Origin::new("::ffff:198.51.100.3".parse().ok(), Some(b"curl/8\x07 \xff")),
            ..caller(None)
        }
    }

    fn completed(mut caller: Caller, metadata: &MetadataMap) -> pb::Actor {
        complete(&mut caller, PEER.parse().ok(), metadata);
        pb::Actor::from(&caller)
    }

    #[test]
    fn a_service_tells_where_its_caller_was() {
        let mut metadata = MetadataMap::new();
        pass_on(&mut metadata, &at_the_gateway());
        let actor = completed(caller(Some("api-gateway")), &metadata);
        assert_eq!(actor.service, "api-gateway");
        assert_eq!((&*actor.token_id, &*actor.client_id), ("shown", "chat"));
        assert_eq!(actor.ip_address, "198.51.100.3");
        assert_eq!(actor.user_agent, "curl/8 \u{fffd}");
    }

    #[test]
    fn a_user_is_not_believed_about_it() {
        let mut metadata = MetadataMap::new();
        pass_on(&mut metadata, &at_the_gateway());
        metadata.insert("user-agent", "grpcurl/1.9".parse().unwrap());
        let actor = completed(caller(None), &metadata);
        assert_eq!((&*actor.token_id, &*actor.client_id), ("own", ""));
        assert_eq!(
            (&*actor.ip_address, &*actor.user_agent),
            (PEER, "grpcurl/1.9")
        );
    }

    #[test]
    fn the_address_of_a_service_that_acts_by_itself_is_not_the_users() {
        let mut metadata = MetadataMap::new();
        metadata.insert("user-agent", "tonic".parse().unwrap());
        let mut broken = metadata.clone();
        broken.insert_bin(METADATA, BinaryMetadataValue::from_bytes(b"\xff"));
        for metadata in [metadata, broken] {
            let actor = completed(caller(Some("recurrence-service")), &metadata);
            assert_eq!((&*actor.ip_address, &*actor.user_agent), ("", ""));
            assert_eq!(actor.token_id, "own");
        }
    }

    #[test]
    fn self_given_name_is_marked_and_never_replaces_verified_client() {
        let unnamed = Caller {
            client_id: None,
            ..at_the_gateway()
        };
        let actor = pb::Actor::from(&unnamed.clone().calling_itself("Chat\0 App\n/1.2"));
        assert_eq!(actor.client_id, "mcp:Chat App/1.2");
        assert_eq!(actor.user_agent, "Chat App/1.2 curl/8 \u{fffd}");
        let actor = pb::Actor::from(&at_the_gateway().calling_itself("evil/1"));
        assert_eq!(actor.client_id, "chat");
        assert_eq!(actor.user_agent, "evil/1 curl/8 \u{fffd}");

        let long = unnamed.clone().calling_itself(&"\u{1f600}".repeat(10_000));
        let mut metadata = MetadataMap::new();
        pass_on(&mut metadata, &long);
        let passed_on = completed(caller(Some("api-gateway")), &metadata);
        assert_eq!(passed_on.client_id, long.client_id.unwrap());
        assert_eq!(passed_on.client_id.chars().count(), LONGEST_CLIENT);
        assert!(passed_on.user_agent.chars().count() <= LONGEST_USER_AGENT);
        for nothing in ["", " ", "\0\u{7f}\n"] {
            assert_eq!(unnamed.clone().calling_itself(nothing), unnamed);
        }
    }

    #[test]
    fn what_programs_say_of_themselves_is_cut() {
        let long = "x".repeat(10_000);
        let origin = Origin::new(None, Some(long.as_bytes()));
        assert_eq!(origin.user_agent.unwrap().len(), LONGEST_USER_AGENT);
        assert_eq!(Origin::new(None, Some(b" \n ")), Origin::default());
    }
}
