//! JSON-RPC messages: read once, and written as text.

use std::fmt::{self, Write as _};
use std::marker::PhantomData;

use axum::http::StatusCode;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use switchboard_domain::strict::Strict;

use super::failure::{Failure, PARSE_ERROR, invalid_params, invalid_request};
use super::text::Id;

/// The most messages of one batch.
const MAX_BATCH: usize = 50;

/// One message.
#[derive(Debug, Default, Deserialize)]
pub struct Message {
    #[serde(default)]
    jsonrpc: String,
    #[serde(default)]
    id: Given,
    #[serde(default)]
    method: Option<String>,
    #[serde(default, deserialize_with = "object")]
    params: Option<Params>,
    #[serde(default)]
    result: Option<IgnoredAny>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

/// What stands for an id.
#[derive(Debug, Default)]
enum Given {
    /// Nothing: the message is a notification.
    #[default]
    Nothing,
    /// Null, which names no request.
    Null,
    /// An id.
    Id(Id),
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Id))
    }
}

/// Reads an object, or null. By itself a list would do for a struct too.
fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct Object<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }
    deserializer.deserialize_any(Object(PhantomData))
}

/// The parameters that any method here takes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Params {
    /// Of `tools/call` and `prompts/get`.
    pub name: Option<String>,
    /// Of `tools/call`.
    pub arguments: Option<Map<String, Value>>,
    /// Of `resources/read`.
    pub uri: Option<String>,
    /// Of `logging/setLevel`.
    pub level: Option<String>,
    /// Of `initialize`.
    pub protocol_version: Option<String>,
    /// Of `subscriptions/listen`.
    #[serde(deserialize_with = "object")]
    pub notifications: Option<Wanted>,
    /// What goes with every request.
    #[serde(rename = "_meta", deserialize_with = "object")]
    pub meta: Option<Meta>,
}

/// What a subscription is about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Wanted {
    /// Changes of the list of tools.
    pub tools_list_changed: Option<bool>,
}

/// What goes with a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The revision.
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    pub protocol_version: Option<String>,
    /// What the client can do: an object.
    #[serde(rename = "io.modelcontextprotocol/clientCapabilities")]
    pub client_capabilities: Option<Map<String, Value>>,
    /// How severe log messages must be to be sent.
    #[serde(rename = "io.modelcontextprotocol/logLevel")]
    pub log_level: Option<String>,
    /// Under which token the client hears of progress.
    #[serde(rename = "progressToken")]
    pub progress_token: Option<Id>,
    /// The conversation.
    #[serde(rename = "switchboard/conversation")]
    pub conversation: Option<String>,
    /// Under which key a call is done once.
    #[serde(rename = "switchboard/idempotencyKey")]
    pub idempotency_key: Option<String>,
}

/// A request.
#[derive(Debug)]
pub struct Call {
    /// Its id.
    pub id: Id,
    /// The method.
    pub method: String,
    /// The parameters; as if empty when there are none.
    pub params: Params,
}

/// What a client may send.
#[derive(Debug)]
pub enum Incoming {
    /// Something that is answered.
    Call(Box<Call>),
    /// A notification, or an answer: nothing is said to it.
    Told,
}

/// The body of a request.
#[derive(Debug)]
pub enum Body {
    /// One message.
    One(Incoming),
    /// Several, each as it could be read.
    Batch(Vec<Result<Incoming, Failure>>),
}

/// Reads a body.
pub fn read(body: &[u8]) -> Result<Body, Failure> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'[') {
        let message = serde_json::from_slice(body).map_err(|error| explain(body, &error))?;
        return incoming(message).map(Body::One);
    }
    let messages: Vec<Value> = serde_json::from_slice(body).map_err(|error| no_json(&error))?;
    if messages.is_empty() || messages.len() > MAX_BATCH {
        let message = format!("a batch has 1 to {MAX_BATCH} messages");
        return Err(invalid_request(message));
    }
    let messages = messages.into_iter().map(|value| {
        let text = value.to_string();
        let mut json = serde_json::Deserializer::from_str(&text);
        let message = Message::deserialize(Strict::new(&mut json));
        incoming(message.map_err(|error| explain(text.as_bytes(), &error))?)
    });
    Ok(Body::Batch(messages.collect()))
}

fn incoming(message: Message) -> Result<Incoming, Failure> {
    let id = match &message.id {
        Given::Id(id) => Some(id.clone()),
        Given::Nothing | Given::Null => None,
    };
    let wrong = |text: &str| Err(invalid_request(text).with_id(id));
    if message.jsonrpc != "2.0" {
        return wrong("`jsonrpc` is \"2.0\"");
    }
    match (message.method, message.id) {
        (Some(method), Given::Id(id)) => Ok(Incoming::Call(Box::new(Call {
            id,
            method,
            params: message.params.unwrap_or_default(),
        }))),
        (Some(_), Given::Null) => wrong("a request's `id` is a text or a number"),
        (Some(_), Given::Nothing) => Ok(Incoming::Told),
        (None, Given::Null | Given::Id(_))
            if message.result.is_some() || message.error.is_some() =>
        {
            Ok(Incoming::Told)
        }
        (None, _) => wrong("there is no `method`"),
    }
}

/// Why a message could not be read. Costs more than reading, so it is done only then.
fn explain(body: &[u8], error: &serde_json::Error) -> Failure {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return no_json(&error),
    };
    let id = value.get("id").and_then(|id| Id::deserialize(id).ok());
    let is_method = value.get("method").is_some_and(Value::is_string);
    let is_shape = value.get("jsonrpc").is_some_and(|version| version == "2.0")
        && is_method
        && (id.is_some() || value.get("id").is_none());
    let failure = if is_shape {
        let detail = error.to_string();
        let detail = detail.split(" at line ").next().unwrap_or_default();
        invalid_params(format!("the parameters cannot be read: {detail}"))
            .at(StatusCode::BAD_REQUEST)
    } else {
        invalid_request(
            "a message is an object with `jsonrpc`, `method`, `params`, and an `id` if it is to be answered",
        )
    };
    failure.with_id(id)
}

fn no_json(error: &serde_json::Error) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        PARSE_ERROR,
        "malformed_json",
        format!("the body is not JSON: {error}"),
    )
}

/// The answer to a request, as JSON text. The result is JSON text too.
pub fn result(id: &Id, result: &str) -> String {
    let mut text = String::with_capacity(result.len() + 48);
    let _ = write!(text, r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
    text
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use axum::response::IntoResponse as _;

    use super::super::failure::{INVALID_PARAMS, INVALID_REQUEST};
    use super::*;

    fn code_of(failure: &Failure) -> i64 {
        let message: Value = serde_json::from_str(&failure.to_json()).unwrap();
        message["error"]["code"].as_i64().unwrap()
    }

    #[test]
    fn what_cannot_be_read_is_told_apart() {
        for (body, code, id) in [
            ("", PARSE_ERROR, "null"),
            ("{", PARSE_ERROR, "null"),
            ("\u{1}", PARSE_ERROR, "null"),
            ("7", INVALID_REQUEST, "null"),
            ("[]", INVALID_REQUEST, "null"),
            ("{}", INVALID_REQUEST, "null"),
            (r#"{"jsonrpc":"2.0","id":1}"#, INVALID_REQUEST, "1"),
            (
                r#"{"jsonrpc":"1.0","id":"a","method":"x"}"#,
                INVALID_REQUEST,
                "\"a\"",
            ),
            (r#"{"id":1,"method":"x"}"#, INVALID_REQUEST, "1"),
            (
                r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#,
                INVALID_REQUEST,
                "null",
            ),
            (
                r#"{"jsonrpc":"2.0","id":[1],"method":"x"}"#,
                INVALID_REQUEST,
                "null",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
                INVALID_REQUEST,
                "1",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[]}"#,
                INVALID_PARAMS,
                "1",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"arguments":[]}}"#,
                INVALID_PARAMS,
                "1",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":3}}"#,
                INVALID_PARAMS,
                "1",
            ),
        ] {
            let failure = read(body.as_bytes()).unwrap_err();
            assert_eq!(code_of(&failure), i64::from(code), "{body}");
            assert!(
                failure.to_json().contains(&format!("\"id\":{id},")),
                "{body}"
            );
            let status = failure.into_response().status();
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(
            code_of(&read(deep.as_bytes()).unwrap_err()),
            i64::from(PARSE_ERROR)
        );
    }

    #[test]
    fn an_id_comes_back_as_it_was_sent() {
        for id in ["1", "-7", "\"\\u0041\\\"b\"", "9007199254740993", "\"\""] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let Body::One(Incoming::Call(call)) = read(body.as_bytes()).unwrap() else {
                panic!("{body}");
            };
            let answer: Value = serde_json::from_str(&result(&call.id, "{}")).unwrap();
            let sent: Value = serde_json::from_str(id).unwrap();
            assert_eq!(answer["id"], sent);
        }
    }

    #[test]
    fn notifications_and_answers_are_taken_in() {
        for body in [
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
        ] {
            assert!(
                matches!(read(body.as_bytes()), Ok(Body::One(Incoming::Told))),
                "{body}"
            );
        }
    }
}
