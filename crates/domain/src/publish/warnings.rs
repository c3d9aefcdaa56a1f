//! What may go wrong with a version that can be published.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::needs::{Needs, Surroundings};
use crate::action::BUILT_IN_VARIABLES;
use crate::agent::{AgentDocument, BindingTarget};
use crate::environment::Environment;
use crate::id::BindingId;
use crate::link::LinkedAction;
use crate::mention::Texts;
use crate::schema::ParameterSchema;
use crate::tool_format::{self, Note, Severity, ToolView};

/// Something that does not keep it from being published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishWarning {
    /// The stable code.
    pub code: &'static str,
    /// What may go wrong.
    pub detail: String,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

/// A variable that templates read and nothing here sets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnknownVariable {
    /// `variables` for one of the conversation, `workspace` for one of the workspace in production.
    pub root: &'static str,
    /// Its name.
    pub name: String,
    /// The places that read it: JSON Pointers into the version's document.
    pub pointers: BTreeSet<String>,
    /// The bindings concerned.
    pub binding_ids: BTreeSet<BindingId>,
}

/// What a provider of models refuses or passes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderLimit {
    /// What it is.
    #[serde(flatten)]
    pub note: Note,
    /// The bindings concerned.
    pub binding_ids: BTreeSet<BindingId>,
}

/// What may go wrong in production with a version that can be published. What has the same code and
/// is about the same thing is told once.
pub fn warnings(
    document: &AgentDocument,
    links: &[LinkedAction],
    around: &Surroundings,
) -> Vec<PublishWarning> {
    let needs = Needs::of(document, links, around, Environment::Production);
    let mut found: BTreeMap<(&'static str, String), BTreeSet<BindingId>> = BTreeMap::new();
    let mut add = |code, about: &str, bindings: BTreeSet<BindingId>| {
        let known = found.entry((code, about.to_owned())).or_default();
        known.extend(bindings);
    };
    for (name, bindings) in needs.empty_slots {
        add("empty_production_slot", name, bindings);
    }
    for (name, bindings) in needs.missing {
        add("secret_missing_in_production", name.as_str(), bindings);
    }
    for variable in unknown_variables(document, links, around) {
        let code = match variable.root {
            "variables" => "variable_never_set",
            _ => "workspace_variable_missing_in_production",
        };
        add(code, &variable.name, variable.binding_ids);
    }
    for limit in provider_limits(document, links) {
        add("schema_limits", &limit.note.to_string(), limit.binding_ids);
    }
    let found = found.into_iter();
    found
        .map(|((code, about), bindings)| PublishWarning {
            code,
            detail: sentence(code, &about),
            binding_ids: bindings.into_iter().collect(),
        })
        .collect()
}

/// The places that read a variable, and the bindings they are in.
type Places = (BTreeSet<String>, BTreeSet<BindingId>);

/// The variables that templates read and that no action of the version sets, or that have no value
/// in production.
pub fn unknown_variables(
    document: &AgentDocument,
    links: &[LinkedAction],
    around: &Surroundings,
) -> Vec<UnknownVariable> {
    let mut set: BTreeSet<&str> = BUILT_IN_VARIABLES.into_iter().collect();
    for link in links.iter().filter(|link| link.broken().is_none()) {
        let outputs = link.now.shape.definition.output_variables();
        set.extend(outputs.iter().map(|spec| spec.name.as_str()));
    }
    for (_, action) in document.own_actions() {
        let outputs = action.kind.output_variables().iter();
        set.extend(outputs.map(|spec| spec.name.as_str()));
    }
    let texts = Texts::of(document, links);
    let binding = |place: &str| {
        let index = place.strip_prefix("/actions/")?.split('/').next()?;
        let binding = document.actions.get(index.parse::<usize>().ok()?)?;
        Some(binding.id)
    };
    // By where it is looked for, and its name.
    let mut found: BTreeMap<(&'static str, &str), Places> = BTreeMap::new();
    for root in ["variables", "workspace"] {
        for (name, place) in texts.read_from(root) {
            let is_known = match root {
                "variables" => set.contains(name),
                _ => around.production_variables.contains(name),
            };
            if !is_known {
                let (pointers, bindings) = found.entry((root, name)).or_default();
                pointers.insert(place.to_owned());
                bindings.extend(binding(place));
            }
        }
    }
    let found = found.into_iter();
    found
        .map(|((root, name), (pointers, binding_ids))| UnknownVariable {
            root,
            name: name.to_owned(),
            pointers,
            binding_ids,
        })
        .collect()
}

/// What providers of models refuse or pass over, of each tool and of the whole list.
pub fn provider_limits(document: &AgentDocument, links: &[LinkedAction]) -> Vec<ProviderLimit> {
    let shared: BTreeMap<BindingId, &LinkedAction> = links
        .iter()
        .filter(|link| link.broken().is_none())
        .map(|link| (link.binding, link))
        .collect();
    let any = ParameterSchema::default();
    let mut found: BTreeMap<String, ProviderLimit> = BTreeMap::new();
    let mut add = |note: Note, binding: Option<BindingId>| {
        let limit = found.entry(note.to_string()).or_insert(ProviderLimit {
            note,
            binding_ids: BTreeSet::new(),
        });
        limit.binding_ids.extend(binding);
    };
    for binding in &document.actions {
        let (name, description, parameters, wire) = match &binding.target {
            BindingTarget::Action { action, .. } => {
                let parameters = action.parameters();
                (&action.name, &action.description, parameters, None)
            }
            BindingTarget::Link { overrides, .. } => {
                let Some(link) = shared.get(&binding.id) else {
                    continue;
                };
                let shape = &link.now.shape;
                let parameters = shape.definition.effective_parameters(
                    overrides.parameters.as_ref(),
                    overrides.body_template.as_deref(),
                );
                let wire = shape.definition.wire();
                (&shape.name, &shape.description, parameters, wire)
            }
        };
        let tool = ToolView {
            name: name.as_str(),
            description,
            parameters: parameters.as_ref().unwrap_or(any.source()),
            wire,
        };
        for note in tool_format::lint(&tool) {
            if note.severity != Severity::Rewritten {
                add(note, Some(binding.id));
            }
        }
    }
    for note in tool_format::lint_list(document.actions.len()) {
        add(note, None);
    }
    found.into_values().collect()
}

fn sentence(code: &str, about: &str) -> String {
    match code {
        "schema_limits" => about.to_owned(),
        "empty_production_slot" => format!(
            "the integration `{about}` has nothing in its production slot, so its actions are unavailable there"
        ),
        "secret_missing_in_production" => format!(
            "the secret `{about}` has no value in production, so calls that need it fail there"
        ),
        "variable_never_set" => format!(
            "templates read `variables.{about}`, which no action of this version sets; calls fail unless the runtime sets it"
        ),
        _ => format!(
            "templates read `workspace.{about}`, which has no value in production; calls that need it fail there"
        ),
    }
}
