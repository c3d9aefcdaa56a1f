//! Giving a conversation to somebody else.

use serde_json::json;
use switchboard_connect::Performed;
use switchboard_domain::agent::Handover;
use switchboard_domain::effect::Effect;
use switchboard_domain::handover::HandoverTemplate;
use switchboard_domain::input::InputErrors;

use crate::parts::field;
use crate::perform::{Call, Next};

/// Prepares it.
pub fn prepare(
    action: &Handover,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<HandoverTemplate> {
    field(HandoverTemplate::parse(action), pointer, errors)
}

/// Gives it.
pub fn perform(template: &HandoverTemplate, of: &Call<'_>) -> Next {
    match template.render(of.context, of.parameters) {
        Ok(request) => {
            let performed = Performed::answered(json!(request).to_string());
            Next::Came(performed, Some(Effect::HandOver(request)))
        }
        Err(error) => Performed::not_sent(error.into()).into(),
    }
}
