-- An index of words that is the user's own: every key begins with the user, so that a search reads no row of others, and
-- all tasks with a word are found in the order of the answer, so that it reads only as many as it shows.
CREATE TABLE search_documents (
    user_id text     NOT NULL,
    task_id uuid     NOT NULL,
    words   tsvector NOT NULL,

    PRIMARY KEY (user_id, task_id)
);

CREATE TABLE search_postings (
    user_id text             NOT NULL,
    word    text COLLATE "C" NOT NULL,
    weight  smallint         NOT NULL,
    task_id uuid             NOT NULL,

    PRIMARY KEY (user_id, word, weight, task_id)
);

-- Without the case of letters and in the order of their bytes, so that all words with one beginning lie together; with the
-- second index those with one ending, too.
CREATE TABLE search_words (
    user_id text             NOT NULL,
    word    text COLLATE "C" NOT NULL,

    PRIMARY KEY (user_id, word)
);

CREATE INDEX search_words_by_end ON search_words (user_id, reverse(word));

COMMENT ON TABLE search_documents IS 'What each task says, as PostgreSQL searches it: the title with weight A, its labels with B, the description with D.';
COMMENT ON COLUMN search_documents.words IS 'Its words in the user''s language; a label is # and the digits of its id, so that renaming it changes no task.';
COMMENT ON TABLE search_postings IS 'Which tasks contain a word: the same words, one row for each task.';
COMMENT ON COLUMN search_postings.word IS 'The word as in search_documents, or its MD5 if it has more than 100 bytes.';
COMMENT ON COLUMN search_postings.weight IS 'The best place of the word in the task: 3 title, 2 label, 1 description.';
COMMENT ON TABLE search_words IS 'The words that a user ever wrote, as they were written: what an unfinished or mistyped word may be meant to be.';

-- Tasks that are there already, in the language that searches have unless the user chose another.
INSERT INTO search_documents (user_id, task_id, words)
SELECT user_id, id,
       setweight(to_tsvector('english', translate(title, '@/\._-', '      ')), 'A') || '''#'':99B'::tsvector
       || setweight(to_tsvector('english', translate(description, '@/\._-', '      ')), 'D')
FROM tasks;

INSERT INTO search_postings (user_id, word, weight, task_id)
SELECT d.user_id, CASE WHEN octet_length(w.lexeme) > 100 THEN md5(w.lexeme) ELSE w.lexeme END,
       max(CASE WHEN 'A' = ANY (w.weights) THEN 3 ELSE 1 END), d.task_id
FROM search_documents d, unnest(d.words) w
WHERE w.lexeme <> '#'
GROUP BY 1, 2, 4;

INSERT INTO search_words (user_id, word)
SELECT DISTINCT user_id, lower(word)
FROM tasks, regexp_split_to_table(title || ' ' || description, '[^[:alnum:]]+') word
WHERE word <> '' AND octet_length(word) <= 100;
