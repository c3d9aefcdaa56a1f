//! What a snapshot holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};
use switchboard_domain::action::ActionDefinition;
use switchboard_domain::admission::Refusal;
use switchboard_domain::agent::{Gate, VersionRef};
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId};
use switchboard_domain::name::StateName;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::state_graph::StateGraph;
use switchboard_domain::tool_format::{self, Exported, Provider, ToolView};
use switchboard_kinds::{BodyOverride, OwnCall, Place, Ready, Request, go_to_state};
use switchboard_operation::{SecretsIn, WorkspaceSecrets};
use switchboard_store::stat::Called;

use super::used::Used;

/// A workspace's configuration at one revision, as far as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The revision.
    pub revision: u64,
    /// Its secrets.
    pub secrets: Arc<WorkspaceSecrets>,
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
    pub fn secrets_in(&self, environment: Environment) -> SecretsIn<'_> {
        self.secrets.in_environment(environment)
    }

    /// The workspace variables of an environment.
    pub fn workspace_variables(&self, environment: Environment) -> Arc<Map<String, Value>> {
        self.variables.get(environment).cloned().unwrap_or_default()
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
    /// Its states.
    pub states: Arc<StateGraph>,
    /// The built-in tool `go_to_state`, as it is in each state; empty where the agent does not ask
    /// for it.
    pub go_to_state: BTreeMap<Option<StateName>, Arc<PreparedBinding>>,
    /// Its bindings.
    pub bindings: Vec<OwnBinding>,
}

impl PreparedAgent {
    /// The action of this name, as it is in a state.
    pub fn action(&self, name: &str, state: Option<&StateName>) -> Option<&Arc<PreparedBinding>> {
        match self.by_name.get(name) {
            Some(index) => self.bindings.get(*index),
            None if name == go_to_state::NAME => self.own.go_to_state.get(&state.cloned()),
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
    /// What the agent does by an action of its own.
    Own(OwnCall),
    /// Nothing any more: what became of the linked action.
    Broken(&'static str),
    /// Nothing any more: the channel was deleted.
    NoChannel,
    /// Nothing until somebody approves what its server changed.
    Held,
    /// Nothing: what is stored of it cannot be used.
    Unusable(Arc<str>),
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
                PreparedTarget::Shared { request, .. } => request.wire(),
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
    pub fn view(&self, environment: Environment) -> Result<Ready, Refusal> {
        let found = match &self.target {
            PreparedTarget::Shared {
                integration,
                request,
            } => {
                let place = integration.places.get(environment);
                let ready = place.and_then(|place| request.at(place));
                return ready.ok_or_else(|| Refusal::EmptySlot {
                    integration: integration.name.clone(),
                    environment,
                });
            }
            PreparedTarget::Own(call) => call.ready(),
            PreparedTarget::NoChannel => None,
            PreparedTarget::Broken(what) => {
                return Err(Refusal::BrokenLink {
                    name: self.name.clone(),
                    what,
                });
            }
            PreparedTarget::Held => {
                return Err(Refusal::UnapprovedChange {
                    name: self.name.clone(),
                });
            }
            PreparedTarget::Unusable(reason) => {
                return Err(Refusal::Unusable {
                    name: self.name.clone(),
                    reason: reason.to_string(),
                });
            }
        };
        found.ok_or_else(|| Refusal::ChannelDeleted {
            name: self.name.clone(),
        })
    }

    /// Whether a call of it changes nothing outside, as far as is known.
    pub fn is_safe(&self) -> bool {
        match &self.target {
            PreparedTarget::Shared { request, .. } => request.is_safe(),
            PreparedTarget::Own(call) => call.is_safe(),
            PreparedTarget::Broken(_)
            | PreparedTarget::NoChannel
            | PreparedTarget::Held
            | PreparedTarget::Unusable(_) => true,
        }
    }
}
