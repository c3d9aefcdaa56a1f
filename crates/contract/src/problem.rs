//! Errors (RFC 9457).

use serde::Serialize;
use switchboard_domain::input as domain;
use utoipa::ToSchema;

use crate::accounts::SessionWorkspace;
use crate::findings::{BrokenReference, PublishFinding, PublishProblem};
use crate::secrets::User;
use crate::wire::{AgentId, BindingId, ErrorCode, SecretName, Version};

/// An error (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says what kind of problem it is.
    pub r#type: &'static str,
    /// What the status is called.
    pub title: &'static str,
    /// The status.
    pub status: u16,
    /// The stable code.
    pub code: ErrorCode,
    /// What happened and what to do.
    pub detail: String,
    /// The wrong places of an input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<InputError>,
    /// What problems of some codes have beside that.
    #[serde(flatten)]
    pub details: Details,
}

/// One wrong place of an input.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InputError {
    /// A JSON Pointer (RFC 6901) into what was sent; empty for the whole of it.
    pub pointer: String,
    /// What is wrong there and what would be right.
    pub detail: String,
}

impl From<domain::InputError> for InputError {
    fn from(error: domain::InputError) -> Self {
        Self {
            pointer: error.pointer,
            detail: error.detail,
        }
    }
}

/// What problems of some codes have beside what every problem has.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Details {
    /// With `broken_references` and `not_publishable`: the broken links.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub broken_references: Option<Vec<BrokenReference>>,
    /// With `broken_references` and `not_publishable`: everything else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problems: Option<Vec<PublishProblem>>,
    /// With `needs_accept`: what has to be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub findings: Option<Vec<PublishFinding>>,
    /// With `needs_accept`: the codes to name in `accept`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub accept: Option<Vec<&'static str>>,
    /// With `secret_in_use`: what uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub used_by: Option<Vec<User>>,
    /// With `name_collision`: the published agents that would have two actions of one name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agents: Option<Vec<NameCollision>>,
    /// With `secret_origin_not_allowed`: the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<SecretName>,
    /// With `secret_origin_not_allowed`: where it would go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub origin: Option<String>,
    /// With `secret_origin_not_allowed`: where it may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub allowed_origins: Option<Vec<String>>,
    /// With `workspace_changed`: the workspace that the session is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub workspace: Option<SessionWorkspace>,
}

/// A published agent that would have two actions of one name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NameCollision {
    /// The agent.
    pub agent_id: AgentId,
    /// What it is called.
    pub agent_name: String,
    /// Its published version.
    pub version: Version,
    /// The bindings that would have the name.
    pub binding_ids: Vec<BindingId>,
}

/// Why a change would be refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Refusal {
    /// The code of the problem.
    pub code: ErrorCode,
    /// What is in the way and what to do.
    pub detail: String,
    /// What the problem has beside that.
    #[serde(flatten)]
    pub details: Details,
}
