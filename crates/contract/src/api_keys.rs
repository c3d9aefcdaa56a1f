//! API keys.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::list::list;
use crate::wire::{ApiKeyId, Scope, Time};

list!(
    /// A page of API keys.
    ApiKeyList, ApiKey);

/// A new API key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyInput {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it ends; left out, it is good until somebody revokes it.
    #[serde(default)]
    #[schema(value_type = Option<Time>)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// An API key, without its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// How the key's text starts.
    pub prefix: String,
    /// When it was revoked.
    #[schema(required = true)]
    pub revoked_at: Option<Time>,
    /// Who made it: a person's or an API key's id, or `command line`; null where it was not noted.
    #[schema(required = true)]
    pub created_by: Option<String>,
    /// When it was used last, to the minute.
    #[schema(required = true)]
    pub last_used_at: Option<Time>,
    /// When it ends; null where it does not by itself.
    #[schema(required = true)]
    pub expires_at: Option<Time>,
    /// Whether whoever made it is no member any more, or is a key that was revoked.
    pub maker_gone: bool,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}

/// An API key with its text, once.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewApiKey {
    /// What is known of it.
    #[serde(flatten)]
    pub about: ApiKey,
    /// The key. It is not shown again.
    pub key: String,
}
