//! The tables as `migrations/task` builds them, with the comments of their columns.

diesel::table! {
    /// The fixed points of recurring tasks; a row never changes but for its end.
    series (user_id, series_id) {
        /// The user whose series it is.
        user_id -> Text,
        /// Identifies the series: a UUIDv7.
        series_id -> Uuid,
        /// The RFC 5545 recurrence rule, as the user gave it.
        recurrence_rule -> Text,
        /// What the next occurrence is counted from: schedule or completion.
        recurrence_anchor -> Text,
        /// The IANA time zone in which the rule is read.
        time_zone -> Text,
        /// The local time of the first occurrence, which anchors the rule (DTSTART).
        start_local -> Timestamp,
        /// When the series was created.
        create_time -> Timestamptz,
        /// When its newest occurrence left it for another rule or none; no occurrence follows after that.
        end_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What people want to get done; the rule of a recurring task stands in its series.
    tasks (user_id, id) {
        /// The user whose task it is.
        user_id -> Text,
        /// Identifies the task: a UUIDv7, so that newer tasks have greater ids.
        id -> Uuid,
        /// What is to be done, 1 to 500 characters.
        title -> Text,
        /// More about it, up to 20000 characters.
        description -> Text,
        /// How much it matters: low, medium, high or urgent.
        priority -> Text,
        /// Where it is in its life: open or completed.
        state -> Text,
        /// When it should be done.
        due_time -> Nullable<Timestamptz>,
        /// The IANA time zone in which the due time is meant.
        time_zone -> Nullable<Text>,
        /// The series that it is an occurrence of.
        series_id -> Nullable<Uuid>,
        /// The scheduled local time that identifies the occurrence within its series.
        recurrence_id -> Nullable<Timestamp>,
        /// The completed occurrence that this one followed; none for the first.
        previous_task_id -> Nullable<Uuid>,
        /// When to remind: a list of {"minutes_before_due": 30} and {"at_time": "2026-12-01T08:00:00Z"}.
        reminders -> Jsonb,
        /// No reminders, not even the default one.
        muted -> Bool,
        /// One for a new task, one more with every change; the etag.
        version -> BigInt,
        /// When it was created.
        create_time -> Timestamptz,
        /// When it last changed.
        update_time -> Timestamptz,
        /// When it was completed.
        complete_time -> Nullable<Timestamptz>,
        /// When it was deleted.
        delete_time -> Nullable<Timestamptz>,
        /// When the user was last reminded of it; not part of the version.
        remind_time -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(series, tasks);
