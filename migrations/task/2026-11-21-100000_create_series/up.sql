CREATE TABLE series (
    user_id           text        NOT NULL,
    series_id         uuid        NOT NULL,
    recurrence_rule   text        NOT NULL,
    recurrence_anchor text        NOT NULL,
    time_zone         text        NOT NULL,
    start_local       timestamp   NOT NULL,
    create_time       timestamptz NOT NULL,
    end_time          timestamptz,

    PRIMARY KEY (user_id, series_id),
    CONSTRAINT series_user_id_length CHECK (char_length(user_id) BETWEEN 1 AND 255),
    CONSTRAINT series_recurrence_rule_length CHECK (char_length(recurrence_rule) BETWEEN 1 AND 512),
    CONSTRAINT series_recurrence_anchor_known CHECK (recurrence_anchor IN ('schedule', 'completion')),
    CONSTRAINT series_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64)
);

COMMENT ON TABLE series IS 'The fixed points of recurring tasks; a row never changes but for its end.';
COMMENT ON COLUMN series.user_id IS 'The user whose series it is.';
COMMENT ON COLUMN series.series_id IS 'Identifies the series: a UUIDv7.';
COMMENT ON COLUMN series.recurrence_rule IS 'The RFC 5545 recurrence rule, as the user gave it.';
COMMENT ON COLUMN series.recurrence_anchor IS 'What the next occurrence is counted from: schedule or completion.';
COMMENT ON COLUMN series.time_zone IS 'The IANA time zone in which the rule is read.';
COMMENT ON COLUMN series.start_local IS 'The local time of the first occurrence, which anchors the rule (DTSTART).';
COMMENT ON COLUMN series.create_time IS 'When the series was created.';
COMMENT ON COLUMN series.end_time IS 'When its newest occurrence left it for another rule or none; no occurrence follows after that.';
