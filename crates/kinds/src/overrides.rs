//! What a link sets of the action that it links.

use switchboard_domain::action::ActionDefinition;
use switchboard_domain::agent::Overrides;
use switchboard_domain::input::InputErrors;
use switchboard_domain::request::Method;
use switchboard_domain::schema::ParameterSchema;
use switchboard_domain::template::TextTemplate;

use crate::action::{BodyOverride, Request};
use crate::parts;

/// Checks what a link sets of an action of this kind. `at` says where each field stands.
pub fn check(
    definition: &ActionDefinition,
    overrides: &Overrides,
    at: impl Fn(&str) -> String,
    errors: &mut InputErrors,
) {
    let text = overrides.body_template.as_deref();
    let fixed = "a link to an MCP tool sets phases, limit and states only";
    match definition {
        ActionDefinition::Api(api)
            if api.method == Method::Get && text.is_some_and(|text| !text.trim().is_empty()) =>
        {
            errors.push(at("body_template"), "a GET request has no body");
        }
        ActionDefinition::Api(_) => {
            parts::body(text, &at("body_template"), errors);
        }
        ActionDefinition::Message(_) => {
            let text = text.unwrap_or_default();
            errors.check(at("body_template"), TextTemplate::parse(text));
        }
        ActionDefinition::Mcp(_) if overrides.body_template.is_some() => {
            errors.push(at("body_template"), fixed);
        }
        ActionDefinition::Mcp(_) if overrides.parameters.is_some() => {
            errors.push(at("parameters"), fixed);
        }
        ActionDefinition::Mcp(_) => {}
    }
}

/// The schema of a link. Whether the model writes a message depends on what the link sets.
pub fn effective_schema(
    definition: &ActionDefinition,
    request: &Request,
    inherited: &ParameterSchema,
    schema: Option<&ParameterSchema>,
    body: Option<&BodyOverride>,
) -> ParameterSchema {
    let own = schema.unwrap_or(inherited);
    if !request.is_written_by_the_model() || (schema.is_none() && body.is_none()) {
        return own.clone();
    }
    let own_source = schema.map(|schema| &**schema.source());
    let body = body.map(|body| body.source.as_str());
    let parameters = definition.effective_parameters(own_source, body);
    parameters.map_or_else(ParameterSchema::default, |parameters| {
        // Both were checked when they were saved.
        ParameterSchema::compile(&parameters).unwrap_or_else(|_| own.clone())
    })
}
