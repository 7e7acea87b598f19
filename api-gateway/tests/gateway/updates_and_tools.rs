//! What an update touches, and the arguments of tools.

use api_gateway::transcode::read_arguments;
use serde_json::{Value, json};

use crate::{
    support::fixture::{LIBRARY, rpc},
    transcode::{http, lines},
};

fn tool(name: &str, arguments: Value) -> Result<Value, Vec<String>> {
    let rpc = rpc(&LIBRARY, name);
    let arguments = arguments.as_object().unwrap();
    lines(rpc, read_arguments(&LIBRARY.plans, rpc, arguments))
}

fn patch_shelf(body: Value) -> Result<Value, Vec<String>> {
    http("UpdateShelf").path("7").body(body).read()
}

#[test]
fn a_patch_changes_what_is_mentioned_and_null_empties() {
    let message = patch_shelf(json!({"title": "Novels", "room": null, "etag": "e", "open": false}));
    let expected =
        json!({"shelf_id": "7", "update_mask": "title,room,open", "etag": "e", "title": "Novels"});
    assert_eq!(message, Ok(expected));
}

#[test]
fn an_explicit_mask_is_respected_and_checked() {
    let message = patch_shelf(json!({"title": "Novels", "room": "x", "update_mask": "title"}));
    assert_eq!(message.unwrap()["update_mask"], "title");
    let faults = patch_shelf(json!({"title": "Novels", "update_mask": "titel"})).unwrap_err();
    assert_eq!(
        faults,
        ["update_mask: names titel, which is not a field; did you mean title?"]
    );

    let masked = http("UpdateShelf")
        .path("7")
        .query(&[("updateMask", "room")])
        .body(json!({"title": "Novels"}));
    assert_eq!(masked.read().unwrap()["update_mask"], "room");
}

#[test]
fn a_field_of_the_path_is_not_given_again() {
    let faults = patch_shelf(json!({"shelf_id": "8"})).unwrap_err();
    assert_eq!(
        faults,
        ["shelf_id: is part of the path; remove it from the body"]
    );
    let in_query = http("UpdateShelf").path("7").query(&[("room", "x")]);
    let faults = in_query.faults();
    assert_eq!(faults, ["room: belongs in the JSON body, not in the query"]);
}

#[test]
fn single_field_body_derives_mask_of_its_fields() {
    let update = http("UpdateBook")
        .path("shelves/1/books/2")
        .body(json!({"page_count": 5, "id": "x", "tags": null}));
    let expected = json!({"book": {"name": "shelves/1/books/2", "page_count": 5}, "update_mask": "pageCount,tags"});
    assert_eq!(update.read(), Ok(expected));
}

#[test]
fn a_required_field_is_missed_with_what_it_is() {
    let faults = tool("UpdateShelf", json!({"title": "x", "shelf_id": ""})).unwrap_err();
    assert_eq!(faults, ["shelf_id: is required: Which."]);
    // The path already says which book, so the field is there.
    let update = http("UpdateBook").path("shelves/1/books/2");
    assert!(update.read().is_ok());
}

#[test]
fn if_match_fills_etag() {
    let update = http("UpdateShelf").path("7").if_match("e");
    let body = json!({"title": "x"});
    assert_eq!(update.clone().body(body).read().unwrap()["etag"], "e");
    let differs = update.body(json!({"title": "x", "etag": "f"})).faults();
    assert_eq!(
        differs,
        ["etag: differs from the header If-Match; give one of them"]
    );
    let faults = http("ListBooks").if_match("e").faults();
    assert_eq!(
        faults,
        ["If-Match: has no meaning for this call; remove the header"]
    );
}

#[test]
fn a_tool_takes_short_words_and_null_as_absent() {
    let message = tool(
        "UpdateShelf",
        json!({"shelf_id": "7", "etag": "", "room": null, "binding": "hard_cover"}),
    );
    let expected =
        json!({"shelf_id": "7", "update_mask": "binding", "binding": "BINDING_HARD_COVER"});
    assert_eq!(message, Ok(expected));
    for word in ["Hard_Cover", "BINDING_HARD_COVER", "binding_hard_cover"] {
        assert!(
            tool("UpdateShelf", json!({"shelf_id": "7", "binding": word})).is_ok(),
            "{word}"
        );
    }
    for word in ["not_hard_cover", "2", " ", "unspecified"] {
        let faults = tool("UpdateShelf", json!({"shelf_id": "7", "binding": word}));
        let words = "binding: must be one of paperback, hard_cover";
        assert!(faults.unwrap_err()[0].starts_with(words), "{word}");
    }
}

#[test]
fn empty_value_in_update_is_refused_and_names_clear() {
    let update = |arguments: Value| {
        let mut arguments = arguments;
        arguments["shelf_id"] = "7".into();
        tool("UpdateShelf", arguments)
    };
    for (arguments, fields) in [
        (json!({"room": ""}), &["room"][..]),
        (json!({"title": "Novels", "room": ""}), &["room"]),
        (json!({"title": "Novels", "tags": []}), &["tags"]),
        (json!({"tags": ""}), &["tags"]),
        (json!({"binding": ""}), &["binding"]),
        (json!({"tags": [], "binding": ""}), &["tags", "binding"]),
        (json!({"tags": [], "clear": ["room"]}), &["tags"]),
    ] {
        let expected: Vec<String> = fields
            .iter()
            .map(|name| format!(r#"{name}: is empty; to clear it, give clear: ["{name}"], to keep it leave it out"#))
            .collect();
        assert_eq!(update(arguments.clone()), Err(expected), "{arguments}");
    }
    assert_eq!(
        update(json!({"open": ""})).unwrap_err(),
        ["open: is empty; give a value, or leave it out to keep it"]
    );
    // What clear names is emptied, also if its argument says the same.
    let message = update(json!({"room": "", "tags": [], "clear": ["room", "tags"]}));
    assert_eq!(message.unwrap()["update_mask"], "room,tags");
}

#[test]
fn update_without_change_is_refused_in_words_of_the_tool() {
    for arguments in [
        json!({"shelf_id": "7"}),
        json!({"shelf_id": "7", "etag": "e", "title": null, "clear": []}),
        json!({"shelf_id": "7", "clear": ""}),
    ] {
        assert_eq!(
            tool("UpdateShelf", arguments.clone()).unwrap_err(),
            [
                "clear: is empty, and no other argument changes anything; give one of title, room, binding, tags, open, \
              or list the fields to clear here"
            ],
            "{arguments}"
        );
    }
}

#[test]
fn argument_that_another_tool_takes_brings_its_hint() {
    for name in ["book", "Book", "new_books", "newBooks", "new-books"] {
        let mut arguments = json!({"shelf_id": "7"});
        arguments[name] = json!("x");
        assert_eq!(
            tool("UpdateShelf", arguments).unwrap_err(),
            [format!(
                "{name}: is not accepted by this tool; use update_book"
            )]
        );
    }
    let faults = patch_shelf(json!({"book": "x"})).unwrap_err();
    assert!(
        faults[0].starts_with("book: is not a known field"),
        "{faults:?}"
    );
}

#[test]
fn a_tool_empties_what_clear_names() {
    let message = tool(
        "UpdateShelf",
        json!({"shelf_id": "7", "title": "Novels", "clear": ["room", "tags"]}),
    );
    assert_eq!(message.unwrap()["update_mask"], "title,room,tags");
    let faults = tool(
        "UpdateShelf",
        json!({"shelf_id": "7", "room": "x", "clear": ["room", "shelf_id"]}),
    );
    insta::assert_snapshot!(faults.unwrap_err().join("\n"), @r#"
    clear[0]: lists room, which also has a value; do only one of them
    clear[1]: must be one of title, room, binding, tags
    "#);
}

#[test]
fn a_tool_refuses_what_it_does_not_know() {
    let faults = tool(
        "UpdateShelf",
        json!({"shelf_id": "7", "rooom": "x", "update_mask": "room", "binding": "soft"}),
    );
    insta::assert_snapshot!(faults.unwrap_err().join("\n"), @r#"
    rooom: is not a known field; did you mean room?
    binding: must be one of paperback, hard_cover
    update_mask: is not a known field; only the given fields are changed
    "#);
    let faults = tool("ListBooks", json!({"clear": ["page_size"]})).unwrap_err();
    assert!(
        faults[0].starts_with("clear: is not a known field"),
        "{faults:?}"
    );
}

#[test]
fn batch_update_item_derives_mask() {
    let body = json!({"shelves": [
        {"shelf_id": "7", "title": "Novels", "room": null, "etag": "e"},
        {"shelfId": "8", "open": false, "updateMask": "open,room"},
        {"shelf_id": "9"},
    ]});
    let expected = json!({"shelves": [
        {"shelf_id": "7", "update_mask": "title,room", "etag": "e", "title": "Novels"},
        {"shelf_id": "8", "update_mask": "open,room"},
        {"shelf_id": "9", "update_mask": ""},
    ]});
    let batch = |body: Value| http("BatchUpdateShelves").body(body);
    assert_eq!(batch(body).read(), Ok(expected));

    let body = json!({"shelves": [{"shelf_id": "7", "update_mask": "titel"}]});
    assert_eq!(
        batch(body).faults(),
        ["shelves[0].update_mask: names titel, which is not a field; did you mean title?"]
    );
}

#[test]
fn a_tool_steers_whole_calls_and_not_their_items() {
    let message = tool(
        "BatchUpdateShelves",
        json!({"shelves": [{"shelf_id": "7", "title": "Novels", "room": null}], "request_id": "u"}),
    );
    let expected = json!({
        "shelves": [{"shelf_id": "7", "update_mask": "title", "title": "Novels"}], "request_id": "u"
    });
    assert_eq!(message, Ok(expected));
    let faults = tool(
        "BatchUpdateShelves",
        json!({"shelves": [{"shelf_id": "7", "title": "x", "room": "", "tags": []}]}),
    );
    assert_eq!(
        faults.unwrap_err(),
        ["room", "tags"].map(|name| format!(
            "shelves[0].{name}: is empty; give a value, or leave it out to keep it"
        ))
    );
    let faults = tool(
        "BatchUpdateShelves",
        json!({"shelves": [{"shelf_id": "7", "etag": "e", "update_mask": "title", "rom": "x", "door": "y"}]}),
    );
    insta::assert_snapshot!(faults.unwrap_err().join("\n"), @r#"
    shelves[0].etag: applies to the whole call; remove it from the items
    shelves[0].update_mask: is not a known field; known are shelf_id, title, room, binding, tags, open
    shelves[0].rom: is not a known field; did you mean room?
    shelves[0].door: is not a known field; known are shelf_id, title, room, binding, tags, open
    "#);
}

#[test]
fn a_tool_does_not_know_what_is_hidden_from_it() {
    let faults = tool("UpdateShelf", json!({"shelf_id": "7", "door": "x"})).unwrap_err();
    assert_eq!(
        faults,
        ["door: is not a known field; known are shelf_id, etag, title, room, binding, tags, open"]
    );
    let clear = json!({"shelf_id": "7", "clear": ["door"]});
    assert!(tool("UpdateShelf", clear).is_err());
    assert!(patch_shelf(json!({"door": "x"})).is_ok());
}

#[test]
fn idempotency_key_fills_request_id() {
    const UUID: &str = "0198c0de-0000-7000-8000-000000000001";
    let batch = |body: Value| {
        let batch = http("BatchUpdateShelves").body(body);
        batch.idempotency_key(UUID).read()
    };
    let message = batch(json!({"shelves": []})).unwrap();
    assert_eq!(message["request_id"], UUID);
    assert!(batch(json!({"shelves": [], "request_id": UUID})).is_ok());
    assert_eq!(
        batch(json!({"shelves": [], "request_id": "other"})).unwrap_err(),
        ["request_id: differs from the header Idempotency-Key; give one of them"]
    );
    assert_eq!(
        http("ListBooks").idempotency_key(UUID).faults(),
        ["Idempotency-Key: has no meaning for this call; remove the header"]
    );
}
