//! `docs/errors.md` and `docs/events.md`: the codes of problems and the types of events, for people.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use switchboard_domain::error_code::ErrorCode;

const ERRORS: &str = "# Errors

Whatever is not done is answered with `application/problem+json` (RFC 9457). Its `code` is stable; programs decide by it,
never by a text. `detail` says what happened and what to do, `errors` lists the wrong places of an input, each with a
JSON Pointer. The operations of the [OpenAPI document](openapi.json) list which codes they may answer, under `x-codes`.

A call that was made and failed is answered with 200 and `status: \"failed\"`; its `error.code` is one of those under 502
below, or one that the service itself gave. Codes are never reused for something else.

This page is generated: `make docs` makes it again.
";

/// The page of errors.
pub fn errors() -> String {
    let mut page = ERRORS.to_owned();
    let mut last = 0;
    for code in ErrorCode::ALL {
        if code.status() != last {
            last = code.status();
            let _ = write!(
                page,
                "\n## {last}\n\n| code | what it means | what to do |\n|---|---|---|\n"
            );
        }
        let _ = writeln!(
            page,
            "| `{code}` | {} | {} |",
            code.meaning(),
            code.advice()
        );
    }
    page
}

const EVENTS: &str = "# Events

Each conversation has a log of events. `GET /conversations/{id}/events` reads it, and follows it live with
`Accept: text/event-stream` ([Calls](calls.md#events)). Events are never changed. Secrets are replaced by `[redacted]`
before an event is written, and a body of more than 16 KiB is cut.

This page is generated: `make docs` makes it again.
";

/// What all events have. Their data are the other members.
const COMMON: [&str; 3] = ["id", "sequence", "at"];
/// What tells them apart.
const TAG: &str = "type";

/// The page of events, from the OpenAPI document.
pub fn events(document: &Value) -> String {
    let schemas = Schemas(document.pointer("/components/schemas"));
    let variants = schemas.variants("Event");
    let mut page = EVENTS.to_owned();
    page.push_str("\n## The types\n\n| type | when it is written |\n|---|---|\n");
    for event in &variants {
        let _ = writeln!(page, "| `{}` | {} |", event.tag(), event.description());
    }
    page.push_str("\n## What every event has\n");
    if let Some(event) = variants.first() {
        members(&mut page, &schemas, event, |name| COMMON.contains(&name));
    }
    page.push_str("| `type` | string | One of those above. |\n");
    page.push_str("\n## The data of each type\n");
    let mut groups: Vec<(Vec<String>, String)> = vec![];
    for event in &variants {
        let mut table = String::new();
        members(&mut table, &schemas, event, |name| {
            name != TAG && !COMMON.contains(&name)
        });
        let name = format!("`{}`", event.tag());
        match groups.iter_mut().find(|(_, other)| *other == table) {
            Some((names, _)) => names.push(name),
            None => groups.push((vec![name], table)),
        }
    }
    for (names, table) in groups {
        let _ = write!(page, "\n### {}\n{table}", names.join(", "));
    }
    page
}

/// A table of those members of an object that are wanted.
fn members(
    page: &mut String,
    schemas: &Schemas<'_>,
    event: &Variant<'_>,
    wanted: impl Fn(&str) -> bool,
) {
    page.push_str("\n| member | type | what it is |\n|---|---|---|\n");
    let members = event.members().filter(|(name, _)| wanted(name));
    for (name, member) in members {
        let optional = if event.requires(name) {
            ""
        } else {
            ", may be absent"
        };
        let _ = writeln!(
            page,
            "| `{name}` | {}{optional} | {} |",
            schemas.kind(member),
            description(member)
        );
    }
}

/// What a schema says of itself, or its part that is not null.
fn description(schema: &Value) -> String {
    let parts = schema["oneOf"].as_array().into_iter().flatten();
    std::iter::once(schema)
        .chain(parts)
        .find_map(|part| part["description"].as_str())
        .unwrap_or_default()
        .replace('\n', " ")
        .replace('|', "\\|")
}

/// One object of a union.
struct Variant<'a>(&'a Value);

impl<'a> Variant<'a> {
    fn tag(&self) -> &'a str {
        self.0["properties"][TAG]["enum"][0]
            .as_str()
            .unwrap_or_default()
    }

    fn description(&self) -> String {
        description(self.0)
    }

    fn members(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let members = self.0["properties"].as_object();
        members
            .into_iter()
            .flatten()
            .map(|(name, member)| (name.as_str(), member))
    }

    fn requires(&self, name: &str) -> bool {
        self.0["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|required| required == name))
    }
}

/// The schemas of a document.
struct Schemas<'a>(Option<&'a Value>);

impl<'a> Schemas<'a> {
    fn named(&self, reference: &Value) -> Option<(&'a str, &'a Value)> {
        let name = reference["$ref"].as_str()?.rsplit('/').next()?;
        let all: &Map<String, Value> = self.0?.as_object()?;
        let (name, schema) = all.get_key_value(name)?;
        Some((name.as_str(), schema))
    }

    fn variants(&self, union: &str) -> Vec<Variant<'a>> {
        let union = self.0.map(|schemas| &schemas[union]["oneOf"]);
        let variants = union.and_then(Value::as_array).into_iter().flatten();
        variants
            .filter_map(|variant| Some(Variant(self.named(variant)?.1)))
            .collect()
    }

    /// What a value is, in few words.
    fn kind(&self, schema: &Value) -> String {
        if let Some((name, schema)) = self.named(schema) {
            return match schema["type"].as_str() {
                Some("object") if schema.get("properties").is_some() => object(schema),
                Some("string") if schema.get("enum").is_none() => format!("string ({name})"),
                _ => self.kind(schema),
            };
        }
        if let Some(parts) = schema["oneOf"].as_array() {
            let kinds: Vec<String> = parts.iter().map(|part| self.kind(part)).collect();
            return kinds.join(" or ");
        }
        if let Some(words) = schema["enum"].as_array() {
            let words: Vec<String> = words
                .iter()
                .filter_map(Value::as_str)
                .map(|word| format!("`{word}`"))
                .collect();
            return words.join(", ");
        }
        match &schema["type"] {
            Value::String(kind) if kind == "array" => {
                format!("array of {}", self.kind(&schema["items"]))
            }
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => {
                let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
                kinds.join(" or ")
            }
            _ => "any JSON".to_owned(),
        }
    }
}

/// An object by its members.
fn object(schema: &Value) -> String {
    let names: Vec<String> = Variant(schema)
        .members()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    format!("object with {}", names.join(", "))
}
