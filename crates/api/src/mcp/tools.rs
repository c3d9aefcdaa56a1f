//! Tools as MCP shows them, and calls as it answers them.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use switchboard_app::AppError;
use switchboard_app::call::CallAnswer;
use switchboard_app::tools::Tools;
use switchboard_domain::admission::Refusal;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::input::InputError;
use switchboard_domain::tool_format::Provider;

use super::failure::{Failure, INVALID_PARAMS};
use super::text::quoted;

/// The tools as `tools/list` shows them: a JSON array, in the document's order. What came from an
/// MCP server is passed on with all its members.
pub fn list(tools: &Tools) -> String {
    let tools: Vec<_> = tools
        .tools
        .iter()
        .filter_map(|tool| tool.format(Provider::Mcp))
        .collect();
    json!(tools).to_string()
}

/// Tells two lists apart. It is the same on every server of one build.
pub fn digest(list: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    list.hash(&mut hash);
    hash.finish()
}

/// How a result is written for a revision.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// Members of the result, JSON text that ends with a comma.
    pub members: &'static str,
    /// Members of its `_meta`, JSON text that ends with a comma where there are some.
    pub meta: String,
}

/// What `tools/call` is answered with: the result, as JSON text.
pub fn outcome(answer: Result<CallAnswer, AppError>, frame: &Frame) -> Result<String, Failure> {
    match answer {
        Ok(CallAnswer { mcp: Some(raw), .. }) => passed_on(&raw, frame),
        Ok(answer) => performed(&answer.json, frame),
        Err(error) => refused(error, frame),
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    call_id: &'a str,
    status: &'a str,
    #[serde(borrow)]
    output: &'a RawValue,
    error: Option<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    code: String,
    message: String,
    #[serde(default)]
    upstream_status: Option<u16>,
}

/// The result of a call that was made.
fn performed(json: &str, frame: &Frame) -> Result<String, Failure> {
    let answer: Answer<'_> = serde_json::from_str(json)
        .map_err(|error| AppError::Internal(format!("an answer cannot be read: {error}")))?;
    let call = answer.call_id;
    if let Some(error) = answer.error.filter(|_| answer.status != "succeeded") {
        let mut detail = json!({"code": error.code});
        if let Some(status) = error.upstream_status {
            detail["upstream_status"] = status.into();
        }
        let meta = format!(r#""switchboard/call":"{call}","switchboard/error":{detail}"#);
        // What the service said about it is what a model can learn from.
        let output = answer.output.get();
        let more = (output != "null").then(|| text_of(output));
        return Ok(write(
            frame,
            &[Some(error.message), more],
            None,
            true,
            &meta,
        ));
    }
    let output = answer.output.get();
    let structured = output.starts_with('{').then_some(output);
    let meta = format!(r#""switchboard/call":"{call}""#);
    Ok(write(
        frame,
        &[Some(text_of(output))],
        structured,
        false,
        &meta,
    ))
}

/// JSON as a text for a model: a string without its quotes, anything else as it stands.
fn text_of(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

fn write(
    frame: &Frame,
    texts: &[Option<String>],
    structured: Option<&str>,
    is_error: bool,
    meta: &str,
) -> String {
    let length: usize = texts.iter().flatten().map(String::len).sum();
    let mut result = String::with_capacity(length * 2 + 256);
    let _ = write!(result, r#"{{{}"content":["#, frame.members);
    for (at, text) in texts.iter().flatten().enumerate() {
        if at > 0 {
            result.push(',');
        }
        let _ = write!(result, r#"{{"type":"text","text":{}}}"#, quoted(text));
    }
    result.push(']');
    if let Some(structured) = structured {
        let _ = write!(result, r#","structuredContent":{structured}"#);
    }
    let _ = write!(
        result,
        r#","isError":{is_error},"_meta":{{{}{meta}}}}}"#,
        frame.meta
    );
    result
}

/// A call that was not made. What a model can do something about is a result it gets to read; a
/// tool that does not exist, and what has nothing to do with the call, is an error of the protocol.
fn refused(error: AppError, frame: &Frame) -> Result<String, Failure> {
    let sentence = error.to_string();
    let code = error.code().as_str();
    let (sentence, detail) = match error {
        AppError::Refused(Refusal::UnknownAction { .. }) => {
            return Err(Failure::new(StatusCode::OK, INVALID_PARAMS, code, sentence));
        }
        AppError::Conflict {
            code: ErrorCode::InvalidIdempotencyKey,
            ..
        } => return Err(Failure::new(StatusCode::OK, INVALID_PARAMS, code, sentence)),
        AppError::Refused(_) | AppError::Conflict { .. } => (sentence, json!({"code": code})),
        AppError::InvalidArguments(errors) => (
            wrong_arguments(&errors),
            json!({"code": code, "errors": errors}),
        ),
        other => return Err(other.into()),
    };
    let meta = format!(r#""switchboard/error":{detail}"#);
    Ok(write(frame, &[Some(sentence)], None, true, &meta))
}

fn wrong_arguments(errors: &[InputError]) -> String {
    let mut text = String::from("the arguments do not fit the action's parameters:");
    for error in errors {
        let place = error
            .pointer
            .strip_prefix("/arguments")
            .unwrap_or(&error.pointer);
        let place = if place.is_empty() {
            "the arguments"
        } else {
            place
        };
        let _ = write!(text, "\n- {place}: {}", error.detail);
    }
    text
}

/// The result of an MCP server's tool: every member stays as it is, unknown ones too.
fn passed_on(raw: &str, frame: &Frame) -> Result<String, Failure> {
    if frame.members.is_empty() && frame.meta.is_empty() {
        return Ok(raw.to_owned());
    }
    let unreadable = |error| AppError::Internal(format!("a tool's result cannot be read: {error}"));
    let members: Members<'_> = serde_json::from_str(raw).map_err(unreadable)?;
    let mut result = String::with_capacity(raw.len() + 256);
    let _ = write!(result, "{{{}", frame.members);
    let mut meta = frame.meta.trim_end_matches(',').to_owned();
    for (name, value) in members.0 {
        match &*name {
            // It is the frame's to say.
            "resultType" if !frame.members.is_empty() => {}
            "_meta" => {
                let theirs = value.get().trim();
                let inner = theirs
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix('}'))
                    .map_or("", str::trim);
                if !inner.is_empty() {
                    // Ours come last: of two members of one name, the last one counts.
                    meta = format!("{inner},{meta}");
                }
            }
            _ => {
                let _ = write!(result, "{}:{},", quoted(&name), value.get());
            }
        }
    }
    let meta = meta.trim_end_matches(',');
    let _ = write!(result, r#""_meta":{{{meta}}}}}"#);
    Ok(result)
}

/// The members of an object, in their order, each as its text.
struct Members<'a>(Vec<(std::borrow::Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name.into(), value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::Value;

    fn frame() -> Frame {
        Frame {
            members: r#""resultType":"complete","#,
            meta: r#""switchboard/conversation":"cnv_1","#.to_owned(),
        }
    }

    fn answer(output: &Value, error: &Value) -> Value {
        let status = if error.is_null() {
            "succeeded"
        } else {
            "failed"
        };
        let json = json!({
            "call_id": "cal_1", "status": status, "output": output, "variables": {},
            "error": error, "duration_ms": 3,
        });
        let answer = CallAnswer {
            json: json.to_string(),
            mcp: None,
            replayed: false,
        };
        serde_json::from_str(&outcome(Ok(answer), &frame()).unwrap()).unwrap()
    }

    #[test]
    fn an_object_is_structured_and_everything_is_a_text() {
        for (output, text, structured) in [
            (json!({"a": [1]}), r#"{"a":[1]}"#, Some(json!({"a": [1]}))),
            (json!("plain \"text\"\n"), "plain \"text\"\n", None),
            (json!([1, 2]), "[1,2]", None),
            (json!(null), "null", None),
            (json!(1.5), "1.5", None),
        ] {
            let result = answer(&output, &Value::Null);
            assert_eq!(result["content"], json!([{"type": "text", "text": text}]));
            assert_eq!(result.get("structuredContent"), structured.as_ref());
            assert_eq!(result["isError"], false);
            assert_eq!(result["resultType"], "complete");
            assert_eq!(result["_meta"]["switchboard/conversation"], "cnv_1");
            assert_eq!(result["_meta"]["switchboard/call"], "cal_1");
        }
    }

    #[test]
    fn a_failure_says_why_and_what_the_service_said() {
        let error =
            json!({"code": "upstream_error", "message": "it answered 404", "upstream_status": 404});
        let result = answer(&json!({"reason": "gone"}), &error);
        assert_eq!(result["isError"], true);
        assert_eq!(result["content"][0]["text"], "it answered 404");
        assert_eq!(result["content"][1]["text"], r#"{"reason":"gone"}"#);
        let expected = json!({"code": "upstream_error", "upstream_status": 404});
        assert_eq!(result["_meta"]["switchboard/error"], expected);
        assert!(result.get("structuredContent").is_none());
    }

    #[test]
    fn what_an_mcp_server_sent_is_passed_on_whole() {
        let raw = r#"{"content":[{"type":"image","data":"eA==","mimeType":"image/png","x":1}],"resultType":"complete",
            "structuredContent":{"n":1e2},"isError":false,"extra":[null],"_meta":{"theirs":1}}"#;
        let pass = |frame: &Frame| {
            let answer = CallAnswer {
                json: "{}".to_owned(),
                mcp: Some(raw.to_owned()),
                replayed: false,
            };
            outcome(Ok(answer), frame).unwrap()
        };
        assert_eq!(pass(&Frame::default()), raw);
        let framed = pass(&frame());
        assert!(
            framed.contains(r#""n":1e2"#),
            "numbers keep their form: {framed}"
        );
        let result: Value = serde_json::from_str(&framed).unwrap();
        let mut expected: Value = serde_json::from_str(raw).unwrap();
        expected["_meta"]["switchboard/conversation"] = json!("cnv_1");
        assert_eq!(result, expected);
    }

    #[test]
    fn refusals_are_results_that_a_model_can_read() {
        let closed = outcome(Err(Refusal::Closed.into()), &frame()).unwrap();
        let closed: Value = serde_json::from_str(&closed).unwrap();
        assert_eq!(closed["isError"], true);
        assert_eq!(closed["content"][0]["text"], Refusal::Closed.to_string());
        assert_eq!(
            closed["_meta"]["switchboard/error"]["code"],
            "phase_not_allowed"
        );

        let wrong = AppError::InvalidArguments(vec![InputError {
            pointer: "/arguments/id".to_owned(),
            detail: "it is missing".to_owned(),
        }]);
        let wrong: Value = serde_json::from_str(&outcome(Err(wrong), &frame()).unwrap()).unwrap();
        let text = wrong["content"][0]["text"].as_str().unwrap();
        assert!(text.ends_with("\n- /id: it is missing"), "{text}");

        let unknown = Refusal::UnknownAction {
            name: "x".to_owned(),
        };
        let unknown = outcome(Err(unknown.into()), &frame()).unwrap_err();
        assert!(unknown.to_json().contains("-32602"));
    }
}
