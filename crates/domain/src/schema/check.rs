//! What is refused before the validator sees a schema.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{MAX_SCHEMA_DEPTH, invalid};
use crate::rule::RuleError;

/// How many schemas one look at one value may come to, all references followed.
const MAX_WORK: u64 = 10_000;

/// How long a chain of references and parts may be: the validator recurses along it.
const MAX_CHAIN: usize = 300;

/// What a value in a schema is, by where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Schema,
    /// Names of the author's choice, each with a schema.
    Schemas,
    /// A value that is only compared or shown.
    Data,
}

impl Place {
    fn of(self, key: &str) -> Self {
        match self {
            Self::Data => Self::Data,
            Self::Schemas => Self::Schema,
            Self::Schema => match key {
                "enum" | "const" | "default" | "examples" => Self::Data,
                "properties" | "patternProperties" | "dependentSchemas" | "$defs"
                | "definitions" => Self::Schemas,
                _ => Self::Schema,
            },
        }
    }
}

/// Refuses schemas that lead out of themselves or are too deep.
pub(super) fn places(schema: &Value) -> Result<(), RuleError> {
    place(schema, Place::Schema, 0)
}

fn place(value: &Value, at: Place, depth: usize) -> Result<(), RuleError> {
    if depth > MAX_SCHEMA_DEPTH {
        return Err(invalid(format!(
            "the schema is nested deeper than {MAX_SCHEMA_DEPTH} levels; flatten it"
        )));
    }
    match value {
        Value::Object(members) => {
            if at == Place::Schema {
                reference(members, depth)?;
            }
            members
                .iter()
                .try_for_each(|(key, member)| place(member, at.of(key), depth + 1))
        }
        Value::Array(items) => items.iter().try_for_each(|item| place(item, at, depth + 1)),
        _ => Ok(()),
    }
}

fn reference(members: &Map<String, Value>, depth: usize) -> Result<(), RuleError> {
    for key in ["$ref", "$dynamicRef"] {
        if let Some(Value::String(target)) = members.get(key)
            && !target.starts_with('#')
        {
            let target: String = target.chars().take(100).collect();
            return Err(invalid(format!(
                "`{key}` refers to `{target}`, which is outside the schema; only references that start with `#` are followed"
            )));
        }
    }
    // Below the top it would change what `#` means.
    if depth > 0 && members.get("$id").is_some_and(Value::is_string) {
        return Err(invalid(
            "`$id` may stand only at the top of a schema; refer to parts with `#/$defs/name`",
        ));
    }
    Ok(())
}

/// Where the references of a schema lead.
pub(super) struct Targets<'a> {
    root: &'a Value,
    anchors: HashMap<&'a str, &'a Value>,
}

impl<'a> Targets<'a> {
    /// The places that references in a schema can name.
    pub(super) fn of(root: &'a Value) -> Self {
        let mut targets = Self {
            root,
            anchors: HashMap::new(),
        };
        targets.find_anchors(root, Place::Schema);
        targets
    }

    fn find_anchors(&mut self, value: &'a Value, at: Place) {
        match value {
            Value::Object(members) => {
                if at == Place::Schema {
                    for key in ["$anchor", "$dynamicAnchor"] {
                        if let Some(name) = members.get(key).and_then(Value::as_str) {
                            self.anchors.insert(name, value);
                        }
                    }
                }
                for (key, member) in members {
                    self.find_anchors(member, at.of(key));
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.find_anchors(item, at);
                }
            }
            _ => {}
        }
    }

    /// The schema that a reference names.
    pub(super) fn find(&self, target: &str) -> Option<&'a Value> {
        let fragment = percent_encoding::percent_decode_str(target.strip_prefix('#')?)
            .decode_utf8()
            .ok()?;
        if fragment.is_empty() || fragment.starts_with('/') {
            self.root.pointer(&fragment)
        } else {
            self.anchors.get(&*fragment).copied()
        }
    }
}

/// Refuses schemas whose references multiply: some hundred bytes could keep a processor for years.
pub(super) fn work(schema: &Value) -> Result<Work, RuleError> {
    let mut count = Count {
        targets: Targets::of(schema),
        known: HashMap::new(),
        depth: 0,
        comes_back: false,
    };
    let steps = count.of(schema, Place::Schema);
    if steps > MAX_WORK {
        return Err(invalid(format!(
            "the references in the schema multiply to more than {MAX_WORK} checks or are more than {MAX_CHAIN} in a row; refer to fewer parts"
        )));
    }
    Ok(Work {
        steps,
        comes_back: count.comes_back,
    })
}

/// What one look of a schema at one value comes to.
pub(super) struct Work {
    /// How many schemas look at it, references followed.
    pub steps: u64,
    /// True when a reference leads back to where it came from, so that more follows for each level
    /// of a value.
    pub comes_back: bool,
}

struct Count<'a> {
    targets: Targets<'a>,
    /// By address. A schema that is being counted is known as 0, which ends circles.
    known: HashMap<usize, u64>,
    depth: usize,
    comes_back: bool,
}

impl<'a> Count<'a> {
    fn of(&mut self, value: &'a Value, at: Place) -> u64 {
        let members = match value {
            Value::Object(members) => members,
            Value::Array(items) => {
                return items
                    .iter()
                    .fold(0, |sum, item| self.of(item, at).saturating_add(sum));
            }
            _ => return 0,
        };
        let address = std::ptr::from_ref(value).addr();
        if let Some(known) = self.known.get(&address) {
            // Only what is still being counted is known as nothing.
            self.comes_back |= *known == 0;
            return (*known).max(1);
        }
        if self.depth > MAX_CHAIN {
            return u64::MAX;
        }
        self.depth += 1;
        self.known.insert(address, 0);
        let mut sum = 1_u64;
        for (key, member) in members {
            let more = match (at, key.as_str(), member) {
                // Counted where they are referred to.
                (Place::Schema, "$defs" | "definitions", _) => 0,
                (Place::Schema, "$ref" | "$dynamicRef", Value::String(target)) => self
                    .targets
                    .find(target)
                    .map_or(0, |target| self.of(target, Place::Schema)),
                _ if at.of(key) == Place::Data => 0,
                _ => self.of(member, at.of(key)),
            };
            sum = sum.saturating_add(more);
        }
        self.known.insert(address, sum);
        self.depth -= 1;
        sum
    }
}
