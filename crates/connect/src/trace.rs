//! What was sent and received, as it is kept: JSON, without credentials, of bounded size.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

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
    masked: &[HeaderName],
    body: Option<&str>,
    redactor: &Redactor,
) -> String {
    let mut kept = String::with_capacity(512 + url.len());
    kept.push_str(r#"{"method":""#);
    kept.push_str(method);
    kept.push_str(r#"","url":"#);
    quote(&mut kept, &redactor.clean(url));
    kept.push_str(r#","headers":"#);
    let is_masked =
        |name: &HeaderName, value: &HeaderValue| masked.contains(name) || value.is_sensitive();
    write_headers(&mut kept, headers, &[], is_masked, redactor);
    if let Some(body) = body {
        kept.push_str(r#","body":"#);
        kept.push_str(&json_or_text(&redactor.clean_json(body)));
    }
    kept.push('}');
    kept
}

/// An answer as it is kept. Its body is clean already.
pub fn response(
    status: StatusCode,
    headers: &HeaderMap,
    body: &str,
    is_json: bool,
    redactor: &Redactor,
) -> String {
    let mut kept = String::with_capacity(512 + body.len().min(BODY_BYTES));
    kept.push_str(r#"{"status":"#);
    kept.push_str(status.as_str());
    kept.push_str(r#","headers":"#);
    let is_masked = |name: &HeaderName, _: &HeaderValue| *name == header::SET_COOKIE;
    write_headers(&mut kept, headers, &NOISE, is_masked, redactor);
    kept.push_str(r#","body":"#);
    if is_json && body.len() <= BODY_BYTES {
        kept.push_str(body);
    } else {
        kept.push_str(&json_or_text(body));
    }
    kept.push('}');
    kept
}

/// Headers as a JSON object, without those that say nothing; of several with one name the last. Most hold
/// no credential, which is seen at once for all of them.
fn write_headers(
    kept: &mut String,
    headers: &HeaderMap,
    noise: &[&str],
    is_masked: impl Fn(&HeaderName, &HeaderValue) -> bool,
    redactor: &Redactor,
) {
    let start = kept.len();
    for as_it_is in [true, false] {
        kept.truncate(start);
        kept.push('{');
        for name in headers.keys() {
            let is_noise = noise.contains(&name.as_str());
            let mut values = headers.get_all(name).iter();
            let Some(value) = values.next_back().filter(|_| !is_noise) else {
                continue;
            };
            if kept.len() > start + 1 {
                kept.push(',');
            }
            quote(kept, name.as_str());
            kept.push(':');
            let text = String::from_utf8_lossy(value.as_bytes());
            if is_masked(name, value) {
                quote(kept, MASK);
            } else if as_it_is {
                quote(kept, &text);
            } else {
                quote(kept, &redactor.clean(&text));
            }
        }
        kept.push('}');
        if as_it_is && !redactor.may_be_in(&kept[start..]) {
            return;
        }
    }
}

/// Writes a text as a JSON string.
fn quote(json: &mut String, text: &str) {
    if text.bytes().any(|b| b < b' ' || b == b'"' || b == b'\\') {
        json.push_str(&Value::from(text).to_string());
        return;
    }
    json.push('"');
    json.push_str(text);
    json.push('"');
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
