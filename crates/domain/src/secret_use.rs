//! Where secrets go: a secret is sent to the origins that it may go to, and to no others.

use std::collections::BTreeMap;

use url::Url;

use crate::action::ActionDefinition;
use crate::agent::AgentDocument;
use crate::auth::{Auth, ValueSource};
use crate::integration::{IntegrationDefinition, MessagingChannel};
use crate::name::SecretName;
use crate::own_action::AgentActionKind;
use crate::request::BaseUrl;
use crate::rule::RuleError;

/// A secret and where it would go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretUse {
    /// The secret.
    pub secret: SecretName,
    /// Scheme, host and port.
    pub origin: String,
}

/// Scheme, host and port of a URL, which may have placeholders behind them. None for what is no
/// URL that requests go to.
pub fn origin_of(url: &str) -> Option<String> {
    let url = Url::parse(url.trim()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// Reads an origin as people write it.
pub fn parse_origin(text: &str) -> Result<String, RuleError> {
    let base = BaseUrl::parse(text.trim())?;
    let rest = Url::parse(text.trim()).is_ok_and(|url| url.path() != "/");
    if rest {
        return Err(RuleError::new(
            "invalid_origin",
            "an origin has no path; write for example https://api.example.com",
        ));
    }
    Ok(base.origin().to_owned())
}

/// The uses of what is authenticated at a URL. The token of an OAuth client goes to the URL as well
/// and is as good as its secret, so both places count.
fn of_url(auth: &Auth, headers: &BTreeMap<String, ValueSource>, url: &str) -> Vec<SecretUse> {
    let headers = headers.values().filter_map(ValueSource::secret);
    let names = auth.secrets().into_iter().chain(headers);
    let mut uses = to(names, url);
    if let Auth::OAuth2ClientCredentials { token_url, .. } = auth {
        uses.extend(to(auth.secrets(), token_url));
    }
    uses
}

fn to<'a>(names: impl IntoIterator<Item = &'a SecretName>, url: &str) -> Vec<SecretUse> {
    let Some(origin) = origin_of(url) else {
        return vec![];
    };
    let uses = names.into_iter().map(|secret| SecretUse {
        secret: secret.clone(),
        origin: origin.clone(),
    });
    uses.collect()
}

impl IntegrationDefinition {
    /// Where its secrets go. `provider` is where text messages are handed over.
    pub fn secret_uses(&self, provider: &str) -> Vec<SecretUse> {
        match self {
            Self::CustomApi { environments } => environments
                .iter()
                .flat_map(|(_, slot)| of_url(&slot.auth, &slot.headers, &slot.base_url))
                .collect(),
            Self::McpServer(server) => of_url(&server.auth, &server.headers, &server.url),
            Self::MessagingChannel(channel) => channel.secret_uses(provider),
        }
    }
}

impl MessagingChannel {
    /// Where its API key goes.
    pub fn secret_uses(&self, provider: &str) -> Vec<SecretUse> {
        to([&self.api_key.secret], provider)
    }
}

impl ActionDefinition {
    /// Where its own secrets go, under an integration.
    pub fn secret_uses(&self, under: &IntegrationDefinition) -> Vec<SecretUse> {
        let names = self.secrets();
        match under {
            IntegrationDefinition::CustomApi { environments } => environments
                .iter()
                .flat_map(|(_, slot)| to(names.iter().copied(), &slot.base_url))
                .collect(),
            IntegrationDefinition::McpServer(_) | IntegrationDefinition::MessagingChannel(_) => {
                vec![]
            }
        }
    }
}

impl AgentDocument {
    /// Where the secrets of its own API calls go.
    pub fn secret_uses(&self) -> Vec<SecretUse> {
        self.own_actions()
            .filter_map(|(_, action)| match &action.kind {
                AgentActionKind::ApiCall(call) => Some(call),
                _ => None,
            })
            .flat_map(|call| of_url(&call.auth, &call.headers, &call.url))
            .collect()
    }
}

/// Whether a secret may go somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Allowed,
    /// It may, and its origins are these from now on.
    Becomes(Vec<String>),
    /// It may not go to this origin.
    Refused(String),
}

/// Decides about the origins that a secret would go to. A secret whose list is empty is allowed
/// where it is used already, or else where it is used first. Only who administers may add to a list
/// that is not.
pub fn judge(allowed: &[String], used: &[String], wanted: &[String], may_add: bool) -> Verdict {
    let mut origins = allowed.to_vec();
    if origins.is_empty() {
        add(&mut origins, used);
    }
    let may_add = may_add || origins.is_empty();
    if !may_add && let Some(other) = wanted.iter().find(|origin| !origins.contains(origin)) {
        return Verdict::Refused(other.clone());
    }
    add(&mut origins, wanted);
    if origins.len() == allowed.len() {
        return Verdict::Allowed;
    }
    Verdict::Becomes(origins)
}

fn add(origins: &mut Vec<String>, more: &[String]) {
    for origin in more {
        if !origins.contains(origin) {
            origins.push(origin.clone());
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(items: &[&str]) -> Vec<String> {
        items.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, origin) in [
            ("https://API.example", Some("https://api.example")),
            ("https://api.example:443/", Some("https://api.example")),
            (" http://127.0.0.1:8080 ", Some("http://127.0.0.1:8080")),
            ("http://2130706433", Some("http://127.0.0.1")),
            ("https://api.example/v1", None),
            ("https://api.example/?x", None),
            ("api.example", None),
            ("ftp://api.example", None),
            ("https://u:p@api.example", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(parse_origin(text).ok().as_deref(), origin, "{text}");
        }
        let url = origin_of("https://A.example/v1/{id}?x=1");
        assert_eq!(url.as_deref(), Some("https://a.example"));
    }

    #[test]
    fn who_may_send_a_secret_where() {
        let (a, b) = (texts(&["https://a"]), texts(&["https://b"]));
        let both = texts(&["https://a", "https://b"]);
        let becomes = |origins: &[String]| Verdict::Becomes(origins.to_vec());
        for (allowed, used, wanted, may_add, verdict) in [
            // The first use sets it, whoever it is.
            (&[][..], &[][..], &a, false, becomes(&a)),
            (&[], &[], &both, false, becomes(&both)),
            // What was in use before there was a list is what may be.
            (&[], &a[..], &a, false, becomes(&a)),
            (
                &[],
                &a[..],
                &b,
                false,
                Verdict::Refused("https://b".to_owned()),
            ),
            (&[], &a[..], &b, true, becomes(&both)),
            (&a[..], &[], &a, false, Verdict::Allowed),
            (
                &a[..],
                &[],
                &b,
                false,
                Verdict::Refused("https://b".to_owned()),
            ),
            (
                &a[..],
                &b[..],
                &b,
                false,
                Verdict::Refused("https://b".to_owned()),
            ),
            (
                &a[..],
                &[],
                &both,
                false,
                Verdict::Refused("https://b".to_owned()),
            ),
            (&a[..], &[], &b, true, becomes(&both)),
            (&both[..], &[], &b, false, Verdict::Allowed),
        ] {
            let came = judge(allowed, used, wanted, may_add);
            assert_eq!(came, verdict, "{allowed:?} {used:?} {wanted:?} {may_add}");
        }
    }

    #[test]
    fn every_place_a_secret_goes_to_counts() {
        let of = |definition: serde_json::Value| {
            let definition: IntegrationDefinition = serde_json::from_value(definition).unwrap();
            let mut uses: Vec<_> = definition
                .secret_uses("https://sms.example/v2/messages")
                .into_iter()
                .map(|found| format!("{} {}", found.secret, found.origin))
                .collect();
            uses.sort();
            uses
        };
        let oauth = json!({"type": "oauth2_client_credentials", "token_url": "https://t.example/x?y", "client_id": {"secret": "i"}, "client_secret": {"secret": "s"}});
        assert_eq!(
            of(json!({"kind": "custom_api", "environments": {
                "staging": {"base_url": "https://a.example/v1", "auth": oauth},
                "production": {"base_url": "https://b.example", "headers": {"x": {"secret": "h"}, "y": "text"}},
            }})),
            [
                "h https://b.example",
                "i https://a.example",
                "i https://t.example",
                "s https://a.example",
                "s https://t.example"
            ]
        );
        let server = json!({"kind": "mcp_server", "url": "https://m.example/mcp", "auth": {"type": "bearer", "token": {"secret": "t"}}});
        assert_eq!(of(server), ["t https://m.example"]);
        let channel = json!({"kind": "messaging_channel", "api_key": {"secret": "k"}});
        assert_eq!(of(channel), ["k https://sms.example"]);
    }
}
