CREATE TABLE preferences (
    user_id text PRIMARY KEY,
    email_address text,
    email_enabled boolean NOT NULL DEFAULT true,
    default_reminder_minutes integer NOT NULL DEFAULT 60 CHECK (default_reminder_minutes BETWEEN 0 AND 40320),
    default_reminder_enabled boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT 0,
    update_time timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE preferences IS 'How each user wants to be reminded; a row appears with the user''s first task, so that it can be locked.';
COMMENT ON COLUMN preferences.email_address IS 'Where e-mails go; null: the address that the operator''s default domain gives, if there is one.';
COMMENT ON COLUMN preferences.version IS '0 until the user changes something, then one more with every change.';
