ALTER TABLE tasks
    DROP COLUMN due_date,
    DROP COLUMN start_time,
    DROP COLUMN category_id,
    DROP COLUMN tag_ids,
    DROP COLUMN parent_task_id,
    DROP COLUMN depends_on,
    DROP COLUMN operation_id,
    DROP COLUMN import_id,
    DROP COLUMN priority_rank;
COMMENT ON COLUMN tasks.due_time IS 'When it should be done.';
