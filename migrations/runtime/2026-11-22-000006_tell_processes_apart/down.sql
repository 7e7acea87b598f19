ALTER TABLE record_attempts DROP COLUMN process;
