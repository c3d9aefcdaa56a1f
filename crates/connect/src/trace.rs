//! What was sent and received, as it is kept: JSON, without credentials, of bounded size.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::redact::{MASK, Redactor};

/// How much of a body is kept, in bytes.
const BODY_BYTES: usize = 16 * 1024;

/// Headers that say nothing about the call.
const NOISE: [&str; 6] = [
    "date",
    "connection",
    "keep-alive",
    "server",
    "transfer-encoding",
    "content-length",
];

/// A request as it is kept. `masked` names the headers that hold credentials.
pub fn request(
    method: &str,
    url: &str,
    headers: &HeaderMap,
    masked: &[http::HeaderName],
    body: Option<&str>,
    redactor: &Redactor,
) -> String {
    let mut kept = Map::new();
    for (name, value) in headers {
        let text = if masked.contains(name) || value.is_sensitive() {
            MASK.to_owned()
        } else {
            redactor
                .clean(&String::from_utf8_lossy(value.as_bytes()))
                .into_owned()
        };
        kept.insert(name.as_str().to_owned(), Value::String(text));
    }
    format!(
        r#"{{"method":"{method}","url":{},"headers":{}{}}}"#,
        Value::from(redactor.clean(url).as_ref()),
        Value::Object(kept),
        body.map_or_else(String::new, |body| format!(
            r#","body":{}"#,
            json_or_text(&redactor.clean_json(body))
        ))
    )
}

/// An answer as it is kept. Its body is clean already.
pub fn response(
    status: StatusCode,
    headers: &HeaderMap,
    body: &str,
    is_json: bool,
    redactor: &Redactor,
) -> String {
    let mut kept = Map::new();
    for (name, value) in headers {
        if NOISE.contains(&name.as_str()) {
            continue;
        }
        let text = if name == http::header::SET_COOKIE {
            MASK.to_owned()
        } else {
            redactor
                .clean(&String::from_utf8_lossy(value.as_bytes()))
                .into_owned()
        };
        kept.insert(name.as_str().to_owned(), Value::String(text));
    }
    format!(
        r#"{{"status":{},"headers":{},"body":{}}}"#,
        status.as_u16(),
        Value::Object(kept),
        if is_json && body.len() <= BODY_BYTES {
            std::borrow::Cow::Borrowed(body)
        } else {
            json_or_text(body).into()
        }
    )
}

/// A body as it is kept: JSON stays JSON, other text becomes a string; what is too long becomes a
/// cut string.
pub fn kept_text(body: &str) -> String {
    json_or_text(body)
}

fn json_or_text(body: &str) -> String {
    if body.len() > BODY_BYTES {
        let mut end = BODY_BYTES;
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        return Value::from(format!("{}... ({} bytes in all)", &body[..end], body.len()))
            .to_string();
    }
    if body.is_empty() {
        return "null".to_owned();
    }
    if serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok() {
        return body.to_owned();
    }
    Value::from(body).to_string()
}
