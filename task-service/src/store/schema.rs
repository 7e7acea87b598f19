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
        /// Calendar days from the start of an occurrence to its due time; none if the rule counts from the due time.
        due_after_days -> Nullable<Integer>,
        /// Exact seconds after those days; none if the tasks are due on a date.
        due_after_seconds -> Nullable<Integer>,
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
        /// When it should be done; for a date without a time the beginning of that day in its zone.
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
        /// The date on which it should be done, if at no certain time of that day.
        due_date -> Nullable<Date>,
        /// Lists leave it out before this time.
        start_time -> Nullable<Timestamptz>,
        /// Its category, which may be deleted: then it has none.
        category_id -> Nullable<Uuid>,
        /// Its tags, of which some may be deleted: those it does not have.
        tag_ids -> Array<Uuid>,
        /// The task that it is a part of.
        parent_task_id -> Nullable<Uuid>,
        /// The tasks that must be done before it.
        depends_on -> Array<Uuid>,
        /// The operation that last changed it.
        operation_id -> Nullable<Uuid>,
        /// Its id or UID in the file that it was imported from.
        import_id -> Nullable<Text>,
        /// The priority as a number that grows with it, 1 to 4.
        priority_rank -> SmallInt,
    }
}

diesel::table! {
    /// Groups of tasks; a deleted one stays as a row, so that undoing the deletion brings it back to its tasks.
    categories (user_id, id) {
        user_id -> Text,
        id -> Uuid,
        display_name -> Text,
        /// The name as it is compared: NFKC, lower case.
        name_key -> Text,
        color -> Nullable<Text>,
        version -> BigInt,
        operation_id -> Uuid,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        delete_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Words that tasks carry; a deleted one stays as a row, so that undoing the deletion brings it back to its tasks.
    tags (user_id, id) {
        user_id -> Text,
        id -> Uuid,
        display_name -> Text,
        /// The name as it is compared: NFKC, lower case.
        name_key -> Text,
        color -> Nullable<Text>,
        version -> BigInt,
        operation_id -> Uuid,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        delete_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Filters that have a name.
    saved_filters (user_id, id) {
        user_id -> Text,
        id -> Uuid,
        display_name -> Text,
        /// The name as it is compared: NFKC, lower case.
        name_key -> Text,
        filter -> Text,
        version -> BigInt,
        operation_id -> Uuid,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        delete_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What users changed of their settings; one who changed nothing has no row.
    settings (user_id) {
        user_id -> Text,
        time_zone -> Text,
        search_language -> Text,
        version -> BigInt,
        operation_id -> Uuid,
        update_time -> Timestamptz,
    }
}

diesel::table! {
    /// What each write changed, so that it can be undone for a while.
    operation_changes (user_id, operation_id, ordinal) {
        user_id -> Text,
        operation_id -> Uuid,
        /// The place of the change within its operation, from 0.
        ordinal -> Integer,
        kind -> Text,
        entity_id -> Nullable<Uuid>,
        /// The version after the change: it can be undone as long as nothing newer exists.
        version -> BigInt,
        /// The row before the change; null for one that was created.
        before -> Nullable<Jsonb>,
        create_time -> Timestamptz,
    }
}

diesel::table! {
    /// Tasks as they are shown: with the rule of their series, the names of what they carry, and what blocks them.
    task_view (user_id, id) {
        user_id -> Text,
        id -> Uuid,
        title -> Text,
        description -> Text,
        priority -> Text,
        due_time -> Nullable<Timestamptz>,
        due_date -> Nullable<Date>,
        start_time -> Nullable<Timestamptz>,
        time_zone -> Nullable<Text>,
        series_id -> Nullable<Uuid>,
        recurrence_id -> Nullable<Timestamp>,
        previous_task_id -> Nullable<Uuid>,
        recurrence_rule -> Nullable<Text>,
        recurrence_anchor -> Nullable<Text>,
        series_start -> Nullable<Jsonb>,
        reminders -> Jsonb,
        muted -> Bool,
        category_id -> Nullable<Uuid>,
        category -> Nullable<Text>,
        tag_ids -> Array<Uuid>,
        tags -> Array<Text>,
        parent_task_id -> Nullable<Uuid>,
        depends_on -> Array<Uuid>,
        blocked_by -> Array<Uuid>,
        version -> BigInt,
        operation_id -> Nullable<Uuid>,
        import_id -> Nullable<Text>,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        complete_time -> Nullable<Timestamptz>,
        delete_time -> Nullable<Timestamptz>,
        remind_time -> Nullable<Timestamptz>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(series, tasks, categories, tags, task_view);
