//! `switchboard serve`: start, run, stop.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use switchboard_api::{ApiParts, ApiState, Door as McpDoor, Proxies, Site};
use switchboard_app::accounts::setup::{self, Offer, STANDS_SECONDS};
use switchboard_app::{App, Context, lifecycle};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::cores::Cores;
use crate::door::{Door, Limits};
use crate::say::say;
use crate::settings::Settings;
use crate::telemetry::{self, Telemetry};
use crate::{log_writer, open_files, system, wiring};

/// Runs the server until it is told to stop.
pub async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let telemetry = telemetry::start(&settings)?;
    let context = system::context();
    let app = wiring::app(&settings, &context).await?;
    let listener = bind(&settings).await?;
    let address = listener.local_addr()?;
    say!("Switchboard is listening on http://{address}");
    say!("  data       {}", describe_data(&settings));
    say!("  reference  http://{address}/api/docs/");
    say!("  first key  {}", first_key(&settings));
    let site = Site::new(
        address,
        settings.public_url.as_ref(),
        &settings.allowed_hosts,
    );
    say!("  Studio     {}/", site.address());
    offer_setup(&app, &site).await?;
    let drained = serve(app, listener, &settings, &context, &telemetry).await?;
    Ok(if drained {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints the one-use link that makes the first owner's account, where there is no owner. To standard
/// output, which is for whoever starts the server, and never to the log.
pub async fn offer_setup(app: &App, site: &Site) -> anyhow::Result<()> {
    match setup::offer(&app.accounts).await? {
        Offer::NotNeeded => {}
        Offer::Token(token) => {
            say!("");
            say!("Nobody can sign in yet. Make the owner's account, once, with this link:");
            say!("  {}/setup#{}", site.address(), *token.expose());
        }
        Offer::Elsewhere => {
            say!("");
            say!(
                "Nobody can sign in yet. Another server that started just now printed the link for the \
                 owner's account; to have a new one, start this server again in {STANDS_SECONDS} s."
            );
        }
    }
    Ok(())
}

/// The command that makes a key of this server, wherever it is run.
fn first_key(settings: &Settings) -> String {
    let mut command = "switchboard keys create --name admin --scope admin".to_owned();
    match &settings.database_url {
        // It may hold a password, which is shown to nobody.
        Some(_) => command.push_str(" --database-url URL"),
        None if settings.is_default("data_dir") => {}
        None => {
            let directory = std::path::absolute(&settings.data_dir);
            let directory = directory.unwrap_or_else(|_| settings.data_dir.clone());
            command = format!("{command} --data-dir '{}'", directory.display());
        }
    }
    command
}

fn describe_data(settings: &Settings) -> String {
    match &settings.database_url {
        Some(url) => format!("{url}; keys in {}", settings.master_key_file.display()),
        None => format!("{} (SQLite)", settings.data_dir.display()),
    }
}

/// Takes the port.
pub async fn bind(settings: &Settings) -> anyhow::Result<TcpListener> {
    TcpListener::bind(settings.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; choose another address with --listen",
            settings.listen
        )
    })
}

/// Serves until a signal comes, then lets running calls finish. Answers whether all of them did.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    settings: &Settings,
    context: &Context,
    telemetry: &Telemetry,
) -> anyhow::Result<bool> {
    lifecycle::recover(&app).await?;
    let background = lifecycle::start_background(&app);
    let stopping = CancellationToken::new();
    let rendered = telemetry.metrics.clone();
    let address = listener.local_addr()?;
    let site = Site::new(
        address,
        settings.public_url.as_ref(),
        &settings.allowed_hosts,
    );
    let state = ApiState::new(ApiParts {
        app: app.clone(),
        metrics: Arc::new(move || {
            metrics::counter!("switchboard_log_lines_lost_total").absolute(log_writer::lost());
            rendered.render()
        }),
        stopping: stopping.clone(),
        site: Arc::new(site),
        proxies: Arc::new(Proxies(settings.trusted_proxies.clone())),
        mcp: Arc::new(McpDoor::new()),
        request_log: settings.request_log.clone(),
        request_prefix: system::random_hex(context, 5).into(),
        max_body_bytes: settings.max_body_bytes,
    });
    let front = switchboard_api::front(state);
    let cores =
        Cores::start(Cores::available()).context("the threads of the server do not start")?;
    let cores = Arc::new(cores);
    let door = Door::open(listener, front, door_limits(settings), cores.clone());
    let mut signals = Signals::new()?;
    signals.next().await;
    let start = Instant::now();
    lifecycle::stop_taking_calls(&app);
    stopping.cancel();
    let grace = settings.shutdown_grace;
    let running = lifecycle::running_calls(&app);
    say!(
        "Stopping: {running} calls are under way and have up to {} s. Ctrl-C again ends them at once.",
        grace.as_secs()
    );
    tracing::info!(running, "a stop was asked for");
    let stop = async {
        drain(&app, settings.caps.drain.min(grace), grace).await;
        let left = || grace.saturating_sub(start.elapsed()).max(LEAST);
        if !door.close(left()).await {
            tracing::warn!("connections were still open when the time to stop was over");
        }
        for task in background {
            task.abort();
        }
        lifecycle::drain(&app, left()).await
    };
    let drained = tokio::select! {
        drained = stop => drained,
        () = signals.next() => {
            tracing::warn!(running = lifecycle::running_calls(&app), "ended at once, as was asked for");
            false
        }
    };
    // Calls and the journal run on them, also when the door is closed.
    drop(cores);
    tracing::info!(drained, "stopped");
    Ok(drained)
}

/// What each step of a stop has at least.
const LEAST: Duration = Duration::from_secs(1);

/// Keeps the port open, where everything that is new is told to go elsewhere: for a time, so that a
/// load balancer sees it, and while calls are under way.
async fn drain(app: &App, at_least: Duration, at_most: Duration) {
    tokio::time::sleep(at_least).await;
    let rest = async {
        while lifecycle::running_calls(app) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let _ = tokio::time::timeout(at_most.saturating_sub(at_least), rest).await;
}

/// What the door allows, as far as the process may have files open.
fn door_limits(settings: &Settings) -> Limits {
    let caps = &settings.caps;
    let (connections, spare) = Limits::of_files(open_files::raise(), caps.connections);
    Limits {
        connections,
        spare,
        head: caps.header_timeout,
        body: caps.body_timeout,
        idle: caps.idle_timeout,
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
