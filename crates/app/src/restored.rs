//! What a database that is put back from a backup must not bring back: keys that were revoked since, and
//! sessions that were ended.
//!
//! A database cannot tell that it is an older one. So each server keeps a file outside of it that says
//! how often something was ended, and which keys were revoked. A database that has not come as far as
//! the file was put back: the keys are revoked again, by their ids, and all sessions end. Nobody is
//! locked out who was not before, also where the file were wrong: a revoked key is revoked for good, and
//! people sign in again. Of what happened while no server ran, or on a machine that is gone, no file
//! tells; then whoever put the database back says so ([`begin_again`]).

use std::collections::HashSet;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_domain::id::{ApiKeyId, WorkspaceId};
use switchboard_store::ended::{self, Mark};
use switchboard_store::{Db, Lane, workspace};
use uuid::Uuid;

use switchboard_accounts::api_keys;
use switchboard_operation::audit::{Details, row as audit_row};
use switchboard_operation::{AppError, By, Context};

use crate::App;

/// How often it is looked whether something was ended.
const LOOK: Duration = Duration::from_secs(1);
/// How many revoked keys are remembered, the latest.
const REMEMBERED: u32 = 10_000;
/// Who ends what came back, for the audit log.
const ACTOR: &str = "system";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    /// Of which database.
    database: Uuid,
    /// How often something was ended in it.
    count: u64,
    /// The keys that were revoked, each after its workspace.
    revoked_keys: HashSet<Key>,
}

/// A key, after its workspace.
type Key = (WorkspaceId, ApiKeyId);

impl Known {
    const fn mark(&self) -> Mark {
        Mark {
            database: self.database,
            count: self.count,
        }
    }
}

/// What was ended again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ended {
    /// Sessions.
    pub sessions: u64,
    /// API keys.
    pub keys: Vec<ApiKeyId>,
}

/// The file. One that cannot be read says nothing, which is told.
fn read(path: &Path) -> Option<Known> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the file of what was ended cannot be read and is made again");
            return None;
        }
    };
    let known = serde_json::from_str(&text);
    if let Err(error) = &known {
        tracing::warn!(path = %path.display(), %error, "the file of what was ended cannot be read and is made again");
    }
    known.ok()
}

/// Replaces the file, whole or not at all.
fn write(path: &Path, known: &Known) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = std::fs::File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(serde_json::to_string(known)?.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

async fn mark(db: &Db) -> Result<Mark, AppError> {
    let mut conn = db.read_in(Lane::Background).await?;
    Ok(ended::mark(&mut conn.engine()).await?)
}

/// Compares a database with its file, before anybody is served and from time to time after it: ends
/// what came back, and brings the file up to date. Answers what was ended.
pub async fn compare(db: &Db, context: &Context, path: &Path) -> Result<Option<Ended>, AppError> {
    let known = read(path);
    let before = mark(db).await?;
    let ended = match &known {
        Some(known) if known.database != before.database => {
            tracing::warn!(
                path = %path.display(),
                "this data directory was used with another database before; if this one was put back from a backup, run `switchboard restored`"
            );
            None
        }
        Some(known) if known.count > before.count => Some(end_again(db, context, known).await?),
        _ => None,
    };
    if let Some(ended) = &ended {
        tracing::warn!(
            keys = ended.keys.len(),
            sessions = ended.sessions,
            "the database is older than this server remembers it, so it was put back from a backup: the keys that had been revoked since are revoked again, and all sessions are ended"
        );
    }
    remember(db, path, known).await?;
    Ok(ended)
}

async fn remember(db: &Db, path: &Path, before: Option<Known>) -> Result<(), AppError> {
    let mut conn = db.read_in(Lane::Background).await?;
    let engine = &mut conn.engine();
    // The mark first: the keys may be newer than it, and never older.
    let mark = ended::mark(engine).await?;
    if before.as_ref().is_some_and(|before| before.mark() == mark) {
        return Ok(());
    }
    let revoked_keys = ended::revoked_keys(engine, REMEMBERED).await?;
    let revoked_keys = revoked_keys.into_iter().collect();
    drop(conn);
    let known = Known {
        database: mark.database,
        count: mark.count,
        revoked_keys,
    };
    let to = path.to_owned();
    let written = tokio::task::spawn_blocking(move || write(&to, &known)).await;
    let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    if let Err(error) = written {
        tracing::warn!(path = %path.display(), %error, "what was ended is not remembered outside of the database");
    }
    Ok(())
}

async fn end_again(db: &Db, context: &Context, known: &Known) -> Result<Ended, AppError> {
    let keys = active_keys(db).await?;
    let keys = keys.filter(|key| known.revoked_keys.contains(key));
    Ok(Ended {
        keys: revoke(db, context, ACTOR, keys).await?,
        sessions: end_sessions(db, context, ACTOR, known.count + 1).await?,
    })
}

async fn active_keys(db: &Db) -> Result<impl Iterator<Item = Key>, AppError> {
    let mut conn = db.read_in(Lane::Background).await?;
    Ok(ended::active_keys(&mut conn.engine()).await?.into_iter())
}

async fn revoke(
    db: &Db,
    context: &Context,
    actor: &str,
    keys: impl Iterator<Item = Key>,
) -> Result<Vec<ApiKeyId>, AppError> {
    let mut revoked = vec![];
    for (workspace, id) in keys {
        match api_keys::revoke_in(db, context, workspace, actor, id).await {
            Ok(()) => revoked.push(id),
            // Somebody else was first.
            Err(AppError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(revoked)
}

async fn end_sessions(
    db: &Db,
    context: &Context,
    actor: &str,
    count: u64,
) -> Result<u64, AppError> {
    let mut tx = db.write_in(Lane::Background).await?;
    let engine = &mut tx.engine();
    let sessions = ended::all_sessions(engine, context.now()).await?;
    let by = By::from(actor);
    for found in workspace::list(engine).await? {
        let what = ("session.end_all", "session", "all");
        let row = audit_row(context, &by, what, Details::default());
        switchboard_store::audit::insert(engine, found.id, &row).await?;
    }
    ended::count_from(engine, count).await?;
    tx.commit().await?;
    Ok(sessions)
}

/// Ends all sessions and revokes all API keys, of which nobody can know whether they had been revoked:
/// for a database that was put back. Where keys are kept, those are revoked of which the file says that
/// they had been.
pub async fn begin_again(
    db: &Db,
    context: &Context,
    path: &Path,
    actor: &str,
    keep_keys: bool,
) -> Result<Ended, AppError> {
    let known = read(path);
    let mark = mark(db).await?;
    let of_file = known.filter(|known| known.database == mark.database);
    let count = of_file.as_ref().map_or(0, |known| known.count);
    let known: HashSet<Key> = of_file
        .into_iter()
        .flat_map(|known| known.revoked_keys)
        .collect();
    let keys = active_keys(db).await?;
    let keys = keys.filter(|key| !keep_keys || known.contains(key));
    let keys = revoke(db, context, actor, keys).await?;
    // Ahead of what this server remembers of the time before.
    let least = self::mark(db).await?.count.max(count) + 1;
    let sessions = end_sessions(db, context, actor, least).await?;
    remember(db, path, None).await?;
    Ok(Ended { sessions, keys })
}

/// Keeps the file up to date, and notices a database that is put back under a running server.
pub(crate) async fn keep_remembering(app: Arc<App>) {
    let Some(path) = app.ended_file.clone() else {
        return;
    };
    let mut timer = app.context.every(LOOK);
    let mut last = None;
    let mut is_told = false;
    loop {
        timer.tick().await;
        match look(&app, &path, last).await {
            Ok(mark) => {
                last = Some(mark);
                is_told = false;
            }
            Err(error) if !is_told => {
                is_told = true;
                tracing::warn!(%error, "what was ended could not be read; it is read again");
            }
            Err(_) => {}
        }
    }
}

async fn look(app: &App, path: &Path, last: Option<Mark>) -> Result<Mark, AppError> {
    let now = mark(&app.db).await?;
    if last == Some(now) {
        return Ok(now);
    }
    if compare(&app.db, &app.context, path).await?.is_some() {
        app.runtime.catalog().look_soon();
        app.accounts.sessions_changed();
    }
    Ok(now)
}
