//! How a workspace is doing: its calls over time, what drifted, what is missing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{AgentId, IntegrationId, WorkspaceId};
use switchboard_domain::name::SecretName;
use switchboard_store::reference::{self, Source};
use switchboard_store::stat::{
    self, BUCKET_SECONDS, BUCKETS_KEPT, Called, Of, Parts, Span, bucket_of, hour_of,
};
use switchboard_store::{Engine, StoreError, agent, change, integration, secret};
use tokio::sync::Semaphore;

pub use switchboard_store::stat::Sums as Counts;

use crate::secrets::SecretUser;
use crate::{Manage, versions};
use switchboard_operation::{AppError, Configuration, Reader};

/// The most points of a plot.
const POINTS: i64 = 96;
/// The longest time that is looked at.
const LONGEST: TimeDelta = TimeDelta::days(35);
/// The most actions that are listed.
const ACTIONS: u32 = 200;
/// How many tallies are made at once, and how long one is given to others who ask.
const AT_ONCE: usize = 2;
const KEPT: Duration = Duration::from_secs(1);
/// How long what a configuration lacks is remembered after somebody asked.
const UNREAD: Duration = Duration::from_mins(10);
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
    pub name: SecretName,
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
    /// What the configuration lacks, by its revision: found once for each.
    findings: Cache<(WorkspaceId, u64), Arc<Findings>>,
    places: Semaphore,
}

/// What a workspace's configuration lacks.
#[derive(Debug)]
struct Findings {
    drift: Vec<Drifted>,
    missing_secrets: Vec<MissingSecret>,
}

impl Default for Tallies {
    fn default() -> Self {
        Self {
            known: Cache::builder()
                .max_capacity(100)
                .time_to_live(KEPT)
                .build(),
            findings: Cache::builder()
                .max_capacity(100)
                .time_to_idle(UNREAD)
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
    manage: &Manage,
    reader: &Reader<Configuration>,
    window: Window,
) -> Result<Overview, AppError> {
    let workspace = reader.workspace();
    let to = window.to.unwrap_or_else(|| manage.context.now());
    let from = window.from.unwrap_or(to - TimeDelta::days(1));
    if from >= to || to - from > LONGEST {
        return Err(AppError::invalid(
            "/from",
            "`to` has to be after `from`, by at most 35 days",
        ));
    }
    let step_seconds = step((to - from).num_seconds());
    let tally = tally(manage, workspace, window, Span { from, to }).await?;
    let findings = findings(manage, workspace).await?;
    Ok(Overview {
        from,
        to,
        step_seconds,
        tally,
        drift: findings.drift.clone(),
        missing_secrets: findings.missing_secrets.clone(),
    })
}

async fn findings(manage: &Manage, workspace: WorkspaceId) -> Result<Arc<Findings>, AppError> {
    let mut conn = manage.db.read().await?;
    let engine = &mut conn.engine();
    // Read first: what changes after it is found again under the next revision.
    let revision = change::revision(engine, workspace).await?;
    let found = async {
        Ok(Arc::new(Findings {
            drift: drift(engine, workspace).await?,
            missing_secrets: missing_secrets(engine, workspace).await?,
        }))
    };
    let known = &manage.tallies.findings;
    let found = known.try_get_with((workspace, revision), found).await;
    found.map_err(unwrap)
}

async fn tally(
    manage: &Manage,
    workspace: WorkspaceId,
    window: Window,
    span: Span,
) -> Result<Arc<Tally>, AppError> {
    let made = async {
        let Ok(_place) = manage.tallies.places.acquire().await else {
            return Err(AppError::Stopping);
        };
        let mut conn = manage.db.read().await?;
        let of = Of {
            workspace,
            environment: window.environment,
        };
        let now = manage.context.now();
        Ok(Arc::new(make(&mut conn.engine(), of, span, now).await?))
    };
    let known = &manage.tallies.known;
    let made = known.try_get_with((workspace, window), made).await;
    made.map_err(unwrap)
}

fn unwrap(error: Arc<AppError>) -> AppError {
    Arc::try_unwrap(error).unwrap_or_else(|error| shared(&error))
}

/// An error for each of those who waited for one tally.
fn shared(error: &AppError) -> AppError {
    match error {
        AppError::Store(StoreError::Unavailable(why)) => {
            StoreError::Unavailable(why.clone()).into()
        }
        AppError::Stopping => AppError::Stopping,
        error => AppError::Internal(error.to_string()),
    }
}

/// Reads a tally: sums of all calls by bucket, and those of the busiest actions by the hour. What is in
/// memory goes by the points and actions of the answer.
async fn make(
    engine: &mut Engine<'_>,
    of: Of,
    span: Span,
    now: DateTime<Utc>,
) -> Result<Tally, StoreError> {
    let step_seconds = step((span.to - span.from).num_seconds());
    let whole = Span {
        from: bucket_of(span.from),
        to: span.to,
    };
    let mut points: BTreeMap<DateTime<Utc>, Counts> = BTreeMap::new();
    stat::each_total(engine, of, whole, |at, sums| {
        let start = at.timestamp() - at.timestamp().rem_euclid(step_seconds);
        let point = DateTime::from_timestamp(start, 0).unwrap_or(at);
        points.entry(point).or_default().add(&sums);
    })
    .await?;
    let parts = parts(whole, now);
    let busiest = stat::busiest(engine, of, &parts, ACTIONS).await?;
    let mut actions: HashMap<String, (DateTime<Utc>, Called, Counts)> = HashMap::new();
    stat::each_of(engine, of, &parts, &busiest, |row| {
        let source = row.called.source.clone();
        let found = actions.entry(source).or_insert_with(|| {
            let called = row.called.clone();
            (row.at, called, Counts::default())
        });
        found.2.add(&row.sums);
        // Its name is the last one it had.
        if row.at >= found.0 {
            (found.0, found.1) = (row.at, row.called);
        }
    })
    .await?;
    let mut actions: Vec<_> = actions
        .into_values()
        .map(|(_, called, counts)| (called, counts))
        .collect();
    actions.sort_by(|(called, counts), (other, theirs)| {
        let order = theirs.calls().cmp(&counts.calls());
        order.then_with(|| called.source.cmp(&other.source))
    });
    Ok(Tally { points, actions })
}

/// What is read from sums by the hour, and what by bucket: the ends of a time that are no whole hours.
/// Where buckets are not kept any more the hour counts that an end is in.
fn parts(span: Span, now: DateTime<Utc>) -> Parts {
    let up = |at: DateTime<Utc>| hour_of(at + TimeDelta::hours(1) - TimeDelta::seconds(1));
    // An hour to spare, so that none is looked for while it is being removed.
    let kept = now - BUCKETS_KEPT + TimeDelta::hours(1);
    let first = if span.from < kept {
        hour_of(span.from)
    } else {
        up(span.from)
    };
    // Nothing is counted after now.
    let last = if span.to < kept || span.to >= now {
        up(span.to)
    } else {
        hour_of(span.to)
    };
    let none = Span {
        from: span.to,
        to: span.to,
    };
    if first >= last {
        return Parts {
            hours: none,
            buckets: [span, none],
        };
    }
    Parts {
        hours: Span {
            from: first,
            to: last,
        },
        buckets: [
            Span {
                from: span.from,
                to: first,
            },
            Span {
                from: last,
                to: span.to,
            },
        ],
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
    let names = reference::needed_secrets(engine, workspace).await?;
    let set = secret::environments(engine, workspace, &names).await?;
    let lacks = |name: &SecretName, environment| {
        set.get(name).is_none_or(|has| !has.contains(&environment))
    };
    // What has a value everywhere lacks none, wherever it is used.
    let lacking: Vec<SecretName> = names
        .into_iter()
        .filter(|name| {
            Environment::ALL
                .iter()
                .any(|environment| lacks(name, *environment))
        })
        .collect();
    let sources = reference::to_secrets(engine, workspace, &lacking).await?;
    let ids: BTreeSet<IntegrationId> = sources
        .iter()
        .filter_map(|(_, source)| match source {
            Source::Integration(id) => Some(*id),
            Source::Action(_) | Source::Agent(..) => None,
        })
        .collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let rows = integration::get_many(engine, workspace, &ids).await?;
    let rows: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| (row.id, row.definition))
        .collect();
    let mut needed: BTreeMap<SecretName, (Vec<Environment>, Vec<SecretUser>)> = BTreeMap::new();
    for (name, source) in sources {
        let environments = match &source {
            Source::Integration(id) => rows.get(id).map_or_else(
                || vec![Environment::Production],
                |definition| definition.environments_with(&name),
            ),
            Source::Action(_) | Source::Agent(..) => vec![Environment::Production],
        };
        let (known, users) = needed.entry(name).or_default();
        known.extend(environments);
        let user = SecretUser::from(source);
        if users.last() != Some(&user) {
            users.push(user);
        }
    }
    let mut missing = vec![];
    for (name, (environments, used_by)) in needed {
        let needs = |environment: &Environment| environments.contains(environment);
        let environments: Vec<_> = Environment::ALL
            .into_iter()
            .filter(|environment| needs(environment) && lacks(&name, *environment))
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

    fn at(hours: i64, minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(10_000 + hours) + TimeDelta::minutes(minutes)
    }

    /// Hours and buckets of a time from the test's midnight on, in minutes.
    fn read(from: (i64, i64), to: (i64, i64), now: (i64, i64)) -> [(i64, i64); 3] {
        let span = Span {
            from: at(from.0, from.1),
            to: at(to.0, to.1),
        };
        let parts = parts(span, at(now.0, now.1));
        [parts.hours, parts.buckets[0], parts.buckets[1]].map(|span| {
            let minutes = |time: DateTime<Utc>| (time - at(0, 0)).num_minutes();
            (minutes(span.from), minutes(span.to).max(minutes(span.from)))
        })
    }

    #[test]
    fn whole_hours_are_read_as_hours() {
        let empty = |(from, to): (i64, i64)| from == to;
        // A day until now: the hours after the first one, the present one included.
        let [hours, start, end] = read((0, 35), (24, 37), (24, 37));
        assert_eq!((hours, start), ((60, 25 * 60), (35, 60)));
        assert!(empty(end));
        // Until before now: what is left of the last hour.
        let [hours, start, end] = read((0, 0), (3, 20), (24, 0));
        assert_eq!((hours, end), ((0, 180), (180, 200)));
        assert!(empty(start));
        // Within an hour.
        let [hours, start, end] = read((0, 5), (0, 55), (24, 0));
        assert_eq!(start, (5, 55));
        assert!(empty(hours) && empty(end));
        let [hours, start, end] = read((0, 35), (1, 10), (24, 0));
        assert_eq!(start, (35, 70));
        assert!(empty(hours) && empty(end));
        // The first part of this hour.
        let [hours, start, end] = read((0, 35), (0, 50), (0, 50));
        assert_eq!(start, (35, 50));
        assert!(empty(hours) && empty(end));
        // Long ago: whole hours.
        let [hours, start, end] = read((0, 35), (3, 20), (500, 0));
        assert_eq!(hours, (0, 240));
        assert!(empty(start) && empty(end));
    }

    #[test]
    fn whoever_waited_for_a_tally_hears_why_it_failed() {
        let error = AppError::from(StoreError::Unavailable("refused".to_owned()));
        let told = shared(&error);
        assert!(matches!(&told, AppError::Store(StoreError::Unavailable(why)) if why == "refused"));
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
