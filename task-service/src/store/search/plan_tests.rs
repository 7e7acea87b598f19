//! What PostgreSQL reads for a search.

use std::collections::BTreeSet;

use diesel::{QueryableByName, sql_types::Text};
use diesel_async::SimpleAsyncConnection;
use service_runtime::{Service, ids::UserId, testing::TestDatabase};
use uuid::Uuid;

use super::{
    super::{Statement, filter_condition::Condition, filter_names::Names},
    find::{BEST_LEVEL, Found, Matching, sizing},
    tsquery::{Levels, TsQuery, UserKey},
    vocabulary,
};
use crate::{
    TaskService,
    domain::{
        SearchLanguage, TimeZone,
        filter::{Filter, Now},
        search::{Pattern, Stemmer, Typo},
    },
};

/// Some users with many tasks, of which one has by far the most, and the index of their words.
const TASKS: &str = "
    CREATE TEMP TABLE given AS SELECT
        CASE WHEN n % 6 = 0 THEN 'anna' ELSE 'user' || n % 30 END AS user_id,
        md5('task ' || n)::uuid AS id, 'often word' || n % 20 || ' rare' || n AS title, 'seldom' || n % 200 AS description
    FROM generate_series(1, 12000) n;
    INSERT INTO tasks (user_id, id, title, description, priority, state, reminders, muted, version, create_time, update_time)
    SELECT user_id, id, title, description, 'low', 'open', '[]', FALSE, 1, now(), now() FROM given;
    INSERT INTO search_documents SELECT user_id, id, string_agg(format('''%s%s'':%s', key, word, place), ' ')::tsvector
    FROM given, left(encode(sha256(convert_to(user_id, 'UTF8')), 'base64'), 4) key,
         regexp_split_to_table(title || ' ' || description, ' ') WITH ORDINALITY words(word, place)
    GROUP BY user_id, id;
    INSERT INTO search_words
    SELECT DISTINCT user_id, word FROM given, regexp_split_to_table(title || ' ' || description, ' ') word;
";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
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
        let mut read = BTreeSet::new();
        for statement in statements(&user) {
            let sql = format!("{statement:?}");
            let lines: Vec<Line> = statement.explained().load(&mut tx).await.unwrap();
            let plan: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            read.extend(check(&plan, &sql));
        }
        let tables = [
            "search_documents_by_word",
            "search_words_pkey",
            "search_words_by_end",
            "tasks_pkey",
        ];
        assert!(tables.iter().all(|table| read.contains(*table)), "{read:?}");
    }
}

fn statements(user: &UserId) -> Vec<Statement> {
    let typo = Typo::of("oftne").unwrap();
    let key = UserKey::of(user);
    let stemmer = Stemmer::new(SearchLanguage::parse("simple").unwrap());
    let mut statements = vec![
        vocabulary::nearing(user.as_ref(), &typo),
        vocabulary::statement(user.as_ref(), "rare6"),
        sizing(
            user.as_ref(),
            &[
                TsQuery::token(key.quoted("often")),
                TsQuery::token(key.quoted("x")),
            ],
            100,
        ),
    ];
    for pattern in
        ["often", "seldom6", "rare60", "often word6"].map(|term| Pattern::complete(term, &stemmer))
    {
        statements.extend(of_pattern(user, &key, &pattern));
    }
    statements.extend(of_pattern(
        user,
        &key,
        &Pattern::unfinished("rar", &stemmer),
    ));
    statements
}

fn of_pattern(user: &UserId, key: &UserKey, pattern: &Pattern) -> Vec<Statement> {
    let all = key.pattern(pattern, false).unwrap();
    let title = key.pattern(pattern, true).unwrap();
    let levels = Levels {
        partly_title: title.clone(),
        label: Some(all.clone()),
        all,
        title,
    };
    let condition = |filter: &str| Condition {
        names: Names::default(),
        now: Now::new(chrono::DateTime::UNIX_EPOCH, &TimeZone::utc()),
        user_id: user.clone(),
        filter: Filter::parse(filter).unwrap(),
    };
    let of_filter = |filter: &str| {
        let matching = Matching {
            levels: &levels,
            base: 0,
            except: None,
            condition: &condition(filter),
            show_deleted: false,
            after: Found {
                level: BEST_LEVEL + 1,
                task_id: Uuid::max().into(),
            },
            limit: 21,
        };
        [
            matching.among_newest(200),
            matching.among_best(),
            matching.among_all(),
        ]
    };
    ["", "priority >= high"]
        .into_iter()
        .flat_map(of_filter)
        .collect()
}

/// Makes sure that every table is read by an index whose condition names the user, and returns the indexes.
fn check(plan: &[&str], sql: &str) -> Vec<String> {
    let mut indexes = Vec::new();
    for (place, line) in plan.iter().enumerate() {
        assert!(
            !line.contains("Seq Scan on"),
            "{line}\n{}\n{sql}",
            plan.join("\n")
        );
        let scanned = [
            "Scan using ",
            "Scan Backward using ",
            "Bitmap Index Scan on ",
        ]
        .iter()
        .find_map(|scan| line.split_once(scan));
        let Some((_, scanned)) = scanned else {
            continue;
        };
        let condition = plan[place + 1];
        // All tokens have the key of the user.
        let names_user =
            condition.contains("(user_id = 'anna'::text)") || condition.contains("(words @@ ");
        assert!(
            names_user && condition.contains("Index Cond:"),
            "{line}\n{}\n{sql}",
            plan.join("\n")
        );
        indexes.push(scanned.split(' ').next().unwrap_or_default().to_owned());
    }
    indexes
}
