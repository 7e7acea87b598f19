-- Whoever filled the list of new words worked it off while others waited, which made one write in a hundred take several times as
-- long. Now the service works it off shortly after words have come, and the list is long enough that no write has to.
ALTER INDEX search_words_by_parts SET (gin_pending_list_limit = 4096);
