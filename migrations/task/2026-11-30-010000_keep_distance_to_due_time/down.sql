DROP VIEW task_view;

ALTER TABLE series
    DROP COLUMN due_after_days,
    DROP COLUMN due_after_seconds;

CREATE VIEW task_view AS
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
    t.remind_time
FROM tasks t;

COMMENT ON VIEW task_view IS 'Tasks as they are shown: with the rule of their series, the names of what they carry, and what blocks them.';
