DROP TABLE deliveries, reminders, watched_tasks, preferences;
