use super::*;

fn meaning(word: &str, size: i64) -> Meaning {
    Meaning {
        query: Some(quoted(word)),
        words: vec![word.to_owned()],
        sizes: vec![size],
        ..Meaning::default()
    }
}

fn branch(wanted: Vec<Meaning>) -> BranchMeaning {
    BranchMeaning {
        wanted,
        ..BranchMeaning::default()
    }
}

#[test]
fn one_word_is_found_by_its_postings_alone() {
    let all = alternatives(&branch(vec![meaning("rent", 7)]));
    let steps = all[0].steps(BEST_LEVEL, &all);
    assert_eq!(steps.len(), 2);
    assert!(
        steps
            .iter()
            .all(|step| step.required.is_none() && step.unless.is_empty())
    );
    assert_eq!((steps[0].weight, steps[1].weight), (3, 1));
}

#[test]
fn the_rarest_word_leads() {
    let all = alternatives(&branch(vec![meaning("pay", 500), meaning("rent", 7)]));
    assert_eq!(all[0].rarest.words, ["rent"]);
    assert_eq!(all[0].others[0].words, ["pay"]);
    let best = all[0].step(BEST_LEVEL, &all).unwrap();
    let title = "(('pay')) & (('rent'))";
    assert_eq!(best.required.unwrap().title.as_deref(), Some(title));
    let second = all[0].step(7, &all).unwrap();
    assert_eq!(second.unless[0].title.as_deref(), Some(title));
}

#[test]
fn a_word_that_is_in_no_task_finds_nothing() {
    assert!(alternatives(&branch(vec![meaning("pay", 5), meaning("rent", 0)])).is_empty());
}

#[test]
fn words_that_are_in_every_text_are_not_searched() {
    let all = alternatives(&branch(vec![Meaning::default(), meaning("rent", 3)]));
    assert_eq!(all[0].whole, "(('rent'))");
    assert!(alternatives(&branch(vec![Meaning::default()])).is_empty());
}

#[test]
fn an_unfinished_word_comes_after_complete_ones() {
    let completions = Completions {
        words: vec!["invoic".to_owned(), "invit".to_owned()],
        labels: vec!["#1".to_owned()],
        size: 3,
    };
    let all = alternatives(&BranchMeaning {
        unfinished: Some(("inv".to_owned(), completions)),
        ..branch(vec![meaning("inv", 2)])
    });
    assert_eq!(all.len(), 2);
    let levels: Vec<i16> = all[1]
        .steps(BEST_LEVEL, &all)
        .iter()
        .map(|step| step.level)
        .collect();
    assert_eq!(levels, [4, 2, 1]);
    let step = all[1].step(1, &all).unwrap();
    assert_eq!(step.words, ["invoic", "invit"]);
    // Neither a task with the word itself nor one with a better place of an unfinished one.
    assert_eq!(step.unless[0].whole, "(('inv'))");
    assert!(
        step.unless[1]
            .whole
            .ends_with("('invoic':AB | 'invit':AB | '#1':AB)")
    );
    assert_eq!(all[1].step(2, &all).unwrap().words, ["#1"]);
}

#[test]
fn signs_are_taken_as_they_are() {
    assert_eq!(quoted("it's \\"), "'it''s \\\\'");
}
