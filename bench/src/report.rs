//! The results as a page.

use std::fmt::{self, Write as _};
use std::process::Command;

use crate::bars;
use crate::rounds::Measured;
use crate::soak::Soak;

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    /// The hops.
    pub measured: Measured,
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
             Every figure is the median of several rounds; in each round every cell has its turn. Spread is how far the CPU \
             lies apart between rounds; foreign is what the machine did beside the run, of one core.\n\n\
             | hop | connections | requests/s | p50 µs | p99 µs | CPU µs/request | spread | memory MiB | foreign | errors |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
            line_of("/proc/cpuinfo", "model name"),
            said("nproc", &[]),
            line_of("/proc/meminfo", "MemTotal"),
            said("uname", &["-r"]),
            said("git", &["rev-parse", "--short", "HEAD"]),
            said("date", &["-u", "+%F %R UTC"]),
        );
        for cell in &self.measured.cells {
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
        text.push_str(&bars::table(&self.measured, self.soak.as_ref()));
        text.push_str(include_str!("../PROFILE.md"));
        text
    }
}
