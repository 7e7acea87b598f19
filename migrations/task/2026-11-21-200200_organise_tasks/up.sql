ALTER TABLE tasks
    ADD COLUMN due_date date,
    ADD COLUMN start_time timestamptz,
    ADD COLUMN category_id uuid,
    ADD COLUMN tag_ids uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN parent_task_id uuid,
    ADD COLUMN depends_on uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN operation_id uuid,
    ADD COLUMN import_id text,
    ADD COLUMN priority_rank smallint NOT NULL GENERATED ALWAYS AS (
        CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 ELSE 4 END
    ) STORED,
    ADD CONSTRAINT tasks_due_date_has_due_time_and_zone
        CHECK (due_date IS NULL OR (due_time IS NOT NULL AND time_zone IS NOT NULL)),
    ADD CONSTRAINT tasks_tags_at_most_fifty CHECK (cardinality(tag_ids) <= 50),
    ADD CONSTRAINT tasks_depends_on_at_most_fifty CHECK (cardinality(depends_on) <= 50),
    ADD CONSTRAINT tasks_not_part_of_itself CHECK (parent_task_id <> id),
    ADD CONSTRAINT tasks_import_id_length CHECK (char_length(import_id) BETWEEN 1 AND 500);

CREATE INDEX tasks_by_parent ON tasks (user_id, parent_task_id) WHERE parent_task_id IS NOT NULL;
CREATE UNIQUE INDEX tasks_one_per_import_id ON tasks (user_id, import_id) WHERE import_id IS NOT NULL;

COMMENT ON COLUMN tasks.due_time IS 'When it should be done; for a date without a time the beginning of that day in its zone.';
COMMENT ON COLUMN tasks.due_date IS 'The date on which it should be done, if at no certain time of that day.';
COMMENT ON COLUMN tasks.start_time IS 'Lists leave it out before this time.';
COMMENT ON COLUMN tasks.category_id IS 'Its category, which may be deleted: then it has none.';
COMMENT ON COLUMN tasks.tag_ids IS 'Its tags, of which some may be deleted: those it does not have.';
COMMENT ON COLUMN tasks.parent_task_id IS 'The task that it is a part of.';
COMMENT ON COLUMN tasks.depends_on IS 'The tasks that must be done before it.';
COMMENT ON COLUMN tasks.operation_id IS 'The operation that last changed it.';
COMMENT ON COLUMN tasks.import_id IS 'Its id or UID in the file that it was imported from.';
COMMENT ON COLUMN tasks.priority_rank IS 'The priority as a number that grows with it, 1 to 4.';
