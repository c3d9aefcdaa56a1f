//! Performing one request of a `custom_api` integration, or of an agent's own API call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use serde_json::Value;
use switchboard_domain::conversation::Outcome;
use switchboard_domain::name::{SecretName, VariableName};
use switchboard_domain::output::{LeftOut, OutputVariable, Taken};
use switchboard_domain::request::{
    BaseUrl, HeaderTemplate, Method, RenderedRequest, RequestTemplate, Target, query_names,
};
use switchboard_domain::rule::RuleError;
use switchboard_domain::template::RenderContext;
use switchboard_outbound::{Breaker, Client, Held, OutboundError, Request, Response};
use switchboard_vault::SecretText;
use tokio::time::Instant;

use crate::Secrets;
use crate::auth::{self, PreparedAuth, SecretsFor};
use crate::evaluations::Evaluations;
use crate::oauth::{ClientCredentials, OAuthSource, TokenCache};
use crate::redact::Redactor;
use crate::trace;

/// Why a call failed: which layer, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// The stable code.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
    /// The status the service answered with, if it answered.
    pub upstream_status: Option<u16>,
}

impl CallError {
    /// An error that no answer of the service stands behind.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            upstream_status: None,
        }
    }

    /// Whether it tells that the integration is broken, and not that somebody asked for what is not
    /// there or cannot be sent: an answer with a status of 4xx is the caller's, but for those that
    /// refuse the credentials.
    pub fn is_of_integration(&self) -> bool {
        match self.upstream_status {
            Some(401 | 403 | 407) => true,
            Some(400..=499) => false,
            _ => !OF_THE_CALLER.contains(&self.code),
        }
    }
}

/// What is wrong with a call before the service has a part in it, or what a working service says of it.
const OF_THE_CALLER: [&str; 11] = [
    "argument_refused",
    "cancelled",
    "input_required",
    "invalid_header",
    "invalid_template",
    "invalid_url",
    "message_rejected",
    "template_failed",
    "tool_missing",
    "tool_error",
    "tool_refused",
];

impl From<RuleError> for CallError {
    fn from(error: RuleError) -> Self {
        Self::new(error.code, error.message)
    }
}

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

/// What came of a call.
#[derive(Debug)]
pub struct Performed {
    /// What it means for limits.
    pub outcome: Outcome,
    /// What the service answered, as JSON text.
    pub output: String,
    /// The variables that were set.
    pub variables: Vec<(VariableName, Value)>,
    /// The output variables that had no match and stay as they were.
    pub unmatched: Vec<VariableName>,
    /// The output variables that cost too much to take and stay as they were.
    pub left_out: Vec<LeftOut>,
    /// Why it failed.
    pub error: Option<CallError>,
    /// The request as it is kept, JSON text.
    pub request: String,
    /// The answer as it is kept, JSON text.
    pub response: String,
    /// True when the output is the whole result of an MCP tool.
    pub tool_result: bool,
    /// The room that a large answer takes, until what was made of it is kept.
    pub held: Option<Held>,
}

impl Performed {
    /// Notes what came of the output variables.
    pub fn take(&mut self, taken: Taken) {
        self.variables = taken.variables;
        self.unmatched = taken.unmatched;
        self.left_out = taken.left_out;
    }

    /// A call that succeeded with this answer, and sent no request of ours.
    pub fn answered(output: String) -> Self {
        Self {
            outcome: Outcome::Succeeded,
            output,
            error: None,
            ..Self::nothing()
        }
    }

    fn nothing() -> Self {
        Self {
            outcome: Outcome::Failed,
            output: "null".to_owned(),
            variables: vec![],
            unmatched: vec![],
            left_out: vec![],
            error: None,
            request: "null".to_owned(),
            response: "null".to_owned(),
            tool_result: false,
            held: None,
        }
    }

    /// A call that failed before anything was sent.
    pub fn not_sent(error: CallError) -> Self {
        Self {
            error: Some(error),
            ..Self::nothing()
        }
    }

    /// A call whose outcome nobody can know.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unknown,
            ..Self::not_sent(CallError::new("outcome_unknown", message))
        }
    }
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
                match self
                    .send_with_token(source, to, endpoint, &mut outgoing, deadline)
                    .await
                {
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

fn unanswered(safe: bool, error: &OutboundError) -> Performed {
    let status = match error {
        OutboundError::TooLarge { status, .. } => Some(*status),
        _ => None,
    };
    let unknown = !safe && error.may_have_reached_upstream();
    // A head that came says that the service acted, so only the place stays taken.
    let (code, message) = if unknown && status.is_none() {
        (
            "outcome_unknown",
            format!(
                "the request went out and nobody can know what came of it: {error}. It is not tried again; ask the service before you do"
            ),
        )
    } else {
        (error.code(), error.to_string())
    };
    Performed {
        outcome: if unknown {
            Outcome::Unknown
        } else {
            Outcome::Failed
        },
        ..Performed::not_sent(CallError {
            code,
            message,
            upstream_status: status,
        })
    }
}

/// What output variables are taken from.
struct Found {
    value: Value,
    /// False where it holds a secret.
    is_clean: bool,
}

/// What an answer means, and its value where output variables are to be taken from it.
fn answered(redactor: &Redactor, safe: bool, response: &Response) -> (Performed, Option<Found>) {
    let status = response.status;
    let Ok(text) = std::str::from_utf8(&response.body) else {
        let what = "the answer is neither JSON nor text";
        return (unreadable(safe, status, what, "\"(binary)\""), None);
    };
    // What the service said is read first: what is taken out below changes nothing of what it is.
    let parsed: Result<Value, _> = if text.trim().is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_str(text)
    };
    let body = redactor.clean_json(text);
    let is_clean = matches!(body, std::borrow::Cow::Borrowed(_));
    let is_json = parsed.is_ok() && !body.trim().is_empty();
    let kept = trace::response(status, &response.headers, &body, is_json, redactor);
    let value = match parsed {
        Ok(value) => value,
        Err(error) if status.is_success() && claims_json(&response.headers) => {
            let what = format!(
                "the answer says it is JSON and is not: line {}, column {}",
                error.line(),
                error.column()
            );
            let unreadable = unreadable(safe, status, &what, "null");
            return (
                Performed {
                    response: kept,
                    ..unreadable
                },
                None,
            );
        }
        Err(_) => Value::String(body.as_ref().to_owned()),
    };
    let mut performed = Performed {
        outcome: Outcome::Succeeded,
        // Valid JSON goes on as it came.
        output: if is_json {
            body.trim().to_owned()
        } else {
            value.to_string()
        },
        variables: vec![],
        unmatched: vec![],
        left_out: vec![],
        error: None,
        request: String::new(),
        response: kept,
        tool_result: false,
        held: None,
    };
    if status.is_success() {
        return (performed, Some(Found { value, is_clean }));
    }
    performed.outcome = Outcome::Failed;
    performed.error = Some(upstream_error(status));
    (performed, None)
}

fn unreadable(safe: bool, status: StatusCode, what: &str, kept: &str) -> Performed {
    Performed {
        outcome: if safe || !status.is_success() {
            Outcome::Failed
        } else {
            Outcome::Unknown
        },
        response: format!(r#"{{"status":{},"body":{kept}}}"#, status.as_u16()),
        ..Performed::not_sent(CallError {
            code: "invalid_response",
            message: format!("{what}; check the service and the action's path"),
            upstream_status: Some(status.as_u16()),
        })
    }
}

fn claims_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
                || kind.to_ascii_lowercase().ends_with("+json")
        })
}

fn upstream_error(status: StatusCode) -> CallError {
    let advice = match status.as_u16() {
        300..=399 => "it redirects, which is followed for GET only; set the final URL",
        401 | 403 => "it refused the credentials; check the integration's auth and secrets",
        404 => "it does not know this path; check the action's path and the arguments",
        400..=499 => "it did not accept the request; see `output` for what it says",
        _ => "it failed; try again later or ask who runs it",
    };
    CallError {
        code: "upstream_error",
        message: format!(
            "the service answered with status {}: {advice}",
            status.as_u16()
        ),
        upstream_status: Some(status.as_u16()),
    }
}
