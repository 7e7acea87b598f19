//! Hierarchy and dependencies of imported tasks, without cycles and within the maximum depth.

use std::collections::HashSet;

use crate::domain::TaskId;

/// Parent or dependency of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Another task of the import, by its place.
    New(usize),
    /// A task that exists.
    Old(TaskId),
}

/// Valid parents of tasks.
#[derive(Debug, PartialEq, Eq)]
pub struct Tree {
    /// The tasks that lose their parents, and why.
    pub cut: Vec<(usize, Cut)>,
    /// All tasks, each after the one that it is a part of.
    pub order: Vec<usize>,
}

/// Why a task cannot have its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It would be a part of itself.
    Circle,
    /// It would stand too deep.
    TooDeep,
}

/// Takes away the parents that tasks cannot have, so that there are at most `deepest` levels; `depth_of` tells at which one a
/// task stands that exists.
pub fn tree(
    parents: &mut [Option<End>],
    depth_of: impl Fn(TaskId) -> usize,
    deepest: usize,
) -> Tree {
    let mut depths: Vec<Option<usize>> = vec![None; parents.len()];
    let mut tree = Tree {
        cut: Vec::new(),
        order: Vec::new(),
    };
    for start in 0..parents.len() {
        // Path up to a task of known depth; a task that occurs twice closes a cycle.
        let mut way: Vec<usize> = Vec::new();
        let mut passed: HashSet<usize> = HashSet::new();
        let mut current = start;
        let mut depth = loop {
            if let Some(depth) = depths[current] {
                break depth;
            }
            way.push(current);
            passed.insert(current);
            match parents[current] {
                None => break 0,
                Some(End::Old(id)) => break depth_of(id),
                Some(End::New(parent)) if passed.contains(&parent) => {
                    parents[current] = None;
                    tree.cut.push((current, Cut::Circle));
                    break 0;
                }
                Some(End::New(parent)) => current = parent,
            }
        };
        for index in way.into_iter().rev() {
            depth += 1;
            if depth > deepest {
                parents[index] = None;
                tree.cut.push((index, Cut::TooDeep));
                depth = 1;
            }
            depths[index] = Some(depth);
            tree.order.push(index);
        }
    }
    tree
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    Never,
    Begun,
    Done,
}

/// Takes away the dependencies that would make a task wait for itself; returns those taken away.
pub fn break_circles(depends_on: &mut [Vec<End>]) -> Vec<(usize, End)> {
    let mut visits = vec![Visit::Never; depends_on.len()];
    let mut taken = Vec::new();
    for start in 0..depends_on.len() {
        if visits[start] != Visit::Never {
            continue;
        }
        // A task, and how many of its dependencies were followed. No recursion: a chain can be long.
        let mut way = vec![(start, 0)];
        visits[start] = Visit::Begun;
        while let Some((task, followed)) = way.last_mut() {
            let task = *task;
            let Some(end) = depends_on[task].get(*followed).copied() else {
                visits[task] = Visit::Done;
                way.pop();
                continue;
            };
            *followed += 1;
            if let End::New(next) = end {
                match visits[next] {
                    Visit::Done => {}
                    Visit::Begun => taken.push((task, end)),
                    Visit::Never => {
                        visits[next] = Visit::Begun;
                        way.push((next, 0));
                    }
                }
            }
        }
    }
    for (task, end) in &taken {
        depends_on[*task].retain(|other| other != end);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(index: usize) -> Option<End> {
        Some(End::New(index))
    }

    fn old() -> End {
        End::Old(TaskId::from(uuid::Uuid::from_u128(1)))
    }

    #[test]
    fn wholes_come_before_their_parts() {
        let mut parents = [new(2), None, new(1), new(2)];
        let tree = tree(&mut parents, |_| 0, 8);
        assert_eq!(tree.cut, []);
        assert_eq!(tree.order, [1, 2, 0, 3]);
    }

    #[test]
    fn a_circle_is_cut_once() {
        let mut parents = [new(1), new(2), new(0), new(0), new(4)];
        let tree = tree(&mut parents, |_| 0, 8);
        assert_eq!(tree.cut, [(2, Cut::Circle), (4, Cut::Circle)]);
        assert_eq!(tree.order, [2, 1, 0, 3, 4]);
        assert_eq!(parents, [new(1), new(2), None, new(0), None]);
    }

    #[test]
    fn what_is_too_deep_begins_a_tree_of_its_own() {
        let places = 0..5_000_usize;
        let mut parents: Vec<_> = places
            .map(|place| place.checked_sub(1).map(End::New))
            .collect();
        let cut = tree(&mut parents, |_| 0, 8).cut;
        assert_eq!(cut.len(), 624);
        assert_eq!(cut[0], (8, Cut::TooDeep));

        let mut parents = [Some(old()), new(0)];
        let cut = tree(&mut parents, |_| 7, 8).cut;
        assert_eq!(cut, [(1, Cut::TooDeep)]);
    }

    #[test]
    fn no_task_waits_for_itself() {
        let mut depends_on = vec![
            vec![End::New(1), old()],
            vec![End::New(2)],
            vec![End::New(0), End::New(3)],
            vec![End::New(3)],
        ];
        let taken = break_circles(&mut depends_on);
        assert_eq!(taken, [(2, End::New(0)), (3, End::New(3))]);
        assert_eq!(depends_on[0].len(), 2);
        assert_eq!(depends_on[2], [End::New(3)]);
    }

    #[test]
    fn a_long_chain_is_no_circle() {
        let mut depends_on: Vec<_> = (1..=5_000).map(|next| vec![End::New(next)]).collect();
        depends_on.push(Vec::new());
        assert_eq!(break_circles(&mut depends_on), []);
    }
}
