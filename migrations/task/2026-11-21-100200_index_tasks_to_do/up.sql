-- The default list shows what is still to do, however long the history behind it is.
CREATE INDEX tasks_to_do ON tasks (user_id, id) WHERE complete_time IS NULL AND delete_time IS NULL;
