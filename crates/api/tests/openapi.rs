//! The committed document is the one the server gives.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

#[test]
fn the_committed_document_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let mut current = serde_json::to_string_pretty(&switchboard_api::document()).unwrap();
    current.push('\n');
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == current,
        "docs/openapi.json is stale; run `make docs` and commit it"
    );
}
