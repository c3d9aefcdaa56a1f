//! How long lists and single things take in a large workspace.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::fill::{self, Size};
use crate::hops::Program;
use crate::process;
use crate::report::ListTiming;
use crate::setup;

/// How often each is asked for.
const ROUNDS: usize = 50;

/// What is asked for; `{…}` stands for the id of one.
const ASKED: [&str; 35] = [
    "/integrations?limit=100",
    "/integrations?limit=100&q=department%2099",
    "/integrations/{integration}",
    "/integrations/{integration}/actions?limit=100",
    "/integrations/{integration}/actions?limit=100&q=read",
    "/actions?limit=100",
    "/actions?limit=100&q=item",
    "/actions?limit=100&q=nowhere",
    "/actions/{action}",
    "/actions/{action}/usage",
    "/actions/{action}/revisions",
    "/agents?limit=100",
    "/agents?limit=100&q=branch",
    "/agents?limit=100&q=nowhere",
    "/agents/{agent}",
    "/agents/{agent}/draft",
    "/agents/{agent}/versions",
    "/agents/{agent}/versions?q=first",
    "/secrets?ids=copied",
    "/secrets?limit=100",
    "/secrets?limit=100&q=99",
    "/variables?limit=100",
    "/variables?limit=100&q=99",
    "/members?limit=100",
    "/members?limit=100&q=person9",
    "/invitations?limit=100",
    "/invitations?limit=100&q=guest9",
    "/api-keys?limit=100",
    "/api-keys?limit=100&q=key%209",
    "/conversations?limit=100",
    "/conversations?limit=100&agent_id={agent}",
    "/conversations?limit=100&outcome=failed",
    "/conversations?limit=100&outcome=refused",
    "/audit?limit=100",
    "/overview",
];

/// Measures all of it on both databases.
pub fn measure(binary: &Path, upstream: u16, quick: bool) -> anyhow::Result<Vec<ListTiming>> {
    let size = Size::new(quick);
    let mut timings = vec![];
    for on_postgres in [false, true] {
        let program = Program::start(binary, on_postgres)?;
        let begun = Instant::now();
        one_of_each(&program, upstream)?;
        fill::fill(&program, size)?;
        let seconds = begun.elapsed().as_secs_f64();
        println!("{} filled in {seconds:.1} s", program.database_name());
        let names = Names::of(&program)?;
        for asked in ASKED {
            timings.push(timing(&program, asked, &names.fill_in(asked), None)?);
        }
        // What a workspace lacks is looked for again after each change.
        let change = names.fill_in("/agents/{agent}");
        let what = "/overview, each time after a change";
        timings.push(timing(&program, what, "/overview", Some(&change))?);
    }
    Ok(timings)
}

fn ask(program: &Program, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
    setup::ask(program.port, &program.key, method, path, body)
}

/// One thing of each kind, to be copied.
fn one_of_each(program: &Program, upstream: u16) -> anyhow::Result<()> {
    let ask = |method: &str, path: &str, body: Value| ask(program, method, path, &body);
    let id = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
    let value = "sk_live_0123456789abcdef";
    let values = json!({"production": value, "staging": value, "development": value});
    ask("PUT", "/secrets/copied", json!({"values": values}))?;
    let values = json!({"values": {"production": "eu"}});
    ask("PUT", "/variables/copied", values)?;
    let slot = json!({
        "base_url": format!("http://127.0.0.1:{upstream}"),
        "auth": {"type": "bearer", "token": {"secret": "copied"}},
    });
    let environments = json!({"production": slot, "staging": slot, "development": slot});
    let input = json!({"kind": "custom_api", "name": "copied", "environments": environments});
    let integration = id(&ask("POST", "/integrations", input)?);
    let input = json!({
        "name": "copied", "description": "Reads an invoice.", "method": "GET",
        "path": "/invoices/{invoice_id}",
        "parameters": {
            "type": "object",
            "properties": {
                "invoice_id": {"type": "string", "pattern": "^inv_[0-9]+$"},
                "expand": {"type": "string", "enum": ["lines", "customer"]},
            },
            "required": ["invoice_id"],
        },
        "output_variables": [{"name": "amount", "path": "$.amount"}],
    });
    let path = format!("/integrations/{integration}/actions");
    let action = id(&ask("POST", &path, input)?);
    let agent = id(&ask("POST", "/agents", json!({"name": "copied"}))?);
    let draft = json!({
        "instructions": "Tell them the amount.", "actions": [{"link": {"action_id": action}}],
    });
    ask("PUT", &format!("/agents/{agent}/draft"), draft)?;
    let notes = json!({"notes": "The first one"});
    ask("POST", &format!("/agents/{agent}/versions"), notes)?;
    let publish = format!("/agents/{agent}/versions/1/publish");
    ask("POST", &publish, json!({}))?;
    let start = json!({"agent_id": agent, "environment": "production"});
    let conversation = id(&ask("POST", "/conversations", start)?);
    let call = format!("/conversations/{conversation}/actions/copied/call");
    let arguments = json!({"arguments": {"invoice_id": "inv_1001"}});
    ask("POST", &call, arguments)?;
    let invitation = json!({"email": "copied@example.com", "role": "viewer"});
    ask("POST", "/invitations", invitation)?;
    let key = json!({"name": "copied", "scope": "run"});
    ask("POST", "/api-keys", key)?;
    // Calls are added up a moment later.
    process::pause(3_000);
    Ok(())
}

/// The ids of one thing each.
struct Names {
    integration: String,
    action: String,
    agent: String,
}

impl Names {
    fn of(program: &Program) -> anyhow::Result<Self> {
        let first = |list: &str| -> anyhow::Result<String> {
            let page = ask(program, "GET", list, &Value::Null)?;
            let id = page["data"][0]["id"].as_str();
            Ok(id.unwrap_or_default().to_owned())
        };
        Ok(Self {
            integration: first("/integrations?limit=1")?,
            action: first("/actions?limit=1")?,
            agent: first("/agents?limit=1")?,
        })
    }

    fn fill_in(&self, path: &str) -> String {
        path.replace("{integration}", &self.integration)
            .replace("{action}", &self.action)
            .replace("{agent}", &self.agent)
    }
}

/// Asks again and again, and perhaps changes an agent before each time.
fn timing(
    program: &Program,
    what: &str,
    path: &str,
    change: Option<&str>,
) -> anyhow::Result<ListTiming> {
    let mut times = vec![];
    for round in 0..ROUNDS {
        if let Some(agent) = change {
            let patch = json!({"description": format!("Round {round}.")});
            ask(program, "PATCH", agent, &patch)?;
        }
        let start = Instant::now();
        ask(program, "GET", path, &Value::Null)?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let timing = ListTiming {
        what: what.to_owned(),
        database: program.database_name(),
        p50_ms: times[ROUNDS / 2],
        max_ms: times[ROUNDS - 1],
    };
    println!("{timing}");
    Ok(timing)
}
