//! A tool as it was discovered, checked and ready to be called.

use std::sync::Arc;

use http::HeaderValue;
use serde_json::Value;
use switchboard_domain::schema::ParameterSchema;

use crate::param_headers::{ParamHeaders, encode};

/// The largest tool, in bytes of its JSON text.
const MAX_TOOL_BYTES: usize = 256 * 1024;
/// The longest name that models accept.
const MAX_NAME: usize = 64;

/// Why a tool is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolFault {
    /// It is not an object with a name.
    #[error("it has no name")]
    NoName,
    /// Models refuse its name.
    #[error(
        "its name has characters other than A-Z, a-z, 0-9, `_` and `-`, or more than 64 of them; models refuse it"
    )]
    Name,
    /// Its input schema cannot be used.
    #[error("its input schema cannot be used: {0}")]
    Schema(String),
    /// Its header annotations break the rules of revision 2026-07-28.
    #[error("its header annotations are wrong: {0}")]
    Headers(String),
    /// It is larger than the cap.
    #[error("it is larger than {MAX_TOOL_BYTES} bytes")]
    TooLarge,
    /// Another tool of the server has its name.
    #[error("another tool before it has the same name")]
    Twice,
}

/// A tool that can be called. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Tool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    /// The name as JSON text.
    json_name: String,
    header_name: Option<HeaderValue>,
    params: ParamHeaders,
    schema: ParameterSchema,
    read_only: bool,
    idempotent: bool,
}

impl Tool {
    /// Checks a tool's wire object. A tool that models refuse, or whose schema does not compile, is
    /// an error; nothing that a schema refers to elsewhere is ever fetched.
    pub fn prepare(wire: &Value) -> Result<Self, ToolFault> {
        let name = name_of(wire).ok_or(ToolFault::NoName)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(allowed) {
            return Err(ToolFault::Name);
        }
        if wire.to_string().len() > MAX_TOOL_BYTES {
            return Err(ToolFault::TooLarge);
        }
        let schema = wire.get("inputSchema").unwrap_or(&Value::Null);
        // The protocol demands what models do: an object (2025-11-25, "Tool").
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(ToolFault::Schema("its `type` is not \"object\"".to_owned()));
        }
        let compiled =
            ParameterSchema::compile(schema).map_err(|error| ToolFault::Schema(error.message))?;
        let params = ParamHeaders::of(schema).map_err(ToolFault::Headers)?;
        let hint = |name: &str, unsaid: bool| {
            wire.get("annotations")
                .and_then(|annotations| annotations.get(name))
                .and_then(Value::as_bool)
                .unwrap_or(unsaid)
        };
        Ok(Self(Arc::new(Inner {
            json_name: Value::from(name).to_string(),
            header_name: encode(name),
            name: name.to_owned(),
            params,
            schema: compiled,
            read_only: hint("readOnlyHint", false),
            idempotent: hint("idempotentHint", false),
        })))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The schema of its arguments.
    pub fn schema(&self) -> &ParameterSchema {
        &self.0.schema
    }

    /// True when its server says that it changes nothing (`readOnlyHint`).
    pub fn read_only(&self) -> bool {
        self.0.read_only
    }

    /// True when its server says that calling it again with the same arguments does no more than
    /// calling it once.
    pub fn repeatable(&self) -> bool {
        self.0.read_only || self.0.idempotent
    }

    pub(crate) fn json_name(&self) -> &str {
        &self.0.json_name
    }

    pub(crate) fn header_name(&self) -> Option<&HeaderValue> {
        self.0.header_name.as_ref()
    }

    pub(crate) fn params(&self) -> &ParamHeaders {
        &self.0.params
    }
}

/// The name a wire object gives itself, right or wrong.
pub fn name_of(wire: &Value) -> Option<&str> {
    wire.get("name").and_then(Value::as_str)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bad_tools_are_told_apart() {
        let object = json!({"type": "object"});
        for (wire, fault) in [
            (json!({"inputSchema": object}), "no name"),
            (json!({"name": "a b", "inputSchema": object}), "refuse"),
            (json!({"name": "", "inputSchema": object}), "refuse"),
            (
                json!({"name": "x".repeat(65), "inputSchema": object}),
                "refuse",
            ),
            (json!({"name": "a"}), "object"),
            (json!({"name": "a", "inputSchema": {}}), "object"),
            (
                json!({"name": "a", "inputSchema": {"type": "string"}}),
                "object",
            ),
            (
                json!({"name": "a", "inputSchema": {"type": "object", "properties": 7}}),
                "schema",
            ),
            (
                json!({"name": "a", "inputSchema": {"type": "object",
                "properties": {"p": {"$ref": "http://127.0.0.1:1/x"}}}}),
                "schema",
            ),
            (
                json!({"name": "a", "description": "x".repeat(300_000), "inputSchema": object}),
                "larger",
            ),
        ] {
            let found = Tool::prepare(&wire).unwrap_err().to_string();
            assert!(found.contains(fault), "{found}");
        }
    }

    #[test]
    fn hints_say_what_may_be_repeated() {
        let tool = |annotations: Value| {
            let wire =
                json!({"name": "a", "inputSchema": {"type": "object"}, "annotations": annotations});
            Tool::prepare(&wire).unwrap()
        };
        assert!(!tool(json!({})).repeatable());
        assert!(!tool(json!({"readOnlyHint": "yes"})).repeatable());
        assert!(tool(json!({"readOnlyHint": true})).read_only());
        assert!(tool(json!({"idempotentHint": true})).repeatable());
    }
}
