//! From settings to a running application.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use switchboard_app::{App, AppSettings, Context, Telnyx, workspaces};
use switchboard_domain::id::InstanceId;
use switchboard_outbound::{Client, ClientSettings, NetworkPolicy};
use switchboard_store::{Db, Location};
use switchboard_vault::KeyRing;

use crate::settings::Settings;

/// Where the database is.
pub fn location(settings: &Settings) -> Location {
    settings.database_url.as_ref().map_or_else(
        || Location::Sqlite(settings.data_dir.join("switchboard.db")),
        |url| Location::Postgres(url.expose().to_owned()),
    )
}

/// Makes the data directory, for its owner alone, where it is missing.
pub fn ensure_data_dir(settings: &Settings) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&settings.data_dir)
        .with_context(|| {
            format!(
                "the data directory {} cannot be made",
                settings.data_dir.display()
            )
        })
}

/// Opens the database for a command that may run beside a server.
pub async fn open_beside(settings: &Settings) -> anyhow::Result<Db> {
    ensure_data_dir(settings)?;
    // A database and its keys are made together, so that a missing key file always means a loss.
    if settings.database_url.is_none() {
        key_ring(settings, &crate::system::context())?;
    }
    Ok(Db::open(&location(settings)).await?)
}

/// The keys that seal secrets. A file that others can read stops the start.
pub fn key_ring(settings: &Settings, context: &Context) -> anyhow::Result<KeyRing> {
    let path = &settings.master_key_file;
    if let Some(problem) = switchboard_vault::file_problem(path) {
        anyhow::bail!(problem);
    }
    let entropy = |buffer: &mut [u8]| context.fill(buffer);
    Ok(KeyRing::load_or_create(path, &entropy)?)
}

/// Puts the application together.
pub async fn app(settings: &Settings, context: &Context) -> anyhow::Result<Arc<App>> {
    ensure_data_dir(settings)?;
    let db = Db::open_exclusively(&location(settings)).await?;
    let keys = key_ring(settings, context)?;
    let policy = NetworkPolicy::new(settings.allow_networks.iter().map(String::as_str))?;
    let client = Client::new(ClientSettings {
        policy,
        ..ClientSettings::default()
    })?;
    workspaces::ensure_default(&db, context).await?;
    let instance = instance(&settings.data_dir, context)?;
    let app_settings = AppSettings {
        call_timeout: settings.call_timeout,
        max_response_bytes: settings.response_cap_bytes,
        public_url: settings.public_url.as_ref().map(ToString::to_string),
        idle_timeout: settings.idle_timeout,
        variable_caps: settings.variable_caps,
    };
    let telnyx = Telnyx::new(client.clone(), settings.telnyx_url.as_str())?;
    Ok(App::new(
        db,
        context.clone(),
        keys,
        client,
        telnyx,
        app_settings,
        instance,
    ))
}

/// This server's id: it stays with the data directory, so that a restart knows which interrupted
/// calls were its own.
fn instance(data_dir: &Path, context: &Context) -> anyhow::Result<InstanceId> {
    let path = data_dir.join("instance");
    if let Ok(text) = fs::read_to_string(&path)
        && let Ok(id) = text.trim().parse()
    {
        return Ok(id);
    }
    let id = InstanceId::from_uuid(context.uuid());
    fs::write(&path, format!("{id}\n"))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(id)
}
