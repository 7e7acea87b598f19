//! Tables of `migrations/notification`, which documents the columns.

diesel::table! {
    preferences (user_id) {
        user_id -> Text,
        email_address -> Nullable<Text>,
        email_enabled -> Bool,
        default_reminder_minutes -> Integer,
        default_reminder_enabled -> Bool,
        version -> BigInt,
        update_time -> Timestamptz,
    }
}

diesel::table! {
    watched_tasks (user_id, task_id) {
        user_id -> Text,
        task_id -> Uuid,
        task_version -> BigInt,
        title -> Text,
        due_time -> Nullable<Timestamptz>,
        due_date -> Nullable<Date>,
        time_zone -> Text,
        open -> Bool,
        deleted -> Bool,
        muted -> Bool,
        reminder_settings -> Jsonb,
        update_time -> Timestamptz,
    }
}

diesel::table! {
    reminders (user_id, id) {
        user_id -> Text,
        id -> Uuid,
        task_id -> Uuid,
        setting -> Text,
        fire_time -> Timestamptz,
        state -> Text,
        version -> BigInt,
        title -> Text,
        due_time -> Nullable<Timestamptz>,
        due_date -> Nullable<Date>,
        time_zone -> Text,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
    }
}

diesel::table! {
    deliveries (user_id, reminder_id, channel) {
        user_id -> Text,
        reminder_id -> Uuid,
        channel -> Text,
        state -> Text,
        attempt_count -> Integer,
        wake_time -> Nullable<Timestamptz>,
        claim_id -> Nullable<Uuid>,
        message_id -> Text,
        failure_reason -> Text,
        create_time -> Timestamptz,
        update_time -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(preferences, watched_tasks, reminders, deliveries);
