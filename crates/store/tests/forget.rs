//! Forgetting, on both databases: what goes, and that nothing else does.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Map;
use switchboard_domain::agent::VersionRef;
use switchboard_domain::conversation::{Conversation, ConversationKey, Phase, Status};
use switchboard_domain::environment::Environment;
use switchboard_domain::event::{EventType, NewEvent};
use switchboard_domain::id::{
    AgentId, AuditId, BindingId, CallId, ConversationId, EventId, InstanceId, WorkspaceId,
};
use switchboard_domain::retention::{Days, Piece, Retention};
use switchboard_store::agent::{self, AgentRow};
use switchboard_store::audit::{self, AuditRow, More};
use switchboard_store::batch::{self, Batch};
use switchboard_store::client_event::{self, ClientEventKey};
use switchboard_store::forget::{self, Begun, Removed, Retained};
use switchboard_store::journal::{self, CallKey, CallRow, EventRow, KeptAnswer};
use switchboard_store::workspace::SettingsRow;
use switchboard_store::{Db, conversation, event, workspace};
use switchboard_testkit::{TestDatabase, on_both_databases};
use uuid::Uuid;

use crate::opened::{self, Opened};

on_both_databases!(
    a_conversation_goes_in_pieces,
    what_is_under_way_is_seen,
    answers_go_by_their_age,
    agents_and_workspaces_say_how_long,
    one_takes_the_turn,
);

const WORKSPACE: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(1));
const AGENT: AgentId = AgentId::from_uuid(Uuid::from_u128(2));

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap()
}

fn talk(number: u128) -> ConversationId {
    ConversationId::from_uuid(Uuid::from_u128((number << 64) + 100))
}

async fn open(database: TestDatabase) -> Opened {
    let opened = opened::open(database).await;
    let mut tx = opened.db.write().await.unwrap();
    workspace::insert(&mut tx.engine(), WORKSPACE, "w", now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    opened
}

async fn write(db: &Db, batch: Batch) {
    if db.is_exclusive() {
        return batch::write_alone(db, Arc::new(batch)).await.unwrap();
    }
    let mut tx = db.write().await.unwrap();
    batch::write(&mut tx.engine(), &batch).await.unwrap();
    tx.commit().await.unwrap();
}

fn conversation_of(id: ConversationId, status: Status) -> Conversation {
    Conversation {
        key: ConversationKey {
            workspace: WORKSPACE,
            id,
            agent: AGENT,
            version: VersionRef::Draft,
            environment: Environment::Production,
            created_at: now(),
        },
        status,
        phase: Phase::InCall,
        state: None,
        variables: Map::new(),
        usage: BTreeMap::new(),
        last_sequence: 0,
        updated_at: now(),
    }
}

fn event_row(conversation: ConversationId, sequence: u64, bytes: usize) -> EventRow {
    EventRow {
        workspace: WORKSPACE,
        conversation,
        sequence,
        event: NewEvent {
            id: EventId::from_uuid(Uuid::from_u128(sequence.into())),
            at: now(),
            kind: EventType::ActionFailed,
            data: format!("\"{}\"", "x".repeat(bytes)),
        },
    }
}

fn call_row(conversation: ConversationId, number: u128) -> CallRow {
    CallRow {
        workspace: WORKSPACE,
        conversation,
        id: CallId::from_uuid(Uuid::from_u128(number)),
        binding: BindingId::from_uuid(Uuid::from_u128(8)),
        name: "n".to_owned(),
        arguments: "{}".to_owned(),
        idempotency_key: Some(format!("key-{number}")),
        fingerprint: vec![1],
        instance: InstanceId::from_uuid(Uuid::from_u128(9)),
        reserved_at: now() + TimeDelta::seconds(i64::try_from(number).unwrap()),
        answer: None,
    }
}

async fn answer(db: &Db, call: &CallRow) {
    let key = CallKey {
        workspace: WORKSPACE,
        conversation: call.conversation,
        id: call.id,
    };
    let mut tx = db.write().await.unwrap();
    let answer = KeptAnswer::plain("{}".to_owned());
    let answered = journal::answer_call(&mut tx.engine(), key, &answer).await;
    assert!(answered.unwrap());
    tx.commit().await.unwrap();
}

/// How many events there are of a conversation.
async fn events(db: &Db, id: ConversationId) -> usize {
    let mut conn = db.read().await.unwrap();
    let page = event::list(&mut conn.engine(), WORKSPACE, id, 0, 10_000, 1 << 30).await;
    page.unwrap().rows.len()
}

async fn clear_once(db: &Db, id: ConversationId) -> bool {
    let mut tx = db.write().await.unwrap();
    let (engine, mut piece) = (&mut tx.engine(), Piece::default());
    let is_all = forget::clear(engine, WORKSPACE, id, &mut piece)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    is_all
}

async fn a_conversation_goes_in_pieces(database: TestDatabase) {
    let opened = open(database).await;
    let db = &opened.db;
    let (goes, stays) = (talk(1), talk(2));
    let rows = u64::from(Piece::ROWS);
    let all = (1..=2 * rows).map(|sequence| event_row(goes, sequence, 1));
    let others = (1..=3).map(|sequence| event_row(stays, sequence, 1));
    let calls: Vec<_> = (1..=2).map(|number| call_row(goes, number)).collect();
    let batch = Batch {
        conversations: [goes, stays]
            .map(|id| Arc::new(conversation_of(id, Status::Active)))
            .to_vec(),
        events: all.chain(others).collect(),
        calls: calls.clone(),
        ..Batch::default()
    };
    write(db, batch).await;
    for call in &calls {
        answer(db, call).await;
    }
    let waits = ClientEventKey {
        workspace: WORKSPACE,
        conversation: goes,
        event: EventId::from_uuid(Uuid::from_u128(77)),
    };
    let mut tx = db.write().await.unwrap();
    client_event::expect(&mut tx.engine(), waits, now(), now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let told = AuditRow {
        id: AuditId::from_uuid(Uuid::from_u128(5)),
        at: now(),
        actor: "a".to_owned(),
        operation: "conversation.deleted".to_owned(),
        entity: "conversation".to_owned(),
        entity_id: goes.to_string(),
        more: More {
            address: Some("127.0.0.1".to_owned()),
            ..More::default()
        },
    };
    // With an event that comes with it, as where both are in one batch.
    let batch = Batch {
        events: vec![event_row(goes, 2 * rows + 1, 1)],
        forgotten: vec![Removed {
            workspace: WORKSPACE,
            conversation: goes,
            told: Some(told.clone()),
        }],
        ..Batch::default()
    };
    write(db, batch).await;
    let mut conn = db.read().await.unwrap();
    let engine = &mut conn.engine();
    let found = conversation::get(engine, WORKSPACE, goes).await.unwrap();
    assert_eq!(found, None);
    assert!(audit::exists(engine, WORKSPACE, told.id).await.unwrap());
    let page = audit::list(engine, WORKSPACE, None, 10).await.unwrap();
    assert_eq!(page.rows, [told]);
    let left = forget::left_over(engine, 10).await.unwrap();
    assert_eq!(left, [(WORKSPACE, goes)]);
    drop(conn);
    for left in [rows + 1, 1] {
        assert!(!clear_once(db, goes).await);
        assert_eq!(events(db, goes).await as u64, left);
    }
    assert!(clear_once(db, goes).await);
    let mut conn = db.read().await.unwrap();
    let engine = &mut conn.engine();
    assert_eq!(forget::left_over(engine, 10).await.unwrap(), []);
    assert_eq!(client_event::get(engine, waits).await.unwrap(), None);
    for call in &calls {
        let text = call.idempotency_key.as_deref().unwrap();
        let found = journal::call_by_idempotency_key(engine, WORKSPACE, goes, text).await;
        assert_eq!(found.unwrap(), None);
    }
    drop(conn);
    assert_eq!((events(db, goes).await, events(db, stays).await), (0, 3));

    // By its age: the start of a log goes.
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    let first = forget::oldest(engine, WORKSPACE, stays).await.unwrap();
    let told: Vec<_> = first
        .iter()
        .map(|(sequence, age)| (*sequence, age.at, age.bytes))
        .collect();
    assert_eq!(told, [1, 2, 3].map(|sequence| (sequence, now(), 3)));
    let removed = forget::remove_events(engine, WORKSPACE, stays, 2);
    removed.await.unwrap();
    let left = forget::oldest(engine, WORKSPACE, stays).await.unwrap();
    assert_eq!(left.len(), 1);
    tx.commit().await.unwrap();
}

async fn what_is_under_way_is_seen(database: TestDatabase) {
    let opened = open(database).await;
    let db = &opened.db;
    let call = call_row(talk(1), 1);
    let is_busy = async || {
        let mut conn = db.read().await.unwrap();
        let busy = forget::is_busy(&mut conn.engine(), WORKSPACE, talk(1)).await;
        busy.unwrap()
    };
    assert!(!is_busy().await);
    let batch = Batch {
        calls: vec![call.clone()],
        ..Batch::default()
    };
    write(db, batch).await;
    assert!(is_busy().await);
    answer(db, &call).await;
    assert!(!is_busy().await);
}

async fn answers_go_by_their_age(database: TestDatabase) {
    let opened = open(database).await;
    let db = &opened.db;
    let count = u128::from(Piece::ROWS) + 10;
    let calls: Vec<_> = (1..=count)
        .map(|number| call_row(talk(1), number))
        .collect();
    let batch = Batch {
        calls: calls.clone(),
        ..Batch::default()
    };
    write(db, batch).await;
    // The first one is under way still.
    for call in &calls[1..] {
        answer(db, call).await;
    }
    let remove = async |before| {
        let mut tx = db.write().await.unwrap();
        let more = forget::remove_answers(&mut tx.engine(), before).await;
        tx.commit().await.unwrap();
        more.unwrap()
    };
    let left = async || {
        let mut conn = db.read().await.unwrap();
        let engine = &mut conn.engine();
        let mut left = 0;
        for call in &calls {
            let text = call.idempotency_key.as_deref().unwrap();
            let found = journal::call_by_idempotency_key(engine, WORKSPACE, talk(1), text).await;
            left += usize::from(found.unwrap().is_some());
        }
        left
    };
    assert!(!remove(calls[1].reserved_at).await);
    assert_eq!(left().await, calls.len());
    let before = calls[calls.len() - 1].reserved_at;
    assert!(remove(before).await);
    assert!(!remove(before).await);
    assert_eq!(left().await, 2, "one is under way, and one is not older");
}

async fn agents_and_workspaces_say_how_long(database: TestDatabase) {
    let opened = open(database).await;
    let db = &opened.db;
    let mut tx = db.write().await.unwrap();
    let engine = &mut tx.engine();
    let days = Days::new(7).unwrap();
    for (number, retain_events) in [
        (2, None),
        (3, Some(Retention::Forever)),
        (4, Some(Retention::Days(days))),
    ] {
        let row = AgentRow {
            id: AgentId::from_uuid(Uuid::from_u128(number)),
            name: "a".to_owned(),
            description: String::new(),
            published_version: None,
            retain_events,
            revision: 1,
            created_at: now(),
            updated_at: now(),
            deleted_at: None,
        };
        agent::insert(engine, WORKSPACE, &row).await.unwrap();
        agent::update(engine, WORKSPACE, &row).await.unwrap();
        let found = agent::get(engine, WORKSPACE, row.id).await.unwrap();
        assert_eq!(found, Some(row));
    }
    let retained = async |engine: &mut switchboard_store::Engine<'_>, after| {
        let found = forget::retained(engine, after, 10).await.unwrap();
        let told = |found: Retained| {
            (
                found.agent.uuid().as_u128(),
                found.of_workspace,
                found.of_agent,
            )
        };
        found.into_iter().map(told).collect::<Vec<_>>()
    };
    let seven = Some(Retention::Days(days));
    assert_eq!(retained(engine, None).await, [(4, None, seven)]);
    assert_eq!(forget::keeping_forever(engine).await.unwrap(), ["w"]);
    let found = workspace::settings(engine, WORKSPACE).await.unwrap();
    let settings = found.unwrap();
    assert_eq!((settings.retain_events, settings.revision), (None, 1));
    let changed = SettingsRow {
        retain_events: Days::new(30),
        revision: 2,
        updated_at: now() + TimeDelta::seconds(1),
        ..settings
    };
    workspace::save_settings(engine, &changed).await.unwrap();
    let found = workspace::settings(engine, WORKSPACE).await.unwrap();
    assert_eq!(found, Some(changed));
    assert!(forget::keeping_forever(engine).await.unwrap().is_empty());
    let month = Days::new(30);
    assert_eq!(
        retained(engine, None).await,
        [
            (2, month, None),
            (3, month, Some(Retention::Forever)),
            (4, month, seven)
        ]
    );
    let after = Some((WORKSPACE, AgentId::from_uuid(Uuid::from_u128(3))));
    assert_eq!(retained(engine, after).await, [(4, month, seven)]);
    tx.commit().await.unwrap();

    let batch = Batch {
        conversations: [
            (1, Status::Closed),
            (2, Status::Active),
            (3, Status::Closed),
        ]
        .map(|(number, status)| Arc::new(conversation_of(talk(number), status)))
        .to_vec(),
        ..Batch::default()
    };
    write(db, batch).await;
    let mut conn = db.read().await.unwrap();
    let begun = |number, is_closed| Begun {
        conversation: talk(number),
        is_closed,
        updated_at: now(),
    };
    let engine = &mut conn.engine();
    let of = (WORKSPACE, AGENT);
    let found = forget::begun(engine, of, Uuid::nil(), talk(3).uuid(), 10).await;
    assert_eq!(found.unwrap(), [begun(1, true), begun(2, false)]);
    let found = forget::begun(engine, of, talk(1).uuid(), Uuid::max(), 1).await;
    assert_eq!(found.unwrap(), [begun(2, false)]);
}

async fn one_takes_the_turn(database: TestDatabase) {
    let opened = open(database).await;
    let take = async |minutes| {
        let mut tx = opened.db.write().await.unwrap();
        let now = now() + TimeDelta::minutes(minutes);
        let every = TimeDelta::minutes(5);
        let taken = forget::take_turn(&mut tx.engine(), now, every).await;
        tx.commit().await.unwrap();
        taken.unwrap()
    };
    for (minutes, taken) in [
        (0, true),
        (4, false),
        (5, false),
        (6, true),
        (7, false),
        // A clock that is wrong, and those that are right.
        (9000, true),
        (8996, false),
        (12, true),
    ] {
        assert_eq!(take(minutes).await, taken, "{minutes}");
    }
}
