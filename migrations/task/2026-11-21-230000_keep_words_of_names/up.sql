-- What searches look for in the names of categories and tags, so that a search does not take every name apart.
ALTER TABLE categories
    ADD COLUMN words tsvector NOT NULL DEFAULT '',
    ADD COLUMN forms tsvector NOT NULL DEFAULT '';

ALTER TABLE tags
    ADD COLUMN words tsvector NOT NULL DEFAULT '',
    ADD COLUMN forms tsvector NOT NULL DEFAULT '';

UPDATE categories label
SET words = to_tsvector(coalesce((SELECT search_language FROM settings s WHERE s.user_id = label.user_id), 'english')::regconfig, plain),
    forms = to_tsvector('simple', plain)
FROM (SELECT user_id, id, translate(display_name, '@/\._-', '      ') AS plain FROM categories) named
WHERE label.user_id = named.user_id AND label.id = named.id;

UPDATE tags label
SET words = to_tsvector(coalesce((SELECT search_language FROM settings s WHERE s.user_id = label.user_id), 'english')::regconfig, plain),
    forms = to_tsvector('simple', plain)
FROM (SELECT user_id, id, translate(display_name, '@/\._-', '      ') AS plain FROM tags) named
WHERE label.user_id = named.user_id AND label.id = named.id;

COMMENT ON COLUMN categories.words IS 'The words of the name in the user''s language.';
COMMENT ON COLUMN categories.forms IS 'The words of the name as they are.';
COMMENT ON COLUMN tags.words IS 'The words of the name in the user''s language.';
COMMENT ON COLUMN tags.forms IS 'The words of the name as they are.';
