-- Append-only: triggers refuse changes of records and checkpoints, and the owner of the tables loses the privileges for them, because
-- the service connects as the owner.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION refuse_change() IS 'Refuses to change or delete rows, also for roles that have the privilege.';

-- Records --------------------------------------------------------------------------------------------------------------

CREATE TABLE records (
    user_id text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    record_time timestamptz NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    event_type text NOT NULL,
    event_time timestamptz NOT NULL,
    task_id uuid,
    reminder_id uuid,
    version bigint NOT NULL,
    actor_user_id text NOT NULL,
    actor_service text NOT NULL,
    actor_token_id text NOT NULL,
    actor_client_id text NOT NULL,
    actor_ip_address text NOT NULL,
    actor_user_agent text NOT NULL,
    changes text NOT NULL,
    operation_id text NOT NULL,
    trace_id text NOT NULL,
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (user_id, sequence, record_time)
) PARTITION BY RANGE (record_time);

-- For the history of a task.
CREATE INDEX records_by_task ON records (user_id, task_id, sequence DESC);
-- For auditors, who read the records of all users in the order of their creation.
CREATE INDEX records_by_time ON records (record_time, user_id, sequence);

COMMENT ON TABLE records IS 'Audit log; the records of a user form a hash chain. Retention drops whole months.';
COMMENT ON COLUMN records.sequence IS 'Position in the chain of the user, from 1 without gaps.';
COMMENT ON COLUMN records.record_time IS 'Creation time, never before that of the previous record of the chain; the partition key.';
COMMENT ON COLUMN records.changes IS 'JSON list of [field, before, after], each a text; before and after are JSON themselves, or empty.';
COMMENT ON COLUMN records.hash IS 'SHA-256 over the hash of the previous record and all other columns.';

-- Partitions inherit triggers for rows, but neither triggers for statements nor privileges.
CREATE TRIGGER records_stay BEFORE UPDATE OR DELETE ON records FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER records_are_not_emptied BEFORE TRUNCATE ON records FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON records FROM CURRENT_USER;

CREATE FUNCTION add_month(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition text := 'records_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF records FOR VALUES FROM (%L) TO (%L)',
        partition, month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM CURRENT_USER', partition);
    EXECUTE format('CREATE TRIGGER records_are_not_emptied BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
        partition);
END
$$;
COMMENT ON FUNCTION add_month(date) IS 'Creates the partition of the month that begins on this day, if it is absent.';

-- Hash chains and checkpoints --------------------------------------------------------------------------------------------

CREATE TABLE chain_heads (
    user_id text PRIMARY KEY,
    sequence bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32),
    record_time timestamptz,
    sealed_sequence bigint NOT NULL DEFAULT 0 CHECK (sealed_sequence <= sequence)
) WITH (fillfactor = 70);

-- For the next checkpoint: the chains that grew since the last one.
CREATE INDEX chain_heads_to_seal ON chain_heads (user_id) WHERE sequence > sealed_sequence;

COMMENT ON TABLE chain_heads IS 'Last record of the chain of each user; appending to chains locks their rows in the order of user_id.';
COMMENT ON COLUMN chain_heads.sequence IS 'Position of the last record; 0 before the first.';
COMMENT ON COLUMN chain_heads.hash IS 'Hash of the last record; zeros before the first.';
COMMENT ON COLUMN chain_heads.record_time IS 'Creation time of the last record; null before the first.';
COMMENT ON COLUMN chain_heads.sealed_sequence IS 'Position of the last record that a checkpoint covers.';

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

COMMENT ON TABLE checkpoints IS
    'Signed checkpoints over all records up to a time; the topic audit-checkpoints and the checkpoint file contain the same.';
COMMENT ON COLUMN checkpoints.kept_from IS 'Start of the retention period: older records are dropped; null: all records are kept.';

CREATE TABLE checkpoint_leaves (
    user_id text NOT NULL,
    sequence bigint NOT NULL,
    month date NOT NULL,
    hash bytea NOT NULL,
    -- No foreign key: its check needs the privilege to update checkpoints.
    number bigint NOT NULL,
    PRIMARY KEY (user_id, sequence)
);

CREATE INDEX checkpoint_leaves_by_number ON checkpoint_leaves (number, user_id, month);

COMMENT ON TABLE checkpoint_leaves IS
    'Leaves of each checkpoint: one row for each chain that grew since the previous checkpoint and each month of its new records.';
COMMENT ON COLUMN checkpoint_leaves.sequence IS 'Position of the last record that the leaf covers.';
COMMENT ON COLUMN checkpoint_leaves.month IS 'First day of the month in which that record was created.';

CREATE TRIGGER checkpoints_stay BEFORE UPDATE OR DELETE ON checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoints_are_not_emptied BEFORE TRUNCATE ON checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves_stay BEFORE UPDATE OR DELETE ON checkpoint_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leaves_are_not_emptied BEFORE TRUNCATE ON checkpoint_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON checkpoints, checkpoint_leaves FROM CURRENT_USER;
