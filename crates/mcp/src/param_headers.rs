//! Arguments that a server wants to see in headers: the `x-mcp-header` annotations of a tool's input
//! schema (revision 2026-07-28, "Custom headers from tool parameters").

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// The annotation.
const ANNOTATION: &str = "x-mcp-header";

/// One annotated parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ParamHeader {
    /// The names on the way from the arguments to the value.
    path: Vec<String>,
    name: HeaderName,
}

/// Which arguments of a tool go into headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParamHeaders(Vec<ParamHeader>);

impl ParamHeaders {
    /// Reads an input schema. The error says what is wrong with an annotation, for which a tool is
    /// left out.
    pub fn of(schema: &Value) -> Result<Self, String> {
        let mut found = vec![];
        if let Value::Object(root) = schema {
            if root.contains_key(ANNOTATION) {
                return Err(format!("`{ANNOTATION}` stands on the whole schema"));
            }
            walk(root, Some(&mut vec![]), &mut found)?;
        }
        let mut names = HashSet::new();
        for header in &found {
            // Header names do not differ by case, and `HeaderName` is in lower case.
            if !names.insert(&header.name) {
                return Err(format!(
                    "two parameters have the `{ANNOTATION}` `{}`",
                    header.name
                ));
            }
        }
        Ok(Self(found))
    }

    /// Puts the arguments into headers. Ones that are missing or null stay out.
    pub fn write(&self, arguments: &Value, headers: &mut HeaderMap) {
        for header in &self.0 {
            let found = header
                .path
                .iter()
                .try_fold(arguments, |at, key| at.get(key));
            let text = match found {
                Some(Value::String(text)) => encode(text),
                Some(Value::Bool(yes)) => Some(HeaderValue::from_static(if *yes {
                    "true"
                } else {
                    "false"
                })),
                Some(Value::Number(number)) => encode(&number.to_string()),
                _ => None,
            };
            if let Some(text) = text {
                headers.insert(header.name.clone(), text);
            }
        }
    }
}

/// Looks through a schema. `path` is the way from the root through `properties` alone, where
/// annotations may stand; none where they may not.
fn walk(
    schema: &Map<String, Value>,
    path: Option<&mut Vec<String>>,
    found: &mut Vec<ParamHeader>,
) -> Result<(), String> {
    let mut path = path;
    for (key, value) in schema {
        match key.as_str() {
            "properties" => {
                for (name, property) in value.as_object().into_iter().flatten() {
                    let Value::Object(property) = property else {
                        continue;
                    };
                    if let Some(path) = path.as_deref_mut() {
                        path.push(name.clone());
                        if let Some(annotation) = property.get(ANNOTATION) {
                            found.push(read(annotation, property, path)?);
                        }
                        walk(property, Some(path), found)?;
                        path.pop();
                    } else {
                        misplaced(property)?;
                        walk(property, None, found)?;
                    }
                }
            }
            "$defs" | "definitions" | "dependencies" | "dependentSchemas" | "patternProperties" => {
                for inner in value.as_object().into_iter().flat_map(Map::values) {
                    elsewhere(inner, found)?;
                }
            }
            // Values and names, not schemas.
            "default" | "const" | "enum" | "examples" | "dependentRequired" => {}
            _ => elsewhere(value, found)?,
        }
    }
    Ok(())
}

fn elsewhere(value: &Value, found: &mut Vec<ParamHeader>) -> Result<(), String> {
    match value {
        Value::Object(schema) => {
            misplaced(schema)?;
            walk(schema, None, found)
        }
        Value::Array(items) => items.iter().try_for_each(|item| elsewhere(item, found)),
        _ => Ok(()),
    }
}

fn misplaced(schema: &Map<String, Value>) -> Result<(), String> {
    if schema.contains_key(ANNOTATION) {
        return Err(format!(
            "an `{ANNOTATION}` stands where no argument can be found"
        ));
    }
    Ok(())
}

fn read(
    annotation: &Value,
    property: &Map<String, Value>,
    path: &[String],
) -> Result<ParamHeader, String> {
    let place = path.join(".");
    let Value::String(name) = annotation else {
        return Err(format!("the `{ANNOTATION}` of `{place}` is not text"));
    };
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > 200 || !name.bytes().all(token) {
        return Err(format!(
            "the `{ANNOTATION}` of `{place}` is not the name of a header"
        ));
    }
    let kind = property.get("type").and_then(Value::as_str);
    if !matches!(kind, Some("string" | "integer" | "boolean")) {
        return Err(format!(
            "`{place}` has an `{ANNOTATION}` and is not a string, integer or boolean"
        ));
    }
    let name = HeaderName::from_bytes(format!("mcp-param-{name}").as_bytes())
        .map_err(|_| format!("the `{ANNOTATION}` of `{place}` is not the name of a header"))?;
    Ok(ParamHeader {
        path: path.to_vec(),
        name,
    })
}

/// A text as a header's value: as it is where that is safe, else in Base64 with marks around it
/// ("Value encoding").
pub fn encode(text: &str) -> Option<HeaderValue> {
    let marked = text.starts_with("=?base64?") && text.ends_with("?=");
    let padded = text.starts_with(' ') || text.ends_with(' ');
    let plain = !marked && !padded && text.bytes().all(|b| (0x20..=0x7e).contains(&b));
    if plain {
        return HeaderValue::from_str(text).ok();
    }
    HeaderValue::from_str(&format!("=?base64?{}?=", STANDARD.encode(text))).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn annotated_arguments_become_headers() {
        let schema = json!({"type": "object", "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "deep": {"type": "object", "properties": {
                "n": {"type": "integer", "x-mcp-header": "N"}}},
            "on": {"type": "boolean", "x-mcp-header": "On"},
            "gone": {"type": "string", "x-mcp-header": "Gone"},
            "free": {"type": "string"},
        }});
        let headers = ParamHeaders::of(&schema).unwrap();
        let mut map = HeaderMap::new();
        let arguments =
            json!({"region": " x", "deep": {"n": 42}, "on": true, "gone": null, "free": "f"});
        headers.write(&arguments, &mut map);
        let mut written: Vec<_> = map
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        written.sort();
        assert_eq!(
            written,
            [
                "mcp-param-n: 42",
                "mcp-param-on: true",
                "mcp-param-region: =?base64?IHg=?="
            ]
        );
    }

    #[test]
    fn wrong_annotations_are_refused() {
        let property = |property: Value| json!({"type": "object", "properties": {"p": property}});
        let string = |name: Value| property(json!({"type": "string", "x-mcp-header": name}));
        for schema in [
            string(json!("")),
            string(json!("a b")),
            string(json!("a:b")),
            string(json!("é")),
            string(json!("a\t")),
            string(json!(1)),
            property(json!({"type": "object", "x-mcp-header": "A"})),
            property(json!({"type": "number", "x-mcp-header": "A"})),
            property(json!({"x-mcp-header": "A"})),
            property(json!({"type": "array", "items": {"type": "string", "x-mcp-header": "A"}})),
            json!({"x-mcp-header": "A", "type": "object"}),
            json!({"$defs": {"d": {"type": "string", "x-mcp-header": "A"}}}),
            json!({"anyOf": [{"properties": {"p": {"type": "string", "x-mcp-header": "A"}}}]}),
            json!({"properties": {
                "p": {"type": "string", "x-mcp-header": "Same"},
                "q": {"type": "string", "x-mcp-header": "same"}}}),
        ] {
            assert!(ParamHeaders::of(&schema).is_err(), "{schema}");
        }
        let data = json!({"properties": {"p": {"type": "object", "default": {"x-mcp-header": 1}}}});
        assert_eq!(ParamHeaders::of(&data).unwrap(), ParamHeaders::default());
    }

    #[test]
    fn values_are_encoded_where_they_must() {
        for (text, value) in [
            ("us west 1", "us west 1"),
            ("", ""),
            ("\tx", "=?base64?CXg=?="),
            ("a\r\nb", "=?base64?YQ0KYg==?="),
            ("é", "=?base64?w6k=?="),
            ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
        ] {
            assert_eq!(encode(text).unwrap().to_str().unwrap(), value);
        }
    }
}
