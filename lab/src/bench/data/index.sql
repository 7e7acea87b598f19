-- Search index of all users of the data set, as the task-service writes it for users without a language; for many tasks at once.
INSERT INTO task.search_documents (user_id, task_id, words)
SELECT t.user_id, t.id,
       setweight(to_tsvector('english', t.title), 'A') || labels.words || setweight(to_tsvector('english', t.description), 'D')
FROM task.tasks t, LATERAL (
    SELECT ('''#'':99B ' || coalesce(string_agg(format('''#%s'':99B', replace(id::text, '-', '')), ' '), ''))::tsvector AS words
    FROM unnest(t.tag_ids || t.category_id) id WHERE id IS NOT NULL
) labels
WHERE starts_with(t.user_id, 'bench-')
ORDER BY t.user_id, t.id;

-- In the order of the key, so that the index grows page by page.
INSERT INTO task.search_postings (user_id, word, weight, task_id)
SELECT d.user_id, CASE WHEN octet_length(w.lexeme) > 100 THEN md5(w.lexeme) ELSE w.lexeme END,
       max(CASE WHEN 'A' = ANY (w.weights) THEN 3 WHEN 'B' = ANY (w.weights) THEN 2 ELSE 1 END)::smallint,
       d.task_id
FROM task.search_documents d, unnest(d.words) w
WHERE starts_with(d.user_id, 'bench-') AND w.lexeme <> '#'
GROUP BY 1, 2, 4
ORDER BY 1, 2, 3, 4;

INSERT INTO task.search_words (user_id, word)
SELECT DISTINCT user_id, word
FROM (
    SELECT user_id, regexp_split_to_table(title || ' ' || description, ' ') AS word FROM task.tasks
    UNION ALL SELECT user_id, name_key FROM task.tags
    UNION ALL SELECT user_id, name_key FROM task.categories
) words
WHERE word <> '' AND starts_with(user_id, 'bench-')
ORDER BY user_id, word;
