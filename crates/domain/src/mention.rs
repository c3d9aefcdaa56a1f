//! Where an agent's texts mention a name, and the words around it.

use std::collections::HashMap;

use serde::Serialize;

use crate::agent::{AgentDocument, BindingTarget};
use crate::link::LinkedAction;
use crate::template::scan::{self, Piece};

/// How many characters of its line a quote has on each side of the name.
const AROUND: usize = 60;
/// How many mentions of one name are told.
const MANY: usize = 20;

/// A place that mentions a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// Where: a JSON Pointer into the version's document. What follows a `link` is the shared
    /// action that is linked there.
    #[serde(rename = "where")]
    pub place: String,
    /// The words around the name.
    pub quote: String,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// What a model reads: a name is mentioned by standing there as a word.
    Prose,
    /// What is rendered: a name is mentioned by code that reads it.
    Template,
}

/// All texts of a version that can mention a name, those of linked actions included.
#[derive(Debug, Default)]
pub struct Texts<'a>(Vec<(String, Kind, &'a str)>);

impl<'a> Texts<'a> {
    /// Collects the texts of a version and of what it links.
    pub fn of(document: &'a AgentDocument, links: &'a [LinkedAction]) -> Self {
        let mut texts = Self::default();
        let linked_by: HashMap<_, _> = links.iter().map(|link| (link.binding, link)).collect();
        texts.add(
            "/instructions".to_owned(),
            Kind::Prose,
            &document.instructions,
        );
        for (index, state) in document.states.iter().enumerate() {
            let at = |field: &str| format!("/states/{index}/{field}");
            texts.add(at("description"), Kind::Prose, &state.description);
            texts.add(at("instructions"), Kind::Prose, &state.instructions);
        }
        for (index, binding) in document.actions.iter().enumerate() {
            let at = format!("/actions/{index}");
            match &binding.target {
                BindingTarget::Action { action, .. } => {
                    let at = format!("{at}/action");
                    texts.add(
                        format!("{at}/description"),
                        Kind::Prose,
                        &action.description,
                    );
                    texts.templates(&at, action.kind.templates());
                }
                BindingTarget::Link { overrides, .. } => {
                    let own = overrides.body_template.as_deref();
                    if let Some(template) = own {
                        let at = format!("{at}/overrides/body_template");
                        texts.add(at, Kind::Template, template);
                    }
                    if let Some(linked) = linked_by.get(&binding.id) {
                        let shared = linked.now.shape.definition.templates(own.is_none());
                        texts.templates(&format!("{at}/link"), shared);
                    }
                }
            }
        }
        texts
    }

    fn add(&mut self, at: String, kind: Kind, text: &'a str) {
        if !text.is_empty() {
            self.0.push((at, kind, text));
        }
    }

    fn templates(&mut self, at: &str, templates: Vec<(String, &'a str)>) {
        for (place, text) in templates {
            self.add(format!("{at}{place}"), Kind::Template, text);
        }
    }

    /// Where a conversation variable is mentioned.
    pub fn variable(&self, name: &str) -> Vec<Mention> {
        self.find(|kind, text| match kind {
            Kind::Prose => words(text, name),
            Kind::Template => members(text, "variables")
                .into_iter()
                .filter(|(_, member)| *member == name)
                .map(|(at, _)| at)
                .collect(),
        })
    }

    /// Where a model is told of an action by its name.
    pub fn action(&self, name: &str) -> Vec<Mention> {
        self.find(|kind, text| match kind {
            Kind::Prose => words(text, name),
            Kind::Template => vec![],
        })
    }

    /// The members of a root, such as `variables` or `workspace`, that templates read, each with
    /// the place that does.
    pub fn read_from(&self, root: &str) -> Vec<(&'a str, &str)> {
        let mut found = vec![];
        for (place, kind, text) in &self.0 {
            if matches!(kind, Kind::Template) {
                let names = members(text, root).into_iter();
                found.extend(names.map(|(_, name)| (name, place.as_str())));
            }
        }
        found
    }

    fn find(&self, positions: impl Fn(Kind, &str) -> Vec<usize>) -> Vec<Mention> {
        let mut mentions = vec![];
        for (place, kind, text) in &self.0 {
            for at in positions(*kind, text) {
                mentions.push(Mention {
                    place: place.clone(),
                    quote: quote(text, at),
                });
                if mentions.len() == MANY {
                    return mentions;
                }
            }
        }
        mentions
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Where a name stands as a whole word.
fn words(text: &str, name: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    text.match_indices(name)
        .filter(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            let after = bytes.get(at + name.len());
            ![before, after]
                .into_iter()
                .flatten()
                .any(|byte| is_word(*byte))
        })
        .map(|(at, _)| at)
        .collect()
}

/// The members of a root that a template's code reads, `root.name` or `root["name"]`, and where
/// each stands in the template.
fn members<'a>(template: &'a str, root: &str) -> Vec<(usize, &'a str)> {
    let mut found = vec![];
    for piece in scan::pieces(template) {
        let (Piece::Expression(code) | Piece::Tag(code)) = piece else {
            continue;
        };
        // A piece is a part of the template, so the distance of their starts is its place.
        let start = code.as_ptr().addr() - template.as_ptr().addr();
        for at in words(code, root) {
            // In `x.variables` it is a member itself.
            let is_root = !code[..at].trim_end().ends_with('.');
            if let Some(member) = member(&code[at + root.len()..]).filter(|_| is_root) {
                found.push((start + at, member));
            }
        }
    }
    found
}

/// The name in `.name` or `["name"]` at the start of some code.
fn member(code: &str) -> Option<&str> {
    let code = code.trim_start();
    if let Some(rest) = code.strip_prefix('.') {
        let rest = rest.trim_start();
        let end = rest
            .bytes()
            .position(|byte| !is_word(byte))
            .unwrap_or(rest.len());
        return rest.get(..end).filter(|name| !name.is_empty());
    }
    let rest = code.strip_prefix('[')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split_once(quote).map(|(name, _)| name)
}

/// The line around a place, cut to what a glance takes in.
fn quote(text: &str, at: usize) -> String {
    let start = text[..at].rfind('\n').map_or(0, |line| line + 1);
    let end = text[at..].find('\n').map_or(text.len(), |line| at + line);
    let before = &text[start..at];
    let after = &text[at..end];
    let from = before
        .char_indices()
        .rev()
        .nth(AROUND - 1)
        .map(|(at, _)| at);
    let to = after.char_indices().nth(2 * AROUND).map(|(at, _)| at);
    let mut quote = String::new();
    quote.push_str(if from.is_some_and(|from| from > 0) {
        "…"
    } else {
        ""
    });
    quote.push_str(before[from.unwrap_or(0)..].trim_start());
    quote.push_str(after[..to.unwrap_or(after.len())].trim_end());
    quote.push_str(if to.is_some() { "…" } else { "" });
    quote
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_count() {
        let text = "Read balance, not balance_due or rebalance. Balance; (balance)";
        assert_eq!(words(text, "balance"), [5, 54]);
    }

    #[test]
    fn code_that_reads_a_member_is_found() {
        let template = r#"variables.a {{ variables.b }}{% if variables["c"] %}{{ workspace.d }}{% endif %}{{ my_variables.e }}{{ x.variables.z }}{# variables.f #}{{ variables . g|upper }}"#;
        let names: Vec<_> = members(template, "variables")
            .into_iter()
            .map(|(_, name)| name)
            .collect();
        assert_eq!(names, ["b", "c", "g"]);
        let (at, _) = members(template, "workspace")[0];
        assert!(template[at..].starts_with("workspace.d"));
    }

    #[test]
    fn a_quote_is_the_line_around_it() {
        let text = "First line.\n  Tell them the balance now.\nLast.";
        let at = words(text, "balance")[0];
        assert_eq!(quote(text, at), "Tell them the balance now.");
        let long = format!("{}balance{}", "é ".repeat(100), " ü".repeat(100));
        let at = words(&long, "balance")[0];
        let quoted = quote(&long, at);
        assert!(quoted.starts_with('…') && quoted.ends_with('…') && quoted.contains("balance"));
        assert!(quoted.chars().count() <= 3 * AROUND + 2);
    }
}
