CREATE TABLE tasks (
    user_id          text        NOT NULL,
    id               uuid        NOT NULL,
    title            text        NOT NULL,
    description      text        NOT NULL,
    priority         text        NOT NULL,
    state            text        NOT NULL,
    due_time         timestamptz,
    time_zone        text,
    series_id        uuid,
    recurrence_id    timestamp,
    previous_task_id uuid,
    reminders        jsonb       NOT NULL,
    muted            boolean     NOT NULL,
    version          bigint      NOT NULL,
    create_time      timestamptz NOT NULL,
    update_time      timestamptz NOT NULL,
    complete_time    timestamptz,
    delete_time      timestamptz,
    remind_time      timestamptz,

    PRIMARY KEY (user_id, id),
    FOREIGN KEY (user_id, series_id) REFERENCES series (user_id, series_id),
    CONSTRAINT tasks_one_per_recurrence_id UNIQUE (user_id, series_id, recurrence_id),
    CONSTRAINT tasks_one_per_previous_task UNIQUE (user_id, series_id, previous_task_id),

    CONSTRAINT tasks_user_id_length CHECK (char_length(user_id) BETWEEN 1 AND 255),
    CONSTRAINT tasks_title_length CHECK (char_length(title) BETWEEN 1 AND 500),
    CONSTRAINT tasks_title_not_blank CHECK (btrim(title) <> ''),
    CONSTRAINT tasks_title_no_control_characters CHECK (title !~ '[\u0001-\u001F\u007F-\u009F]'),
    CONSTRAINT tasks_description_length CHECK (char_length(description) <= 20000),
    CONSTRAINT tasks_description_no_control_characters
        CHECK (description !~ '[\u0001-\u0008\u000B-\u001F\u007F-\u009F]'),
    CONSTRAINT tasks_priority_known CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    CONSTRAINT tasks_state_known CHECK (state IN ('open', 'completed')),
    CONSTRAINT tasks_complete_time_if_completed CHECK ((state = 'completed') = (complete_time IS NOT NULL)),
    CONSTRAINT tasks_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    CONSTRAINT tasks_recurrence_id_if_series CHECK ((series_id IS NULL) = (recurrence_id IS NULL)),
    CONSTRAINT tasks_previous_task_needs_series CHECK (previous_task_id IS NULL OR series_id IS NOT NULL),
    CONSTRAINT tasks_series_needs_due_time_and_zone
        CHECK (series_id IS NULL OR (due_time IS NOT NULL AND time_zone IS NOT NULL)),
    CONSTRAINT tasks_reminders_at_most_ten
        CHECK (jsonb_typeof(reminders) = 'array' AND jsonb_array_length(reminders) <= 10),
    CONSTRAINT tasks_version_from_one CHECK (version >= 1)
);

COMMENT ON TABLE tasks IS 'What people want to get done; the rule of a recurring task stands in its series.';
COMMENT ON COLUMN tasks.user_id IS 'The user whose task it is.';
COMMENT ON COLUMN tasks.id IS 'Identifies the task: a UUIDv7, so that newer tasks have greater ids.';
COMMENT ON COLUMN tasks.title IS 'What is to be done, 1 to 500 characters.';
COMMENT ON COLUMN tasks.description IS 'More about it, up to 20000 characters.';
COMMENT ON COLUMN tasks.priority IS 'How much it matters: low, medium, high or urgent.';
COMMENT ON COLUMN tasks.state IS 'Where it is in its life: open or completed.';
COMMENT ON COLUMN tasks.due_time IS 'When it should be done.';
COMMENT ON COLUMN tasks.time_zone IS 'The IANA time zone in which the due time is meant.';
COMMENT ON COLUMN tasks.series_id IS 'The series that it is an occurrence of.';
COMMENT ON COLUMN tasks.recurrence_id IS 'The scheduled local time that identifies the occurrence within its series.';
COMMENT ON COLUMN tasks.previous_task_id IS 'The completed occurrence that this one followed; none for the first.';
COMMENT ON COLUMN tasks.reminders IS 'When to remind: a list of {"minutes_before_due": 30} and {"at_time": "2026-12-01T08:00:00Z"}.';
COMMENT ON COLUMN tasks.muted IS 'No reminders, not even the default one.';
COMMENT ON COLUMN tasks.version IS 'One for a new task, one more with every change; the etag.';
COMMENT ON COLUMN tasks.create_time IS 'When it was created.';
COMMENT ON COLUMN tasks.update_time IS 'When it last changed.';
COMMENT ON COLUMN tasks.complete_time IS 'When it was completed.';
COMMENT ON COLUMN tasks.delete_time IS 'When it was deleted.';
COMMENT ON COLUMN tasks.remind_time IS 'When the user was last reminded of it; not part of the version.';
