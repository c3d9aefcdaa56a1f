//! Query strings from arguments.

use std::borrow::Cow;

use percent_encoding::utf8_percent_encode;
use serde_json::Value;

use super::path::ENCODED;
use crate::rule::RuleError;

/// A name or a value as it stands in a query. This is the only place that writes one.
pub fn encode_query(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The names in a query as they are meant: what a service sees when it has decoded them.
pub fn query_names(query: &str) -> impl Iterator<Item = Cow<'_, str>> {
    url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name)
}

/// Appends arguments to a URL that may have a query already, with the names in `fixed`. Arrays
/// repeat the key; null is left out.
pub(super) fn append<'a>(
    url: &mut String,
    fixed: &[String],
    arguments: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Result<(), RuleError> {
    let mut separator = if url.contains('?') { '&' } else { '?' };
    for (name, value) in arguments {
        if fixed.contains(name) {
            return Err(RuleError::new(
                "argument_refused",
                format!(
                    "the argument `{name}` is set by the URL of the action itself; leave it out"
                ),
            ));
        }
        match value {
            Value::Null => {}
            Value::Array(items) => {
                for item in items {
                    pair(url, &mut separator, name, item)?;
                }
            }
            value => pair(url, &mut separator, name, value)?,
        }
    }
    Ok(())
}

fn pair(
    url: &mut String,
    separator: &mut char,
    name: &str,
    value: &Value,
) -> Result<(), RuleError> {
    let number;
    let text = match value {
        Value::String(text) => text.as_str(),
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(value) => {
            number = value.to_string();
            &number
        }
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err(RuleError::new(
                "argument_refused",
                format!(
                    "the argument `{name}` goes into the query, so it is text, a number, a boolean or an array of these; \
                     send objects with POST, PUT or PATCH"
                ),
            ));
        }
    };
    url.push(*separator);
    *separator = '&';
    url.extend(utf8_percent_encode(name, ENCODED));
    url.push('=');
    url.extend(utf8_percent_encode(text, ENCODED));
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_name_is_one_name_in_every_spelling() {
        for (query, same) in [
            ("api_key=1", true),
            ("api%5Fkey=1", true),
            ("api%5fkey", true),
            ("%61pi_key=1", true),
            ("a=b&api_key", true),
            ("api-key=1", false),
            ("api.key=1", false),
            ("api~key=1", false),
            ("api%255Fkey=1", false),
            ("xapi_key=1", false),
        ] {
            let found = query_names(query).any(|name| name == "api_key");
            assert_eq!(found, same, "{query}");
        }
        for name in [
            "a_b", "a-b", "a.b", "a~b", "a b", "a+b", "a%5Fb", "ä[]", "a&b=c",
        ] {
            let written = format!("{}=1", encode_query(name));
            let names: Vec<_> = query_names(&written).collect();
            assert_eq!(names, [name]);
        }
        assert_eq!(encode_query("a_b-c.d~e"), "a_b-c.d~e");
    }

    fn query(start: &str, arguments: &Value) -> Result<String, RuleError> {
        let mut url = start.to_owned();
        append(
            &mut url,
            &["fixed".to_owned()],
            arguments.as_object().unwrap().iter(),
        )?;
        Ok(url)
    }

    #[test]
    fn arguments_become_pairs() {
        for (start, arguments, expected) in [
            ("u", json!({}), "u"),
            ("u", json!({"a": "x y&z=1"}), "u?a=x%20y%26z%3D1"),
            ("u?f=1", json!({"a": 1}), "u?f=1&a=1"),
            (
                "u",
                json!({"a": ["x", 2, true], "b": null}),
                "u?a=x&a=2&a=true",
            ),
            ("u", json!({"a[]": "ü"}), "u?a%5B%5D=%C3%BC"),
        ] {
            assert_eq!(query(start, &arguments).unwrap(), expected);
        }
    }

    #[test]
    fn what_has_no_place_in_a_query_is_refused() {
        for arguments in [
            json!({"a": {}}),
            json!({"a": [[1]]}),
            json!({"a": [null]}),
            json!({"a": 1, "fixed": 2}),
        ] {
            let error = query("u", &arguments).unwrap_err();
            assert_eq!(error.code, "argument_refused");
            let name = if arguments.get("fixed").is_some() {
                "`fixed`"
            } else {
                "`a`"
            };
            assert!(error.message.contains(name));
        }
    }
}
