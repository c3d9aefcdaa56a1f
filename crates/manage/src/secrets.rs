//! Secrets: write-only credentials, one value per environment.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use switchboard_contract::Patch;
use switchboard_contract::problem::Details;
use switchboard_contract::secrets::{SecretInput, User, UserKind};
use switchboard_domain::environment::Environment;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{IntegrationId, WorkspaceId};
use switchboard_domain::input::InputErrors;
use switchboard_domain::limits::{MAX_ORIGINS, MAX_SECRET_BYTES};
use switchboard_domain::name::SecretName;
use switchboard_domain::secret_use::parse_origin;
use switchboard_store::Engine;
use switchboard_store::change::Entity;
use switchboard_store::reference::{self, Source, Target};
use switchboard_store::secret::{self, SealedValueRow, SecretRow};
use switchboard_vault::{Binding, SecretText};

use crate::Manage;
use crate::change::ConfigChange;
use crate::impact::{self, Outcome, Report};
use switchboard_operation::{AppError, Configuration, Listing, Manager, Page, Reader};

/// What uses a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUser {
    /// What it is.
    pub kind: UserKind,
    /// Its id.
    pub id: String,
}

impl From<Source> for SecretUser {
    fn from(source: Source) -> Self {
        let kind = match source {
            Source::Integration(_) => UserKind::Integration,
            Source::Action(_) => UserKind::Action,
            Source::Agent(..) => UserKind::Agent,
        };
        let id = source.id();
        Self { kind, id }
    }
}

impl From<&SecretUser> for User {
    fn from(user: &SecretUser) -> Self {
        Self {
            kind: user.kind,
            id: user.id.clone(),
        }
    }
}

/// A secret as it is shown.
#[derive(Debug, Clone)]
pub struct SecretView {
    /// Its name and revision.
    pub row: SecretRow,
    /// The environments it has a value in.
    pub environments: Vec<Environment>,
    /// What uses it.
    pub used_by: Vec<SecretUser>,
}

/// A page of secrets, by name.
pub async fn list(
    manage: &Manage,
    reader: &Reader<Configuration>,
    listing: &Listing<SecretName>,
) -> Result<Page<SecretView>, AppError> {
    let workspace = reader.workspace();
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    let Page { rows, more } = secret::list(engine, workspace, listing).await?;
    let rows = views(engine, workspace, rows).await?;
    Ok(Page { rows, more })
}

/// Secrets as they are shown: read together what is read of each.
async fn views(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    rows: Vec<SecretRow>,
) -> Result<Vec<SecretView>, AppError> {
    let names: Vec<_> = rows.iter().map(|row| row.name.clone()).collect();
    let mut environments = secret::environments(engine, workspace, &names).await?;
    let mut users: BTreeMap<SecretName, Vec<SecretUser>> = BTreeMap::new();
    for (name, source) in reference::to_secrets(engine, workspace, &names).await? {
        let (user, users) = (SecretUser::from(source), users.entry(name).or_default());
        // They are in order, so one with several versions stands beside itself.
        if users.last() != Some(&user) {
            users.push(user);
        }
    }
    let view = |row: SecretRow| SecretView {
        environments: environments.remove(&row.name).unwrap_or_default(),
        used_by: users.remove(&row.name).unwrap_or_default(),
        row,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Sets values of a secret, making it where it is new. The values are sealed at once.
pub async fn put(
    manage: &Manage,
    manager: &Manager,
    name: &SecretName,
    input: SecretInput,
) -> Result<(SecretView, bool), AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let now = change.now;
    let before = secret::get(&mut change.engine(), workspace, name).await?;
    let created = before.is_none();
    let mut row = secret::upsert(&mut change.engine(), workspace, name, now).await?;
    let was = match &before {
        None => None,
        Some(before) => Some(view(&mut change.engine(), workspace, before.clone()).await?),
    };
    if let Some(given) = input.allowed_origins {
        let given = parse_origins(&given)?;
        if given != row.allowed_origins {
            // Who could take the list away could send the secret anywhere.
            if !created && !manager.administers() {
                return Err(manager.needs_admin());
            }
            let engine = &mut change.engine();
            secret::set_origins(engine, workspace, name, &given, now).await?;
            row = secret::get(engine, workspace, name).await?.unwrap_or(row);
        }
    }
    let used_by = users(&mut change.engine(), workspace, name).await?;
    let is_used = !used_by.is_empty();
    let mut values_set = vec![];
    for (environment, value) in input.values.into_each() {
        match value {
            Patch::Keep => {}
            Patch::Clear => {
                secret::clear_value(&mut change.engine(), workspace, name, environment).await?;
            }
            Patch::Set(text) => {
                let text = acceptable(&text, is_used)
                    .map_err(|why| AppError::invalid(format!("/values/{environment}"), why))?;
                values_set.push(environment);
                let sealed = manage.keys.seal(
                    Binding {
                        workspace: workspace.uuid(),
                        row: name.as_str(),
                        environment: environment.as_str(),
                    },
                    &SecretText::new(text.to_owned()),
                    &|buffer: &mut [u8]| manage.context.fill(buffer),
                )?;
                let value = SealedValueRow {
                    name: name.clone(),
                    environment,
                    key_id: sealed.key_id,
                    sealed: sealed.bytes,
                };
                secret::set_value(&mut change.engine(), workspace, &value).await?;
            }
        }
    }
    let view = view(&mut change.engine(), workspace, row).await?;
    let operation = if created {
        "secret.create"
    } else {
        "secret.update"
    };
    let details = change.details();
    details.secrets = vec![name.to_string()];
    let mut after = shown(&view);
    after["values_set"] = json!(values_set);
    details.differs(was.as_ref().map(shown), Some(after));
    change
        .note(Entity::Secret, name.as_str(), operation)
        .await?;
    change.commit().await?;
    Ok((view, created))
}

/// What the audit log tells of a secret.
fn shown(view: &SecretView) -> serde_json::Value {
    json!({"environments": view.environments, "allowed_origins": view.row.allowed_origins})
}

/// A value as it is kept: without the spaces and line breaks around it, which come from copying. All
/// that uses a secret today puts it into a header, a URL or a form, where no control character can
/// stand; the lines of a key are for what signs with it.
fn acceptable(text: &str, is_used: bool) -> Result<&str, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_SECRET_BYTES {
        return Err(format!(
            "a value has 1 to {MAX_SECRET_BYTES} bytes; null removes it"
        ));
    }
    if is_used && text.chars().any(char::is_control) {
        return Err(
            "this secret is sent in headers or URLs, where no line break or other control character can stand; take it out of the value"
                .to_owned(),
        );
    }
    Ok(text)
}

/// The origins that a secret is to be allowed for.
fn parse_origins(given: &[String]) -> Result<Vec<String>, AppError> {
    let mut errors = InputErrors::new();
    let mut origins: Vec<String> = vec![];
    if given.len() > MAX_ORIGINS {
        errors.push(
            "/allowed_origins",
            format!("a secret has at most {MAX_ORIGINS} origins"),
        );
    }
    for (index, text) in given.iter().enumerate() {
        let pointer = format!("/allowed_origins/{index}");
        if let Some(origin) = errors.check(pointer, parse_origin(text))
            && !origins.contains(&origin)
        {
            origins.push(origin);
        }
    }
    errors.finish(origins).map_err(AppError::Invalid)
}

async fn view(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    row: SecretRow,
) -> Result<SecretView, AppError> {
    let mut views = views(engine, workspace, vec![row]).await?;
    views.pop().ok_or(AppError::NotFound("secret"))
}

async fn users(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    name: &SecretName,
) -> Result<Vec<SecretUser>, AppError> {
    let target = Target::Secret(name.clone());
    let sources = reference::sources(engine, workspace, &target).await?;
    let mut users: Vec<_> = sources.into_iter().map(SecretUser::from).collect();
    users.dedup();
    Ok(users)
}

/// Deletes a secret. Refused with the list of its users while it has any, unless forced.
pub async fn delete(
    manage: &Manage,
    manager: &Manager,
    name: &SecretName,
    force: bool,
    dry_run: bool,
) -> Result<Outcome<()>, AppError> {
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let users = users(&mut change.engine(), workspace, name).await?;
    if !secret::delete(&mut change.engine(), workspace, name).await? {
        return Err(AppError::NotFound("secret"));
    }
    let refusal = (!users.is_empty() && !force).then(|| in_use(name, &users));
    if dry_run {
        let affected = impact::of_secret(&mut change.engine(), workspace, name).await?;
        return Ok(Outcome::WouldBe(Report { affected, refusal }));
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    change
        .note(Entity::Secret, name.as_str(), "secret.delete")
        .await?;
    change.commit().await?;
    Ok(Outcome::Done(()))
}

fn in_use(name: &SecretName, users: &[SecretUser]) -> AppError {
    let details = Details {
        used_by: Some(users.iter().map(Into::into).collect()),
        ..Details::default()
    };
    AppError::Conflict {
        code: ErrorCode::SecretInUse,
        message: format!(
            "the secret `{name}` is used in {} places, whose calls would fail; remove it there, or delete it with ?force=true",
            users.len()
        ),
        errors: vec![],
        details: Some(Box::new(details)),
    }
}

/// Replaces the secrets and messaging channels that a source refers to.
pub(crate) async fn refer(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    source: &Source,
    secrets: &[&SecretName],
    channels: &BTreeSet<IntegrationId>,
) -> Result<(), AppError> {
    let secrets = secrets.iter().map(|name| Target::Secret((*name).clone()));
    let channels = channels.iter().map(|id| Target::Channel(*id));
    let targets: Vec<Target> = secrets.chain(channels).collect();
    reference::replace(engine, workspace, source, &targets).await?;
    Ok(())
}
