//! The committed documents are the ones that the server's types make.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

fn check(name: &str, current: &str) {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == current,
        "docs/{name} is stale; run `make docs` and commit it"
    );
}

#[test]
fn the_committed_document_is_current() {
    let mut current = serde_json::to_string_pretty(&switchboard_api::document()).unwrap();
    current.push('\n');
    check("openapi.json", &current);
}

#[test]
fn the_committed_errors_are_current() {
    check("errors.md", &switchboard_contract::reference::errors());
}

#[test]
fn the_committed_events_are_current() {
    let document = switchboard_api::document();
    let page = switchboard_contract::reference::events(&document);
    check("events.md", &page);
}

/// Every reference leads to a schema, and every link to an operation.
#[test]
fn the_document_is_whole() {
    let document = switchboard_api::document();
    let text = document.to_string();
    let mut references = 0;
    for rest in text.split(r##""$ref":"#"##).skip(1) {
        let pointer = rest.split('"').next().unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} is not there"
        );
        references += 1;
    }
    assert!(references > 1000, "{references}");
    let operation = |name: &str| text.contains(&format!(r#""operationId":"{name}","#));
    let items = document["paths"].as_object().unwrap().values();
    let mut links = 0;
    for made in items.filter_map(|item| item.pointer("/post/responses/201/links")) {
        for name in made.as_object().unwrap().keys() {
            assert!(operation(name), "{name} is no operation");
            links += 1;
        }
    }
    assert!(links > 20, "{links}");
}
