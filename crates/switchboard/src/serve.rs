//! `switchboard serve`: start, run, stop.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use switchboard_api::{AllowedHosts, ApiState, Door};
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
    println!("  first key  switchboard keys create --name admin --scope admin");
    let drained = serve(app, listener, &settings, &context, &telemetry).await?;
    Ok(if drained {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
    let hosts = AllowedHosts::new(listener.local_addr()?, &settings.allowed_hosts);
    let state = ApiState {
        app: app.clone(),
        metrics: Arc::new(move || metrics.render()),
        stopping: stopping.clone(),
        mcp: Arc::new(Door::new(hosts)),
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
    let server = axum::serve(listener, router).with_graceful_shutdown(shutdown);
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
