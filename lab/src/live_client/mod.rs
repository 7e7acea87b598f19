//! Client of the live feed that resumes over new sockets, and the view of the tasks that it keeps.

mod client;
mod follower;
mod message;
mod view;

pub use client::{End, LiveClient, Socket, Start};
pub use follower::{FeedCounts, Follower};
pub use message::Message;
pub use view::{Shown, View};
