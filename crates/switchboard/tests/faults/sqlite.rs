//! What happens to a server with SQLite, and to its disk.

use std::process::Command;
use std::time::Duration;

use switchboard_testkit::{Server, SmallDisk, Surroundings, TestDatabase};

use super::{CALLERS, Rounds, World, at_work, side_by_side, told_to_last};

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Its files may not grow any more.
    FilesMayNotGrow,
    /// Its disk is full.
    FullDisk,
    /// Its process is paused.
    Paused,
}

const FAULTS: &[(&str, Fault, u64)] = &[
    ("files may not grow", Fault::FilesMayNotGrow, 5),
    ("the disk is full", Fault::FullDisk, 5),
    ("the process is paused for 40 s", Fault::Paused, 40),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_happens_to_sqlite_calls_keep_their_promises() {
    let mut scenarios = vec![];
    for (name, fault, seconds) in FAULTS {
        let disk = match fault {
            Fault::FullDisk => match SmallDisk::mount(mebibytes()) {
                Some(disk) => Some(disk),
                // Only root may mount one. Files that may not grow are tested all the same.
                None => continue,
            },
            _ => None,
        };
        scenarios.push((*name, scenario(*fault, Duration::from_secs(*seconds), disk)));
    }
    side_by_side(scenarios).await;
}

/// How large the small disk is. The longer it goes on, the more events there are: a disk that they fill
/// by themselves stays full.
fn mebibytes() -> u32 {
    let seconds = told_to_last().unwrap_or_default().as_secs();
    24 + u32::try_from(seconds / 15).unwrap()
}

/// Sets how large a file of a server may become.
fn limit_files(server: &Server, bytes: &str) {
    let id = server.id().to_string();
    let limited = Command::new("prlimit")
        .args(["--pid", &id, &format!("--fsize={bytes}:unlimited")])
        .status();
    assert!(limited.unwrap().success());
}

async fn scenario(fault: Fault, lasts: Duration, disk: Option<SmallDisk>) -> Result<(), String> {
    let data = disk.as_ref().map(|disk| disk.path().join("data"));
    let through = match fault {
        // Whoever writes too much is told by a signal first, which ends who does not ignore it.
        Fault::FilesMayNotGrow => vec!["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"],
        _ => vec![],
    };
    let surroundings = Surroundings {
        data,
        through: through.into_iter().map(str::to_owned).collect(),
        ..Surroundings::default()
    };
    let mut world = World::start(TestDatabase::sqlite(), surroundings).await;
    if fault == Fault::Paused {
        world.plan.longest += lasts;
    }
    let mut rounds = Rounds::of(Duration::ZERO);
    while let Some(number) = rounds.next() {
        let load = world.load(CALLERS);
        at_work(&load).await;
        match fault {
            Fault::FilesMayNotGrow => limit_files(&world.server, "4096"),
            Fault::FullDisk => disk.iter().for_each(SmallDisk::fill),
            Fault::Paused => world.server.pause(),
        }
        tokio::time::sleep(lasts).await;
        match fault {
            Fault::FilesMayNotGrow => limit_files(&world.server, "unlimited"),
            Fault::FullDisk => disk.iter().for_each(SmallDisk::free),
            Fault::Paused => world.server.go_on(),
        }
        world
            .finish(load)
            .await
            .map_err(|what| format!("round {number}: {what}"))?;
    }
    Ok(())
}
