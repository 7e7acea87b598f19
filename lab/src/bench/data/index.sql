-- Search index of all users of the data set, as the task-service writes it, but without stems; for many tasks at once.
INSERT INTO task.search_documents (user_id, task_id, words)
SELECT t.user_id, t.id, (
        SELECT string_agg(format('''%s%s'':%s%s', key, word, place + CASE weight WHEN 'A' THEN 1 ELSE 200 END, weight), ' ')
        FROM (
            SELECT 'A', * FROM regexp_split_to_table(t.title, ' ') WITH ORDINALITY
            UNION ALL SELECT '', * FROM regexp_split_to_table(t.description, ' ') WITH ORDINALITY
        ) tokens (weight, word, place)
        WHERE word <> ''
    )::tsvector || (
        SELECT coalesce(string_agg(format('''#%s'':1B', replace(id::text, '-', '')), ' '), '')::tsvector
        FROM unnest(t.tag_ids || t.category_id) id WHERE id IS NOT NULL
    )
FROM task.tasks t, left(encode(sha256(convert_to(t.user_id, 'UTF8')), 'base64'), 4) key
WHERE starts_with(t.user_id, 'bench-')
ORDER BY t.user_id, t.id;

INSERT INTO task.search_words (user_id, word)
SELECT DISTINCT user_id, word
FROM (SELECT user_id, regexp_split_to_table(title || ' ' || description, ' ') AS word FROM task.tasks) words
WHERE octet_length(word) >= 3 AND starts_with(user_id, 'bench-')
ORDER BY user_id, word;
