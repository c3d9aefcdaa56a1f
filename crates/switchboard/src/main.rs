//! Switchboard's program. For now it reads its command line and settings, and prints them.

mod cli;
mod settings;

use std::io::IsTerminal as _;
use std::path::Path;

fn main() -> anyhow::Result<()> {
    let cli = cli::Cli::parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let settings = settings::Settings::load(
        &cli.flags,
        std::env::vars_os(),
        Path::new(""),
        std::io::stderr().is_terminal(),
    )?;
    println!("{:?}", cli.command);
    for line in &settings.provenance {
        println!("{line}");
    }
    Ok(())
}
