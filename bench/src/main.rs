//! Measures Switchboard's calls beside the same upstream called directly, through nginx and through
//! the least possible pass-through, all in one run, because machines differ.

mod fill;
mod hops;
mod lists;
mod load;
mod process;
mod report;
mod setup;
mod soak;
mod versions;
mod yardsticks;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use report::{Cell, Report};

#[derive(Parser)]
#[command(about = "Measures Switchboard's calls")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The program to measure
    #[arg(long, default_value = "target/release/switchboard")]
    switchboard_binary: PathBuf,
    /// How long each cell is measured, in seconds
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// One second a cell; writes no results
    #[arg(long)]
    quick: bool,
    /// Only these, comma-separated: direct, nginx, pass-through, sqlite, sqlite-post, postgres,
    /// mcp-direct, mcp-to-http, mcp-to-mcp, soak, versions, lists
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

#[derive(Subcommand)]
enum Command {
    /// The upstream, run as a process of its own
    Upstream {
        /// Its port
        port: u16,
    },
    /// The pass-through, run as a process of its own
    PassThrough {
        /// Its port
        port: u16,
        /// The upstream's port
        upstream: u16,
    },
}

const CONNECTIONS: [u32; 3] = [1, 16, 64];

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Upstream { port }) => yardsticks::upstream(port),
        Some(Command::PassThrough { port, upstream }) => yardsticks::pass_through(port, upstream),
        None => measure(&arguments),
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let seconds = if arguments.quick {
        1
    } else {
        arguments.seconds
    };
    let binary = arguments
        .switchboard_binary
        .canonicalize()
        .context("build it first: cargo build --release -p switchboard")?;
    let wanted =
        |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let upstream = hops::upstream()?;
    let mut report = Report::default();
    for name in hops::NAMES {
        if !wanted(name) {
            continue;
        }
        let hop = hops::start(name, &binary, upstream.port)?;
        report.start_ms = hop.start_ms.or(report.start_ms);
        report.idle_mib = hop.idle_mib.or(report.idle_mib);
        // Pools fill and code pages in.
        load::run(&hop.target, 16, 1)?;
        for connections in CONNECTIONS {
            let before = hop.cpu_us();
            let load = load::run(&hop.target, connections, seconds)?;
            let spent = hop.cpu_us() - before;
            let cell = Cell {
                hop: name.to_owned(),
                connections,
                per_second: load.per_second,
                p50_us: load.p50_us,
                p99_us: load.p99_us,
                cpu_us: spent / load.requests.max(1.0),
                memory_mib: hop.memory_mib(),
                errors: load.errors,
            };
            println!("{cell}");
            report.cells.push(cell);
        }
        hop.verify()?;
    }
    if wanted("soak") {
        let time = Duration::from_secs(if arguments.quick { 5 } else { 120 });
        report.soak = Some(soak::measure(&binary, time)?);
    }
    if wanted("versions") {
        report.versions = versions::measure(&binary, upstream.port, arguments.quick)?;
    }
    if wanted("lists") {
        report.lists = lists::measure(&binary, upstream.port, arguments.quick)?;
    }
    let text = report.markdown();
    println!("\n{text}");
    if !arguments.quick && arguments.only.is_empty() {
        // What was measured in a browser is not measured here, and stays.
        let before = std::fs::read_to_string("bench/RESULTS.md").unwrap_or_default();
        let studio = before
            .find("\n## The Studio")
            .map_or("", |at| &before[at..]);
        std::fs::write("bench/RESULTS.md", format!("{text}{studio}"))?;
        println!("written to bench/RESULTS.md");
    }
    Ok(())
}
