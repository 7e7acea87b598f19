-- Tables that the service runtime needs in the schema of each service.

CREATE SEQUENCE outbox_ids;

-- Rows live for milliseconds: autovacuum runs by their number, not by a share of an almost empty table, and does not wait. It does not
-- truncate the file either, which would lock out writers.
CREATE TABLE outbox (
    -- The transaction has its xid before it draws an id: the relay's lower bound of ids depends on it.
    id bigint PRIMARY KEY DEFAULT CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('outbox_ids') END,
    topic text NOT NULL,
    record_key text NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    subject text,
    data_schema text NOT NULL,
    aggregate_version bigint NOT NULL,
    event_time timestamptz NOT NULL,
    trace_parent text,
    payload bytea NOT NULL,
    copies json,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_threshold = -1,
    autovacuum_vacuum_cost_delay = 0,
    vacuum_truncate = false,
    toast.autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 5000,
    toast.autovacuum_vacuum_cost_delay = 0,
    toast.vacuum_truncate = false
);

ALTER SEQUENCE outbox_ids OWNED BY outbox.id;

COMMENT ON TABLE outbox IS 'Events that were committed with a change and that the broker has not acknowledged. Deleted soon after that.';
COMMENT ON COLUMN outbox.id IS 'Drawn after the aggregate''s row is locked, so it orders the events of one aggregate by their commits.';
COMMENT ON COLUMN outbox.record_key IS 'Key of the Kafka record, which chooses its partition.';
COMMENT ON COLUMN outbox.subject IS 'Id of the aggregate; null: the record key.';
COMMENT ON COLUMN outbox.copies IS
    'Further topics of the event, a list of [topic, record_key, data_schema, payload_length]: their messages are the first bytes of payload.';

CREATE TABLE inbox (
    topic text NOT NULL,
    event_id uuid NOT NULL,
    digest bigint NOT NULL,
    -- In whole hours, so that the index by time changes once an hour instead of at each insert.
    create_time timestamptz NOT NULL DEFAULT date_trunc('hour', clock_timestamp(), 'UTC'),
    PRIMARY KEY (topic, event_id)
);

CREATE INDEX inbox_by_time ON inbox USING brin (create_time);

COMMENT ON TABLE inbox IS 'Events that this service has handled, each inserted in the transaction that has its effect.';
COMMENT ON COLUMN inbox.digest IS 'First 8 bytes of the SHA-256 of the event''s message: the same id with another message is no second delivery.';

CREATE TABLE parked_records (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    record_key bytea NOT NULL,
    event_id uuid NOT NULL,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    payload bytea NOT NULL,
    record_time_ms bigint,
    tries integer NOT NULL,
    crashes integer NOT NULL DEFAULT 0,
    first_try_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_try_time timestamptz NOT NULL,
    reason text NOT NULL,
    UNIQUE (topic, event_id)
);

CREATE INDEX parked_records_by_key ON parked_records (topic, partition, record_key, record_offset);

COMMENT ON TABLE parked_records IS
    'Retry queue: records that could not be handled yet, and later ones of their keys behind them. Other keys are handled meanwhile.';
COMMENT ON COLUMN parked_records.tries IS 'Number of failed tries; 0 for a record that only waits behind another or is a crash suspect.';
COMMENT ON COLUMN parked_records.crashes IS 'Tries that began and did not end, because the process crashed.';
COMMENT ON COLUMN parked_records.next_try_time IS 'Time of the next try, if the record is the first of its key.';

CREATE TABLE partition_owners (
    topic text NOT NULL,
    partition integer NOT NULL,
    worker uuid NOT NULL,
    PRIMARY KEY (topic, partition)
);

COMMENT ON TABLE partition_owners IS
    'Partitions that are being consumed. A row that a new owner finds means that the process before it crashed, perhaps because of a record.';

CREATE TABLE idempotency_keys (
    user_id text NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    answer bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, request_id)
);

CREATE INDEX idempotency_keys_by_time ON idempotency_keys USING brin (create_time);

COMMENT ON TABLE idempotency_keys IS 'Answered calls, each inserted in the transaction that carried it out.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 of the method and the request: the same id with another request is refused.';
COMMENT ON COLUMN idempotency_keys.answer IS 'Encoded answer, returned when the same call is repeated.';
