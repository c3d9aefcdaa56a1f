//! Commands that work beside a running server.

use std::process::ExitCode;

use anyhow::Context as _;
use switchboard_app::api_keys::{NewKey, Which};
use switchboard_app::rows::ApiKeyRow;
use switchboard_app::{AppError, accounts, api_keys, restored, workspaces};
use switchboard_domain::account::EmailAddress;
use switchboard_domain::id::{ApiKeyId, WorkspaceId};
use switchboard_store::Db;

use crate::cli::{KeysCommand, UsersCommand, WorkspacesCommand};
use crate::say::say;
use crate::settings::Settings;
use crate::{system, wiring};

/// Who the audit log names for these commands.
const ACTOR: &str = "command line";

/// `switchboard keys ...`.
pub async fn keys(settings: &Settings, command: KeysCommand) -> anyhow::Result<ExitCode> {
    let context = system::context();
    let db = wiring::open_beside(settings).await?;
    match command {
        KeysCommand::Create {
            name,
            scope,
            workspace,
        } => {
            let workspace = find_workspace(&db, &workspace).await?;
            let new = NewKey {
                name,
                scope,
                expires_at: None,
            };
            let made = api_keys::create_in(&db, &context, workspace, ACTOR, &new).await;
            let (_, plain) = made.map_err(told)?;
            say!("{}", plain.expose());
        }
        KeysCommand::List { workspace } => {
            for (name, id) in chosen(&db, workspace).await? {
                for key in all_keys(&db, id).await? {
                    let state = if key.revoked_at.is_some() {
                        "revoked"
                    } else {
                        "active"
                    };
                    say!(
                        "{}\t{}\t{}\t{state}\t{name}\t{}",
                        key.id,
                        key.prefix,
                        key.scope,
                        key.name
                    );
                }
            }
        }
        KeysCommand::Revoke { key } => {
            let (workspace, id) = find_key(&db, &key).await?;
            api_keys::revoke_in(&db, &context, workspace, ACTOR, id).await?;
            say!("revoked {id}");
        }
    }
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `switchboard workspaces ...`.
pub async fn workspaces(
    settings: &Settings,
    command: WorkspacesCommand,
) -> anyhow::Result<ExitCode> {
    let context = system::context();
    let db = wiring::open_beside(settings).await?;
    match command {
        WorkspacesCommand::Create { name } => {
            let made = workspaces::create(&db, &context, &name).await;
            let made = made.map_err(told)?;
            say!("{}\t{}", made.id, made.name);
        }
        WorkspacesCommand::List => {
            for workspace in workspaces::list(&db).await? {
                say!("{}\t{}", workspace.id, workspace.name);
            }
        }
    }
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `switchboard users ...`.
pub async fn users(settings: &Settings, command: UsersCommand) -> anyhow::Result<ExitCode> {
    let context = system::context();
    let db = wiring::open_beside(settings).await?;
    match command {
        UsersCommand::ResetPassword { email } => {
            let email = EmailAddress::parse(&email)?;
            let password = accounts::reset_password(&db, &context, ACTOR, &email).await;
            let password = password.with_context(|| format!("{email} gets no new password"))?;
            say!("{}", *password);
        }
    }
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `switchboard restored`.
pub async fn restored(settings: &Settings, keep_keys: bool) -> anyhow::Result<ExitCode> {
    let context = system::context();
    let db = wiring::open_beside(settings).await?;
    let file = wiring::ended_file(settings);
    let ended = restored::begin_again(&db, &context, &file, ACTOR, keep_keys).await?;
    for id in &ended.keys {
        say!("revoked {id}");
    }
    say!(
        "{} sessions are ended and {} API keys revoked; members, roles and passwords are those of the backup",
        ended.sessions,
        ended.keys.len()
    );
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// `switchboard compact`.
pub async fn compact(settings: &Settings) -> anyhow::Result<ExitCode> {
    let done = switchboard_store::compact(&wiring::location(settings)).await?;
    say!(
        "the database took {} and takes {}; from now on it gives back what it does not use",
        room(done.before),
        room(done.after)
    );
    Ok(ExitCode::SUCCESS)
}

/// Bytes as people read them.
pub fn room(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// An error as a command says it: what is wrong with its input stands in no list beside it.
fn told(error: AppError) -> anyhow::Error {
    match error {
        AppError::Invalid(errors) => {
            let details: Vec<_> = errors.into_iter().map(|error| error.detail).collect();
            anyhow::anyhow!(details.join("; "))
        }
        error => error.into(),
    }
}

async fn find_workspace(db: &Db, name: &str) -> anyhow::Result<WorkspaceId> {
    let found = workspaces::by_name(db, name).await?;
    let found = found.with_context(|| {
        format!("there is no workspace named `{name}`; make it with `switchboard workspaces create {name}`")
    })?;
    Ok(found.id)
}

async fn chosen(db: &Db, name: Option<String>) -> anyhow::Result<Vec<(String, WorkspaceId)>> {
    if let Some(name) = name {
        let id = find_workspace(db, &name).await?;
        return Ok(vec![(name, id)]);
    }
    let all = workspaces::list(db).await?;
    Ok(all
        .into_iter()
        .map(|found| (found.name, found.id))
        .collect())
}

async fn all_keys(db: &Db, workspace: WorkspaceId) -> anyhow::Result<Vec<ApiKeyRow>> {
    let mut keys = vec![];
    let mut after = None;
    loop {
        let page = api_keys::list(db, workspace, Which::default(), after, 200).await?;
        after = page.rows.last().map(|key| key.id);
        keys.extend(page.rows);
        if !page.more {
            return Ok(keys);
        }
    }
}

/// A key by its id or by how its text starts.
async fn find_key(db: &Db, text: &str) -> anyhow::Result<(WorkspaceId, ApiKeyId)> {
    for (_, workspace) in chosen(db, None).await? {
        for key in all_keys(db, workspace).await? {
            if key.revoked_at.is_none() && (key.prefix == text || key.id.to_string() == text) {
                return Ok((workspace, key.id));
            }
        }
    }
    anyhow::bail!("there is no active key `{text}`; `switchboard keys list` shows which there are")
}
