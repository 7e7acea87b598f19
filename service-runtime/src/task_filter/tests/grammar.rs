use super::{shape, test};
use crate::{
    filter::{Comparison, Field as _, Name, NameKey, Pattern, Test},
    task_filter::{COMPLETED, TaskField as Field, TaskFilter as Filter},
};

#[test]
fn empty_filter_has_no_terms() {
    for text in ["", "  ", "\n\t"] {
        assert!(Filter::parse(text).unwrap().terms().is_empty());
    }
}

#[test]
fn adjacent_terms_are_joined_by_and() {
    assert_eq!(shape("muted blocked"), "muted & blocked");
    assert_eq!(shape("muted AND blocked"), "muted & blocked");
    assert_eq!(
        shape("state=open priority>=high AND due<today"),
        "state & priority & due"
    );
}

#[test]
fn or_binds_tighter_than_and() {
    assert_eq!(
        shape("muted OR blocked AND overdue"),
        "(muted | blocked) & overdue"
    );
    assert_eq!(
        shape("overdue AND muted OR blocked OR recurring"),
        "overdue & (muted | blocked | recurring)"
    );
    assert_eq!(
        shape("overdue muted OR blocked"),
        "overdue & (muted | blocked)"
    );
    assert_eq!(
        shape("(overdue AND muted) OR blocked"),
        "((overdue & muted) | blocked)"
    );
}

#[test]
fn not_and_minus_negate_one_term() {
    assert_eq!(shape("NOT muted blocked"), "!muted & blocked");
    assert_eq!(shape("-muted OR blocked"), "(!muted | blocked)");
    assert_eq!(
        shape("-(muted OR blocked) -category:*"),
        "!(muted | blocked) & !category"
    );
    assert_eq!(shape("NOT due:*"), "!due");
    assert_eq!(shape("NOT (NOT muted)"), "muted");
    assert_eq!(shape("muted = false"), "!muted");
    assert_eq!(shape("priority != low"), "!priority");
}

#[test]
fn redundant_parentheses_are_accepted() {
    assert_eq!(shape("((muted))"), "muted");
    assert_eq!(shape("( muted AND (blocked) )"), "(muted & blocked)");
}

#[test]
fn minus_after_date_subtracts_only_a_duration() {
    assert_eq!(shape("due < today - 7d blocked"), "due & blocked");
    assert_eq!(shape("due < today -blocked"), "due & !blocked");
    assert_eq!(shape("due < today-7d -blocked"), "due & !blocked");
    assert_eq!(shape("due<today+7d muted"), "due & muted");
    assert_eq!(shape("due < today - 1w + 2h - 5m"), "due");
}

#[test]
fn text_is_quoted_with_either_quotes_or_none() {
    let contains = |text: &str| Test::Text(Field::Title, Pattern::Contains(text.to_owned()));
    assert_eq!(test("title:milk"), contains("milk"));
    assert_eq!(test("title:follow-up"), contains("follow-up"));
    assert_eq!(test("title:🥛"), contains("🥛"));
    assert_eq!(test("title:שלום"), contains("שלום"));
    assert_eq!(test("title:\"oat 'milk'\""), contains("oat 'milk'"));
    assert_eq!(test("title:'oat \"milk\"'"), contains("oat \"milk\""));
    assert_eq!(test(r#"title:"a \"b\" \\ \n""#), contains("a \"b\" \\ \n"));
    assert_eq!(test("title:\"100 *\""), contains("100 *"));
    assert_eq!(test("title:mil*"), contains("mil"));
}

#[test]
fn star_at_either_end_stands_for_any_text() {
    let title = |pattern| Test::Text(Field::Title, pattern);
    assert_eq!(
        test("title = \"Pay*\""),
        title(Pattern::StartsWith("Pay".to_owned()))
    );
    assert_eq!(
        test("title = Pay*"),
        title(Pattern::StartsWith("Pay".to_owned()))
    );
    assert_eq!(
        test("title = \"*bill\""),
        title(Pattern::EndsWith("bill".to_owned()))
    );
    assert_eq!(
        test("title = \"*bill*\""),
        title(Pattern::Contains("bill".to_owned()))
    );
    assert_eq!(
        test(r#"title = "5\*""#),
        title(Pattern::Equals("5*".to_owned()))
    );
    assert_eq!(
        test(r#"title = "5\**""#),
        title(Pattern::StartsWith("5*".to_owned()))
    );
}

#[test]
fn star_alone_asks_for_presence() {
    for (text, field) in [
        ("due:*", "due"),
        ("category = *", "category"),
        ("parent:*", "parent"),
    ] {
        let Test::Present(found) = test(text) else {
            panic!("{text}")
        };
        assert_eq!(found.word(), field);
    }
}

#[test]
fn values_are_accepted_in_api_spelling() {
    let high = Test::Choice(Field::Priority, Comparison::GreaterOrEqual, 2);
    for text in [
        "priority >= high",
        "priority>=HIGH",
        "priority >= \"high\"",
        "priority >= PRIORITY_HIGH",
    ] {
        assert_eq!(test(text), high, "{text}");
    }
    for text in ["state = completed", "state:TASK_STATE_COMPLETED"] {
        let completed = Test::Choice(Field::State, Comparison::Equal, COMPLETED);
        assert_eq!(test(text), completed, "{text}");
    }
    for text in ["blocked", "blocked = true", "blocked:TRUE"] {
        assert_eq!(test(text), Test::Flag(Field::Blocked), "{text}");
    }
    let work = Name {
        given: "Work".to_owned(),
        position: 5,
    };
    assert_eq!(work.key(), NameKey::of("work"));
    assert_eq!(test("tag: Work").field().word(), "tag");
    assert_eq!(test("tag:\"Work\""), Test::Name(Field::Tag, work));
}

#[test]
fn fields_accept_names_of_the_task_message() {
    for (text, field) in [
        ("due_time < now", "due"),
        ("due_date = today", "due"),
        ("complete_time:*", "complete"),
        ("tags:work", "tag"),
    ] {
        assert_eq!(shape(text), field);
    }
}
