-- A list shows some classes of a user's tasks in some order, so every order has an index that begins with user and class: a page
-- then reads no row of other users nor of a long history, and whether completed or deleted tasks are shown is a choice of ranges.
-- Orders of two keys sort what is equal in the first one.
ALTER TABLE tasks ADD COLUMN list_class smallint NOT NULL GENERATED ALWAYS AS (
    CASE WHEN complete_time IS NULL THEN 0 ELSE 1 END + CASE WHEN delete_time IS NULL THEN 0 ELSE 2 END
) STORED;

DROP INDEX tasks_to_do;

-- The rows of one user lie scattered over the table, so the indexes of the most common orders hold what filters mostly ask for:
-- ten thousand of their entries are read in the time of a few hundred rows.
CREATE INDEX tasks_by_create_time ON tasks (user_id, list_class, create_time, id)
    INCLUDE (priority_rank, due_time, due_date, start_time, complete_time, category_id, tag_ids, parent_task_id, series_id, muted);
CREATE INDEX tasks_by_due_time ON tasks (user_id, list_class, due_time)
    INCLUDE (id, create_time, priority_rank, due_date, start_time, complete_time, category_id, tag_ids, parent_task_id, series_id, muted)
    WHERE due_time IS NOT NULL;
CREATE INDEX tasks_by_priority ON tasks (user_id, list_class, priority_rank, due_time)
    INCLUDE (id, create_time, due_date, start_time, complete_time, category_id, tag_ids, parent_task_id, series_id, muted);
CREATE INDEX tasks_by_title ON tasks (user_id, list_class, lower(title));
CREATE INDEX tasks_by_update_time ON tasks (user_id, list_class, update_time);
CREATE INDEX tasks_by_start_time ON tasks (user_id, list_class, start_time) WHERE start_time IS NOT NULL;
CREATE INDEX tasks_by_complete_time ON tasks (user_id, list_class, complete_time) WHERE complete_time IS NOT NULL;

-- Filters that match few tasks begin with one of these. Ids of tags belong to one user, so that index needs no user; without a
-- pending list it is read in the same time after many writes.
CREATE INDEX tasks_by_category ON tasks (user_id, category_id) WHERE category_id IS NOT NULL;
CREATE INDEX tasks_by_tag ON tasks USING gin (tag_ids) WITH (fastupdate = off);
CREATE INDEX tasks_with_dependencies ON tasks (user_id, list_class) WHERE depends_on <> '{}';
CREATE INDEX tasks_muted ON tasks (user_id, list_class) WHERE muted;

COMMENT ON COLUMN tasks.list_class IS 'What lists tell apart: 0 open, 1 completed, and 2 more if deleted.';
