DROP TABLE search_words, search_postings, search_documents;
DROP FUNCTION search_parts;
DROP TABLE operation_changes, tasks, series, settings, saved_filters, tags, categories;
