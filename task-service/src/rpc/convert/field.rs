//! The fields that requests to create and to update a task share.

use std::convert::Infallible;

use chrono::{DateTime, Utc};
use prost_types::{FieldMask, Timestamp};
use service_runtime::clock::from_timestamp;
use taskmesh_proto::task::v1 as pb;

use super::mask::UpdateMask;
use crate::{
    domain::{
        Description, DetailChanges, Details, DueInput, Edit, InvalidLocalTime, InvalidTime,
        LinkChanges, Name, Priority, RecurrenceAnchor, RecurrenceRule, Reminder, Reminders,
        ScheduleChanges, TimeZone, Title, Violations, check_time, dependencies, parse_due_date,
        tag_names,
    },
    operations::{ScheduleInput, TaskInput},
};

/// Reads what a new task says.
pub fn details(
    title: &str,
    description: &str,
    priority: i32,
    muted: bool,
) -> Result<Details, Violations> {
    let mut violations = Violations::default();
    let title = violations.check("title", Title::parse(title));
    let description = violations.check("description", Description::parse(description));
    let priority = violations.check("priority", priority_of(priority));
    let fields = title.zip(description).zip(priority);
    let ((title, description), priority) = fields.ok_or(violations)?;
    Ok(Details {
        title,
        description,
        priority,
        muted,
    })
}

/// Reads the fields of a task that a mask names.
pub fn task_input(message: pb::UpdateTaskRequest, mask: &UpdateMask) -> TaskInput<DetailChanges> {
    let pb::UpdateTaskRequest {
        task_id: _,
        update_mask: _,
        etag: _,
        title,
        description,
        priority,
        due_time,
        time_zone,
        recurrence_rule,
        recurrence_anchor,
        reminders,
        muted,
        due_date,
        due_local_time,
        start_time,
        category,
        tags,
        parent_task_id,
        depends_on,
        request_id: _,
        validate_only: _,
    } = message;
    let rule = RecurrenceRule::new(recurrence_rule);

    let mut edits = Edits::new(mask);
    let details = DetailChanges {
        title: edits.edit("title", || Title::parse(&title)),
        description: edits.edit("description", || Description::parse(&description)),
        priority: edits.edit("priority", || priority_of(priority)),
        muted: edits.edit("muted", || Ok::<_, Infallible>(muted)),
    };
    let details = edits.finish(details);

    let mut edits = Edits::new(mask);
    let dues = [
        edits.edit("due_time", || due_time.map(due_moment).transpose()),
        edits.edit("due_date", || {
            given(&due_date).map(parse_due_date).transpose()
        }),
        edits.edit("due_local_time", || {
            given(&due_local_time).map(due_local).transpose()
        }),
    ];
    let schedule = ScheduleChanges {
        due: edits.one_of(dues),
        start_time: edits.edit("start_time", || start_time.map(user_time).transpose()),
        time_zone: edits.edit("time_zone", || {
            given(&time_zone).map(TimeZone::parse).transpose()
        }),
        recurrence_rule: edits.edit("recurrence_rule", || Ok::<_, Infallible>(rule.clone())),
        recurrence_anchor: edits.edit("recurrence_anchor", || anchor_of(recurrence_anchor)),
        reminders: edits.edit_parts("reminders", || reminders_of(reminders)),
    };
    let schedule = ScheduleInput {
        changes: edits.finish(schedule),
        rule: rule.filter(|_| mask.has("recurrence_rule")),
    };

    let mut edits = Edits::new(mask);
    let links = LinkChanges {
        category: edits.edit("category", || given(&category).map(Name::parse).transpose()),
        tags: edits.edit_parts("tags", || {
            let names = each("tags", &tags, Name::parse)?;
            in_field("tags", tag_names(names))
        }),
        parent_task_id: edits.edit("parent_task_id", || {
            let id = given(&parent_task_id).map(str::parse).transpose();
            id.map_err(|_| NOT_A_UUID)
        }),
        depends_on: edits.edit_parts("depends_on", || {
            let ids = each("depends_on", &depends_on, |id| {
                id.parse().map_err(|_| NOT_A_UUID)
            })?;
            in_field("depends_on", dependencies(ids))
        }),
    };
    TaskInput {
        details,
        schedule,
        links: edits.finish(links),
    }
}

/// Reads the fields that a mask names and collects what is wrong with them.
pub struct Edits {
    mask: UpdateMask,
    violations: Violations,
}

impl Edits {
    /// Begins to read the fields that a mask names.
    fn new(mask: &UpdateMask) -> Self {
        Self {
            mask: mask.clone(),
            violations: Violations::default(),
        }
    }

    /// Begins to read the fields that the mask of a request names.
    pub fn of_mask(mask: Option<FieldMask>, known: &[&'static str]) -> Self {
        let mut violations = Violations::default();
        let mask = UpdateMask::parse(mask, known, &mut violations);
        Self { mask, violations }
    }

    /// Reads a field.
    pub fn edit<T, E: ToString>(
        &mut self,
        field: &str,
        parse: impl FnOnce() -> Result<T, E>,
    ) -> Edit<T> {
        if !self.mask.has(field) {
            return Edit::Keep;
        }
        self.violations
            .check(field, parse())
            .map_or(Edit::Keep, Edit::Set)
    }

    /// Reads a field whose parts are named in its violations.
    fn edit_parts<T>(
        &mut self,
        field: &str,
        parse: impl FnOnce() -> Result<T, Violations>,
    ) -> Edit<T> {
        if !self.mask.has(field) {
            return Edit::Keep;
        }
        match parse() {
            Ok(value) => Edit::Set(value),
            Err(violations) => {
                self.violations.extend(violations);
                Edit::Keep
            }
        }
    }

    /// Takes the one due that is given; a field that is emptied while another one is given means no more than that.
    fn one_of(&mut self, dues: [Edit<Option<DueInput>>; 3]) -> Edit<Option<DueInput>> {
        let given: Vec<DueInput> = dues
            .iter()
            .filter_map(|due| match due {
                Edit::Set(Some(input)) => Some(*input),
                _ => None,
            })
            .collect();
        match given.as_slice() {
            [] if dues.iter().all(|due| *due == Edit::Keep) => Edit::Keep,
            [] => Edit::Set(None),
            [input] => Edit::Set(Some(*input)),
            _ => {
                self.violations.push(
                    "due_time",
                    "give one of due_time, due_date and due_local_time, and leave the others out",
                );
                Edit::Keep
            }
        }
    }

    /// Returns the changes if nothing is wrong with any of them.
    pub fn finish<T>(self, changes: T) -> Result<T, Violations> {
        self.violations.or(changes)
    }
}

/// Longer lists are not read through.
const LONGEST_LIST: usize = 1_000;

/// Reads a list, whose entries are named in its violations.
pub fn each<T, E: ToString>(
    field: &str,
    list: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, Violations> {
    if list.len() > LONGEST_LIST {
        let wrong = format!("has {} entries; use at most {LONGEST_LIST}", list.len());
        return Err(Violations::of(field, wrong));
    }
    let mut violations = Violations::default();
    let entries = list.iter().enumerate();
    let values: Vec<T> = entries
        .filter_map(|(index, text)| violations.check(&format!("{field}[{index}]"), parse(text)))
        .collect();
    violations.or(values)
}

/// Returns a value, or its fault with the field.
pub fn in_field<T, E: ToString>(field: &str, result: Result<T, E>) -> Result<T, Violations> {
    result.map_err(|wrong| Violations::of(field, wrong))
}

/// Returns a text unless it is empty.
pub fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Fault of an id.
pub const NOT_A_UUID: &str = "must be a UUID such as 019ab8c0-6f4e-7cc2-9d5b-0123456789ab";

fn due_moment(time: Timestamp) -> Result<DueInput, InvalidTime> {
    user_time(time).map(DueInput::Time)
}

fn due_local(text: &str) -> Result<DueInput, String> {
    let local = text
        .parse()
        .map_err(|error: InvalidLocalTime| error.to_string())?;
    // Any zone differs from UTC by a day at most; what is meant is checked as a date of that day is.
    let input = Some(DueInput::Local(local)).filter(|input| input.is_in_bounds());
    input.ok_or_else(|| InvalidTime.to_string())
}

fn user_time(time: Timestamp) -> Result<DateTime<Utc>, InvalidTime> {
    from_timestamp(time).ok_or(InvalidTime).and_then(check_time)
}

fn priority_of(number: i32) -> Result<Priority, &'static str> {
    match pb::Priority::try_from(number) {
        Ok(pb::Priority::Unspecified) => Ok(Priority::default()),
        Ok(pb::Priority::Low) => Ok(Priority::Low),
        Ok(pb::Priority::Medium) => Ok(Priority::Medium),
        Ok(pb::Priority::High) => Ok(Priority::High),
        Ok(pb::Priority::Urgent) => Ok(Priority::Urgent),
        Err(_) => Err("must be low, medium, high or urgent (1 to 4)"),
    }
}

fn anchor_of(number: i32) -> Result<Option<RecurrenceAnchor>, &'static str> {
    match pb::RecurrenceAnchor::try_from(number) {
        Ok(pb::RecurrenceAnchor::Unspecified) => Ok(None),
        Ok(pb::RecurrenceAnchor::Schedule) => Ok(Some(RecurrenceAnchor::Schedule)),
        Ok(pb::RecurrenceAnchor::Completion) => Ok(Some(RecurrenceAnchor::Completion)),
        Err(_) => Err("must be schedule or completion (1 or 2)"),
    }
}

fn reminders_of(settings: Vec<pb::ReminderSetting>) -> Result<Reminders, Violations> {
    Reminders::check_length(settings.len())?;
    let mut violations = Violations::default();
    let mut reminders = Vec::new();
    for (index, setting) in settings.into_iter().enumerate() {
        let pb::ReminderSetting { when } = setting;
        let field = format!("reminders[{index}]");
        let reminder = match when {
            Some(pb::reminder_setting::When::MinutesBeforeDue(minutes)) => violations.check(
                &format!("{field}.minutes_before_due"),
                Reminder::minutes_before_due(minutes),
            ),
            Some(pb::reminder_setting::When::AtTime(time)) => {
                let time = violations.check(&format!("{field}.at_time"), user_time(time));
                time.map(Reminder::AtTime)
            }
            None => violations.check(&field, Err("must have minutes_before_due or at_time")),
        };
        reminders.extend(reminder);
    }
    violations.or(reminders).and_then(Reminders::new)
}
