//! Fills the tables that searches read, as the task-service does when it writes a task, only for many tasks at once.

use tokio_postgres::Client;

use super::User;

/// Indexes all tasks of some users, whose tasks and labels are in their tables already.
///
/// A user who has chosen no language has English; made-up users have chosen none. The signs that the service takes out of texts
/// first are in none of theirs.
pub async fn fill(client: &Client, users: &[User]) -> Result<(), tokio_postgres::Error> {
    let ids: Vec<&str> = users.iter().map(|user| user.id.as_ref()).collect();
    for statement in [CATEGORIES, TAGS, DOCUMENTS, POSTINGS, WORDS] {
        client.execute(statement, &[&ids]).await?;
    }
    Ok(())
}

/// The tables that [`fill`] writes.
pub const TABLES: [&str; 3] = [
    "task.search_documents",
    "task.search_postings",
    "task.search_words",
];

const CATEGORIES: &str = "
UPDATE task.categories SET words = to_tsvector('english', display_name), forms = to_tsvector('simple', display_name)
WHERE user_id = ANY ($1)";

const TAGS: &str = "
UPDATE task.tags SET words = to_tsvector('english', display_name), forms = to_tsvector('simple', display_name)
WHERE user_id = ANY ($1)";

const DOCUMENTS: &str = "
INSERT INTO task.search_documents (user_id, task_id, words)
SELECT t.user_id, t.id,
       setweight(to_tsvector('english', t.title), 'A') || labels.words
       || setweight(to_tsvector('english', t.description), 'D')
FROM task.tasks t, LATERAL (
    SELECT ('''#'':99B ' || coalesce(string_agg(format('''#%s'':99B', replace(id::text, '-', '')), ' '), ''))::tsvector AS words
    FROM unnest(t.tag_ids || t.category_id) id WHERE id IS NOT NULL
) labels
WHERE t.user_id = ANY ($1)
ORDER BY t.user_id, t.id";

// In the order of the key: the index grows page by page.
const POSTINGS: &str = "
INSERT INTO task.search_postings (user_id, word, weight, task_id)
SELECT d.user_id, CASE WHEN octet_length(w.lexeme) > 100 THEN md5(w.lexeme) ELSE w.lexeme END,
       max(CASE WHEN 'A' = ANY (w.weights) THEN 3 WHEN 'B' = ANY (w.weights) THEN 2 ELSE 1 END)::smallint,
       d.task_id
FROM task.search_documents d, unnest(d.words) w
WHERE d.user_id = ANY ($1) AND w.lexeme <> '#'
GROUP BY 1, 2, 4
ORDER BY 1, 2, 3, 4";

const WORDS: &str = "
INSERT INTO task.search_words (user_id, word)
SELECT DISTINCT user_id, word
FROM (
    SELECT user_id, regexp_split_to_table(title || ' ' || description, ' ') AS word
    FROM task.tasks WHERE user_id = ANY ($1)
    UNION ALL SELECT user_id, name_key FROM task.tags WHERE user_id = ANY ($1)
    UNION ALL SELECT user_id, name_key FROM task.categories WHERE user_id = ANY ($1)
) words
WHERE word <> ''
ORDER BY user_id, word";
