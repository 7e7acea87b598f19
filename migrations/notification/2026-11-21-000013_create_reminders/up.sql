CREATE TABLE reminders (
    user_id text NOT NULL,
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    setting text NOT NULL CHECK (setting ~ '^(default|before:[0-9]+|at:.+)$'),
    fire_time timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('scheduled', 'firing', 'sent', 'failed', 'cancelled')),
    version bigint NOT NULL,
    title text NOT NULL,
    due_time timestamptz,
    time_zone text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, id),
    FOREIGN KEY (user_id, task_id) REFERENCES watched_tasks (user_id, task_id)
);

-- The scheduler's view: what fires next.
CREATE INDEX reminders_by_fire_time ON reminders (fire_time) WHERE state = 'scheduled';
-- The lists of a user, of all tasks and of one.
CREATE INDEX reminders_by_user ON reminders (user_id, fire_time DESC, id DESC);
CREATE INDEX reminders_by_task ON reminders (user_id, task_id, fire_time DESC, id DESC);
-- Whatever goes wrong elsewhere, nobody is reminded twice of one task for one moment.
CREATE UNIQUE INDEX reminders_once_a_moment ON reminders (user_id, task_id, fire_time) WHERE state <> 'cancelled';

COMMENT ON TABLE reminders IS 'Every reminder that was ever scheduled; what has fired or was cancelled stays as history.';
COMMENT ON COLUMN reminders.setting IS 'What asked for it: "default", "before:<minutes>" or "at:<moment>".';
COMMENT ON COLUMN reminders.version IS '1 when scheduled, one more with every step that an event tells of.';
COMMENT ON COLUMN reminders.title IS 'The task''s title, due time and zone are copies that follow the task until the reminder fires.';
