//! What a snapshot holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};
use switchboard_connect::{ApiCall, Endpoint, Masker, NoSecret, Redactor, SecretLookup};
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::admission::Refusal;
use switchboard_domain::agent::{Gate, VersionRef};
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId};
use switchboard_domain::name::{SecretName, StateName};
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::text_message::MessageTemplate;
use switchboard_domain::tool_format::{self, Exported, Provider, ToolView};
use switchboard_mcp::McpTarget;
use switchboard_store::stat::Called;
use switchboard_vault::SecretText;

use super::usage::Used;
use crate::AppError;
use crate::local::LocalAction;
use crate::mcp::McpCall;
use crate::messages::Channel;

/// The kind of a tool of an MCP server, as a runtime is told.
pub const MCP_TOOL: &str = "mcp_tool";
/// The name of the built-in tool that changes the state.
pub const GO_TO_STATE: &str = "go_to_state";

/// A workspace's configuration at one revision, as far as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The revision.
    pub revision: u64,
    /// Every secret's values.
    pub secrets: Arc<HashMap<SecretName, PerEnvironment<SecretText>>>,
    /// The values of secrets that cannot be opened.
    pub unreadable: Arc<HashSet<(SecretName, Environment)>>,
    /// The origins that each secret may go to; one without any was never used.
    pub origins: Arc<HashMap<SecretName, Vec<String>>>,
    /// What finds the secrets of an environment in what comes back.
    pub maskers: PerEnvironment<Arc<Masker>>,
    /// Every workspace variable's values, by environment.
    pub variables: PerEnvironment<Arc<Map<String, Value>>>,
    /// Integrations that loaded agents use.
    pub integrations: imbl::HashMap<IntegrationId, Arc<PreparedIntegration>>,
    /// Shared actions that loaded agents link.
    pub actions: imbl::HashMap<ActionId, Arc<PreparedAction>>,
    /// Shared actions that loaded agents link and that cannot be used.
    pub unusable: imbl::HashMap<ActionId, Arc<Unusable>>,
    /// Agents' versions that were asked for.
    pub agents: imbl::HashMap<(AgentId, VersionRef), Arc<PreparedAgent>>,
}

impl Snapshot {
    /// The secrets of an environment.
    pub const fn secrets_in(&self, environment: Environment) -> SecretsIn<'_> {
        SecretsIn {
            snapshot: self,
            environment,
        }
    }

    /// Whether a secret has a value in an environment.
    pub fn has_secret(&self, name: &SecretName, environment: Environment) -> bool {
        let values = self.secrets.get(name);
        values.is_some_and(|values| values.get(environment).is_some())
    }

    /// The workspace variables of an environment.
    pub fn workspace_variables(&self, environment: Environment) -> Arc<Map<String, Value>> {
        self.variables.get(environment).cloned().unwrap_or_default()
    }
}

/// The secrets of one environment.
#[derive(Debug, Clone, Copy)]
pub struct SecretsIn<'a> {
    snapshot: &'a Snapshot,
    environment: Environment,
}

impl SecretLookup for SecretsIn<'_> {
    fn secret(&self, name: &SecretName, origin: &str) -> Result<SecretText, NoSecret> {
        let values = self.snapshot.secrets.get(name);
        let value = values.and_then(|values| values.get(self.environment));
        let value = value.ok_or_else(|| self.no_value(name))?;
        let allowed = self.snapshot.origins.get(name);
        if allowed.is_some_and(|allowed| !allowed.iter().any(|known| known == origin)) {
            return Err(NoSecret::NotAllowedThere);
        }
        Ok(value.clone())
    }

    fn redactor(&self) -> Redactor {
        let masker = self.snapshot.maskers.get(self.environment);
        masker.map_or_else(Redactor::default, |masker| Redactor::new(masker.clone()))
    }
}

impl SecretsIn<'_> {
    /// Why there is no value to send.
    fn no_value(&self, name: &SecretName) -> NoSecret {
        let unreadable = &self.snapshot.unreadable;
        if unreadable.contains(&(name.clone(), self.environment)) {
            NoSecret::Unreadable
        } else {
            NoSecret::Missing
        }
    }
}

/// A shared action that cannot be used.
#[derive(Debug)]
pub struct Unusable {
    /// Its name, where that can be read.
    pub name: Option<String>,
    /// Why not.
    pub reason: Arc<str>,
}

/// An integration, ready to be called in each environment whose slot is filled.
#[derive(Debug)]
pub struct PreparedIntegration {
    /// Its name.
    pub name: String,
    /// True when it was deleted.
    pub deleted: bool,
    /// Where its requests go.
    pub places: PerEnvironment<Place>,
    /// Whether a tool that its server changed is withheld until somebody approves that.
    pub holds_changes: bool,
    /// Why nothing of it can be used; mostly none.
    pub unusable: Option<Arc<str>>,
}

/// Where requests of an integration go in one environment.
#[derive(Debug, Clone)]
pub enum Place {
    /// To an HTTP API.
    Http(Arc<Endpoint>),
    /// To an MCP server.
    Mcp(Arc<McpTarget>),
    /// To the provider of a messaging channel.
    Message(Arc<Channel>),
}

/// What is asked for there.
#[derive(Debug, Clone)]
pub enum Request {
    /// An HTTP request.
    Http(Arc<ApiCall>),
    /// A tool of an MCP server.
    Mcp(Arc<McpCall>),
    /// A text message.
    Message(Arc<MessageTemplate>),
}

/// A shared action, ready to be called.
#[derive(Debug)]
pub struct PreparedAction {
    /// The integration it is under now.
    pub integration_id: IntegrationId,
    /// Its name.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// True when it was deleted.
    pub deleted: bool,
    /// Its request.
    pub request: Request,
    /// True when its server changed it and nobody approved that yet.
    pub unapproved: bool,
    /// Its default schema.
    pub schema: ParameterSchema,
    /// What it is, where a link's overrides go into what is compiled.
    pub definition: Arc<ActionDefinition>,
}

/// A version of an agent with its links resolved to the current shapes.
#[derive(Debug)]
pub struct PreparedAgent {
    /// Its parts that do not depend on anything else.
    pub own: Arc<OwnParts>,
    /// Its bindings, in the order of the document.
    pub bindings: Vec<Arc<PreparedBinding>>,
    /// Where each name is in `bindings`.
    pub by_name: HashMap<String, usize>,
    /// When it was used last.
    pub used: Used,
}

/// What a version of an agent has of its own: compiled once, however often a link is resolved.
#[derive(Debug)]
pub struct OwnParts {
    /// The agent.
    pub agent: AgentId,
    /// Whether `allowed_states` are applied.
    pub strict_states: bool,
    /// The state a conversation starts in.
    pub initial_state: Option<StateName>,
    /// The names of its states.
    pub states: Vec<StateName>,
    /// What may follow a state, for those that say so.
    pub transitions: BTreeMap<StateName, Vec<StateName>>,
    /// The built-in tool `go_to_state`, as it is in each state; empty where the agent does not ask
    /// for it.
    pub go_to_state: BTreeMap<Option<StateName>, Arc<PreparedBinding>>,
    /// Its bindings.
    pub bindings: Vec<OwnBinding>,
}

impl OwnParts {
    /// Whether a conversation may go from one state to another.
    pub fn check_transition(
        &self,
        from: Option<&StateName>,
        to: &StateName,
    ) -> Result<(), AppError> {
        let next = from.and_then(|from| self.transitions.get(from));
        match (from, next) {
            (Some(from), Some(next)) if !next.contains(to) => {
                let next: Vec<_> = next.iter().map(|state| format!("`{state}`")).collect();
                let next = if next.is_empty() {
                    "no state".to_owned()
                } else {
                    next.join(", ")
                };
                Err(AppError::conflict(
                    ErrorCode::TransitionNotAllowed,
                    format!("{next} may follow `{from}`, and `{to}` may not"),
                ))
            }
            _ => Ok(()),
        }
    }
}

impl PreparedAgent {
    /// The action of this name, as it is in a state.
    pub fn action(&self, name: &str, state: Option<&StateName>) -> Option<&Arc<PreparedBinding>> {
        match self.by_name.get(name) {
            Some(index) => self.bindings.get(*index),
            None if name == GO_TO_STATE => self.own.go_to_state.get(&state.cloned()),
            None => None,
        }
    }

    /// Every action, as it is in a state.
    pub fn actions(
        &self,
        state: Option<&StateName>,
    ) -> impl Iterator<Item = &Arc<PreparedBinding>> {
        let built_in = self.own.go_to_state.get(&state.cloned());
        self.bindings.iter().chain(built_in)
    }
}

/// A binding before its link is resolved.
#[derive(Debug)]
pub struct OwnBinding {
    /// Its id.
    pub id: BindingId,
    /// When and how often.
    pub gate: Gate,
    /// What it uses.
    pub target: OwnTarget,
}

/// What a binding uses, before links are resolved.
#[derive(Debug)]
pub enum OwnTarget {
    /// A link and its overrides.
    Link {
        /// The shared action.
        action_id: ActionId,
        /// The integration it was under when it was linked.
        integration_id: IntegrationId,
        /// The schema in place of the action's.
        schema: Option<ParameterSchema>,
        /// The body template in place of the action's.
        body: Option<BodyOverride>,
    },
    /// What does not compile any more.
    Unusable {
        /// Its name, or its id where only its link would know that.
        name: String,
        /// Why not.
        reason: Arc<str>,
    },
    /// An action of the agent's own.
    Action {
        /// Its name.
        name: String,
        /// What the model is told about it.
        description: String,
        /// Its kind.
        kind: &'static str,
        /// Its schema.
        schema: ParameterSchema,
        /// What it does.
        call: OwnCall,
    },
}

/// A body template that a link sets. What it is a template of depends on what is linked.
#[derive(Debug, Clone)]
pub struct BodyOverride {
    /// As it was written.
    pub source: String,
    /// As the body of a request; none where it is no JSON.
    pub json: Option<switchboard_domain::request::BodyTemplate>,
}

/// What an action of the agent's own does.
#[derive(Debug, Clone)]
pub enum OwnCall {
    /// A request.
    Http(Arc<Endpoint>, Arc<ApiCall>),
    /// Something that needs no request of ours.
    Local(Arc<LocalAction>),
    /// A text message through a channel.
    Message(IntegrationId, Arc<MessageTemplate>),
}

/// A binding, ready to be called.
#[derive(Debug)]
pub struct PreparedBinding {
    /// Its id.
    pub id: BindingId,
    /// The name it is called by.
    pub name: String,
    /// What the model is told about it.
    pub description: String,
    /// The kind of its action: that of an agent's own for a link too, or `mcp_tool`.
    pub kind: &'static str,
    /// When and how often.
    pub gate: Gate,
    /// The effective schema of its arguments.
    pub schema: ParameterSchema,
    /// What is performed.
    pub target: PreparedTarget,
    /// As what its calls are counted.
    pub called: Arc<Called>,
    /// The tool in each provider's format, made when somebody first asks.
    pub formats: OnceLock<[(Provider, Exported); 3]>,
}

/// What a binding performs.
#[derive(Debug)]
pub enum PreparedTarget {
    /// A request of an integration.
    Shared {
        /// The integration.
        integration: Arc<PreparedIntegration>,
        /// The request.
        request: Request,
    },
    /// A request of the agent's own.
    Own {
        /// Where it goes.
        endpoint: Arc<Endpoint>,
        /// The request.
        call: Arc<ApiCall>,
    },
    /// Something that needs no request of ours.
    Local(Arc<LocalAction>),
    /// Nothing any more: what became of the linked action.
    Broken(&'static str),
    /// Nothing any more: the channel was deleted.
    NoChannel,
    /// Nothing until somebody approves what its server changed.
    Held,
    /// Nothing: what is stored of it cannot be used.
    Unusable(Arc<str>),
}

/// A binding's request and where it goes in one environment.
#[derive(Debug, Clone)]
pub enum TargetView {
    /// An HTTP request.
    Http(Arc<Endpoint>, Arc<ApiCall>),
    /// A tool of an MCP server.
    Mcp(Arc<McpTarget>, Arc<McpCall>),
    /// A text message.
    Message(Arc<Channel>, Arc<MessageTemplate>),
    /// Something that needs no request of ours.
    Local(Arc<LocalAction>),
}

impl PreparedBinding {
    /// Its id; none for what is built in.
    pub fn shown_id(&self) -> Option<BindingId> {
        Some(self.id).filter(|id| !id.uuid().is_nil())
    }

    /// The tool in each provider's format. A binding is prepared anew when its action changes, so
    /// they are made once for each shape.
    pub fn formats(&self) -> &[(Provider, Exported); 3] {
        self.formats.get_or_init(|| {
            let wire = match &self.target {
                PreparedTarget::Shared {
                    request: Request::Mcp(call),
                    ..
                } => Some(&call.wire),
                _ => None,
            };
            let tool = ToolView {
                name: &self.name,
                description: &self.description,
                parameters: self.schema.source(),
                wire,
            };
            Provider::ALL.map(|provider| (provider, tool_format::export(provider, &tool)))
        })
    }

    /// What is performed in an environment, or why nothing can be.
    pub fn view(&self, environment: Environment) -> Result<TargetView, Refusal> {
        match &self.target {
            PreparedTarget::Shared {
                integration,
                request,
            } => match (integration.places.get(environment), request) {
                (Some(Place::Http(endpoint)), Request::Http(call)) => {
                    Ok(TargetView::Http(endpoint.clone(), call.clone()))
                }
                (Some(Place::Mcp(target)), Request::Mcp(call)) => {
                    Ok(TargetView::Mcp(target.clone(), call.clone()))
                }
                (Some(Place::Message(channel)), Request::Message(message)) => {
                    Ok(TargetView::Message(channel.clone(), message.clone()))
                }
                _ => Err(Refusal::EmptySlot {
                    integration: integration.name.clone(),
                    environment,
                }),
            },
            PreparedTarget::Own { endpoint, call } => {
                Ok(TargetView::Http(endpoint.clone(), call.clone()))
            }
            PreparedTarget::Local(action) => Ok(TargetView::Local(action.clone())),
            PreparedTarget::NoChannel => Err(Refusal::ChannelDeleted {
                name: self.name.clone(),
            }),
            PreparedTarget::Broken(what) => Err(Refusal::BrokenLink {
                name: self.name.clone(),
                what,
            }),
            PreparedTarget::Held => Err(Refusal::UnapprovedChange {
                name: self.name.clone(),
            }),
            PreparedTarget::Unusable(reason) => Err(Refusal::Unusable {
                name: self.name.clone(),
                reason: reason.to_string(),
            }),
        }
    }

    /// Whether a call of it changes nothing outside, as far as is known.
    pub fn is_safe(&self) -> bool {
        match &self.target {
            PreparedTarget::Shared { request, .. } => match request {
                Request::Http(call) => call.request.method.is_safe(),
                Request::Mcp(call) => call.tool.read_only(),
                Request::Message(_) => false,
            },
            PreparedTarget::Own { call, .. } => call.request.method.is_safe(),
            PreparedTarget::Local(action) => action.is_safe(),
            PreparedTarget::Broken(_)
            | PreparedTarget::NoChannel
            | PreparedTarget::Held
            | PreparedTarget::Unusable(_) => true,
        }
    }
}
