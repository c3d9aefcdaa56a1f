//! How requests of ours prove who they are.

use serde::{Deserialize, Serialize};
use switchboard_domain::auth;
use switchboard_domain::strict::strict_objects;
use utoipa::ToSchema;

use crate::wire::{ApiKeyPlace, ClientAuth, SecretName, Wire};

/// A reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SecretRef {
    /// The secret's name.
    pub secret: SecretName,
}

/// Text, a template where templates are allowed, or a reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected text or {\"secret\": \"name\"}")]
pub enum ValueSource {
    /// A reference to a secret.
    Secret(SecretRef),
    /// Text as it is, or a template.
    Text(String),
}

/// How requests are authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(
    remote = "Self",
    tag = "type",
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum Auth {
    /// Not at all.
    #[default]
    #[schema(title = "NoAuth")]
    None,
    /// By `Authorization: Bearer ...`.
    Bearer {
        /// The token.
        token: SecretRef,
    },
    /// By a key in a header or a query parameter.
    ApiKey {
        /// Where the key goes.
        #[serde(rename = "in")]
        place: ApiKeyPlace,
        /// The header's or parameter's name.
        name: String,
        /// The key.
        value: ValueSource,
    },
    /// By HTTP basic authentication.
    Basic {
        /// The user name.
        username: ValueSource,
        /// The password.
        password: SecretRef,
    },
    /// By OAuth 2.0 client credentials.
    #[serde(rename = "oauth2_client_credentials")]
    #[schema(title = "OAuth2ClientCredentialsAuth")]
    OAuth2ClientCredentials {
        /// Where tokens are asked for.
        token_url: String,
        /// The client's id.
        client_id: ValueSource,
        /// The client's secret.
        client_secret: SecretRef,
        /// The scope asked for, space-separated.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        /// How the client proves itself.
        #[serde(default)]
        client_auth: ClientAuth,
    },
}

strict_objects!(SecretRef, Auth);

impl From<auth::SecretRef> for SecretRef {
    fn from(reference: auth::SecretRef) -> Self {
        Self {
            secret: Wire(reference.secret),
        }
    }
}

impl From<SecretRef> for auth::SecretRef {
    fn from(reference: SecretRef) -> Self {
        Self {
            secret: reference.secret.0,
        }
    }
}

impl From<auth::ValueSource> for ValueSource {
    fn from(value: auth::ValueSource) -> Self {
        match value {
            auth::ValueSource::Secret(reference) => Self::Secret(reference.into()),
            auth::ValueSource::Text(text) => Self::Text(text),
        }
    }
}

impl From<ValueSource> for auth::ValueSource {
    fn from(value: ValueSource) -> Self {
        match value {
            ValueSource::Secret(reference) => Self::Secret(reference.into()),
            ValueSource::Text(text) => Self::Text(text),
        }
    }
}

macro_rules! auth_from {
    ($($from:tt)::+ => $($to:tt)::+) => {
        impl From<$($from)::+> for $($to)::+ {
            fn from(auth: $($from)::+) -> Self {
                use $($from)::+ as From;
                match auth {
                    From::None => Self::None,
                    From::Bearer { token } => Self::Bearer { token: token.into() },
                    From::ApiKey { place, name, value } => Self::ApiKey {
                        place: place.same(),
                        name,
                        value: value.into(),
                    },
                    From::Basic { username, password } => Self::Basic {
                        username: username.into(),
                        password: password.into(),
                    },
                    From::OAuth2ClientCredentials {
                        token_url,
                        client_id,
                        client_secret,
                        scope,
                        client_auth,
                    } => Self::OAuth2ClientCredentials {
                        token_url,
                        client_id: client_id.into(),
                        client_secret: client_secret.into(),
                        scope,
                        client_auth: client_auth.same(),
                    },
                }
            }
        }
    };
}

/// A word on either side of the wire.
trait Same<T> {
    fn same(self) -> T;
}

impl<T> Same<Wire<T>> for T {
    fn same(self) -> Wire<T> {
        Wire(self)
    }
}

impl<T> Same<T> for Wire<T> {
    fn same(self) -> T {
        self.0
    }
}

auth_from!(auth::Auth => Auth);
auth_from!(Auth => auth::Auth);
