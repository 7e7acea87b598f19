//! What PostgreSQL reads for a search.

use std::collections::BTreeSet;

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::SimpleAsyncConnection;
use service_runtime::{Service, ids::UserId, postgres::AsyncPgConnection, testing::TestDatabase};
use uuid::Uuid;

use super::{
    super::Statement,
    alternative::{Alternative, BEST_LEVEL, BranchMeaning, alternatives},
    condition::Condition,
    containing, highlight, meaning,
    stretch::{Asking, Stretch},
    vocabulary,
    walk::matching,
};
use crate::{TaskService, domain::search::Typo};

/// Some users with many tasks, of which one has by far the most, the index of their words, and the labels of many.
const TASKS: &str = "
    CREATE TEMP TABLE given AS SELECT
        CASE WHEN n % 6 = 0 THEN 'anna' ELSE 'user' || n % 30 END AS user_id,
        md5('task ' || n)::uuid AS id, 'often word' || n % 20 || ' rare' || n AS title, 'seldom' || n % 200 AS description
    FROM generate_series(1, 12000) n;
    INSERT INTO tasks (user_id, id, title, description, priority, state, reminders, muted, version, create_time, update_time)
    SELECT user_id, id, title, description, 'low', 'open', '[]', FALSE, 1, now(), now() FROM given;
    INSERT INTO search_documents SELECT user_id, id, setweight(to_tsvector(title), 'A') || to_tsvector(description) FROM given;
    INSERT INTO search_postings
    SELECT user_id, lexeme, CASE WHEN 'A' = ANY (weights) THEN 3 ELSE 1 END, task_id FROM search_documents, unnest(words);
    INSERT INTO search_words
    SELECT DISTINCT user_id, word FROM given, regexp_split_to_table(title || ' ' || description, ' ') word;
    CREATE TEMP TABLE named AS SELECT user_id, md5(user_id || n)::uuid AS id, 'name' || n AS name
    FROM generate_series(1, 20) n, (SELECT DISTINCT user_id FROM given UNION SELECT 'user' || n FROM generate_series(1, 300) n) users;
    INSERT INTO tags SELECT user_id, id, name, name, NULL, 1, id, now(), now() FROM named;
    INSERT INTO categories SELECT user_id, id, name, name, NULL, 1, id, now(), now() FROM named;
";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

struct NotDeleted;

impl Condition for NotDeleted {
    fn write(&self, statement: &mut Statement) {
        statement
            .push(" AND t.delete_time IS NULL AND t.priority_rank >= ")
            .bind(1_i16);
    }

    fn is_broad(&self) -> bool {
        false
    }
}

/// The tables and indexes that a search reads, each only between the first and the last row of one user.
#[tokio::test]
async fn a_search_reads_rows_of_one_user_only() {
    let schema = || TaskService::SCHEMA.unwrap();
    let database = TestDatabase::create(schema()).await;
    let mut tx = database.connect(schema().name).await;
    tx.batch_execute(TASKS).await.unwrap();
    // With statistics, and as a new database without.
    for analyze in ["", "ANALYZE"] {
        tx.batch_execute(analyze).await.unwrap();
        let user: UserId = "anna".parse().unwrap();
        let all = statements(&mut tx, &user).await;
        assert!(all.len() > 20);
        let mut read = BTreeSet::new();
        for statement in all {
            let sql = format!("{statement:?}");
            let lines: Vec<Line> = statement.explained().load(&mut tx).await.unwrap();
            let plan: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            read.extend(check(&plan, &sql));
        }
        let tables = [
            "search_documents",
            "search_postings",
            "search_words",
            "tasks",
        ];
        assert!(tables.iter().all(|table| read.contains(*table)), "{read:?}");
    }
}

async fn statements(tx: &mut AsyncPgConnection, user: &UserId) -> Vec<Statement> {
    let (name, language) = (user.as_ref(), "english");
    let typo = Typo::of("oftne").unwrap();
    let mut statements = vec![
        meaning::statement(
            name,
            language,
            vec!["often".to_owned(), "word1 rare".to_owned()],
        ),
        vocabulary::completing(name, language, "rar"),
        vocabulary::nearing(name, &typo),
        containing::statement(name, "rare6", 100),
        containing::sizing(name, &["often".to_owned()], 100),
        highlight::statement(
            name,
            language,
            "'often'",
            vec!["often".to_owned()],
            &[Uuid::max().into()],
        ),
        matching(user, &NotDeleted),
    ];
    for texts in [
        &["often"][..],
        &["seldom6"],
        &["rare60"],
        &["often", "word6"],
        &["often word6", "seldom6"],
    ] {
        let terms = texts.iter().map(ToString::to_string).collect();
        let wanted = meaning::statement(name, language, terms)
            .load(tx)
            .await
            .unwrap();
        let completions = vocabulary::completing(name, language, "rare1")
            .load(tx)
            .await
            .unwrap()
            .pop();
        let branch = BranchMeaning {
            wanted,
            unwanted: Vec::new(),
            unfinished: completions.map(|completions| ("rare1".to_owned(), completions)),
        };
        let all = alternatives(&branch);
        assert_eq!(all.len(), 2);
        for alternative in &all {
            statements.extend(of_alternative(user, alternative, &all));
        }
    }
    statements
}

fn of_alternative(user: &UserId, alternative: &Alternative, all: &[Alternative]) -> Vec<Statement> {
    let stretches: Vec<Stretch> = alternative
        .steps(BEST_LEVEL, all)
        .into_iter()
        .map(|step| Stretch {
            user_id: user,
            step,
            others: &alternative.others,
            condition: &NotDeleted,
            before: Uuid::max(),
            limit: 21,
        })
        .collect();
    let mut statements = vec![stretches[0].is_longer(2_000)];
    for asking in [
        Asking::OneByOne(Some(2_000)),
        Asking::OneByOne(None),
        Asking::WordsAtOnce,
        Asking::Only(vec![Uuid::max()]),
    ] {
        statements.extend(Stretch::first_of(&stretches, asking));
    }
    statements
}

/// Makes sure that every table is read by an index whose condition names the user, and returns the tables.
fn check(plan: &[&str], sql: &str) -> Vec<String> {
    let mut tables = Vec::new();
    for (place, line) in plan.iter().enumerate() {
        let Some((_, scanned)) = line.split_once(" on ") else {
            continue;
        };
        let is_of_table = [
            "Scan using",
            "Scan Backward using",
            "Seq Scan",
            "Bitmap Heap Scan",
            "Bitmap Index Scan",
        ]
        .iter()
        .any(|scan| line.contains(scan));
        if !is_of_table {
            continue;
        }
        let table = scanned.split(' ').next().unwrap_or_default().to_owned();
        let conditions: Vec<&&str> = plan[place + 1..]
            .iter()
            .take_while(|line| {
                !line.contains("->") && !line.contains("SubPlan") && !line.contains("CTE ")
            })
            .filter(|line| line.contains("Index Cond:") || line.contains("Recheck Cond:"))
            .collect();
        let names_user = conditions.iter().any(|line| {
            // The parts of words are numbers that no two users share.
            line.contains("(user_id = 'anna'::text)") || line.contains("search_parts(user_id")
        });
        assert!(names_user, "{line}\n{}\n{sql}", plan.join("\n"));
        tables.push(table);
    }
    tables
}
