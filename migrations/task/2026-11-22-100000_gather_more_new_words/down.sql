ALTER INDEX search_words_by_parts SET (gin_pending_list_limit = 512);
