//! Request headers.

use crate::rule::RuleError;
use crate::template::{RenderContext, TextTemplate};

/// Headers that frame the message or belong to the connection: the client sets them.
const RESERVED: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "accept-encoding",
    "expect",
];

/// A header whose value is text or a template.
#[derive(Debug, Clone)]
pub struct HeaderTemplate {
    /// Its name, in lower case.
    pub name: String,
    value: TextTemplate,
}

/// Checks a header's name (RFC 9110, section 5.1) and answers it in lower case.
pub fn header_name(text: &str) -> Result<String, RuleError> {
    let name = text.to_ascii_lowercase();
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > 256 || !name.bytes().all(token) {
        return Err(RuleError::new(
            "invalid_header",
            format!("`{}` is not the name of a header", text.escape_debug()),
        ));
    }
    if RESERVED.contains(&name.as_str()) || name.starts_with("proxy-") {
        return Err(RuleError::new(
            "invalid_header",
            format!("the header `{name}` is set by the client itself; remove it"),
        ));
    }
    Ok(name)
}

/// Checks a header's value: visible ASCII, spaces and tabs (RFC 9110, section 5.5).
pub fn header_value(name: &str, text: &str) -> Result<String, RuleError> {
    let text = text.trim_matches([' ', '\t']);
    if !text
        .bytes()
        .all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
    {
        return Err(RuleError::new(
            "invalid_header",
            format!(
                "the value of the header `{name}` has a line break, a control character or a character beyond ASCII"
            ),
        ));
    }
    Ok(text.to_owned())
}

impl HeaderTemplate {
    /// Parses a header's name and value.
    pub fn parse(name: &str, value: &str) -> Result<Self, RuleError> {
        let name = header_name(name)?;
        let value = TextTemplate::parse(value)?;
        if let Some(text) = value.literal() {
            let value = TextTemplate::parse(&header_value(&name, text)?)?;
            return Ok(Self { name, value });
        }
        Ok(Self { name, value })
    }

    /// The value, with line breaks and control characters refused.
    pub fn render(&self, context: &RenderContext<'_>) -> Result<String, RuleError> {
        match self.value.literal() {
            Some(text) => Ok(text.to_owned()),
            None => header_value(&self.name, &self.value.render(context)?),
        }
    }

    /// The dotted names its template mentions.
    pub fn mentions(&self) -> Vec<String> {
        self.value.mentions()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::{Map, json};

    #[test]
    fn names_are_tokens_that_the_client_does_not_set() {
        assert_eq!(header_name("X-Api-Key").unwrap(), "x-api-key");
        for name in [
            "",
            "a b",
            "a:b",
            "x\r\ny",
            "é",
            "Host",
            "Content-Length",
            "Connection",
            "Proxy-Status",
        ] {
            assert_eq!(
                header_name(name).unwrap_err().code,
                "invalid_header",
                "{name}"
            );
        }
    }

    #[test]
    fn values_have_no_control_characters() {
        let empty = Map::new();
        let header = HeaderTemplate::parse("X-A", "v {{ parameters.a }}").unwrap();
        for (value, valid) in [
            ("ok", true),
            ("a\r\nX-B: 1", false),
            ("a\0", false),
            ("é", false),
        ] {
            let parameters = json!({"a": value});
            let context = RenderContext::new(parameters.as_object().unwrap(), &empty, None, &empty);
            assert_eq!(header.render(&context).is_ok(), valid, "{value:?}");
        }
        assert!(HeaderTemplate::parse("X-A", "a\nb").is_err());
    }
}
