//! Integrations: the connection to one outside service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::auth::{Auth, ValueSource};
use crate::environment::PerEnvironment;
use crate::name::SecretName;

/// The kinds of integration, as they are named in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationKind {
    /// An HTTP API.
    CustomApi,
}

impl IntegrationKind {
    /// The name used in the API and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CustomApi => "custom_api",
        }
    }
}

/// How an HTTP API is reached in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiSlot {
    /// Where its paths start: `https://host[:port][/prefix]`.
    pub base_url: String,
    /// How requests are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// Headers sent with every request.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueSource>,
}

/// What is particular to the kind of an integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IntegrationDefinition {
    /// An HTTP API with one slot per environment. An empty slot makes it unavailable there.
    CustomApi {
        /// The slots.
        environments: PerEnvironment<ApiSlot>,
    },
}

impl IntegrationDefinition {
    /// Its kind.
    pub const fn kind(&self) -> IntegrationKind {
        match self {
            Self::CustomApi { .. } => IntegrationKind::CustomApi,
        }
    }

    /// Every secret it refers to, each once.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let mut names: Vec<&SecretName> = match self {
            Self::CustomApi { environments } => environments
                .iter()
                .flat_map(|(_, slot)| {
                    let headers = slot.headers.values().filter_map(ValueSource::secret);
                    slot.auth.secrets().into_iter().chain(headers)
                })
                .collect(),
        };
        names.sort();
        names.dedup();
        names
    }
}
