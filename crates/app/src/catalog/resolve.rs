//! Resolving the links of an agent to the shapes of a snapshot. Nothing is compiled for that but what
//! a link sets of a message.

use std::collections::HashMap;
use std::sync::Arc;

use switchboard_domain::id::AgentId;
use switchboard_domain::link::{self, BrokenReason};
use switchboard_domain::schema::ParameterSchema;
use switchboard_store::stat::Called;

use super::entries::{
    BodyOverride, MCP_TOOL, OwnBinding, OwnCall, OwnParts, OwnTarget, PreparedAction,
    PreparedAgent, PreparedBinding, PreparedIntegration, PreparedTarget, Request, Snapshot,
};
use super::usage::Used;

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
                    shared(integration, with_body(&action.request, body.as_ref()))
                }
                (reason, _) => {
                    let reason = reason.unwrap_or(BrokenReason::IntegrationDeleted);
                    PreparedTarget::Broken(reason.as_words())
                }
            };
            let schema = effective_schema(action, schema.as_ref(), body.as_ref());
            let (name, description) = (&action.name, &action.description);
            prepared(name, description, kind_of(&action.request), &schema, target)
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
        OwnTarget::Action {
            call: OwnCall::Message(channel, _),
            ..
        } => (Some(*channel), None),
        OwnTarget::Action { .. } | OwnTarget::Unusable { .. } => (None, None),
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
    match call {
        OwnCall::Http(endpoint, call) => PreparedTarget::Own {
            endpoint: endpoint.clone(),
            call: call.clone(),
        },
        OwnCall::Local(action) => PreparedTarget::Local(action.clone()),
        OwnCall::Message(channel, message) => {
            let channel = snapshot.integrations.get(channel);
            match channel.filter(|channel| !channel.deleted) {
                Some(channel) => shared(channel, Request::Message(message.clone())),
                None => PreparedTarget::NoChannel,
            }
        }
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

/// The kind that a runtime is told of a link.
const fn kind_of(request: &Request) -> &'static str {
    match request {
        Request::Mcp(_) => MCP_TOOL,
        Request::Message(_) => "send_text_message",
        Request::Http(_) => "api_call",
    }
}

/// The schema of a link. Whether the model writes a message depends on what the link sets.
fn effective_schema(
    action: &PreparedAction,
    schema: Option<&ParameterSchema>,
    body: Option<&BodyOverride>,
) -> ParameterSchema {
    let own = schema.unwrap_or(&action.schema);
    if !matches!(action.request, Request::Message(_)) || (schema.is_none() && body.is_none()) {
        return own.clone();
    }
    let own_source = schema.map(|schema| &**schema.source());
    let body = body.map(|body| body.source.as_str());
    let parameters = action.definition.effective_parameters(own_source, body);
    parameters.map_or_else(ParameterSchema::default, |parameters| {
        // Both were checked when they were saved.
        ParameterSchema::compile(&parameters).unwrap_or_else(|_| own.clone())
    })
}

fn with_body(request: &Request, body: Option<&BodyOverride>) -> Request {
    match (request, body) {
        (
            Request::Http(call),
            Some(BodyOverride {
                json: Some(body), ..
            }),
        ) => {
            let mut changed = switchboard_connect::ApiCall::clone(call);
            changed.request.body = Some(body.clone());
            Request::Http(Arc::new(changed))
        }
        (Request::Message(message), Some(BodyOverride { source, .. })) => {
            match message.with_text(source) {
                Ok(changed) => Request::Message(Arc::new(changed)),
                // It was checked when it was saved.
                Err(_) => request.clone(),
            }
        }
        _ => request.clone(),
    }
}
