//! What a tool answered, as it came.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::McpError;

/// A tool's result. Nothing of it is lost: every part is the server's own JSON text, with
/// credentials cut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolAnswer {
    text: String,
    content: Option<Range<usize>>,
    structured: Option<Range<usize>>,
    meta: Option<Range<usize>>,
    /// True when the tool says that it failed (`isError`). What it says about it is in the content.
    pub is_error: bool,
}

#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow, rename = "structuredContent")]
    structured: Option<&'a RawValue>,
    #[serde(borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
    #[serde(default, rename = "isError")]
    is_error: Option<bool>,
    #[serde(borrow, rename = "resultType")]
    result_type: Option<std::borrow::Cow<'a, str>>,
}

impl ToolAnswer {
    /// Reads a result.
    pub fn read(text: String) -> Result<Self, McpError> {
        if !text.starts_with('{') {
            return Err(McpError::Protocol {
                detail: "a tool's result is not an object".to_owned(),
            });
        }
        let parts: Parts<'_> = serde_json::from_str(&text).map_err(|error| McpError::Protocol {
            detail: format!("a tool's result is not what it should be ({error})"),
        })?;
        match parts.result_type.as_deref() {
            None | Some("complete") => {}
            Some("input_required") => return Err(McpError::InputRequired),
            Some(_) => {
                return Err(McpError::Protocol {
                    detail: "a tool's result is of a type that was not asked for".to_owned(),
                });
            }
        }
        if parts
            .content
            .is_some_and(|content| !content.get().starts_with('['))
        {
            return Err(McpError::Protocol {
                detail: "the content of a tool's result is not a list".to_owned(),
            });
        }
        let place = |part: Option<&RawValue>| part.map(|part| range(&text, part.get()));
        let (content, structured, meta, is_error) = (
            place(parts.content),
            place(parts.structured),
            place(parts.meta),
            parts.is_error.unwrap_or(false),
        );
        Ok(Self {
            text,
            content,
            structured,
            meta,
            is_error,
        })
    }

    /// The whole result.
    pub fn json(&self) -> &str {
        &self.text
    }

    /// The content blocks: a JSON list.
    pub fn content(&self) -> &str {
        self.part(self.content.as_ref()).unwrap_or("[]")
    }

    /// The structured content, if the tool gave any.
    pub fn structured_content(&self) -> Option<&str> {
        self.part(self.structured.as_ref())
    }

    /// The result's `_meta`, if it has one.
    pub fn meta(&self) -> Option<&str> {
        self.part(self.meta.as_ref())
    }

    fn part(&self, range: Option<&Range<usize>>) -> Option<&str> {
        range.and_then(|range| self.text.get(range.clone()))
    }
}

/// Where a part of a text stands in it.
fn range(whole: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start + part.len()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn a_result_keeps_all_it_has() {
        let text = r#"{"x":1,"content":[{"type":"new","z": 1.50}],"structuredContent":{"a":[1]},"isError":true,"_meta":{"m":null}}"#;
        let answer = ToolAnswer::read(text.to_owned()).unwrap();
        assert_eq!(answer.json(), text);
        assert_eq!(answer.content(), r#"[{"type":"new","z": 1.50}]"#);
        assert_eq!(answer.structured_content(), Some(r#"{"a":[1]}"#));
        assert_eq!(answer.meta(), Some(r#"{"m":null}"#));
        assert!(answer.is_error);
        let empty = ToolAnswer::read("{}".to_owned()).unwrap();
        assert_eq!((empty.content(), empty.meta()), ("[]", None));
    }

    #[test]
    fn what_is_no_result_is_refused() {
        for (text, code) in [
            ("[]", "protocol_error"),
            (r#"{"content":"text"}"#, "protocol_error"),
            (r#"{"isError":"no"}"#, "protocol_error"),
            (r#"{"resultType":"later"}"#, "protocol_error"),
            (r#"{"resultType":"input_required"}"#, "input_required"),
        ] {
            let error = ToolAnswer::read(text.to_owned()).unwrap_err();
            assert_eq!(error.code(), code, "{text}");
        }
    }
}
