//! Performing one request of a `custom_api` integration, or of an agent's own API call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use switchboard_domain::name::SecretName;
use switchboard_domain::output::OutputVariable;
use switchboard_domain::request::{
    BaseUrl, HeaderTemplate, Method, RenderedRequest, RequestTemplate, Target, query_names,
};
use switchboard_domain::template::RenderContext;
use switchboard_outbound::{Breaker, Client, OutboundError, Request, Response};
use switchboard_vault::SecretText;
use tokio::time::Instant;

use crate::answered::{answered, unanswered};
use crate::auth::{self, PreparedAuth};
use crate::error::CallError;
use crate::evaluations::Evaluations;
use crate::oauth::{ClientCredentials, OAuthSource, TokenCache};
use crate::performed::Performed;
use crate::redact::Redactor;
use crate::secrets::{Secrets, SecretsFor};
use crate::trace;

/// A header of an integration or an action.
#[derive(Debug, Clone)]
pub enum HeaderSource {
    /// Text or a template.
    Template(HeaderTemplate),
    /// A secret.
    Secret(HeaderName, SecretName),
}

/// Where and as whom requests of an integration go in one environment.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Where paths start; none for full URLs.
    pub base: Option<BaseUrl>,
    /// How requests are authenticated.
    pub auth: PreparedAuth,
    /// Headers of every request.
    pub headers: Vec<HeaderSource>,
    /// The breaker of this host in this environment.
    pub breaker: Arc<Breaker>,
}

impl Endpoint {
    /// Scheme, host and port that requests of a call go to.
    fn origin<'a>(&'a self, call: &'a ApiCall) -> &'a str {
        match (&call.request.target, &self.base) {
            (Target::Url(url), _) => url.origin(),
            (Target::Path(_), Some(base)) => base.origin(),
            // Such a call is not made.
            (Target::Path(_), None) => "",
        }
    }
}

/// An action's request, ready to be made.
#[derive(Debug, Clone)]
pub struct ApiCall {
    /// The request.
    pub request: RequestTemplate,
    /// Headers that hold secrets.
    pub secret_headers: Vec<(HeaderName, SecretName)>,
    /// What is taken from the answer.
    pub outputs: Arc<[OutputVariable]>,
    /// How long a call may take; none is the server's default.
    pub timeout: Option<Duration>,
}

/// Performs calls.
#[derive(Debug, Clone)]
pub struct Connector {
    /// The way out.
    pub client: Client,
    /// Tokens at hand.
    pub tokens: TokenCache,
    /// The largest answer, in bytes.
    pub max_response_bytes: usize,
    /// What takes output variables.
    pub evaluations: Evaluations,
}

/// A request with its credentials, and how it is kept.
struct Outgoing {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    credentials: Vec<HeaderName>,
    credential_queries: Vec<String>,
    body: Bytes,
    kept: String,
    redactor: Redactor,
}

impl Connector {
    /// Performs a call: builds the request, authenticates it, sends it, reads the answer. The
    /// deadline covers all of it.
    pub async fn perform(
        &self,
        endpoint: &Endpoint,
        call: &ApiCall,
        context: &RenderContext<'_>,
        secrets: Secrets<'_>,
        deadline: Instant,
    ) -> Performed {
        let origin = endpoint.origin(call);
        let to = SecretsFor { secrets, origin };
        let mut outgoing = match build(endpoint, call, context, to) {
            Ok(outgoing) => outgoing,
            Err(error) => return Performed::not_sent(error),
        };
        let result = match &endpoint.auth {
            PreparedAuth::OAuth(source) => {
                let sending = self.send_with_token(source, to, endpoint, &mut outgoing, deadline);
                match Box::pin(sending).await {
                    Ok(result) => result,
                    Err(error) => {
                        return Performed {
                            request: outgoing.kept,
                            ..Performed::not_sent(error)
                        };
                    }
                }
            }
            _ => self.send(endpoint, &outgoing, deadline).await,
        };
        self.settle(call, outgoing, result, deadline).await
    }

    /// Makes of an answer, or of the lack of one, what the call came to.
    async fn settle(
        &self,
        call: &ApiCall,
        outgoing: Outgoing,
        result: Result<Response, OutboundError>,
        deadline: Instant,
    ) -> Performed {
        let safe = outgoing.method.is_safe();
        let redactor = &outgoing.redactor;
        let mut performed = match result {
            Err(error) => unanswered(safe, &error),
            Ok(mut response) => {
                let held = response.held.take();
                let (mut performed, found) = answered(redactor, safe, &response);
                performed.held = held;
                if let Some(found) = found.filter(|_| !call.outputs.is_empty()) {
                    let evaluations = &self.evaluations;
                    performed.take(evaluations.take(&call.outputs, found.value, deadline).await);
                    if !found.is_clean {
                        for (_, value) in &mut performed.variables {
                            redactor.clean_value(value);
                        }
                    }
                }
                performed
            }
        };
        performed.request = outgoing.kept;
        performed
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        outgoing: &Outgoing,
        deadline: Instant,
    ) -> Result<Response, OutboundError> {
        let request = Request {
            method: method(outgoing.method),
            uri: outgoing.uri.clone(),
            headers: outgoing.headers.clone(),
            body: outgoing.body.clone(),
            credentials: outgoing.credentials.clone(),
            credential_queries: outgoing.credential_queries.clone(),
            max_response_bytes: self.max_response_bytes,
            breaker: Some(endpoint.breaker.clone()),
        };
        // On the heap: the client's future is large, and each layer above would copy it.
        Box::pin(self.client.send(request, deadline)).await
    }

    /// Sends with an access token; a token that is refused is asked for once more. The outer error
    /// means that nothing was sent to the service.
    async fn send_with_token(
        &self,
        source: &OAuthSource,
        SecretsFor { secrets, origin }: SecretsFor<'_>,
        endpoint: &Endpoint,
        outgoing: &mut Outgoing,
        deadline: Instant,
    ) -> Result<Result<Response, OutboundError>, CallError> {
        let credentials = ClientCredentials::of(source, secrets, origin, &mut outgoing.redactor)?;
        let token = self
            .authorize(source, &credentials, outgoing, deadline)
            .await?;
        let first = self.send(endpoint, outgoing, deadline).await;
        if !matches!(&first, Ok(response) if response.status == StatusCode::UNAUTHORIZED) {
            return Ok(first);
        }
        self.tokens.forget(source, &credentials, &token).await;
        let renewed = self
            .authorize(source, &credentials, outgoing, deadline)
            .await?;
        if renewed.expose() == token.expose() {
            return Ok(first);
        }
        Ok(self.send(endpoint, outgoing, deadline).await)
    }

    async fn authorize(
        &self,
        source: &OAuthSource,
        credentials: &ClientCredentials,
        outgoing: &mut Outgoing,
        deadline: Instant,
    ) -> Result<SecretText, CallError> {
        let token = self
            .tokens
            .token(&self.client, source, credentials, deadline)
            .await?;
        outgoing.redactor.add(&token.masker);
        auth::bearer(&mut outgoing.headers, &token.text)?;
        Ok(token.text)
    }
}

const fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

fn build(
    endpoint: &Endpoint,
    call: &ApiCall,
    context: &RenderContext<'_>,
    secrets: SecretsFor<'_>,
) -> Result<Outgoing, CallError> {
    let mut redactor = secrets.secrets.redactor();
    let RenderedRequest {
        method,
        mut url,
        headers: rendered,
        body,
    } = call.request.render(endpoint.base.as_ref(), context)?;
    let mut kept_url = url.clone();
    let mut headers = HeaderMap::with_capacity(rendered.len() + endpoint.headers.len() + 4);
    headers.insert(
        header::ACCEPT,
        HeaderValue::from_static("application/json, text/*;q=0.8, */*;q=0.5"),
    );
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static(concat!("switchboard/", env!("CARGO_PKG_VERSION"))),
    );
    if body.is_some() {
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    let mut credentials = vec![];
    for source in &endpoint.headers {
        match source {
            HeaderSource::Template(template) => {
                insert(&mut headers, &template.name, &template.render(context)?)?;
            }
            HeaderSource::Secret(name, secret) => {
                insert_secret(&mut headers, &mut credentials, name, secret, secrets)?;
            }
        }
    }
    for (name, value) in &rendered {
        insert(&mut headers, name, value)?;
    }
    for (name, secret) in &call.secret_headers {
        insert_secret(&mut headers, &mut credentials, name, secret, secrets)?;
    }
    auth::apply(
        &endpoint.auth,
        secrets,
        &mut headers,
        &mut url,
        &mut kept_url,
        &mut redactor,
    )?;
    let mut credential_queries = vec![];
    match &endpoint.auth {
        PreparedAuth::Header(name, _) => credentials.push(name.clone()),
        PreparedAuth::Query(name, _) => {
            refuse_second_key(&kept_url, name)?;
            credential_queries.push(name.clone());
        }
        _ => {}
    }
    let uri = url.parse().map_err(|_| CallError {
        code: "invalid_url",
        message: "the request's URL is too long or not valid; shorten the arguments".to_owned(),
        upstream_status: None,
    })?;
    let kept = trace::request(
        method.as_str(),
        &kept_url,
        &headers,
        &credentials,
        body.as_deref(),
        &redactor,
    );
    Ok(Outgoing {
        method,
        uri,
        headers,
        credentials,
        credential_queries,
        body: body.map_or_else(Bytes::new, Bytes::from),
        kept,
        redactor,
    })
}

/// An argument may not stand beside the key under the key's name: services differ in which of the
/// two they believe.
fn refuse_second_key(kept_url: &str, name: &str) -> Result<(), CallError> {
    let query = kept_url.split_once('?').map_or("", |(_, query)| query);
    let same = |found: &std::borrow::Cow<'_, str>| found.eq_ignore_ascii_case(name);
    if query_names(query).filter(same).count() < 2 {
        return Ok(());
    }
    Err(CallError {
        code: "argument_refused",
        message: "an argument has the name of the query parameter that carries the API key; rename it in the action's parameters".to_owned(),
        upstream_status: None,
    })
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), CallError> {
    let refused = || CallError {
        code: "invalid_header",
        message: format!("the header `{name}` cannot be sent with this value"),
        upstream_status: None,
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    let value = HeaderValue::from_str(value).map_err(|_| refused())?;
    headers.insert(name, value);
    Ok(())
}

fn insert_secret(
    headers: &mut HeaderMap,
    credentials: &mut Vec<HeaderName>,
    name: &HeaderName,
    secret: &SecretName,
    secrets: SecretsFor<'_>,
) -> Result<(), CallError> {
    let value = secrets.secret(secret)?;
    headers.insert(name.clone(), auth::sensitive("the secret", value.expose())?);
    credentials.push(name.clone());
    Ok(())
}
