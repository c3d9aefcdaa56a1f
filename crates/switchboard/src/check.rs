//! `switchboard check`: what would stop or weaken a start.

use std::process::ExitCode;

use switchboard_outbound::NetworkPolicy;
use switchboard_store::{Db, Inspection};

use crate::say::say;
use crate::settings::Settings;
use crate::wiring;

/// Says what it finds; exits with 1 if anything would stop or weaken a start.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    for line in &settings.provenance {
        say!("{line}");
    }
    let mut problems = vec![];
    problems.extend(switchboard_vault::file_problem(&settings.master_key_file));
    if settings.data_dir.is_file() {
        problems.push(format!(
            "the data directory {} is a file",
            settings.data_dir.display()
        ));
    }
    match Db::inspect(&wiring::location(settings)).await {
        Ok(Inspection::Missing) => say!("there is no database yet; the first start makes it"),
        Ok(Inspection::Current) => {
            say!("the database is reachable and up to date");
            if !settings.master_key_file.exists() {
                problems.push(format!(
                    "the key file {} is missing although there is a database: its secrets cannot be read; restore the file from your backup",
                    settings.master_key_file.display()
                ));
            }
        }
        Ok(Inspection::Pending(count)) => problems.push(format!(
            "{count} migrations of the database are pending; the next start runs them, so make a backup first"
        )),
        Err(error) => problems.push(format!("the database cannot be reached: {error}")),
    }
    if settings
        .allow_networks
        .iter()
        .any(|network| matches!(network.as_str(), "0.0.0.0/0" | "::/0"))
    {
        problems.push("--allow-network lets calls reach every private address; name the networks that are needed".to_owned());
    }
    if let Ok(policy) = NetworkPolicy::new(settings.allow_networks.iter().map(String::as_str)) {
        problems.extend(policy.metadata().into_iter().map(|(network, address)| {
            format!("--allow-network {network} covers {address}, where a cloud keeps this machine's credentials; name narrower networks")
        }));
    }
    for problem in &problems {
        say!("problem: {problem}");
    }
    if problems.is_empty() {
        say!("nothing stands in the way of a start");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
