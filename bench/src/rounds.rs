//! Measuring hops side by side: all of them run, and each has its turn in every round, so that what the
//! machine does meanwhile meets all of them alike.

use std::path::Path;
use std::time::Instant;

use crate::cell::{Cell, Sample};
use crate::hops::{self, Hop};
use crate::{load, process};

/// Connections of a cell.
pub const CONNECTIONS: [u32; 3] = [1, 16, 64];

/// How the cells are measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// The connections, in their order.
    pub connections: &'a [u32],
    /// How often each cell is measured.
    pub rounds: usize,
    /// How long each time, in seconds.
    pub seconds: u64,
}

/// What was measured of hops.
#[derive(Default)]
pub struct Measured {
    /// The cells.
    pub cells: Vec<Cell>,
    /// How long a start took, in milliseconds.
    pub start_ms: Option<f64>,
    /// The memory of an idle server, in MiB.
    pub idle_mib: Option<f64>,
}

/// Starts the hops of these names, and measures them.
pub fn measure(
    names: &[&str],
    binary: &Path,
    upstream: u16,
    plan: Plan<'_>,
) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    let mut all = vec![];
    for name in names {
        let hop = hops::start(name, binary, upstream)?;
        measured.start_ms = hop.start_ms.or(measured.start_ms);
        measured.idle_mib = hop.idle_mib.or(measured.idle_mib);
        // Pools fill and code pages in.
        load::run(&hop.target, 16, 1)?;
        all.push((*name, hop));
    }
    measured.cells = names
        .iter()
        .flat_map(|name| {
            plan.connections.iter().map(|connections| Cell {
                hop: (*name).to_owned(),
                connections: *connections,
                samples: vec![],
            })
        })
        .collect();
    for round in 1..=plan.rounds {
        for connections in plan.connections {
            for (name, hop) in &all {
                let sample = once(hop, *connections, plan.seconds)?;
                let cell = measured
                    .cells
                    .iter_mut()
                    .find(|cell| cell.hop == *name && cell.connections == *connections);
                if let Some(cell) = cell {
                    cell.samples.push(sample);
                }
                println!(
                    "round {round}: {name} with {connections}: {:.0}/s, p50 {:.0} µs, p99 {:.0} µs, CPU {:.1} µs",
                    sample.per_second, sample.p50_us, sample.p99_us, sample.cpu_us
                );
            }
        }
    }
    for (_, hop) in &all {
        hop.verify()?;
    }
    Ok(measured)
}

/// Measures a hop once.
fn once(hop: &Hop, connections: u32, seconds: u64) -> anyhow::Result<Sample> {
    let start = Instant::now();
    let (machine, own, before) = (process::machine_us(), process::own_us(), hop.cpu_us());
    let load = load::run(&hop.target, connections, seconds)?;
    let spent = hop.cpu_us() - before;
    let foreign = (process::machine_us() - machine) - (process::own_us() - own);
    let elapsed = start.elapsed().as_secs_f64() * 1e6;
    Ok(Sample {
        per_second: load.per_second,
        p50_us: load.p50_us,
        p99_us: load.p99_us,
        cpu_us: spent / load.requests.max(1.0),
        memory_mib: hop.memory_mib(),
        errors: load.errors,
        foreign: (foreign / elapsed * 100.0).max(0.0),
    })
}
