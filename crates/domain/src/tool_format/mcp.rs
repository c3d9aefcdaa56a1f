//! Tools of the Model Context Protocol. It takes all of JSON Schema, as long as the top is an object.

use serde_json::{Map, Value};

use super::{Notes, Severity, lint};

/// The longest name that the protocol recommends.
const MAX_NAME: usize = 128;

/// The item of a list of tools. A tool that came from an MCP server keeps all it came with.
pub(super) fn item(common: Map<String, Value>, schema: Value, wire: Option<&Value>) -> Value {
    let mut item = wire.and_then(Value::as_object).cloned().unwrap_or_default();
    item.extend(common);
    item.insert("inputSchema".to_owned(), schema);
    Value::Object(item)
}

/// Notes what a client may refuse.
pub(super) fn check(schema: &Value, notes: &mut Notes) {
    // The protocol recommends it and demands nothing; a tool without a name cannot be called.
    let severity = match notes.tool.as_str() {
        "" => Severity::LeftOut,
        _ => Severity::Warning,
    };
    lint::name(MAX_NAME, b"_-.", severity, notes);
    let Some(members) = schema.as_object() else {
        return;
    };
    lint::dialect(schema, Severity::Warning, notes);
    lint::top_level_type(members, notes);
    lint::references(&lint::left(schema), Severity::Warning, notes);
}
