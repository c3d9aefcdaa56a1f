//! `switchboard check`: what would stop or weaken a start.

use std::process::ExitCode;

use switchboard_outbound::NetworkPolicy;
use switchboard_store::{Db, Exposure, Inspection, disk, forget};

use crate::commands::room;
use crate::say::say;
use crate::settings::Settings;
use crate::wiring;

/// The most workspaces that a line names.
const NAMED: usize = 10;

/// Says what it finds; exits with 1 if anything would stop or weaken a start.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    for line in &settings.provenance {
        say!("{line}");
    }
    let mut problems = vec![];
    if settings.data_dir.is_file() {
        problems.push(format!(
            "the data directory {} is a file",
            settings.data_dir.display()
        ));
    }
    match Db::inspect(&wiring::location(settings), wiring::db_settings(settings)).await {
        Ok(Inspection::Missing) => {
            say!("there is no database yet; the first start makes it");
            problems.extend(switchboard_vault::file_problem(&settings.master_key_file));
            let keys = switchboard_vault::KeyRing::load(&settings.master_key_file);
            problems.extend(keys.err().map(|error| error.to_string()));
        }
        Ok(Inspection::Current) => {
            say!("the database is reachable and up to date");
            let db = wiring::open_beside(settings).await?;
            let keys = wiring::read_keys(settings, &db).await;
            for line in kept(&db).await? {
                say!("{line}");
            }
            db.close().await;
            problems.extend(keys.err().map(|error| format!("{error:#}")));
        }
        Ok(Inspection::Newer) => problems.push(
            "the database is of a newer release than this program, which does not start on it; use the program of that release".to_owned(),
        ),
        Ok(Inspection::Pending(count)) => problems.push(format!(
            "{count} migrations of the database are pending; the next start runs them, so make a backup first"
        )),
        Err(error) => problems.push(format!("the database cannot be reached: {error}")),
    }
    problems.extend(exposed(settings));
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
        say!("the server can start");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// What the database takes, and for how long it keeps events.
async fn kept(db: &Db) -> anyhow::Result<Vec<String>> {
    let mut conn = db.read().await?;
    let engine = &mut conn.engine();
    let found = disk::space(engine).await?;
    let free = found.free.map_or_else(String::new, |free| {
        format!(", of which {} are free", room(free))
    });
    let mut lines = vec![format!("the database takes {}{free}", room(found.bytes))];
    if !disk::gives_back(engine).await? {
        lines.push("the database was made by an older release and keeps room that is free; to have it given back, stop the server and run `switchboard compact` once".to_owned());
    }
    let forever = forget::keeping_forever(engine).await?;
    lines.push(if forever.is_empty() {
        "no workspace keeps events for ever".to_owned()
    } else {
        let more = forever.len().saturating_sub(NAMED);
        let named: Vec<_> = forever.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(
            "events are kept for ever, where an agent does not say otherwise, in {}{more}; `retain_events_days` of a workspace bounds that",
            named.join(", ")
        )
    });
    Ok(lines)
}

/// What somebody on the way to the database could read or change.
fn exposed(settings: &Settings) -> impl Iterator<Item = String> {
    let urls = [
        ("--database-url", &settings.database_url),
        ("--database-listen-url", &settings.database_listen_url),
    ];
    urls.into_iter().filter_map(|(flag, url)| {
        let what = match switchboard_store::exposure(url.as_ref()?.expose())? {
            Exposure::Plain => "what goes to the database may go over the network in plain text",
            Exposure::Unverified => {
                "the database's certificate is not verified, so somebody on the network could pose as the database"
            }
        };
        Some(format!(
            "{what}; leave sslmode out of {flag}, or set it to verify-full"
        ))
    })
}
