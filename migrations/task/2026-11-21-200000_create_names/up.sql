-- Names are unique for each user among what is not deleted; name_key is the name as it is compared: NFKC, lower case.
CREATE TABLE categories (
    user_id      text        NOT NULL,
    id           uuid        NOT NULL,
    display_name text        NOT NULL,
    name_key     text        NOT NULL,
    color        text,
    version      bigint      NOT NULL,
    operation_id uuid        NOT NULL,
    create_time  timestamptz NOT NULL,
    update_time  timestamptz NOT NULL,
    delete_time  timestamptz,

    PRIMARY KEY (user_id, id),
    CONSTRAINT categories_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 100),
    CONSTRAINT categories_color_form CHECK (color ~ '^#[0-9a-f]{6}$')
);

CREATE UNIQUE INDEX categories_one_per_name ON categories (user_id, name_key) WHERE delete_time IS NULL;

CREATE TABLE tags (
    user_id      text        NOT NULL,
    id           uuid        NOT NULL,
    display_name text        NOT NULL,
    name_key     text        NOT NULL,
    color        text,
    version      bigint      NOT NULL,
    operation_id uuid        NOT NULL,
    create_time  timestamptz NOT NULL,
    update_time  timestamptz NOT NULL,
    delete_time  timestamptz,

    PRIMARY KEY (user_id, id),
    CONSTRAINT tags_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 100),
    CONSTRAINT tags_color_form CHECK (color ~ '^#[0-9a-f]{6}$')
);

CREATE UNIQUE INDEX tags_one_per_name ON tags (user_id, name_key) WHERE delete_time IS NULL;

CREATE TABLE saved_filters (
    user_id      text        NOT NULL,
    id           uuid        NOT NULL,
    display_name text        NOT NULL,
    name_key     text        NOT NULL,
    filter       text        NOT NULL,
    version      bigint      NOT NULL,
    operation_id uuid        NOT NULL,
    create_time  timestamptz NOT NULL,
    update_time  timestamptz NOT NULL,
    delete_time  timestamptz,

    PRIMARY KEY (user_id, id),
    CONSTRAINT saved_filters_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 100),
    CONSTRAINT saved_filters_filter_length CHECK (char_length(filter) BETWEEN 1 AND 10000)
);

CREATE UNIQUE INDEX saved_filters_one_per_name ON saved_filters (user_id, name_key) WHERE delete_time IS NULL;

CREATE TABLE settings (
    user_id         text        PRIMARY KEY,
    time_zone       text        NOT NULL,
    search_language text        NOT NULL,
    version         bigint      NOT NULL,
    operation_id    uuid        NOT NULL,
    update_time     timestamptz NOT NULL,

    CONSTRAINT settings_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64)
);

COMMENT ON TABLE categories IS 'Groups of tasks; a deleted one stays as a row, so that undoing the deletion brings it back to its tasks.';
COMMENT ON TABLE tags IS 'Words that tasks carry; a deleted one stays as a row, so that undoing the deletion brings it back to its tasks.';
COMMENT ON TABLE saved_filters IS 'Filters that have a name.';
COMMENT ON TABLE settings IS 'What users changed of their settings; one who changed nothing has no row.';
COMMENT ON COLUMN categories.name_key IS 'The name as it is compared: NFKC, lower case.';
COMMENT ON COLUMN tags.name_key IS 'The name as it is compared: NFKC, lower case.';
COMMENT ON COLUMN saved_filters.name_key IS 'The name as it is compared: NFKC, lower case.';
