//! What PostgreSQL does, or the way to it.

use std::time::Duration;

use switchboard_testkit::{Cluster, Proxy, SmallDisk, Surroundings, TestDatabase, eventually};

use super::{CALLERS, Rounds, World, at_work, side_by_side};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It ends at once and is started again.
    Restarted,
    /// Its processes are stopped, and go on later.
    Frozen,
    /// The network takes everything and gives nothing back.
    BlackHole,
    /// Connections that are there are dead, new ones work.
    DeadConnections,
    /// The network refuses.
    Cut,
    /// It takes no writes.
    ReadOnly,
    /// Others have all its connections, ours included.
    OutOfConnections,
    /// Others have all the connections that were left.
    NoMoreConnections,
    /// It says that its disk is full.
    FullDiskTold,
    /// Its disk is full.
    FullDisk(MiB),
    /// A replica is paused for longer than others wait before they settle its calls.
    ReplicaPaused,
}

type MiB = u32;

const FAULTS: &[(&str, Fault, u64)] = &[
    ("restarted", Fault::Restarted, 1),
    ("frozen", Fault::Frozen, 7),
    ("black hole", Fault::BlackHole, 7),
    ("dead connections", Fault::DeadConnections, 7),
    ("cut", Fault::Cut, 4),
    ("read only", Fault::ReadOnly, 4),
    ("out of connections", Fault::OutOfConnections, 6),
    ("no more connections", Fault::NoMoreConnections, 7),
    ("the disk is said to be full", Fault::FullDiskTold, 4),
    ("the disk is full", Fault::FullDisk(80), 5),
    ("a replica is paused for 40 s", Fault::ReplicaPaused, 40),
];

/// Each write of what happens in conversations fails as it does on a full disk.
const FULL: &str = "\
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'\
; END $$";

/// One after the other would take minutes, and most of that is waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_postgres_does_calls_keep_their_promises() {
    let mut scenarios = vec![];
    for (name, fault, seconds) in FAULTS {
        let disk = match fault {
            Fault::FullDisk(size) => match SmallDisk::mount(*size) {
                Some(disk) => Some(disk),
                // Only root may mount one. What the server says then is tested all the same.
                None => continue,
            },
            _ => None,
        };
        scenarios.push((*name, scenario(*fault, Duration::from_secs(*seconds), disk)));
    }
    side_by_side(scenarios).await;
}

async fn scenario(fault: Fault, lasts: Duration, disk: Option<SmallDisk>) -> Result<(), String> {
    let cluster = match &disk {
        Some(disk) => {
            let options = "-c min_wal_size=2MB -c max_wal_size=8MB";
            Cluster::start_in(disk.path(), options).await
        }
        None => Cluster::start("-c max_connections=60").await,
    };
    let (proxy, url) = Proxy::before_postgres(&cluster.url()).await;
    let mut world = World::start(TestDatabase::Shared(url), Surroundings::default()).await;
    let replica = match fault {
        Fault::ReplicaPaused => Some(world.server.replica_at(&cluster.url()).await),
        _ => None,
    };
    if let Some(replica) = &replica {
        world.plan.addresses.push(replica.address().to_owned());
        world.plan.longest += lasts;
    }
    let mut rounds = Rounds::of(Duration::ZERO);
    while let Some(number) = rounds.next() {
        let mut held = vec![];
        if fault == Fault::NoMoreConnections {
            // Before the first call: each kind of work has kept a connection for itself.
            held = hold_all(&cluster).await;
        }
        let load = world.load(CALLERS);
        at_work(&load).await;
        match fault {
            Fault::Restarted => cluster.crash().await,
            Fault::Frozen => cluster.freeze(),
            Fault::BlackHole => proxy.hole(),
            Fault::DeadConnections => proxy.freeze(),
            Fault::Cut => proxy.refuse(),
            Fault::ReadOnly => {
                let sql =
                    "ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()";
                cluster.sql(sql).await?;
            }
            Fault::OutOfConnections => {
                held = hold_all(&cluster).await;
                proxy.cut();
            }
            Fault::NoMoreConnections => {}
            Fault::FullDiskTold => {
                if number == 1 {
                    cluster.sql_as_one(FULL).await?;
                }
                cluster
                    .sql(&triggers(
                        "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON",
                        " EXECUTE FUNCTION full_disk()",
                    ))
                    .await?;
            }
            Fault::FullDisk(_) => disk.iter().for_each(SmallDisk::fill),
            Fault::ReplicaPaused => replica.iter().for_each(switchboard_testkit::Server::pause),
        }
        tokio::time::sleep(lasts).await;
        match fault {
            Fault::Restarted => cluster.start_again().await,
            Fault::Frozen => cluster.thaw(),
            Fault::BlackHole | Fault::Cut => proxy.pass(),
            Fault::DeadConnections => {}
            Fault::ReadOnly => {
                let sql =
                    "ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()";
                cluster.sql(sql).await?;
            }
            Fault::OutOfConnections | Fault::NoMoreConnections => drop(held),
            Fault::FullDiskTold => {
                cluster
                    .sql(&triggers("DROP TRIGGER full_disk ON", ""))
                    .await?;
            }
            Fault::FullDisk(_) => {
                disk.iter().for_each(SmallDisk::free);
                // It may have ended where its log could not be written.
                cluster.revive().await;
            }
            Fault::ReplicaPaused => replica.iter().for_each(switchboard_testkit::Server::go_on),
        }
        world
            .finish(load)
            .await
            .map_err(|what| format!("round {number}: {what}"))?;
        if matches!(fault, Fault::BlackHole | Fault::DeadConnections) {
            // PostgreSQL finds dead connections by itself, but later, and every round leaves some.
            cluster.sql(DISCONNECT).await?;
        }
    }
    Ok(())
}

const DISCONNECT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";

/// Takes every connection that is left.
async fn hold_all(cluster: &Cluster) -> Vec<tokio::process::Child> {
    let held = cluster.hold_connections(70);
    eventually("nobody else can connect", || async {
        (!cluster.answers().await).then_some(())
    })
    .await;
    held
}

fn triggers(before: &str, after: &str) -> String {
    ["event", "call", "conversation", "instance"]
        .map(|table| format!("{before} {table}{after}"))
        .join(";")
}
