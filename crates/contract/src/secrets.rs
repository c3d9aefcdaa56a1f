//! Secrets and workspace variables.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_domain::environment::{self, PerEnvironment};
use utoipa::ToSchema;

use crate::list::list;
use crate::patch::Patch;
use crate::wire::{Environment, SecretName, Time, VariableName};

list!(
    /// A page of secrets.
    SecretList, Secret);
list!(
    /// A page of variables.
    VariableList, Variable);

/// Values of a secret; null removes one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretInput {
    /// The values to set.
    #[serde(default)]
    pub values: SecretValues,
    /// The origins that it may go to, all of them, such as `https://api.example.com`. Once it exists,
    /// only an admin may change them.
    #[serde(default)]
    pub allowed_origins: Option<Vec<String>>,
}

/// One value for each environment. It does not print itself.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretValues {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 16384)]
    development: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 16384)]
    staging: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 16384)]
    production: Patch<String>,
}

impl SecretValues {
    /// What is to be done in each environment.
    pub fn into_each(self) -> [(environment::Environment, Patch<String>); 3] {
        [
            (environment::Environment::Development, self.development),
            (environment::Environment::Staging, self.staging),
            (environment::Environment::Production, self.production),
        ]
    }
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValues")
    }
}

/// A secret, without its values.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Secret {
    /// Its name, too.
    pub id: SecretName,
    /// Its name, which never changes.
    pub name: SecretName,
    /// Where it has a value.
    pub environments: Vec<Environment>,
    /// The origins that it may go to. An empty list is filled by the first use.
    pub allowed_origins: Vec<String>,
    /// What uses it.
    pub used_by: Vec<User>,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}

/// Something that uses a secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    /// What it is.
    pub kind: UserKind,
    /// Its id.
    pub id: String,
}

/// What may use a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// An integration.
    Integration,
    /// A shared action.
    Action,
    /// An agent: its draft or one of its versions.
    Agent,
}

/// Values of a workspace variable.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableInput {
    /// All of its values.
    #[schema(value_type = VariableValues)]
    pub values: PerEnvironment<Value>,
}

/// One value for each environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableValues {
    /// Any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    pub development: Option<Value>,
    /// Any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    pub staging: Option<Value>,
    /// Any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    pub production: Option<Value>,
}

impl From<PerEnvironment<Value>> for VariableValues {
    fn from(values: PerEnvironment<Value>) -> Self {
        Self {
            development: values.development,
            staging: values.staging,
            production: values.production,
        }
    }
}

/// A workspace variable.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Variable {
    /// Its name, too.
    pub id: VariableName,
    /// Its name.
    pub name: VariableName,
    /// Its values.
    pub values: VariableValues,
    /// Counts its changes.
    pub revision: u64,
    /// When it was made.
    pub created_at: Time,
    /// When it was changed last.
    pub updated_at: Time,
}
