-- Every three characters that stand together in a word, each as a number that no other user has: words that contain a text are
-- found by the numbers of the text, and among those of one user only.
CREATE FUNCTION search_parts(user_id text, word text) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT hashtextextended(substr(word, place, 3) COLLATE "C", hashtextextended(user_id COLLATE "C", 0)))
    FROM generate_series(1, char_length(word) - 2) place
$$;

-- New words wait in a list that is worked off when it is full, which costs less than adding each by itself. The list is short, for
-- whoever fills it works it off, and every look for a word reads it.
CREATE INDEX search_words_by_parts ON search_words USING gin (search_parts(user_id, word)) WITH (gin_pending_list_limit = 512);

-- Tasks that are there already were taken apart by another rule: this sign says that not all their words are here, so filters for
-- texts of these users read the tasks themselves.
INSERT INTO search_words (user_id, word) SELECT DISTINCT user_id, '+' FROM tasks ON CONFLICT DO NOTHING;

COMMENT ON FUNCTION search_parts IS 'The three characters that stand together anywhere in a word, as numbers; none of a shorter word.';
