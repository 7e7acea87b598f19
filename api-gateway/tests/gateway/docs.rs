//! The page for people.

use std::collections::HashSet;

use crate::support::{
    fixture::CONTRACT,
    gateway::{TestGateway, send},
};

fn all<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    let found = page.match_indices(before).map(|(at, _)| {
        let rest = &page[at + before.len()..];
        &rest[..rest.find('"').unwrap()]
    });
    found.collect()
}

#[tokio::test]
async fn the_page_needs_no_token_and_nothing_from_elsewhere() {
    let gateway = TestGateway::start().await;
    let answer = send(gateway.open("GET", "/docs")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let page = &answer.text;
    for word in ["<script", "<link", "<img", "@import", "src=", "{base}"] {
        assert!(!page.contains(word), "{word}");
    }
    for link in all(page, "href=\"") {
        assert!(link.starts_with('#') || link == "/openapi.json", "{link}");
    }
}

#[tokio::test]
async fn page_shows_whole_contract_without_dead_links() {
    let gateway = TestGateway::start().await;
    let page = send(gateway.open("GET", "/docs")).await.text;
    let ids = all(&page, " id=\"");
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    for link in all(&page, "href=\"#") {
        assert!(unique.contains(link), "{link}");
    }
    for rpc in &CONTRACT.rpcs {
        assert!(unique.contains(rpc.full_name()), "{}", rpc.full_name());
        for binding in &rpc.bindings {
            let route = format!("<b>{}</b> <code>{}</code>", binding.method, binding.path());
            assert!(page.contains(&route), "{route}");
        }
        for field in rpc.method.input().fields() {
            assert!(page.contains(&format!("<code>{}</code>", field.name())));
        }
        if let Some(tool) = &rpc.tool {
            assert!(unique.contains(format!("tool-{}", tool.name).as_str()));
        }
    }
    for tag in [
        "section", "table", "tr", "td", "th", "p", "pre", "code", "a", "b", "em", "ul", "li",
    ] {
        let opened =
            page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(page.contains("curl &quot;https://tasks.example.com/v1/tasks/$TASK_ID:complete&quot;"));
}
