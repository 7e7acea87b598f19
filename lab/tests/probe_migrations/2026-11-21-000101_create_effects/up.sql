CREATE TABLE effects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_key text NOT NULL,
    event_id uuid NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE counters (
    name text PRIMARY KEY,
    version bigint NOT NULL
);
