//! What is asked for, and whether it is met. What depends on the machine is asked for in terms of nginx's
//! hop in the same run.

use std::fmt::Write as _;

use crate::cell::{Cell, Sample};
use crate::rounds::Measured;
use crate::soak::Soak;

/// What a call may cost.
struct Bar {
    hop: &'static str,
    name: &'static str,
    /// CPU at 64 connections, times nginx's.
    cpu: f64,
    /// Throughput at 64 connections, times nginx's.
    throughput: Option<f64>,
    /// The median alone, times nginx's.
    p50: f64,
    /// The 99th percentile at 64 connections, in milliseconds.
    p99_ms: f64,
}

const BARS: [Bar; 6] = [
    Bar {
        hop: "sqlite",
        name: "GET, SQLite",
        cpu: 3.0,
        throughput: Some(0.40),
        p50: 3.0,
        p99_ms: 20.0,
    },
    Bar {
        hop: "sqlite-post",
        name: "POST with a limit, SQLite",
        cpu: 4.5,
        throughput: Some(0.28),
        p50: 4.5,
        p99_ms: 25.0,
    },
    Bar {
        hop: "mcp-to-http",
        name: "MCP to HTTP, SQLite",
        cpu: 3.6,
        throughput: Some(0.34),
        p50: 3.5,
        p99_ms: 25.0,
    },
    Bar {
        hop: "mcp-to-mcp",
        name: "MCP to MCP, SQLite",
        cpu: 4.5,
        throughput: Some(0.28),
        p50: 4.5,
        p99_ms: 30.0,
    },
    Bar {
        hop: "postgres",
        name: "GET, PostgreSQL (server alone)",
        cpu: 5.0,
        throughput: None,
        p50: 6.0,
        p99_ms: 30.0,
    },
    Bar {
        hop: "postgres-post",
        name: "POST, PostgreSQL (server alone)",
        cpu: 8.0,
        throughput: None,
        p50: 9.0,
        p99_ms: 40.0,
    },
];

/// What a GET may cost, times the floor.
const OF_FLOOR: f64 = 1.25;
const IDLE_MIB: f64 = 40.0;
const START_MS: f64 = 30.0;

const fn mark(is_met: bool) -> &'static str {
    if is_met { "" } else { " **missed**" }
}

/// The tables.
pub fn table(measured: &Measured, soak: Option<&Soak>) -> String {
    let cell = |hop: &str, connections: u32| {
        let mut cells = measured.cells.iter();
        cells.find(|cell| cell.hop == hop && cell.connections == connections)
    };
    let mut text = String::new();
    if let (Some(alone), Some(many)) = (cell("nginx", 1), cell("nginx", 64)) {
        text.push_str(
            "\n## Bars\n\nTimes nginx's hop, round by round; what is asked for is in brackets.\n\n\
             | call | CPU at 64 | requests/s at 64 | p50 alone | p99 ms at 64 |\n|---|---|---|---|---|\n",
        );
        for bar in &BARS {
            if let (Some(one), Some(all)) = (cell(bar.hop, 1), cell(bar.hop, 64)) {
                text.push_str(&row(bar, (one, alone), (all, many)));
            }
        }
    }
    text.push_str("\n| bar | measured | |\n|---|---|---|\n");
    let mut bar = |what: &str, found: String, is_met: bool| {
        let met = if is_met { "met" } else { "**missed**" };
        let _ = writeln!(text, "| {what} | {found} | {met} |");
    };
    if let (Some(ours), Some(floor)) = (cell("sqlite", 64), cell("floor", 64)) {
        let times = ours.times(floor, |sample| sample.cpu_us);
        bar(
            "CPU of a GET at 64 connections: at most 1.25 times the floor",
            format!("{times:.2}"),
            times <= OF_FLOOR,
        );
    }
    if let Some(idle) = measured.idle_mib {
        bar(
            "Idle memory: under 40 MiB",
            format!("{idle:.1} MiB"),
            idle < IDLE_MIB,
        );
    }
    if let Some(start) = measured.start_ms {
        bar(
            "Start until ready, with an empty database: under 30 ms",
            format!("{start:.0} ms"),
            start < START_MS,
        );
    }
    if let Some(soak) = soak {
        bar(
            "Memory flat while 1,000 MCP sessions are opened and closed for two minutes",
            format!(
                "{:.1} MiB after the first of {} rounds, {:.1} MiB at the end, {:+.2} MiB a minute in the second half",
                soak.first_mib, soak.rounds, soak.last_mib, soak.slope
            ),
            soak.slope < 2.0,
        );
    }
    text
}

fn row(bar: &Bar, (one, nginx_one): (&Cell, &Cell), (all, nginx_all): (&Cell, &Cell)) -> String {
    let cpu = all.times(nginx_all, |sample| sample.cpu_us);
    let throughput = all.times(nginx_all, |sample| sample.per_second);
    let p50 = one.times(nginx_one, |sample| sample.p50_us);
    let p99 = all.median(|sample: &Sample| sample.p99_us) / 1000.0;
    let asked = bar.throughput.map_or_else(
        || format!("{throughput:.2}"),
        |least| format!("{throughput:.2} ({least:.2}){}", mark(throughput >= least)),
    );
    format!(
        "| {} | {cpu:.1} ({:.1}){} | {asked} | {p50:.1} ({:.1}){} | {p99:.0} ({:.0}){} |\n",
        bar.name,
        bar.cpu,
        mark(cpu <= bar.cpu),
        bar.p50,
        mark(p50 <= bar.p50),
        bar.p99_ms,
        mark(p99 <= bar.p99_ms),
    )
}
