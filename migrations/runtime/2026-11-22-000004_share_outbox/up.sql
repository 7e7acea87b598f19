-- Relays share the outbox by lanes, and it is kept in partitions that are only inserted into. What the broker has not acknowledged yet
-- moves along, in its order.
CREATE TABLE outbox_before AS
    SELECT * FROM outbox WHERE tx >= (SELECT low_tx FROM outbox_relay);
DROP TABLE outbox_relay;
DROP TABLE outbox;

-- Everything here is only ever inserted or truncated, but for a few rows of leases: a session that holds an old snapshot for long
-- makes no dead rows pile up.

CREATE FUNCTION outbox_part() RETURNS smallint LANGUAGE sql VOLATILE
    AS $$ SELECT (date_part('epoch', clock_timestamp())::bigint / 600 % 3)::smallint $$;

COMMENT ON FUNCTION outbox_part IS 'The partition that rows go into now: each of the three takes its turn of ten minutes.';

CREATE SEQUENCE outbox_ids;

CREATE TABLE outbox (
    id bigint NOT NULL DEFAULT nextval('outbox_ids'),
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    part smallint NOT NULL DEFAULT outbox_part(),
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 15),
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
) PARTITION BY LIST (part);

ALTER SEQUENCE outbox_ids OWNED BY outbox.id;
CREATE TABLE outbox_0 PARTITION OF outbox FOR VALUES IN (0);
CREATE TABLE outbox_1 PARTITION OF outbox FOR VALUES IN (1);
CREATE TABLE outbox_2 PARTITION OF outbox FOR VALUES IN (2);
-- What has appeared since a snapshot, and a long backlog in its order.
CREATE INDEX outbox_by_transaction ON outbox (tx);
CREATE INDEX outbox_by_id ON outbox (id);

COMMENT ON TABLE outbox IS 'Events that were committed with a change and wait for the relay, or were sent a short while ago.';
COMMENT ON COLUMN outbox.id IS 'Drawn after the aggregate''s row is locked, so it orders the events of one aggregate by their commits.';
COMMENT ON COLUMN outbox.tx IS 'The transaction that wrote the row; tells which rows have appeared since a snapshot.';
COMMENT ON COLUMN outbox.part IS 'The partition, which is truncated as a whole once all of it was sent.';
COMMENT ON COLUMN outbox.lane IS 'Follows from topic and key; one relay at a time sends the events of a lane.';
COMMENT ON COLUMN outbox.record_key IS 'The key of the record, which chooses its partition.';

CREATE TABLE outbox_relays (
    relay uuid PRIMARY KEY,
    lease_until timestamptz NOT NULL
);

COMMENT ON TABLE outbox_relays IS 'The relays that are alive. Who takes over the lanes of one that is late deletes its row first.';

CREATE SEQUENCE outbox_epochs;

CREATE TABLE outbox_lanes (
    lane smallint PRIMARY KEY,
    owner uuid,
    epoch bigint NOT NULL DEFAULT 0
);

ALTER SEQUENCE outbox_epochs OWNED BY outbox_lanes.epoch;
INSERT INTO outbox_lanes (lane) SELECT generate_series(0, 15);

COMMENT ON TABLE outbox_lanes IS 'Which relay sends the events of which lane.';
COMMENT ON COLUMN outbox_lanes.epoch IS 'New with each owner: what an earlier owner says of the lane counts no more.';

CREATE TABLE outbox_positions (
    part smallint NOT NULL DEFAULT outbox_part(),
    lane smallint NOT NULL,
    epoch bigint NOT NULL,
    step bigint NOT NULL,
    seen pg_snapshot NOT NULL,
    upto pg_snapshot,
    after bigint
) PARTITION BY LIST (part);

CREATE TABLE outbox_positions_0 PARTITION OF outbox_positions FOR VALUES IN (0);
CREATE TABLE outbox_positions_1 PARTITION OF outbox_positions FOR VALUES IN (1);
CREATE TABLE outbox_positions_2 PARTITION OF outbox_positions FOR VALUES IN (2);
CREATE INDEX outbox_positions_by_lane ON outbox_positions (lane, epoch, step);

COMMENT ON TABLE outbox_positions IS 'How far each lane is: the row with the largest epoch and step counts.';
COMMENT ON COLUMN outbox_positions.step IS 'Counts the rows of one lane and epoch.';
COMMENT ON COLUMN outbox_positions.seen IS 'The broker has acknowledged every event of the lane that this snapshot sees.';
COMMENT ON COLUMN outbox_positions.upto IS 'Of those that this snapshot sees in addition, it has acknowledged the ones up to the id in "after".';

CREATE VIEW outbox_places AS
    SELECT lanes.lane, coalesce(place.seen, '1:1:') AS seen, place.upto, place.after
    FROM outbox_lanes lanes
    LEFT JOIN LATERAL (
        SELECT p.seen, p.upto, p.after FROM outbox_positions p
        WHERE p.lane = lanes.lane ORDER BY p.epoch DESC, p.step DESC LIMIT 1
    ) place ON true;

COMMENT ON VIEW outbox_places IS 'How far each lane is.';

CREATE VIEW outbox_unsent AS
    SELECT o.* FROM outbox_places place
    JOIN outbox o ON o.lane = place.lane AND o.tx >= pg_snapshot_xmin(place.seen)
    WHERE NOT pg_visible_in_snapshot(o.tx, place.seen)
      AND NOT (o.id <= coalesce(place.after, 0) AND pg_visible_in_snapshot(o.tx, coalesce(place.upto, place.seen)));

COMMENT ON VIEW outbox_unsent IS 'The events that the broker has not acknowledged, as far as is written down.';

-- A function, so that no relay can be paused between two of its statements while it holds the lock.
CREATE FUNCTION outbox_share(me uuid, lease interval, may_give boolean, OUT lanes smallint[], OUT epochs bigint[], OUT share integer)
LANGUAGE plpgsql AS $$
DECLARE
    relays integer;
    rank integer;
    owned integer;
    is_new boolean;
    has_given boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('taskmesh outbox of ' || current_schema(), 0));
    DELETE FROM outbox_relays WHERE relay <> me AND lease_until < clock_timestamp();
    UPDATE outbox_relays SET lease_until = clock_timestamp() + lease WHERE relay = me;
    is_new := NOT FOUND;
    IF is_new THEN
        INSERT INTO outbox_relays VALUES (me, clock_timestamp() + lease);
    END IF;
    SELECT count(*), count(*) FILTER (WHERE relay < me) INTO relays, rank FROM outbox_relays;
    SELECT count(*) / relays + (rank < count(*) % relays)::integer, count(*) FILTER (WHERE owner = me)
        INTO share, owned FROM outbox_lanes;
    IF owned < share THEN
        UPDATE outbox_lanes SET owner = me, epoch = nextval('outbox_epochs') WHERE lane IN (
            SELECT l.lane FROM outbox_lanes l WHERE NOT EXISTS (SELECT FROM outbox_relays r WHERE r.relay = l.owner)
            ORDER BY l.lane LIMIT share - owned);
    ELSIF owned > share AND may_give THEN
        UPDATE outbox_lanes SET owner = NULL WHERE lane IN (
            SELECT l.lane FROM outbox_lanes l WHERE l.owner = me ORDER BY l.lane DESC LIMIT owned - share);
        has_given := true;
    END IF;
    IF has_given OR is_new THEN
        PERFORM pg_notify('taskmesh_outbox_' || current_schema(), 'share');
    END IF;
    SELECT array_agg(l.lane ORDER BY l.lane), array_agg(l.epoch ORDER BY l.lane)
        INTO lanes, epochs FROM outbox_lanes l WHERE l.owner = me;
    lanes := coalesce(lanes, '{}');
    epochs := coalesce(epochs, '{}');
END $$;

COMMENT ON FUNCTION outbox_share IS
    'Renews the lease of a relay, takes lanes that nobody has up to its fair share, gives back what is more; returns its lanes.';

CREATE FUNCTION outbox_leave(me uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('taskmesh outbox of ' || current_schema(), 0));
    DELETE FROM outbox_relays WHERE relay = me;
    UPDATE outbox_lanes SET owner = NULL WHERE owner = me;
    PERFORM pg_notify('taskmesh_outbox_' || current_schema(), 'share');
END $$;

COMMENT ON FUNCTION outbox_leave IS 'Gives all lanes of a relay back, so that others need not wait for the end of its lease.';

CREATE FUNCTION outbox_empty_oldest() RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '50ms' AS $$
DECLARE
    oldest integer := (outbox_part() + 1) % 3;
    events text := 'outbox_' || oldest;
    positions text := 'outbox_positions_' || oldest;
    is_used boolean;
    newest xid8;
    horizon xid8;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I) OR EXISTS (SELECT FROM %I)', events, positions) INTO is_used;
    IF NOT is_used THEN
        RETURN false;
    END IF;
    -- From here on no transaction is open that has written into them.
    EXECUTE format('LOCK TABLE %I, %I IN ACCESS EXCLUSIVE MODE', events, positions);
    EXECUTE format('SELECT tx FROM %I ORDER BY tx DESC LIMIT 1', events) INTO newest;
    SELECT pg_snapshot_xmin(seen) INTO horizon FROM outbox_places ORDER BY 1 LIMIT 1;
    IF newest >= horizon OR outbox_part() = oldest THEN
        RETURN false;
    END IF;
    -- A lane that has not moved since would start all over. They go to the partition before, even if the turn has changed meanwhile.
    EXECUTE format(
        'INSERT INTO outbox_positions (part, lane, epoch, step, seen, upto, after) '
        'SELECT %s, p.lane, p.epoch, p.step, p.seen, p.upto, p.after FROM outbox_lanes l CROSS JOIN LATERAL ( '
        '    SELECT q.*, q.tableoid AS source FROM outbox_positions q WHERE q.lane = l.lane '
        '    ORDER BY q.epoch DESC, q.step DESC LIMIT 1) p '
        'WHERE p.source = %L::regclass', (oldest + 2) % 3, positions);
    EXECUTE format('TRUNCATE %I, %I', events, positions);
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    -- Somebody reads them for long; they are emptied another time.
    RETURN false;
END $$;

COMMENT ON FUNCTION outbox_empty_oldest IS
    'Truncates the partition whose turn comes next, if everything in it was acknowledged; returns whether it did.';

-- The lane of a key's events, as the services compute it: FNV-1a with 64 bits, mixed as in MurmurHash3.
CREATE FUNCTION outbox_lane_of(topic text, record_key text) RETURNS smallint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    bytes bytea := convert_to(topic, 'UTF8') || '\x00'::bytea || convert_to(record_key, 'UTF8');
    two_to_32 CONSTANT numeric := 4294967296;
    two_to_64 CONSTANT numeric := 18446744073709551616;
    hash numeric := 14695981039346656037;
    factor numeric;
BEGIN
    FOR place IN 0 .. length(bytes) - 1 LOOP
        hash := hash - hash % 256 + ((hash % 256)::integer # get_byte(bytes, place));
        hash := hash * 1099511628211 % two_to_64;
    END LOOP;
    FOREACH factor IN ARRAY ARRAY[18397679294719823053, 14181476777654086739, 1]::numeric[] LOOP
        hash := div(hash, two_to_32) * two_to_32 + ((hash % two_to_32)::bigint # div(hash, 2 * two_to_32)::bigint);
        hash := hash * factor % two_to_64;
    END LOOP;
    RETURN (hash % 16)::smallint;
END $$;

INSERT INTO outbox (lane, topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, trace_parent,
                    payload, create_time)
SELECT outbox_lane_of(topic, record_key), topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time,
       trace_parent, payload, create_time
FROM outbox_before ORDER BY id;

DROP FUNCTION outbox_lane_of;
DROP TABLE outbox_before;
