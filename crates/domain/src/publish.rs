//! Whether a version may be published, and what its author should know before.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::action::BUILT_IN_VARIABLES;
use crate::agent::{AgentActionKind, AgentDocument, BindingTarget};
use crate::auth::ValueSource;
use crate::conversation::Phase;
use crate::environment::Environment;
use crate::id::{ActionId, BindingId, IntegrationId};
use crate::integration::IntegrationDefinition;
use crate::link::{BrokenReason, LinkedAction};
use crate::mention::Texts;
use crate::name::{ActionName, SecretName};
use crate::schema::ParameterSchema;
use crate::tool_format::{self, Severity, ToolView};

/// A link that leads nowhere.
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

/// What warnings need to know beside the version and its links.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// The integrations that are linked.
    pub integrations: BTreeMap<IntegrationId, (String, IntegrationDefinition)>,
    /// The secrets that have a value in production.
    pub production_secrets: BTreeSet<SecretName>,
    /// The workspace variables that have a value in production.
    pub production_variables: BTreeSet<String>,
}

/// What may go wrong in production with a version that can be published.
pub fn warnings(
    document: &AgentDocument,
    links: &[LinkedAction],
    around: &Surroundings,
) -> Vec<PublishWarning> {
    let mut found = Warnings::default();
    for link in links.iter().filter(|link| link.broken().is_none()) {
        found.link(link, around);
    }
    for (binding, action) in document.own_actions() {
        for secret in action.kind.secrets() {
            found.secret(secret, binding, around);
        }
        let channel = action.kind.channel();
        if let Some((_, channel)) = channel.and_then(|id| around.integrations.get(&id)) {
            for secret in channel.secrets() {
                found.secret(secret, binding, around);
            }
        }
    }
    found.variables(document, links, around);
    found.formats(document, links);
    found.list()
}

/// Warnings, those of one code about one thing together.
#[derive(Default)]
struct Warnings(BTreeMap<(&'static str, String), BTreeSet<BindingId>>);

impl Warnings {
    fn add(&mut self, code: &'static str, about: &str, binding: Option<BindingId>) {
        let bindings = self.0.entry((code, about.to_owned())).or_default();
        bindings.extend(binding);
    }

    fn secret(&mut self, secret: &SecretName, binding: BindingId, around: &Surroundings) {
        if !around.production_secrets.contains(secret) {
            self.add(
                "secret_missing_in_production",
                secret.as_str(),
                Some(binding),
            );
        }
    }

    fn link(&mut self, link: &LinkedAction, around: &Surroundings) {
        for secret in link.now.shape.definition.secrets() {
            self.secret(secret, link.binding, around);
        }
        let integration = around.integrations.get(&link.now.place.integration);
        let Some((name, definition)) = integration else {
            return;
        };
        let (auth, headers) = match definition {
            IntegrationDefinition::CustomApi { environments } => {
                let Some(slot) = environments.get(Environment::Production) else {
                    self.add("empty_production_slot", name, Some(link.binding));
                    return;
                };
                (&slot.auth, &slot.headers)
            }
            IntegrationDefinition::McpServer(server) => (&server.auth, &server.headers),
            IntegrationDefinition::MessagingChannel(channel) => {
                self.secret(&channel.api_key.secret, link.binding, around);
                return;
            }
        };
        let headers = headers.values().filter_map(ValueSource::secret);
        for secret in auth.secrets().into_iter().chain(headers) {
            self.secret(secret, link.binding, around);
        }
    }

    fn variables(
        &mut self,
        document: &AgentDocument,
        links: &[LinkedAction],
        around: &Surroundings,
    ) {
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
        for (name, place) in texts.read_from("variables") {
            if !set.contains(name) {
                self.add("variable_never_set", name, binding(place));
            }
        }
        for (name, place) in texts.read_from("workspace") {
            if !around.production_variables.contains(name) {
                self.add(
                    "workspace_variable_missing_in_production",
                    name,
                    binding(place),
                );
            }
        }
    }

    /// What providers of models refuse or pass over, in the words of the notes.
    fn formats(&mut self, document: &AgentDocument, links: &[LinkedAction]) {
        let shared: BTreeMap<BindingId, &LinkedAction> = links
            .iter()
            .filter(|link| link.broken().is_none())
            .map(|link| (link.binding, link))
            .collect();
        let any = ParameterSchema::default();
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
                    self.add("schema_limits", &note.to_string(), Some(binding.id));
                }
            }
        }
        for note in tool_format::lint_list(document.actions.len()) {
            self.add("schema_limits", &note.to_string(), None);
        }
    }

    fn list(self) -> Vec<PublishWarning> {
        self.0
            .into_iter()
            .map(|((code, about), bindings)| PublishWarning {
                code,
                detail: sentence(code, &about),
                binding_ids: bindings.into_iter().collect(),
            })
            .collect()
    }
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

#[cfg(test)]
mod tests;
