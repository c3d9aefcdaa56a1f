//! What a change of something shared would mean for the agents that use it, before it is made.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_contract::problem::{Details, NameCollision};
use switchboard_contract::wire::Wire;
use switchboard_domain::agent::{AgentDocument, VersionRef};
use switchboard_domain::drift::{self, ChangeKind, Class, FieldChange, LinkChange};
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId, WorkspaceId};
use switchboard_domain::link::{BrokenReason, CurrentAction, LinkedAction};
use switchboard_domain::name::{ActionName, SecretName};
use switchboard_domain::publish;
use switchboard_store::Engine;
use switchboard_store::agent;
use switchboard_store::link::{self, LinkUser, Linking};
use switchboard_store::reference::{self, Source, Target};

use switchboard_operation::AppError;

/// How a change is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// The revision that was read; none takes any.
    pub expected: Option<u64>,
    /// Only tell what it would mean.
    pub dry_run: bool,
}

/// A change that was made, or what it would mean.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It was made.
    Done(T),
    /// It was asked for as a dry run: nothing changed.
    WouldBe(Report),
}

/// What a change would mean.
#[derive(Debug)]
pub struct Report {
    /// The versions whose bindings would be affected.
    pub affected: Vec<Affected>,
    /// Why it would be refused.
    pub refusal: Option<AppError>,
}

/// A version that a change would affect.
#[derive(Debug, Clone)]
pub struct Affected {
    /// The agent.
    pub agent: AgentId,
    /// Its name.
    pub agent_name: String,
    /// The version.
    pub version: VersionRef,
    /// Whether new conversations get it.
    pub is_published: bool,
    /// How its bindings would be affected.
    pub changes: Vec<BindingChange>,
}

/// How one binding would be affected.
#[derive(Debug, Clone)]
pub struct BindingChange {
    /// The binding.
    pub binding: BindingId,
    /// The shared action it links; none for an action of the agent's own.
    pub action: Option<ActionId>,
    /// The name of what it uses.
    pub name: ActionName,
    /// What would become of it.
    pub change: ChangeKind,
    /// How much it would matter.
    pub class: Class,
    /// The fields that would differ.
    pub fields: Vec<FieldChange>,
}

impl From<LinkChange> for BindingChange {
    fn from(change: LinkChange) -> Self {
        Self {
            binding: change.binding_id,
            action: Some(change.action_id),
            name: change.name,
            change: change.change,
            class: change.class,
            fields: change.fields,
        }
    }
}

fn affected(user: LinkUser, changes: Vec<BindingChange>) -> Affected {
    Affected {
        agent: user.agent,
        agent_name: user.agent_name,
        version: user.version,
        is_published: user.is_published,
        changes,
    }
}

/// A version's document and links.
async fn version(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    user: &LinkUser,
) -> Result<Option<(AgentDocument, Vec<LinkedAction>)>, AppError> {
    let Some(row) = agent::version(engine, workspace, user.agent, user.version).await? else {
        return Ok(None);
    };
    let links = link::of_version(engine, workspace, user.agent, user.version).await?;
    Ok(Some((row.document, links)))
}

/// What a change of an action would mean: `before` and `after` are the action without and with it.
pub async fn of_action(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ActionId,
    before: &CurrentAction,
    after: &CurrentAction,
) -> Result<Vec<Affected>, AppError> {
    let mut found = vec![];
    for user in link::users(engine, workspace, Linking::Action(id)).await? {
        let Some((document, links)) = version(engine, workspace, &user).await? else {
            continue;
        };
        let changes = drift::would_change(&document, &links, id, before, after);
        if !changes.is_empty() {
            let changes = changes.into_iter().map(BindingChange::from).collect();
            found.push(affected(user, changes));
        }
    }
    Ok(found)
}

/// What the deletion of an integration means, asked for in the transaction that deleted it.
pub async fn of_deleted_integration(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<Vec<Affected>, AppError> {
    let mut found = vec![];
    let mut users = link::users(engine, workspace, Linking::Integration(id)).await?;
    for user in channel_users(engine, workspace, id).await? {
        let is_there =
            |known: &LinkUser| (known.agent, known.version) == (user.agent, user.version);
        if !users.iter().any(is_there) {
            users.push(user);
        }
    }
    for user in users {
        let Some((document, links)) = version(engine, workspace, &user).await? else {
            continue;
        };
        let concerned: BTreeSet<BindingId> = links
            .iter()
            .filter(|link| {
                link.link.integration_id == id
                    && link.broken() == Some(BrokenReason::IntegrationDeleted)
            })
            .map(|link| link.binding)
            .collect();
        let sending = document
            .own_actions()
            .filter(|(_, action)| action.kind.channel() == Some(id))
            .map(|(binding, action)| BindingChange {
                binding,
                action: None,
                name: action.name.clone(),
                change: ChangeKind::IntegrationDeleted,
                class: Class::Breaking,
                fields: vec![],
            });
        let changes = drift::since_locked(&document, &links)
            .into_iter()
            .filter(|change| concerned.contains(&change.binding_id))
            .map(|change| BindingChange {
                // What changed of it before has nothing to do with this.
                fields: vec![],
                ..change.into()
            });
        found.push(affected(user, changes.chain(sending).collect()));
    }
    Ok(found)
}

/// The versions whose own actions send through a channel.
async fn channel_users(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: IntegrationId,
) -> Result<Vec<LinkUser>, AppError> {
    let target = Target::Channel(id);
    let mut users = vec![];
    for source in reference::sources(engine, workspace, &target).await? {
        if let Source::Agent(agent, version) = source {
            users.extend(own_user(engine, workspace, agent, version).await?);
        }
    }
    Ok(users)
}

/// What the deletion of a secret would mean: every binding that needs it would fail.
pub async fn of_secret(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &SecretName,
) -> Result<Vec<Affected>, AppError> {
    let target = Target::Secret(name.clone());
    let mut versions: BTreeMap<(AgentId, VersionRef), LinkUser> = BTreeMap::new();
    let (mut actions, mut integrations) = (BTreeSet::new(), BTreeSet::new());
    for source in reference::sources(engine, workspace, &target).await? {
        let mut users = vec![];
        match source {
            Source::Integration(id) => {
                integrations.insert(id);
                users = link::users(engine, workspace, Linking::Integration(id)).await?;
                users.extend(channel_users(engine, workspace, id).await?);
            }
            Source::Action(id) => {
                actions.insert(id);
                users = link::users(engine, workspace, Linking::Action(id)).await?;
            }
            Source::Agent(id, version) => {
                users.extend(own_user(engine, workspace, id, version).await?);
            }
        }
        for user in users {
            versions.entry((user.agent, user.version)).or_insert(user);
        }
    }
    let mut found = vec![];
    for user in versions.into_values() {
        let Some((document, links)) = version(engine, workspace, &user).await? else {
            continue;
        };
        let linked = links
            .iter()
            .filter(|link| link.broken().is_none())
            .filter(|link| {
                integrations.contains(&link.now.place.integration)
                    || actions.contains(&link.action())
            })
            .map(|link| needs_secret(link.binding, Some(link.action()), &link.now.shape.name));
        let own = document.own_actions().filter_map(|(binding, action)| {
            let refers = action.kind.secrets().contains(&name);
            let channel = action.kind.channel();
            let sends = channel.is_some_and(|channel| integrations.contains(&channel));
            (refers || sends).then(|| needs_secret(binding, None, &action.name))
        });
        let changes: Vec<_> = linked.chain(own).collect();
        if !changes.is_empty() {
            found.push(affected(user, changes));
        }
    }
    Ok(found)
}

fn needs_secret(binding: BindingId, action: Option<ActionId>, name: &ActionName) -> BindingChange {
    BindingChange {
        binding,
        action,
        name: name.clone(),
        change: ChangeKind::SecretDeleted,
        class: Class::Breaking,
        fields: vec![],
    }
}

/// A version that refers to a secret by an action of its own.
async fn own_user(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    version: VersionRef,
) -> Result<Option<LinkUser>, AppError> {
    let found = agent::get(engine, workspace, id).await?;
    Ok(found
        .filter(|row| row.deleted_at.is_none())
        .map(|row| LinkUser {
            agent: id,
            agent_name: row.name,
            version,
            is_published: row.published_version == Some(version.number()),
            bindings: vec![],
        }))
}

/// The published agents in which an action, as it is in this transaction, has the name of another
/// one. A model could not tell them apart, so whatever brings this about is refused.
pub async fn name_collision(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: ActionId,
    name: &ActionName,
) -> Result<Option<AppError>, AppError> {
    let mut collisions = vec![];
    let users = link::users(engine, workspace, Linking::Action(id)).await?;
    for user in users.into_iter().filter(|user| user.is_published) {
        let Some((document, links)) = version(engine, workspace, &user).await? else {
            continue;
        };
        let shared = publish::duplicate_names(&document, &links)
            .into_iter()
            .find(|problem| {
                user.bindings
                    .iter()
                    .any(|id| problem.binding_ids.contains(id))
            });
        if let Some(problem) = shared {
            collisions.push(NameCollision {
                agent_id: Wire(user.agent),
                agent_name: user.agent_name,
                version: Wire(user.version),
                binding_ids: problem.binding_ids.into_iter().map(Wire).collect(),
            });
        }
    }
    if collisions.is_empty() {
        return Ok(None);
    }
    let count = collisions.len();
    let details = Details {
        agents: Some(collisions),
        ..Details::default()
    };
    Ok(Some(AppError::Conflict {
        code: ErrorCode::NameCollision,
        message: format!(
            "{count} published agents would have two actions named `{name}`; choose another name, or change those agents first"
        ),
        errors: vec![],
        details: Some(Box::new(details)),
    }))
}
