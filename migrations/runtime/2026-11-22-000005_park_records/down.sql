DROP TABLE record_attempts;
DROP TABLE parked_records;
ALTER TABLE inbox DROP COLUMN digest;
