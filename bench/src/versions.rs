//! How long it takes to look at a version, to change what many agents share, and to page through
//! long lists.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::hops::Program;
use crate::report::Timing;
use crate::setup;

/// Links of the version that is looked at.
const LINKS: usize = 200;
/// How often each thing is asked for.
const ROUNDS: usize = 15;

struct Api<'a>(&'a Program);

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_default().to_owned()
}

impl Api<'_> {
    fn ask(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        setup::ask(self.0.port, &self.0.key, method, path, body)
    }

    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask("POST", path, body)
    }

    fn integration(&self, upstream: u16) -> anyhow::Result<String> {
        let slot = json!({"base_url": format!("http://127.0.0.1:{upstream}")});
        let input =
            json!({"kind": "custom_api", "name": "Items", "environments": {"production": slot}});
        Ok(id(&self.post("/integrations", &input)?))
    }

    fn action(&self, integration: &str, name: &str) -> anyhow::Result<String> {
        let path = format!("/integrations/{integration}/actions");
        let input = json!({
            "name": name, "description": "Reads an item.", "method": "GET", "path": "/invoices/{id}",
            "parameters": {"type": "object", "properties": {"id": {"type": "string"}, "expand": {"type": "string"}}, "required": ["id"]},
            "output_variables": [{"name": "amount", "path": "$.amount"}],
        });
        Ok(id(&self.post(&path, &input)?))
    }

    /// An agent whose published version links these actions.
    fn published(&self, actions: &[String]) -> anyhow::Result<String> {
        let agent = id(&self.post("/agents", &json!({"name": "Bench"}))?);
        let links: Vec<_> = actions
            .iter()
            .map(|action| json!({"link": {"action_id": action}}))
            .collect();
        let draft = json!({"instructions": "Tell them the amount.", "actions": links});
        self.ask("PUT", &format!("/agents/{agent}/draft"), &draft)?;
        self.post(&format!("/agents/{agent}/versions"), &json!({}))?;
        self.post(&format!("/agents/{agent}/versions/1/publish"), &json!({}))?;
        Ok(agent)
    }

    fn conversation(&self, agent: &str) -> anyhow::Result<String> {
        let input = json!({"agent_id": agent, "environment": "production"});
        Ok(id(&self.post("/conversations", &input)?))
    }
}

/// The median of several times, in milliseconds.
fn median(mut run: impl FnMut(usize) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut times = vec![];
    for round in 0..ROUNDS {
        let start = Instant::now();
        run(round)?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[ROUNDS / 2])
}

/// Measures all of it, the looks and changes on both databases.
pub fn measure(binary: &Path, upstream: u16, quick: bool) -> anyhow::Result<Vec<Timing>> {
    let agents = if quick { 50 } else { 1000 };
    let mut timings = vec![];
    for on_postgres in [false, true] {
        let name = if on_postgres { "PostgreSQL" } else { "SQLite" };
        let program = Program::start(binary, on_postgres)?;
        let api = Api(&program);
        looks(&api, upstream, name, &mut timings)?;
        changes(&api, upstream, name, agents, &mut timings)?;
        if on_postgres {
            pages(&api, upstream, quick, &mut timings)?;
        }
    }
    for timing in &timings {
        println!("{}: {:.1} ms", timing.what, timing.ms);
    }
    Ok(timings)
}

/// Preview, drift and publishing of a version with many links, all of which changed.
fn looks(
    api: &Api<'_>,
    upstream: u16,
    name: &str,
    timings: &mut Vec<Timing>,
) -> anyhow::Result<()> {
    let integration = api.integration(upstream)?;
    let actions = (0..LINKS)
        .map(|number| api.action(&integration, &format!("read_{number}")))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let agent = api.published(&actions)?;
    let changed = json!({"description": "Reads one.", "output_variables": []});
    for action in &actions {
        api.ask("PATCH", &format!("/actions/{action}"), &changed)?;
    }
    let path = format!("/agents/{agent}/versions/1");
    for (what, method, rest) in [
        ("Restore preview", "GET", "restore-preview"),
        ("Drift", "GET", "drift"),
        ("Publishing", "POST", "publish"),
    ] {
        let path = format!("{path}/{rest}");
        let ms = median(|_| api.ask(method, &path, &json!({})).map(drop))?;
        timings.push(Timing {
            what: format!("{what} of a version with {LINKS} links that changed, {name}"),
            ms,
            bar_ms: Some(20.0),
        });
    }
    Ok(())
}

/// A change of an action that many published agents link, until all of them serve it.
fn changes(
    api: &Api<'_>,
    upstream: u16,
    name: &str,
    agents: usize,
    timings: &mut Vec<Timing>,
) -> anyhow::Result<()> {
    let integration = api.integration(upstream)?;
    let shared = api.action(&integration, "shared")?;
    let lonely = api.action(&integration, "lonely")?;
    let other = api.published(std::slice::from_ref(&lonely))?;
    api.conversation(&other)?;
    let mut conversations = vec![];
    for _ in 0..agents {
        let agent = api.published(std::slice::from_ref(&shared))?;
        conversations.push(api.conversation(&agent)?);
    }
    let change = |action: &str, timings: &mut Vec<Timing>, what: String| -> anyhow::Result<()> {
        let path = format!("/actions/{action}");
        let ms = median(|round| {
            let patch = json!({"description": format!("Round {round}.")});
            api.ask("PATCH", &path, &patch).map(drop)
        })?;
        timings.push(Timing {
            what,
            ms,
            bar_ms: Some(1000.0),
        });
        Ok(())
    };
    let what = format!("Changing an action that {agents} published agents link, {name}");
    change(&shared, timings, what)?;
    let what = format!("Changing one that a single agent links, beside those {agents}, {name}");
    change(&lonely, timings, what)?;
    // The answer came when all of them served it: each is asked for its tools.
    let expected = format!("Round {}.", ROUNDS - 1);
    for conversation in conversations {
        let path = format!("/conversations/{conversation}/tools");
        let tools = api.ask("GET", &path, &Value::Null)?;
        let description = &tools["tools"][0]["description"];
        anyhow::ensure!(*description == expected, "{description} is served");
    }
    Ok(())
}

/// The first and the last page of long lists.
fn pages(
    api: &Api<'_>,
    upstream: u16,
    quick: bool,
    timings: &mut Vec<Timing>,
) -> anyhow::Result<()> {
    let (agents, actions) = if quick {
        (1_000, 1_000)
    } else {
        (10_000, 100_000)
    };
    let integration = api.integration(upstream)?;
    let one = api.action(&integration, "first")?;
    let agent = api.published(&[])?;
    let uuid = |id: &str| id.split('_').nth(1).unwrap_or_default().to_owned();
    let sql = format!(
        "INSERT INTO action (workspace_id, id, integration_id, name, description, definition, shape_digest, revision, created_at, updated_at) \
         SELECT workspace_id, gen_random_uuid(), integration_id, 'copy_' || n, description, definition, shape_digest, 1, created_at, updated_at \
         FROM action, generate_series(1, {actions}) AS n WHERE id = '{}'; \
         INSERT INTO agent (workspace_id, id, name, description, revision, created_at, updated_at) \
         SELECT workspace_id, gen_random_uuid(), 'Copy ' || n, '', 1, created_at, updated_at \
         FROM agent, generate_series(1, {agents}) AS n WHERE id = '{}'; ANALYZE",
        uuid(&one),
        uuid(&agent)
    );
    let url = api
        .0
        .database
        .as_deref()
        .context("pages are measured on PostgreSQL")?;
    let filled = Command::new("psql")
        .args([url, "-v", "ON_ERROR_STOP=1", "-qc", &sql])
        .status()?;
    anyhow::ensure!(filled.success(), "psql could not fill the lists");
    for (what, path, last) in [
        (
            format!("{actions} shared actions"),
            format!("/integrations/{integration}/actions"),
            "act_ffff0000000070008000000000000000",
        ),
        (
            format!("{agents} agents"),
            "/agents".to_owned(),
            "agt_ffff0000000070008000000000000000",
        ),
    ] {
        for (which, from) in [("first", ""), ("last", last)] {
            let path = format!("{path}?limit=50&after={from}");
            let ms = median(|_| api.ask("GET", &path, &Value::Null).map(drop))?;
            timings.push(Timing {
                what: format!("The {which} page of {what}, PostgreSQL"),
                ms,
                bar_ms: None,
            });
        }
    }
    Ok(())
}
