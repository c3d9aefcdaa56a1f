//! From settings to a running application.

use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use switchboard_app::{App, AppSettings, Context, Telnyx, installation, workspaces};
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

/// Opens the database for a command that may run beside a server. What is not there is not made.
pub async fn open_beside(settings: &Settings) -> anyhow::Result<Db> {
    Ok(Db::open_existing(&location(settings)).await?)
}

/// The keys that are in the key file; none where there is no file. Refused are a file that others can
/// read, one that holds no keys, and one that is not this database's.
pub async fn read_keys(settings: &Settings, db: &Db) -> anyhow::Result<Option<KeyRing>> {
    let path = &settings.master_key_file;
    if let Some(problem) = switchboard_vault::file_problem(path) {
        anyhow::bail!(problem);
    }
    let keys = KeyRing::load(path)?;
    if let Some(problem) = installation::key_problem(db, keys.as_ref()).await? {
        anyhow::bail!("the key file {} cannot be used: {problem}", path.display());
    }
    Ok(keys)
}

/// The keys that seal secrets. They are made for a new database only: a lost key file is never
/// replaced.
async fn key_ring(settings: &Settings, context: &Context, db: &Db) -> anyhow::Result<KeyRing> {
    let keys = match read_keys(settings, db).await? {
        Some(keys) => keys,
        None => {
            let entropy = |buffer: &mut [u8]| context.fill(buffer);
            KeyRing::load_or_create(&settings.master_key_file, &entropy)?
        }
    };
    installation::keep_key_check(db, context, &keys).await?;
    // Another server may have been first, with a key of its own.
    read_keys(settings, db).await?;
    Ok(keys)
}

/// Held for as long as this process runs.
static DIRECTORY: OnceLock<File> = OnceLock::new();

/// Puts the application together.
pub async fn app(settings: &Settings, context: &Context) -> anyhow::Result<Arc<App>> {
    ensure_data_dir(settings)?;
    // A SQLite file has a lock of its own.
    if settings.database_url.is_some() {
        let _ = DIRECTORY.set(switchboard_store::hold_directory(&settings.data_dir)?);
    }
    let db = Db::open_exclusively(&location(settings)).await?;
    let keys = key_ring(settings, context, &db).await?;
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
