DROP FUNCTION fold_text;
DROP TABLE search_words, search_documents;
DROP TABLE operation_changes, tasks, series, settings, saved_filters, tags, categories;
