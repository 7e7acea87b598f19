//! Ports on loopback.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

use rand::Rng;

/// Below the range from which systems draw the ports of outgoing connections: a port that is let go for a moment would
/// sooner or later become one of those.
const FREE: std::ops::Range<u16> = 10_000..32_000;
const TRIES: u32 = 100;

/// Binds the port, or for 0 one that nobody has.
pub fn bind(port: u16) -> io::Result<TcpListener> {
    if port != 0 {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    }
    for _ in 0..TRIES {
        let port = rand::rng().random_range(FREE);
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener);
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

/// Returns the port asked for, or for 0 one that is free at this moment.
///
/// The port is let go before it is returned, because the embedded servers bind it themselves and cannot report which one
/// they got.
pub fn choose(port: u16) -> io::Result<u16> {
    if port != 0 {
        return Ok(port);
    }
    Ok(bind(0)?.local_addr()?.port())
}
