use service_runtime::ids::UserId;
use uuid::Uuid;

use super::{
    super::Statement,
    alternative::{Check, Sense, Step},
    condition::Condition,
    meaning::MANY,
};

/// A stretch of postings from the newest task to older ones, and what is asked of these tasks.
pub struct Stretch<'a> {
    /// Whose tasks.
    pub user_id: &'a UserId,
    /// Which postings, and what is asked of the documents.
    pub step: Step,
    /// The other words, which are only to be found faster here: the step asks for them as well.
    pub others: &'a [Sense],
    /// What is asked of the tasks.
    pub condition: &'a dyn Condition,
    /// Only tasks older than this one.
    pub before: Uuid,
    /// How many at most.
    pub limit: i64,
}

/// How tasks are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asking {
    /// One by one, perhaps only so many with each word.
    OneByOne(Option<i64>),
    /// Those with all words are looked up first.
    WordsAtOnce,
    /// Only these fulfil the condition.
    Only(Vec<Uuid>),
}

impl Stretch<'_> {
    /// Makes a statement of several stretches; one is begun only if those before it did not suffice.
    pub fn first_of(stretches: &[Self], asking: Asking) -> Option<Statement> {
        let limit = stretches.first()?.limit;
        let mut statement = if stretches.iter().all(Self::is_usual) {
            Statement::fixed()
        } else {
            Statement::default()
        };
        statement.push("SELECT level, task_id FROM (");
        for (place, stretch) in stretches.iter().enumerate() {
            statement.push(if place == 0 { "(" } else { " UNION ALL (" });
            stretch.push(&mut statement, &asking);
            statement.push(")");
        }
        statement.push(") found LIMIT ").bind(limit);
        Some(statement)
    }

    /// Returns whether this is one of the few forms that most searches have: no filter, and one word or two.
    fn is_usual(&self) -> bool {
        self.condition.is_broad() && self.others.len() <= 1 && self.step.unless.len() <= 2
    }

    /// Makes the statement of this stretch.
    pub fn statement(&self, asking: Asking) -> Statement {
        let mut statement = Statement::default();
        self.push(&mut statement, &asking);
        statement
    }

    /// Every sub-select has an OFFSET or an order of its own, so that the planner takes them one after the other as they stand
    /// here, and each by the index that begins with the user.
    fn push(&self, statement: &mut Statement, asking: &Asking) {
        statement
            .push("SELECT ")
            .bind(self.step.level)
            .push("::smallint AS level, p.task_id FROM (");
        self.push_postings(statement, asking);
        statement.push(") p");
        if !matches!(asking, Asking::WordsAtOnce) {
            self.push_words_one_by_one(statement);
        }
        self.push_document(statement);
        statement
            .push(" CROSS JOIN LATERAL (SELECT FROM tasks t WHERE t.user_id = ")
            .bind(self.user_id.as_ref())
            .push(" AND t.id = p.task_id");
        self.condition.write(statement);
        statement
            .push(" OFFSET 0) t ORDER BY p.task_id DESC LIMIT ")
            .bind(self.limit);
    }

    /// Writes which tasks are asked, the newest first.
    fn push_postings(&self, statement: &mut Statement, asking: &Asking) {
        if let [word] = self.step.words.as_slice() {
            self.push_postings_of(statement, asking, |statement| {
                statement.bind(word.as_str());
            });
            return;
        }
        // The first tasks of each word, of which the first ones are the first of all.
        statement
            .push("SELECT one.task_id FROM unnest(")
            .bind(self.step.words.clone())
            .push(") given(word) CROSS JOIN LATERAL (");
        self.push_postings_of(statement, asking, |statement| {
            statement.push("given.word");
        });
        statement.push(") one GROUP BY one.task_id ORDER BY one.task_id DESC");
        push_limit(statement, asking);
    }

    fn push_postings_of(
        &self,
        statement: &mut Statement,
        asking: &Asking,
        word: impl Fn(&mut Statement),
    ) {
        statement
            .push("SELECT p.task_id FROM search_postings p WHERE p.user_id = ")
            .bind(self.user_id.as_ref())
            .push(" AND p.word = ");
        word(statement);
        statement
            .push(" AND p.weight = ")
            .bind(self.step.weight)
            .push(" AND p.task_id < ")
            .bind(self.before);
        for other in self.others {
            if matches!(asking, Asking::WordsAtOnce) || other.size < MANY {
                self.push_word_at_once(statement, other);
            }
        }
        if let Asking::Only(ids) = asking {
            statement
                .push(" AND p.task_id = ANY (")
                .bind(ids.clone())
                .push(")");
        }
        statement.push(" ORDER BY p.task_id DESC");
        push_limit(statement, asking);
    }

    fn push_word_at_once(&self, statement: &mut Statement, other: &Sense) {
        // Within CASE it does not become a join, which would lose the order.
        statement
            .push(" AND CASE WHEN p.task_id IN (SELECT o.task_id FROM search_postings o WHERE ");
        self.push_other(statement, other);
        statement.push(") THEN TRUE END");
    }

    /// Looks words up that are in many tasks. An unfinished one is left to the document, which knows all that it may become.
    fn push_words_one_by_one(&self, statement: &mut Statement) {
        const MOST_KEYS: usize = 4;
        let others = self.others.iter();
        for other in others.filter(|other| other.size >= MANY && other.key_count() <= MOST_KEYS) {
            statement.push(" CROSS JOIN LATERAL (SELECT FROM search_postings o WHERE ");
            self.push_other(statement, other);
            statement.push(" AND o.task_id = p.task_id LIMIT 1) ");
            statement.push(&format!("o{}", self.place_of(other)));
        }
    }

    fn place_of(&self, other: &Sense) -> usize {
        self.others
            .iter()
            .position(|known| std::ptr::eq(known, other))
            .unwrap_or_default()
    }

    fn push_other(&self, statement: &mut Statement, other: &Sense) {
        statement
            .push("o.user_id = ")
            .bind(self.user_id.as_ref())
            .push(" AND o.word = ANY (")
            .bind(other.keys())
            .push(") AND o.weight = ANY ('")
            .push(self.step.other_weights)
            .push("')");
    }

    fn push_document(&self, statement: &mut Statement) {
        let Step {
            required, unless, ..
        } = &self.step;
        if required.is_none() && unless.is_empty() {
            return;
        }
        statement
            .push(" CROSS JOIN LATERAL (SELECT FROM search_documents d WHERE d.user_id = ")
            .bind(self.user_id.as_ref())
            .push(" AND d.task_id = p.task_id");
        if let Some(check) = required {
            statement.push(" AND ");
            push_check(statement, check);
        }
        for check in unless {
            statement.push(" AND NOT ");
            push_check(statement, check);
        }
        statement.push(" OFFSET 0) d");
    }

    /// Makes a statement that tells whether there are more tasks than are asked.
    pub fn is_longer(&self, asked: i64) -> Statement {
        let mut statement = Statement::default();
        statement.push("SELECT EXISTS (SELECT FROM (");
        self.push_postings(&mut statement, &Asking::OneByOne(Some(asked + 1)));
        statement
            .push(") p OFFSET ")
            .bind(asked)
            .push(") AS is_longer");
        statement
    }
}

fn push_limit(statement: &mut Statement, asking: &Asking) {
    if let Asking::OneByOne(Some(asked)) = asking {
        statement.push(" LIMIT ").bind(*asked);
    }
}

fn push_check(statement: &mut Statement, check: &Check) {
    statement
        .push("(d.words @@ ")
        .bind(check.whole.as_str())
        .push("::tsquery");
    if let Some(title) = &check.title {
        statement
            .push(" AND ts_filter(d.words, '{a}') @@ ")
            .bind(title.as_str())
            .push("::tsquery");
    }
    statement.push(")");
}
