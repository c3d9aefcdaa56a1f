//! Which versions are kept ready: those that are in use. The others are loaded again when somebody
//! asks for them.

use std::collections::HashSet;
use std::time::Duration;

use switchboard_domain::agent::VersionRef;
use switchboard_domain::id::{ActionId, AgentId, IntegrationId};

use super::entries::{OwnTarget, PreparedAgent, Snapshot};

/// The most versions that are kept ready in a workspace.
const MOST_KEPT: usize = 128;
/// How long a version that nobody uses is kept ready.
pub const UNUSED: Duration = Duration::from_mins(10);
/// Drops the versions that are used least, and what only they use. Answers whether there were any.
pub fn keep_those_in_use(snapshot: &mut Snapshot, now: Duration) -> bool {
    let mut by_age: Vec<_> = snapshot
        .agents
        .iter()
        .map(|(key, agent)| (agent.used.age(now), *key))
        .collect();
    by_age.sort_unstable();
    let dropped: Vec<_> = by_age
        .into_iter()
        .enumerate()
        .filter(|(at, (age, _))| *at >= MOST_KEPT || *age >= UNUSED)
        .map(|(_, (_, key))| key)
        .collect();
    drop_versions(snapshot, &dropped)
}

/// Drops versions, and what only they use.
pub fn drop_versions(snapshot: &mut Snapshot, dropped: &[(AgentId, VersionRef)]) -> bool {
    if dropped.is_empty() {
        return false;
    }
    for key in dropped {
        snapshot.agents.remove(key);
    }
    let (mut actions, mut integrations) = (HashSet::new(), HashSet::new());
    for agent in snapshot.agents.values() {
        note_parts(agent, &mut actions, &mut integrations);
    }
    snapshot.actions.retain(|id, _| actions.contains(id));
    snapshot.unusable.retain(|id, _| actions.contains(id));
    integrations.extend(
        snapshot
            .actions
            .values()
            .map(|action| action.integration_id),
    );
    snapshot
        .integrations
        .retain(|id, _| integrations.contains(id));
    true
}

fn note_parts(
    agent: &PreparedAgent,
    actions: &mut HashSet<ActionId>,
    integrations: &mut HashSet<IntegrationId>,
) {
    for binding in &agent.own.bindings {
        match &binding.target {
            OwnTarget::Link { action_id, .. } => {
                actions.insert(*action_id);
            }
            OwnTarget::Action { call, .. } => {
                integrations.extend(call.through().map(|(channel, _)| channel));
            }
            OwnTarget::Unusable { .. } => {}
        }
    }
}
