//! The real program.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::client::Client;
use crate::database::TestDatabase;

/// A running `switchboard serve`, on data of its own.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    directory: TempDir,
    database: TestDatabase,
    arguments: Vec<String>,
    listen: String,
    child: Option<Child>,
    address: String,
}

impl Server {
    /// Starts the program at `binary`. Its calls may reach 127.0.0.1.
    pub async fn start(binary: &str, database: TestDatabase) -> Self {
        Self::start_with(binary, database, &["--allow-network", "127.0.0.1"]).await
    }

    /// Starts it with these arguments.
    pub async fn start_with(binary: &str, database: TestDatabase, arguments: &[&str]) -> Self {
        let mut server = Self {
            binary: binary.into(),
            directory: tempfile::tempdir().unwrap(),
            database,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            listen: "127.0.0.1:0".to_owned(),
            child: None,
            address: String::new(),
        };
        server.launch().await;
        server
    }

    /// Starts it on a port that it keeps over restarts, which is where others reach it.
    pub async fn start_reachable(binary: &str, database: TestDatabase, arguments: &[&str]) -> Self {
        // Free now, and seldom taken by others in the moment until the server has it.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = free.local_addr().unwrap().to_string();
        drop(free);
        let public_url = format!("http://{listen}");
        let own = ["--allow-network", "127.0.0.1", "--public-url", &public_url];
        let arguments = own.iter().chain(arguments).map(ToString::to_string);
        let mut server = Self {
            binary: binary.into(),
            directory: tempfile::tempdir().unwrap(),
            database,
            arguments: arguments.collect(),
            listen,
            child: None,
            address: String::new(),
        };
        server.launch().await;
        server
    }

    /// Another server on the same PostgreSQL database and with the same key file.
    pub async fn replica(&self) -> Self {
        let url = self.database.url().expect("SQLite has one server");
        let mut replica = Self {
            binary: self.binary.clone(),
            directory: tempfile::tempdir().unwrap(),
            database: TestDatabase::Shared(url),
            arguments: self.arguments.clone(),
            listen: "127.0.0.1:0".to_owned(),
            child: None,
            address: String::new(),
        };
        let keys = self.directory.path().join("master.key");
        fs::copy(keys, replica.directory.path().join("master.key")).unwrap();
        replica.launch().await;
        replica
    }

    /// Where its data is.
    pub fn data_dir(&self) -> &Path {
        self.directory.path()
    }

    /// Its database.
    pub const fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// `http://host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A command of the program on this server's data.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        // The settings of whoever runs the tests are not this server's, and what the tests
        // themselves are told is no setting at all.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"SWITCHBOARD_") {
                command.env_remove(name);
            }
        }
        command
            .env("SWITCHBOARD_DATA_DIR", self.directory.path())
            // Nobody balances load between tests' servers.
            .env("SWITCHBOARD_SHUTDOWN_DRAIN_SECONDS", "0")
            .current_dir(self.directory.path());
        if let Some(url) = self.database.url() {
            command.env("SWITCHBOARD_DATABASE_URL", url);
        }
        command
    }

    fn output_file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts the program on the data that is there.
    pub async fn launch(&mut self) {
        let open = |name: &str| {
            File::options()
                .create(true)
                .append(true)
                .open(self.output_file(name))
                .unwrap()
        };
        let before = self.stdout().len();
        let mut command = self.command();
        command
            .arg("serve")
            .args(["--listen", &self.listen, "--log-level", "debug"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(open("stdout.log"))
            .stderr(open("stderr.log"));
        self.child = Some(command.spawn().unwrap());
        let start = Instant::now();
        loop {
            let exited = self
                .child
                .as_mut()
                .and_then(|child| child.try_wait().unwrap());
            assert!(exited.is_none(), "the server stopped: {}", self.stderr());
            let output = self.stdout();
            let address = output[before..]
                .lines()
                .find_map(|line| line.split("listening on ").nth(1))
                .map(str::to_owned);
            if let Some(address) = address {
                address.trim().clone_into(&mut self.address);
                let ready = Client::new(&self.address, "")
                    .try_send(http::Method::GET, "/readyz", &[], None)
                    .await;
                if ready.is_some_and(|reply| reply.status == 200) {
                    return;
                }
            }
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "not ready: {}",
                self.stderr()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What it wrote to standard output, over all its starts.
    pub fn stdout(&self) -> String {
        fs::read_to_string(self.output_file("stdout.log")).unwrap_or_default()
    }

    /// What it wrote to standard error, over all its starts.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.output_file("stderr.log")).unwrap_or_default()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Kills it at once, as a crash does: SIGKILL, nothing is flushed.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to stop, as a service manager does.
    pub fn ask_to_stop(&self) {
        let id = i32::try_from(self.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
    }

    /// Waits until it has stopped.
    pub async fn stopped(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.child = None;
                return status;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "it did not stop");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes an API key beside the running server.
    pub fn key(&self, scope: &str, workspace: &str) -> String {
        let output = self
            .command()
            .args(["keys", "create", "--name", "test", "--scope", scope])
            .args(["--workspace", workspace])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A client with a new key of the default workspace.
    pub fn client(&self, scope: &str) -> Client {
        Client::new(&self.address, &self.key(scope, "default"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
