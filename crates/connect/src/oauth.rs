//! OAuth 2.0 client credentials (RFC 6749, section 4.4): tokens are kept until they expire, and
//! asked for once however many calls wait for one.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Uri, header};
use moka::Expiry;
use moka::future::Cache;
use oauth2::basic::{BasicClient, BasicErrorResponse};
use oauth2::{
    AuthType, ClientId, ClientSecret, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use switchboard_domain::auth::{ClientAuth, ValueSource};
use switchboard_domain::name::SecretName;
use switchboard_outbound::{Client, OutboundError, Request};
use switchboard_vault::SecretText;
use tokio::time::Instant;

use crate::error::CallError;
use crate::redact::{Masker, Redactor};
use crate::secrets::{Secrets, SecretsFor};

/// A token is not used in the last moments of its life.
const LEEWAY: Duration = Duration::from_secs(20);
/// How long a token is kept when the endpoint does not say (RFC 6749 leaves it open).
const UNSAID: Duration = Duration::from_mins(5);
/// The largest answer of a token endpoint.
const MAX_BYTES: usize = 64 * 1024;

/// Where tokens come from, ready to be asked.
#[derive(Debug, Clone)]
pub struct OAuthSource {
    /// Tells sources apart: workspace, integration and environment, or binding.
    pub key: Arc<str>,
    /// The token endpoint.
    pub token_url: Arc<str>,
    /// Scheme, host and port of the token endpoint.
    pub origin: Arc<str>,
    /// The client's id.
    pub client_id: ValueSource,
    /// The client's secret.
    pub client_secret: SecretName,
    /// The scope asked for.
    pub scope: Option<Arc<str>>,
    /// How the client proves itself.
    pub client_auth: ClientAuth,
}

/// An access token.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself.
    pub text: SecretText,
    /// What takes it out of what comes back.
    pub masker: Arc<Masker>,
    lives: Duration,
}

struct TokenLife;

impl Expiry<(Arc<str>, u64), Token> for TokenLife {
    fn expire_after_create(
        &self,
        _: &(Arc<str>, u64),
        token: &Token,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(token.lives)
    }
}

/// The tokens at hand.
#[derive(Clone)]
pub struct TokenCache {
    tokens: Cache<(Arc<str>, u64), Token>,
    hasher: RandomState,
}

impl std::fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenCache")
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self {
            tokens: Cache::builder()
                .max_capacity(10_000)
                .expire_after(TokenLife)
                .build(),
            hasher: RandomState::new(),
        }
    }
}

/// The client's credentials in the environment of a call.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// The client's id.
    pub id: String,
    /// The client's secret.
    pub secret: SecretText,
}

impl ClientCredentials {
    /// The credentials of a source, looked up for its endpoint and for `origin`, where the token
    /// goes that they are good for.
    pub fn of(
        source: &OAuthSource,
        secrets: Secrets<'_>,
        origin: &str,
        redactor: &mut Redactor,
    ) -> Result<Self, CallError> {
        let to_token = SecretsFor {
            secrets,
            origin: &source.origin,
        };
        if let Some(name) = source.client_id.secret() {
            redactor.spare(name);
        }
        SecretsFor { secrets, origin }.secret(&source.client_secret)?;
        let secret = to_token.secret(&source.client_secret)?;
        Ok(Self {
            id: to_token.value(&source.client_id)?,
            secret: SecretText::new(secret.expose().trim().to_owned()),
        })
    }
}

impl TokenCache {
    /// Other credentials or another endpoint are another entry, so a changed secret or scope takes
    /// effect at once.
    fn entry(&self, source: &OAuthSource, credentials: &ClientCredentials) -> (Arc<str>, u64) {
        let parts = (
            &source.token_url,
            &source.scope,
            source.client_auth,
            &credentials.id,
            credentials.secret.expose(),
        );
        (source.key.clone(), self.hasher.hash_one(parts))
    }

    /// A token, from the cache or from its endpoint. Callers that come while it is asked for wait
    /// for the same answer.
    pub async fn token(
        &self,
        client: &Client,
        source: &OAuthSource,
        credentials: &ClientCredentials,
        deadline: Instant,
    ) -> Result<Token, CallError> {
        let entry = self.entry(source, credentials);
        if let Some(token) = self.tokens.get(&entry).await {
            return Ok(token);
        }
        self.tokens
            .try_get_with(entry, fetch(client, source, credentials, deadline))
            .await
            .map_err(|error: Arc<CallError>| (*error).clone())
    }

    /// Forgets a token that was refused, unless it was replaced since.
    pub async fn forget(
        &self,
        source: &OAuthSource,
        credentials: &ClientCredentials,
        refused: &SecretText,
    ) {
        let entry = self.entry(source, credentials);
        let current = self.tokens.get(&entry).await;
        if current.is_some_and(|token| token.text.expose() == refused.expose()) {
            self.tokens.invalidate(&entry).await;
        }
    }
}

fn failed(code: &'static str, message: String) -> CallError {
    CallError {
        code,
        message,
        upstream_status: None,
    }
}

async fn fetch(
    client: &Client,
    source: &OAuthSource,
    credentials: &ClientCredentials,
    deadline: Instant,
) -> Result<Token, CallError> {
    let url = TokenUrl::new(source.token_url.to_string()).map_err(|error| {
        failed(
            "token_request_failed",
            format!("the token URL is not valid: {error}"),
        )
    })?;
    let oauth = BasicClient::new(ClientId::new(credentials.id.clone()))
        .set_client_secret(ClientSecret::new(credentials.secret.expose().to_owned()))
        .set_auth_type(match source.client_auth {
            ClientAuth::Basic => AuthType::BasicAuth,
            ClientAuth::Body => AuthType::RequestBody,
        })
        .set_token_uri(url);
    let mut exchange = oauth.exchange_client_credentials();
    for scope in source
        .scope
        .iter()
        .flat_map(|scope| scope.split_whitespace())
    {
        exchange = exchange.add_scope(Scope::new(scope.to_owned()));
    }
    let sender = client.clone();
    let send = move |request: oauth2::HttpRequest| {
        let sender = sender.clone();
        async move { send(&sender, request, deadline).await }
    };
    let answer = exchange
        .request_async(&send)
        .await
        .map_err(|error| explain(&error))?;
    let lives = answer.expires_in().unwrap_or(UNSAID);
    let text = SecretText::new(answer.access_token().secret().clone());
    Ok(Token {
        masker: Arc::new(Masker::of(&text)),
        text,
        lives: lives.saturating_sub(LEEWAY).max(Duration::from_millis(1)),
    })
}

async fn send(
    client: &Client,
    request: oauth2::HttpRequest,
    deadline: Instant,
) -> Result<oauth2::HttpResponse, OutboundError> {
    let (head, body) = request.into_parts();
    let uri: Uri = head.uri;
    let mut headers = HeaderMap::new();
    for (name, value) in &head.headers {
        headers.insert(name.clone(), value.clone());
    }
    headers.insert(
        header::ACCEPT,
        header::HeaderValue::from_static("application/json"),
    );
    let response = client
        .send(
            Request {
                method: Method::POST,
                uri,
                headers,
                body: body.into(),
                credentials: vec![],
                credential_queries: vec![],
                max_response_bytes: MAX_BYTES,
                breaker: None,
            },
            deadline,
        )
        .await?;
    let mut answer = http::Response::new(response.body.to_vec());
    *answer.status_mut() = response.status;
    *answer.headers_mut() = response.headers;
    Ok(answer)
}

/// Says what went wrong without a word of what the endpoint sent beyond its error code.
fn explain(error: &RequestTokenError<OutboundError, BasicErrorResponse>) -> CallError {
    match error {
        RequestTokenError::Request(error) => failed(
            "token_request_failed",
            format!("no access token from the token endpoint: {error}"),
        ),
        RequestTokenError::ServerResponse(answer) => failed(
            "token_refused",
            format!(
                "the token endpoint refused the client credentials ({}); check client id, client secret and scope",
                answer.error()
            ),
        ),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => failed(
            "token_request_failed",
            "the token endpoint's response is not a token response (RFC 6749, section 5.1); check the token URL".to_owned(),
        ),
    }
}
