CREATE TABLE operation_changes (
    user_id      text        NOT NULL,
    operation_id uuid        NOT NULL,
    ordinal      integer     NOT NULL,
    kind         text        NOT NULL,
    entity_id    uuid,
    version      bigint      NOT NULL,
    before       jsonb,
    create_time  timestamptz NOT NULL,

    PRIMARY KEY (user_id, operation_id, ordinal),
    CONSTRAINT operation_changes_kind_known CHECK (kind IN ('task', 'category', 'tag', 'saved_filter', 'settings')),
    CONSTRAINT operation_changes_entity_has_id CHECK ((kind = 'settings') = (entity_id IS NULL))
);

CREATE INDEX operation_changes_by_time ON operation_changes USING brin (create_time);

COMMENT ON TABLE operation_changes IS 'What each write changed, so that it can be undone for a while.';
COMMENT ON COLUMN operation_changes.ordinal IS 'The place of the change within its operation, from 0.';
COMMENT ON COLUMN operation_changes.version IS 'The version after the change: it can be undone as long as nothing newer exists.';
COMMENT ON COLUMN operation_changes.before IS 'The row before the change; null for one that was created.';
