//! The results as a page.

use std::fmt::{self, Write as _};
use std::process::Command;

use crate::soak::Soak;

/// One hop under one number of connections.
pub struct Cell {
    /// The hop.
    pub hop: String,
    /// Connections.
    pub connections: u32,
    /// Requests a second.
    pub per_second: f64,
    /// The median, in microseconds.
    pub p50_us: f64,
    /// The 99th percentile, in microseconds.
    pub p99_us: f64,
    /// The CPU time of the hop's process for each request, in microseconds.
    pub cpu_us: f64,
    /// Its memory, in MiB.
    pub memory_mib: f64,
    /// Requests that failed.
    pub errors: u64,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {} |",
            self.hop,
            self.connections,
            self.per_second,
            self.p50_us,
            self.p99_us,
            self.cpu_us,
            self.memory_mib,
            self.errors
        )
    }
}

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    /// The cells.
    pub cells: Vec<Cell>,
    /// How long a start took, in milliseconds.
    pub start_ms: Option<f64>,
    /// The memory of an idle server, in MiB.
    pub idle_mib: Option<f64>,
    /// Sessions opened and closed for two minutes.
    pub soak: Option<Soak>,
    /// What was measured of versions: what, and how long it took.
    pub versions: Vec<Timing>,
    /// What was measured of lists in a large workspace.
    pub lists: Vec<ListTiming>,
}

/// How long one request took, of many.
pub struct ListTiming {
    /// What was asked for.
    pub what: String,
    /// Of which database.
    pub database: &'static str,
    /// The median, in milliseconds.
    pub p50_ms: f64,
    /// The longest, in milliseconds.
    pub max_ms: f64,
}

/// What a list may take, in milliseconds.
const LIST_BAR_MS: f64 = 50.0;

impl fmt::Display for ListTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            database,
            p50_ms,
            max_ms,
        } = self;
        let mark = if *p50_ms > LIST_BAR_MS {
            "**over 50 ms**"
        } else if *max_ms > LIST_BAR_MS {
            "once over 50 ms"
        } else {
            ""
        };
        write!(
            f,
            "| `GET {what}` | {database} | {p50_ms:.1} | {max_ms:.1} | {mark} |"
        )
    }
}

/// How long something took.
pub struct Timing {
    /// What.
    pub what: String,
    /// Milliseconds.
    pub ms: f64,
    /// The most it may take, where there is a bar.
    pub bar_ms: Option<f64>,
}

fn said(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}

fn line_of(path: &str, name: &str) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .find(|line| line.starts_with(name))
        .and_then(|line| line.split_once(':'))
        .map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

impl Report {
    fn cell(&self, hop: &str, connections: u32) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|cell| cell.hop == hop && cell.connections == connections)
    }

    /// The bars: what is asked for, what was measured, whether it is met.
    fn bars(&self) -> Vec<(String, String, bool)> {
        let mut bars = vec![];
        let at = |hop, connections| self.cell(hop, connections);
        if let (Some(ours), Some(nginx)) = (at("sqlite", 64), at("nginx", 64)) {
            let ratio = ours.cpu_us / nginx.cpu_us;
            bars.push((
                "CPU a call at 64 connections, SQLite: at most 6 times nginx's hop".to_owned(),
                format!("{ratio:.2} times"),
                ratio <= 6.0,
            ));
            let ratio = ours.per_second / nginx.per_second;
            bars.push((
                "Throughput at 64 connections, SQLite: at least 0.2 of nginx's".to_owned(),
                format!("{ratio:.2}"),
                ratio >= 0.2,
            ));
        }
        if let (Some(ours), Some(nginx)) = (at("sqlite", 1), at("nginx", 1)) {
            let ratio = ours.p50_us / nginx.p50_us;
            bars.push((
                "p50 at 1 connection, SQLite: at most 5 times nginx's".to_owned(),
                format!("{ratio:.2} times"),
                ratio <= 5.0,
            ));
        }
        if let Some(ours) = at("postgres", 64) {
            bars.push((
                "PostgreSQL at 64 connections: at least 5,000 calls/s".to_owned(),
                format!("{:.0}", ours.per_second),
                ours.per_second >= 5000.0,
            ));
        }
        if let (Some(mcp), Some(rest)) = (at("mcp-to-http", 64), at("sqlite", 64)) {
            let ratio = mcp.cpu_us / rest.cpu_us;
            bars.push((
                "CPU of an MCP call to an HTTP upstream at 64 connections: at most 1.5 times the REST call".to_owned(),
                format!("{ratio:.2} times"),
                ratio <= 1.5,
            ));
        }
        if let (Some(mcp), Some(nginx)) = (at("mcp-to-mcp", 64), at("nginx", 64)) {
            // The bar is for a machine where nginx's hop costs 15 µs.
            let scaled = mcp.cpu_us * 15.0 / nginx.cpu_us;
            bars.push((
                "CPU of an MCP call to an MCP upstream at 64 connections, where nginx's hop costs 15 µs: at most 160 µs".to_owned(),
                format!("{:.0} µs, scaled {scaled:.0} µs", mcp.cpu_us),
                scaled <= 160.0,
            ));
        }
        if let Some(soak) = &self.soak {
            bars.push((
                "Memory flat while 1,000 MCP sessions are opened and closed for two minutes".to_owned(),
                format!(
                    "{:.1} MiB after the first of {} rounds, {:.1} MiB at the end, {:+.2} MiB a minute in the second half",
                    soak.first_mib, soak.rounds, soak.last_mib, soak.slope
                ),
                soak.slope < 2.0,
            ));
        }
        if let Some(idle) = self.idle_mib {
            bars.push((
                "Idle memory: under 60 MiB".to_owned(),
                format!("{idle:.1} MiB"),
                idle < 60.0,
            ));
        }
        if let Some(start) = self.start_ms {
            bars.push((
                "Start until ready: under 300 ms".to_owned(),
                format!("{start:.0} ms"),
                start < 300.0,
            ));
        }
        bars
    }

    /// The page.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let dirty = if said("git", &["status", "--porcelain", "--", "crates"]).is_empty() {
            ""
        } else {
            " with changes"
        };
        let _ = write!(
            text,
            "# Results\n\nWritten by `make bench`; upstream, load and server share one machine.\n\n\
             - Machine: {}, {} cores, {}, Linux {}\n- Commit: {}{dirty}\n- Date: {}\n\n\
             A call of Switchboard has bearer auth, a schema check, two output variables and its durable event: \
             `sqlite` and `postgres` call a GET action, `sqlite-post` a POST action, which also reserves before it sends. \
             `mcp-direct` calls a tool of the upstream's MCP server, `mcp-to-http` and `mcp-to-mcp` call an agent as an MCP \
             server (revision 2026-07-28, SQLite) whose action is that GET action or that tool. \
             CPU is that of the hop's own process (with `postgres`, without the database's).\n\n\
             | hop | connections | requests/s | p50 µs | p99 µs | CPU µs/request | memory MiB | errors |\n\
             |---|---|---|---|---|---|---|---|\n",
            line_of("/proc/cpuinfo", "model name"),
            said("nproc", &[]),
            line_of("/proc/meminfo", "MemTotal"),
            said("uname", &["-r"]),
            said("git", &["rev-parse", "--short", "HEAD"]),
            said("date", &["-u", "+%F %R UTC"]),
        );
        for cell in &self.cells {
            let _ = writeln!(text, "{cell}");
        }
        if !self.versions.is_empty() {
            text.push_str(
                "\n## Versions and shared actions\n\nTimes a client sees, a connection of its own included; \
                 the median of several.\n\n| what | ms | bar | |\n|---|---|---|---|\n",
            );
        }
        for Timing { what, ms, bar_ms } in &self.versions {
            let bar = bar_ms.map_or_else(String::new, |bar| format!("{bar:.0}"));
            let met = match bar_ms {
                Some(bar) if ms > bar => "missed",
                Some(_) => "met",
                None => "",
            };
            let _ = writeln!(text, "| {what} | {ms:.1} | {bar} | {met} |");
        }
        if !self.lists.is_empty() {
            text.push_str(
                "\n## Lists in a large workspace\n\n1,000 integrations, 100,000 shared actions, 10,000 published agents with ten links \
                 each, 100,000 conversations, 100,000 entries of the audit log, and 1,000 each of the rest. Times a client \
                 sees, a connection of its own included, of 50 requests each; a list may take 50 ms.\n\n\
                 | request | database | p50 ms | max ms | |\n|---|---|---|---|---|\n",
            );
        }
        for timing in &self.lists {
            let _ = writeln!(text, "{timing}");
        }
        text.push_str("\n## Bars\n\n| bar | measured | |\n|---|---|---|\n");
        for (bar, measured, met) in self.bars() {
            let _ = writeln!(
                text,
                "| {bar} | {measured} | {} |",
                if met { "met" } else { "missed" }
            );
        }
        text.push_str(include_str!("../PROFILE.md"));
        text
    }
}
