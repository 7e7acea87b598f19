CREATE TABLE deliveries (
    user_id text NOT NULL,
    reminder_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('in_app', 'email')),
    state text NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown')),
    attempt_count integer NOT NULL,
    wake_time timestamptz,
    claim_id uuid,
    message_id text NOT NULL,
    failure_reason text NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    update_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, reminder_id, channel),
    FOREIGN KEY (user_id, reminder_id) REFERENCES reminders (user_id, id),
    CHECK ((wake_time IS NULL) = (state IN ('sent', 'failed', 'unknown'))),
    CHECK (state <> 'sending' OR claim_id IS NOT NULL)
);

-- The dispatcher's view: what needs attention next.
CREATE INDEX deliveries_by_wake_time ON deliveries (wake_time) WHERE wake_time IS NOT NULL;

COMMENT ON TABLE deliveries IS 'The ledger: one row per reminder and channel is one effect on the outside world.';
COMMENT ON COLUMN deliveries.wake_time IS 'When somebody must look at the row: a pending one is tried then, a sending one is given up as unknown; null once settled.';
COMMENT ON COLUMN deliveries.message_id IS 'Goes with every try, so that the other side can tell a repetition; empty where there is no other side.';
COMMENT ON COLUMN deliveries.claim_id IS 'The try under way; whoever comes back with another one has lost the row meanwhile.';
