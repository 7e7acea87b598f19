CREATE TABLE watched_tasks (
    user_id text NOT NULL,
    task_id uuid NOT NULL,
    task_version bigint NOT NULL,
    title text NOT NULL,
    due_time timestamptz,
    time_zone text NOT NULL,
    open boolean NOT NULL,
    deleted boolean NOT NULL,
    muted boolean NOT NULL,
    reminder_settings jsonb NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (user_id, task_id)
);

-- The tasks whose default reminder moves when the user's preferences change.
CREATE INDEX watched_tasks_by_default_reminder ON watched_tasks (user_id, due_time)
    WHERE open AND NOT deleted AND NOT muted AND reminder_settings = '[]';

COMMENT ON TABLE watched_tasks IS 'What reminders need to know of each task, as its last applied event told it.';
COMMENT ON COLUMN watched_tasks.task_version IS 'The version of the last applied event; older ones and the same again change nothing.';
COMMENT ON COLUMN watched_tasks.reminder_settings IS 'A list such as ["before:30", "at:2026-12-01T07:00:00Z"]; empty: the user''s default reminder.';
COMMENT ON COLUMN watched_tasks.update_time IS 'When the task was changed, by its event.';
