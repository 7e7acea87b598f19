//! Clients of the live feed: a socket to the gateway, and the view that a client keeps of what it is told.

mod follower;
mod message;
mod socket;
mod view;

pub use follower::{Follower, Travels};
pub use message::{Event, Message};
pub use socket::{Door, End, Socket, Start};
pub use view::{Shown, View};
