DROP TABLE operation_changes;
