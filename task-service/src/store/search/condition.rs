use super::super::Statement;

/// SQL condition on the row `t` of a task.
pub trait Condition: Sync {
    /// Appends the condition as ` AND …`.
    fn write(&self, statement: &mut Statement);
    /// Returns whether nearly every task meets it.
    fn is_broad(&self) -> bool;
}
