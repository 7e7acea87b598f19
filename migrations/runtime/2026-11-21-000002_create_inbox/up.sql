CREATE TABLE inbox (
    topic text NOT NULL,
    event_id uuid NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (topic, event_id)
);

CREATE INDEX inbox_by_time ON inbox USING brin (create_time);

COMMENT ON TABLE inbox IS 'Events that this service has handled: an event has its effect in the transaction that puts it here.';
