//! How a workspace is doing: its calls over time, what drifted, what is missing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use switchboard_domain::durations::Durations;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{AgentId, WorkspaceId};
use switchboard_domain::integration::IntegrationDefinition;
use switchboard_domain::name::SecretName;
use switchboard_store::stat::{self, Called, StatRow};
use switchboard_store::{Engine, agent, integration, reference, secret};
use tokio::sync::Semaphore;

use crate::secrets::SecretUser;
use crate::stats::BUCKET_SECONDS;
use crate::{App, AppError, Configuration, Reader, versions};

/// The most points of a plot.
const POINTS: i64 = 96;
/// The longest time that is looked at.
const LONGEST: TimeDelta = TimeDelta::days(35);
/// The most actions that are listed.
const ACTIONS: usize = 200;
/// How many tallies are made at once, and how long one is given to others who ask.
const AT_ONCE: usize = 2;
const KEPT: Duration = Duration::from_secs(1);
/// The most agents that are compared with what they link now.
const MANY: u32 = 200;

/// What is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Window {
    /// From this time on; left out, a day before the end.
    pub from: Option<DateTime<Utc>>,
    /// Until this time; left out, now.
    pub to: Option<DateTime<Utc>>,
    /// Only this environment.
    pub environment: Option<Environment>,
}

/// Counts of calls.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Calls that were not admitted.
    pub refused: u64,
    /// How long those that were made took.
    pub durations: Durations,
}

impl Counts {
    const fn all(&self) -> u64 {
        self.succeeded + self.failed + self.refused
    }

    fn add(&mut self, row: &StatRow) {
        self.succeeded += row.succeeded;
        self.failed += row.failed;
        self.refused += row.refused;
        self.durations.merge(&row.durations);
    }
}

/// A published version that is no longer what it was when it was locked.
#[derive(Debug, Clone)]
pub struct Drifted {
    /// The agent.
    pub agent: AgentId,
    /// Its name.
    pub name: String,
    /// Its published version.
    pub version: u32,
    /// How many of its links changed.
    pub changed: usize,
}

/// A secret that something needs and that has no value there.
#[derive(Debug, Clone)]
pub struct MissingSecret {
    /// Its name.
    pub name: String,
    /// Where it has no value.
    pub environments: Vec<Environment>,
    /// What needs it.
    pub used_by: Vec<SecretUser>,
}

/// The calls of a workspace in a window.
#[derive(Debug, Default)]
pub struct Tally {
    /// The calls of each point that had some, in the order of time.
    pub points: BTreeMap<DateTime<Utc>, Counts>,
    /// The calls of each action, those with the most first, and no more than a page has room for.
    pub actions: Vec<(Called, Counts)>,
}

/// Tallies being made and just made. Whoever asks for one that is being made waits for it, and few are
/// made at once, so that no number of open pages takes the server's memory.
#[derive(Debug)]
pub struct Tallies {
    known: Cache<(WorkspaceId, Window), Arc<Tally>>,
    places: Semaphore,
}

impl Default for Tallies {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(100)
                .time_to_live(KEPT)
                .build(),
            places: Semaphore::new(AT_ONCE),
        }
    }
}

/// How a workspace is doing.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Where the window starts.
    pub from: DateTime<Utc>,
    /// Where it ends.
    pub to: DateTime<Utc>,
    /// How long a point of the plot is, in seconds.
    pub step_seconds: i64,
    /// The calls.
    pub tally: Arc<Tally>,
    /// Published versions that drifted.
    pub drift: Vec<Drifted>,
    /// Secrets without a value where one is needed.
    pub missing_secrets: Vec<MissingSecret>,
}

/// How a workspace is doing.
pub async fn get(
    app: &App,
    reader: &Reader<Configuration>,
    window: Window,
) -> Result<Overview, AppError> {
    let workspace = reader.workspace();
    let to = window.to.unwrap_or_else(|| app.context.now());
    let from = window.from.unwrap_or(to - TimeDelta::days(1));
    if from >= to || to - from > LONGEST {
        return Err(AppError::invalid(
            "/from",
            "the time from `from` to `to` is more than nothing and at most 35 days",
        ));
    }
    let step_seconds = step((to - from).num_seconds());
    let tally = tally(app, workspace, window, (from, to)).await?;
    let mut conn = app.db.read().await?;
    let engine = &mut conn.engine();
    Ok(Overview {
        from,
        to,
        step_seconds,
        tally,
        drift: drift(engine, workspace).await?,
        missing_secrets: missing_secrets(engine, workspace).await?,
    })
}

async fn tally(
    app: &App,
    workspace: WorkspaceId,
    window: Window,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Arc<Tally>, AppError> {
    let made = async {
        let Ok(_place) = app.tallies.places.acquire().await else {
            return Err(AppError::Stopping);
        };
        let mut conn = app.db.read().await?;
        let mut making = Making::new(step((to - from).num_seconds()));
        let first = from - TimeDelta::seconds(BUCKET_SECONDS);
        let environment = window.environment;
        let engine = &mut conn.engine();
        stat::each_between(engine, workspace, environment, first, to, |row| {
            making.add(row);
        })
        .await?;
        Ok(Arc::new(making.end()))
    };
    let known = &app.tallies.known;
    known
        .try_get_with((workspace, window), made)
        .await
        .map_err(|error: Arc<AppError>| {
            Arc::try_unwrap(error).unwrap_or_else(|error| AppError::Internal(error.to_string()))
        })
}

/// A tally being made.
struct Making {
    step_seconds: i64,
    points: BTreeMap<DateTime<Utc>, Counts>,
    actions: HashMap<String, (Called, Counts)>,
}

impl Making {
    fn new(step_seconds: i64) -> Self {
        Self {
            step_seconds,
            points: BTreeMap::new(),
            actions: HashMap::new(),
        }
    }

    fn add(&mut self, row: StatRow) {
        let seconds = row.bucket_at.timestamp();
        let start = seconds - seconds.rem_euclid(self.step_seconds);
        let at = DateTime::from_timestamp(start, 0).unwrap_or(row.bucket_at);
        self.points.entry(at).or_default().add(&row);
        if let Some((called, counts)) = self.actions.get_mut(&row.called.source) {
            counts.add(&row);
            // Its name is the last one it had.
            *called = row.called;
        } else {
            let mut counts = Counts::default();
            counts.add(&row);
            let source = row.called.source.clone();
            self.actions.insert(source, (row.called, counts));
        }
    }

    fn end(self) -> Tally {
        let mut actions: Vec<_> = self.actions.into_values().collect();
        actions.sort_by(|(called, counts), (other, theirs)| {
            let order = theirs.all().cmp(&counts.all());
            order.then_with(|| called.source.cmp(&other.source))
        });
        actions.truncate(ACTIONS);
        Tally {
            points: self.points,
            actions,
        }
    }
}

/// How long a point is: whole buckets, and few enough of them.
fn step(seconds: i64) -> i64 {
    let buckets = (seconds + POINTS * BUCKET_SECONDS - 1) / (POINTS * BUCKET_SECONDS);
    buckets.max(1) * BUCKET_SECONDS
}

async fn drift(engine: &mut Engine<'_>, workspace: WorkspaceId) -> Result<Vec<Drifted>, AppError> {
    let mut found = vec![];
    for id in stat::maybe_drifted(engine, workspace, MANY).await? {
        let Some(row) = agent::get(engine, workspace, id).await? else {
            continue;
        };
        let changed = versions::published_drift(engine, workspace, &row).await?;
        if let (Some(changed @ 1..), Some(version)) = (changed, row.published_version) {
            found.push(Drifted {
                agent: id,
                name: row.name,
                version,
                changed,
            });
        }
    }
    Ok(found)
}

/// Secrets that something refers to and that have no value where it is used: in the environments
/// whose slot refers to it, and in production for everything else.
async fn missing_secrets(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
) -> Result<Vec<MissingSecret>, AppError> {
    let set = secret::environments(engine, workspace).await?;
    let mut needed: BTreeMap<String, (Vec<Environment>, Vec<SecretUser>)> = BTreeMap::new();
    for (name, kind, id, _) in reference::all(engine, workspace, "secret").await? {
        let mut environments = vec![Environment::Production];
        if let ("integration", Ok(id)) = (kind.as_str(), id.parse()) {
            let row = integration::get(engine, workspace, id).await?;
            if let Some(IntegrationDefinition::CustomApi {
                environments: slots,
            }) = row.map(|row| row.definition)
            {
                let uses = |slot: &switchboard_domain::integration::ApiSlot| {
                    slot.secrets().iter().any(|secret| secret.as_str() == name)
                };
                let used = slots.iter().filter(|(_, slot)| uses(slot));
                environments = used.map(|(environment, _)| environment).collect();
            }
        }
        let (known, users) = needed.entry(name).or_default();
        known.extend(environments);
        let user = SecretUser { kind, id };
        if !users.contains(&user) {
            users.push(user);
        }
    }
    let mut missing = vec![];
    for (name, (environments, used_by)) in needed {
        let has = SecretName::parse(&name)
            .ok()
            .and_then(|name| set.get(&name));
        let lacks = |environment: &Environment| has.is_none_or(|has| !has.contains(environment));
        let environments: Vec<_> = Environment::ALL
            .into_iter()
            .filter(|environment| environments.contains(environment) && lacks(environment))
            .collect();
        if !environments.is_empty() {
            missing.push(MissingSecret {
                name,
                environments,
                used_by,
            });
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_actions_are_listed() {
        let mut making = Making::new(300);
        for n in 0..1000u64 {
            making.add(StatRow {
                bucket_at: DateTime::UNIX_EPOCH,
                called: Called {
                    source: format!("act_{n:04}"),
                    name: "x".to_owned(),
                    integration: None,
                    action: None,
                },
                succeeded: n,
                failed: 0,
                refused: 0,
                durations: Durations::default(),
            });
        }
        let tally = making.end();
        assert_eq!(tally.actions.len(), ACTIONS);
        assert_eq!(tally.actions[0].1.all(), 999);
        assert_eq!(tally.points[&DateTime::UNIX_EPOCH].succeeded, 499_500);
    }

    #[test]
    fn points_are_whole_buckets_and_few() {
        for (seconds, expected) in [
            (60, 300),
            (86_400, 900),
            (86_400 * 7, 6300),
            (86_400 * 35, 31_500),
        ] {
            assert_eq!(step(seconds), expected, "{seconds}");
            assert!(seconds / step(seconds) <= POINTS);
        }
    }
}
