use calcard::icalendar::{
    ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameterName,
    ICalendarParameterValue, ICalendarProperty, ICalendarRelationshipType, ICalendarStatus,
    ICalendarValue,
};
use chrono::{DateTime, Utc};

use super::{
    alarm::{self, Span},
    component::Component,
    content_line::{Tidied, raw_value},
    date_time::when,
    moment::Moment,
    zone::{Zones, parse},
};
use crate::{
    domain::Priority,
    files::{
        loss::Loss,
        task::{FileTask, When},
    },
};

const BEGINS_ANEW: &str = "belongs to the program that wrote the file and is not imported";
const EXTENSION: &str = "is an extension that tasks have no field for";
const NO_SUCH_FIELD: &str = "tasks have no such field";

/// A VTODO that was read.
#[derive(Debug)]
pub struct Todo {
    /// The task.
    pub task: FileTask,
    /// The UIDs of its parts.
    pub children: Vec<String>,
    /// True if it changes one occurrence of another task, which has the same UID.
    pub is_override: bool,
}

/// Values that follow from several properties.
#[derive(Default)]
struct Draft {
    status: Option<ICalendarStatus>,
    percent: Option<i64>,
    due: Option<Moment>,
    start: Option<Moment>,
    duration: Option<ICalendarEntry>,
    last_modified: Option<DateTime<Utc>>,
}

impl Todo {
    /// Reads a component.
    pub fn read(component: &Component<'_>, zones: &Zones<'_>) -> Result<Self, Loss> {
        let fail = |reason: &str| Loss::whole(component.line, "", reason);
        if let Some(fault) = &component.fault {
            return Err(fail(fault));
        }
        let Tidied { text, dropped } = Tidied::new(component.text);
        let calendar = parse(&text).ok_or_else(|| fail("cannot be read as a VTODO"))?;
        let [properties, parts @ ..] = calendar.components.as_slice() else {
            return Err(fail("cannot be read as a VTODO"));
        };
        let mut task = FileTask::at(component.line);
        properties
            .uid()
            .unwrap_or_default()
            .trim()
            .clone_into(&mut task.source_id);
        let mut todo = Self {
            task,
            children: Vec::new(),
            is_override: false,
        };
        let mut draft = Draft::default();
        for entry in &properties.entries {
            todo.property(entry, &mut draft, zones);
        }
        for (name, value) in dropped {
            let reason = format!("occurs more than once, the first one is used; dropped: {value}");
            todo.task.lose(&name, reason);
        }
        if let Some(rule) = raw_value(&text, "RRULE") {
            rule.clone_into(&mut todo.task.recurrence_rule);
        }
        todo.settle_state(&draft);
        let span = todo.settle_times(draft, zones);
        todo.parts(parts, &span);
        Ok(todo)
    }

    fn property(&mut self, entry: &ICalendarEntry, draft: &mut Draft, zones: &Zones<'_>) {
        let name = entry.name.as_str().to_owned();
        let text = entry.values.first().and_then(ICalendarValue::as_text);
        let text = text.unwrap_or_default();
        let task = &mut self.task;
        match &entry.name {
            ICalendarProperty::Summary => text.clone_into(&mut task.title),
            ICalendarProperty::Description => text.clone_into(&mut task.description),
            ICalendarProperty::Priority => self.priority(entry),
            ICalendarProperty::Status => match entry.values.first() {
                Some(ICalendarValue::Status(status)) => draft.status = Some(status.clone()),
                _ => task.lose(&name, "is not a state of a task"),
            },
            ICalendarProperty::PercentComplete => {
                draft.percent = entry.values.first().and_then(ICalendarValue::as_integer);
                if draft.percent.is_none() {
                    task.lose(&name, "is not a number from 0 to 100");
                }
            }
            ICalendarProperty::Completed => match instant(entry, zones) {
                Some(time) => task.complete_time = Some(time),
                None => task.lose(&name, "is no time"),
            },
            ICalendarProperty::Due => draft.due = self.moment(entry, zones),
            ICalendarProperty::Dtstart => draft.start = self.moment(entry, zones),
            ICalendarProperty::Duration => draft.duration = Some(entry.clone()),
            ICalendarProperty::Categories => {
                let names = entry.values.iter().filter_map(ICalendarValue::as_text);
                let names = names.map(str::trim).filter(|name| !name.is_empty());
                task.tags.extend(names.map(str::to_owned));
            }
            ICalendarProperty::RelatedTo => self.relation(entry),
            ICalendarProperty::RecurrenceId => self.is_override = true,
            ICalendarProperty::Exdate | ICalendarProperty::Exrule => {
                task.lose(&name, "a recurring task cannot exclude dates of its rule");
            }
            ICalendarProperty::Rdate => {
                task.lose(&name, "a recurring task cannot have dates outside its rule");
            }
            ICalendarProperty::LastModified => {
                draft.last_modified = instant(entry, zones);
                task.lose_in_common(&name, BEGINS_ANEW);
            }
            ICalendarProperty::Created
            | ICalendarProperty::Dtstamp
            | ICalendarProperty::Sequence => task.lose_in_common(&name, BEGINS_ANEW),
            ICalendarProperty::Uid | ICalendarProperty::Rrule => {}
            ICalendarProperty::Class if text.eq_ignore_ascii_case("PUBLIC") => {}
            ICalendarProperty::Other(_) if name.to_ascii_uppercase().starts_with("X-") => {
                task.lose_in_common(&name, EXTENSION);
            }
            _ => task.lose(&name, NO_SUCH_FIELD),
        }
    }

    fn priority(&mut self, entry: &ICalendarEntry) {
        self.task.priority = match entry.values.first().and_then(ICalendarValue::as_integer) {
            Some(0) => None,
            Some(1) => Some(Priority::Urgent),
            Some(2..=4) => Some(Priority::High),
            Some(5) => Some(Priority::Medium),
            Some(6..=9) => Some(Priority::Low),
            _ => {
                self.task.lose("PRIORITY", "is not a number from 0 to 9");
                None
            }
        };
    }

    fn moment(&mut self, entry: &ICalendarEntry, zones: &Zones<'_>) -> Option<Moment> {
        let name = entry.name.as_str().to_owned();
        let moment = Moment::read(entry, zones);
        match &moment {
            None => self.task.lose(&name, "is neither a date nor a time"),
            Some(Moment {
                unknown_zone: Some(zone),
                ..
            }) => {
                let default = &zones.default;
                let reason =
                    format!("{zone:?} is not a known time zone; the time is read in {default}");
                self.task.lose(&format!("{name} TZID"), reason);
            }
            Some(_) => {}
        }
        moment
    }

    fn relation(&mut self, entry: &ICalendarEntry) {
        let Some(uid) = entry.values.first().and_then(ICalendarValue::as_text) else {
            return;
        };
        let uid = uid.trim().to_owned();
        match entry.parameter(&ICalendarParameterName::Reltype) {
            None | Some(ICalendarParameterValue::Reltype(ICalendarRelationshipType::Parent)) => {
                if self.task.parent.is_empty() {
                    self.task.parent = uid;
                } else {
                    self.task
                        .lose("RELATED-TO", "a task has at most one parent");
                }
            }
            Some(ICalendarParameterValue::Reltype(ICalendarRelationshipType::Child)) => {
                self.children.push(uid);
            }
            Some(ICalendarParameterValue::Reltype(ICalendarRelationshipType::DependsOn)) => {
                self.task.depends_on.push(uid);
            }
            Some(other) => {
                let kind = other.as_text().unwrap_or("this").to_owned();
                self.task.lose(
                    "RELATED-TO",
                    format!("tasks have no relation of type {kind}"),
                );
            }
        }
    }

    fn settle_state(&mut self, draft: &Draft) {
        let task = &mut self.task;
        let is_whole = draft.percent == Some(100);
        task.completed = match draft.status {
            Some(ICalendarStatus::Completed) => true,
            Some(ICalendarStatus::NeedsAction) => false,
            Some(ICalendarStatus::InProcess) => {
                task.lose("STATUS", "a task in process is imported as open");
                false
            }
            Some(ICalendarStatus::Cancelled) => {
                task.lose("STATUS", "a cancelled task is imported as completed");
                true
            }
            Some(_) => {
                task.lose("STATUS", "is not a state of a task");
                false
            }
            None => task.complete_time.is_some() || is_whole,
        };
        if draft.percent.is_some_and(|percent| percent != 0) && !(is_whole && task.completed) {
            task.lose("PERCENT-COMPLETE", NO_SUCH_FIELD);
        }
        if task.completed {
            task.complete_time = task.complete_time.or(draft.last_modified);
        } else if task.complete_time.take().is_some() {
            task.lose("COMPLETED", "the task is open by its STATUS");
        }
    }

    /// Takes over when the task starts and is due.
    fn settle_times<'z>(&mut self, draft: Draft, zones: &'z Zones<'z>) -> Span<'z> {
        let Draft {
            due,
            mut start,
            duration,
            ..
        } = draft;
        let after = duration.and_then(|duration| self.due_after(start.as_ref(), &due, &duration));
        let mut due = due.or(after);
        let repeats = !self.task.recurrence_rule.is_empty();
        if due.is_none() && repeats {
            // A rule counts from the start; the dates of a recurring task are those on which it is due.
            due = start.take();
        }
        if let (Some(due), Some(start)) = (&mut due, &start)
            && due.zone.is_none()
            && !matches!(due.when, When::Instant(_))
        {
            due.zone.clone_from(&start.zone);
        }
        let start_time = start.as_ref().and_then(|start| start.instant(zones));
        let due_time = due.as_ref().and_then(|due| due.instant(zones));
        match (start_time, due_time) {
            // Programs that know no start write the due time here, too; nothing should be hidden until it is due.
            (Some(start), Some(due)) if start == due => {}
            (Some(start), Some(due)) if start > due => {
                self.task.lose("DTSTART", "is later than the due time");
            }
            (start, _) => self.task.start = start,
        }
        if let Some(due) = &due {
            self.task.due = Some(due.when);
            let needs_zone = repeats || matches!(due.when, When::Local(_) | When::Date(_));
            let zone = due.zone.clone();
            let zone = zone.or_else(|| start.as_ref().and_then(|start| start.zone.clone()));
            self.task.time_zone = match zone {
                Some(zone) => zone,
                None if needs_zone => zones.default.clone(),
                None => String::new(),
            };
        }
        if repeats {
            let moments = [("DTSTART", &start), ("DUE", &due)];
            let differences = moments.map(|(name, moment)| {
                let difference = moment.as_ref().and_then(|moment| moment.difference.clone());
                difference.map(|difference| (name, difference))
            });
            for (name, difference) in differences.into_iter().flatten() {
                self.task.lose(&format!("{name} TZID"), difference);
            }
        }
        Span { start, due, zones }
    }

    fn due_after(
        &mut self,
        start: Option<&Moment>,
        due: &Option<Moment>,
        duration: &ICalendarEntry,
    ) -> Option<Moment> {
        let Some(ICalendarValue::Duration(span)) = duration.values.first() else {
            self.task.lose("DURATION", "is no duration");
            return None;
        };
        let after = start
            .filter(|_| due.is_none())
            .and_then(|start| start.after(span));
        if after.is_none() {
            self.task
                .lose("DURATION", "counts only from a DTSTART, and without a DUE");
        }
        after
    }

    fn parts(&mut self, parts: &[ICalendarComponent], span: &Span<'_>) {
        for part in parts {
            match part.component_type {
                ICalendarComponentType::VAlarm => alarm::read(part, span, &mut self.task),
                _ => {
                    let name = part.component_type.as_str().to_owned();
                    self.task.lose(&name, NO_SUCH_FIELD);
                }
            }
        }
    }
}

fn instant(entry: &ICalendarEntry, zones: &Zones<'_>) -> Option<DateTime<Utc>> {
    let Some(ICalendarValue::PartialDateTime(value)) = entry.values.first() else {
        return None;
    };
    match when(value)? {
        When::Instant(time) => Some(time),
        _ => Moment::read(entry, zones)?.instant(zones),
    }
}
