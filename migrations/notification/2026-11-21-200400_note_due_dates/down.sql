COMMENT ON COLUMN reminders.title IS 'The task''s title, due time and zone are copies that follow the task until the reminder fires.';
COMMENT ON COLUMN watched_tasks.due_time IS NULL;

ALTER TABLE reminders DROP COLUMN due_date;
ALTER TABLE watched_tasks DROP COLUMN due_date;
