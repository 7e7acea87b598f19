DROP TABLE idempotency_keys;
DROP TABLE partition_owners;
DROP TABLE parked_records;
DROP TABLE inbox;
DROP TABLE outbox;
