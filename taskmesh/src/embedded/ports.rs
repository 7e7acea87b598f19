//! Ports on loopback, claimed so that two meshes that start side by side never choose the same free one.

use std::{
    io,
    net::{Ipv4Addr, TcpListener, UdpSocket},
};

use rand::Rng;

/// Below the range from which systems draw the ports of outgoing connections: a port that is let go for a moment would
/// sooner or later become one of those.
const FREE: std::ops::Range<u16> = 10_000..32_000;
const TRIES: u32 = 1_000;

/// A port that was free when it was claimed. As long as the value lives, no other claim gets the same one.
///
/// Servers bind their ports themselves, so the port has to be let go before they start. What is held meanwhile is the UDP
/// port of the same number, which nobody needs and which the system takes back from a process however it ends.
#[derive(Debug)]
pub struct Claim {
    port: u16,
    _held: Option<UdpSocket>,
}

impl Claim {
    /// Claims this port, or for 0 one that nobody has.
    pub fn new(port: u16) -> io::Result<Self> {
        if port != 0 {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
            return Ok(Self { port, _held: None });
        }
        (0..TRIES)
            .find_map(|_| Self::draw(rand::rng().random_range(FREE)))
            .ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no port is free"))
    }

    fn draw(port: u16) -> Option<Self> {
        let held = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
        Some(Self {
            port,
            _held: Some(held),
        })
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_port_is_not_drawn_again_although_a_server_can_have_it() {
        let claim = Claim::new(0).unwrap();
        assert!(Claim::draw(claim.port()).is_none());
        TcpListener::bind((Ipv4Addr::LOCALHOST, claim.port())).unwrap();
    }

    #[test]
    fn a_port_that_is_let_go_can_be_drawn_again() {
        let port = Claim::new(0).unwrap().port();
        assert!(Claim::draw(port).is_some());
    }
}
