//! JSON to messages and back, on a contract that has every kind of field.

use crate::support::fixture::{LIBRARY, binding, rpc};
use api_gateway::{
    catalog::{Dialect, Rpc},
    transcode::{HttpInput, Reading, read_http, write},
};
use prost::Message;
use prost_reflect::{DynamicMessage, ReflectMessage, SerializeOptions};
use serde_json::{Value, json};

pub fn plain(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap()
}

/// An HTTP request to an RPC of the library, by its main route.
#[derive(Clone, Default)]
pub struct Http {
    name: &'static str,
    path_values: Vec<String>,
    query: Vec<(String, String)>,
    body: Option<Value>,
    if_match: Option<&'static str>,
    idempotency_key: Option<&'static str>,
}

pub fn http(name: &'static str) -> Http {
    Http {
        name,
        ..Http::default()
    }
}

impl Http {
    pub fn path(mut self, value: &str) -> Self {
        self.path_values.push(value.to_owned());
        self
    }

    pub fn query(mut self, query: &[(&str, &str)]) -> Self {
        let query = query
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        self.query.extend(query);
        self
    }

    pub fn body(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    pub fn if_match(self, etag: &'static str) -> Self {
        Self {
            if_match: Some(etag),
            ..self
        }
    }

    pub fn idempotency_key(self, key: &'static str) -> Self {
        Self {
            idempotency_key: Some(key),
            ..self
        }
    }

    /// Returns the message as JSON, or the faults as `field: description`.
    pub fn read(&self) -> Result<Value, Vec<String>> {
        let body = self
            .body
            .as_ref()
            .map(|body| serde_json::to_vec(body).unwrap());
        let input = HttpInput {
            path_values: &self.path_values,
            query: &self.query,
            body: body.as_deref(),
            file: None,
            if_match: self.if_match,
            idempotency_key: self.idempotency_key,
        };
        let (rpc, binding) = (rpc(&LIBRARY, self.name), binding(&LIBRARY, self.name));
        let reading = read_http(&LIBRARY.plans, rpc, binding, input).unwrap();
        lines(rpc, reading)
    }

    pub fn faults(&self) -> Vec<String> {
        self.read().unwrap_err()
    }
}

pub fn lines(rpc: &Rpc, reading: Reading) -> Result<Value, Vec<String>> {
    match reading.complete() {
        Ok(message) => {
            let message = DynamicMessage::decode(rpc.method.input(), message.as_slice());
            Ok(plain(&message.unwrap()))
        }
        Err(faults) => Err(faults
            .iter()
            .map(|f| format!("{}: {}", f.field, f.description))
            .collect()),
    }
}

pub fn post(body: Value) -> Result<Value, Vec<String>> {
    http("MoveBook").body(body).read()
}

fn query(query: &[(&str, &str)]) -> Result<Value, Vec<String>> {
    http("ListBooks").query(query).read()
}

#[test]
fn every_kind_of_field_arrives() {
    let body = json!({
        "name": "Emma",
        "binding": "BINDING_HARD_COVER",
        "page_count": 474,
        "copyCount": "9007199254740993",
        "weight": 0.5,
        "cover": "+/8=",
        "publish_time": "1815-12-23T00:00:00+01:00",
        "tags": ["a", "b"],
        "subtitle": "",
        "authors": [{"full_name": "Jane", "favourite": "paperback"}],
        "reader": {"fullName": "Ann"},
        "password": "secret"
    });
    let expected = json!({
        "name": "Emma",
        "binding": "BINDING_HARD_COVER",
        "page_count": 474,
        "copy_count": "9007199254740993",
        "weight": 0.5,
        "cover": "+/8=",
        "publish_time": "1815-12-22T23:00:00Z",
        "tags": ["a", "b"],
        "subtitle": "",
        "authors": [{"full_name": "Jane", "favourite": "BINDING_PAPERBACK"}],
        "reader": {"full_name": "Ann"},
        "password": "secret"
    });
    let message = post(body).unwrap();
    assert_eq!(message, expected);
}

#[test]
fn all_faults_are_reported_with_path_and_cure() {
    let faults = post(json!({
        "titel": "x",
        "authors": [{"full_name": "Jane"}, {"fullname": 5, "favourite": "hardcover"}],
        "binding": "BINDING_LEATHER",
        "page_count": 2.5,
        "copy_count": "many",
        "weight": "heavy",
        "cover": "!",
        "publish_time": "1815-12-23T00:00:00",
        "tags": "a",
        "name": 5,
        "reader": [],
    }))
    .unwrap_err();
    insta::assert_snapshot!(faults.join("\n"), @r#"
    titel: is not a known field; known are name, binding, page_count, copy_count, weight, cover, publish_time, tags, subtitle, authors, shelf, reader, password, etag, barcode
    authors[1].fullname: is not a known field; did you mean full_name?
    authors[1].favourite: must be one of paperback, hard_cover, or a full name such as BINDING_PAPERBACK; did you mean hard_cover?
    binding: must be one of paperback, hard_cover, or a full name such as BINDING_PAPERBACK
    page_count: must be a whole number from -2147483648 to 2147483647
    copy_count: must be a whole number from -9223372036854775808 to 9223372036854775807
    weight: must be a number
    cover: must be a string in base64
    publish_time: needs an offset: write 1815-12-23T00:00:00Z or 1815-12-23T00:00:00+01:00
    tags: must be a list, in []
    name: must be a string, in quotes
    reader: must be an object, in {}
    "#);
}

#[test]
fn odd_values_are_read_or_reported_as_violations() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!("-"),
        json!("9".repeat(400)),
        json!("\u{0}"),
        json!([]),
        json!([[]]),
        json!([null]),
        json!({}),
        json!({"": {}}),
        json!({"value": 1}),
        json!({"@type": "x"}),
        json!([{"full_name": [{}]}]),
    ];
    let names: Vec<String> = rpc(&LIBRARY, "MoveBook")
        .method
        .input()
        .fields()
        .map(|f| f.name().to_owned())
        .collect();
    let mut read = Vec::new();
    for name in &names {
        for value in &odd {
            match post(json!({ name.as_str(): value })) {
                Ok(_) => read.push((name.as_str(), value.to_string())),
                Err(faults) => assert!(
                    faults.iter().all(|fault| fault.starts_with(name)),
                    "{faults:?}"
                ),
            }
        }
    }
    for (name, value) in [
        ("name", r#""\u0000""#),
        ("page_count", "-1"),
        ("weight", "1.5"),
        ("tags", "[]"),
        ("authors", "[]"),
    ] {
        assert!(read.contains(&(name, value.to_owned())), "{name}: {value}");
    }
    for text in odd.iter().filter_map(Value::as_str) {
        let given = [("order", text), ("since", text), ("old", text)];
        let faults = query(&given).unwrap_err();
        assert_eq!(faults.len(), 2, "{text}: {faults:?}");
    }
}

#[test]
fn null_and_what_only_the_server_sets_count_as_absent() {
    assert_eq!(
        post(json!({"name": null, "tags": null, "publish_time": null, "id": "7"})),
        Ok(json!({}))
    );
    assert_eq!(
        post(json!({"tags": [null]})).unwrap_err(),
        ["tags[0]: cannot be null here; leave it out"]
    );
}

#[test]
fn one_field_of_a_oneof_may_be_given() {
    let faults = post(json!({"shelf": "7", "reader": {}})).unwrap_err();
    assert_eq!(
        faults,
        ["reader: cannot be given together with shelf; give one of them"]
    );
    assert!(post(json!({"shelf": "7", "reader": null})).is_ok());
}

#[test]
fn a_field_given_under_both_of_its_names_is_refused() {
    let faults = post(json!({"page_count": 1, "pageCount": 1})).unwrap_err();
    assert_eq!(
        faults,
        ["page_count: is given twice, as page_count and pageCount"]
    );
}

#[test]
fn not_more_than_twenty_faults_are_told() {
    let body: Value = (0..50)
        .map(|n| (format!("x{n}"), json!(1)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    assert_eq!(post(body).unwrap_err().len(), 20);
}

#[test]
fn a_query_fills_nested_and_repeated_fields() {
    let message = query(&[
        ("filter.bindings", "BINDING_PAPERBACK"),
        ("filter.bindings", "BINDING_HARD_COVER"),
        ("filter.inStock", "true"),
        ("pageSize", "10"),
        ("order", "a"),
        ("since", "2026-01-01T00:00:00Z"),
        ("old", "false"),
    ]);
    let expected = json!({
        "filter": {"bindings": ["BINDING_PAPERBACK", "BINDING_HARD_COVER"], "in_stock": true},
        "page_size": 10,
        "order": ["a"],
        "since": "2026-01-01T00:00:00Z",
        "old": false,
    });
    assert_eq!(message, Ok(expected));
}

#[test]
fn an_unknown_query_parameter_is_refused_with_a_suggestion() {
    let faults = query(&[
        ("page_sise", "1"),
        ("filter", "x"),
        ("page_size", "ten"),
        ("filter.in_stock", "yes"),
        ("filter.colour", "x"),
        ("since", "2026-01-01T00:00:00 01:00"),
    ]);
    insta::assert_snapshot!(faults.unwrap_err().join("\n"), @r#"
    page_sise: is not a known query parameter; did you mean page_size?
    filter: is an object; write its fields as name.field=value
    page_size: must be a whole number from -2147483648 to 2147483647
    filter.in_stock: must be true or false
    filter.colour: is not a known query parameter; known are filter.bindings, filter.in_stock, page_size, order, since, old
    since: has a space where its offset begins: in a URL, write + as %2B
    "#);
}

#[test]
fn a_query_parameter_that_is_no_list_is_given_once() {
    let faults = query(&[("page_size", "1"), ("page_size", "2")]).unwrap_err();
    assert_eq!(faults, ["page_size: is given twice; give it once"]);
}

#[test]
fn a_body_where_none_belongs_is_refused() {
    let faults = http("ListBooks").body(json!({})).faults();
    assert!(faults[0].starts_with("body: must be empty"), "{faults:?}");
    assert!(http("ListBooks").read().is_ok());
    assert_eq!(
        post(json!([])).unwrap_err(),
        ["body: must be a JSON object, in {}"]
    );
}

fn written(message: &DynamicMessage, dialect: Dialect) -> Value {
    let (plans, wire) = (&LIBRARY.plans, message.encode_to_vec());
    let json = write(plans, plans.id(&message.descriptor()), &wire, dialect).unwrap();
    serde_json::from_slice(&json).unwrap()
}

#[test]
fn http_answer_has_all_fields_tool_answer_set_ones() {
    let book = rpc(&LIBRARY, "MoveBook").method.output();
    let stored = json!({
        "name": "Emma", "binding": 2, "copy_count": "5", "password": "secret", "authors": [{"full_name": "Jane"}], "cover": "+/8=", "barcode": "123"
    });
    let message = DynamicMessage::deserialize(book, stored).unwrap();
    let http = written(&message, Dialect::Http);
    let expected = json!({
        "name": "Emma", "id": "", "binding": "BINDING_HARD_COVER", "page_count": 0, "copy_count": "5", "weight": 0.0,
        "cover": "+/8=", "tags": [],
        "authors": [{"full_name": "Jane", "favourite": "BINDING_UNSPECIFIED"}], "etag": "", "barcode": "123"
    });
    assert_eq!(http, expected);
    let tool = written(&message, Dialect::Tool);
    let expected = json!({
        "name": "Emma", "binding": "hard_cover", "copy_count": "5", "cover": "+/8=", "tags": [], "authors": [{"full_name": "Jane"}]
    });
    assert_eq!(tool, expected);

    // An empty list of the answer itself says that there is nothing; lists of what it holds are left out.
    let answer = rpc(&LIBRARY, "ListBooks").method.output();
    let stored = json!({"book": {"name": "Emma"}});
    let message = DynamicMessage::deserialize(answer, stored).unwrap();
    let tool = written(&message, Dialect::Tool);
    assert_eq!(tool["book"], json!({"name": "Emma"}));
}

#[test]
fn value_of_another_field_has_its_words_for_tools() {
    let book = rpc(&LIBRARY, "MoveBook").method.output();
    let pool = book.parent_pool();
    let change = pool
        .get_message_by_name("fixture.library.v1.BookChange")
        .unwrap();
    for (field, http, tool) in [
        ("binding", json!("BINDING_PAPERBACK"), json!("paperback")),
        (
            "binding",
            json!("BINDING_UNHEARD_OF"),
            json!("BINDING_UNHEARD_OF"),
        ),
        // A text is nobody's enum value, whatever it says.
        (
            "name",
            json!("BINDING_PAPERBACK"),
            json!("BINDING_PAPERBACK"),
        ),
        ("page_count", json!(7.0), json!(7.0)),
        (
            "publish_time",
            json!("2026-12-01T09:00:00Z"),
            json!("2026-12-01T09:00:00Z"),
        ),
        (
            "tags",
            json!(["BINDING_PAPERBACK"]),
            json!(["BINDING_PAPERBACK"]),
        ),
        (
            "bindings",
            json!(["BINDING_PAPERBACK"]),
            json!(["paperback"]),
        ),
        (
            "authors",
            json!([{"full_name": "BINDING_PAPERBACK", "favourite": "BINDING_HARD_COVER"}]),
            json!([{"full_name": "BINDING_PAPERBACK", "favourite": "hard_cover"}]),
        ),
    ] {
        let stored = json!({"field": field, "value": http});
        let message = DynamicMessage::deserialize(change.clone(), stored).unwrap();
        let for_http = written(&message, Dialect::Http);
        assert_eq!(for_http["value"], http, "{field}");
        let for_tools = written(&message, Dialect::Tool);
        assert_eq!(for_tools, json!({"field": field, "value": tool}));
    }
}
