//! The log and the metrics.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use switchboard_app::keep_running;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;

use crate::log_json::Json;
use crate::log_writer::{Flush, LogWriter};
use crate::settings::{LogFormat, Settings};

/// What telemetry gives to others.
pub struct Telemetry {
    /// Renders the metrics.
    pub metrics: PrometheusHandle,
    /// Has the last lines written before the process ends.
    _flush: Flush,
}

/// How often recorded samples are put into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Puts samples into their buckets. Otherwise only somebody who asks for the metrics does so, and
/// where nobody asks, every sample is kept.
async fn upkeep(metrics: PrometheusHandle) {
    let mut timer = tokio::time::interval(UPKEEP);
    loop {
        timer.tick().await;
        metrics.run_upkeep();
    }
}

/// Starts the log, on standard error, and the metrics.
pub fn start(settings: &Settings) -> anyhow::Result<Telemetry> {
    let level = settings.log_level.as_str();
    // Libraries only speak up when something is wrong. Our crates all start with this name.
    let filter = EnvFilter::try_new(format!("warn,switchboard={level}"))?;
    let (writer, flush) = LogWriter::start(std::io::stderr())?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        // Said on standard error, where what could not be written cannot be said either.
        .log_internal_errors(false)
        .with_target(false);
    match settings.log_format {
        LogFormat::Json => builder
            .event_format(Json)
            .fmt_fields(JsonFields::new())
            .init(),
        LogFormat::Text => builder.init(),
    }
    let metrics = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0])?
        .install_recorder()?;
    let kept = metrics.clone();
    tokio::spawn(keep_running("metrics", move || upkeep(kept.clone())));
    Ok(Telemetry {
        metrics,
        _flush: flush,
    })
}
