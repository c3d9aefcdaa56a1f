//! How an integration proves who it is to the outside service.

use serde::{Deserialize, Serialize};

use crate::name::SecretName;
use crate::strict::strict_objects;

/// A reference to a secret: `{"secret": "name"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SecretRef {
    /// The secret's name.
    pub secret: SecretName,
}

/// A field's value: text (which may be a template where templates are allowed) or a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected text or {\"secret\": \"name\"}")]
pub enum ValueSource {
    /// A reference to a secret.
    Secret(SecretRef),
    /// Text as it is, or a template.
    Text(String),
}

impl ValueSource {
    /// The secret it refers to, if it is a reference.
    pub const fn secret(&self) -> Option<&SecretName> {
        match self {
            Self::Secret(reference) => Some(&reference.secret),
            Self::Text(_) => None,
        }
    }
}

/// Where an API key is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiKeyPlace {
    /// A request header.
    Header,
    /// A query parameter.
    Query,
}

/// How an OAuth client proves itself to the token endpoint (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// HTTP basic authentication.
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the request body.
    Body,
}

/// How requests are authenticated. Credentials are references to secrets; names and user names may
/// be plain text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(
    remote = "Self",
    tag = "type",
    rename_all = "snake_case",
    deny_unknown_fields
)]
pub enum Auth {
    /// No authentication.
    #[default]
    None,
    /// `Authorization: Bearer ...` (RFC 6750).
    Bearer {
        /// The token.
        token: SecretRef,
    },
    /// A key in a header or a query parameter.
    ApiKey {
        /// Where the key goes.
        #[serde(rename = "in")]
        place: ApiKeyPlace,
        /// The header's or parameter's name.
        name: String,
        /// The key.
        value: ValueSource,
    },
    /// HTTP basic authentication (RFC 7617).
    Basic {
        /// The user name.
        username: ValueSource,
        /// The password.
        password: SecretRef,
    },
    /// OAuth 2.0 client credentials (RFC 6749, section 4.4).
    #[serde(rename = "oauth2_client_credentials")]
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

impl Auth {
    /// Every secret it needs.
    pub fn secrets(&self) -> Vec<&SecretName> {
        match self {
            Self::None => vec![],
            Self::Bearer { token } => vec![&token.secret],
            Self::ApiKey { value, .. } => value.secret().into_iter().collect(),
            Self::Basic { username, password } => username
                .secret()
                .into_iter()
                .chain([&password.secret])
                .collect(),
            Self::OAuth2ClientCredentials {
                client_id,
                client_secret,
                ..
            } => client_id
                .secret()
                .into_iter()
                .chain([&client_secret.secret])
                .collect(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn forms_of_the_contract_are_read_and_written_back() {
        for text in [
            r#"{"type":"none"}"#,
            r#"{"type":"bearer","token":{"secret":"t"}}"#,
            r#"{"type":"api_key","in":"query","name":"k","value":{"secret":"t"}}"#,
            r#"{"type":"api_key","in":"header","name":"X-Key","value":"plain"}"#,
            r#"{"type":"basic","username":"u","password":{"secret":"p"}}"#,
            r#"{"type":"oauth2_client_credentials","token_url":"https://a/t","client_id":"c","client_secret":{"secret":"s"},"client_auth":"body"}"#,
        ] {
            let auth: Auth = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&auth).unwrap(), text);
        }
    }

    #[test]
    fn a_credential_in_plain_text_is_refused() {
        for text in [
            r#"{"type":"bearer","token":"sk_live"}"#,
            r#"{"type":"basic","username":"u","password":"p"}"#,
            r#"{"type":"bearer","token":{"secret":"t"},"more":1}"#,
            r#"{"type":"digest"}"#,
        ] {
            assert!(serde_json::from_str::<Auth>(text).is_err(), "{text}");
        }
    }
}
