//! Words of every class: in searches, unfinished last words, phrases, exclusions, highlights, corrections and filters.

use std::sync::Arc;

use taskmesh_proto::task::v1 as pb;

use crate::support::{Mesh, User, start, titled};

/// Titles, each with a word of its class, the beginning of this word, and the marked title.
const WORDS: [(&str, &str, &str, &str); 22] = [
    ("Ask Will", "will", "wil", "Ask **Will**"),
    ("Review IT costs", "IT", "it", "Review **IT** costs"),
    ("The Who concert", "who", "wh", "The **Who** concert"),
    ("Turn it off", "off", "of", "Turn it **off**"),
    ("I don't care", "don't", "don'", "I **don**'**t** care"),
    ("Lesen: was das ist", "das", "da", "Lesen: was **das** ist"),
    ("明天去超市买牛奶", "牛奶", "牛", "明天去超市买**牛奶**"),
    ("東京タワーへ行く", "タワー", "タワ", "東京**タワー**へ行く"),
    ("ซื้อนมพรุ่งนี้", "นม", "น", "ซื้อ**นม**พรุ่งนี้"),
    ("우유를 사다", "우유", "우", "**우유**를 사다"),
    (
        "Mail john.doe@example.com",
        "john.doe@example.com",
        "john.doe@exam",
        "Mail **john**.**doe**@**example**.**com**",
    ),
    (
        "Deploy poseidon-12",
        "poseidon-12",
        "poseidon-1",
        "Deploy **poseidon**-**12**",
    ),
    ("Call O'Brien", "o'brien", "O'Bri", "Call **O**'**Brien**"),
    ("Fix src/main", "src/main", "src/ma", "Fix **src**/**main**"),
    ("Meet at 12:30", "12:30", "12:3", "Meet at **12**:**30**"),
    ("Visit a café", "cafe", "caf", "Visit a **café**"),
    ("Straße kehren", "strasse", "stras", "**Straße** kehren"),
    ("ﬁnance plan", "finance", "finan", "**ﬁnance** plan"),
    (
        "Super\u{200b}market list",
        "supermarket",
        "superm",
        "**Super\u{200b}market** list",
    ),
    ("Learn C++", "C++", "C+", "Learn **C++**"),
    ("Learn C#", "C#", "C#", "Learn **C#**"),
    ("Party 🎉", "🎉", "🎉", "Party **🎉**"),
];

async fn create_all(mesh: &Arc<Mesh>) -> User {
    let anna = mesh.user("anna");
    for (title, ..) in WORDS {
        anna.create(title).await;
    }
    anna
}

async fn search(user: &User, query: &str) -> pb::SearchTasksResponse {
    let request = pb::SearchTasksRequest {
        query: query.to_owned(),
        page_size: 100,
        ..Default::default()
    };
    user.search_tasks(request).await.unwrap()
}

async fn found(user: &User, query: &str) -> Vec<String> {
    let answer = search(user, query).await;
    answer
        .matches
        .into_iter()
        .map(|found| found.task.unwrap().title)
        .collect()
}

async fn listed(user: &User, filter: &str) -> Vec<String> {
    let request = pb::ListTasksRequest {
        filter: filter.to_owned(),
        ..Default::default()
    };
    let answer = user.list_tasks(request).await.unwrap();
    answer.tasks.into_iter().map(|task| task.title).collect()
}

#[tokio::test]
async fn words_of_every_class_are_found() {
    let (mesh, _) = start().await;
    let anna = create_all(&mesh).await;
    for (title, word, beginning, _) in WORDS {
        for query in [word.to_owned(), beginning.to_owned(), format!("\"{word}\"")] {
            let found = found(&anna, &query).await;
            assert!(found.contains(&title.to_owned()), "{query}: {found:?}");
        }
    }
    for (query, titles) in [
        ("C++", vec!["Learn C++"]),
        ("C#", vec!["Learn C#"]),
        ("learn c", vec!["Learn C#", "Learn C++"]),
        ("우유를", vec!["우유를 사다"]),
        ("牛肉", vec![]),
    ] {
        assert_eq!(found(&anna, query).await, titles, "{query}");
    }
}

#[tokio::test]
async fn words_of_every_class_are_excluded() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    for (title, ..) in WORDS {
        anna.create(&format!("{title} zebra")).await;
    }
    for (title, word, ..) in WORDS {
        let found = found(&anna, &format!("zebra -{word}")).await;
        assert!(found.len() >= WORDS.len() - 2, "{word}: {found:?}");
        assert!(!found.contains(&format!("{title} zebra")), "{word}");
    }
}

#[tokio::test]
async fn words_of_every_class_are_marked() {
    let (mesh, _) = start().await;
    let anna = create_all(&mesh).await;
    for (title, word, _, marked) in WORDS {
        let answer = search(&anna, word).await;
        let mut matches = answer.matches.iter();
        let of_title = matches.find(|found| found.task.as_ref().unwrap().title == title);
        assert_eq!(of_title.unwrap().title_highlight, marked, "{word}");
    }
}

#[tokio::test]
async fn filters_contain_words_of_every_class() {
    let (mesh, _) = start().await;
    let anna = create_all(&mesh).await;
    for (title, word, beginning, _) in WORDS {
        for part in [word, beginning] {
            let listed = listed(&anna, &format!("title:\"{part}\"")).await;
            assert!(listed.contains(&title.to_owned()), "{part}: {listed:?}");
        }
    }
    assert_eq!(
        listed(&anna, "title:\"CAFÉ\" -title:\"x\"").await,
        ["Visit a café"]
    );
    anna.create_task(pb::CreateTaskRequest {
        description: "Ein Müsli".to_owned(),
        ..titled("Frühstück")
    })
    .await
    .unwrap();
    assert_eq!(
        listed(&anna, "title:\"fruhst\" description:\"MUSLI\"").await,
        ["Frühstück"]
    );
}

#[tokio::test]
async fn mistyped_words_of_every_class_are_corrected() {
    let (mesh, _) = start().await;
    let anna = create_all(&mesh).await;
    anna.create("Which one").await;
    for (typo, corrected) in [
        ("wlil", "will"),
        ("wihch", "which"),
        ("strasze", "strasse"),
        ("cfae", "cafe"),
        ("finacne", "finance"),
        ("poseidno", "poseidon"),
        ("suprmarket list", "supermarket list"),
    ] {
        let answer = search(&anna, typo).await;
        assert_eq!(answer.corrected_query, corrected, "{typo}");
        assert_eq!(answer.matches.len(), 1, "{typo}");
    }
}

#[tokio::test]
async fn labels_of_every_class_are_found() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    for (tag, query) in [
        ("Ménage", "menag"),
        ("买菜", "买菜"),
        ("The Who", "who"),
        ("C++", "c++"),
        ("R&D", "r&d"),
    ] {
        let message = pb::CreateTaskRequest {
            tags: vec![tag.to_owned()],
            ..titled("Something")
        };
        let id = anna.create_task(message).await.unwrap().id;
        let answer = search(&anna, query).await;
        let ids: Vec<&str> = answer
            .matches
            .iter()
            .map(|found| found.task.as_ref().unwrap().id.as_str())
            .collect();
        assert_eq!(ids, [id], "{query}");
    }
}
