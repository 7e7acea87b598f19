DROP INDEX tasks_to_do;
