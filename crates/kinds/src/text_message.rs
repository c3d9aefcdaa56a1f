//! Text messages.

use serde_json::{Map, Value};
use switchboard_connect::CallError;
use switchboard_connect::telnyx::{Lookup, MessageId, Telnyx};
use switchboard_domain::input::InputErrors;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::text_message::{self, MESSAGE, MessageAction, MessageTemplate, Rendered};

use crate::channel::Channel;
use crate::parts::{field, schema};
use crate::perform::Call;
use crate::probe::{Probe, Probing};

/// The name of the kind, as a runtime is told.
pub const NAME: &str = "send_text_message";
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

/// Whoever the conversation is with.
pub fn contact(variables: &Map<String, Value>) -> Option<&str> {
    variables.get("call")?.get("from")?.as_str()
}

/// What a call's message says, and to whom.
pub fn render(template: &MessageTemplate, of: &Call<'_>) -> Result<Rendered, CallError> {
    let written = of.parameters.get(MESSAGE).and_then(Value::as_str);
    let rendered = template.render(of.context, contact(of.variables), written);
    rendered.map_err(CallError::from)
}

/// Asks after a message that nobody sent, which only a valid key is told is not there.
pub async fn probe(channel: &Channel, telnyx: &Telnyx, probing: &Probing<'_>) -> Probe {
    /// The id of a message that no provider has.
    const NO_MESSAGE: &str = "00000000-0000-4000-8000-000000000000";
    let environment = probing.environment;
    let secret = probing.secrets.secret(&channel.api_key, telnyx.origin());
    let (Ok(secret), Ok(id)) = (secret, MessageId::parse(NO_MESSAGE)) else {
        let error = CallError::new(
            "missing_secret",
            format!(
                "the secret `{}` has no value for {environment}; set it, then test again",
                channel.api_key
            ),
        );
        return Probe::of(Some(error), None);
    };
    let redactor = probing.secrets.redactor();
    let asking = telnyx.look_up(&secret, &redactor, &id, probing.now, probing.deadline());
    match asking.await {
        Lookup::Found(_) => Probe::of(None, Some(200)),
        Lookup::NotFound => Probe::of(None, Some(404)),
        Lookup::Failed { error, .. } => match error.upstream_status {
            Some(status @ (401 | 403)) => Probe::refused(status),
            status => Probe::of(Some(error), status),
        },
    }
}
