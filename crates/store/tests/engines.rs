//! Both databases have the same tables, and every statement works on both.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use switchboard_domain::agent::{AgentDocument, Link, LockedVersion, VersionRef};
use switchboard_domain::conversation::{Conversation, ConversationKey, Phase, Status};
use switchboard_domain::environment::{Environment, PerEnvironment};
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{
    ActionId, AgentId, ApiKeyId, AuditId, BindingId, CallId, ConversationId, EventId, InstanceId,
    IntegrationId, WorkspaceId,
};
use switchboard_domain::integration::{Discovery, IntegrationKind};
use switchboard_domain::name::{ActionName, SecretName, VariableName};
use switchboard_domain::scope::Scope;
use switchboard_store::action_revision::{self, ActionChange};
use switchboard_store::batch::{self, Batch};
use switchboard_store::change::Entity;
use switchboard_store::journal::{CallKey, CallRow, EventRow};
use switchboard_store::link::{self, DraftLink, Linking};
use switchboard_store::reference::{Source, Target};
use switchboard_store::search::Search;
use switchboard_store::{
    Db, Engine, Listing, StoreError, action, agent, api_key, audit, change, conversation, event,
    instance, integration, journal, reference, secret, variable, version, workspace,
};
use switchboard_testkit::{TestDatabase, on_both_databases};
use uuid::Uuid;

use crate::opened::open;

on_both_databases!(
    every_statement_works,
    concurrent_changes_of_a_workspace_wait_for_each_other,
    a_batch_is_written_whole_or_not_at_all,
    locked_versions_are_locked_in_the_database,
);

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap()
}

const WORKSPACE: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(1));
const CONVERSATION: ConversationId = ConversationId::from_uuid(Uuid::from_u128(2));

async fn with_workspace(db: &Db) {
    let mut tx = db.write().await.unwrap();
    workspace::insert(&mut tx.engine(), WORKSPACE, "w", now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// SQLite rolls back by itself where its disk is full, and then there is nothing to roll back.
#[tokio::test]
async fn a_full_disk_spoils_no_later_transaction() {
    let opened = open(TestDatabase::sqlite()).await;
    let mut tx = opened.db.write().await.unwrap();
    let engine = &mut tx.engine();
    let Engine::Sqlite(link) = engine else {
        panic!("{engine:?}")
    };
    // No page more than there are, on this connection.
    sqlx::query("PRAGMA max_page_count = 1")
        .execute(link.connection())
        .await
        .unwrap();
    let name = "n".repeat(1 << 20);
    let error = workspace::insert(engine, WORKSPACE, &name, now()).await;
    assert!(
        matches!(error, Err(StoreError::Unavailable(_))),
        "{error:?}"
    );
    drop(tx);
    with_workspace(&opened.db).await;
}

/// Writes a row of everything and reads it back as it was.
async fn every_statement_works(database: TestDatabase) {
    let opened = open(database).await;
    with_workspace(&opened.db).await;
    let mut tx = opened.db.write().await.unwrap();
    let engine = &mut tx.engine();
    workspaces_and_changes(engine).await;
    keys_secrets_and_variables(engine).await;
    integrations_and_actions(engine).await;
    agents_and_references(engine).await;
    versions_and_links(engine).await;
    drop(tx);
    let mut tx = opened.db.write().await.unwrap();
    let taken = workspace::insert(&mut tx.engine(), WORKSPACE, "w", now()).await;
    assert!(matches!(taken, Err(StoreError::Duplicate)));
}

async fn workspaces_and_changes(engine: &mut Engine<'_>) {
    workspace::lock(engine, WORKSPACE).await.unwrap();
    assert_eq!(
        workspace::by_name(engine, "w")
            .await
            .unwrap()
            .unwrap()
            .created_at,
        now()
    );
    assert_eq!(workspace::list(engine).await.unwrap().len(), 1);
    for expected in 1..=2 {
        let revision = change::record(engine, WORKSPACE, Entity::Action, "act_x", now()).await;
        assert_eq!(revision.unwrap(), expected);
    }
    assert_eq!(change::since(engine, WORKSPACE, 1).await.unwrap().len(), 1);
    assert_eq!(change::revision(engine, WORKSPACE).await.unwrap(), 2);
    assert_eq!(
        change::revisions(engine, &[WORKSPACE]).await.unwrap(),
        [(WORKSPACE, 2)].into()
    );
    let row = audit::AuditRow {
        id: AuditId::from_uuid(uuid(3)),
        at: now(),
        actor: "a".to_owned(),
        operation: "o".to_owned(),
        entity: "e".to_owned(),
        entity_id: "i".to_owned(),
        more: audit::More {
            environment: Some("production".to_owned()),
            secrets: vec!["s".to_owned()],
            destination: Some("https://a.example".to_owned()),
            before: Some("{}".to_owned()),
            ..audit::More::default()
        },
    };
    audit::insert(engine, WORKSPACE, &row).await.unwrap();
    assert_eq!(
        audit::list(engine, WORKSPACE, None, 5).await.unwrap().rows,
        [row]
    );
    let id = InstanceId::from_uuid(uuid(4));
    instance::seen(engine, id).await.unwrap();
    instance::seen(engine, id).await.unwrap();
    assert_eq!(instance::count(engine).await.unwrap(), 1);
    assert_eq!(instance::silent_for(engine, 60).await.unwrap(), []);
    instance::forget(engine, id).await.unwrap();
    assert_eq!(instance::count(engine).await.unwrap(), 0);
}

#[expect(clippy::too_many_lines, reason = "one story over all functions")]
async fn keys_secrets_and_variables(engine: &mut Engine<'_>) {
    let key = api_key::ApiKeyRow {
        workspace: WORKSPACE,
        id: ApiKeyId::from_uuid(uuid(5)),
        name: "k".to_owned(),
        scope: Scope::Run,
        prefix: "sb_x".to_owned(),
        created_at: now(),
        revoked_at: None,
        created_by: Some("somebody".to_owned()),
        last_used_at: None,
        expires_at: None,
    };
    api_key::insert(engine, &key, &[7; 32]).await.unwrap();
    assert_eq!(
        api_key::by_hash(engine, &[7; 32]).await.unwrap(),
        Some(key.clone())
    );
    for (prefix, count) in [(None, 1), (Some("sb_x"), 1), (Some("sb_y"), 0)] {
        let which = api_key::Which {
            prefix,
            search: None,
        };
        let page = api_key::list(engine, WORKSPACE, which, None, 5)
            .await
            .unwrap();
        assert_eq!(page.rows.len(), count);
    }
    let other = api_key::ApiKeyRow {
        id: ApiKeyId::from_uuid(uuid(6)),
        name: "Für ÄPFEL".to_owned(),
        prefix: "sb_k".to_owned(),
        ..key.clone()
    };
    api_key::insert(engine, &other, &[8; 32]).await.unwrap();
    for (text, prefix, expected) in [
        ("äpfel", None, &[&other][..]),
        ("SB_", None, &[&key, &other]),
        ("sb_", Some("sb_x"), &[&key]),
        ("k", None, &[&key, &other]),
        ("k äpfel", None, &[&other]),
        ("_", Some("sb_y"), &[]),
        ("%", None, &[]),
    ] {
        let search = Search::parse(text);
        let which = api_key::Which {
            prefix,
            search: search.as_ref(),
        };
        let page = api_key::list(engine, WORKSPACE, which, None, 5).await;
        let found: Vec<_> = page.unwrap().rows;
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{text}");
    }
    let search = Search::parse("sb");
    let which = api_key::Which {
        prefix: None,
        search: search.as_ref(),
    };
    let page = api_key::list(engine, WORKSPACE, which, None, 1).await;
    assert!(page.unwrap().more);
    let page = api_key::list(engine, WORKSPACE, which, Some(key.id), 1).await;
    assert_eq!(page.unwrap().rows, [other]);
    assert!(
        api_key::revoke(engine, WORKSPACE, key.id, now())
            .await
            .unwrap()
    );
    assert!(
        !api_key::revoke(engine, WORKSPACE, key.id, now())
            .await
            .unwrap()
    );
    assert_eq!(api_key::by_hash(engine, &[7; 32]).await.unwrap(), None);

    let name = SecretName::parse("s").unwrap();
    for revision in 1..=2 {
        let row = secret::upsert(engine, WORKSPACE, &name, now())
            .await
            .unwrap();
        assert_eq!(row.revision, revision);
    }
    for environment in [Environment::Staging, Environment::Production] {
        let value = secret::SealedValueRow {
            name: name.clone(),
            environment,
            key_id: "k".to_owned(),
            sealed: vec![0, 1, 255],
        };
        secret::set_value(engine, WORKSPACE, &value).await.unwrap();
        secret::set_value(engine, WORKSPACE, &value).await.unwrap();
    }
    secret::clear_value(engine, WORKSPACE, &name, Environment::Staging)
        .await
        .unwrap();
    let values = secret::values(engine, WORKSPACE).await.unwrap();
    assert_eq!(
        (values.len(), values[0].1, &values[0].0.sealed[..]),
        (1, 2, &[0, 1, 255][..])
    );
    assert_eq!(
        secret::environments(engine, WORKSPACE, std::slice::from_ref(&name))
            .await
            .unwrap()[&name],
        [Environment::Production]
    );
    assert_eq!(
        secret::list(engine, WORKSPACE, &Listing::page(None, 5))
            .await
            .unwrap()
            .rows
            .len(),
        1
    );
    assert!(
        secret::get(engine, WORKSPACE, &name)
            .await
            .unwrap()
            .is_some()
    );
    assert!(secret::delete(engine, WORKSPACE, &name).await.unwrap());
    assert_eq!(secret::values(engine, WORKSPACE).await.unwrap(), []);

    let name = VariableName::parse("v").unwrap();
    let values = PerEnvironment {
        production: Some(json!({"nul": "\u{0}", "n": 1.5})),
        ..PerEnvironment::default()
    };
    variable::upsert(engine, WORKSPACE, &name, &values, now())
        .await
        .unwrap();
    let row = variable::upsert(engine, WORKSPACE, &name, &values, now())
        .await
        .unwrap();
    assert_eq!((row.revision, &row.values), (2, &values));
    assert_eq!(
        variable::get(engine, WORKSPACE, &name).await.unwrap(),
        Some(row)
    );
    assert_eq!(
        variable::list(
            engine,
            WORKSPACE,
            &Listing::page(VariableName::parse("v").ok(), 5)
        )
        .await
        .unwrap()
        .rows,
        []
    );
    assert!(variable::delete(engine, WORKSPACE, &name).await.unwrap());
}

const INTEGRATION: IntegrationId = IntegrationId::from_uuid(Uuid::from_u128(6));

async fn integrations_and_actions(engine: &mut Engine<'_>) {
    let mut row = integration::IntegrationRow {
        id: INTEGRATION,
        name: "i".to_owned(),
        description: "d".to_owned(),
        definition: serde_json::from_value(json!({"kind": "custom_api", "environments": {}}))
            .unwrap(),
        discovery: Some(Discovery::default()),
        revision: 1,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
    };
    integration::insert(engine, WORKSPACE, &row).await.unwrap();
    row.revision = 2;
    integration::update(engine, WORKSPACE, &row).await.unwrap();
    assert_eq!(
        integration::get(engine, WORKSPACE, row.id).await.unwrap(),
        Some(row.clone())
    );
    assert_eq!(
        integration::list(engine, WORKSPACE, &Listing::page(None, 5))
            .await
            .unwrap()
            .rows,
        [row]
    );
    let api = integration::of_kind(engine, IntegrationKind::CustomApi);
    assert_eq!(api.await.unwrap().len(), 1);
    let definition = json!({"type": "api", "method": "GET", "path": "/"});
    let make = |number| action::ActionRow {
        id: ActionId::from_uuid(uuid(number)),
        integration_id: INTEGRATION,
        name: ActionName::parse("a").unwrap(),
        description: String::new(),
        definition: serde_json::from_value(definition.clone()).unwrap(),
        shape_digest: "x".to_owned(),
        revision: 1,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
    };
    let mut first = make(10);
    action::insert(engine, WORKSPACE, &first).await.unwrap();
    assert_eq!(
        action::counts(engine, WORKSPACE, &[INTEGRATION])
            .await
            .unwrap()[&INTEGRATION],
        1
    );
    first.deleted_at = Some(now());
    action::update(engine, WORKSPACE, &first).await.unwrap();
    // The name of a deleted action is free.
    action::insert(engine, WORKSPACE, &make(11)).await.unwrap();
    assert_eq!(
        action::get(engine, WORKSPACE, first.id).await.unwrap(),
        Some(first)
    );
    let all = action::all(engine, WORKSPACE, INTEGRATION).await.unwrap();
    assert_eq!(all.len(), 2);
    let page = action::list(
        engine,
        WORKSPACE,
        Some(INTEGRATION),
        &Listing::page(None, 5),
    )
    .await
    .unwrap();
    assert_eq!((page.rows.len(), page.more), (1, false));
    finding(engine, &make).await;
}

/// Who links several actions is who links each.
async fn users_of_several(engine: &mut Engine<'_>, action: ActionId) {
    let other = ActionId::from_uuid(uuid(999));
    let users = link::users_of(engine, WORKSPACE, &[other, action]).await;
    let of_action = link::users(engine, WORKSPACE, Linking::Action(action)).await;
    let expected = BTreeMap::from([(action, of_action.unwrap())]);
    assert_eq!(users.unwrap(), expected);
}

/// Locked versions of another agent, found by their notes.
async fn versions_by_their_notes(engine: &mut Engine<'_>) {
    let agent = AgentId::from_uuid(uuid(21));
    // Deleted, so that it is in no list.
    let row = agent::AgentRow {
        id: agent,
        name: "Noted".to_owned(),
        description: String::new(),
        published_version: None,
        retain_events: None,
        revision: 1,
        created_at: now(),
        updated_at: now(),
        deleted_at: Some(now()),
    };
    agent::insert(engine, WORKSPACE, &row).await.unwrap();
    agent::update(engine, WORKSPACE, &row).await.unwrap();
    for (number, notes) in [
        (1, "Refunds"),
        (2, "Größere ÄNDERUNG"),
        (3, "refunds again"),
        (4, ""),
    ] {
        let document = AgentDocument::default();
        let locked = LockedVersion::new(number, notes.to_owned(), now(), "k".to_owned(), document);
        version::insert(engine, WORKSPACE, agent, &locked)
            .await
            .unwrap();
    }
    for (text, before, limit, expected, more) in [
        ("REFUND", None, 5, &[3, 1][..], false),
        ("refund", None, 1, &[3], true),
        ("refund", Some(3), 1, &[1], false),
        ("änder größ", None, 5, &[2], false),
        ("nothing", None, 5, &[], false),
    ] {
        let search = Search::parse(text);
        let page = version::list(engine, WORKSPACE, agent, search.as_ref(), before, limit);
        let page = page.await.unwrap();
        let found: Vec<_> = page.rows.iter().map(LockedVersion::number).collect();
        assert_eq!((&found[..], page.more), (expected, more), "{text}");
    }
}

/// What is searched for, which are asked for, and which are found.
type Case<'a> = (&'a str, Option<&'a [u128]>, &'a [u128]);

/// Search is for any part of a name or description in any case, `%` and `_` being letters like others.
async fn finding(engine: &mut Engine<'_>, make: &impl Fn(u128) -> action::ActionRow) {
    for (number, name, description) in [
        (112, "Refund_order", "Gibt GELD zurück für ÄPFEL"),
        (113, "list_orders", "100% of them"),
        (114, "cancel", "an order"),
    ] {
        let row = action::ActionRow {
            name: ActionName::parse(name).unwrap(),
            description: description.to_owned(),
            ..make(number)
        };
        action::insert(engine, WORKSPACE, &row).await.unwrap();
    }
    let ids = |numbers: &[u128]| {
        let ids = numbers.iter().map(|n| ActionId::from_uuid(uuid(*n)));
        ids.collect::<Vec<_>>()
    };
    let cases: [Case<'_>; 11] = [
        ("order", None, &[112, 113, 114]),
        ("ORDER", None, &[112, 113, 114]),
        ("äpfel", None, &[112]),
        ("geld", None, &[112]),
        ("0%", None, &[113]),
        ("d_o", None, &[112]),
        ("nothing", None, &[]),
        ("zurück refund", None, &[112]),
        ("zurück cancel", None, &[]),
        ("order", Some(&[114, 11, 112]), &[112, 114]),
        ("", Some(&[114, 10, 112, 99]), &[112, 114]),
    ];
    for (text, named, expected) in cases {
        for integration in [None, Some(INTEGRATION)] {
            let listing = Listing {
                search: Search::parse(text),
                ids: named.map(ids),
                ..Listing::page(None, 5)
            };
            let page = action::list(engine, WORKSPACE, integration, &listing).await;
            let found: Vec<_> = page.unwrap().rows.iter().map(|row| row.id).collect();
            assert_eq!(found, ids(expected), "{text:?} {named:?}");
        }
        let elsewhere = IntegrationId::from_uuid(uuid(77));
        let listing = Listing {
            search: Search::parse(text),
            ids: named.map(ids),
            ..Listing::page(None, 5)
        };
        let page = action::list(engine, WORKSPACE, Some(elsewhere), &listing).await;
        assert_eq!(page.unwrap().rows, [], "{text:?} elsewhere");
    }
    let listing = Listing {
        search: Search::parse("order"),
        ..Listing::page(Some(ids(&[112])[0]), 1)
    };
    let page = action::list(engine, WORKSPACE, None, &listing)
        .await
        .unwrap();
    assert_eq!((page.rows[0].id, page.more), (ids(&[113])[0], true));
    // What is deleted is not found, and what is renamed is found by its new name.
    let mut row = page.rows[0].clone();
    row.name = ActionName::parse("purchases").unwrap();
    action::update(engine, WORKSPACE, &row).await.unwrap();
    let by = |text| Listing {
        search: Search::parse(text),
        ..Listing::page(None, 5)
    };
    let page = action::list(engine, WORKSPACE, None, &by("list_orders")).await;
    assert_eq!(page.unwrap().rows, []);
    let page = action::list(engine, WORKSPACE, None, &by("purchase")).await;
    assert_eq!(page.unwrap().rows.len(), 1);
    row.deleted_at = Some(now() + chrono::TimeDelta::seconds(1));
    action::update(engine, WORKSPACE, &row).await.unwrap();
    let page = action::list(engine, WORKSPACE, None, &by("purchase")).await;
    assert_eq!(page.unwrap().rows, []);
}

async fn agents_and_references(engine: &mut Engine<'_>) {
    let mut row = agent::AgentRow {
        id: AgentId::from_uuid(uuid(20)),
        name: "a".to_owned(),
        description: String::new(),
        published_version: None,
        retain_events: None,
        revision: 1,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
    };
    agent::insert(engine, WORKSPACE, &row).await.unwrap();
    row.published_version = Some(3);
    agent::update(engine, WORKSPACE, &row).await.unwrap();
    assert_eq!(
        agent::get(engine, WORKSPACE, row.id).await.unwrap(),
        Some(row.clone())
    );
    assert_eq!(
        agent::list(engine, WORKSPACE, &Listing::page(None, 5))
            .await
            .unwrap()
            .rows,
        [row.clone()]
    );
    let document = AgentDocument::default();
    for revision in 1..=2 {
        let draft = agent::Draft {
            document: &document,
            revision,
            restored_from: None,
        };
        agent::save_draft(engine, WORKSPACE, row.id, &draft, now())
            .await
            .unwrap();
    }
    let version = agent::version(engine, WORKSPACE, row.id, VersionRef::Draft)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((version.revision, version.document), (2, document));
    let source = Source::Agent(row.id, VersionRef::Draft);
    let name = SecretName::parse("token").unwrap();
    let target = Target::Secret(name.clone());
    for _ in 0..2 {
        let twice = [target.clone(), target.clone()];
        reference::replace(engine, WORKSPACE, &source, &twice)
            .await
            .unwrap();
    }
    let sources = reference::sources(engine, WORKSPACE, &target)
        .await
        .unwrap();
    assert_eq!(sources, [source]);
    let needed = reference::needed_secrets(engine, WORKSPACE).await.unwrap();
    assert_eq!(needed, std::slice::from_ref(&name));
    let names = [name.clone(), SecretName::parse("other").unwrap()];
    let to = reference::to_secrets(engine, WORKSPACE, &names).await;
    assert_eq!(to.unwrap(), [(name, source)]);
}

const AGENT: AgentId = AgentId::from_uuid(Uuid::from_u128(20));

/// Locks a version and restores it; links are seen with what they refer to.
async fn versions_and_links(engine: &mut Engine<'_>) {
    let action = ActionId::from_uuid(uuid(11));
    let mut row = action::get(engine, WORKSPACE, action)
        .await
        .unwrap()
        .unwrap();
    for change in [ActionChange::Created, ActionChange::Updated] {
        action_revision::record(engine, WORKSPACE, &row, change, "key_x")
            .await
            .unwrap();
        row.revision += 1;
        "y".clone_into(&mut row.shape_digest);
    }
    let page = action_revision::list(engine, WORKSPACE, action, None, 1)
        .await
        .unwrap();
    assert_eq!((page.rows[0].revision, page.more), (2, true));
    let link = Link {
        action_id: action,
        integration_id: INTEGRATION,
    };
    let links: Vec<_> = (0..70)
        .map(|number| DraftLink {
            binding: BindingId::from_uuid(uuid(100 + number)),
            link: link.clone(),
            expected: None,
            reviewed: None,
        })
        .collect();
    link::replace_draft(engine, WORKSPACE, AGENT, &links)
        .await
        .unwrap();
    assert_eq!(
        version::next_number(engine, WORKSPACE, AGENT)
            .await
            .unwrap(),
        1
    );
    let locked = LockedVersion::new(
        1,
        "n".to_owned(),
        now(),
        "key_x".to_owned(),
        AgentDocument::default(),
    );
    version::insert(engine, WORKSPACE, AGENT, &locked)
        .await
        .unwrap();
    link::lock(engine, WORKSPACE, AGENT, 1).await.unwrap();
    assert_eq!(
        version::get(engine, WORKSPACE, AGENT, 1).await.unwrap(),
        Some(locked)
    );
    let page = version::list(engine, WORKSPACE, AGENT, None, None, 5)
        .await
        .unwrap();
    assert_eq!((page.rows.len(), page.more), (1, false));
    versions_by_their_notes(engine).await;
    link::restore(engine, WORKSPACE, AGENT, 1).await.unwrap();
    link::mark_reviewed(engine, WORKSPACE, AGENT, links[0].binding, "s")
        .await
        .unwrap();
    let draft = link::of_draft(engine, WORKSPACE, AGENT).await.unwrap();
    assert_eq!(draft.len(), 70);
    assert_eq!(draft[&links[0].binding].reviewed.as_deref(), Some("s"));
    let linked = link::of_version(engine, WORKSPACE, AGENT, VersionRef::Number(1))
        .await
        .unwrap();
    assert_eq!(linked.len(), 70);
    let seen = linked[0].seen.as_ref().unwrap();
    assert_eq!((seen.revision, seen.digest.as_str()), (1, "x"));
    users_of_several(engine, action).await;
    for linking in [Linking::Action(action), Linking::Integration(INTEGRATION)] {
        let users = link::users(engine, WORKSPACE, linking).await.unwrap();
        let found: Vec<_> = users.iter().map(|user| user.version).collect();
        assert_eq!(found, [VersionRef::Draft, VersionRef::Number(1)]);
        assert_eq!(users[0].bindings.len(), 70);
    }
    let agents = link::agents_of(engine, WORKSPACE, &[INTEGRATION])
        .await
        .unwrap();
    assert!(agents[&INTEGRATION].contains(&AGENT));
    let counts = link::agent_counts(engine, WORKSPACE, &[INTEGRATION]).await;
    assert_eq!(
        counts.unwrap()[&INTEGRATION],
        agents[&INTEGRATION].len() as u64
    );
    let found = action::get_many(engine, WORKSPACE, &[action, ActionId::from_uuid(uuid(12))])
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let deleted = action::deleted_at(engine, WORKSPACE, INTEGRATION, now())
        .await
        .unwrap();
    assert_eq!(deleted.len(), 1);
    reference::forget_agent(engine, WORKSPACE, AGENT)
        .await
        .unwrap();
}

/// The database itself refuses to change or delete a locked version and its links.
async fn locked_versions_are_locked_in_the_database(database: TestDatabase) {
    let opened = open(database).await;
    with_workspace(&opened.db).await;
    let mut tx = opened.db.write().await.unwrap();
    let engine = &mut tx.engine();
    integrations_and_actions(engine).await;
    agents_and_references(engine).await;
    versions_and_links(engine).await;
    tx.commit().await.unwrap();
    for sql in [
        "UPDATE agent_version SET document = '{}' WHERE number = 1",
        "DELETE FROM agent_version WHERE number = 1",
        "UPDATE version_link SET action_revision = 9 WHERE number = 1",
        "DELETE FROM version_link WHERE number = 1",
    ] {
        let mut tx = opened.db.write().await.unwrap();
        let result = match tx.engine() {
            Engine::Sqlite(link) => sqlx::query(sql).execute(link.connection()).await.map(drop),
            Engine::Postgres(link) => sqlx::query(sql).execute(link.connection()).await.map(drop),
        };
        let error = result.unwrap_err().to_string();
        assert!(error.contains("a locked version never changes"), "{error}");
    }
}

/// Read, think, write, from many tasks at once: none fails and none is lost.
async fn concurrent_changes_of_a_workspace_wait_for_each_other(database: TestDatabase) {
    let opened = open(database).await;
    with_workspace(&opened.db).await;
    let tasks: Vec<_> = (0..40)
        .map(|_| {
            let db = opened.db.clone();
            tokio::spawn(async move {
                let mut tx = db.write().await.unwrap();
                let engine = &mut tx.engine();
                workspace::lock(engine, WORKSPACE).await.unwrap();
                let before = change::revision(engine, WORKSPACE).await.unwrap();
                let after = change::record(engine, WORKSPACE, Entity::Agent, "x", now()).await;
                assert_eq!(after.unwrap(), before + 1);
                tx.commit().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut conn = opened.db.read().await.unwrap();
    assert_eq!(
        change::revision(&mut conn.engine(), WORKSPACE)
            .await
            .unwrap(),
        40
    );
}

fn conversation() -> Conversation {
    Conversation {
        key: ConversationKey {
            workspace: WORKSPACE,
            id: CONVERSATION,
            agent: AgentId::from_uuid(uuid(20)),
            version: VersionRef::Number(3),
            environment: Environment::Staging,
            created_at: now(),
        },
        status: Status::Active,
        phase: Phase::InCall,
        state: None,
        variables: json!({"a": "\u{0}", "call": {"from": "+1"}})
            .as_object()
            .unwrap()
            .clone(),
        usage: BTreeMap::new(),
        last_sequence: 2,
        updated_at: now(),
    }
}

fn event_row(sequence: u64) -> EventRow {
    EventRow {
        workspace: WORKSPACE,
        conversation: CONVERSATION,
        sequence,
        event: NewEvent {
            id: EventId::from_uuid(uuid(u128::from(sequence))),
            at: now(),
            kind: EventType::ActionFailed,
            data: r#"{"text":"\u0000"}"#.to_owned(),
        },
    }
}

fn call_row(number: u128) -> CallRow {
    CallRow {
        workspace: WORKSPACE,
        conversation: CONVERSATION,
        id: CallId::from_uuid(uuid(number)),
        binding: BindingId::from_uuid(uuid(8)),
        name: "n".to_owned(),
        arguments: "{}".to_owned(),
        idempotency_key: Some(format!("key-{number}")),
        fingerprint: vec![1, 2],
        instance: InstanceId::from_uuid(uuid(9)),
        reserved_at: now(),
        answer: None,
    }
}

async fn write(db: &Db, batch: Batch) -> Result<(), StoreError> {
    if db.is_exclusive() {
        return batch::write_alone(db, Arc::new(batch)).await;
    }
    let mut tx = db.write().await?;
    batch::write(&mut tx.engine(), &batch).await?;
    tx.commit().await
}

#[expect(clippy::too_many_lines, reason = "one story over all functions")]
async fn a_batch_is_written_whole_or_not_at_all(database: TestDatabase) {
    let opened = open(database).await;
    let db = &opened.db;
    let mut one = conversation();
    one.last_sequence = 13;
    for _ in 30..33 {
        one.reserve(BindingId::from_uuid(uuid(8)));
    }
    // Thirteen is 8, 4 and 1: several statements.
    let events: Vec<_> = (1..=13).map(event_row).collect();
    let calls: Vec<_> = (30..33).map(call_row).collect();
    let batch = Batch {
        conversations: vec![Arc::new(one.clone())],
        events: events.clone(),
        calls: calls.clone(),
        ..Batch::default()
    };
    write(db, batch).await.unwrap();
    let mut conn = db.read().await.unwrap();
    let engine = &mut conn.engine();
    assert_eq!(
        conversation::get(engine, WORKSPACE, CONVERSATION)
            .await
            .unwrap(),
        Some(one.clone())
    );
    let page = event::list(engine, WORKSPACE, CONVERSATION, 3, 5, 1 << 20)
        .await
        .unwrap();
    assert_eq!(
        (page.rows.len(), page.more, page.rows[0].sequence),
        (5, true, 4)
    );
    assert_eq!(page.rows[0].data, events[3].event.data);
    // A page ends with the event that fills it, so the first one always fits.
    let length = u64::try_from(events[3].event.data.len()).unwrap();
    for (bytes, rows) in [(1, 1), (length, 1), (length + 1, 2)] {
        let page = event::list(engine, WORKSPACE, CONVERSATION, 3, 5, bytes)
            .await
            .unwrap();
        assert_eq!((page.rows.len(), page.more), (rows, true), "{bytes}");
    }
    let id = EventId::from_uuid(uuid(7));
    let sequence = event::sequence_of(engine, WORKSPACE, CONVERSATION, id)
        .await
        .unwrap();
    assert_eq!(sequence, Some(7));
    let found = journal::call_by_idempotency_key(engine, WORKSPACE, CONVERSATION, "key-31").await;
    assert_eq!(found.unwrap(), Some(calls[1].clone()));
    let filter = conversation::Filter {
        agent: Some(one.key.agent),
        ..conversation::Filter::default()
    };
    let listed = conversation::list(engine, WORKSPACE, filter, None, 5)
        .await
        .unwrap();
    let mut without = one.clone();
    without.variables.remove("a");
    assert_eq!(listed.rows, [without]);
    drop(conn);

    // The second event's place is taken, so nothing of this batch is kept.
    let mut changed = one.clone();
    changed.last_sequence = 99;
    let clash = [event_row(14), event_row(2)];
    let batch = Batch {
        conversations: vec![Arc::new(changed)],
        events: clash.to_vec(),
        ..Batch::default()
    };
    assert!(matches!(write(db, batch).await, Err(StoreError::Duplicate)));
    let mut conn = db.read().await.unwrap();
    let engine = &mut conn.engine();
    assert_eq!(
        conversation::get(engine, WORKSPACE, CONVERSATION)
            .await
            .unwrap(),
        Some(one)
    );
    assert_eq!(
        event::list(engine, WORKSPACE, CONVERSATION, 13, 5, 1 << 20)
            .await
            .unwrap()
            .rows,
        []
    );
    drop(conn);

    let key = |call: &CallRow| CallKey {
        workspace: WORKSPACE,
        conversation: CONVERSATION,
        id: call.id,
    };
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    assert_eq!(
        conversation::lock(engine, &[(WORKSPACE, CONVERSATION)])
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        journal::open_calls(engine, calls[0].instance, 9)
            .await
            .unwrap()
            .len(),
        3
    );
    let answer = journal::KeptAnswer {
        json: "{}".to_owned(),
        is_tool_result: true,
    };
    assert!(journal::remove_call(engine, key(&calls[0])).await.unwrap());
    assert!(!journal::remove_call(engine, key(&calls[0])).await.unwrap());
    assert!(
        journal::answer_call(engine, key(&calls[1]), &answer)
            .await
            .unwrap()
    );
    assert!(
        !journal::answer_call(engine, key(&calls[1]), &answer)
            .await
            .unwrap()
    );
    let kept = journal::kept_answer(engine, key(&calls[1])).await.unwrap();
    assert_eq!(kept.as_ref(), Some(&answer));
    let text = calls[1].idempotency_key.clone().unwrap();
    let found = journal::call_by_idempotency_key(engine, WORKSPACE, CONVERSATION, &text).await;
    assert_eq!(found.unwrap().unwrap().answer, Some(answer));
    assert_eq!(
        journal::open_calls(engine, calls[0].instance, 9)
            .await
            .unwrap()
            .len(),
        1
    );
}

/// The two folders of migrations say the same: tables, columns, nullability, keys and indexes.
#[test]
fn migrations_of_both_databases_agree() {
    let folder = |name: &str| {
        let path = format!("{}/migrations/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    };
    let (sqlite, postgres) = (folder("sqlite"), folder("postgres"));
    assert_eq!(sqlite.len(), postgres.len());
    for (sqlite, postgres) in sqlite.iter().zip(&postgres) {
        assert_eq!(sqlite.file_name(), postgres.file_name());
        let read = |path| {
            let text = std::fs::read_to_string(path).unwrap();
            // Triggers and functions are written in each database's own language.
            let common = text.split("-- From here on, each database in its own words.");
            common.into_iter().next().unwrap_or_default().to_owned()
        };
        let plain = |text: String| {
            [
                "UUID",
                "BYTEA",
                "BLOB",
                "TIMESTAMPTZ",
                "TEXT",
                "BIGINT",
                "INTEGER",
                "BOOLEAN",
            ]
            .iter()
            .fold(text, |text, kind| text.replace(&format!(" {kind}"), " _"))
            .replace(") STRICT;", ");")
            .replace(") STRICT, WITHOUT ROWID;", ");")
        };
        assert_eq!(plain(read(sqlite)), plain(read(postgres)));
        // A type of one has its fixed counterpart in the other.
        for (left, right) in read(sqlite).lines().zip(read(postgres).lines()) {
            for (of_sqlite, of_postgres) in [
                (" INTEGER", " BIGINT| BOOLEAN"),
                (" BLOB", " UUID| BYTEA"),
                (" TEXT", " TEXT| TIMESTAMPTZ"),
            ] {
                if left.starts_with("    ") && left.contains(of_sqlite) {
                    let fits = of_postgres.split('|').any(|kind| right.contains(kind));
                    assert!(fits, "{left} / {right}");
                }
            }
        }
    }
}
