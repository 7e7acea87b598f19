DROP VIEW task_view;
