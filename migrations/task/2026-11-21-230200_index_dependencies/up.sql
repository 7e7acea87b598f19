-- What depends on nothing, as nearly all tasks, is not in it.
CREATE INDEX tasks_that_depend ON tasks (user_id) WHERE depends_on <> '{}';
