-- A database that dies keeps an attempt from being crossed out, and the process that made it tries again: that is no death.
ALTER TABLE record_attempts ADD COLUMN process uuid;

COMMENT ON COLUMN record_attempts.process IS 'The process that has the record in hand; its own attempts count as one.';
