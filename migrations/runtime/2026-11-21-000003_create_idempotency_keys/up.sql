CREATE TABLE idempotency_keys (
    user_id text NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    answer bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, request_id)
);

CREATE INDEX idempotency_keys_by_time ON idempotency_keys USING brin (create_time);

COMMENT ON TABLE idempotency_keys IS 'Calls that were answered, each written in the transaction that did what it asked for.';
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 of the method and the request: the same id with another request is refused.';
COMMENT ON COLUMN idempotency_keys.answer IS 'The encoded answer, returned when the same call comes again.';
