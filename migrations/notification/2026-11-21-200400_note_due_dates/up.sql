ALTER TABLE watched_tasks
    ADD COLUMN due_date date,
    ADD CONSTRAINT watched_tasks_due_date_has_due_time CHECK (due_date IS NULL OR due_time IS NOT NULL);

ALTER TABLE reminders ADD COLUMN due_date date;

COMMENT ON COLUMN watched_tasks.due_time IS 'When it is due; for a date without a time the beginning of that day in its zone.';
COMMENT ON COLUMN watched_tasks.due_date IS 'The date on which it is due, if at no certain time of that day; reminders then count from 09:00 of it.';
COMMENT ON COLUMN reminders.title IS 'The task''s title, due time, due date and zone are copies that follow the task until the reminder fires.';
