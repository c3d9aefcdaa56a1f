//! The audit log.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::list::list;
use crate::wire::{AuditId, Environment, Time};

list!(
    /// A page of the audit log.
    AuditList, AuditEntry);

/// An entry of the audit log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// When it was done.
    pub at: Time,
    /// A person's or an API key's id, or `command line`.
    pub actor: String,
    /// What the person or the key is called.
    #[schema(required = true)]
    pub actor_name: Option<String>,
    /// The person's e-mail address; null for a key.
    #[schema(required = true)]
    pub actor_email: Option<String>,
    /// What was done.
    pub operation: String,
    /// What kind of thing it was done to.
    pub entity: String,
    /// The thing; empty where it was done to nothing that is saved.
    pub entity_id: String,
    /// The environment it was done in.
    #[schema(required = true)]
    pub environment: Option<Environment>,
    /// The names of the secrets it used or concerned.
    pub secrets: Vec<String>,
    /// The origins they went to, or would have gone to, with spaces between.
    #[schema(required = true)]
    pub destination: Option<String>,
    /// The address the request came from.
    #[schema(required = true)]
    pub address: Option<String>,
    /// The request's id, as the answer's `x-request-id` and the log name it.
    #[schema(required = true)]
    pub request_id: Option<String>,
    /// What was different before, without values of secrets.
    #[schema(required = true)]
    pub before: Value,
    /// What is different since.
    #[schema(required = true)]
    pub after: Value,
}
