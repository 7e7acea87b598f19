use std::collections::BTreeMap;

/// More would make the answer larger than a client takes.
const MOST_LOSSES: usize = 5_000;
const LONGEST_SOURCE_ID: usize = 200;
const LONGEST_FIELD: usize = 60;
const LONGEST_REASON: usize = 250;

/// A field of a file, or a whole task, that could not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The line at which the task begins, from 1.
    pub line: usize,
    /// The task's id or UID in the file; empty if it has none.
    pub source_id: String,
    /// The field's name in the file; empty if the whole task could not be imported.
    pub field: String,
    /// Why it could not be kept.
    pub reason: String,
}

impl Loss {
    /// Describes a loss; texts that are too long for an answer are cut.
    pub fn new(line: usize, source_id: &str, field: &str, reason: impl Into<String>) -> Self {
        Self {
            line,
            source_id: clipped(source_id, LONGEST_SOURCE_ID),
            field: clipped(field, LONGEST_FIELD),
            reason: clipped(&reason.into(), LONGEST_REASON),
        }
    }

    /// Describes the loss of a whole task.
    pub fn whole(line: usize, source_id: &str, reason: impl Into<String>) -> Self {
        Self::new(line, source_id, "", reason)
    }
}

/// The losses of a whole file.
#[derive(Debug, Clone, Default)]
pub struct Losses {
    all: Vec<Loss>,
    left_out: usize,
    in_many: BTreeMap<String, InMany>,
}

/// Field that many tasks have and none keeps.
#[derive(Debug, Clone)]
struct InMany {
    first_line: usize,
    count: usize,
    reason: &'static str,
}

impl Losses {
    /// Adds one.
    pub fn push(&mut self, loss: Loss) {
        if self.all.len() < MOST_LOSSES {
            self.all.push(loss);
        } else {
            self.left_out += 1;
        }
    }

    /// Counts a loss that is reported once for the whole file, because it is the same for every task.
    pub fn count(&mut self, line: usize, field: &str, reason: &'static str) {
        let field = clipped(field, LONGEST_FIELD);
        if let Some(many) = self.in_many.get_mut(&field) {
            many.count += 1;
        } else if self.in_many.len() < MOST_LOSSES {
            let many = InMany {
                first_line: line,
                count: 1,
                reason,
            };
            self.in_many.insert(field, many);
        } else {
            self.left_out += 1;
        }
    }

    /// Returns all of them in the order of their lines; beyond 5 000 only how many more there are.
    pub fn finish(mut self) -> Vec<Loss> {
        for (field, many) in std::mem::take(&mut self.in_many) {
            let InMany {
                first_line,
                count,
                reason,
            } = many;
            let tasks = if count == 1 { "task" } else { "tasks" };
            self.push(Loss::new(
                first_line,
                "",
                &field,
                format!("{reason} ({count} {tasks})"),
            ));
        }
        self.all.sort_by_key(|loss| loss.line);
        if self.left_out > 0 {
            let line = self.all.last().map_or(1, |last| last.line);
            let reason = format!(
                "{} more losses are not listed; import the file in parts to see all",
                self.left_out
            );
            self.all.push(Loss::new(line, "", "*", reason));
        }
        self.all
    }
}

/// Returns the beginning of a text, without characters that cannot be seen.
fn clipped(text: &str, longest: usize) -> String {
    let mut shown = text.chars().filter(|character| !character.is_control());
    let mut clipped: String = shown.by_ref().take(longest).collect();
    if shown.next().is_some() {
        clipped.push('…');
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_tasks_lose_alike_is_told_once() {
        let mut losses = Losses::default();
        losses.push(Loss::new(9, "a", "LOCATION", "has no place"));
        for line in [3, 9, 12] {
            losses.count(line, "SEQUENCE", "begins anew");
        }
        let losses = losses.finish();
        assert_eq!(losses.len(), 2);
        assert_eq!(losses[0].line, 3);
        assert_eq!(losses[0].reason, "begins anew (3 tasks)");
        assert_eq!(losses[1].field, "LOCATION");
    }

    #[test]
    fn beyond_five_thousand_losses_are_counted() {
        let mut losses = Losses::default();
        for line in 1..=5_010 {
            losses.push(Loss::new(line, "", "x", "y"));
        }
        let losses = losses.finish();
        assert_eq!(losses.len(), 5_001);
        assert!(losses[5_000].reason.starts_with("10 more losses"));
    }

    #[test]
    fn a_loss_is_short_whatever_the_file_holds() {
        let long = "x\u{7}".repeat(100_000);
        let loss = Loss::new(1, &long, &long, long.clone());
        assert_eq!(loss.field.chars().count(), 61);
        assert!(loss.source_id.len() + loss.field.len() + loss.reason.len() < 600);
    }
}
