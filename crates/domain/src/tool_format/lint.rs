//! What a provider refuses or passes over.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::refs::{self, References};
use super::walk;
use super::{Notes, Severity};

/// The longest text of a user's that a note quotes, in characters.
const MAX_QUOTE: usize = 100;

/// A user's text, short enough for a sentence.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Whether a text is one to so many letters, digits and characters of `extra`.
pub(super) fn is_token(text: &str, longest: usize, extra: &[u8]) -> bool {
    (1..=longest).contains(&text.len()) && has_characters(text, extra)
}

fn has_characters(text: &str, extra: &[u8]) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte))
}

/// Checks a tool's name.
pub(super) fn name(longest: usize, extra: &[u8], severity: Severity, notes: &mut Notes) {
    let name = notes.tool.clone();
    let length = name.chars().count();
    if !(1..=longest).contains(&length) {
        notes.add(
            "name_length",
            severity,
            format!("its name has {length} characters, and names have 1 to {longest}; rename it"),
        );
    }
    if !has_characters(&name, extra) {
        let extra = String::from_utf8_lossy(extra);
        notes.add(
            "name_characters",
            severity,
            format!(
                "its name may hold only letters, digits and the characters `{extra}`; rename it"
            ),
        );
    }
}

/// Checks that a schema is about an object.
pub(super) fn top_level_type(schema: &Map<String, Value>, notes: &mut Notes) {
    if schema.get("type").is_none_or(|kind| kind != "object") {
        notes.add(
            "top_level_type",
            Severity::LeftOut,
            "its schema does not say `\"type\": \"object\"` at the top, and to add that would change what it means",
        );
    }
}

/// Checks for keywords that may not stand at the top.
pub(super) fn top_level_keywords(
    schema: &Map<String, Value>,
    keywords: &[&str],
    severity: Severity,
    notes: &mut Notes,
) {
    let found: Vec<_> = keywords
        .iter()
        .filter(|keyword| schema.contains_key(**keyword))
        .map(|keyword| format!("`{keyword}`"))
        .collect();
    if !found.is_empty() {
        let (found, all) = (found.join(", "), notes.provider);
        let what = match severity {
            Severity::LeftOut => "does not take it there",
            _ => "may pass over it there",
        };
        notes.add(
            "top_level_keyword",
            severity,
            format!("its schema has {found} at the top, and {all} {what}; move it into a property"),
        );
    }
}

/// Checks the references that are left.
pub(super) fn references(found: &References, severity: Severity, notes: &mut Notes) {
    let list = |texts: &std::collections::BTreeSet<String>| {
        let texts: Vec<_> = texts.iter().take(3).map(|text| quote(text)).collect();
        texts.join(", ")
    };
    if !found.remote.is_empty() {
        notes.add(
            "remote_ref",
            severity,
            format!(
                "its schema refers to {}, outside of itself, which nobody follows",
                list(&found.remote)
            ),
        );
    }
    if !found.broken.is_empty() {
        notes.add(
            "broken_ref",
            severity,
            format!(
                "its schema refers to {}, which is not there",
                list(&found.broken)
            ),
        );
    }
}

/// Checks for parts that contain themselves.
pub(super) fn circles(found: &References, notes: &mut Notes) {
    if !found.circular.is_empty() {
        notes.add(
            "recursive_schema",
            Severity::Warning,
            "a part of its schema contains itself, so its reference stays; a model may not follow it",
        );
    }
}

/// Checks for keywords that a provider takes and does not hold a model to, each once.
pub(super) fn keywords(schema: &Value, keywords: &[&'static str], notes: &mut Notes) {
    let mut found: BTreeMap<&str, (String, usize)> = BTreeMap::new();
    walk::each(schema, true, &mut |schema, at| {
        for keyword in keywords {
            if schema.contains_key(*keyword) {
                let (_, count) = found.entry(keyword).or_insert_with(|| (at.path.clone(), 0));
                *count += 1;
            }
        }
    });
    for (keyword, (path, count)) in found {
        let place = match (path.as_str(), count) {
            ("", 1) => "at the top".to_owned(),
            (path, 1) => format!("at {}", quote(path)),
            ("", count) => format!("in {count} places, the first at the top"),
            (path, count) => format!("in {count} places, the first at {}", quote(path)),
        };
        let provider = notes.provider;
        notes.add(
            "unsupported_keyword",
            Severity::Warning,
            format!(
                "its schema has `{keyword}` {place}, which {provider} does not hold a model to"
            ),
        );
    }
}

/// Checks the names of properties. Those at the top are looked at by the provider, those below by
/// some models.
pub(super) fn property_names(schema: &Value, longest: usize, extra: &[u8], notes: &mut Notes) {
    let (mut top, mut below) = (vec![], vec![]);
    walk::each(schema, true, &mut |schema, at| {
        let properties = schema.get("properties").and_then(Value::as_object);
        let wrong = properties
            .into_iter()
            .flat_map(Map::keys)
            .filter(|name| !is_token(name, longest, extra));
        let list = if at.path.is_empty() {
            &mut top
        } else {
            &mut below
        };
        list.extend(wrong.map(|name| quote(name)));
    });
    for (names, severity) in [(top, Severity::LeftOut), (below, Severity::Warning)] {
        if let Some(first) = names.first() {
            let others = match names.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            let extra = String::from_utf8_lossy(extra);
            notes.add(
                "property_name",
                severity,
                format!(
                    "properties have names of 1 to {longest} letters, digits and the characters `{extra}`, unlike {first}{others}"
                ),
            );
        }
    }
}

/// Checks how deep schemas are within each other.
pub(super) fn depth(schema: &Value, deepest: usize, notes: &mut Notes) {
    let mut found = 0;
    walk::each(schema, true, &mut |_, at| found = found.max(at.depth));
    if found > deepest {
        notes.add(
            "nesting_depth",
            Severity::Warning,
            format!(
                "its schema is {found} levels deep, and a model is held to {deepest}; flatten it"
            ),
        );
    }
}

/// Checks that a schema is one by the rules of draft 2020-12, which is the dialect of all tools.
pub(super) fn dialect(schema: &Value, severity: Severity, notes: &mut Notes) {
    if !jsonschema::draft202012::meta::is_valid(schema) {
        notes.add(
            "invalid_schema",
            severity,
            "its schema is not valid JSON Schema (draft 2020-12)",
        );
    }
}

/// The references of a rewritten schema.
pub(super) fn left(schema: &Value) -> References {
    refs::find(schema)
}
