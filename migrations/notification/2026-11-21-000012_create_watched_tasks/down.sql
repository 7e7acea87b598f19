DROP TABLE watched_tasks;
