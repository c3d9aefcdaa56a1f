//! Processes that end with the run, and what they cost.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// A process that is ended when it is dropped.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Asked first, so that servers with workers end these too.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(3) {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            pause(20);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a process whose output goes to a file.
pub fn start(command: &mut Command, log: &std::path::Path) -> anyhow::Result<Running> {
    let file = File::create(log)?;
    let child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    Ok(Running(child))
}

/// Waits a little between two looks at something.
#[expect(
    clippy::disallowed_methods,
    reason = "the harness waits for other processes"
)]
pub fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// A port that nothing listens on.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until something listens.
pub fn wait_for(port: u16) -> anyhow::Result<()> {
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        anyhow::ensure!(
            start.elapsed() < Duration::from_secs(20),
            "nothing listens on port {port}"
        );
        pause(5);
    }
    Ok(())
}

/// A process and its children.
fn family(id: u32) -> Vec<u32> {
    let mut all = vec![id];
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    for child in children
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
    {
        all.extend(family(child));
    }
    all
}

/// The CPU time a process and its children used, in microseconds.
pub fn cpu_us(id: u32) -> f64 {
    // The scheduler's own count, in nanoseconds, of every thread: clock ticks are too coarse.
    let of = |id: u32| -> f64 {
        let Ok(tasks) = fs::read_dir(format!("/proc/{id}/task")) else {
            return 0.0;
        };
        tasks
            .flatten()
            .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
            .filter_map(|stat| stat.split_whitespace().next()?.parse::<f64>().ok())
            .sum::<f64>()
            / 1000.0
    };
    family(id).into_iter().map(of).sum()
}

/// The CPU time that all processes of the machine used, in microseconds.
pub fn machine_us() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = first
        .split_whitespace()
        .skip(1)
        .filter_map(|number| number.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq (proc_stat(5)), in hundredths of a second.
    let busy = ticks
        .iter()
        .enumerate()
        .filter(|(at, _)| !matches!(at, 3 | 4));
    busy.take(5).map(|(_, ticks)| ticks).sum::<f64>() * 10_000.0
}

/// The CPU time that this process, all that it started, and all of it that has ended used, in
/// microseconds.
pub fn own_us() -> f64 {
    let ended = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may hold anything: cutime and cstime are the 14th and 15th of the rest.
    let rest = ended.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(13).take(2);
    let ended: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    cpu_us(std::process::id()) + ended * 10_000.0
}

/// The memory a process and its children hold, in MiB.
pub fn memory_mib(id: u32) -> f64 {
    let of = |id: u32| -> f64 {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|line| {
                line.trim()
                    .trim_end_matches(" kB")
                    .trim()
                    .parse::<f64>()
                    .ok()
            })
            .unwrap_or(0.0)
            / 1024.0
    };
    family(id).into_iter().map(of).sum()
}
