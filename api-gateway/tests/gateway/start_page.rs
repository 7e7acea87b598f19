//! What a browser and a program get at the root.

use crate::support::gateway::{Answer, TestGateway, send};

async fn root(gateway: &TestGateway, accept: &str) -> Answer {
    send(gateway.open("GET", "/").header("accept", accept)).await
}

#[tokio::test]
async fn browser_gets_a_page_that_needs_nothing_from_elsewhere() {
    let gateway = TestGateway::start().await;
    let answer = root(&gateway, "text/html,application/xhtml+xml,*/*;q=0.8").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let page = &answer.text;
    for word in [
        "<script",
        "@import",
        "{base}",
        "{style}",
        "{issuer}",
        "{version}",
        "style=\"",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    for word in [
        "https://tasks.example.com/mcp",
        "https://login.example.com",
        "./dev taskmesh token --user alice",
        "https://tasks.example.com/v1/live/tickets",
    ] {
        assert!(page.contains(word), "{word}");
    }
    let mut links: Vec<&str> = Vec::new();
    for before in ["href=\"", "src=\""] {
        links.extend(
            page.split(before)
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap()),
        );
    }
    assert!(links.len() > 8, "{links:?}");
    for link in links {
        if let Some(id) = link.strip_prefix('#') {
            assert!(page.contains(&format!(" id=\"{id}\"")), "{link}");
        } else {
            assert!(link.starts_with('/'), "{link}");
            assert_eq!(send(gateway.open("GET", link)).await.status, 200, "{link}");
        }
    }
    assert_eq!(send(gateway.open("HEAD", "/")).await.status, 200);
    assert_eq!(send(gateway.open("POST", "/")).await.status, 405);
    gateway.stop().await;
}

#[tokio::test]
async fn program_gets_the_links_as_json() {
    let gateway = TestGateway::start().await;
    let answer = root(&gateway, "application/json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.header("vary").contains("accept"));
    let links = answer.json();
    assert_eq!(links["openapi"], "https://tasks.example.com/openapi.json");
    assert_eq!(links["mcp"], "https://tasks.example.com/mcp");
    assert_eq!(
        links["authorization"]["issuer"],
        "https://login.example.com"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn icons_are_pictures_that_stay_in_the_cache() {
    let gateway = TestGateway::start().await;
    for (path, content_type) in [
        ("/favicon.ico", "image/x-icon"),
        ("/favicon.svg", "image/svg+xml"),
    ] {
        let request = gateway.open("GET", path).send().await.unwrap();
        assert_eq!(request.status(), 200);
        assert_eq!(request.headers()["content-type"], content_type);
        assert_eq!(request.headers()["cache-control"], "public, max-age=86400");
        assert!(!request.bytes().await.unwrap().is_empty());
    }
    gateway.stop().await;
}
