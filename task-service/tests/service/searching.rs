use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use service_runtime::{
    grpc::ErrorCode,
    postgres::{AsyncPgConnection, DatabaseError},
};
use taskmesh_proto::task::v1::{self as pb, settings_service_client::SettingsServiceClient};

use crate::support::{Mesh, User, fields, start, titled, update};

/// No measure, for tests share their machine; but what grows with a search that makes no sense would take longer.
const SOON: Duration = Duration::from_secs(2);

fn query(text: &str) -> pb::SearchTasksRequest {
    pb::SearchTasksRequest {
        query: text.to_owned(),
        ..Default::default()
    }
}

impl User {
    async fn search(&self, text: &str) -> pb::SearchTasksResponse {
        self.search_tasks(query(text)).await.unwrap()
    }

    /// Searches and returns the titles of what is found.
    async fn found(&self, text: &str) -> Vec<String> {
        titles(&self.search(text).await)
    }

    async fn create_described(&self, title: &str, description: &str) -> pb::Task {
        let message = pb::CreateTaskRequest {
            description: description.to_owned(),
            ..titled(title)
        };
        self.create_task(message).await.unwrap()
    }

    async fn create_tagged(&self, title: &str, tag: &str) -> pb::Task {
        let message = pb::CreateTaskRequest {
            tags: vec![tag.to_owned()],
            ..titled(title)
        };
        self.create_task(message).await.unwrap()
    }
}

async fn execute(mesh: &Mesh, statements: &str) {
    let done: Result<(), DatabaseError> = mesh
        .service
        .database()
        .transaction("execute", async |tx: &mut AsyncPgConnection| {
            Ok(tx.batch_execute(statements).await?)
        })
        .await;
    done.unwrap();
}

fn titles(answer: &pb::SearchTasksResponse) -> Vec<String> {
    let tasks = answer
        .matches
        .iter()
        .map(|found| found.task.as_ref().unwrap());
    tasks.map(|task| task.title.clone()).collect()
}

#[tokio::test]
async fn titles_come_before_labels_and_labels_before_descriptions() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Garden fence").await;
    anna.create_tagged("Buy seeds", "garden").await;
    anna.create_described("Call Bob", "about the garden").await;
    anna.create("Water the garden").await;
    anna.create("Pay rent").await;
    let answer = anna.search("garden").await;
    assert_eq!(
        titles(&answer),
        ["Water the garden", "Garden fence", "Buy seeds", "Call Bob"]
    );
    let ranks: Vec<f64> = answer.matches.iter().map(|found| found.rank).collect();
    assert!(ranks.is_sorted_by(|one, next| one >= next), "{ranks:?}");
    assert!(ranks[0] > ranks[2] && ranks[2] > ranks[3], "{ranks:?}");
}

#[tokio::test]
async fn all_words_in_the_title_are_better_than_the_rarest_one_there() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Pay the rent").await;
    anna.create_described("Rent a car", "and pay for it").await;
    anna.create_described("Pay Bob", "").await;
    assert_eq!(anna.found("pay rent").await, ["Pay the rent", "Rent a car"]);
}

#[tokio::test]
async fn words_are_found_in_any_form() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Send the invoices").await;
    assert_eq!(anna.found("invoice send").await.len(), 1);
    assert_eq!(anna.found("SENDING Invoiced").await.len(), 1);
    assert!(anna.found("receipt").await.is_empty());
}

#[tokio::test]
async fn the_last_word_may_be_unfinished() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Send the invoices").await;
    anna.create("Start running").await;
    anna.create("Invite Bob").await;
    assert_eq!(anna.found("invo").await, ["Send the invoices"]);
    assert_eq!(anna.found("inv").await, ["Invite Bob", "Send the invoices"]);
    assert_eq!(anna.found("send inv").await, ["Send the invoices"]);
    // "run" does not begin with it, the word that was written does.
    assert_eq!(anna.found("runni").await, ["Start running"]);
    assert!(anna.found("inv send").await.is_empty());
    // What it says now comes before what it may become.
    anna.create_described("Call", "send me the inv").await;
    assert_eq!(
        anna.found("inv").await,
        ["Call", "Invite Bob", "Send the invoices"]
    );
}

#[tokio::test]
async fn a_tag_is_found_by_the_beginning_of_its_name_and_by_its_new_name() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    let task = anna.create_tagged("Buy seeds", "Summer house").await;
    assert_eq!(anna.found("summ").await, ["Buy seeds"]);
    assert_eq!(anna.found("\"summer house\" seeds").await, ["Buy seeds"]);
    assert!(anna.found("-summer seeds").await.is_empty());
    let mut untagged = update(&task, &["tags"]);
    untagged.tags = vec!["winter".to_owned()];
    anna.update_task(untagged).await.unwrap();
    assert!(anna.found("summer").await.is_empty());
    assert_eq!(anna.found("winter").await, ["Buy seeds"]);
}

#[tokio::test]
async fn small_typing_errors_are_forgiven() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Send the invoice").await;
    let answer = anna.search("invioce send").await;
    assert_eq!(titles(&answer), ["Send the invoice"]);
    assert_eq!(answer.corrected_query, "invoice send");
    assert_eq!(anna.search("snd invoice").await.corrected_query, "");
    for typo in ["onvoice", "invoic", "invocie", "nvoice", "invoicce"] {
        assert_eq!(anna.found(typo).await, ["Send the invoice"], "{typo}");
    }
    assert!(anna.search("invoice").await.corrected_query.is_empty());
    assert!(anna.found("\"invioce\"").await.is_empty());
}

#[tokio::test]
async fn phrases_exclusions_and_alternatives_are_understood() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Report of the second quarter").await;
    anna.create("Second report, quarter to nine").await;
    anna.create_described("Second", "quarter").await;
    anna.create("Draft of the second quarter").await;
    assert_eq!(
        anna.found("\"second quarter\"").await,
        [
            "Draft of the second quarter",
            "Report of the second quarter"
        ]
    );
    assert_eq!(
        anna.found("\"second quarter\" -draft").await,
        ["Report of the second quarter"]
    );
    assert_eq!(
        anna.found("quarter -\"second quarter\"").await,
        ["Second report, quarter to nine", "Second"]
    );
    assert_eq!(
        anna.found("draft or nine").await,
        [
            "Draft of the second quarter",
            "Second report, quarter to nine"
        ]
    );
}

#[tokio::test]
async fn changed_deleted_and_restored_tasks_are_found_as_they_are() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    let task = anna.create("Buy milk").await;
    let mut change = update(&task, &["title"]);
    change.title = "Buy butter".to_owned();
    anna.update_task(change).await.unwrap();
    assert!(anna.found("milk").await.is_empty());
    assert_eq!(anna.found("butter").await, ["Buy butter"]);
    anna.complete(&task.id).await.unwrap();
    assert_eq!(anna.found("butter").await, ["Buy butter"]);
    anna.delete(&task.id).await.unwrap();
    assert!(anna.found("butter").await.is_empty());
    let mut deleted = query("butter");
    deleted.show_deleted = true;
    let answer = anna.search_tasks(deleted).await.unwrap();
    assert_eq!(titles(&answer), ["Buy butter"]);
    anna.undelete(&task.id).await.unwrap();
    assert_eq!(anna.found("butter").await, ["Buy butter"]);
}

#[tokio::test]
async fn matching_words_are_marked() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    let far = "nothing of interest ".repeat(300);
    anna.create_described("Pay the invoices", &format!("{far} The invoice is late."))
        .await;
    let answer = anna.search("invoice").await;
    assert_eq!(answer.matches[0].title_highlight, "Pay the **invoices**");
    let description = &answer.matches[0].description_highlight;
    assert!(description.contains("**invoice**"), "{description}");
    assert!(description.len() < 1_000, "{description}");
    anna.create_described("Pay Bob", "tomorrow").await;
    let answer = anna.search("bo").await;
    assert_eq!(answer.matches[0].title_highlight, "Pay **Bob**");
    assert_eq!(answer.matches[0].description_highlight, "");
}

#[tokio::test]
async fn pages_show_every_match_once_in_one_order() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    for number in 0..9 {
        anna.create(&format!("Garden {number}")).await;
        anna.create_described(&format!("House {number}"), "and gardener")
            .await;
        anna.create_described(&format!("Shed {number}"), "of the garden")
            .await;
    }
    for text in ["garden", "gard", "garden or house", "garden -5"] {
        let all = pb::SearchTasksRequest {
            page_size: 100,
            ..query(text)
        };
        let all = titles(&anna.search_tasks(all).await.unwrap());
        let mut paged = Vec::new();
        let mut page = pb::SearchTasksRequest {
            page_size: 4,
            ..query(text)
        };
        loop {
            let answer = anna.search_tasks(page.clone()).await.unwrap();
            paged.extend(titles(&answer));
            // What is created meanwhile is better than all that is still to come.
            anna.create("Garden, new").await;
            if answer.next_page_token.is_empty() {
                break;
            }
            page.page_token = answer.next_page_token;
        }
        let known: Vec<_> = paged
            .iter()
            .filter(|title| *title != "Garden, new")
            .collect();
        let expected: Vec<_> = all.iter().filter(|title| *title != "Garden, new").collect();
        assert_eq!(known, expected, "{text}");
    }
}

#[tokio::test]
async fn a_page_token_belongs_to_one_search_of_one_user() {
    let (mesh, _) = start().await;
    let (anna, bob) = (mesh.user("anna"), mesh.user("bob"));
    for _ in 0..3 {
        anna.create("Garden").await;
    }
    let first = pb::SearchTasksRequest {
        page_size: 1,
        ..query("garden")
    };
    let page_token = anna
        .search_tasks(first.clone())
        .await
        .unwrap()
        .next_page_token;
    let next = pb::SearchTasksRequest {
        page_token,
        ..first
    };
    assert_eq!(
        anna.search_tasks(next.clone()).await.unwrap().matches.len(),
        1
    );
    assert_eq!(fields(bob.search_tasks(next.clone()).await), ["page_token"]);
    let other = pb::SearchTasksRequest {
        query: "gardens".to_owned(),
        ..next.clone()
    };
    assert_eq!(fields(anna.search_tasks(other).await), ["page_token"]);
    let deleted = pb::SearchTasksRequest {
        show_deleted: true,
        ..next.clone()
    };
    assert_eq!(fields(anna.search_tasks(deleted).await), ["page_token"]);
    let forged = pb::SearchTasksRequest {
        page_token: "garden".to_owned(),
        ..next
    };
    assert_eq!(fields(anna.search_tasks(forged).await), ["page_token"]);
}

#[tokio::test]
async fn a_filter_leaves_out_matches_however_rare_its_own_are() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create_tagged("Garden, the first", "home").await;
    // More than are asked one by one, all of them newer.
    execute(
        &mesh,
        "INSERT INTO tasks (user_id, id, title, description, priority, state, reminders, muted, version, create_time, update_time)
         SELECT 'anna', ('ffffffff' || substr(md5(n::text), 9))::uuid, 'Garden ' || n, '', 'low', 'open', '[]', FALSE, 1, now(), now()
         FROM generate_series(1, 2500) n;
         INSERT INTO search_documents
         SELECT user_id, id, format('''%1$sgarden'':2A ''%1$s%2$s'':3A', key, replace(title, 'Garden ', ''))::tsvector
         FROM tasks, left(encode(sha256('anna'), 'base64'), 4) key WHERE title LIKE 'Garden _%' AND title NOT LIKE '%,%'",
    )
    .await;
    let filtered = |text: &str, filter: &str| pb::SearchTasksRequest {
        filter: filter.to_owned(),
        ..query(text)
    };
    for text in [
        "garden",
        "gard",
        "garden first",
        "\"garden the first\"",
        "nothing or garden -499",
    ] {
        let answer = anna
            .search_tasks(filtered(text, "tag:\"home\""))
            .await
            .unwrap();
        assert_eq!(titles(&answer), ["Garden, the first"], "{text}");
        let answer = anna
            .search_tasks(filtered(text, "priority = urgent"))
            .await
            .unwrap();
        assert!(titles(&answer).is_empty(), "{text}");
    }
    let rare = anna
        .search_tasks(filtered("first", "state = open"))
        .await
        .unwrap();
    assert_eq!(titles(&rare), ["Garden, the first"]);
    let wrong = anna
        .search_tasks(filtered("garden", "prioritty = high"))
        .await;
    assert_eq!(wrong.unwrap_err().code(), tonic::Code::InvalidArgument);
    let other_page = pb::SearchTasksRequest {
        page_token: anna.search("garden").await.next_page_token,
        ..filtered("garden", "state = open")
    };
    assert_eq!(fields(anna.search_tasks(other_page).await), ["page_token"]);
}

#[tokio::test]
async fn nobody_finds_the_tasks_of_others() {
    let (mesh, _) = start().await;
    let (anna, bob) = (mesh.user("anna"), mesh.user("bob"));
    anna.create_tagged("Garden fence", "invoice").await;
    bob.create("Nothing").await;
    for text in ["garden", "gard", "gardne", "invoice", "fence or nothing -x"] {
        let answer = bob.search(text).await;
        assert!(
            !titles(&answer).contains(&"Garden fence".to_owned()),
            "{text}"
        );
        assert_eq!(answer.corrected_query, "", "{text}");
    }
}

#[tokio::test]
async fn another_language_knows_other_forms_of_words() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Rechnungen bezahlen").await;
    assert!(anna.found("Rechnung x").await.is_empty());
    let mut settings = SettingsServiceClient::new(mesh.service.channel());
    let german = pb::UpdateSettingsRequest {
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["search_language".to_owned()],
        }),
        search_language: "german".to_owned(),
        ..Default::default()
    };
    let request = mesh.service.request_as("anna", german);
    settings.update_settings(request).await.unwrap();
    assert_eq!(anna.found("\"Rechnung\"").await, ["Rechnungen bezahlen"]);
    anna.create("Neue Wohnung").await;
    assert_eq!(anna.found("\"Wohnungen\"").await, ["Neue Wohnung"]);
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_refused_or_finds_nothing_at_once() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    anna.create("Drop the tables at Bob's").await;
    let refused = [
        String::new(),
        "  ".to_owned(),
        "\"".to_owned(),
        "-draft -\"last year\"".to_owned(),
        "word ".repeat(10_000),
        "a".repeat(1_001),
    ];
    for text in refused {
        let start = Instant::now();
        assert_eq!(
            fields(anna.search_tasks(query(&text)).await),
            ["query"],
            "{text:.40}"
        );
        assert!(start.elapsed() < SOON, "{text:.40}");
    }
    let odd = [
        "'; drop table tasks; --",
        "the of and",
        "🎉🎉",
        "שלום עולם",
        "مرحبا",
        "\"unbalanced quote",
        ":* & | ! <-> \\ ' '' ( )",
        "%_%",
        "a\u{1}b",
        "\u{202e}gnirts\u{200f}",
        "x'y\\z:*A",
        "-- --- -",
        "https://example.com/a?b=c#d",
        &"ß".repeat(1_000),
        "or or or",
    ];
    for text in odd {
        let start = Instant::now();
        let answer = anna.search_tasks(query(text)).await;
        assert!(
            answer
                .as_ref()
                .is_ok_and(|answer| answer.matches.len() <= 1),
            "{text}: {answer:?}"
        );
        assert!(start.elapsed() < SOON, "{text:.40}");
    }
    assert_eq!(anna.found("bob's tables").await.len(), 1);
    let sized = |page_size| pb::SearchTasksRequest {
        page_size,
        ..query("bob")
    };
    let answer = anna.search_tasks(sized(101)).await.unwrap();
    assert_eq!(answer.matches.len(), 1);
    assert_eq!(fields(anna.search_tasks(sized(-1)).await), ["page_size"]);
    assert_eq!(ErrorCode::InvalidArgument.http(), 400);
}

#[tokio::test]
async fn odd_words_are_found_again() {
    let (mesh, _) = start().await;
    let anna = mesh.user("anna");
    let long = format!("https://example.com/{}", "x".repeat(400));
    anna.create_described("Links", &format!("{long} and john.doe@example.com"))
        .await;
    anna.create("שלום עולם").await;
    anna.create("買い物 リスト").await;
    anna.create("It's O'Neill's well-known v1.2_beta").await;
    assert_eq!(anna.found(&long).await, ["Links"]);
    assert_eq!(anna.found("example.com").await, ["Links"]);
    assert_eq!(anna.found("john.doe").await, ["Links"]);
    assert_eq!(anna.found("doe john").await, ["Links"]);
    assert_eq!(anna.found("שלום").await, ["שלום עולם"]);
    assert_eq!(anna.found("買い").await, ["買い物 リスト"]);
    assert_eq!(anna.found("o'neill's well-known").await.len(), 1);
    assert_eq!(anna.found("beta").await.len(), 1);
    anna.create("Report of 2026-12-01.pdf").await;
    assert_eq!(anna.found("2026-12-01 report").await.len(), 1);
    assert_eq!(anna.found("12 pdf").await.len(), 1);
}
