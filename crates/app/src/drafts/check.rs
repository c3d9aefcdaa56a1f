//! What a draft must fulfil to be saved.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_domain::action::ActionDefinition;
use switchboard_domain::agent::{AgentDocument, Binding, BindingTarget};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, BindingId, IntegrationId};
use switchboard_domain::input::{InputError, InputErrors};
use switchboard_domain::integration::IntegrationKind;
use switchboard_domain::request::Method;
use switchboard_domain::template::TextTemplate;
use switchboard_store::action::ActionRow;
use switchboard_store::link::DraftLink;

use crate::catalog::GO_TO_STATE;
use crate::prepare::Scope;
use crate::{AppError, local, prepare};
use switchboard_outbound::Breakers;

/// The longest instructions, in bytes.
const MAX_INSTRUCTIONS_BYTES: usize = 256 * 1024;
/// How many states and how many bindings a version may have.
const MANY: usize = 500;

/// Checks all of a document that needs nothing from elsewhere, by preparing it as calls need it.
pub fn document(document: &AgentDocument, errors: &mut InputErrors) {
    if document.instructions.len() > MAX_INSTRUCTIONS_BYTES {
        errors.push(
            "/instructions",
            format!("instructions have at most {MAX_INSTRUCTIONS_BYTES} bytes"),
        );
    }
    if document.states.len() > MANY {
        errors.push("/states", format!("there are at most {MANY} states"));
    }
    if document.actions.len() > MANY {
        errors.push("/actions", format!("there are at most {MANY} actions"));
    }
    let mut states = BTreeSet::new();
    for (index, state) in document.states.iter().enumerate() {
        if !states.insert(&state.name) {
            errors.push(format!("/states/{index}/name"), "two states have this name");
        }
    }
    if let Some(initial) = &document.initial_state
        && !states.contains(initial)
    {
        errors.push("/initial_state", "it is not the name of one of the states");
    }
    let mut ids = BTreeSet::new();
    for (index, binding) in document.actions.iter().enumerate() {
        let pointer = format!("/actions/{index}");
        if !ids.insert(binding.id) {
            errors.push(format!("{pointer}/id"), "two bindings have this id");
        }
        check_binding(binding, &pointer, errors);
    }
}

fn check_binding(binding: &Binding, pointer: &str, errors: &mut InputErrors) {
    let gate_at = match &binding.target {
        BindingTarget::Link { overrides, .. } => {
            let pointer = format!("{pointer}/overrides");
            prepare::schema(
                overrides.parameters.as_ref(),
                &format!("{pointer}/parameters"),
                errors,
            );
            pointer
        }
        BindingTarget::Action { action, .. } => {
            let at = format!("{pointer}/action");
            prepare::schema(
                action.parameters().as_ref(),
                &format!("{at}/parameters"),
                errors,
            );
            local::prepare(
                &action.kind,
                &Scope::check(&Breakers::default()),
                &at,
                errors,
            );
            pointer.to_owned()
        }
    };
    if binding.gate().max_successful_calls == Some(0) {
        errors.push(
            format!("{gate_at}/max_successful_calls"),
            "a limit is at least 1; leave it out for no limit",
        );
    }
    if binding.gate().phases.as_ref().is_some_and(Vec::is_empty) {
        errors.push(
            format!("{gate_at}/phases"),
            "name at least one phase; leave it out for every phase",
        );
    }
}

/// Checks the links and gives the names of all bindings. A link that was there before may be broken
/// by now; a new one may not.
pub fn links(
    document: &AgentDocument,
    known: &BTreeMap<BindingId, DraftLink>,
    actions: &BTreeMap<ActionId, ActionRow>,
    errors: &mut InputErrors,
) -> Vec<(usize, String)> {
    let mut names = vec![];
    for (index, binding) in document.actions.iter().enumerate() {
        let before = known.get(&binding.id).map(|known| &known.link);
        let (link, overrides) = match &binding.target {
            BindingTarget::Action { action, .. } => {
                names.push((index, action.name.to_string()));
                continue;
            }
            BindingTarget::Link { link, overrides } => (link, overrides),
        };
        let pointer = format!("/actions/{index}/link");
        let was_there = before.is_some_and(|old| old.action_id == link.action_id);
        let found = actions.get(&link.action_id);
        let Some(row) = found.filter(|row| row.deleted_at.is_none() || was_there) else {
            errors.push(
                format!("{pointer}/action_id"),
                "there is no such action in this workspace",
            );
            continue;
        };
        if link.integration_id != row.integration_id && before != Some(link) {
            errors.push(
                format!("{pointer}/integration_id"),
                "the action is not under this integration; leave it out to use the one it is under",
            );
        }
        let own_body = overrides.body_template.as_ref();
        let own_body = own_body.is_some_and(|text| !text.trim().is_empty());
        let at = |field: &str| format!("/actions/{index}/overrides/{field}");
        let fixed = "a link to an MCP tool sets phases, limit and states only";
        match &row.definition {
            ActionDefinition::Api(api) if api.method == Method::Get && own_body => {
                errors.push(at("body_template"), "a GET request has no body");
            }
            ActionDefinition::Api(_) => {
                let text = overrides.body_template.as_deref();
                prepare::body(text, &at("body_template"), errors);
            }
            ActionDefinition::Message(_) => {
                let text = overrides.body_template.as_deref().unwrap_or_default();
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
        if row.deleted_at.is_none() {
            names.push((index, row.name.to_string()));
        }
    }
    names
}

/// Checks the channels that own actions name. One that was named before may be deleted by now.
pub fn channels(
    document: &AgentDocument,
    before: &BTreeSet<IntegrationId>,
    kinds: &BTreeMap<IntegrationId, IntegrationKind>,
    errors: &mut InputErrors,
) {
    for (index, binding) in document.actions.iter().enumerate() {
        let BindingTarget::Action { action, .. } = &binding.target else {
            continue;
        };
        let Some(channel) = action.kind.channel() else {
            continue;
        };
        let detail = match kinds.get(&channel) {
            Some(IntegrationKind::MessagingChannel) => continue,
            None if before.contains(&channel) => continue,
            None => "there is no such channel in this workspace",
            Some(_) => "this integration is no messaging channel",
        };
        errors.push(format!("/actions/{index}/action/channel_id"), detail);
    }
}

/// Refuses two actions of one name: a model could not tell them apart.
pub fn names(names: &[(usize, String)], go_to_state: bool) -> Result<(), AppError> {
    let built_in = names
        .iter()
        .find(|(_, name)| go_to_state && name == GO_TO_STATE);
    if let Some((index, _)) = built_in {
        return Err(AppError::Conflict {
            code: ErrorCode::NameTaken,
            message: format!(
                "`{GO_TO_STATE}` is the built-in tool that this agent asks for; rename the action, or turn `go_to_state` off"
            ),
            errors: vec![InputError {
                pointer: format!("/actions/{index}"),
                detail: format!("it is named `{GO_TO_STATE}`"),
            }],
            details: None,
        });
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, name) in names {
        if let Some(first) = seen.insert(name, *index) {
            return Err(AppError::Conflict {
                code: ErrorCode::NameTaken,
                message: format!(
                    "two actions of this agent are named `{name}`; rename or remove one"
                ),
                errors: [first, *index]
                    .iter()
                    .map(|index| InputError {
                        pointer: format!("/actions/{index}"),
                        detail: format!("it is named `{name}`"),
                    })
                    .collect(),
                details: None,
            });
        }
    }
    Ok(())
}
