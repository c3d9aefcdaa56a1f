//! From settings to a running application.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;
use switchboard_app::{
    App, AppSettings, CallLimits, Context, Telnyx, installation, restored, workspaces,
};
use switchboard_domain::id::InstanceId;
use switchboard_outbound::{Client, ClientSettings, NetworkPolicy};
use switchboard_store::{Db, DbSettings, Location, PoolSizes};
use switchboard_vault::KeyRing;

use crate::cores::Cores;
use crate::door::Limits;
use crate::open_files;
use crate::settings::Settings;

/// Where the database is.
pub fn location(settings: &Settings) -> Location {
    settings.database_url.as_ref().map_or_else(
        || Location::Sqlite(settings.data_dir.join("switchboard.db")),
        |url| Location::Postgres(url.expose().to_owned()),
    )
}

/// How a server uses the database.
pub fn db_settings(settings: &Settings) -> DbSettings {
    DbSettings {
        pools: PoolSizes::split(settings.database_connections),
        statement_cache: settings.database_statement_cache,
        listen_url: settings
            .database_listen_url
            .as_ref()
            .map(|url| url.expose().to_owned()),
        ca_file: settings.database_ca_file.clone(),
        ..DbSettings::default()
    }
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
        })?;
    for name in OWN_FILES {
        keep_private(&settings.data_dir.join(name))?;
    }
    Ok(())
}

/// The files in the data directory that earlier releases made readable for others.
const OWN_FILES: [&str; 5] = [
    "switchboard.db",
    "switchboard.db-wal",
    "switchboard.db-shm",
    "switchboard.db.lock",
    "instance",
];

/// What was ended, for a database that is put back.
pub fn ended_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("ended.json")
}

/// Takes a file from everybody but its owner.
fn keep_private(path: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    let mode = metadata.permissions().mode();
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700)).with_context(|| {
        format!(
            "access to {} cannot be taken away from others",
            path.display()
        )
    })
}

/// Opens the database for a command that may run beside a server. What is not there is not made.
pub async fn open_beside(settings: &Settings) -> anyhow::Result<Db> {
    Ok(Db::open_existing(&location(settings), db_settings(settings)).await?)
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
    let keys = if let Some(keys) = read_keys(settings, db).await? {
        keys
    } else {
        let entropy = |buffer: &mut [u8]| context.fill(buffer);
        KeyRing::load_or_create(&settings.master_key_file, &entropy)?
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
    let db = Db::open_exclusively_with(&location(settings), db_settings(settings)).await?;
    let keys = key_ring(settings, context, &db).await?;
    let policy = NetworkPolicy::new(settings.allow_networks.iter().map(String::as_str))?;
    let time = context.clone();
    let client = Client::new(ClientSettings {
        policy,
        elapsed: Arc::new(move || time.elapsed()),
        answer_memory: settings.caps.answer_memory,
        cores: Cores::available(),
        ..ClientSettings::default()
    })?;
    workspaces::ensure_default(&db, context).await?;
    restored::compare(&db, context, &ended_file(settings)).await?;
    let instance = instance(&settings.data_dir, context)?;
    let app_settings = AppSettings {
        call_timeout: settings.call_timeout,
        max_response_bytes: settings.response_cap_bytes,
        public_url: settings.public_url.as_ref().map(ToString::to_string),
        idle_timeout: settings.idle_timeout,
        variable_caps: settings.variable_caps,
        calls: call_limits(settings),
        keep_answers: settings.keep_answers,
        ended_file: Some(ended_file(settings)),
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

/// How many calls may be under way: no more than there are descriptors for, and not so many of one
/// key that its callers take every connection.
fn call_limits(settings: &Settings) -> CallLimits {
    let files = open_files::raise();
    let (connections, _) = Limits::of_files(files, settings.caps.connections);
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    let mut limits = settings.caps.calls;
    limits.at_once = limits.at_once.min(files / 4).max(1);
    let most = connections.min(limits.at_once);
    let cap = |at_once: &mut usize, most: usize| *at_once = (*at_once).min(most).max(1);
    cap(&mut limits.workspace.at_once, most / 4 * 3);
    cap(&mut limits.key.at_once, most / 2);
    limits
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
