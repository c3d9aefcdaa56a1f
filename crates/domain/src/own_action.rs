//! Agent-specific actions: what each kind has of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::action::OutputVariableSpec;
use crate::auth::{Auth, ValueSource};
use crate::id::IntegrationId;
use crate::input::pointer_token;
use crate::name::{ActionName, SecretName};
use crate::request::Method;
use crate::text_message;

/// An agent's own HTTP request, with its full URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentApiCall {
    /// The request's method.
    pub method: Method,
    /// The full URL, with `{placeholders}` in its path.
    pub url: String,
    /// How the request is authenticated.
    #[serde(default)]
    pub auth: Auth,
    /// The request's headers.
    #[serde(default)]
    pub headers: BTreeMap<String, ValueSource>,
    /// The template of the request body; none sends the arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_template: Option<String>,
    /// What is taken from the response.
    #[serde(default)]
    pub output_variables: Vec<OutputVariableSpec>,
    /// How long a call may take, in milliseconds; none is the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
}

impl AgentApiCall {
    /// The secrets it refers to.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let headers = self.headers.values().filter_map(ValueSource::secret);
        self.auth.secrets().into_iter().chain(headers).collect()
    }
}

/// An answer that is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaticResponse {
    /// A template of text or of JSON, or JSON whose texts are templates.
    pub response: Value,
}

/// How whoever takes a conversation over is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HandoverType {
    /// By a phone number.
    Phone,
    /// By the name of a queue.
    Queue,
    /// By a SIP URI.
    Sip,
}

/// Gives the conversation to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// What the target is.
    pub handover_type: HandoverType,
    /// Who takes over: a literal or a template.
    #[serde(default)]
    pub target: String,
    /// What is said before: a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announcement: Option<String>,
}

/// Tells the client on the event stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientEvent {
    /// What the client knows it by.
    pub event: String,
    /// How long to wait for the client's answer, in milliseconds; none does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub await_result_ms: Option<u32>,
}

/// Sends a text message through a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentTextMessage {
    /// The channel.
    pub channel_id: IntegrationId,
    /// Who receives it: `contact`, a number or a template.
    pub recipient: String,
    /// What it says; none lets the model write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template: Option<String>,
}

/// What is particular to the kind of an agent-specific action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AgentActionKind {
    /// An answer that is written down.
    StaticResponse(StaticResponse),
    /// Ends the dialogue.
    EndCall {},
    /// Gives the conversation to somebody else.
    Handover(Handover),
    /// Tells the client on the event stream.
    ClientEvent(ClientEvent),
    /// Sends a text message.
    SendTextMessage(AgentTextMessage),
    /// A request of the agent's own.
    ApiCall(AgentApiCall),
}

impl AgentActionKind {
    /// The kind's name in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::StaticResponse(_) => "static_response",
            Self::EndCall {} => "end_call",
            Self::Handover(_) => "handover",
            Self::ClientEvent(_) => "client_event",
            Self::SendTextMessage(_) => "send_text_message",
            Self::ApiCall(_) => "api_call",
        }
    }

    /// The fields of a kind beside those that every action has; none where there is no such kind.
    pub fn fields(kind: &str) -> Option<&'static [&'static str]> {
        Some(match kind {
            "static_response" => &["response"],
            "end_call" => &[],
            "handover" => &["handover_type", "target", "announcement"],
            "client_event" => &["event", "await_result_ms"],
            "send_text_message" => &["channel_id", "recipient", "message_template"],
            "api_call" => &[
                "method",
                "url",
                "auth",
                "headers",
                "body_template",
                "output_variables",
                "timeout_ms",
            ],
            _ => return None,
        })
    }

    /// The names of all kinds.
    pub const NAMES: [&'static str; 6] = [
        "static_response",
        "end_call",
        "handover",
        "client_event",
        "send_text_message",
        "api_call",
    ];

    /// The request, if it is one.
    pub const fn api_call(&self) -> Option<&AgentApiCall> {
        match self {
            Self::ApiCall(call) => Some(call),
            _ => None,
        }
    }

    /// The channel it sends through.
    pub const fn channel(&self) -> Option<IntegrationId> {
        match self {
            Self::SendTextMessage(message) => Some(message.channel_id),
            _ => None,
        }
    }

    /// The secrets it refers to. Those of a channel are the channel's.
    pub fn secrets(&self) -> Vec<&SecretName> {
        self.api_call()
            .map(AgentApiCall::secrets)
            .unwrap_or_default()
    }

    /// The conversation variables it sets.
    pub fn output_variables(&self) -> &[OutputVariableSpec] {
        self.api_call().map_or(&[], |call| &call.output_variables)
    }

    /// Its templates, each with a JSON Pointer into the action.
    pub fn templates<'a>(&'a self) -> Vec<(String, &'a str)> {
        let mut found = vec![];
        let texts_of = |texts: &[(&str, Option<&'a str>)]| -> Vec<(String, &'a str)> {
            texts
                .iter()
                .filter_map(|(at, text)| Some((format!("/{at}"), (*text)?)))
                .collect()
        };
        match self {
            Self::StaticResponse(fixed) => texts(&fixed.response, "/response", &mut found),
            Self::EndCall {} | Self::ClientEvent(_) => {}
            Self::Handover(handover) => found.extend(texts_of(&[
                ("target", Some(&handover.target)),
                ("announcement", handover.announcement.as_deref()),
            ])),
            Self::SendTextMessage(message) => found.extend(texts_of(&[
                ("recipient", Some(&message.recipient)),
                ("message_template", message.message_template.as_deref()),
            ])),
            Self::ApiCall(call) => {
                found.extend(texts_of(&[(
                    "body_template",
                    call.body_template.as_deref(),
                )]));
                for (name, value) in &call.headers {
                    if let ValueSource::Text(text) = value {
                        found.push((format!("/headers/{}", pointer_token(name)), text));
                    }
                }
            }
        }
        found
    }

    /// The schema that the model fills where the action has none, or has one that lacks what the
    /// kind needs. None takes any object.
    pub fn parameters(&self, own: Option<&Value>) -> Option<Value> {
        match self {
            Self::SendTextMessage(message) => {
                text_message::parameters(message.message_template.as_deref(), own)
            }
            Self::Handover(handover)
                if own.is_none() && handover.handover_type == HandoverType::Queue =>
            {
                Some(queue_parameters(handover.target.trim().is_empty()))
            }
            _ => own.cloned(),
        }
    }
}

/// A queue may be named by the model, and must be where the action names none.
fn queue_parameters(is_required: bool) -> Value {
    let mut schema = json!({
        "type": "object",
        "properties": {"queue_id": {
            "type": "string", "description": "The queue that takes the conversation over.",
        }},
    });
    if is_required {
        schema["required"] = json!(["queue_id"]);
    }
    schema
}

/// Every text inside a value.
fn texts<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) => found.push((at.to_owned(), text)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                texts(member, &format!("{at}/{}", pointer_token(name)), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An action defined inside one agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentAction {
    /// Its kind and the kind's fields.
    #[serde(flatten)]
    pub kind: AgentActionKind,
    /// The name the model calls.
    pub name: ActionName,
    /// What the model is told about it.
    #[serde(default)]
    pub description: String,
    /// The JSON Schema of the arguments; none is what its kind takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
}

impl AgentAction {
    /// The schema that the model fills; none takes any object.
    pub fn parameters(&self) -> Option<Value> {
        self.kind.parameters(self.parameters.as_ref())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    fn action(mut fields: Value) -> AgentAction {
        fields["name"] = json!("act");
        fields["description"] = json!("");
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn each_kind_reads_back_as_it_was_written_and_knows_its_fields() {
        let channel = "int_01980000000070008000000000000001";
        for fields in [
            json!({"kind": "static_response", "response": {"hours": ["{{ workspace.hours }}"]}}),
            json!({"kind": "end_call"}),
            json!({"kind": "handover", "handover_type": "sip", "target": "sip:a@b.example"}),
            json!({"kind": "client_event", "event": "show_map", "await_result_ms": 500}),
            json!({"kind": "send_text_message", "channel_id": channel, "recipient": "contact"}),
            json!({"kind": "api_call", "method": "GET", "url": "https://a.example", "auth": {"type": "none"},
                   "headers": {}, "output_variables": []}),
        ] {
            let read = action(fields.clone());
            let mut expected = fields.clone();
            expected["name"] = json!("act");
            expected["description"] = json!("");
            assert_eq!(serde_json::to_value(&read).unwrap(), expected);
            let kind = read.kind.as_str();
            assert!(AgentActionKind::NAMES.contains(&kind), "{kind}");
            let known = AgentActionKind::fields(kind).unwrap();
            for name in fields
                .as_object()
                .unwrap()
                .keys()
                .filter(|name| *name != "kind")
            {
                assert!(known.contains(&name.as_str()), "{kind} {name}");
            }
        }
        assert_eq!(AgentActionKind::fields("fax"), None);
    }

    #[test]
    fn the_model_is_asked_for_what_a_kind_needs() {
        let queue = |target: &str| {
            action(json!({"kind": "handover", "handover_type": "queue", "target": target}))
                .parameters()
        };
        assert_eq!(queue("").unwrap()["required"], json!(["queue_id"]));
        assert_eq!(queue("sales").unwrap().get("required"), None);
        let phone = json!({"kind": "handover", "handover_type": "phone", "target": "+13125550100"});
        assert_eq!(action(phone).parameters(), None);
        assert_eq!(action(json!({"kind": "end_call"})).parameters(), None);
    }

    #[test]
    fn templates_are_found_where_they_stand() {
        let fixed = action(
            json!({"kind": "static_response", "response": {"a": ["x", {"b/c": "y"}], "n": 1}}),
        );
        let places: Vec<_> = fixed
            .kind
            .templates()
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        assert_eq!(places, ["/response/a/0", "/response/a/1/b~1c"]);
    }
}
