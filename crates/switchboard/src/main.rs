//! Switchboard's program: command line, settings, wiring, start and stop.

mod billing;
mod check;
mod cli;
mod commands;
mod cores;
mod demo;
mod door;
mod help_desk;
mod log_json;
mod log_writer;
mod open_files;
mod say;
mod serve;
mod settings;
mod system;
mod telemetry;
mod wiring;

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use cli::Command;
use settings::Settings;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // What is written here is for whoever runs it alone, whatever the shell says.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let cli = cli::Cli::parse(std::env::args_os()).unwrap_or_else(|error| error.exit());
    let loaded = Settings::load(
        &cli.flags,
        std::env::vars_os(),
        Path::new(""),
        std::io::stderr().is_terminal(),
    );
    let settings = match loaded {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve => serve::run(settings).await,
            Command::Demo => Box::pin(demo::run(settings)).await,
            Command::Keys(command) => commands::keys(&settings, command).await,
            Command::Workspaces(command) => commands::workspaces(&settings, command).await,
            Command::Users(command) => commands::users(&settings, command).await,
            Command::Restored { keep_keys } => commands::restored(&settings, keep_keys).await,
            Command::Compact => commands::compact(&settings).await,
            Command::Check => check::run(&settings).await,
        }
    });
    match result {
        Ok(code) => code,
        Err(error) => {
            // The whole chain, without a backtrace: this is for people.
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
