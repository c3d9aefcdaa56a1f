//! HTTP requests: the actions of a custom API, and the API calls of an agent's own.

use serde_json::Map;
use switchboard_connect::{ApiCall, Endpoint, HeaderSource, Performed, PreparedAuth};
use switchboard_domain::action::ApiAction;
use switchboard_domain::agent::AgentApiCall;
use switchboard_domain::input::InputErrors;
use switchboard_domain::integration::ApiSlot;
use switchboard_domain::request::{
    BaseUrl, Method, PathTemplate, RequestTemplate, Target, UrlTemplate,
};
use switchboard_domain::schema::ParameterSchema;

use crate::parts::{body, headers, outputs, schema, timeout};
use crate::perform::{Call, Hands};
use crate::probe::{Probe, Probing};
use crate::scope::Scope;

/// The name of the kind, as a runtime is told.
pub const NAME: &str = "api_call";

/// Prepares an integration's slot.
pub fn slot(
    slot: &ApiSlot,
    scope: &Scope<'_>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<Endpoint> {
    let base = errors.check(
        format!("{pointer}/base_url"),
        BaseUrl::parse(&slot.base_url),
    );
    let auth = errors.check(
        format!("{pointer}/auth"),
        PreparedAuth::prepare(&slot.auth, scope.key()),
    );
    let (templates, secrets) = headers(&slot.headers, &format!("{pointer}/headers"), errors);
    let base = base?;
    Some(Endpoint {
        auth: auth?,
        headers: templates
            .into_iter()
            .map(HeaderSource::Template)
            .chain(
                secrets
                    .into_iter()
                    .map(|(name, secret)| HeaderSource::Secret(name, secret)),
            )
            .collect(),
        breaker: scope.breaker(base.origin()),
        base: Some(base),
    })
}

/// Prepares a shared action's request and its default schema.
pub fn api_action(
    action: &ApiAction,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<(ApiCall, ParameterSchema)> {
    let path = errors.check(format!("{pointer}/path"), PathTemplate::parse(&action.path));
    let (templates, secret_headers) =
        headers(&action.headers, &format!("{pointer}/headers"), errors);
    let body = body(
        action.body_template.as_deref(),
        &format!("{pointer}/body_template"),
        errors,
    );
    let outputs = outputs(&action.output_variables, pointer, errors);
    let timeout = timeout(action.timeout_ms, pointer, errors);
    let schema = schema(
        action.parameters.as_ref(),
        &format!("{pointer}/parameters"),
        errors,
    )?;
    let request = RequestTemplate {
        method: action.method,
        target: Target::Path(path?),
        headers: templates,
        body: body?,
    };
    errors.check(format!("{pointer}/body_template"), request.check())?;
    let call = ApiCall {
        request,
        secret_headers,
        outputs,
        timeout,
    };
    Some((call, schema))
}

/// Prepares an agent's own API call.
pub fn agent_api_call(
    action: &AgentApiCall,
    scope: &Scope<'_>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<(Endpoint, ApiCall)> {
    let url = errors.check(format!("{pointer}/url"), UrlTemplate::parse(&action.url));
    let auth = errors.check(
        format!("{pointer}/auth"),
        PreparedAuth::prepare(&action.auth, scope.key()),
    );
    let (templates, secret_headers) =
        headers(&action.headers, &format!("{pointer}/headers"), errors);
    let body = body(
        action.body_template.as_deref(),
        &format!("{pointer}/body_template"),
        errors,
    );
    let outputs = outputs(&action.output_variables, pointer, errors);
    let timeout = timeout(action.timeout_ms, pointer, errors);
    let url = url?;
    let endpoint = Endpoint {
        base: None,
        auth: auth?,
        headers: vec![],
        breaker: scope.breaker(url.origin()),
    };
    let request = RequestTemplate {
        method: action.method,
        target: Target::Url(url),
        headers: templates,
        body: body?,
    };
    errors.check(format!("{pointer}/body_template"), request.check())?;
    let call = ApiCall {
        request,
        secret_headers,
        outputs,
        timeout,
    };
    Some((endpoint, call))
}

/// Sends a request.
pub async fn perform(
    endpoint: &Endpoint,
    call: &ApiCall,
    hands: Hands<'_>,
    of: &Call<'_>,
) -> Performed {
    let deadline = of.deadline(call.timeout);
    let connector = hands.connector;
    let performing = connector.perform(endpoint, call, of.context, of.secrets, deadline);
    performing.await
}

/// Asks for the base URL: any response but 401 and 403 means that the connection stands.
pub async fn probe(endpoint: &Endpoint, path: PathTemplate, probing: &Probing<'_>) -> Probe {
    let call = ApiCall {
        request: RequestTemplate {
            method: Method::Get,
            target: Target::Path(path),
            headers: vec![],
            body: None,
        },
        secret_headers: vec![],
        outputs: [].into(),
        timeout: None,
    };
    let empty = Map::new();
    let context = probing.context(&empty);
    let connector = probing.hands.connector;
    let performing = connector.perform(
        endpoint,
        &call,
        &context,
        probing.secrets,
        probing.deadline(),
    );
    match performing.await.error {
        None => Probe::of(None, Some(200)),
        Some(error) => match error.upstream_status {
            Some(status @ (401 | 403)) => Probe::refused(status),
            // There need be nothing at the base URL itself; somebody is there, and takes us in.
            Some(status) if status < 500 => Probe::of(None, Some(status)),
            status => Probe::of(Some(error), status),
        },
    }
}
