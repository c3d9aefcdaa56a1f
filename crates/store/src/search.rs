//! Finding things and people by what they are called and described by.
//!
//! What is looked through lies apart from the things themselves, in lower case, so that a search
//! reads little of each.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sqlx::AssertSqlSafe;
use switchboard_domain::id::WorkspaceId;
use uuid::Uuid;

use crate::dialect::{self, Rows};
use crate::engine::{Engine, on};
use crate::error::StoreError;
use crate::page::{Listing, Page};
pub use crate::words::Search;

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Integrations.
    Integration,
    /// Actions, of one integration or of all.
    Action(Option<Uuid>),
    /// Agents.
    Agent,
    /// Members of a workspace, by their person's id.
    Member,
    /// API keys.
    ApiKey,
}

impl Found {
    const fn kind(self) -> &'static str {
        match self {
            Self::Integration => "integration",
            Self::Action(_) => "action",
            Self::Agent => "agent",
            Self::Member => "member",
            Self::ApiKey => "api_key",
        }
    }

    /// What holds for them alone, as a condition on their table with the integration as `$4`.
    const fn condition(self) -> &'static str {
        match self {
            Self::Action(Some(_)) => "integration_id = $4",
            _ => "$4 IS NULL",
        }
    }

    const fn under(self) -> Option<Uuid> {
        match self {
            Self::Action(integration) => integration,
            _ => None,
        }
    }
}

/// Keeps what a thing is found by; nothing of it where it was deleted.
pub(crate) async fn keep(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    thing: (Found, Uuid),
    texts: Option<[&str; 2]>,
) -> Result<(), StoreError> {
    let (found, id) = thing;
    let Some(texts) = texts else {
        on!(engine, conn => sqlx::query(
            "DELETE FROM search WHERE workspace_id = $1 AND kind = $2 AND id = $3",
        )
        .bind(workspace.uuid()).bind(found.kind()).bind(id)
        .execute(conn).await.map(drop))?;
        return Ok(());
    };
    on!(engine, conn => sqlx::query(
        "INSERT INTO search (workspace_id, kind, id, under_id, text) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (workspace_id, kind, id) DO UPDATE SET under_id = excluded.under_id, text = excluded.text",
    )
    .bind(workspace.uuid()).bind(found.kind()).bind(id).bind(found.under())
    .bind(texts.join(" ").to_lowercase())
    .execute(conn).await.map(drop))?;
    Ok(())
}

/// The condition that a column with ids names what has all the words, which are bound from this number
/// on; the workspace is `$1`.
pub(crate) fn among(
    engine: &Engine<'_>,
    column: &str,
    found: Found,
    search: &Search,
    first: usize,
) -> String {
    let (kind, words) = (found.kind(), search.condition(engine, "text", first));
    format!(
        "{column} IN (SELECT id FROM search WHERE workspace_id = $1 AND kind = '{kind}' AND {words})"
    )
}

/// A page of things that are not deleted. `select` reads their table, with the workspace as `$1`; of
/// those that are named or found, `is_one` says which belong to the list.
pub(crate) async fn page<R: Rows>(
    engine: &mut Engine<'_>,
    select: &str,
    workspace: WorkspaceId,
    found: Found,
    listing: &Listing<impl Copy + Into<Uuid>>,
    is_one: impl Fn(&R) -> bool,
) -> Result<Page<R>, StoreError> {
    let rows = if let Some(ids) = ids(engine, workspace, found, listing).await? {
        let select = format!("{select} AND deleted_at IS NULL");
        let mut rows = named(engine, &select, workspace, &ids).await?;
        rows.retain(is_one);
        rows
    } else {
        let after = listing.after.map_or(Uuid::nil(), Into::into);
        let of = found.condition();
        let sql =
            format!("{select} AND id > $2 AND deleted_at IS NULL AND {of} ORDER BY id LIMIT $3");
        on!(engine, conn => sqlx::query_as(AssertSqlSafe(sql))
            .bind(workspace.uuid()).bind(after).bind(i64::from(listing.limit) + 1).bind(found.under())
            .fetch_all(conn).await)?
    };
    Ok(Page::cut(rows, listing.limit))
}

/// A page of things that are known by their name alone, by name. `select` reads their table.
pub(crate) async fn page_by_name<R: Rows, Name: ToString>(
    engine: &mut Engine<'_>,
    select: &str,
    workspace: WorkspaceId,
    listing: &Listing<Name>,
) -> Result<Page<R>, StoreError> {
    let after = listing
        .after
        .as_ref()
        .map_or_else(String::new, ToString::to_string);
    let words = listing.search.as_ref().map_or(&[][..], Search::words);
    let mut sql = format!("{select} WHERE workspace_id = $1 AND name > $2");
    if let Some(search) = &listing.search {
        let _ = write!(sql, " AND {}", search.condition(engine, "lower(name)", 4));
    }
    let names = listing.ids.as_ref();
    let names: Option<Vec<String>> =
        names.map(|names| names.iter().map(ToString::to_string).collect());
    if names.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Page::cut(vec![], listing.limit));
    }
    if let Some(names) = &names {
        let list = dialect::placeholders(4 + words.len(), names.len());
        let _ = write!(sql, " AND name IN ({list})");
    }
    sql.push_str(" ORDER BY name LIMIT $3");
    let rows: Vec<R> = on!(engine, conn => {
        let mut query = sqlx::query_as(AssertSqlSafe(sql))
            .bind(workspace.uuid()).bind(after).bind(i64::from(listing.limit) + 1);
        for text in words.iter().chain(names.iter().flatten()) {
            query = query.bind(text);
        }
        query.fetch_all(conn).await
    })?;
    Ok(Page::cut(rows, listing.limit))
}

/// The things of these ids, in the order they were made; ids that name none are left out.
pub(crate) async fn named<R: Rows>(
    engine: &mut Engine<'_>,
    select: &str,
    workspace: WorkspaceId,
    ids: &[Uuid],
) -> Result<Vec<R>, StoreError> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let head = format!("{select} AND id IN");
    dialect::in_chunks(engine, &head, " ORDER BY id", workspace, &ids).await
}

/// The ids of a page, and one more where there are more, where they follow from a search or from the
/// ids that are asked for; none where the page is simply the next one.
async fn ids(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    found: Found,
    listing: &Listing<impl Copy + Into<Uuid>>,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    let after = listing.after.map_or(Uuid::nil(), Into::into);
    let named = listing.ids.as_ref().map(|ids| {
        let ids: BTreeSet<Uuid> = ids.iter().map(|id| (*id).into()).collect();
        let rest = ids.into_iter().filter(|id| *id > after);
        rest.collect::<Vec<_>>()
    });
    let Some(search) = &listing.search else {
        return Ok(named);
    };
    // PostgreSQL takes no empty list.
    if named.as_ref().is_some_and(Vec::is_empty) {
        return Ok(named);
    }
    let found = matching(
        engine,
        workspace,
        found,
        search,
        after,
        listing.limit,
        named,
    );
    Ok(Some(found.await?))
}

/// The ids of what is found after one, of all or of those that are named, and one more than the limit
/// where there are more.
async fn matching(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    found: Found,
    search: &Search,
    after: Uuid,
    limit: u32,
    named: Option<Vec<Uuid>>,
) -> Result<Vec<Uuid>, StoreError> {
    let words = search.condition(engine, "text", 6);
    let those = named.as_ref().map_or_else(String::new, |named| {
        let list = dialect::placeholders(6 + search.words().len(), named.len());
        format!(" AND id IN ({list})")
    });
    let sql = format!(
        "SELECT id FROM search WHERE workspace_id = $1 AND kind = $2 AND id > $3 \
         AND ($4 IS NULL OR under_id = $4) AND {words}{those} ORDER BY id LIMIT $5"
    );
    Ok(on!(engine, conn => {
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(workspace.uuid()).bind(found.kind()).bind(after).bind(found.under())
            .bind(i64::from(limit) + 1);
        for word in search.words() {
            query = query.bind(word);
        }
        for id in named.into_iter().flatten() {
            query = query.bind(id);
        }
        query.fetch_all(conn).await
    })?)
}
