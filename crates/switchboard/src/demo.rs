//! `switchboard demo`: a server on a throw-away directory, with a sample workspace and a sample
//! service.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use switchboard_api::Site;
use switchboard_app::{
    Access, Actor, App, AppError, Manager, Principal, actions, agents, api_keys, drafts,
    integrations, secrets, variables, versions, workspaces,
};
use switchboard_domain::id::{ActionId, WorkspaceId};
use switchboard_domain::name::{SecretName, VariableName};
use switchboard_domain::scope::Scope;

use crate::settings::Settings;
use crate::{billing, help_desk, serve, system, telemetry, wiring};

/// Runs the demo until it is told to stop. Its directory goes with it.
pub async fn run(mut settings: Settings) -> anyhow::Result<ExitCode> {
    let telemetry = telemetry::start(&settings)?;
    let directory = tempfile::Builder::new()
        .prefix("switchboard-demo-")
        .tempdir()?;
    settings.data_dir = directory.path().to_owned();
    settings.master_key_file = directory.path().join("master.key");
    settings.database_url = None;
    // The sample service is on loopback, which calls may not reach otherwise.
    settings.allow_networks.push("127.0.0.1".to_owned());
    let context = system::context();
    let listener = serve::bind(&settings).await?;
    let app = wiring::app(&settings, &context).await?;
    let token = system::random_hex(&context, 16);
    let service = billing::start(&token).await?;
    let help_desk = help_desk::start(&token).await?;
    let sample = fill(&app, &service, &help_desk, &token).await?;
    let address = listener.local_addr()?;
    println!("Switchboard's demo is listening on http://{address}");
    println!("  reference        http://{address}/api/docs/");
    println!("  API key (admin)  {}", sample.key);
    println!("  sample service   {service}");
    println!("  sample MCP       {help_desk}");
    println!(
        "  sample agent     {} (\"Billing helper\", published, links five actions)",
        sample.agent
    );
    println!(
        "  the same by MCP  http://{address}/mcp/agents/{}",
        sample.agent
    );
    let site = Site::new(
        address,
        settings.public_url.as_ref(),
        &settings.allowed_hosts,
    );
    println!("  Studio           {}/", site.address());
    serve::offer_setup(&app, &site).await?;
    println!();
    println!("Everything is gone when you stop it with Ctrl-C.");
    let drained = serve::serve(app, listener, &settings, &context, &telemetry).await?;
    Ok(if drained {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

struct Sample {
    key: String,
    agent: String,
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> anyhow::Result<T> {
    Ok(serde_json::from_value(value)?)
}

/// Fills the default workspace, by the operations that everybody uses.
async fn fill(
    app: &Arc<App>,
    service: &str,
    help_desk: &str,
    token: &str,
) -> anyhow::Result<Sample> {
    let (db, context) = (app.db(), app.context());
    let workspace = workspaces::ensure_default(db, context).await?.id;
    let (row, key) =
        api_keys::create_in(db, context, workspace, "demo", "demo admin", Scope::Admin).await?;
    let manager = manager(workspace, &row)?;
    let everywhere =
        |value: Value| json!({"development": value, "staging": value, "production": value});

    let secret = SecretName::parse("billing_token")?;
    let values = read(json!({"values": everywhere(json!(token))}))?;
    secrets::put(app, &manager, &secret, values).await?;
    let variable = VariableName::parse("company")?;
    let values = read(json!({"values": everywhere(json!("Example Ltd"))}))?;
    variables::put(app, &manager, &variable, values).await?;

    let slot = json!({
        "base_url": service, "auth": {"type": "bearer", "token": {"secret": "billing_token"}},
    });
    let integration = integrations::create(
        app,
        &manager,
        read(json!({
            "kind": "custom_api", "name": "Billing", "description": "The sample billing service.",
            "environments": everywhere(slot),
        }))?,
    )
    .await?
    .row
    .id;
    let mut links = vec![];
    for action in sample_actions() {
        let row = actions::create(app, &manager, integration, read(action)?).await?;
        let mut link = json!({"link": {"action_id": row.id}});
        if row.name.as_str() == "pay_invoice" {
            link["overrides"] = json!({"max_successful_calls": 1, "phases": ["in_call"]});
        }
        links.push(link);
    }
    for id in tools(app, &manager, help_desk).await? {
        links.push(json!({"link": {"action_id": id}}));
    }
    let agent = agents::create(app, &manager, read(json!({
        "name": "Billing helper", "description": "Answers questions about invoices and takes payments.",
    }))?)
    .await?;
    drafts::put(app, &manager, agent.id, None, read(json!({
        "instructions": "Help callers of {{ workspace.company }} with their invoices. The open amount is in variables.amount.",
        "states": [{"name": "greeting"}, {"name": "billing"}], "initial_state": "greeting",
        "actions": links,
    }))?)
    .await?;
    let notes = read(json!({"notes": "The demo's first version."}))?;
    let locked = versions::lock(app, &manager, agent.id, None, notes).await?;
    versions::publish(app, &manager, agent.id, locked.version.number(), None).await?;
    Ok(Sample {
        key: key.expose().to_owned(),
        agent: agent.id.to_string(),
    })
}

/// Connects the sample MCP server. Answers the ids of its tools.
async fn tools(app: &Arc<App>, manager: &Manager, url: &str) -> anyhow::Result<Vec<ActionId>> {
    let input = read(json!({
        "kind": "mcp_server", "name": "Help desk", "description": "The sample MCP server.",
        "url": url, "auth": {"type": "bearer", "token": {"secret": "billing_token"}},
    }))?;
    let made = integrations::create(app, manager, input).await?;
    let page = actions::list(app, manager, made.row.id, None, 50).await?;
    Ok(page.rows.into_iter().map(|row| row.id).collect())
}

fn manager(
    workspace: WorkspaceId,
    row: &switchboard_app::rows::ApiKeyRow,
) -> Result<Manager, AppError> {
    Manager::try_from(Principal {
        workspace,
        actor: Actor::Key(row.id),
        access: Access::Key(row.scope),
    })
}

fn sample_actions() -> [Value; 3] {
    [
        json!({
            "name": "list_invoices", "description": "List a customer's invoices.",
            "method": "GET", "path": "/invoices",
            "parameters": {
                "type": "object",
                "properties": {
                    "customer_id": {"type": "string"},
                    "status": {"type": "string", "enum": ["open", "paid"]},
                },
                "required": ["customer_id"], "additionalProperties": false,
            },
            "output_variables": [{"name": "invoice_count", "path": "$.count"}],
        }),
        json!({
            "name": "get_invoice", "description": "Read one invoice.",
            "method": "GET", "path": "/invoices/{invoice_id}",
            "parameters": {
                "type": "object", "properties": {"invoice_id": {"type": "string"}},
                "required": ["invoice_id"], "additionalProperties": false,
            },
            "output_variables": [
                {"name": "amount", "path": "$.amount"}, {"name": "status", "path": "$.status"},
            ],
        }),
        json!({
            "name": "pay_invoice", "description": "Pay an invoice in full.",
            "method": "POST", "path": "/invoices/{invoice_id}/payments",
            "parameters": {
                "type": "object",
                "properties": {"invoice_id": {"type": "string"}, "amount": {"type": "integer", "minimum": 1}},
                "required": ["invoice_id", "amount"], "additionalProperties": false,
            },
            "body_template": "{\"amount\": {{ parameters.amount }}, \"note\": \"paid through {{ workspace.company }}\"}",
            "output_variables": [{"name": "status", "path": "$.status"}],
        }),
    ]
}
