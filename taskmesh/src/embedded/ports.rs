//! Ports on loopback.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// Returns the port asked for, or for 0 one that is free at this moment.
///
/// The port is let go before it is returned, because the embedded servers bind it themselves and cannot report which one
/// they got.
pub fn choose(port: u16) -> io::Result<u16> {
    if port != 0 {
        return Ok(port);
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
