//! Responses that are written down.

use switchboard_connect::Performed;
use switchboard_domain::agent::StaticResponse;
use switchboard_domain::input::InputErrors;
use switchboard_domain::response::ResponseTemplate;

use crate::perform::{Call, Next};

/// Prepares one.
pub fn prepare(
    action: &StaticResponse,
    pointer: &str,
    errors: &mut InputErrors,
) -> Option<ResponseTemplate> {
    let parsed = ResponseTemplate::parse(&action.response);
    errors.check(format!("{pointer}/response"), parsed)
}

/// Gives it.
pub fn perform(template: &ResponseTemplate, of: &Call<'_>) -> Next {
    match template.render(of.context) {
        Ok(output) => Performed::answered(output).into(),
        Err(error) => Performed::not_sent(error.into()).into(),
    }
}
