//! A large workspace, made by copying one thing of each kind in the database.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::hops::Program;

/// How much there is of each.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Integrations, secrets, variables, members, invitations and API keys, each.
    pub integrations: u32,
    /// Shared actions, conversations and entries of the audit log, each.
    pub actions: u32,
    /// Agents, each with ten links in its draft and in its published version.
    pub agents: u32,
}

impl Size {
    /// The size that lists are measured at.
    pub const fn new(quick: bool) -> Self {
        if quick {
            Self {
                integrations: 100,
                actions: 2_000,
                agents: 500,
            }
        } else {
            Self {
                integrations: 1_000,
                actions: 100_000,
                agents: 10_000,
            }
        }
    }
}

/// Copies what there is: one integration, one action, one agent with a published version, one
/// conversation, and one secret, variable, invitation and API key named `copied`.
const COPIES: &str = "
CREATE TEMP TABLE number AS
    WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {actions}) SELECT n FROM s;

INSERT INTO integration (workspace_id, id, name, description, kind, definition, revision, created_at, updated_at)
    SELECT i.workspace_id, {uuid}, 'Service ' || n, 'Reads and writes what department ' || n || ' keeps',
        i.kind, i.definition, 1, i.created_at, i.updated_at
    FROM integration AS i, number WHERE n < {integrations};
CREATE TEMP TABLE place AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM integration;
CREATE INDEX place_n ON place (n);

INSERT INTO action (workspace_id, id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at)
    SELECT a.workspace_id, {uuid}, place.id, 'read_' || number.n, 'Reads item ' || number.n || ' by its number',
        a.definition, a.shape_digest, 1, a.created_at, a.updated_at
    FROM action AS a, number JOIN place ON place.n = number.n % {integrations} + 1 WHERE number.n < {actions};
INSERT INTO action_revision (workspace_id, action_id, revision, change, integration_id, name, description, definition, shape_digest, is_deleted, at, actor)
    SELECT workspace_id, id, 1, 'created', integration_id, name, description, definition, shape_digest, {false}, updated_at, ''
    FROM action WHERE name <> 'copied';
CREATE TEMP TABLE deed AS SELECT id, integration_id, row_number() OVER (ORDER BY id) AS n FROM action;
CREATE INDEX deed_n ON deed (n);

INSERT INTO agent (workspace_id, id, name, description, published_version, revision, created_at, updated_at)
    SELECT g.workspace_id, {uuid}, 'Agent ' || n, 'Answers the phone of branch ' || n, 1, 1, g.created_at, g.updated_at
    FROM agent AS g, number WHERE n < {agents};
CREATE TEMP TABLE desk AS SELECT workspace_id, id, name, row_number() OVER (ORDER BY id) AS n FROM agent;
CREATE INDEX desk_n ON desk (n);
INSERT INTO agent_version (workspace_id, agent_id, number, document, revision, created_at, updated_at, notes, locked_by)
    SELECT v.workspace_id, desk.id, v.number, v.document, v.revision, v.created_at, v.updated_at, v.notes, v.locked_by
    FROM agent_version AS v, desk WHERE desk.id <> v.agent_id;
INSERT INTO version_link (workspace_id, agent_id, number, binding_id, action_id, integration_id, action_revision)
    SELECT desk.workspace_id, desk.id, v.number, {uuid}, deed.id, deed.integration_id, CASE v.number WHEN 1 THEN 1 END
    FROM desk CROSS JOIN (SELECT 0 AS number UNION ALL SELECT 1) AS v
    JOIN number ON number.n <= 10 JOIN deed ON deed.n = (desk.n * 10 + number.n) % {actions} + 1
    WHERE desk.name <> 'copied';

INSERT INTO secret (workspace_id, name, revision, created_at, updated_at)
    SELECT workspace_id, 'secret_' || n, 1, created_at, updated_at FROM secret, number WHERE n < {integrations};
INSERT INTO secret_value (workspace_id, name, environment, key_id, sealed)
    SELECT workspace_id, 'secret_' || n, environment, key_id, sealed FROM secret_value, number WHERE n < {integrations};
INSERT INTO variable (workspace_id, name, slots, revision, created_at, updated_at)
    SELECT workspace_id, 'variable_' || n, slots, 1, created_at, updated_at FROM variable, number WHERE n < {integrations};
INSERT INTO reference (workspace_id, source_kind, source_id, source_version, target_kind, target_id)
    SELECT workspace_id, 'integration', 'int_' || {hex}, 0, 'secret', 'copied' FROM integration WHERE name <> 'copied';
INSERT INTO reference (workspace_id, source_kind, source_id, source_version, target_kind, target_id)
    SELECT workspace_id, 'agent', 'agt_' || {hex}, 1, 'secret', 'secret_' || (n % ({integrations} - 1) + 1) FROM desk;

INSERT INTO account (id, email, name, password_hash, created_at, updated_at)
    SELECT {uuid}, 'person' || n || '@example.com', 'Person ' || n, '', created_at, created_at
    FROM workspace, number WHERE n <= {integrations};
INSERT INTO membership (workspace_id, user_id, role, created_at)
    SELECT workspace.id, account.id, 'viewer', account.created_at FROM workspace, account;
INSERT INTO invitation (workspace_id, id, email, role, hash, invited_by, created_at, expires_at)
    SELECT workspace_id, {uuid}, 'guest' || n || '@example.com', role, {blob}, invited_by, created_at, expires_at
    FROM invitation, number WHERE n < {integrations};
INSERT INTO api_key (workspace_id, id, name, scope, prefix, hash, created_at, created_by)
    SELECT workspace_id, {uuid}, 'Key ' || n, scope, 'sb_' || n, {blob}, created_at, created_by
    FROM api_key, number WHERE name = 'copied' AND n < {integrations};

DELETE FROM search;
INSERT INTO search (workspace_id, kind, id, under_id, text)
    SELECT workspace_id, 'integration', id, NULL, lower(name || ' ' || description) FROM integration;
INSERT INTO search (workspace_id, kind, id, under_id, text)
    SELECT workspace_id, 'action', id, integration_id, lower(name || ' ' || description) FROM action;
INSERT INTO search (workspace_id, kind, id, under_id, text)
    SELECT workspace_id, 'agent', id, NULL, lower(name || ' ' || description) FROM agent;
INSERT INTO search (workspace_id, kind, id, under_id, text)
    SELECT workspace_id, 'api_key', id, NULL, lower(name || ' ' || prefix) FROM api_key;
INSERT INTO search (workspace_id, kind, id, under_id, text)
    SELECT m.workspace_id, 'member', m.user_id, NULL, lower(a.name || ' ' || a.email)
    FROM membership AS m JOIN account AS a ON a.id = m.user_id;

INSERT INTO conversation (workspace_id, id, agent_id, version, environment, status, phase, state, variables, call_usage, last_sequence, created_at, updated_at)
    SELECT c.workspace_id, {uuid}, desk.id, c.version, c.environment, c.status, c.phase, c.state, c.variables,
        c.call_usage, c.last_sequence, c.created_at, c.updated_at
    FROM conversation AS c, number JOIN desk ON desk.n = number.n % {agents} + 1 WHERE number.n < {actions};
CREATE TEMP TABLE talk AS
    SELECT workspace_id, id, created_at, row_number() OVER (ORDER BY id) AS n FROM conversation
    WHERE id NOT IN (SELECT conversation_id FROM event);
INSERT INTO event (workspace_id, conversation_id, sequence, id, at, kind, data)
    SELECT workspace_id, id, 1, {uuid}, created_at, 'conversation.started', '{}' FROM talk;
INSERT INTO event (workspace_id, conversation_id, sequence, id, at, kind, data)
    SELECT workspace_id, id, 2, {uuid}, created_at,
        CASE n % 100 WHEN 0 THEN 'action.failed' ELSE 'action.succeeded' END, '{}' FROM talk;
INSERT INTO audit (workspace_id, id, at, actor, operation, entity, entity_id)
    SELECT workspace_id, {uuid}, at, actor, operation, entity, entity_id
    FROM (SELECT * FROM audit LIMIT 1) AS one, number;
INSERT INTO call_stat_bucket (workspace_id, at, environment, source, name, integration_id, action_id, succeeded, failed, refused, durations)
    SELECT workspace_id, at, environment, source || n, name || n, integration_id, action_id, succeeded, failed, refused, durations
    FROM call_stat_bucket, number WHERE n < {integrations};
";

/// Reads SQL and runs it in a SQLite file. The server holds the file open, as it does beside a backup.
const SQLITE: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=60)
database.executescript('PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-1000000')
database.executescript('BEGIN;' + sys.stdin.read() + 'COMMIT; PRAGMA wal_checkpoint(TRUNCATE);')";

/// Fills a program's workspace.
pub fn fill(program: &Program, size: Size) -> anyhow::Result<()> {
    let on_postgres = program.database.is_some();
    let [uuid, blob, hex, is_false] = if on_postgres {
        [
            "gen_random_uuid()",
            "decode(md5(random()::text), 'hex')",
            "replace(id::text, '-', '')",
            "FALSE",
        ]
    } else {
        ["randomblob(16)", "randomblob(32)", "lower(hex(id))", "0"]
    };
    let sql = COPIES
        .replace("{uuid}", uuid)
        .replace("{blob}", blob)
        .replace("{hex}", hex)
        .replace("{false}", is_false)
        .replace("{integrations}", &size.integrations.to_string())
        .replace("{actions}", &size.actions.to_string())
        .replace("{agents}", &size.agents.to_string());
    match &program.database {
        Some(url) => {
            let mut psql = Command::new("psql");
            psql.args([url, "-v", "ON_ERROR_STOP=1", "-q", "-1"]);
            run(&mut psql, &format!("{sql}ANALYZE;"))
        }
        None => sqlite(&program.sqlite_file(), &sql),
    }
}

fn sqlite(file: &Path, sql: &str) -> anyhow::Result<()> {
    let mut python = Command::new("python3");
    run(python.args(["-c", SQLITE]).arg(file), sql)
}

/// Runs a program that reads SQL.
fn run(command: &mut Command, sql: &str) -> anyhow::Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let mut input = child.stdin.take().context("it reads")?;
    input.write_all(sql.as_bytes())?;
    drop(input);
    anyhow::ensure!(child.wait()?.success(), "the lists could not be filled");
    Ok(())
}
