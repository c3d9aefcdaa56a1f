//! Making a shared action of an agent's own API call.

use switchboard_contract::drafts::PromoteInput;
use switchboard_domain::action::{ActionDefinition, ApiAction};
use switchboard_domain::agent::{AgentAction, BindingTarget, Link, Overrides};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{AgentId, BindingId};
use switchboard_domain::integration::IntegrationDefinition;
use switchboard_store::agent::VersionRow;

use super::edit::DraftEdit;
use crate::actions::{self, NewAction};
use crate::{Manage, existing};
use switchboard_operation::{AppError, Manager};

/// Turns an agent's own API call into a shared action under an integration and the binding into a
/// link to it. When and how often it may be called stays as it was. Its own authentication is
/// replaced by the integration's.
pub async fn promote(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    binding: BindingId,
    expected: Option<u64>,
    input: PromoteInput,
) -> Result<VersionRow, AppError> {
    let mut edit = DraftEdit::begin(manage, manager, id, expected).await?;
    let BindingTarget::Action { action, gate } = edit.binding(binding)?.target.clone() else {
        return Err(AppError::conflict(
            ErrorCode::NotAnOwnAction,
            "this binding links a shared action already",
        ));
    };
    let engine = &mut edit.change.engine();
    let integration =
        existing::integration_in_input(engine, manager.workspace(), *input.integration_id).await?;
    if integration.definition.slots().is_none() {
        return Err(AppError::invalid(
            "/integration_id",
            "an API call becomes an action of a `custom_api`; this integration is of another kind",
        ));
    }
    let (new, gate) = (shared(action, &integration.definition, input.path)?, gate);
    let row = actions::add(manage, &mut edit.change, &integration, new).await?;
    edit.binding(binding)?.target = BindingTarget::Link {
        link: Link {
            action_id: row.id,
            integration_id: row.integration_id,
        },
        overrides: Overrides {
            gate,
            ..Overrides::default()
        },
    };
    edit.finish("draft.promote_action").await
}

/// The shared action that does what an agent's own API call does.
fn shared(
    action: AgentAction,
    integration: &IntegrationDefinition,
    path: Option<String>,
) -> Result<NewAction, AppError> {
    let Some(call) = action.kind.api_call().cloned() else {
        return Err(AppError::conflict(
            ErrorCode::NotAnApiCall,
            format!(
                "`{}` is a {}; only an API call becomes a shared action",
                action.name,
                action.kind.as_str()
            ),
        ));
    };
    let path = match path {
        Some(path) => path,
        None => below_base(&call.url, integration).ok_or_else(|| {
            AppError::invalid(
                "/path",
                format!(
                    "`{}` does not start with a base URL of this integration; give the path under it",
                    call.url
                ),
            )
        })?,
    };
    Ok(NewAction {
        name: action.name.to_string(),
        description: action.description,
        definition: ActionDefinition::from(ApiAction {
            method: call.method,
            path,
            headers: call.headers,
            parameters: action.parameters,
            body_template: call.body_template,
            output_variables: call.output_variables,
            timeout_ms: call.timeout_ms,
        }),
    })
}

/// What follows the base URL of one of the integration's slots, the longest that fits.
fn below_base(url: &str, integration: &IntegrationDefinition) -> Option<String> {
    integration
        .slots()?
        .iter()
        .filter_map(|(_, slot)| {
            let rest = url.strip_prefix(slot.base_url.trim_end_matches('/'))?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        })
        .min_by_key(|rest| rest.len())
        .map(str::to_owned)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_path_is_what_follows_the_longest_base() {
        let integration: IntegrationDefinition = serde_json::from_value(json!({
            "kind": "custom_api", "environments": {
                "staging": {"base_url": "https://a.example"},
                "production": {"base_url": "https://a.example/v2/"},
            },
        }))
        .unwrap();
        for (url, path) in [
            ("https://a.example/v2/items/{id}", Some("/items/{id}")),
            ("https://a.example/items", Some("/items")),
            ("https://a.example/v2", Some("")),
            ("https://a.example/v22", Some("/v22")),
            ("https://a.example.org/items", None),
            ("http://a.example/items", None),
        ] {
            assert_eq!(below_base(url, &integration).as_deref(), path, "{url}");
        }
    }
}
