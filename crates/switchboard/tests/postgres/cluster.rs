//! A PostgreSQL cluster of a test's own, on a port.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A running cluster. It goes with the test.
#[derive(Debug)]
pub struct Cluster {
    directory: TempDir,
    pub port: u16,
}

/// Where PostgreSQL's programs are: `scripts/with-postgres.sh` looks in the same places.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<_> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// The user and group of PostgreSQL, where it would refuse to run as who runs the tests.
fn owner() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = user.expect("there is a user `postgres`").split(':').skip(2);
    let mut id = || fields.next().unwrap().parse().unwrap();
    Some((id(), id()))
}

/// A command that is run as the owner of PostgreSQL's files.
pub fn as_owner(program: &Path, home: &Path) -> Command {
    let mut command = if let Some((user, group)) = owner() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", &user.to_string(), "--regid", &group.to_string()])
            .arg("--clear-groups")
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(home).env("HOME", home);
    command
}

/// Gives a file to the owner of PostgreSQL's files, for nobody else to read.
pub fn give(path: &Path) {
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    if let Some((user, group)) = owner() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

pub fn free_port() -> u16 {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

fn succeeded(output: &Output) {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

impl Cluster {
    /// Starts one that lets in who these lines of `pg_hba.conf` do, and has these files beside its
    /// data, to which its options may refer by name.
    pub fn start(access: &str, files: &[(&str, &str)], options: &[&str]) -> Self {
        // A short name: a socket's path has a limit of 107 bytes.
        let directory = tempfile::Builder::new()
            .prefix("sbpg")
            .tempdir_in("/tmp")
            .unwrap();
        give(directory.path());
        let port = free_port();
        let cluster = Self { directory, port };
        let data = cluster.path().join("data");
        let mut init = cluster.program("initdb");
        init.args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8"])
            .args(["--locale=C", "-D"])
            .arg(&data);
        succeeded(&init.output().unwrap());
        let own = [("pg_hba.conf", access)];
        for (name, text) in own.iter().chain(files) {
            let path = data.join(name);
            fs::write(&path, text).unwrap();
            give(&path);
        }
        let socket = cluster.path().display().to_string();
        let mut set = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='{socket}' -c fsync=off"
        );
        for option in options {
            set = format!("{set} -c {option}");
        }
        let mut start = cluster.program("pg_ctl");
        start
            .args(["-w", "-l"])
            .arg(cluster.path().join("log"))
            .arg("-D")
            .arg(&data)
            .args(["-o", &set, "start"])
            // What it starts would hold a pipe open.
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let status = start.status().unwrap();
        let log = fs::read_to_string(cluster.path().join("log")).unwrap_or_default();
        assert!(status.success(), "{log}");
        cluster
    }

    fn program(&self, name: &str) -> Command {
        let programs = programs().expect("PostgreSQL is installed");
        as_owner(&programs.join(name), self.path())
    }

    /// Its directory, which is also its socket's.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What one value is that a query answers.
    pub fn ask(&self, sql: &str) -> String {
        let url = format!(
            "postgres://postgres@localhost:{}/postgres?host={}",
            self.port,
            self.path().display()
        );
        let output = Command::new("psql")
            .args([&url, "-v", "ON_ERROR_STOP=1", "-qAt", "-c", sql])
            .output()
            .unwrap();
        succeeded(&output);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.path().join("data");
        let mut stop = self.program("pg_ctl");
        let _ = stop
            .args(["-m", "immediate", "-D"])
            .arg(data)
            .arg("stop")
            .output();
    }
}
