CREATE TABLE chain_heads (
    user_id text PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
    record_time timestamptz,
    sealed_sequence bigint NOT NULL DEFAULT 0 CHECK (sealed_sequence <= sequence)
) WITH (fillfactor = 70);

-- What the next checkpoint seals.
CREATE INDEX chain_heads_to_seal ON chain_heads (user_id) WHERE sequence > sealed_sequence;

COMMENT ON TABLE chain_heads IS 'The end of the chain of each user; locked, in the order of the users, by whoever makes a chain longer.';
COMMENT ON COLUMN chain_heads.sequence IS 'The place of the last record; 0 before the first.';
COMMENT ON COLUMN chain_heads.hash IS 'The hash of the last record; zeros before the first.';
COMMENT ON COLUMN chain_heads.record_time IS 'When the last record was made; null before the first.';
COMMENT ON COLUMN chain_heads.sealed_sequence IS 'The place of the last record that a checkpoint has sealed.';
