//! Handovers: who takes a conversation over.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::own_action::{Handover, HandoverType};
use crate::rule::RuleError;
use crate::sms::PhoneNumber;
use crate::template::{RenderContext, TextTemplate};
use crate::text_message::FieldError;

/// The longest target, in characters.
const MAX_TARGET: usize = 256;
/// The argument that names another queue than the action does.
const QUEUE: &str = "queue_id";

/// A handover that is ready to be rendered. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct HandoverTemplate {
    kind: HandoverType,
    target: TextTemplate,
    announcement: Option<TextTemplate>,
}

/// A handover with everything filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandoverRequest {
    /// What the target is.
    pub handover_type: HandoverType,
    /// Who takes over.
    pub target: String,
    /// What is said before.
    pub announcement: Option<String>,
}

impl HandoverTemplate {
    /// Prepares a handover. A target that is written down is checked now; a queue may be left to
    /// the model.
    pub fn parse(handover: &Handover) -> Result<Self, FieldError> {
        let wrong = |field, error| FieldError { field, error };
        let kind = handover.handover_type;
        let target =
            TextTemplate::parse(&handover.target).map_err(|error| wrong("target", error))?;
        if let Some(literal) = target.literal() {
            let left_to_the_model = kind == HandoverType::Queue && literal.trim().is_empty();
            if !left_to_the_model {
                check(kind, literal).map_err(|error| wrong("target", error))?;
            }
        }
        let announcement = handover
            .announcement
            .as_deref()
            .map(TextTemplate::parse)
            .transpose()
            .map_err(|error| wrong("announcement", error))?;
        Ok(Self {
            kind,
            target,
            announcement,
        })
    }

    /// Fills everything in. An argument `queue_id` wins over the queue of the action.
    pub fn render(
        &self,
        context: &RenderContext<'_>,
        arguments: &Map<String, Value>,
    ) -> Result<HandoverRequest, RuleError> {
        let asked = match arguments.get(QUEUE) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let target = match asked.filter(|_| self.kind == HandoverType::Queue) {
            Some(queue) => queue,
            None => self.target.render(context)?,
        };
        let announcement = self
            .announcement
            .as_ref()
            .map(|template| template.render(context))
            .transpose()?;
        Ok(HandoverRequest {
            handover_type: self.kind,
            target: check(self.kind, &target)?,
            announcement: announcement.filter(|text| !text.trim().is_empty()),
        })
    }
}

/// Checks a target; answers it as it is used.
fn check(kind: HandoverType, target: &str) -> Result<String, RuleError> {
    let invalid = |message: &str| Err(RuleError::new("invalid_handover_target", message));
    let target = target.trim();
    if target.is_empty() || target.chars().count() > MAX_TARGET {
        return invalid("the target of a handover has 1 to 256 characters");
    }
    if target.chars().any(char::is_control) {
        return invalid("the target of a handover has no control characters");
    }
    match kind {
        HandoverType::Queue => Ok(target.to_owned()),
        HandoverType::Phone => PhoneNumber::parse(target)
            .map(|number| number.as_str().to_owned())
            .map_err(|error| {
                let message = format!("the target is not a phone number: {error}");
                RuleError::new("invalid_handover_target", message)
            }),
        HandoverType::Sip => {
            let address = target
                .strip_prefix("sip:")
                .or_else(|| target.strip_prefix("sips:"));
            match address {
                Some(address) if !address.is_empty() && !address.contains(char::is_whitespace) => {
                    Ok(target.to_owned())
                }
                _ => {
                    invalid("the target of a SIP handover is a URI such as `sip:desk@example.com`")
                }
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(kind: &str, target: &str, arguments: &Value) -> Result<String, RuleError> {
        let handover = json!({"handover_type": kind, "target": target});
        let handover: Handover = serde_json::from_value(handover).unwrap();
        let template = HandoverTemplate::parse(&handover).map_err(|wrong| wrong.error)?;
        let (arguments, empty) = (arguments.as_object().unwrap(), Map::new());
        let context = RenderContext::new(arguments, &empty, None, &empty);
        Ok(template.render(&context, arguments)?.target)
    }

    #[test]
    fn the_target_is_the_configured_one_or_the_queue_that_is_asked_for() {
        for (kind, target, arguments, expected) in [
            ("queue", "sales", json!({}), "sales"),
            ("queue", "sales", json!({"queue_id": "billing"}), "billing"),
            ("queue", "sales", json!({"queue_id": ""}), "sales"),
            ("queue", "sales", json!({"queue_id": 7}), "7"),
            ("queue", "", json!({"queue_id": "billing"}), "billing"),
            (
                "phone",
                "+1 312 555 0100",
                json!({"queue_id": "billing"}),
                "+13125550100",
            ),
            (
                "phone",
                "{{ parameters.n }}",
                json!({"n": "+13125550101"}),
                "+13125550101",
            ),
            (
                "sip",
                "sip:desk@example.com",
                json!({}),
                "sip:desk@example.com",
            ),
        ] {
            assert_eq!(
                render(kind, target, &arguments).unwrap(),
                expected,
                "{kind} {target}"
            );
        }
    }

    #[test]
    fn targets_that_reach_nobody_are_refused() {
        for (kind, target, arguments) in [
            ("queue", "", json!({})),
            ("phone", "", json!({})),
            ("phone", "12", json!({})),
            ("phone", "{{ parameters.n }}", json!({"n": "desk"})),
            ("sip", "desk@example.com", json!({})),
            ("sip", "sip:", json!({})),
            ("sip", "sip:a b@c", json!({})),
        ] {
            let error = render(kind, target, &arguments).unwrap_err();
            assert_eq!(error.code, "invalid_handover_target", "{kind} {target}");
        }
    }
}
