//! Compiling configuration: what is saved is checked by the same code that prepares it for calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use switchboard_connect::{ApiCall, Endpoint, HeaderSource, PreparedAuth};
use switchboard_domain::action::{ApiAction, OutputVariableSpec};
use switchboard_domain::agent::AgentApiCall;
use switchboard_domain::auth::ValueSource;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{BindingId, IntegrationId, WorkspaceId};
use switchboard_domain::input::{InputErrors, pointer_token};
use switchboard_domain::integration::ApiSlot;
use switchboard_domain::name::SecretName;
use switchboard_domain::output::OutputVariable;
use switchboard_domain::request::{
    BaseUrl, BodyTemplate, HeaderTemplate, PathTemplate, RequestTemplate, Target, UrlTemplate,
    header_name,
};
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::text_message::{self, FieldError, MessageAction, MessageTemplate};
use switchboard_outbound::{Breaker, Breakers};
use uuid::Uuid;

/// The longest and the shortest time an action may give its calls, in milliseconds.
const TIMEOUTS: std::ops::RangeInclusive<u32> = 1..=600_000;
/// How many headers or output variables one thing may have.
const MANY: usize = 100;

/// Where what is prepared is used. Its tokens and its breakers are told apart from those of others by
/// it, and stay the same when it is prepared again.
#[derive(Debug)]
pub struct Scope<'a> {
    key: String,
    breakers: &'a Breakers,
}

impl<'a> Scope<'a> {
    /// An integration in one environment.
    pub fn integration(
        workspace: WorkspaceId,
        id: IntegrationId,
        environment: Environment,
        breakers: &'a Breakers,
    ) -> Self {
        let key = format!("{workspace}/{id}/{environment}");
        Self { key, breakers }
    }

    /// An agent's own call.
    pub fn binding(workspace: WorkspaceId, id: BindingId, breakers: &'a Breakers) -> Self {
        let key = format!("{workspace}/{id}");
        Self { key, breakers }
    }

    /// What nothing is sent by, but only checked.
    pub fn check(breakers: &'a Breakers) -> Self {
        let key = String::new();
        Self { key, breakers }
    }

    /// What is tried before it is saved, under an id that nothing else has.
    pub fn trial(workspace: WorkspaceId, id: Uuid, breakers: &'a Breakers) -> Self {
        let key = format!("{workspace}/test/{id}");
        Self { key, breakers }
    }

    /// What tells its tokens apart from those of others.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The breaker of a host.
    pub fn breaker(&self, host: &str) -> Arc<Breaker> {
        self.breakers.get(host, &self.key)
    }
}

type SecretHeaders = Vec<(http::HeaderName, SecretName)>;

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

/// Compiles a schema; none takes any object. None of this function's answer means an error.
pub fn schema(
    schema: Option<&serde_json::Value>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<ParameterSchema> {
    match schema {
        None | Some(serde_json::Value::Null) => Some(ParameterSchema::default()),
        Some(schema) => errors.check(pointer, ParameterSchema::compile(schema)),
    }
}

/// Parses a body template. The outer none means an error.
#[expect(
    clippy::option_option,
    reason = "the outer one is whether it parsed, the inner one whether there is one"
)]
pub fn body(
    template: Option<&str>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<Option<BodyTemplate>> {
    match template.filter(|text| !text.trim().is_empty()) {
        None => Some(None),
        Some(text) => errors.check(pointer, BodyTemplate::parse(text)).map(Some),
    }
}

fn headers(
    headers: &BTreeMap<String, ValueSource>,
    pointer: &str,
    errors: &mut InputErrors,
) -> (Vec<HeaderTemplate>, SecretHeaders) {
    let (mut templates, mut secrets) = (vec![], vec![]);
    if headers.len() > MANY {
        errors.push(pointer, format!("there are at most {MANY} headers"));
    }
    let mut seen = std::collections::BTreeSet::new();
    for (name, value) in headers {
        let pointer = format!("{pointer}/{}", pointer_token(name));
        if !seen.insert(name.to_ascii_lowercase()) {
            errors.push(
                &pointer,
                "this header is there twice; names are the same in upper and lower case",
            );
        }
        match value {
            ValueSource::Text(text) => {
                templates.extend(errors.check(pointer, HeaderTemplate::parse(name, text)));
            }
            ValueSource::Secret(reference) => {
                let parsed = header_name(name)
                    .map_err(|error| error.message)
                    .and_then(|name| {
                        http::HeaderName::from_bytes(name.as_bytes()).map_err(|e| e.to_string())
                    });
                secrets.extend(
                    errors
                        .check(pointer, parsed)
                        .map(|name| (name, reference.secret.clone())),
                );
            }
        }
    }
    (templates, secrets)
}

/// Parses output variables.
pub fn outputs(
    specs: &[OutputVariableSpec],
    pointer: &str,
    errors: &mut InputErrors,
) -> Arc<[OutputVariable]> {
    let mut seen = std::collections::BTreeSet::new();
    if specs.len() > MANY {
        errors.push(
            format!("{pointer}/output_variables"),
            format!("there are at most {MANY} output variables"),
        );
    }
    specs
        .iter()
        .enumerate()
        .filter_map(|(index, spec)| {
            let pointer = format!("{pointer}/output_variables/{index}");
            if !seen.insert(&spec.name) {
                errors.push(
                    format!("{pointer}/name"),
                    "two output variables have this name",
                );
            }
            let field = if OutputVariable::parse(spec).is_err_and(|e| e.code == "reserved_name") {
                "name"
            } else {
                "path"
            };
            errors.check(format!("{pointer}/{field}"), OutputVariable::parse(spec))
        })
        .collect()
}

/// Checks how long a call may take.
pub fn timeout(timeout: Option<u32>, pointer: &str, errors: &mut InputErrors) -> Option<Duration> {
    let milliseconds = timeout?;
    if !TIMEOUTS.contains(&milliseconds) {
        errors.push(
            format!("{pointer}/timeout_ms"),
            "a timeout is from 1 to 600000 milliseconds",
        );
    }
    Some(Duration::from_millis(u64::from(milliseconds)))
}

/// Keeps what parsed; notes an error at the field that it is of.
pub fn field<T>(
    parsed: Result<T, FieldError>,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<T> {
    match parsed {
        Ok(parsed) => Some(parsed),
        Err(wrong) => {
            errors.push(format!("{pointer}/{}", wrong.field), wrong.error);
            None
        }
    }
}

/// Prepares a shared action that sends a text message, and the schema of what the model fills.
pub fn message_action(
    action: &MessageAction,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<(MessageTemplate, ParameterSchema)> {
    let template = action.message_template.as_deref();
    let parsed = MessageTemplate::parse(&action.recipient, template);
    let message = field(parsed, pointer, errors);
    let parameters = text_message::parameters(template, action.parameters.as_ref());
    let schema = schema(
        parameters.as_ref(),
        &format!("{pointer}/parameters"),
        errors,
    )?;
    Some((message?, schema))
}
