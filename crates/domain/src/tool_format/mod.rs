//! Tools in the formats that model providers take, and what each of them would refuse.
//!
//! Switchboard checks arguments against a tool's own schema, whatever a provider was shown. So an
//! exported schema is rewritten only where it means the same after it. What cannot be said to a
//! provider is a warning where the provider passes over it, and leaves the tool out of that
//! provider's list where it would refuse the request, and all other tools with it.

mod anthropic;
mod lint;
mod mcp;
mod merge;
mod openai;
#[cfg(test)]
mod properties;
mod refs;
mod rewrite;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::schema::{MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH};

/// Whose format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// OpenAI's chat completions.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// The Model Context Protocol.
    Mcp,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Mcp];

    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Mcp => "mcp",
        }
    }

    /// The one of this name in the API.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenAi => "OpenAI",
            Self::Anthropic => "Anthropic",
            Self::Mcp => "MCP",
        })
    }
}

/// What a tool is before it is put in a format.
#[derive(Debug, Clone, Copy)]
pub struct ToolView<'a> {
    /// The name it is called by.
    pub name: &'a str,
    /// What the model is told about it; empty for nothing.
    pub description: &'a str,
    /// The JSON Schema of its arguments.
    pub parameters: &'a Value,
    /// The tool as an MCP server sent it, if it came from one.
    pub wire: Option<&'a Value>,
}

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The format says the same in other words.
    Rewritten,
    /// The provider passes over something.
    Warning,
    /// The tool is not in this provider's list.
    LeftOut,
}

/// Something about a tool in a provider's format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Whose format.
    pub provider: Provider,
    /// The rule, a stable code.
    pub rule: &'static str,
    /// The tool; empty where it is about the list.
    pub tool: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, as a sentence.
    pub detail: String,
}

impl fmt::Display for Note {
    /// A sentence with the provider, the tool and the rule.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            provider,
            rule,
            tool,
            detail,
            ..
        } = self;
        match (tool.as_str(), self.severity) {
            ("", _) => write!(f, "{provider}: {detail} ({rule})"),
            (_, Severity::LeftOut) => write!(
                f,
                "{provider}: `{tool}` is left out of the list of tools, because {detail} ({rule})"
            ),
            _ => write!(f, "{provider}: `{tool}`: {detail} ({rule})"),
        }
    }
}

/// A tool in a provider's format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The item of the list that the provider takes; none when the tool is left out.
    pub tool: Option<Value>,
    /// What was rewritten, what the provider passes over, or why the tool is left out.
    pub notes: Vec<Note>,
}

/// Notes about one tool and one provider.
struct Notes {
    provider: Provider,
    tool: String,
    list: Vec<Note>,
}

impl Notes {
    fn add(&mut self, rule: &'static str, severity: Severity, detail: impl Into<String>) {
        self.list.push(Note {
            provider: self.provider,
            rule,
            tool: self.tool.clone(),
            severity,
            detail: detail.into(),
        });
    }

    /// Notes a change of the format, once.
    fn rewritten(&mut self, rule: &'static str, detail: &str) {
        if self.list.iter().all(|note| note.rule != rule) {
            self.add(rule, Severity::Rewritten, detail);
        }
    }

    fn is_left_out(&self) -> bool {
        self.list
            .iter()
            .any(|note| note.severity == Severity::LeftOut)
    }
}

/// Puts a tool in a provider's format.
pub fn export(provider: Provider, tool: &ToolView<'_>) -> Exported {
    let mut notes = Notes {
        provider,
        tool: tool.name.to_owned(),
        list: vec![],
    };
    let Some(parameters) = usable(tool.parameters, &mut notes) else {
        return Exported {
            tool: None,
            notes: notes.list,
        };
    };
    let schema = rewrite::rewrite(parameters, &mut notes);
    match provider {
        Provider::OpenAi => openai::check(tool.description, &schema, &mut notes),
        Provider::Anthropic => anthropic::check(&schema, &mut notes),
        Provider::Mcp => mcp::check(&schema, &mut notes),
    }
    if notes.is_left_out() {
        // What would have been rewritten is of no interest any more.
        notes
            .list
            .retain(|note| note.severity != Severity::Rewritten);
        return Exported {
            tool: None,
            notes: notes.list,
        };
    }
    let mut common = Map::new();
    common.insert("name".to_owned(), tool.name.into());
    if !tool.description.is_empty() {
        common.insert("description".to_owned(), tool.description.into());
    }
    let item = match provider {
        Provider::OpenAi => openai::item(common, schema),
        Provider::Anthropic => anthropic::item(common, schema),
        Provider::Mcp => mcp::item(common, schema, tool.wire),
    };
    Exported {
        tool: Some(item),
        notes: notes.list,
    }
}

/// The schema, when it is an object of a size that can be worked with.
fn usable<'a>(parameters: &'a Value, notes: &mut Notes) -> Option<&'a Map<String, Value>> {
    if walk::is_deeper(parameters, MAX_SCHEMA_DEPTH) {
        notes.add(
            "schema_too_deep",
            Severity::LeftOut,
            format!("its schema is nested deeper than {MAX_SCHEMA_DEPTH} levels"),
        );
        return None;
    }
    if walk::size(parameters) > MAX_SCHEMA_BYTES {
        notes.add(
            "schema_too_large",
            Severity::LeftOut,
            format!("its schema is larger than {MAX_SCHEMA_BYTES} bytes"),
        );
        return None;
    }
    let members = parameters.as_object();
    if members.is_none() {
        notes.add(
            "schema_not_object",
            Severity::LeftOut,
            "its schema is not a JSON object",
        );
    }
    members
}

/// What there is to say of a tool in the formats of all providers.
pub fn lint(tool: &ToolView<'_>) -> Vec<Note> {
    Provider::ALL
        .into_iter()
        .flat_map(|provider| export(provider, tool).notes)
        .collect()
}

/// What there is to say of a list of so many tools.
pub fn lint_list(count: usize) -> Vec<Note> {
    if count <= openai::MAX_TOOLS {
        return vec![];
    }
    vec![Note {
        provider: Provider::OpenAi,
        rule: "tool_count",
        tool: String::new(),
        severity: Severity::Warning,
        detail: format!(
            "there are {count} tools, and a request may have {}; link fewer, or keep some to other states",
            openai::MAX_TOOLS
        ),
    }]
}
