//! The audit log.

use std::collections::HashMap;
use std::time::Duration;

use moka::sync::Cache;
use serde_json::{Value, json};
use switchboard_domain::difference::difference;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{AuditId, UserId, WorkspaceId};
use switchboard_domain::secret_use::SecretUse;
use switchboard_store::audit::{self, AuditRow, More};
use switchboard_store::membership;

use crate::accounts::names::{self, Name};
use crate::{Administration, App, AppError, By, Context, Page, Principal, Reader};

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

/// What an entry tells beyond who did what to which thing. Nothing of it is a secret's value.
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// The environment it was done in.
    pub environment: Option<Environment>,
    /// The names of the secrets it used or concerned.
    pub secrets: Vec<String>,
    /// Where they went.
    pub destination: Option<String>,
    /// What the thing was before.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Option<Value>,
}

impl Details {
    /// What the thing was and what it is.
    pub fn differs(&mut self, before: Option<Value>, after: Option<Value>) {
        (self.before, self.after) = (before, after);
    }

    /// The secrets that are used, and where they go.
    pub fn uses(&mut self, uses: &[SecretUse]) {
        let mut origins: Vec<&str> = uses.iter().map(|found| &*found.origin).collect();
        origins.sort_unstable();
        origins.dedup();
        self.destination = (!origins.is_empty()).then(|| origins.join(" "));
        self.secrets = uses.iter().map(|found| found.secret.to_string()).collect();
        self.secrets.sort();
        self.secrets.dedup();
    }
}

/// An entry: `what` is the operation, the kind of thing, and which one.
pub(crate) fn row(
    context: &Context,
    by: &By,
    (operation, entity, entity_id): (&str, &str, &str),
    details: Details,
) -> AuditRow {
    let (before, after) = match (details.before, details.after) {
        (Some(before), Some(after)) => {
            let (before, after) = difference(&before, &after);
            (Some(before), Some(after))
        }
        (before, after) => {
            let told = |value: Value| difference(&Value::Null, &value).1;
            (before.map(told), after.map(told))
        }
    };
    let request = by.request();
    AuditRow {
        id: AuditId::from_uuid(context.uuid()),
        at: context.now(),
        actor: by.to_string(),
        operation: operation.to_owned(),
        entity: entity.to_owned(),
        entity_id: entity_id.to_owned(),
        more: More {
            environment: details.environment.map(|found| found.to_string()),
            secrets: details.secrets,
            destination: details.destination,
            address: request.and_then(|request| Some(request.address?.to_string())),
            request_id: request.map(|request| request.id.clone()),
            before: before.map(|value| value.to_string()),
            after: after.map(|value| value.to_string()),
        },
    }
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
    app: &App,
    principal: &Principal,
    code: &str,
    request: &str,
    details: Details,
) -> Result<(), AppError> {
    let by = principal.by();
    let key = format!("{} {by} {code} {request}", principal.workspace, by = &*by);
    if !app.refusals.0.entry(key).or_insert(()).is_fresh() {
        return Ok(());
    }
    let details = Details {
        after: Some(json!({ "code": code, "request": request })),
        ..details
    };
    let id = by.request().map_or("", |request| &*request.id).to_owned();
    let what = ("request.refuse", "request", &*id);
    let row = row(&app.context, &by, what, details);
    let mut tx = app.db.write().await?;
    audit::insert(&mut tx.engine(), principal.workspace, &row).await?;
    Ok(tx.commit().await?)
}

/// Notes in every workspace of an account that somebody tried to sign in as its person.
pub async fn sign_in_failed(app: &App, user: UserId, by: By) -> Result<(), AppError> {
    let mut tx = app.db.write().await?;
    let engine = &mut tx.engine();
    let id = user.to_string();
    for own in membership::of_user(engine, user).await? {
        let what = ("session.refuse", "user", &*id);
        let row = row(&app.context, &by, what, Details::default());
        audit::insert(engine, own.workspace, &row).await?;
    }
    Ok(tx.commit().await?)
}

/// Notes that somebody signed in.
pub async fn signed_in(
    app: &App,
    workspace: WorkspaceId,
    user: UserId,
    by: By,
) -> Result<(), AppError> {
    let id = user.to_string();
    let what = ("session.create", "user", &*id);
    let row = row(&app.context, &by, what, Details::default());
    let mut tx = app.db.write().await?;
    audit::insert(&mut tx.engine(), workspace, &row).await?;
    Ok(tx.commit().await?)
}

/// Who is named where nobody is known to be there.
pub fn nobody() -> By {
    By::from(NOBODY)
}

/// A page of the audit log, the newest entry first.
pub async fn list(
    app: &App,
    reader: &Reader<Administration>,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Page<AuditEntry>, AppError> {
    let mut conn = app.db.read().await?;
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
