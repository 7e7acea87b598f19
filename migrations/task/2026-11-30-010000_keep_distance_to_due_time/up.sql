ALTER TABLE series
    ADD COLUMN due_after_days integer,
    ADD COLUMN due_after_seconds integer;

COMMENT ON COLUMN series.due_after_days IS 'Calendar days from the start of an occurrence to its due time; none if the rule counts from the due time.';
COMMENT ON COLUMN series.due_after_seconds IS 'Exact seconds after those days; none if the tasks are due on a date.';

-- So far every rule counted from the due time.
UPDATE series s SET due_after_seconds = 0
WHERE NOT EXISTS (
    SELECT FROM tasks t WHERE t.user_id = s.user_id AND t.series_id = s.series_id AND t.due_date IS NOT NULL
);

-- Column start_local is for the versions of the service that know no other.
CREATE OR REPLACE VIEW task_view AS
SELECT
    t.user_id,
    t.id,
    t.title,
    t.description,
    t.priority,
    t.due_time,
    t.due_date,
    t.start_time,
    t.time_zone,
    t.series_id,
    t.recurrence_id,
    t.previous_task_id,
    (SELECT s.recurrence_rule FROM series s WHERE s.user_id = t.user_id AND s.series_id = t.series_id) AS recurrence_rule,
    (SELECT s.recurrence_anchor FROM series s WHERE s.user_id = t.user_id AND s.series_id = t.series_id) AS recurrence_anchor,
    (SELECT s.start_local FROM series s WHERE s.user_id = t.user_id AND s.series_id = t.series_id) AS start_local,
    t.reminders,
    t.muted,
    (SELECT c.id FROM categories c WHERE c.user_id = t.user_id AND c.id = t.category_id AND c.delete_time IS NULL)
        AS category_id,
    (SELECT c.display_name FROM categories c WHERE c.user_id = t.user_id AND c.id = t.category_id AND c.delete_time IS NULL)
        AS category,
    ARRAY(SELECT g.id FROM tags g WHERE g.user_id = t.user_id AND g.id = ANY (t.tag_ids) AND g.delete_time IS NULL
          ORDER BY g.name_key) AS tag_ids,
    ARRAY(SELECT g.display_name FROM tags g WHERE g.user_id = t.user_id AND g.id = ANY (t.tag_ids) AND g.delete_time IS NULL
          ORDER BY g.name_key) AS tags,
    t.parent_task_id,
    t.depends_on,
    CASE WHEN t.depends_on = '{}' THEN '{}' ELSE ARRAY(
        SELECT d.id FROM unnest(t.depends_on) wanted(id), LATERAL (
            SELECT o.id FROM tasks o WHERE o.user_id = t.user_id AND o.id = wanted.id AND o.complete_time IS NULL
            AND o.delete_time IS NULL OFFSET 0
        ) d ORDER BY d.id
    ) END AS blocked_by,
    t.version,
    t.operation_id,
    t.import_id,
    t.create_time,
    t.update_time,
    t.complete_time,
    t.delete_time,
    t.remind_time,
    (SELECT jsonb_build_object('local', s.start_local, 'due_after_days', s.due_after_days, 'due_after_seconds', s.due_after_seconds)
     FROM series s WHERE s.user_id = t.user_id AND s.series_id = t.series_id) AS series_start
FROM tasks t;
