//! What a draft must fulfil to be saved.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_domain::agent::{AgentDocument, Binding, BindingTarget};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, BindingId, IntegrationId};
use switchboard_domain::input::{InputError, InputErrors};
use switchboard_domain::integration::IntegrationKind;
use switchboard_domain::limits::{MAX_INSTRUCTIONS_BYTES, MAX_PARTS_OF_AGENT};
use switchboard_kinds::{Scope, go_to_state, overrides, prepare_own, schema};
use switchboard_store::action::ActionRow;
use switchboard_store::link::DraftLink;

use switchboard_operation::AppError;
use switchboard_outbound::Breakers;

/// Checks all of a document that needs nothing from elsewhere, by preparing it as calls need it.
pub fn document(document: &AgentDocument, errors: &mut InputErrors) {
    if document.instructions.len() > MAX_INSTRUCTIONS_BYTES {
        errors.push(
            "/instructions",
            format!("instructions have at most {MAX_INSTRUCTIONS_BYTES} bytes"),
        );
    }
    if document.states.len() > MAX_PARTS_OF_AGENT {
        errors.push(
            "/states",
            format!("there are at most {MAX_PARTS_OF_AGENT} states"),
        );
    }
    if document.actions.len() > MAX_PARTS_OF_AGENT {
        errors.push(
            "/actions",
            format!("there are at most {MAX_PARTS_OF_AGENT} actions"),
        );
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
            schema(
                overrides.parameters.as_ref(),
                &format!("{pointer}/parameters"),
                errors,
            );
            pointer
        }
        BindingTarget::Action { action, .. } => {
            let at = format!("{pointer}/action");
            schema(
                action.parameters().as_ref(),
                &format!("{at}/parameters"),
                errors,
            );
            prepare_own(
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
        let at = |field: &str| format!("/actions/{index}/overrides/{field}");
        overrides::check(&row.definition, overrides, at, errors);
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
            Some(kind) if kind.sends_messages() => continue,
            None if before.contains(&channel) => continue,
            None => "there is no such channel in this workspace",
            Some(_) => "this integration is not a messaging channel",
        };
        errors.push(format!("/actions/{index}/action/channel_id"), detail);
    }
}

/// Refuses two actions of one name: a model could not tell them apart.
pub fn names(names: &[(usize, String)], has_go_to_state: bool) -> Result<(), AppError> {
    let built_in = names
        .iter()
        .find(|(_, name)| has_go_to_state && name == go_to_state::NAME);
    if let Some((index, _)) = built_in {
        return Err(AppError::Conflict {
            code: ErrorCode::NameTaken,
            message: format!(
                "`{}` is the built-in tool that this agent asks for; rename the action, or turn `{}` off",
                go_to_state::NAME,
                go_to_state::NAME
            ),
            errors: vec![InputError {
                pointer: format!("/actions/{index}"),
                detail: format!("it is named `{}`", go_to_state::NAME),
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
