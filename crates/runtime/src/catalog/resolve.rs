//! Resolving the links of an agent to the shapes of a snapshot. Nothing is compiled for that but what
//! a link sets of a message.

use std::collections::HashMap;
use std::sync::Arc;

use switchboard_domain::id::AgentId;
use switchboard_domain::link::{self, BrokenReason};
use switchboard_domain::schema::ParameterSchema;
use switchboard_kinds::overrides::effective_schema;
use switchboard_kinds::{OwnCall, Request};
use switchboard_store::stat::Called;

use super::entries::{
    OwnBinding, OwnParts, OwnTarget, PreparedAgent, PreparedBinding, PreparedIntegration,
    PreparedTarget, Snapshot,
};
use super::used::Used;

/// Resolves links to the shapes of the snapshot.
pub fn resolve(snapshot: &Snapshot, own: Arc<OwnParts>, used: Used) -> PreparedAgent {
    let bindings: Vec<_> = own
        .bindings
        .iter()
        .map(|binding| Arc::new(resolve_binding(snapshot, own.agent, binding)))
        .collect();
    // The first of two that came to have one name keeps it; both are named where it is reported.
    let mut by_name = HashMap::with_capacity(bindings.len());
    for (index, binding) in bindings.iter().enumerate() {
        by_name.entry(binding.name.clone()).or_insert(index);
    }
    PreparedAgent {
        own,
        bindings,
        by_name,
        used,
    }
}

fn resolve_binding(snapshot: &Snapshot, agent: AgentId, binding: &OwnBinding) -> PreparedBinding {
    let prepared = |name: &str,
                    description: &str,
                    kind: &'static str,
                    schema: &ParameterSchema,
                    target: PreparedTarget| PreparedBinding {
        called: Arc::new(called(snapshot, agent, binding, name)),
        id: binding.id,
        name: name.to_owned(),
        description: description.to_owned(),
        kind,
        gate: binding.gate.clone(),
        schema: schema.clone(),
        target,
        formats: std::sync::OnceLock::new(),
    };
    match &binding.target {
        OwnTarget::Action {
            name,
            description,
            kind,
            schema,
            call,
        } => prepared(name, description, kind, schema, own_target(snapshot, call)),
        OwnTarget::Unusable { name, reason } => {
            let target = PreparedTarget::Unusable(reason.clone());
            prepared(name, "", "api_call", &ParameterSchema::default(), target)
        }
        OwnTarget::Link {
            action_id,
            integration_id,
            schema,
            body,
        } => {
            let Some(action) = snapshot.actions.get(action_id) else {
                let unusable = snapshot.unusable.get(action_id);
                let name = unusable.and_then(|unusable| unusable.name.clone());
                let target = unusable.map_or(
                    PreparedTarget::Broken(BrokenReason::Deleted.as_words()),
                    |unusable| PreparedTarget::Unusable(unusable.reason.clone()),
                );
                let name = name.unwrap_or_else(|| binding.id.to_string());
                return prepared(&name, "", "api_call", &ParameterSchema::default(), target);
            };
            let integration = snapshot.integrations.get(&action.integration_id);
            let place = link::Place {
                integration: action.integration_id,
                is_deleted: action.deleted,
                is_integration_deleted: integration.is_none_or(|found| found.deleted),
            };
            let target = match (link::broken(*integration_id, place), integration) {
                (None, Some(integration)) if action.unapproved && integration.holds_changes => {
                    PreparedTarget::Held
                }
                (None, Some(integration)) => {
                    shared(integration, action.request.with_body(body.as_ref()))
                }
                (reason, _) => {
                    let reason = reason.unwrap_or(BrokenReason::IntegrationDeleted);
                    PreparedTarget::Broken(reason.as_words())
                }
            };
            let schema = effective_schema(
                &action.definition,
                &action.request,
                &action.schema,
                schema.as_ref(),
                body.as_ref(),
            );
            let (name, description) = (&action.name, &action.description);
            prepared(name, description, action.request.kind(), &schema, target)
        }
    }
}

/// As what the calls of a binding are counted: those of a shared action together, in all agents.
fn called(snapshot: &Snapshot, agent: AgentId, binding: &OwnBinding, name: &str) -> Called {
    let (integration, action) = match &binding.target {
        OwnTarget::Link { action_id, .. } => {
            let under = snapshot.actions.get(action_id);
            (under.map(|action| action.integration_id), Some(*action_id))
        }
        OwnTarget::Action { call, .. } => (call.through().map(|(channel, _)| channel), None),
        OwnTarget::Unusable { .. } => (None, None),
    };
    Called {
        source: action.map_or_else(|| format!("{agent}/{name}"), |id| id.to_string()),
        name: name.to_owned(),
        integration,
        action,
    }
}

/// What an action of the agent's own performs.
fn own_target(snapshot: &Snapshot, call: &OwnCall) -> PreparedTarget {
    let Some((channel, request)) = call.through() else {
        return PreparedTarget::Own(call.clone());
    };
    let channel = snapshot.integrations.get(&channel);
    match channel.filter(|channel| !channel.deleted) {
        Some(channel) => shared(channel, request),
        None => PreparedTarget::NoChannel,
    }
}

/// A request of an integration, where that can be used.
fn shared(integration: &Arc<PreparedIntegration>, request: Request) -> PreparedTarget {
    match &integration.unusable {
        Some(reason) => PreparedTarget::Unusable(reason.clone()),
        None => PreparedTarget::Shared {
            integration: integration.clone(),
            request,
        },
    }
}
