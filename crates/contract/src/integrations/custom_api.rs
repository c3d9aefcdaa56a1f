//! How an HTTP API is reached.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchboard_domain::environment::PerEnvironment;
use switchboard_domain::integration as domain;
use utoipa::ToSchema;

use crate::auth::{Auth, ValueSource};

/// Header values by the headers' names.
pub type Headers = BTreeMap<String, ValueSource>;

/// Headers of the wire as the domain has them, and the other way.
pub fn headers<A, B: From<A>>(headers: BTreeMap<String, A>) -> BTreeMap<String, B> {
    let headers = headers.into_iter();
    headers.map(|(name, value)| (name, value.into())).collect()
}

/// How an API is reached in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiSlot {
    /// Where its paths start: `https://host[:port][/prefix]`.
    pub base_url: String,
    /// How requests are authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// Headers sent with every request.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, ValueSource>)]
    pub headers: Headers,
}

impl From<domain::ApiSlot> for ApiSlot {
    fn from(slot: domain::ApiSlot) -> Self {
        Self {
            base_url: slot.base_url,
            auth: slot.auth.into(),
            headers: headers(slot.headers),
        }
    }
}

impl From<ApiSlot> for domain::ApiSlot {
    fn from(slot: ApiSlot) -> Self {
        Self {
            base_url: slot.base_url,
            auth: slot.auth.into(),
            headers: headers(slot.headers),
        }
    }
}

/// One slot for each environment; at least one is filled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slots {
    /// The slot of `development`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<ApiSlot>,
    /// The slot of `staging`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staging: Option<ApiSlot>,
    /// The slot of `production`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<ApiSlot>,
}

impl From<PerEnvironment<domain::ApiSlot>> for Slots {
    fn from(slots: PerEnvironment<domain::ApiSlot>) -> Self {
        Self {
            development: slots.development.map(Into::into),
            staging: slots.staging.map(Into::into),
            production: slots.production.map(Into::into),
        }
    }
}

impl From<Slots> for PerEnvironment<domain::ApiSlot> {
    fn from(slots: Slots) -> Self {
        Self {
            development: slots.development.map(Into::into),
            staging: slots.staging.map(Into::into),
            production: slots.production.map(Into::into),
        }
    }
}
