//! *Send text message* actions: who receives, what is said, and what the model writes of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rule::RuleError;
use crate::sms::{PhoneNumber, Segments};
use crate::template::{RenderContext, TextTemplate};

/// The recipient that stands for whoever the conversation is with: `variables.call.from`.
pub const CONTACT: &str = "contact";
/// The argument that the model writes where there is no template.
pub const MESSAGE: &str = "message";

/// A shared action that sends a text message through its channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageAction {
    /// Who receives it: `contact`, a number or a template.
    pub recipient: String,
    /// What it says; none lets the model write it.
    #[serde(default)]
    pub message_template: Option<String>,
    /// The JSON Schema of the arguments; none is what the message needs.
    #[serde(default)]
    pub parameters: Option<Value>,
}

/// The schema of the arguments: without a template the model writes `message`, whatever else it is
/// asked for.
pub fn parameters(template: Option<&str>, own: Option<&Value>) -> Option<Value> {
    if has_text(template) {
        return own.cloned();
    }
    let mut schema = own
        .cloned()
        .unwrap_or_else(|| json!({"type": "object", "properties": {}}));
    let Value::Object(members) = &mut schema else {
        // Refused when it is compiled.
        return Some(schema);
    };
    members.entry("type").or_insert_with(|| json!("object"));
    let properties = members.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        let text = json!({
            "type": "string", "minLength": 1, "description": "The text of the message, as its recipient reads it.",
        });
        properties.entry(MESSAGE).or_insert(text);
    }
    let required = members.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required
        && !required.iter().any(|name| name == MESSAGE)
    {
        required.push(json!(MESSAGE));
    }
    Some(schema)
}

fn has_text(template: Option<&str>) -> bool {
    template.is_some_and(|text| !text.trim().is_empty())
}

/// Who receives a message, ready to be rendered.
#[derive(Debug, Clone)]
enum Recipient {
    Contact,
    Number(PhoneNumber),
    Template(TextTemplate),
}

/// A message that is ready to be rendered. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct MessageTemplate {
    recipient: Recipient,
    /// None where the model writes it.
    text: Option<TextTemplate>,
}

/// A message with everything filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Who receives it.
    pub recipient: PhoneNumber,
    /// What it says.
    pub text: String,
    /// How many parts that takes.
    pub segments: Segments,
}

/// Which field of an action is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub error: RuleError,
}

impl MessageTemplate {
    /// Prepares a message. A number that is written down is checked now.
    pub fn parse(recipient: &str, template: Option<&str>) -> Result<Self, FieldError> {
        let wrong = |field, error| FieldError { field, error };
        let recipient = match recipient.trim() {
            CONTACT => Recipient::Contact,
            text => {
                let template =
                    TextTemplate::parse(text).map_err(|error| wrong("recipient", error))?;
                match template.literal() {
                    None => Recipient::Template(template),
                    Some(text) => Recipient::Number(PhoneNumber::parse(text).map_err(|error| {
                        let message = format!(
                            "the recipient is `contact`, a template, or a phone number: {error}"
                        );
                        wrong("recipient", RuleError::new(error.code(), message))
                    })?),
                }
            }
        };
        let text = template
            .filter(|text| has_text(Some(text)))
            .map(TextTemplate::parse)
            .transpose()
            .map_err(|error| wrong("message_template", error))?;
        Ok(Self { recipient, text })
    }

    /// The same message with another text.
    pub fn with_text(&self, template: &str) -> Result<Self, RuleError> {
        Ok(Self {
            recipient: self.recipient.clone(),
            text: Some(TextTemplate::parse(template)?),
        })
    }

    /// Fills everything in. `message` is what the model wrote.
    pub fn render(
        &self,
        context: &RenderContext<'_>,
        contact: Option<&str>,
        message: Option<&str>,
    ) -> Result<Rendered, RuleError> {
        let recipient = match &self.recipient {
            Recipient::Number(number) => number.clone(),
            Recipient::Contact => number(contact.ok_or_else(|| {
                RuleError::new(
                    "contact_unknown",
                    "the message goes to the contact, and the conversation's `variables.call.from` is not set; start the conversation with it",
                )
            })?)?,
            Recipient::Template(template) => number(&template.render(context)?)?,
        };
        let text = match &self.text {
            Some(template) => template.render(context)?,
            None => message.unwrap_or_default().to_owned(),
        };
        let segments =
            Segments::of(&text).map_err(|error| RuleError::new(error.code(), error.to_string()))?;
        Ok(Rendered {
            recipient,
            text,
            segments,
        })
    }
}

fn number(text: &str) -> Result<PhoneNumber, RuleError> {
    PhoneNumber::parse(text).map_err(|error| {
        let message = format!("the recipient that the template gave is not usable: {error}");
        RuleError::new(error.code(), message)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::Map;

    fn render(
        recipient: &str,
        template: Option<&str>,
        arguments: &Value,
    ) -> Result<Rendered, RuleError> {
        let message = MessageTemplate::parse(recipient, template).map_err(|wrong| wrong.error)?;
        let (variables, workspace) = (Map::new(), Map::new());
        let arguments = arguments.as_object().unwrap();
        let context = RenderContext::new(arguments, &variables, None, &workspace);
        let written = arguments.get(MESSAGE).and_then(Value::as_str);
        message.render(
            &context,
            arguments.get("from").and_then(Value::as_str),
            written,
        )
    }

    #[test]
    fn recipients_and_texts_come_from_where_the_action_says() {
        let contact = json!({"from": "+1 312 555 0100", "message": "hi", "to": "+13125550101"});
        for (recipient, template, to, text) in [
            ("contact", None, "+13125550100", "hi"),
            ("contact", Some("  "), "+13125550100", "hi"),
            (
                "+13125550102",
                Some("Dear {{ parameters.message }}"),
                "+13125550102",
                "Dear hi",
            ),
            ("{{ parameters.to }}", None, "+13125550101", "hi"),
        ] {
            let rendered = render(recipient, template, &contact).unwrap();
            assert_eq!(
                (rendered.recipient.as_str(), rendered.text.as_str()),
                (to, text)
            );
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_a_code() {
        let long = "x".repeat(153 * 10 + 1);
        for (recipient, template, arguments, code) in [
            ("contact", None, json!({"message": "hi"}), "contact_unknown"),
            (
                "contact",
                None,
                json!({"from": "0312", "message": "hi"}),
                "invalid_phone_number",
            ),
            (
                "312",
                None,
                json!({"message": "hi"}),
                "invalid_phone_number",
            ),
            (
                "{{ parameters.to }}",
                None,
                json!({"message": "hi", "to": "me"}),
                "invalid_phone_number",
            ),
            (
                "{{ parameters.to }}",
                None,
                json!({"message": "hi"}),
                "template_failed",
            ),
            (
                "+13125550102",
                None,
                json!({"message": " "}),
                "message_empty",
            ),
            ("+13125550102", None, json!({}), "message_empty"),
            (
                "+13125550102",
                Some("{% if parameters.x %}a{% endif %}"),
                json!({"x": false}),
                "message_empty",
            ),
            (
                "+13125550102",
                None,
                json!({"message": long}),
                "message_too_long",
            ),
            (
                "+13125550102",
                Some("{{ open"),
                json!({}),
                "invalid_template",
            ),
        ] {
            let error = render(recipient, template, &arguments).unwrap_err();
            assert_eq!(error.code, code, "{recipient} {template:?}: {error}");
        }
    }

    #[test]
    fn the_model_writes_the_message_where_nobody_else_does() {
        let own = json!({"type": "object", "properties": {"reason": {"type": "string"}}, "required": ["reason"]});
        let asked = parameters(None, Some(&own)).unwrap();
        assert_eq!(asked["required"], json!(["reason", "message"]));
        assert!(asked["properties"]["reason"].is_object());
        assert!(asked["properties"]["message"].is_object());
        assert_eq!(parameters(Some("Hello"), Some(&own)), Some(own));
        assert_eq!(parameters(Some("Hello"), None), None);
        assert_eq!(
            parameters(None, None).unwrap()["required"],
            json!(["message"])
        );
    }
}
