DROP INDEX tasks_that_depend;
