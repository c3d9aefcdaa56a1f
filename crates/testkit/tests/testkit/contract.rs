//! The net that holds answers against the API's document catches what it is there for.

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use switchboard_testkit::{Document, Exchange};

fn document() -> Document {
    let answer = |schema: Value| json!({"description": "", "content": {"application/json": {"schema": schema}}});
    let thing = json!({"$ref": "#/components/schemas/Thing"});
    Document::new(json!({
        "openapi": "3.1.0",
        "paths": {
            "/api/v1/things/{id}": {
                "get": {"responses": {"200": answer(thing.clone())}},
                "put": {
                    "requestBody": {"content": {"application/json": {"schema": thing}}},
                    "responses": {"204": {"description": ""}},
                },
            },
            "/api/v1/things/made": {"post": {"responses": {
                "201": {"description": "", "headers": {"ETag": {"required": true}}},
                "409": {
                    "x-codes": ["name_taken"],
                    "content": {"application/json": {"schema": {"type": "object"}}},
                },
            }}},
            "/api/v1/things/count": {"get": {"responses": {"200": answer(json!({"type": "integer"}))}}},
        },
        "components": {"schemas": {"Thing": {
            "type": "object", "required": ["at"], "additionalProperties": false,
            "properties": {"at": {"type": "string", "format": "date-time"}},
        }}},
    }))
}

/// What the net says of an answer, and of what was sent for it.
fn said(method: &Method, path: &str, status: u16, text: &str, sent: Option<&str>) -> String {
    let mut headers = HeaderMap::new();
    if !text.is_empty() {
        headers.insert("content-type", "application/json".parse().unwrap());
    }
    let exchange = Exchange {
        method,
        path,
        sent,
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        text,
    };
    document().violation(exchange).unwrap_or_default()
}

#[test]
fn what_the_document_says_passes() {
    let get = |path, text| said(&Method::GET, path, 200, text, None);
    let good = r#"{"at": "2026-01-31T12:00:00Z"}"#;
    assert_eq!(get("/api/v1/things/a%2Fb?x=1", good), "");
    assert_eq!(get("/api/v1/things/count", "7"), "");
    assert_eq!(
        said(&Method::PUT, "/api/v1/things/1", 204, "", Some(good)),
        ""
    );
    assert_eq!(said(&Method::GET, "/api/v1/nothing", 404, "{}", None), "");
    assert_eq!(said(&Method::POST, "/api/v1/things/1", 405, "{}", None), "");
    assert_eq!(said(&Method::GET, "/elsewhere", 200, "1", None), "");
}

#[test]
fn what_it_does_not_say_is_caught() {
    let get = |path, status, text| said(&Method::GET, path, status, text, None);
    let thing = "/api/v1/things/1";
    for (found, expected) in [
        (
            get(thing, 200, r#"{"at": "2026-01-31T12:00:00Z", "more": 1}"#),
            "more",
        ),
        (get(thing, 200, "{}"), "required"),
        (get(thing, 200, r#"{"at": "yesterday"}"#), "date-time"),
        (get(thing, 200, "no JSON"), "no JSON"),
        (get(thing, 200, ""), "declares a body"),
        (get(thing, 201, "{}"), "does not declare this status"),
        (get("/api/v1/things/count", 200, "{}"), "integer"),
        (
            said(&Method::POST, "/api/v1/things/made", 201, "", None),
            "header ETag",
        ),
        (
            said(
                &Method::POST,
                "/api/v1/things/made",
                409,
                r#"{"code": "odd"}"#,
                None,
            ),
            "does not list the code",
        ),
        (get("/api/v1/nothing", 200, "{}"), "no such operation"),
        (
            said(&Method::PUT, thing, 204, "", Some("{}")),
            "took what the document refuses",
        ),
        (
            said(&Method::PUT, thing, 204, "{}", None),
            "declares no body",
        ),
    ] {
        assert!(found.contains(expected), "{expected}: {found}");
    }
}
