-- Rows that one CreateTask inserts, for pgbench: the task, its undo log, its search index, and its event. The outbox is a copy, so that
-- no event is published.
\set n :n + 1
\set id :first_id + :n * 256 + :client_id
BEGIN;
INSERT INTO task.tasks (user_id, id, title, description, priority, state, due_time, time_zone, reminders, muted, version, operation_id, create_time, update_time)
VALUES (:user, (lpad(to_hex(:id::bigint), 16, '0') || '8100000000000000')::uuid, 'call the bank about invoices', 'ask for the one that has not arrived yet and where to send it',
    'medium', 'open', now() + interval '3 days', 'UTC', '[]', false, 1, (lpad(to_hex(:id::bigint), 16, '0') || '8200000000000000')::uuid, now(), now());
INSERT INTO task.operation_changes (user_id, operation_id, ordinal, kind, entity_id, version, create_time)
VALUES (:user, (lpad(to_hex(:id::bigint), 16, '0') || '8200000000000000')::uuid, 0, 'task', (lpad(to_hex(:id::bigint), 16, '0') || '8100000000000000')::uuid, 1, now());
WITH words AS MATERIALIZED (
    SELECT word, place FROM regexp_split_to_table('call the bank about invoices ask for the one that has not arrived yet and where to send it', ' ')
        WITH ORDINALITY words (word, place)
), stored AS (
    INSERT INTO task.search_documents (user_id, task_id, words)
    SELECT :user, (lpad(to_hex(:id::bigint), 16, '0') || '8100000000000000')::uuid,
        string_agg(format('''%s%s'':%s', left(encode(sha256(convert_to(:user, 'UTF8')), 'base64'), 4), word, place), ' ')::tsvector
    FROM words
)
INSERT INTO task.search_words (user_id, word)
SELECT DISTINCT :user, word FROM words WHERE octet_length(word) >= 3 ORDER BY 2 ON CONFLICT DO NOTHING;
INSERT INTO bench.outbox (topic, record_key, event_id, event_type, subject, data_schema, aggregate_version, event_time, trace_parent, payload, copies)
VALUES ('task-events', :user, gen_random_uuid(), 'taskmesh.task.v1.TaskCreated', 'task', 'taskmesh.task.v1.TaskEvent', 1, now(),
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', decode(repeat('5a', 500), 'hex'),
    '[["task-updates", "user", "taskmesh.realtime.v1.TaskChange", 400]]');
COMMIT;
