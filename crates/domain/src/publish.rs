//! Whether a version may be published, and what its author should know before.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::agent::{AgentActionKind, AgentDocument, BindingTarget};
use crate::conversation::Phase;
use crate::id::{ActionId, BindingId, IntegrationId};
use crate::link::{BrokenReason, LinkedAction};
use crate::name::ActionName;

mod differences;
mod needs;
mod review;
mod warnings;

pub use differences::{
    ActionDifference, Differences, FieldDifference, PartChange, StateDifference, differences,
};
pub use needs::{MissingSecret, Surroundings, missing_secrets};
pub use review::{Finding, Review, Weight, review};
pub use warnings::{
    ProviderLimit, PublishWarning, UnknownVariable, provider_limits, unknown_variables, warnings,
};

/// A link that is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BrokenReference {
    /// The binding.
    pub binding_id: BindingId,
    /// The shared action.
    pub action_id: ActionId,
    /// Its name.
    pub name: ActionName,
    /// What the model was told about it.
    pub description: String,
    /// What became of it.
    pub reason: BrokenReason,
    /// The integration that the link names.
    pub integration_id: IntegrationId,
    /// The integration it is under now.
    pub current_integration_id: IntegrationId,
}

/// Something else that keeps a version from being published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishProblem {
    /// The stable code.
    pub code: &'static str,
    /// Where in the version's document, as a JSON Pointer.
    pub pointer: String,
    /// What is wrong and what to do.
    pub detail: String,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

/// What keeps a version from being published.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// Links that lead nowhere.
    pub broken_references: Vec<BrokenReference>,
    /// Everything else.
    pub problems: Vec<PublishProblem>,
}

impl Verdict {
    /// True when nothing keeps it.
    pub const fn is_publishable(&self) -> bool {
        self.broken_references.is_empty() && self.problems.is_empty()
    }
}

/// Checks a version against the shared actions as they are now, and the messaging channels that
/// there are.
pub fn check(
    document: &AgentDocument,
    links: &[LinkedAction],
    channels: &BTreeSet<IntegrationId>,
) -> Verdict {
    let mut problems = unknown_states(document);
    problems.extend(duplicate_names(document, links));
    problems.extend(late_ends(document));
    problems.extend(unknown_channels(document, channels));
    Verdict {
        broken_references: broken_references(document, links),
        problems,
    }
}

/// Ending the dialogue means something in the dialogue only.
fn late_ends(document: &AgentDocument) -> Vec<PublishProblem> {
    let actions = document.actions.iter().enumerate();
    actions
        .filter_map(|(index, binding)| {
            let BindingTarget::Action { action, gate } = &binding.target else {
                return None;
            };
            let is_end = matches!(action.kind, AgentActionKind::EndCall {});
            let phases = gate.phases.as_ref()?;
            (is_end && phases.contains(&Phase::PostCall)).then(|| PublishProblem {
                code: "end_call_after_the_call",
                pointer: format!("/actions/{index}/phases"),
                detail: format!(
                    "`{}` ends the call, so it is for `in_call` alone; take `post_call` out of its phases",
                    action.name
                ),
                binding_ids: vec![binding.id],
            })
        })
        .collect()
}

fn unknown_channels(
    document: &AgentDocument,
    channels: &BTreeSet<IntegrationId>,
) -> Vec<PublishProblem> {
    let actions = document.actions.iter().enumerate();
    actions
        .filter_map(|(index, binding)| {
            let BindingTarget::Action { action, .. } = &binding.target else {
                return None;
            };
            let channel = action.kind.channel()?;
            (!channels.contains(&channel)).then(|| PublishProblem {
                code: "unknown_channel",
                pointer: format!("/actions/{index}/action/channel_id"),
                detail: format!(
                    "`{}` sends through a channel that was deleted; name another one or remove the action",
                    action.name
                ),
                binding_ids: vec![binding.id],
            })
        })
        .collect()
}

fn broken_references(document: &AgentDocument, links: &[LinkedAction]) -> Vec<BrokenReference> {
    let found: BTreeMap<BindingId, &LinkedAction> =
        links.iter().map(|link| (link.binding, link)).collect();
    document
        .actions
        .iter()
        .filter_map(|binding| {
            let link = found.get(&binding.id)?;
            Some(BrokenReference {
                binding_id: binding.id,
                action_id: link.action(),
                name: link.now.shape.name.clone(),
                description: link.now.shape.description.clone(),
                reason: link.broken()?,
                integration_id: link.link.integration_id,
                current_integration_id: link.now.place.integration,
            })
        })
        .collect()
}

/// Two actions that a model could not tell apart: a shared action may have been renamed since.
pub fn duplicate_names(document: &AgentDocument, links: &[LinkedAction]) -> Vec<PublishProblem> {
    let shared: BTreeMap<BindingId, &ActionName> = links
        .iter()
        .filter(|link| link.broken().is_none())
        .map(|link| (link.binding, &link.now.shape.name))
        .collect();
    let mut by_name: BTreeMap<&ActionName, Vec<(usize, BindingId)>> = BTreeMap::new();
    for (index, binding) in document.actions.iter().enumerate() {
        let name = match &binding.target {
            BindingTarget::Action { action, .. } => Some(&action.name),
            BindingTarget::Link { .. } => shared.get(&binding.id).copied(),
        };
        if let Some(name) = name {
            by_name.entry(name).or_default().push((index, binding.id));
        }
    }
    by_name
        .into_iter()
        .filter(|(_, bindings)| bindings.len() > 1)
        .map(|(name, bindings)| PublishProblem {
            code: "duplicate_name",
            pointer: bindings
                .last()
                .map(|(index, _)| format!("/actions/{index}"))
                .unwrap_or_default(),
            detail: format!(
                "{} actions of this version are named `{name}` now; rename or remove all but one",
                bindings.len()
            ),
            binding_ids: bindings.into_iter().map(|(_, id)| id).collect(),
        })
        .collect()
}

fn unknown_states(document: &AgentDocument) -> Vec<PublishProblem> {
    let known: BTreeSet<_> = document.states.iter().map(|state| &state.name).collect();
    let mut problems = vec![];
    let mut unknown =
        |pointer: String, name: &crate::name::StateName, binding: Option<BindingId>| {
            if !known.contains(name) {
                problems.push(PublishProblem {
                code: "unknown_state",
                pointer,
                detail: format!(
                    "there is no state `{name}` in this version; add it or take its name out here"
                ),
                binding_ids: binding.into_iter().collect(),
            });
            }
        };
    if let Some(initial) = &document.initial_state {
        unknown("/initial_state".to_owned(), initial, None);
    }
    for (index, state) in document.states.iter().enumerate() {
        for (at, next) in state.transitions.iter().flatten().enumerate() {
            unknown(format!("/states/{index}/transitions/{at}"), next, None);
        }
    }
    for (index, binding) in document.actions.iter().enumerate() {
        let inside = match &binding.target {
            BindingTarget::Link { .. } => "/overrides",
            BindingTarget::Action { .. } => "",
        };
        for (at, state) in binding.gate().allowed_states.iter().flatten().enumerate() {
            let pointer = format!("/actions/{index}{inside}/allowed_states/{at}");
            unknown(pointer, state, Some(binding.id));
        }
    }
    problems
}

#[cfg(test)]
mod tests;
