-- Every primary key and every index of a list begins with user_id: a request reads rows of one user only.

-- Names and settings ---------------------------------------------------------------------------------------------------

-- Names are unique per user among rows that are not deleted. A deleted row stays, so that undoing the deletion restores the
-- references of its tasks.
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

COMMENT ON TABLE categories IS 'Groups of tasks.';
COMMENT ON COLUMN categories.name_key IS 'Name in the form in which names are compared: NFKC, lower case.';
COMMENT ON COLUMN categories.operation_id IS 'Operation that changed the row last.';

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

COMMENT ON TABLE tags IS 'Labels of tasks.';
COMMENT ON COLUMN tags.name_key IS 'Name in the form in which names are compared: NFKC, lower case.';
COMMENT ON COLUMN tags.operation_id IS 'Operation that changed the row last.';

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

COMMENT ON TABLE saved_filters IS 'Filters with a name.';
COMMENT ON COLUMN saved_filters.name_key IS 'Name in the form in which names are compared: NFKC, lower case.';
COMMENT ON COLUMN saved_filters.operation_id IS 'Operation that changed the row last.';

CREATE TABLE settings (
    user_id         text        PRIMARY KEY,
    time_zone       text        NOT NULL,
    search_language text        NOT NULL,
    version         bigint      NOT NULL,
    operation_id    uuid        NOT NULL,
    update_time     timestamptz NOT NULL,

    CONSTRAINT settings_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64)
);

COMMENT ON TABLE settings IS 'Settings of the users who changed them; a user without a row has the defaults.';
COMMENT ON COLUMN settings.operation_id IS 'Operation that changed the row last.';

-- Tasks ----------------------------------------------------------------------------------------------------------------

CREATE TABLE series (
    user_id           text        NOT NULL,
    series_id         uuid        NOT NULL,
    recurrence_rule   text        NOT NULL,
    recurrence_anchor text        NOT NULL,
    time_zone         text        NOT NULL,
    start_local       timestamp   NOT NULL,
    due_after_days    integer,
    due_after_seconds integer,
    create_time       timestamptz NOT NULL,
    end_time          timestamptz,

    PRIMARY KEY (user_id, series_id),
    CONSTRAINT series_user_id_length CHECK (char_length(user_id) BETWEEN 1 AND 255),
    CONSTRAINT series_recurrence_rule_length CHECK (char_length(recurrence_rule) BETWEEN 1 AND 512),
    CONSTRAINT series_recurrence_anchor_known CHECK (recurrence_anchor IN ('schedule', 'completion')),
    CONSTRAINT series_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64)
);

COMMENT ON TABLE series IS 'Recurrence of tasks; only end_time of a row ever changes.';
COMMENT ON COLUMN series.series_id IS 'UUIDv7 of the series.';
COMMENT ON COLUMN series.recurrence_rule IS 'RFC 5545 recurrence rule as the user wrote it.';
COMMENT ON COLUMN series.recurrence_anchor IS 'Start of the interval to the next occurrence: schedule or completion.';
COMMENT ON COLUMN series.time_zone IS 'IANA time zone in which the rule is evaluated.';
COMMENT ON COLUMN series.start_local IS 'Local time of the first occurrence (DTSTART).';
COMMENT ON COLUMN series.due_after_days IS 'Calendar days from the start of an occurrence to its due time; null if the rule counts from the due time.';
COMMENT ON COLUMN series.due_after_seconds IS 'Seconds after those days; null if the tasks are due on a date.';
COMMENT ON COLUMN series.end_time IS 'Time at which the newest occurrence got another rule or none; no occurrence follows.';

CREATE TABLE tasks (
    user_id          text        NOT NULL,
    id               uuid        NOT NULL,
    title            text        NOT NULL,
    description      text        NOT NULL,
    priority         text        NOT NULL,
    state            text        NOT NULL,
    due_time         timestamptz,
    due_date         date,
    start_time       timestamptz,
    time_zone        text,
    series_id        uuid,
    recurrence_id    timestamp,
    previous_task_id uuid,
    reminders        jsonb       NOT NULL,
    muted            boolean     NOT NULL,
    category_id      uuid,
    tag_ids          uuid[]      NOT NULL DEFAULT '{}',
    parent_task_id   uuid,
    depends_on       uuid[]      NOT NULL DEFAULT '{}',
    version          bigint      NOT NULL,
    operation_id     uuid,
    import_id        text,
    create_time      timestamptz NOT NULL,
    update_time      timestamptz NOT NULL,
    complete_time    timestamptz,
    delete_time      timestamptz,
    remind_time      timestamptz,
    priority_rank    smallint    NOT NULL GENERATED ALWAYS AS (
        CASE priority WHEN 'low' THEN 1 WHEN 'medium' THEN 2 WHEN 'high' THEN 3 ELSE 4 END
    ) STORED,
    list_class       smallint    NOT NULL GENERATED ALWAYS AS (
        CASE WHEN complete_time IS NULL THEN 0 ELSE 1 END + CASE WHEN delete_time IS NULL THEN 0 ELSE 2 END
    ) STORED,

    PRIMARY KEY (user_id, id),
    FOREIGN KEY (user_id, series_id) REFERENCES series (user_id, series_id),

    CONSTRAINT tasks_user_id_length CHECK (char_length(user_id) BETWEEN 1 AND 255),
    CONSTRAINT tasks_title_length CHECK (char_length(title) BETWEEN 1 AND 500),
    CONSTRAINT tasks_title_not_blank CHECK (btrim(title) <> ''),
    CONSTRAINT tasks_title_no_control_characters CHECK (title !~ '[\u0001-\u001F\u007F-\u009F]'),
    CONSTRAINT tasks_description_length CHECK (char_length(description) <= 20000),
    CONSTRAINT tasks_description_no_control_characters
        CHECK (description !~ '[\u0001-\u0008\u000B-\u001F\u007F-\u009F]'),
    CONSTRAINT tasks_priority_known CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    CONSTRAINT tasks_state_known CHECK (state IN ('open', 'completed')),
    CONSTRAINT tasks_complete_time_if_completed CHECK ((state = 'completed') = (complete_time IS NOT NULL)),
    CONSTRAINT tasks_due_date_has_due_time_and_zone
        CHECK (due_date IS NULL OR (due_time IS NOT NULL AND time_zone IS NOT NULL)),
    CONSTRAINT tasks_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64),
    CONSTRAINT tasks_recurrence_id_if_series CHECK ((series_id IS NULL) = (recurrence_id IS NULL)),
    CONSTRAINT tasks_previous_task_needs_series CHECK (previous_task_id IS NULL OR series_id IS NOT NULL),
    CONSTRAINT tasks_series_needs_due_time_and_zone
        CHECK (series_id IS NULL OR (due_time IS NOT NULL AND time_zone IS NOT NULL)),
    CONSTRAINT tasks_reminders_at_most_ten
        CHECK (jsonb_typeof(reminders) = 'array' AND jsonb_array_length(reminders) <= 10),
    CONSTRAINT tasks_tags_at_most_fifty CHECK (cardinality(tag_ids) <= 50),
    CONSTRAINT tasks_not_part_of_itself CHECK (parent_task_id <> id),
    CONSTRAINT tasks_depends_on_at_most_fifty CHECK (cardinality(depends_on) <= 50),
    CONSTRAINT tasks_version_from_one CHECK (version >= 1),
    CONSTRAINT tasks_import_id_length CHECK (char_length(import_id) BETWEEN 1 AND 500)
);

COMMENT ON TABLE tasks IS 'Tasks; the recurrence rule of a recurring task is in its series.';
COMMENT ON COLUMN tasks.id IS 'UUIDv7, so that newer tasks have greater ids.';
COMMENT ON COLUMN tasks.due_time IS 'Due time; for a due date, the start of that day in time_zone.';
COMMENT ON COLUMN tasks.due_date IS 'Due date of a task that has no time of day.';
COMMENT ON COLUMN tasks.start_time IS 'Time before which lists omit the task.';
COMMENT ON COLUMN tasks.time_zone IS 'IANA time zone of the due time.';
COMMENT ON COLUMN tasks.recurrence_id IS 'Scheduled local time that identifies the occurrence within its series.';
COMMENT ON COLUMN tasks.previous_task_id IS 'Completed occurrence before this one; null for the first.';
COMMENT ON COLUMN tasks.reminders IS 'List of {"minutes_before_due": 30} and {"at_time": "2026-12-01T08:00:00Z"}.';
COMMENT ON COLUMN tasks.muted IS 'Suppresses all reminders, including the default one.';
COMMENT ON COLUMN tasks.category_id IS 'Category, which may be deleted: then the task has none.';
COMMENT ON COLUMN tasks.tag_ids IS 'Tags, including deleted ones, which the task does not have.';
COMMENT ON COLUMN tasks.parent_task_id IS 'Task of which this one is a subtask.';
COMMENT ON COLUMN tasks.depends_on IS 'Tasks that must be completed before this one.';
COMMENT ON COLUMN tasks.version IS '1 for a new task, incremented by every change; the source of the etag.';
COMMENT ON COLUMN tasks.operation_id IS 'Operation that changed the row last.';
COMMENT ON COLUMN tasks.import_id IS 'Id or UID in the file from which the task was imported.';
COMMENT ON COLUMN tasks.remind_time IS 'Time of the last reminder; not part of the version.';
COMMENT ON COLUMN tasks.priority_rank IS 'Priority as a number, 1 (low) to 4 (urgent).';
COMMENT ON COLUMN tasks.list_class IS 'State as lists distinguish it: 0 open, 1 completed, plus 2 if deleted.';

-- Every write of a task pays for these indexes, so they are narrow, and those of rare values are partial.

-- A completion that is applied twice, or by two replicas, creates one occurrence.
CREATE UNIQUE INDEX tasks_one_per_recurrence_id ON tasks (user_id, series_id, recurrence_id) WHERE series_id IS NOT NULL;
CREATE UNIQUE INDEX tasks_one_per_previous_task ON tasks (user_id, series_id, previous_task_id) WHERE previous_task_id IS NOT NULL;
CREATE UNIQUE INDEX tasks_one_per_import_id ON tasks (user_id, import_id) WHERE import_id IS NOT NULL;

-- A list shows some classes of the tasks of a user in some order. Every order has an index that begins with user and class, so a page
-- reads neither rows of other users nor a long history; showing completed or deleted tasks reads more ranges of the same index.
-- Orders with two keys sort equal values of the first key in memory.
CREATE INDEX tasks_by_create_time ON tasks (user_id, list_class, create_time, id);
CREATE INDEX tasks_by_due_time ON tasks (user_id, list_class, due_time) WHERE due_time IS NOT NULL;
CREATE INDEX tasks_by_priority ON tasks (user_id, list_class, priority_rank, due_time);
CREATE INDEX tasks_by_title ON tasks (user_id, list_class, lower(title));
CREATE INDEX tasks_by_update_time ON tasks (user_id, list_class, update_time);
CREATE INDEX tasks_by_start_time ON tasks (user_id, list_class, start_time) WHERE start_time IS NOT NULL;
CREATE INDEX tasks_by_complete_time ON tasks (user_id, list_class, complete_time) WHERE complete_time IS NOT NULL;

-- Selective filters start from one of these; those of categories and tags start from the search index, which has their ids.
CREATE INDEX tasks_by_parent ON tasks (user_id, parent_task_id) WHERE parent_task_id IS NOT NULL;
CREATE INDEX tasks_that_depend ON tasks (user_id) WHERE depends_on <> '{}';
CREATE INDEX tasks_muted ON tasks (user_id, list_class) WHERE muted;

-- Undo -----------------------------------------------------------------------------------------------------------------

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

-- For deleting old rows.
CREATE INDEX operation_changes_by_time ON operation_changes USING brin (create_time);

COMMENT ON TABLE operation_changes IS 'Undo log: the rows that each operation changed, kept for a limited time.';
COMMENT ON COLUMN operation_changes.ordinal IS 'Position of the change within its operation, from 0.';
COMMENT ON COLUMN operation_changes.version IS 'Version after the change; a newer version of the entity prevents the undo.';
COMMENT ON COLUMN operation_changes.before IS 'Fields that the change altered, as they were before it; null if the operation created the row.';

-- Search ---------------------------------------------------------------------------------------------------------------

-- All tokens of a user begin with a key of the user, so that each has its postings to itself: a search reads no row of other users,
-- and its time does not depend on their number.
CREATE TABLE search_documents (
    user_id text     NOT NULL,
    task_id uuid     NOT NULL,
    words   tsvector NOT NULL,

    PRIMARY KEY (user_id, task_id)
);

COMMENT ON TABLE search_documents IS 'Tokens of each task as a tsvector: title with weight A, labels with B, description with D.';
COMMENT ON COLUMN search_documents.words IS
    'Key of the user and token; a stem is ~ and the stem, a label # and the digits of its id, so that renaming it changes no task.';

-- Writes append to the pending list, which every search reads. The service moves it into the index before it reaches this limit (in kB), at
-- which a write would have to.
CREATE INDEX search_documents_by_word ON search_documents USING gin (words) WITH (gin_pending_list_limit = 8192);

-- Collation "C" keeps the words with a common prefix together; the index on the reversed word does so for a common suffix.
CREATE TABLE search_words (
    user_id text             NOT NULL,
    word    text COLLATE "C" NOT NULL,

    PRIMARY KEY (user_id, word)
);

COMMENT ON TABLE search_words IS 'Vocabulary of each user, not stemmed: what a mistyped word may stand for, and the words that contain a text.';

CREATE INDEX search_words_by_end ON search_words (user_id, reverse(word));

-- The same as the filter language does in memory: lower case, NFKC, no accents, no invisible characters.
CREATE FUNCTION fold_text(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT normalize(replace(replace(replace(replace(translate(
        lower(regexp_replace(normalize(given, NFKD),
            '[\u00AD\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u05BF\u05C1-\u05C2\u05C4-\u05C5\u05C7\u0610-\u061A\u061C\u064B-\u065F\u0670\u06D6-\u06DC'
            || '\u180B-\u180E\u1AB0-\u1AFF\u1DC0-\u1DFF\u200B-\u200F\u202A-\u202E\u2060-\u206F\u20D0-\u20FF\uFE00-\uFE0F\uFE20-\uFE2F\uFEFF]',
            '', 'g')),
        'øđðħłŧıς', 'oddhltiσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), NFC)
$$;

COMMENT ON FUNCTION fold_text IS 'Text in the form in which filters compare texts.';
