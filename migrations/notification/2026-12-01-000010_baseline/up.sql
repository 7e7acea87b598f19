-- Preferences and tasks ------------------------------------------------------------------------------------------------

CREATE TABLE preferences (
    user_id text PRIMARY KEY,
    email_address text,
    email_enabled boolean NOT NULL DEFAULT true,
    default_reminder_minutes integer NOT NULL DEFAULT 60 CHECK (default_reminder_minutes BETWEEN 0 AND 40320),
    default_reminder_enabled boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 0,
    update_time timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE preferences IS
    'Reminder preferences of each user. The first task with the default reminder inserts the row, so that it can be locked.';
COMMENT ON COLUMN preferences.email_address IS 'Address for e-mails; null: the address in the default domain of the operator, if there is one.';
COMMENT ON COLUMN preferences.version IS '0 until the user changes a preference, incremented by every change.';

CREATE TABLE watched_tasks (
    user_id text NOT NULL,
    task_id uuid NOT NULL,
    task_version bigint NOT NULL,
    title text NOT NULL,
    due_time timestamptz,
    due_date date,
    time_zone text NOT NULL,
    open boolean NOT NULL,
    deleted boolean NOT NULL,
    muted boolean NOT NULL,
    reminder_settings jsonb NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (user_id, task_id),
    CONSTRAINT watched_tasks_due_date_has_due_time CHECK (due_date IS NULL OR due_time IS NOT NULL)
);

-- Tasks whose default reminder moves when the user changes the preferences.
CREATE INDEX watched_tasks_by_default_reminder ON watched_tasks (user_id, due_time)
    WHERE open AND NOT deleted AND NOT muted AND reminder_settings = '[]';

COMMENT ON TABLE watched_tasks IS 'Fields of each task that reminders depend on, from its last applied event.';
COMMENT ON COLUMN watched_tasks.task_version IS 'Version in the last applied event; events with this or an older version are ignored.';
COMMENT ON COLUMN watched_tasks.due_time IS 'Due time; for a due date, the start of that day in time_zone.';
COMMENT ON COLUMN watched_tasks.due_date IS 'Due date of a task that has no time of day; reminders then count from 09:00 of that date.';
COMMENT ON COLUMN watched_tasks.reminder_settings IS 'List such as ["before:30", "at:2026-12-01T07:00:00Z"]; empty: the default reminder of the user.';
COMMENT ON COLUMN watched_tasks.update_time IS 'Time of the change of the task, from its event.';

-- Reminders ------------------------------------------------------------------------------------------------------------

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
    due_date date,
    time_zone text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- No foreign key to watched_tasks: a reminder is inserted by a transaction that wrote or locked the row of its task, and these rows
    -- are never deleted. The check would lock that row once more for each reminder, and log it.
    PRIMARY KEY (user_id, id)
);

-- For the scheduler: the reminders that fire next.
CREATE INDEX reminders_by_fire_time ON reminders (fire_time) WHERE state = 'scheduled';
-- For the list of all reminders of a user.
CREATE INDEX reminders_by_user ON reminders (user_id, fire_time DESC, id DESC);
-- A user is never reminded twice of one task at one time, whatever the code does; cancelled reminders differ by their ids. It is also the index
-- of the reminders of a task. The task comes first, because the ids of new tasks ascend: inserts go to the last page.
CREATE UNIQUE INDEX reminders_once_a_moment
    ON reminders (task_id, user_id, fire_time, (CASE WHEN state = 'cancelled' THEN id END)) NULLS NOT DISTINCT;

COMMENT ON TABLE reminders IS 'All reminders; those that fired or were cancelled stay as history.';
COMMENT ON COLUMN reminders.setting IS 'Setting that caused the reminder: "default", "before:<minutes>" or "at:<time>".';
COMMENT ON COLUMN reminders.version IS '1 when scheduled, incremented by every change that emits an event.';
COMMENT ON COLUMN reminders.title IS 'Title, due time, due date and time zone are copies that follow the task until the reminder fires.';

-- Deliveries -----------------------------------------------------------------------------------------------------------

CREATE TABLE deliveries (
    user_id text NOT NULL,
    reminder_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('in_app', 'email')),
    state text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown')),
    attempt_count integer NOT NULL,
    wake_time timestamptz,
    claim_id uuid,
    message_id text NOT NULL,
    failure_reason text NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, reminder_id, channel),
    FOREIGN KEY (user_id, reminder_id) REFERENCES reminders (user_id, id),
    CHECK ((wake_time IS NULL) = (state IN ('sent', 'failed', 'unknown'))),
    CHECK (state <> 'sending' OR claim_id IS NOT NULL)
);

-- For the dispatcher: the deliveries that are due.
CREATE INDEX deliveries_by_wake_time ON deliveries (wake_time) WHERE wake_time IS NOT NULL;

COMMENT ON TABLE deliveries IS 'Deliveries: one row per reminder and channel.';
COMMENT ON COLUMN deliveries.wake_time IS 'Time at which a pending delivery is tried, or a sending one becomes unknown; null in a final state.';
COMMENT ON COLUMN deliveries.claim_id IS 'Attempt in progress; an attempt with another id no longer owns the row.';
COMMENT ON COLUMN deliveries.message_id IS 'Sent with every attempt, so that the receiver can detect duplicates; empty for channels without a receiver.';
