use service_runtime::BoxError;
use taskmesh_proto::task::v1::ListTasksRequest;

use crate::bench::{
    data::{User, Words},
    load::{Outcome, one_by_one},
    mesh::{Caller, Mesh},
    report::{Measure, Report, Row, step},
};

const PAGE_SIZE: usize = 50;
const GOAL_P95_MS: f64 = 10.0;
const FAR_PAGE: usize = 1_000;
/// Maximum median of a far page, as a multiple of that of the first.
const GOAL_TIMES: f64 = 1.2;

/// Measures lists with filters and orders, one by one.
pub async fn filters(
    mesh: &Mesh<'_>,
    User { caller, tasks }: &User,
    calls: usize,
    report: &mut Report,
) -> Result<(), BoxError> {
    let words = Words::load(&mesh.database, &caller.user).await?;
    let rare_word = words.rare(1).pop().ok_or("the data set has no rare word")?;
    let in_title = format!("title:\"{rare_word}\"");
    let in_description = format!("description:\"{rare_word}\"");
    // The labels with the smallest numbers are the most used.
    let kinds = [
        ("", "", false),
        ("", "", true),
        ("", "title", true),
        ("", "due", false),
        ("", "priority desc, due", false),
        ("", "update desc", true),
        ("state = open AND priority >= high", "", false),
        ("priority = urgent", "title", false),
        ("overdue = true", "due", false),
        ("due >= today AND due < today + 7d", "due desc", false),
        ("tag:\"tag1\"", "priority desc, due", false),
        ("tag:\"tag40\"", "", false),
        (
            "category = \"category1\" AND priority >= medium",
            "due",
            false,
        ),
        (
            "NOT category:\"category1\" AND due < today + 7d",
            "create",
            false,
        ),
        ("complete >= today - 30d", "complete desc", true),
        (&in_title, "", true),
        (&in_description, "update desc", true),
        (
            "(priority = low OR due < today - 30d) AND NOT tag:\"tag1\"",
            "title desc",
            false,
        ),
        ("recurring = true", "due", true),
        ("blocked = true", "priority desc", true),
    ];
    for (filter, order_by, show_completed) in kinds {
        let request = ListTasksRequest {
            filter: filter.to_owned(),
            ..request(order_by, show_completed)
        };
        let scope = match (filter, show_completed) {
            ("", true) => "all",
            ("", false) => "open",
            _ => filter,
        };
        let order = if order_by.is_empty() {
            "create"
        } else {
            order_by
        };
        let name = format!("list {tasks} tasks: {scope} by {order}");
        step(&name);
        let outcome = one_by_one(calls, async |_| {
            list(caller, request.clone()).await.map(drop)
        });
        report.add(Row::latency(name, &outcome.await).at_most(Measure::P95, GOAL_P95_MS));
    }
    Ok(())
}

/// Compares the first page with a far one, in turn.
pub async fn far_pages(
    User { caller, tasks }: &User,
    calls: usize,
    report: &mut Report,
) -> Result<(), BoxError> {
    let far = FAR_PAGE.min((tasks / PAGE_SIZE).max(2));
    for order_by in ["", "due", "priority desc, title"] {
        let request = request(order_by, true);
        let order = if order_by.is_empty() {
            "create"
        } else {
            order_by
        };
        let name = format!("list {tasks} tasks by {order}: page");
        step(format!("{name} 1 to {far}"));
        let mut distant_request = request.clone();
        for _ in 1..far {
            distant_request.page_token = list(caller, distant_request.clone()).await?;
        }
        let (mut first, mut distant) = (Outcome::default(), Outcome::default());
        for number in 0..calls + calls / 10 {
            let call = async |request: &ListTasksRequest| {
                one_by_one(1, async |_| list(caller, request.clone()).await.map(drop)).await
            };
            let (one, other) = (call(&request).await, call(&distant_request).await);
            if number >= calls / 10 {
                first.append(&one);
                distant.append(&other);
            }
        }
        let times = distant.latency().p50 / first.latency().p50;
        report.add(Row::latency(format!("{name} 1"), &first));
        report.add(Row::latency(format!("{name} {far}"), &distant));
        report.add(
            Row::value(format!("{name} {far} against 1, median"), times, "times")
                .failing(first.failures + distant.failures)
                .at_most(Measure::Figure, GOAL_TIMES),
        );
    }
    Ok(())
}

fn request(order_by: &str, show_completed: bool) -> ListTasksRequest {
    ListTasksRequest {
        page_size: PAGE_SIZE as i32,
        order_by: order_by.to_owned(),
        show_completed,
        ..ListTasksRequest::default()
    }
}

/// Lists tasks; returns the token of the next page.
async fn list(caller: &Caller, request: ListTasksRequest) -> Result<String, BoxError> {
    let answer = caller.tasks(0).list_tasks(caller.request(request)).await?;
    Ok(answer.into_inner().next_page_token)
}
