//! What was measured, and how it compares with what is to be reached.

mod figures;
mod goal;
mod line;
mod machine;
mod page;

pub use figures::Figures;
pub use goal::{Bound, Goal, Measure};
pub use line::Line;
pub use page::Page;
