//! The real program.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::client::Client;
use crate::contract;
use crate::database::TestDatabase;
use crate::peers::free_port;

/// A running `switchboard serve`, on data of its own.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    directory: TempDir,
    database: TestDatabase,
    arguments: Vec<String>,
    surroundings: Surroundings,
    listen: String,
    child: Option<Child>,
    address: String,
}

/// What is unusual about where a server runs.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Variables of its environment, and those of its commands.
    pub environment: Vec<(String, String)>,
    /// Where its data is, if not in a folder of its own.
    pub data: Option<PathBuf>,
    /// A command that runs the program.
    pub through: Vec<String>,
    /// Where it listens, if not on another port at each start.
    pub listen: Option<String>,
}

impl Surroundings {
    /// With an address that it keeps over restarts, which is where others reach it.
    pub fn reachable() -> Self {
        Self {
            listen: Some(format!("127.0.0.1:{}", free_port())),
            ..Self::default()
        }
    }
}

impl Server {
    /// Starts the program at `binary`. Its calls may reach 127.0.0.1.
    pub async fn start(binary: &str, database: TestDatabase) -> Self {
        Self::start_with(binary, database, &["--allow-network", "127.0.0.1"]).await
    }

    /// Starts it with these arguments.
    pub async fn start_with(binary: &str, database: TestDatabase, arguments: &[&str]) -> Self {
        Self::start_in(binary, database, arguments, Surroundings::default()).await
    }

    /// Starts it with these arguments, where something is unusual.
    pub async fn start_in(
        binary: &str,
        database: TestDatabase,
        arguments: &[&str],
        surroundings: Surroundings,
    ) -> Self {
        let listen = surroundings.listen.clone();
        let mut server = Self {
            binary: binary.into(),
            directory: tempfile::tempdir().unwrap(),
            database,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            surroundings,
            listen: listen.unwrap_or_else(|| "127.0.0.1:0".to_owned()),
            child: None,
            address: String::new(),
        };
        server.launch().await;
        server
    }

    /// Starts it on a port that it keeps over restarts, which is where others reach it.
    pub async fn start_reachable(binary: &str, database: TestDatabase, arguments: &[&str]) -> Self {
        let surroundings = Surroundings::reachable();
        let listen = surroundings.listen.as_deref().unwrap_or_default();
        let public_url = format!("http://{listen}");
        let own = ["--allow-network", "127.0.0.1", "--public-url", &public_url];
        let arguments: Vec<_> = own.iter().chain(arguments).copied().collect();
        Self::start_in(binary, database, &arguments, surroundings.clone()).await
    }

    /// Another server on the same PostgreSQL database and with the same key file.
    pub async fn replica(&self) -> Self {
        let url = self.database.url().expect("SQLite has one server");
        self.replica_at(&url).await
    }

    /// Another server on the same database, which it reaches by another URL.
    pub async fn replica_at(&self, url: &str) -> Self {
        let mut replica = Self {
            binary: self.binary.clone(),
            directory: tempfile::tempdir().unwrap(),
            database: TestDatabase::Shared(url.to_owned()),
            arguments: self.arguments.clone(),
            surroundings: Surroundings::default(),
            listen: "127.0.0.1:0".to_owned(),
            child: None,
            address: String::new(),
        };
        let keys = self.data_dir().join("master.key");
        fs::copy(keys, replica.directory.path().join("master.key")).unwrap();
        replica.launch().await;
        replica
    }

    /// Where its data is.
    pub fn data_dir(&self) -> &Path {
        let own = self.directory.path();
        self.surroundings.data.as_deref().unwrap_or(own)
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
        self.command_of(Command::new(&self.binary))
    }

    fn command_of(&self, mut command: Command) -> Command {
        // The settings of whoever runs the tests are not this server's, and what the tests
        // themselves are told is no setting at all.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"SWITCHBOARD_") {
                command.env_remove(name);
            }
        }
        command
            .env("SWITCHBOARD_DATA_DIR", self.data_dir())
            // Nobody balances load between tests' servers.
            .env("SWITCHBOARD_SHUTDOWN_DRAIN_SECONDS", "0")
            .envs(self.surroundings.environment.clone())
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
        let mut command = match self.surroundings.through.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.binary);
                self.command_of(command)
            }
            None => self.command(),
        };
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
                    self.note_contract().await;
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

    /// From the first server on, answers are held against the document that it gives.
    async fn note_contract(&self) {
        if contract::is_served() {
            return;
        }
        let asked = Client::new(&self.address, "")
            .nobody()
            .try_send(http::Method::GET, "/api/openapi.json", &[], None)
            .await;
        contract::served(|| asked.expect("the server has its document").expect(200));
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

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Asks it to stop, as a service manager does.
    pub fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Pauses it, as a suspended machine does.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_some_and(|child| child.try_wait().unwrap().is_none())
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
