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

-- The history of a task.
CREATE INDEX records_by_task ON records (user_id, task_id, sequence DESC);
-- What an auditor reads: everybody's records in the order in which they were made.
CREATE INDEX records_by_time ON records (record_time, user_id, sequence);

COMMENT ON TABLE records IS 'Who did what; the rows of a user are a chain of hashes. Rows are inserted and never changed; old months are dropped whole.';
COMMENT ON COLUMN records.sequence IS 'The place in the chain of the user, from 1 on without gaps.';
COMMENT ON COLUMN records.record_time IS 'When the row was made, never before the one before it in the chain; decides on the partition.';
COMMENT ON COLUMN records.changes IS 'A JSON list of objects with field, before and after, each a text; before and after are JSON themselves, or empty.';
COMMENT ON COLUMN records.hash IS 'SHA-256 over the hash of the row before and all other columns.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only ever grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
COMMENT ON FUNCTION refuse_change() IS 'Refuses to change or delete rows, for whoever still has the privilege.';

-- Rows of partitions, too: they inherit triggers for each row.
CREATE TRIGGER records_stay BEFORE UPDATE OR DELETE ON records FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER records_are_not_emptied BEFORE TRUNCATE ON records FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- The owner's own privileges, because the service owns its tables.
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
    -- Neither privileges nor triggers for statements are inherited.
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM CURRENT_USER', partition);
    EXECUTE format('CREATE TRIGGER records_are_not_emptied BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
        partition);
END
$$;
COMMENT ON FUNCTION add_month(date) IS 'Makes room for the records of the month that begins on this day, if there is none.';
