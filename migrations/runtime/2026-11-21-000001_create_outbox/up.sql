CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    topic text NOT NULL,
    record_key text NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    subject text NOT NULL,
    data_schema text NOT NULL,
    aggregate_version bigint NOT NULL,
    event_time timestamptz NOT NULL,
    trace_parent text,
    payload bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX outbox_by_transaction ON outbox (tx, id);

COMMENT ON TABLE outbox IS 'Events that were committed with a change and wait for the relay, or were sent a short while ago.';
COMMENT ON COLUMN outbox.id IS 'Drawn after the aggregate''s row is locked, so it orders the events of one aggregate by their commits.';
COMMENT ON COLUMN outbox.tx IS 'The transaction that wrote the row; tells which rows may still appear.';
COMMENT ON COLUMN outbox.record_key IS 'The key of the record, which chooses its partition.';

CREATE TABLE outbox_relay (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    owner uuid,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    low_tx xid8 NOT NULL DEFAULT '0'
);

INSERT INTO outbox_relay DEFAULT VALUES;

COMMENT ON TABLE outbox_relay IS 'Which process relays this outbox, and how far it is.';
COMMENT ON COLUMN outbox_relay.low_tx IS 'Every row of the outbox with a smaller tx has been acknowledged by the broker.';
