//! `embedded-broker <data folder> [port]`: the broker as a process of its own. Prints its address and runs until it is killed.

use std::{error::Error, path::PathBuf};

use embedded_broker::Broker;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments
        .next()
        .ok_or("usage: embedded-broker <data folder> [port]")?;
    let port = match arguments.next() {
        Some(port) => port.to_string_lossy().parse()?,
        None => 0,
    };
    let mut broker = Broker::start(&PathBuf::from(folder), port).await?;
    println!("{}", broker.address());
    Err(broker.failed().await.into())
}
