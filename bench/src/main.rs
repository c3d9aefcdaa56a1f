//! Measures Switchboard's calls beside the same upstream called directly, through nginx and through
//! the least possible pass-through, all in one run, because machines differ.

mod bars;
mod cell;
mod fill;
mod floor;
mod hops;
mod lists;
mod load;
mod process;
mod report;
mod rounds;
mod setup;
mod soak;
mod versions;
mod yardsticks;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use report::Report;
use rounds::Plan;

#[derive(Parser)]
#[command(about = "Measures Switchboard's calls")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The program to measure
    #[arg(long, default_value = "target/release/switchboard")]
    switchboard_binary: PathBuf,
    /// How long each cell is measured each time, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each cell is measured
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Two seconds a cell, alone and with 64 connections; writes no results
    #[arg(long)]
    quick: bool,
    /// Only these, comma-separated: direct, nginx, pass-through, floor, sqlite, sqlite-post, postgres,
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
    /// The least that keeps the promises of a call, run as a process of its own
    Floor {
        /// Its port
        port: u16,
        /// The upstream's port
        upstream: u16,
        /// Where its database is
        directory: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Upstream { port }) => yardsticks::upstream(port),
        Some(Command::PassThrough { port, upstream }) => yardsticks::pass_through(port, upstream),
        Some(Command::Floor {
            port,
            upstream,
            directory,
        }) => floor::run(port, upstream, &directory),
        None => measure(&arguments),
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let seconds = if arguments.quick {
        2
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
    let names: Vec<_> = hops::NAMES
        .into_iter()
        .filter(|name| wanted(name))
        .collect();
    let plan = Plan {
        connections: if arguments.quick {
            &[1, 64]
        } else {
            &rounds::CONNECTIONS
        },
        rounds: if arguments.quick { 3 } else { arguments.rounds },
        seconds,
    };
    report.measured = rounds::measure(&names, &binary, upstream.port, plan)?;
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
