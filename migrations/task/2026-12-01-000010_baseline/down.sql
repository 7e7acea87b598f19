DROP FUNCTION fold_text;
DROP TABLE search_words, search_documents;
DROP VIEW task_view;
DROP TABLE operation_changes, tasks, series, settings, saved_filters, tags, categories;
