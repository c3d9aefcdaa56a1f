//! Messages of JSON-RPC, read without parsing what is inside them, and written without building
//! them first.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::McpError;

/// How much of a server's own words an error repeats, in characters.
const WORDS: usize = 300;

/// A message from a server.
#[derive(Debug, Deserialize)]
pub struct Frame<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// An error of JSON-RPC.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RpcError {
    /// Its code.
    #[serde(default)]
    pub code: i64,
    /// What it says.
    #[serde(default)]
    pub message: String,
    /// What it adds.
    #[serde(default)]
    pub data: Option<Box<Value>>,
}

impl RpcError {
    /// The error of a call, with the HTTP status it came with.
    pub fn with_status(self, status: u16) -> McpError {
        McpError::Rpc {
            code: self.code,
            message: self.message,
            data: self.data,
            status,
        }
    }
}

/// What a message is.
#[derive(Debug)]
pub enum Kind<'a> {
    /// The answer to the request with this id.
    Result(Option<u64>, &'a str),
    /// The refusal of the request with this id, which may be missing.
    Error(Option<u64>, RpcError),
    /// A notification.
    Notification(Cow<'a, str>, &'a str),
    /// A request of the server.
    Request,
}

/// Reads one message.
pub fn read(text: &str) -> Result<Kind<'_>, McpError> {
    let frame: Frame<'_> = serde_json::from_str(text).map_err(|error| McpError::Garbage {
        detail: format!("line {}, column {}", error.line(), error.column()),
    })?;
    if let Some(method) = frame.method {
        return Ok(if frame.id.is_some() {
            Kind::Request
        } else {
            Kind::Notification(method, frame.params.map_or("{}", RawValue::get))
        });
    }
    if let Some(result) = frame.result {
        return Ok(Kind::Result(frame.id.and_then(number), result.get()));
    }
    if let Some(error) = frame.error {
        let mut error: RpcError = serde_json::from_str(error.get()).unwrap_or_default();
        shorten(&mut error.message);
        return Ok(Kind::Error(frame.id.and_then(number), error));
    }
    Err(McpError::Garbage {
        detail: "it has neither a method nor a result nor an error".to_owned(),
    })
}

/// The messages of a text: one, or a batch of them (2025-03-26 allows that). A batch is rare enough
/// to be copied.
pub fn messages(text: &str) -> Result<Vec<Cow<'_, str>>, McpError> {
    if !text.trim_start().starts_with('[') {
        return Ok(vec![Cow::Borrowed(text)]);
    }
    let batch: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| McpError::Garbage {
        detail: format!("line {}, column {}", error.line(), error.column()),
    })?;
    Ok(batch
        .into_iter()
        .map(|one| Cow::Borrowed(one.get()))
        .collect())
}

/// An id or a token of ours. Some servers answer with the number as text.
fn number(raw: &RawValue) -> Option<u64> {
    raw.get().trim_matches('"').parse().ok()
}

/// Cuts a server's words to a bearable length.
pub fn shorten(text: &mut String) {
    if let Some((at, _)) = text.char_indices().nth(WORDS) {
        text.truncate(at);
        text.push_str("...");
    }
}

/// The token of a progress notification, if it is one of ours.
pub fn progress_token(params: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Token<'a> {
        #[serde(borrow, rename = "progressToken")]
        token: &'a RawValue,
    }
    let read: Token<'_> = serde_json::from_str(params).ok()?;
    number(read.token)
}

/// A request, being written.
pub struct Writer {
    text: Vec<u8>,
}

impl Writer {
    /// A request's beginning, up to its parameters. The method is one of ours.
    pub fn request(id: u64, method: &str, room: usize) -> Self {
        let mut text = Vec::with_capacity(room + 160);
        text.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        text.extend_from_slice(id.to_string().as_bytes());
        text.extend_from_slice(b",\"method\":\"");
        text.extend_from_slice(method.as_bytes());
        text.extend_from_slice(b"\",\"params\":{");
        Self { text }
    }

    fn comma(&mut self) {
        if self.text.last() != Some(&b'{') {
            self.text.push(b',');
        }
    }

    /// A parameter that is JSON text already.
    pub fn raw(&mut self, name: &str, json: &str) {
        self.comma();
        self.text.push(b'"');
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"\":");
        self.text.extend_from_slice(json.as_bytes());
    }

    /// A parameter.
    pub fn value(&mut self, name: &str, value: &Value) {
        self.raw(name, "");
        // Writing a value to memory cannot fail.
        drop(serde_json::to_writer(&mut self.text, value));
    }

    /// The whole request.
    pub fn finish(mut self) -> bytes::Bytes {
        self.text.extend_from_slice(b"}}");
        self.text.into()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_told_apart() {
        let kind = |text: &str| format!("{:?}", read(text).unwrap());
        for (text, found) in [
            (
                r#"{"jsonrpc":"2.0","id":7,"result":{"a":1}}"#,
                r#"Result(Some(7), "{\"a\":1}")"#,
            ),
            (r#"{"id":"7","result":[]}"#, r#"Result(Some(7), "[]")"#),
            (
                r#"{"method":"notifications/x"}"#,
                r#"Notification("notifications/x", "{}")"#,
            ),
            (r#"{"method":"ping","id":1}"#, "Request"),
        ] {
            assert_eq!(kind(text), found);
        }
        let Kind::Error(None, error) =
            read(r#"{"id":null,"error":{"code":-32000,"message":"no"}}"#).unwrap()
        else {
            panic!("an error");
        };
        assert_eq!((error.code, error.message.as_str()), (-32000, "no"));
        for garbage in ["", "hello", "{}", "[]", "<html>", "{\"id\":1}", "1"] {
            assert_eq!(
                read(garbage).unwrap_err().code(),
                "invalid_frame",
                "{garbage}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_request_keeps_its_shape(name in ".*", key in ".*", text in ".*") {
            let mut writer = Writer::request(3, "tools/call", 0);
            writer.value("name", &Value::from(name.clone()));
            let arguments = serde_json::json!({ key: text });
            writer.value("arguments", &arguments);
            writer.raw("_meta", "{}");
            let written: Value = serde_json::from_slice(&writer.finish()).unwrap();
            let wanted = serde_json::json!({
                "jsonrpc": "2.0", "id": 3, "method": "tools/call",
                "params": { "name": name, "arguments": arguments, "_meta": {} },
            });
            prop_assert_eq!(written, wanted);
        }
    }
}
