ALTER TABLE inbox ADD COLUMN digest bigint;

COMMENT ON COLUMN inbox.digest IS 'Begin of the SHA-256 of the event''s value: the same id with another value is no second delivery.';

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
    first_try_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_try_time timestamptz NOT NULL,
    reason text NOT NULL,
    UNIQUE (topic, event_id)
);

CREATE INDEX parked_records_by_key ON parked_records (topic, partition, record_key, record_offset);

COMMENT ON TABLE parked_records IS
    'Records that could not be handled yet, and later ones of their keys, which wait behind them. Other keys go on meanwhile.';
COMMENT ON COLUMN parked_records.tries IS 'How often the record was tried; nought if it only waits behind another.';
COMMENT ON COLUMN parked_records.next_try_time IS 'When the record is tried again, if it is the first of its key.';

CREATE TABLE record_attempts (
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    attempts integer NOT NULL,
    PRIMARY KEY (topic, partition, record_offset)
);

COMMENT ON TABLE record_attempts IS
    'Records in hand after a start: a row that stays was in hand when a process died. Three deaths make it a dead letter.';
