//! A link together with the shared action it refers to: as it is now, and as a version saw it.

use serde::Serialize;

use crate::action::Shape;
use crate::agent::Link;
use crate::id::{ActionId, BindingId, IntegrationId};

/// Why a link leads nowhere any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokenReason {
    /// The shared action was deleted.
    Deleted,
    /// The shared action is under another integration than when it was linked.
    Moved,
    /// The integration was deleted, and its actions with it.
    IntegrationDeleted,
}

impl BrokenReason {
    /// What became of the action, to stand in a sentence: "... was deleted".
    pub const fn as_words(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Moved => "moved",
            Self::IntegrationDeleted => "deleted with its integration",
        }
    }
}

/// Where a shared action is, and whether it is there at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The integration it is under.
    pub integration: IntegrationId,
    /// True when it was deleted, by itself or with its integration.
    pub is_deleted: bool,
    /// True when its integration was deleted.
    pub is_integration_deleted: bool,
}

/// Whether a link leads to a shared action that is there, and where the link says it is. This is
/// the one place that decides it: calls, previews and publishing ask here.
pub fn broken(linked_under: IntegrationId, action: Place) -> Option<BrokenReason> {
    if action.is_integration_deleted {
        Some(BrokenReason::IntegrationDeleted)
    } else if action.is_deleted {
        Some(BrokenReason::Deleted)
    } else if action.integration != linked_under {
        Some(BrokenReason::Moved)
    } else {
        None
    }
}

/// A shared action as it is now; a deleted one is still known.
#[derive(Debug, Clone, PartialEq)]
pub struct CurrentAction {
    /// Its revision.
    pub revision: u64,
    /// Where it is.
    pub place: Place,
    /// The name of the integration it is under.
    pub integration_name: String,
    /// Its shape.
    pub shape: Shape,
    /// The digest of its shape.
    pub digest: String,
}

/// A shared action as a version saw it when it was locked.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenAction {
    /// Its revision then.
    pub revision: u64,
    /// The integration it was under.
    pub integration: IntegrationId,
    /// True when it was deleted already.
    pub is_deleted: bool,
    /// Its shape.
    pub shape: Shape,
    /// The digest of its shape.
    pub digest: String,
}

/// A binding's link, and both states of what it refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkedAction {
    /// The binding.
    pub binding: BindingId,
    /// What it refers to.
    pub link: Link,
    /// The action now.
    pub now: CurrentAction,
    /// The action as the version saw it. None in a draft where no restored version brought it.
    pub seen: Option<SeenAction>,
    /// The state that somebody marked as reviewed.
    pub reviewed: Option<String>,
}

impl LinkedAction {
    /// The shared action.
    pub const fn action(&self) -> ActionId {
        self.link.action_id
    }

    /// Why the link is broken, if it does.
    pub fn broken(&self) -> Option<BrokenReason> {
        broken(self.link.integration_id, self.now.place)
    }

    /// All that a review looks at, as one text: when it is the same again, nothing is new.
    pub fn state(&self) -> String {
        let place = self.now.place;
        let there = match (place.is_deleted, place.is_integration_deleted) {
            (_, true) => "integration_deleted",
            (true, false) => "deleted",
            (false, false) => "there",
        };
        format!("{} {} {there}", self.now.digest, place.integration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_link_breaks_in_three_ways() {
        let [here, there] = [1, 2].map(|n| IntegrationId::from_uuid(Uuid::from_u128(n)));
        let place = |integration, is_deleted, is_integration_deleted| Place {
            integration,
            is_deleted,
            is_integration_deleted,
        };
        for (action, expected) in [
            (place(here, false, false), None),
            (place(there, false, false), Some(BrokenReason::Moved)),
            (place(here, true, false), Some(BrokenReason::Deleted)),
            (place(there, true, false), Some(BrokenReason::Deleted)),
            (
                place(here, true, true),
                Some(BrokenReason::IntegrationDeleted),
            ),
        ] {
            assert_eq!(broken(here, action), expected);
        }
    }
}
