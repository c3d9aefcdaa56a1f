//! One edit of a draft: a transaction that reads it, lets it be changed, checks it and writes it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use switchboard_contract::drafts::BindingInput;
use switchboard_domain::agent::{AgentDocument, Binding, VersionRef};
use switchboard_domain::id::{ActionId, AgentId, BindingId, IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_store::Engine;
use switchboard_store::agent::{self, Draft, VersionRow};
use switchboard_store::change::Entity;
use switchboard_store::link::{self, DraftLink};
use switchboard_store::reference::Source;
use switchboard_store::{action, integration};

use super::check;
use crate::change::{ConfigChange, check_revision};
use crate::{Manage, existing, origins, secrets};
use switchboard_operation::{AppError, Manager};

/// An open edit. Dropped before [`DraftEdit::finish`], it changes nothing.
pub struct DraftEdit<'a> {
    /// The transaction.
    pub change: ConfigChange<'a>,
    /// What is wrong with the input, so far.
    pub errors: InputErrors,
    workspace: WorkspaceId,
    agent: AgentId,
    row: VersionRow,
    links: BTreeMap<BindingId, DraftLink>,
    channels: BTreeSet<IntegrationId>,
}

impl<'a> DraftEdit<'a> {
    /// Begins an edit.
    pub async fn begin(
        manage: &'a Manage,
        manager: &Manager,
        agent: AgentId,
        expected: Option<u64>,
    ) -> Result<Self, AppError> {
        let workspace = manager.workspace();
        let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
        let engine = &mut change.engine();
        let row = existing::draft(engine, workspace, agent).await?;
        check_revision(expected, row.revision)?;
        let links = link::of_draft(engine, workspace, agent).await?;
        Ok(Self {
            change,
            errors: InputErrors::new(),
            workspace,
            agent,
            channels: row.document.channels(),
            row,
            links,
        })
    }

    /// The draft's document, to be changed.
    pub const fn document(&mut self) -> &mut AgentDocument {
        &mut self.row.document
    }

    /// A binding of the draft, to be changed.
    pub fn binding(&mut self, id: BindingId) -> Result<&mut Binding, AppError> {
        let found = self.row.document.actions.iter_mut().find(|b| b.id == id);
        found.ok_or(AppError::NotFound("binding"))
    }

    /// The integrations of the actions that are linked without naming one.
    pub async fn places(
        &mut self,
        bindings: &[BindingInput],
    ) -> Result<BTreeMap<ActionId, IntegrationId>, AppError> {
        let links = bindings.iter().filter_map(|binding| binding.link);
        let mut unplaced: Vec<_> = links
            .filter(|link| link.integration_id.is_none())
            .map(|link| *link.action_id)
            .collect();
        unplaced.sort_unstable();
        unplaced.dedup();
        let rows = action::get_many(&mut self.change.engine(), self.workspace, &unplaced).await?;
        let places = rows.into_iter().map(|row| (row.id, row.integration_id));
        Ok(places.collect())
    }

    /// Checks the draft and writes it.
    pub async fn finish(mut self, operation: &str) -> Result<VersionRow, AppError> {
        check::document(&self.row.document, &mut self.errors);
        let engine = &mut self.change.engine();
        let linked: Vec<ActionId> = {
            let links = self.row.document.actions.iter().filter_map(Binding::link);
            let mut ids: Vec<_> = links.map(|link| link.action_id).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let actions = action::get_many(engine, self.workspace, &linked).await?;
        let actions = actions.into_iter().map(|row| (row.id, row)).collect();
        let document = &self.row.document;
        let names = check::links(document, &self.links, &actions, &mut self.errors);
        let named = self.row.document.channels();
        let kinds = integration::kinds(engine, self.workspace, &named).await?;
        let document = &self.row.document;
        check::channels(document, &self.channels, &kinds, &mut self.errors);
        if !self.errors.is_empty() {
            return Err(AppError::Invalid(self.errors.into_inner()));
        }
        check::names(&names, self.row.document.go_to_state)?;
        self.row.revision += 1;
        self.row.updated_at = self.change.now;
        write(&mut self.change, self.agent, &self.row).await?;
        let links = self.links();
        let engine = &mut self.change.engine();
        link::replace_draft(engine, self.workspace, self.agent, &links).await?;
        self.change
            .note(Entity::Agent, &self.agent.to_string(), operation)
            .await?;
        self.change.commit().await?;
        Ok(self.row)
    }

    /// The links as they are now. What a restored version expects of an action stays known for as
    /// long as the binding links that action.
    fn links(&self) -> Vec<DraftLink> {
        let bindings = self.row.document.actions.iter();
        bindings
            .filter_map(|binding| {
                let link = binding.link()?;
                let before = self.links.get(&binding.id);
                let before = before.filter(|old| old.link.action_id == link.action_id);
                Some(DraftLink {
                    binding: binding.id,
                    link: link.clone(),
                    expected: before.and_then(|old| old.expected),
                    reviewed: before.and_then(|old| old.reviewed.clone()),
                })
            })
            .collect()
    }
}

/// Writes a draft's document and what it refers to, but for its links.
pub async fn write(
    change: &mut ConfigChange<'_>,
    id: AgentId,
    row: &VersionRow,
) -> Result<(), AppError> {
    let (workspace, now) = (change.workspace(), change.now);
    let uses = row.document.secret_uses();
    origins::admit(change, uses.clone()).await?;
    let engine = &mut change.engine();
    let before = agent::version(engine, workspace, id, VersionRef::Draft).await?;
    let draft = Draft {
        document: &row.document,
        revision: row.revision,
        restored_from: row.restored_from,
    };
    agent::save_draft(engine, workspace, id, &draft, now).await?;
    let details = change.details();
    details.uses(&uses);
    details.differs(
        before.map(|before| json!(before.document)),
        Some(json!(row.document)),
    );
    let engine = &mut change.engine();
    refer(engine, workspace, id, VersionRef::Draft, &row.document).await
}

/// Notes the secrets and channels that a version's own actions refer to.
pub async fn refer(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    version: VersionRef,
    document: &AgentDocument,
) -> Result<(), AppError> {
    let source = Source::Agent(id, version);
    let channels = document.channels();
    secrets::refer(engine, workspace, &source, &document.secrets(), &channels).await
}
