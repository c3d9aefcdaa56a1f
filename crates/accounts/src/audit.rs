//! The audit log.

use std::collections::HashMap;
use std::time::Duration;

use moka::sync::Cache;
use serde_json::json;
use switchboard_domain::id::{AuditId, UserId, WorkspaceId};
use switchboard_operation::audit::{Details, row};
use switchboard_operation::{Administration, AppError, By, Context, Page, Principal, Reader};
use switchboard_store::audit::{self, AuditRow};
use switchboard_store::{Engine, membership};

use crate::Accounts;
use crate::names::{self, Name};

/// Who is named where nobody is known to be there.
const NOBODY: &str = "nobody";
/// How often the same refusal of the same actor is noted at most.
const AGAIN_AFTER: Duration = Duration::from_mins(1);
/// How many refusals are remembered for that.
const REMEMBERED: u64 = 10_000;

/// An entry of the log, with what its actor is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The entry.
    pub row: AuditRow,
    /// Who did it; none for `command line` and for who is not known any more.
    pub actor: Option<Name>,
}

/// What was refused lately.
#[derive(Debug)]
pub(crate) struct Refusals(Cache<String, ()>);

impl Default for Refusals {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(AGAIN_AFTER)
                .build(),
        )
    }
}

/// Notes that somebody was refused what they asked for. The same is noted once a minute, so that
/// nobody fills the log.
pub async fn refused(
    accounts: &Accounts,
    principal: &Principal,
    code: &str,
    request: &str,
    details: Details,
) -> Result<(), AppError> {
    let by = principal.by();
    let key = format!("{} {by} {code} {request}", principal.workspace, by = &*by);
    if !accounts.refusals.0.entry(key).or_insert(()).is_fresh() {
        return Ok(());
    }
    let details = Details {
        after: Some(json!({ "code": code, "request": request })),
        ..details
    };
    let id = by.request().map_or("", |request| &*request.id).to_owned();
    let what = ("request.refuse", "request", &*id);
    let row = row(&accounts.context, &by, what, details);
    let mut tx = accounts.db.write().await?;
    audit::insert(&mut tx.engine(), principal.workspace, &row).await?;
    Ok(tx.commit().await?)
}

/// Notes in every workspace of an account that somebody tried to sign in as its person.
pub async fn sign_in_failed(accounts: &Accounts, user: UserId, by: By) -> Result<(), AppError> {
    let mut tx = accounts.db.write().await?;
    let engine = &mut tx.engine();
    let id = user.to_string();
    for own in membership::of_user(engine, user).await? {
        let what = ("session.refuse", "user", &*id);
        let row = row(&accounts.context, &by, what, Details::default());
        audit::insert(engine, own.workspace, &row).await?;
    }
    Ok(tx.commit().await?)
}

/// Notes that somebody signed in.
pub async fn signed_in(
    accounts: &Accounts,
    workspace: WorkspaceId,
    user: UserId,
    by: By,
) -> Result<(), AppError> {
    let id = user.to_string();
    let what = ("session.create", "user", &*id);
    let row = row(&accounts.context, &by, what, Details::default());
    let mut tx = accounts.db.write().await?;
    audit::insert(&mut tx.engine(), workspace, &row).await?;
    Ok(tx.commit().await?)
}

/// Who is named where nobody is known to be there.
pub fn nobody() -> By {
    By::from(NOBODY)
}

/// A page of the audit log, the newest entry first.
pub async fn list(
    accounts: &Accounts,
    reader: &Reader<Administration>,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Page<AuditEntry>, AppError> {
    let mut conn = accounts.db.read().await?;
    let engine = &mut conn.engine();
    let page = audit::list(engine, reader.workspace(), before, limit).await?;
    let mut known: HashMap<String, Option<Name>> = HashMap::new();
    for row in &page.rows {
        if !known.contains_key(&row.actor) {
            let name = names::of(engine, reader.workspace(), &row.actor).await?;
            known.insert(row.actor.clone(), name);
        }
    }
    page.try_map(|row| {
        let actor = known.get(&row.actor).cloned().flatten();
        Ok(AuditEntry { row, actor })
    })
}

/// Notes in the audit log what was changed. People are no part of what the catalog serves, so that
/// is not told of it.
pub(crate) async fn note(
    engine: &mut Engine<'_>,
    context: &Context,
    workspace: WorkspaceId,
    by: impl Into<By>,
    operation: &str,
    entity_id: &str,
) -> Result<(), AppError> {
    let entity = operation.split('.').next().unwrap_or_default();
    let what = (operation, entity, entity_id);
    let row = row(context, &by.into(), what, Details::default());
    Ok(audit::insert(engine, workspace, &row).await?)
}
