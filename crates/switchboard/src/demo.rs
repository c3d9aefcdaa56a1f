//! `switchboard demo`: a server on a throw-away directory, with a sample workspace and a sample
//! service.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};
use switchboard_api::Site;
use switchboard_app::api_keys::NewKey;
use switchboard_app::{
    Access, Actor, App, AppError, Context, Listing, Manage, Manager, Principal, actions, agents,
    api_keys, drafts, integrations, secrets, variables, versions, workspaces,
};
use switchboard_domain::id::{ActionId, WorkspaceId};
use switchboard_domain::name::{SecretName, VariableName};
use switchboard_domain::scope::Scope;
use switchboard_simulators::telnyx::{self, Simulator};

use crate::say::say;
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
    let address = listener.local_addr()?;
    let telnyx = simulator(&context).await?;
    settings.telnyx_url = telnyx.url().parse()?;
    settings.public_url = Some(format!("http://{address}").parse()?);
    let app = wiring::app(&settings, &context).await?;
    let token = system::random_hex(&context, 16);
    let service = billing::start(&token).await?;
    let help_desk = help_desk::start(&token).await?;
    let services = Services {
        billing: service,
        help_desk,
        token,
        webhook_key: telnyx.public_key(),
    };
    let sample = fill(&app, &services).await?;
    say!("Switchboard's demo is listening on http://{address}");
    say!("  reference        http://{address}/api/docs/");
    say!("  API key (admin)  {}", sample.key);
    say!("  sample service   {}", services.billing);
    say!("  sample MCP       {}", services.help_desk);
    say!("  sample Telnyx    {}/simulator/messages", telnyx.url());
    say!(
        "  sample agent     {} (\"Billing helper\", published, links five actions)",
        sample.agent
    );
    say!(
        "  another agent    {} (\"Front desk\", published, every kind of action)",
        sample.front_desk
    );
    say!(
        "  the same by MCP  http://{address}/mcp/agents/{}",
        sample.agent
    );
    let site = Site::new(
        address,
        settings.public_url.as_ref(),
        &settings.allowed_hosts,
    );
    say!("  Studio           {}/", site.address());
    serve::offer_setup(&app, &site).await?;
    say!("");
    say!("Everything is gone when you stop it with Ctrl-C.");
    let drained = serve::serve(app, listener, &settings, &context, &telemetry).await?;
    Ok(if drained {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The services that the sample workspace is connected to.
struct Services {
    billing: String,
    help_desk: String,
    token: String,
    webhook_key: String,
}

struct Sample {
    key: String,
    agent: String,
    front_desk: String,
}

/// Telnyx for those who have no account: it takes messages, and sends signed receipts.
async fn simulator(context: &Context) -> anyhow::Result<Simulator> {
    let mut seed = [0; 32];
    context.fill(&mut seed);
    let clock = context.clone();
    let settings = telnyx::Settings::new(seed, Arc::new(move || clock.now()));
    Ok(telnyx::start(settings).await?)
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> anyhow::Result<T> {
    Ok(serde_json::from_value(value)?)
}

/// Fills the default workspace, by the operations that everybody uses.
async fn fill(app: &Arc<App>, services: &Services) -> anyhow::Result<Sample> {
    let Services {
        billing: service,
        help_desk,
        token,
        ..
    } = services;
    let (db, context) = (app.db(), app.context());
    let manage = &*app.manage;
    let workspace = workspaces::ensure_default(db, context).await?.id;
    let new = NewKey {
        name: "demo admin".to_owned(),
        scope: Scope::Admin,
        expires_at: None,
    };
    let (row, key) = api_keys::create_in(db, context, workspace, "demo", &new).await?;
    let manager = manager(workspace, &row)?;
    let everywhere =
        |value: Value| json!({"development": value, "staging": value, "production": value});

    let secret = SecretName::parse("billing_token")?;
    let values = read(json!({"values": everywhere(json!(token))}))?;
    secrets::put(manage, &manager, &secret, values).await?;
    let variable = VariableName::parse("company")?;
    let values = read(json!({"values": everywhere(json!("Example Ltd"))}))?;
    variables::put(manage, &manager, &variable, values).await?;

    let slot = json!({
        "base_url": service, "auth": {"type": "bearer", "token": {"secret": "billing_token"}},
    });
    let integration = integrations::create(
        manage,
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
        let row = actions::create(manage, &manager, integration, read(action)?).await?;
        let mut link = json!({"link": {"action_id": row.id}});
        if row.name.as_str() == "pay_invoice" {
            link["overrides"] = json!({"max_successful_calls": 1, "phases": ["in_call"]});
        }
        links.push(link);
    }
    for id in tools(manage, &manager, help_desk).await? {
        links.push(json!({"link": {"action_id": id}}));
    }
    let agent = agents::create(manage, &manager, read(json!({
        "name": "Billing helper", "description": "Answers questions about invoices and takes payments.",
    }))?)
    .await?;
    drafts::put(manage, &manager, agent.id, None, read(json!({
        "instructions": "Help callers of {{ workspace.company }} with their invoices. The open amount is in variables.amount.",
        "states": [{"name": "greeting"}, {"name": "billing"}], "initial_state": "greeting",
        "actions": links,
    }))?)
    .await?;
    let notes = read(json!({"notes": "The demo's first version."}))?;
    let locked = versions::lock(manage, &manager, agent.id, None, notes).await?;
    versions::publish(manage, &manager, agent.id, locked.version.number(), None).await?;
    Ok(Sample {
        key: key.expose().to_owned(),
        agent: agent.id.to_string(),
        front_desk: front_desk(manage, &manager, &services.webhook_key).await?,
    })
}

/// Connects the simulated Telnyx, and makes an agent with every kind of action. Answers its id.
async fn front_desk(
    manage: &Manage,
    manager: &Manager,
    webhook_key: &str,
) -> anyhow::Result<String> {
    let key = SecretName::parse("telnyx_key")?;
    let values =
        json!({"development": "KEY_demo", "staging": "KEY_demo", "production": "KEY_demo"});
    secrets::put(manage, manager, &key, read(json!({"values": values}))?).await?;
    let channel = integrations::create(
        manage,
        manager,
        read(json!({
            "kind": "messaging_channel", "name": "Text messages", "provider": "telnyx",
            "description": "A simulated Telnyx account.", "api_key": {"secret": "telnyx_key"},
            "from": "+13125550142", "webhook_public_key": webhook_key,
        }))?,
    )
    .await?
    .row
    .id;
    let reminder = read(json!({
        "name": "send_reminder", "description": "Remind the caller of an appointment by text message.",
        "recipient": "contact",
        "message_template": "{{ workspace.company }}: see you at {{ parameters.time }}.",
        "parameters": {
            "type": "object", "properties": {"time": {"type": "string"}}, "required": ["time"],
        },
    }))?;
    let reminder = actions::create(manage, manager, channel, reminder).await?;
    let agent = agents::create(
        manage,
        manager,
        read(json!({
            "name": "Front desk", "description": "Has one action of every kind.",
        }))?,
    )
    .await?;
    drafts::put(manage, manager, agent.id, None, read(json!({
        "instructions": "Answer the phone for {{ workspace.company }}.",
        "states": [
            {"name": "greeting", "description": "Find out what it is about.", "transitions": ["booking"]},
            {"name": "booking", "description": "Agree on a time.", "transitions": ["greeting"]},
        ],
        "initial_state": "greeting", "go_to_state": true,
        "actions": [
            {"action": {"kind": "static_response", "name": "opening_hours",
                "description": "When we are open.",
                "response": {"weekdays": "9 to 5", "company": "{{ workspace.company }}"}}},
            {"action": {"kind": "client_event", "name": "show_calendar", "event": "show_calendar",
                "description": "Show the caller free times on the screen."}},
            {"link": {"action_id": reminder.id}},
            {"action": {"kind": "send_text_message", "name": "text_caller", "channel_id": channel,
                "recipient": "contact", "description": "Send the caller a text message."},
             "max_successful_calls": 3},
            {"action": {"kind": "handover", "name": "to_colleague", "handover_type": "queue",
                "target": "front-desk", "announcement": "One moment, I connect you.",
                "description": "Let a colleague take over."}},
            {"action": {"kind": "end_call", "name": "hang_up", "description": "End the call."}},
        ],
    }))?)
    .await?;
    let notes = read(json!({"notes": "One action of every kind."}))?;
    let locked = versions::lock(manage, manager, agent.id, None, notes).await?;
    versions::publish(manage, manager, agent.id, locked.version.number(), None).await?;
    Ok(agent.id.to_string())
}

/// Connects the sample MCP server. Answers the ids of its tools.
async fn tools(manage: &Manage, manager: &Manager, url: &str) -> anyhow::Result<Vec<ActionId>> {
    let input = read(json!({
        "kind": "mcp_server", "name": "Help desk", "description": "The sample MCP server.",
        "url": url, "auth": {"type": "bearer", "token": {"secret": "billing_token"}},
    }))?;
    let made = integrations::create(manage, manager, input).await?;
    let page = actions::list(manage, manager, Some(made.row.id), &Listing::page(None, 50)).await?;
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
        request: None,
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
