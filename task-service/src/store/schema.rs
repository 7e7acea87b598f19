//! Tables of `migrations/task`, which documents the columns.

diesel::table! {
    series (user_id, series_id) {
        user_id -> Text,
        series_id -> Uuid,
        recurrence_rule -> Text,
        recurrence_anchor -> Text,
        time_zone -> Text,
        start_local -> Timestamp,
        due_after_days -> Nullable<Integer>,
        due_after_seconds -> Nullable<Integer>,
        create_time -> Timestamptz,
        end_time -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    tasks (user_id, id) {
        user_id -> Text,
        id -> Uuid,
        title -> Text,
        description -> Text,
        priority -> Text,
        state -> Text,
        due_time -> Nullable<Timestamptz>,
        due_date -> Nullable<Date>,
        start_time -> Nullable<Timestamptz>,
        time_zone -> Nullable<Text>,
        series_id -> Nullable<Uuid>,
        recurrence_id -> Nullable<Timestamp>,
        previous_task_id -> Nullable<Uuid>,
        reminders -> Jsonb,
        muted -> Bool,
        category_id -> Nullable<Uuid>,
        tag_ids -> Array<Uuid>,
        parent_task_id -> Nullable<Uuid>,
        depends_on -> Array<Uuid>,
        version -> BigInt,
        operation_id -> Nullable<Uuid>,
        import_id -> Nullable<Text>,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
        complete_time -> Nullable<Timestamptz>,
        delete_time -> Nullable<Timestamptz>,
        remind_time -> Nullable<Timestamptz>,
        priority_rank -> SmallInt,
    }
}

diesel::table! {
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
    operation_changes (user_id, operation_id, ordinal) {
        user_id -> Text,
        operation_id -> Uuid,
        ordinal -> Integer,
        kind -> Text,
        entity_id -> Nullable<Uuid>,
        version -> BigInt,
        before -> Nullable<Jsonb>,
        create_time -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(series, tasks);
