//! `switchboard serve`: start, run, stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use switchboard_api::{ApiState, Door, Site};
use switchboard_app::accounts::setup;
use switchboard_app::{App, Context, lifecycle};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;
use crate::telemetry::{self, Telemetry};
use crate::{system, wiring};

/// Runs the server until it is told to stop.
pub async fn run(settings: Settings) -> anyhow::Result<ExitCode> {
    let telemetry = telemetry::start(&settings)?;
    let context = system::context();
    let app = wiring::app(&settings, &context).await?;
    let listener = bind(&settings).await?;
    let address = listener.local_addr()?;
    println!("Switchboard is listening on http://{address}");
    println!("  data       {}", describe_data(&settings));
    println!("  reference  http://{address}/api/docs/");
    println!("  first key  {}", first_key(&settings));
    let site = Site::new(
        address,
        settings.public_url.as_ref(),
        &settings.allowed_hosts,
    );
    println!("  Studio     {}/", site.address());
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
    if let Some(token) = setup::offer(app).await? {
        println!();
        println!("Nobody can sign in yet. Make the owner's account, once, with this link:");
        println!("  {}/setup#{}", site.address(), *token.expose());
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
            command.push_str(&format!(" --data-dir '{}'", directory.display()));
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
            "{} cannot be listened on; choose another address with --listen",
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
    let metrics = telemetry.metrics.clone();
    let address = listener.local_addr()?;
    let site = Site::new(
        address,
        settings.public_url.as_ref(),
        &settings.allowed_hosts,
    );
    let state = ApiState {
        app: app.clone(),
        metrics: Arc::new(move || metrics.render()),
        stopping: stopping.clone(),
        site: Arc::new(site),
        mcp: Arc::new(Door::new()),
        request_prefix: system::random_hex(context, 5).into(),
    };
    let router = switchboard_api::router(state, settings.max_body_bytes);
    let listener = listener.tap_io(|stream| {
        // Without this, small answers wait for acknowledgements.
        let _ = stream.set_nodelay(true);
    });
    let shutdown = {
        let app = app.clone();
        let stopping = stopping.clone();
        async move {
            signalled().await;
            lifecycle::stop_taking_calls(&app);
            stopping.cancel();
        }
    };
    // Attempts to sign in are counted by where they come from.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(shutdown);
    let grace = settings.shutdown_grace;
    let cut = async {
        stopping.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        result = server => result?,
        () = cut => tracing::warn!("connections were still open when the time to stop was over"),
    }
    for task in background {
        task.abort();
    }
    let drained = lifecycle::drain(&app, Duration::from_secs(1).max(grace)).await;
    tracing::info!(drained, "stopped");
    Ok(drained)
}

/// Waits for SIGTERM or SIGINT.
async fn signalled() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
