DROP INDEX search_words_by_parts;
DROP FUNCTION search_parts;
