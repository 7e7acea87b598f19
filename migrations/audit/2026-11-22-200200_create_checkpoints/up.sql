CREATE TABLE checkpoints (
    number bigint PRIMARY KEY CHECK (number > 0),
    event_id uuid NOT NULL,
    event_time timestamptz NOT NULL,
    previous_hash bytea NOT NULL,
    root_hash bytea NOT NULL,
    leaf_count bigint NOT NULL,
    record_count bigint NOT NULL,
    kept_from timestamptz,
    key_id text NOT NULL,
    signature bytea NOT NULL
);

COMMENT ON TABLE checkpoints IS 'Signed seals on all records up to a moment; the same are on the topic audit-checkpoints and in the checkpoint file.';
COMMENT ON COLUMN checkpoints.kept_from IS 'Records before this moment are no longer kept by policy; null: all are.';

CREATE TABLE checkpoint_leaves (
    user_id text NOT NULL,
    sequence bigint NOT NULL,
    month date NOT NULL,
    hash bytea NOT NULL,
    -- No foreign key: its check wants the privilege to update checkpoints.
    number bigint NOT NULL,
    PRIMARY KEY (user_id, sequence)
);

CREATE INDEX checkpoint_leaves_by_number ON checkpoint_leaves (number, user_id, month);

COMMENT ON TABLE checkpoint_leaves IS 'What each checkpoint says of the chains that grew since the one before: one row for each month of new records.';
COMMENT ON COLUMN checkpoint_leaves.sequence IS 'The place of the last record that it seals.';
COMMENT ON COLUMN checkpoint_leaves.month IS 'The month in which that record was made, as its first day.';

CREATE TRIGGER checkpoints_stay BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoints_are_not_emptied BEFORE TRUNCATE ON checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves_stay BEFORE UPDATE OR DELETE ON checkpoint_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves_are_not_emptied BEFORE TRUNCATE ON checkpoint_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON checkpoints, checkpoint_leaves FROM CURRENT_USER;
