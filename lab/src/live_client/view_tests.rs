use crate::checker::{Tally, check};

use super::*;

fn task(id: &str, version: i64) -> Task {
    let json = format!(r#"{{"id": "{id}", "title": "{id}{version}", "etag": "{version}"}}"#);
    serde_json::from_str(&json).unwrap()
}

fn deleted(id: &str, version: i64) -> Task {
    let json = format!(
        r#"{{"id": "{id}", "title": "", "etag": "{version}", "delete_time": "2030-01-01T00:00:00Z"}}"#
    );
    serde_json::from_str(&json).unwrap()
}

fn shown(id: &str, version: i64) -> Shown {
    Shown {
        id: id.to_owned(),
        version,
        title: format!("{id}{version}"),
        is_deleted: false,
    }
}

/// A view that began with one task and was received these changes.
fn view(changes: impl IntoIterator<Item = Task>) -> View {
    let mut view = View::new("client".to_owned());
    view.reset();
    view.add_snapshot(vec![task("a", 3)]);
    for task in changes {
        view.change(task);
    }
    view
}

/// Lost, doubled, inverted, unfounded.
fn tally(view: &View, tasks: &[Shown]) -> [usize; 4] {
    let mut evidence = Evidence::default();
    view.add_evidence(&mut evidence, tasks);
    let Tally {
        lost,
        doubled,
        inverted,
        unfounded,
    } = Tally::of(&check(&evidence));
    [lost, doubled, inverted, unfounded]
}

#[test]
fn changes_once_and_in_order_are_shown() {
    let view = view([task("a", 4), task("b", 1), task("a", 5), deleted("b", 2)]);
    let gone = Shown {
        is_deleted: true,
        ..shown("b", 2)
    };
    let tasks = [shown("a", 5), gone];
    assert!(view.shows(&tasks));
    assert_eq!(tally(&view, &tasks), [0; 4]);
}

#[test]
fn change_that_the_snapshot_contains_may_repeat() {
    let view = view([task("a", 2), task("a", 3), task("a", 4)]);
    assert!(view.shows(&[shown("a", 4)]));
    assert_eq!(tally(&view, &[shown("a", 4)]), [0; 4]);
}

#[test]
fn gap_is_lost_also_at_the_end() {
    let in_between = view([task("a", 5)]);
    assert_eq!(tally(&in_between, &[shown("a", 5)]), [1, 0, 0, 0]);
    let at_the_end = view([task("a", 4)]);
    // The change, and what is to be shown.
    assert_eq!(tally(&at_the_end, &[shown("a", 5)]), [2, 0, 0, 0]);
    assert!(!at_the_end.shows(&[shown("a", 5)]));
    let not_at_all = view([]);
    assert_eq!(
        tally(&not_at_all, &[shown("a", 3), shown("b", 1)]),
        [1, 0, 0, 0]
    );
}

#[test]
fn repeated_change_is_doubled_and_late_one_inverted() {
    let twice = view([task("a", 4), task("a", 4)]);
    assert_eq!(tally(&twice, &[shown("a", 4)]), [0, 1, 0, 0]);
    let late = view([task("a", 5), task("a", 4)]);
    assert!(late.shows(&[shown("a", 5)]));
    assert_eq!(tally(&late, &[shown("a", 5)]), [0, 0, 1, 0]);
}

#[test]
fn uncommitted_version_is_unfounded() {
    let view = view([task("a", 4)]);
    assert_eq!(tally(&view, &[shown("a", 3)])[3], 1);
}

#[test]
fn view_after_resync_shows_new_snapshot_only() {
    let mut view = view([task("a", 4), task("b", 1)]);
    view.reset();
    view.add_snapshot(vec![task("a", 9)]);
    view.change(task("a", 10));
    assert!(view.shows(&[shown("a", 10)]));
    assert_eq!(tally(&view, &[shown("a", 10)]), [0; 4]);
}
