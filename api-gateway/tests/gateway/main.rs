//! The gateway from outside: what it reads from contracts, and the real gateway before fake services.

#![expect(
    clippy::disallowed_methods,
    reason = "tasks of a test end with its runtime"
)]

mod catalog;
mod compression;
mod docs;
mod files;
mod http_calls;
mod http_refusals;
mod live;
mod mcp;
mod mcp_clients;
mod openapi;
mod origins;
mod paths;
mod round_trip;
mod sockets;
mod start_page;
mod streams;
mod support;
mod tickets;
mod transcode;
mod updates_and_tools;
