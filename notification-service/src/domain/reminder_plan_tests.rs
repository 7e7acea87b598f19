use chrono::{NaiveDate, TimeDelta};
use service_runtime::ids::Ids;

use super::*;
use crate::domain::reminder::ReminderState;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(&format!("2026-12-01T{text}:00Z"))
        .unwrap()
        .to_utc()
}

fn task(due: &str, settings: &[Setting]) -> WatchedTask {
    WatchedTask {
        user_id: "alice".parse().unwrap(),
        task_id: Ids.uuid_v7().into(),
        version: 1,
        title: "Water the plants".to_owned(),
        due_time: Some(at(due)),
        due_date: None,
        time_zone: "Europe/Berlin".to_owned(),
        open: true,
        deleted: false,
        muted: false,
        settings: settings.to_vec(),
        update_time: at("06:00"),
    }
}

fn scheduled(task: &WatchedTask, setting: Setting, fire_time: DateTime<Utc>) -> Reminder {
    Reminder {
        user_id: task.user_id.clone(),
        id: Ids.uuid_v7().into(),
        task_id: task.task_id,
        setting,
        fire_time,
        state: ReminderState::Scheduled,
        version: 1,
        title: task.title.clone(),
        due_time: task.due_time,
        due_date: task.due_date,
        time_zone: task.time_zone.clone(),
        update_time: at("06:00"),
    }
}

/// Returns the plan of a change at a time while these reminders are scheduled.
fn change(task: &WatchedTask, change_time: &str, scheduled: &[Reminder]) -> Plan {
    plan(
        task,
        &Preferences::default(),
        at(change_time),
        scheduled,
        &[],
    )
}

fn fresh(task: &WatchedTask, change_time: &str) -> Plan {
    change(task, change_time, &[])
}

/// Returns the plan that cancels a reminder and nothing else.
fn cancels(reminder: &Reminder) -> Plan {
    Plan {
        cancel: vec![reminder.id],
        ..Plan::default()
    }
}

#[test]
fn a_task_without_settings_gets_the_default_reminder() {
    let plan = fresh(&task("10:00", &[]), "06:00");
    assert_eq!(plan.schedule, [(Setting::Default, at("09:00"))]);
}

#[test]
fn settings_of_its_own_replace_the_default() {
    let settings = [Setting::Before(30), Setting::At(at("07:00"))];
    let plan = fresh(&task("10:00", &settings), "06:00");
    assert_eq!(
        plan.schedule,
        [
            (Setting::Before(30), at("09:30")),
            (Setting::At(at("07:00")), at("07:00"))
        ]
    );
}

#[test]
fn two_settings_of_one_moment_remind_once() {
    let settings = [Setting::Before(60), Setting::At(at("09:00"))];
    let plan = fresh(&task("10:00", &settings), "06:00");
    assert_eq!(plan.schedule, [(Setting::Before(60), at("09:00"))]);
}

#[test]
fn time_before_creation_is_skipped() {
    assert_eq!(fresh(&task("10:00", &[]), "09:50"), Plan::default());
    assert_eq!(fresh(&task("10:00", &[]), "09:00"), Plan::default());
}

#[test]
fn a_task_that_needs_no_reminder_gets_none() {
    let plain = task("10:00", &[]);
    for quiet in [
        WatchedTask {
            open: false,
            ..plain.clone()
        },
        WatchedTask {
            deleted: true,
            ..plain.clone()
        },
        WatchedTask {
            muted: true,
            ..plain.clone()
        },
        WatchedTask {
            due_time: None,
            ..plain.clone()
        },
    ] {
        let reminder = scheduled(&plain, Setting::Default, at("09:00"));
        let plan = change(&quiet, "06:00", std::slice::from_ref(&reminder));
        assert_eq!(plan, cancels(&reminder));
    }
}

#[test]
fn absolute_time_needs_no_due_time() {
    let undated = WatchedTask {
        due_time: None,
        ..task("10:00", &[Setting::At(at("07:00"))])
    };
    assert_eq!(
        fresh(&undated, "06:00").schedule,
        [(Setting::At(at("07:00")), at("07:00"))]
    );
}

#[test]
fn the_default_can_be_switched_off() {
    let off = Preferences {
        default_reminder_enabled: false,
        ..Preferences::default()
    };
    assert_eq!(
        plan(&task("10:00", &[]), &off, at("06:00"), &[], &[]),
        Plan::default()
    );
}

#[test]
fn moved_reminders_never_share_a_time() {
    let settings = [
        Setting::Before(60),
        Setting::Before(30),
        Setting::Before(90),
    ];
    let before = task("10:00", &settings);
    let reminders: Vec<_> = [(60, "09:00"), (30, "09:30"), (90, "08:30")]
        .map(|(minutes, time)| scheduled(&before, Setting::Before(minutes), at(time)))
        .into();
    let ids = |plan: &Plan| plan.move_to.iter().map(|(id, _)| *id).collect::<Vec<_>>();

    let later = WatchedTask {
        due_time: Some(at("10:30")),
        ..before.clone()
    };
    let plan_later = change(&later, "06:00", &reminders);
    assert_eq!(
        ids(&plan_later),
        [reminders[1].id, reminders[0].id, reminders[2].id]
    );
    assert_eq!(plan_later.move_to[0].1, at("10:00"));

    let earlier = WatchedTask {
        due_time: Some(at("09:30")),
        ..before
    };
    let plan_earlier = change(&earlier, "06:00", &reminders);
    assert_eq!(
        ids(&plan_earlier),
        [reminders[2].id, reminders[0].id, reminders[1].id]
    );
    assert!(plan_earlier.cancel.is_empty() && plan_earlier.schedule.is_empty());
}

#[test]
fn a_task_moved_too_close_loses_its_reminder() {
    let before = task("10:00", &[]);
    let reminder = scheduled(&before, Setting::Default, at("09:00"));
    let moved = WatchedTask {
        due_time: Some(at("08:30")),
        ..before
    };
    let plan = change(&moved, "08:00", std::slice::from_ref(&reminder));
    assert_eq!(plan, cancels(&reminder));
}

#[test]
fn a_change_elsewhere_in_the_task_changes_nothing() {
    let task = task("10:00", &[]);
    let reminder = scheduled(&task, Setting::Default, at("09:00"));
    assert_eq!(change(&task, "08:00", &[reminder]), Plan::default());
}

#[test]
fn wanted_overdue_reminder_stays() {
    let task = task("10:00", &[]);
    let reminder = scheduled(&task, Setting::Default, at("09:00"));
    assert_eq!(change(&task, "09:10", &[reminder]), Plan::default());
}

#[test]
fn fired_reminder_does_not_fire_again() {
    let task = task("10:00", &[]);
    let change_time = at("09:00") - TimeDelta::milliseconds(1);
    let plan = plan(
        &task,
        &Preferences::default(),
        change_time,
        &[],
        &[at("09:00")],
    );
    assert_eq!(plan, Plan::default());
}

#[test]
fn postponed_task_is_reminded_of_again() {
    let moved_on = task("12:00", &[]);
    assert_eq!(
        fresh(&moved_on, "09:30").schedule,
        [(Setting::Default, at("11:00"))]
    );

    let reminder = scheduled(&moved_on, Setting::Default, at("11:00"));
    let moved_back = task("10:00", &[]);
    let plan = change(&moved_back, "09:40", std::slice::from_ref(&reminder));
    assert_eq!(plan, cancels(&reminder));
}

#[test]
fn due_time_at_edge_of_calendar_is_skipped() {
    let edge = WatchedTask {
        due_time: Some(DateTime::<Utc>::MIN_UTC),
        ..task("10:00", &[])
    };
    assert_eq!(fresh(&edge, "06:00"), Plan::default());
}

/// A task of the morning on which Berlin's clocks go back, whose day begins two hours before midnight in UTC.
fn on_a_date(settings: &[Setting]) -> WatchedTask {
    WatchedTask {
        due_time: Some("2026-10-24T22:00:00Z".parse().unwrap()),
        due_date: NaiveDate::from_ymd_opt(2026, 10, 25),
        ..task("10:00", settings)
    }
}

#[test]
fn due_date_reminds_before_nine_in_its_zone() {
    let change_time = "2026-10-24T12:00:00Z".parse().unwrap();
    let schedule = |task: &WatchedTask| {
        let plan = plan(task, &Preferences::default(), change_time, &[], &[]);
        plan.schedule
    };
    let nine: DateTime<Utc> = "2026-10-25T08:00:00Z".parse().unwrap();
    assert_eq!(
        schedule(&on_a_date(&[])),
        [(Setting::Default, nine - TimeDelta::hours(1))]
    );
    let settings = [Setting::Before(0), Setting::Before(600)];
    assert_eq!(
        schedule(&on_a_date(&settings)),
        [
            (Setting::Before(0), nine),
            // On the clocks, which show the hour from two to three twice.
            (Setting::Before(600), nine - TimeDelta::hours(11))
        ]
    );
}

#[test]
fn added_time_of_day_moves_reminder() {
    let on_a_date = on_a_date(&[]);
    let before: DateTime<Utc> = "2026-10-25T07:00:00Z".parse().unwrap();
    let reminder = scheduled(&on_a_date, Setting::Default, before);
    let at_six = WatchedTask {
        due_time: Some("2026-10-25T17:00:00Z".parse().unwrap()),
        due_date: None,
        ..on_a_date
    };
    assert!(!reminder.shows(&at_six));
    let plan = plan(
        &at_six,
        &Preferences::default(),
        before - TimeDelta::hours(1),
        std::slice::from_ref(&reminder),
        &[],
    );
    assert_eq!(plan.move_to, [(reminder.id, before + TimeDelta::hours(9))]);
}
