//! The log and the metrics.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Keeps the log's writer alive; dropping it writes out what is left.
pub struct Telemetry {
    _log: WorkerGuard,
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
}

/// Starts the log, on standard error, and the metrics.
pub fn start(settings: &Settings) -> anyhow::Result<Telemetry> {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let level = settings.log_level.as_str();
    // Libraries only speak up when something is wrong.
    let filter = EnvFilter::try_new(format!("warn,switchboard={level},switchboard_app={level},switchboard_api={level},switchboard_store={level},switchboard_connect={level},switchboard_outbound={level}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_target(false);
    match settings.log_format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.init(),
    }
    let metrics = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])?
        .install_recorder()?;
    Ok(Telemetry {
        _log: guard,
        metrics,
    })
}
