//! Whether this server can do its work, part by part, from what is known already: asking costs no query.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::App;

/// What whoever runs a part of the server says of it. Nothing said is nothing wrong.
#[derive(Debug, Default)]
pub struct Health {
    ill: Mutex<BTreeMap<&'static str, String>>,
}

impl Health {
    /// A part works.
    pub fn well(&self, part: &'static str) {
        self.lock().remove(part);
    }

    /// A part does not work, and why.
    pub fn ill(&self, part: &'static str, why: impl Into<String>) {
        self.lock().insert(part, why.into());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.ill.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a look at the server found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What keeps it from its work, by part.
    pub ill: BTreeMap<&'static str, String>,
    /// How many values of secrets cannot be opened. Others are not kept from anything by that.
    pub unreadable_secrets: usize,
}

impl Report {
    /// Whether it does its work.
    pub fn is_ready(&self) -> bool {
        self.ill.is_empty()
    }
}

/// How the server is, and the same as metrics.
pub fn report(app: &App) -> Report {
    let lag = app.runtime.catalog().lag();
    let mut ill = app.health.lock().clone();
    if app.runtime.is_stopping() {
        ill.insert("stopping", "the server is stopping".to_owned());
    }
    if let Some((since, why)) = app.runtime.write_failure() {
        let since = since.as_secs();
        ill.insert(
            "journal",
            format!("nothing could be written for {since} s: {why}"),
        );
    }
    match lag.looked {
        None => {
            ill.insert("database", "it was not checked yet".to_owned());
        }
        Some(age) if !lag.is_looked() => {
            let age = age.as_secs();
            ill.insert("database", format!("it did not answer for {age} s"));
        }
        Some(_) if !lag.is_fresh() => {
            let why = "this server has not loaded the latest configuration yet";
            ill.insert("catalog", why.to_owned());
        }
        Some(_) => {}
    }
    Report {
        ill,
        unreadable_secrets: lag.unreadable,
    }
}

/// Writes what is known into the metrics.
pub fn measure(app: &App) {
    let lag = app.runtime.catalog().lag();
    let seconds =
        |age: Option<std::time::Duration>| age.map_or(f64::INFINITY, |age| age.as_secs_f64());
    metrics::gauge!("switchboard_catalog_look_age_seconds").set(seconds(lag.looked));
    metrics::gauge!("switchboard_catalog_lag_seconds").set(seconds(lag.agreed));
    metrics::gauge!("switchboard_catalog_workspaces").set(count(lag.workspaces));
    metrics::gauge!("switchboard_catalog_versions").set(count(lag.versions));
    metrics::gauge!("switchboard_unreadable_secrets").set(count(lag.unreadable));
    for found in app.db.connections() {
        let lane = found.lane.as_str();
        let gauge = |state: &'static str, number: usize| {
            metrics::gauge!("switchboard_database_connections", "lane" => lane, "state" => state)
                .set(count(number));
        };
        gauge("idle", found.idle as usize);
        gauge("in_use", found.in_use as usize);
        metrics::gauge!("switchboard_database_connections_max", "lane" => lane)
            .set(f64::from(found.most));
        metrics::gauge!("switchboard_database_waiting", "lane" => lane).set(count(found.waiting));
    }
    if let Some(space) = app.runtime.known_space() {
        metrics::gauge!("switchboard_database_bytes").set(bytes(space.bytes));
        if let Some(free) = space.free {
            metrics::gauge!("switchboard_database_free_bytes").set(bytes(free));
        }
    }
    metrics::gauge!("switchboard_ready").set(if report(app).is_ready() { 1.0 } else { 0.0 });
}

/// Bytes as a metric has them, to the KiB.
fn bytes(number: u64) -> f64 {
    f64::from(u32::try_from(number >> 10).unwrap_or(u32::MAX)) * 1024.0
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
