//! What changed of the shared actions a version links, and what that means for this agent.
//!
//! A version records the revision of each action it links when it is locked. What changed since is
//! found by comparing that with the action as it is now, field by field; how much it matters
//! depends on what the version says about it: its texts and its overrides.

mod fields;

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::action::Shape;
use crate::agent::{AgentDocument, Binding};
use crate::canonical;
use crate::id::{ActionId, BindingId, IntegrationId};
use crate::link::{BrokenReason, CurrentAction, LinkedAction, SeenAction};
use crate::mention::{Mention, Texts};
use crate::name::ActionName;

/// How much a change matters for one agent, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The agent follows it, or does not use what changed.
    Cosmetic,
    /// Something else is sent, or the model is told something else.
    Risky,
    /// The agent relies on something that is gone.
    Breaking,
}

/// What became of a linked action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Its shape is another.
    Changed,
    /// It was deleted.
    Deleted,
    /// It is under another integration.
    Moved,
    /// Its integration was deleted.
    IntegrationDeleted,
    /// A secret that it needs would be gone.
    SecretDeleted,
}

impl From<BrokenReason> for ChangeKind {
    fn from(reason: BrokenReason) -> Self {
        match reason {
            BrokenReason::Deleted => Self::Deleted,
            BrokenReason::Moved => Self::Moved,
            BrokenReason::IntegrationDeleted => Self::IntegrationDeleted,
        }
    }
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// The field, as the API names it.
    pub field: Cow<'static, str>,
    /// What it was.
    pub before: Value,
    /// What it is.
    pub after: Value,
    /// How much it matters.
    pub class: Class,
    /// Where the agent mentions what is gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
}

impl FieldChange {
    fn new(field: impl Into<Cow<'static, str>>, before: Value, after: Value, class: Class) -> Self {
        Self {
            field: field.into(),
            before,
            after,
            class,
            mentions: vec![],
        }
    }
}

/// What changed of one link.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkChange {
    /// The binding.
    pub binding_id: BindingId,
    /// The shared action.
    pub action_id: ActionId,
    /// The action's name now.
    pub name: ActionName,
    /// What the model is told about it now.
    pub description: String,
    /// The integration it is under now.
    pub integration_id: IntegrationId,
    /// That integration's name.
    pub integration_name: String,
    /// What became of it.
    pub change: ChangeKind,
    /// The most that any of its parts matters.
    pub class: Class,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
}

/// Whether a link is no longer what the version saw: it leads nowhere, or to another shape.
pub fn has_changed(link: &LinkedAction) -> bool {
    let other_shape = |seen: &SeenAction| seen.digest != link.now.digest;
    link.broken().is_some() || link.seen.as_ref().is_some_and(other_shape)
}

/// The links of a locked version that changed since it was locked, in the order of the document.
pub fn since_locked(document: &AgentDocument, links: &[LinkedAction]) -> Vec<LinkChange> {
    changes(document, links, has_changed)
}

/// The links of a draft that are not what the restored version expects and that nobody reviewed as
/// they are now. Links that no restored version brought are not its matter.
pub fn since_restored(document: &AgentDocument, links: &[LinkedAction]) -> Vec<LinkChange> {
    changes(document, links, |link| {
        let is_reviewed = link.reviewed.as_ref() == Some(&link.state());
        link.seen.is_some() && has_changed(link) && !is_reviewed
    })
}

/// What a change of one action would mean for a version that links it: `before` and `after` are the
/// action without and with the change.
pub fn would_change(
    document: &AgentDocument,
    links: &[LinkedAction],
    action: ActionId,
    before: &CurrentAction,
    after: &CurrentAction,
) -> Vec<LinkChange> {
    let texts = Texts::of(document, links);
    let concerned = links.iter().filter(|link| link.action() == action);
    concerned
        .filter_map(|link| {
            let binding = document.actions.iter().find(|b| b.id == link.binding)?;
            let as_of = |now: &CurrentAction| LinkedAction {
                now: now.clone(),
                ..link.clone()
            };
            let (was, is) = (as_of(before), as_of(after));
            if was.broken() == is.broken() && before.digest == after.digest {
                return None;
            }
            let seen = SeenAction {
                revision: before.revision,
                integration: before.place.integration,
                is_deleted: before.place.is_deleted,
                shape: before.shape.clone(),
                digest: before.digest.clone(),
            };
            Some(change(binding, &is, Some(&seen), &texts))
        })
        .collect()
}

fn changes(
    document: &AgentDocument,
    links: &[LinkedAction],
    concerns: impl Fn(&LinkedAction) -> bool,
) -> Vec<LinkChange> {
    let mut concerned = links.iter().filter(|link| concerns(link)).peekable();
    if concerned.peek().is_none() {
        return vec![];
    }
    let texts = Texts::of(document, links);
    let of_binding: std::collections::HashMap<BindingId, &LinkedAction> =
        concerned.map(|link| (link.binding, link)).collect();
    document
        .actions
        .iter()
        .filter_map(|binding| {
            let link = of_binding.get(&binding.id)?;
            Some(change(binding, link, link.seen.as_ref(), &texts))
        })
        .collect()
}

fn change(
    binding: &Binding,
    link: &LinkedAction,
    seen: Option<&SeenAction>,
    texts: &Texts<'_>,
) -> LinkChange {
    let mut fields = seen
        .filter(|seen| seen.digest != link.now.digest)
        .map_or_else(Vec::new, |seen| {
            fields::compare(binding, &seen.shape, &link.now.shape, texts)
        });
    let broken = link.broken();
    if broken == Some(BrokenReason::Moved) {
        fields.push(FieldChange::new(
            "integration_id",
            json!(link.link.integration_id),
            json!(link.now.place.integration),
            Class::Breaking,
        ));
    }
    let worst = fields.iter().map(|field| field.class).max();
    LinkChange {
        binding_id: binding.id,
        action_id: link.action(),
        name: link.now.shape.name.clone(),
        description: link.now.shape.description.clone(),
        integration_id: link.now.place.integration,
        integration_name: link.now.integration_name.clone(),
        change: broken.map_or(ChangeKind::Changed, ChangeKind::from),
        class: match broken {
            Some(_) => Class::Breaking,
            None => worst.unwrap_or(Class::Cosmetic),
        },
        fields,
    }
}

/// The fields in which two shapes differ, with both values of each; what is not there is null.
pub fn differences(before: &Shape, after: &Shape) -> Vec<(String, Value, Value)> {
    let (old, mut new) = (before.fields(), after.fields());
    let mut found = vec![];
    for (name, was) in old {
        let at = new.iter().position(|(other, _)| *other == name);
        let is = at.map_or(Value::Null, |at| new.remove(at).1);
        if was != is && canonical::to_string(&was) != canonical::to_string(&is) {
            found.push((name.into_owned(), was, is));
        }
    }
    let added = new.into_iter();
    found.extend(added.map(|(name, is)| (name.into_owned(), Value::Null, is)));
    found
}

#[cfg(test)]
mod tests;
