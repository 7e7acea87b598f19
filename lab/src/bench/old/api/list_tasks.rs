use std::sync::Arc;

use service_runtime::BoxError;
use taskmesh_proto::task::v1::ListTasksRequest;

use crate::bench::old::{
    caller::Caller,
    data::{Statistics, category_name, tag_name},
    load::{Outcome, one_by_one},
    progress::Progress,
    report::{Bound, Line, Measure, Page},
    subject::{MeasuredUser, Subject},
};

const PAGE_SIZE: i32 = 50;
const GOAL_P95_MS: f64 = 10.0;
const FAR_PAGE: usize = 1_000;
/// The far page may cost so many times what the first costs.
const GOAL_TIMES: f64 = 1.2;

/// Which tasks, in which order.
struct Kind {
    filter: String,
    order_by: &'static str,
    show_completed: bool,
}

/// Measures lists with filters and orders, then far pages.
pub async fn measure(subject: &Subject, page: &mut Page) -> Result<(), BoxError> {
    for user in &subject.users {
        let statistics = Statistics::of(&subject.drafts, &user.user);
        let rare_word = statistics
            .within(1, 3, 1)
            .first()
            .map(|rank| subject.drafts.vocabulary().word(*rank).to_owned());
        for kind in kinds(rare_word.as_deref().unwrap_or("word")) {
            let line = measure_kind(subject, user, &kind).await;
            page.add(line.goal(Measure::P95Ms, Bound::AtMost(GOAL_P95_MS)));
        }
    }
    let user = subject.largest()?;
    for order_by in ["", "due", "priority desc, title"] {
        measure_far_page(subject, user, order_by, page).await?;
    }
    Ok(())
}

fn kinds(rare_word: &str) -> Vec<Kind> {
    let kind = |filter: &str, order_by, show_completed| Kind {
        filter: filter.to_owned(),
        order_by,
        show_completed,
    };
    let (tag, rare_tag) = (tag_name(0), tag_name(40));
    let category = category_name(0);
    vec![
        kind("", "", false),
        kind("", "", true),
        kind("", "title", true),
        kind("", "due", false),
        kind("", "priority desc, due", false),
        kind("", "update desc", true),
        kind("state = open AND priority >= high", "", false),
        kind("priority = urgent", "title", false),
        kind("overdue = true", "due", false),
        kind("due >= today AND due < today + 7d", "due desc", false),
        kind(&format!("tag:\"{tag}\""), "priority desc, due", false),
        kind(&format!("tag:\"{rare_tag}\""), "", false),
        kind(
            &format!("category = \"{category}\" AND priority >= medium"),
            "due",
            false,
        ),
        kind(
            &format!("NOT category:\"{category}\" AND due < today + 7d"),
            "create",
            false,
        ),
        kind("complete >= today - 30d", "complete desc", true),
        kind(&format!("title:\"{rare_word}\""), "", true),
        kind(&format!("description:\"{rare_word}\""), "update desc", true),
        kind(
            &format!("(priority = low OR due < today - 30d) AND NOT tag:\"{tag}\""),
            "title desc",
            false,
        ),
        kind("recurring = true", "due", true),
        kind("blocked = true", "priority desc", true),
    ]
}

impl Kind {
    fn name(&self, user: &MeasuredUser) -> String {
        let filter = match self.filter.as_str() {
            "" if self.show_completed => "all",
            "" => "open",
            filter => filter,
        };
        let order_by = match self.order_by {
            "" => String::new(),
            order_by => format!(" by {order_by}"),
        };
        format!("List {}: {filter}{order_by}", user.user.tasks)
    }

    fn request(&self) -> ListTasksRequest {
        ListTasksRequest {
            page_size: PAGE_SIZE,
            filter: self.filter.clone(),
            order_by: self.order_by.to_owned(),
            show_completed: self.show_completed,
            ..ListTasksRequest::default()
        }
    }
}

async fn measure_kind(subject: &Subject, user: &MeasuredUser, kind: &Kind) -> Line {
    let name = kind.name(user);
    let progress = Progress::new(name.as_str(), "calls", None);
    let (warm_up, count) = (subject.effort.warm_up_calls(), subject.effort.calls);
    let outcome = progress
        .watch(one_by_one(warm_up, count, |number| {
            let (caller, request) = (user.caller.clone(), kind.request());
            progress.add(1);
            async move { list(&caller, number, request).await.map(drop) }
        }))
        .await;
    Line::of_calls(name, outcome)
}

/// Compares the first page with a far one, in turn.
async fn measure_far_page(
    subject: &Subject,
    user: &MeasuredUser,
    order_by: &'static str,
    page: &mut Page,
) -> Result<(), BoxError> {
    let kind = Kind {
        filter: String::new(),
        order_by,
        show_completed: true,
    };
    let last = (user.user.tasks / PAGE_SIZE.unsigned_abs() as usize).saturating_sub(1);
    let far = FAR_PAGE.min(last.max(2));
    let name = format!("{}, page", kind.name(user));
    let progress = Progress::new(format!("{name} 1 to {far}"), "pages", None);
    let caller = &user.caller;
    let (first, distant) = progress
        .watch(async {
            let mut token = String::new();
            for _ in 1..far {
                token = list(caller, 0, at(&kind, &token)).await?;
                progress.add(1);
            }
            let (mut first, mut distant) = (Outcome::default(), Outcome::default());
            let warm_up = subject.effort.warm_up_calls();
            for number in 0..warm_up + subject.effort.calls {
                let one = one_by_one(0, 1, |_| call(caller, at(&kind, ""))).await;
                let other = one_by_one(0, 1, |_| call(caller, at(&kind, &token))).await;
                if number >= warm_up {
                    first.append(one);
                    distant.append(other);
                }
            }
            Ok::<_, BoxError>((first, distant))
        })
        .await?;
    let first = Line::of_calls(format!("{name} 1"), first);
    let distant = Line::of_calls(format!("{name} {far}"), distant);
    let times = distant.p50_ms() / first.p50_ms();
    let failures = first.failures() + distant.failures();
    page.add(first);
    page.add(distant);
    page.add(
        Line::of_value(format!("{name} {far} against 1, median"), times, "times")
            .failing(failures)
            .goal(Measure::Value, Bound::AtMost(GOAL_TIMES)),
    );
    Ok(())
}

fn at(kind: &Kind, token: &str) -> ListTasksRequest {
    ListTasksRequest {
        page_token: token.to_owned(),
        ..kind.request()
    }
}

async fn call(caller: &Arc<Caller>, request: ListTasksRequest) -> Result<(), BoxError> {
    list(caller, 0, request).await.map(drop)
}

/// Lists tasks and returns where the next page begins.
async fn list(
    caller: &Caller,
    number: usize,
    request: ListTasksRequest,
) -> Result<String, BoxError> {
    let answer = caller
        .tasks(number)
        .list_tasks(caller.request(request))
        .await?;
    Ok(answer.into_inner().next_page_token)
}
