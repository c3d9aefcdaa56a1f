//! A PostgreSQL cluster of one test's own, which it may stop, freeze and starve.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::database::TestDatabase;
use crate::peers::free_port;

/// The longest that one of PostgreSQL's programs may take.
const LONGEST: Duration = Duration::from_mins(1);

/// A new cluster's files. Making them takes a second of a processor, copying them does not. They go
/// with the last cluster that came of them.
static TEMPLATE: Mutex<Weak<TempDir>> = Mutex::const_new(Weak::new());

/// A running PostgreSQL, on a port and in a folder of its own.
#[derive(Debug)]
pub struct Cluster {
    /// Kept until the cluster is gone; none where the folder is somebody else's.
    _own: Option<TempDir>,
    folder: PathBuf,
    port: u16,
    options: String,
    _template: Arc<TempDir>,
}

/// Where PostgreSQL's programs are: Debian keeps those of the server out of the path.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .max();
    newest.unwrap_or_else(|| name.into())
}

/// A command as the user that PostgreSQL runs as: it refuses to run as root.
pub fn as_owner(program: impl AsRef<OsStr>) -> Command {
    if !geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "postgres", "--regid", "postgres"])
        .args(["--clear-groups", "--"])
        .arg(program);
    command
}

async fn run(mut command: Command) -> Result<String, String> {
    // A server keeps what it inherits, so what it says goes to its own log.
    command.current_dir("/").kill_on_drop(true);
    let output = tokio::time::timeout(LONGEST, command.output()).await;
    let output = output.map_err(|_| "it took more than a minute".to_owned())?;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A folder that PostgreSQL's user may write to. Its name is short: a socket's path has a limit.
fn folder() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("sbc")
        .tempdir_in("/tmp")
        .unwrap();
    give_away(folder.path());
    folder
}

fn give_away(path: &Path) {
    if geteuid().is_root() {
        let given = std::process::Command::new("chown")
            .arg("postgres")
            .arg(path)
            .status();
        assert!(given.unwrap().success(), "{}", path.display());
    }
}

async fn template() -> Arc<TempDir> {
    let mut template = TEMPLATE.lock().await;
    if let Some(made) = template.upgrade() {
        return made;
    }
    let folder = Arc::new(folder());
    let mut command = as_owner(program("initdb"));
    command
        .args(["--no-sync", "-A", "trust", "-U", "postgres"])
        // Small segments, so that a small disk can be filled.
        .args(["-E", "UTF8", "--locale=C", "--wal-segsize=1", "-D"])
        .arg(folder.path().join("data"));
    run(command).await.unwrap();
    *template = Arc::downgrade(&folder);
    drop(template);
    folder
}

impl Cluster {
    /// Starts one with these options of the server, such as `-c max_connections=40`.
    pub async fn start(options: &str) -> Self {
        let own = folder();
        let path = own.path().to_owned();
        Self::make(Some(own), path, &[], options).await
    }

    /// Starts one that has these files beside its data, to which its options may refer by name; one is
    /// `pg_hba.conf`, which says whom it lets in.
    pub async fn start_with(files: &[(&str, &str)], options: &str) -> Self {
        let own = folder();
        let path = own.path().to_owned();
        Self::make(Some(own), path, files, options).await
    }

    /// Starts one in an empty folder, such as the root of a small disk.
    pub async fn start_in(folder: &Path, options: &str) -> Self {
        give_away(folder);
        Self::make(None, folder.to_owned(), &[], options).await
    }

    async fn make(
        own: Option<TempDir>,
        folder: PathBuf,
        files: &[(&str, &str)],
        options: &str,
    ) -> Self {
        let template = template().await;
        let mut copy = as_owner("cp");
        copy.arg("-a")
            .arg(template.path().join("data"))
            .arg(&folder);
        run(copy).await.unwrap();
        let cluster = Self {
            _own: own,
            folder,
            port: free_port(),
            options: options.to_owned(),
            _template: template,
        };
        for (name, text) in files {
            cluster.add(Path::new("data").join(name), text);
        }
        cluster.start_again().await;
        cluster
    }

    /// Its port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Writes a file into its folder, for PostgreSQL's user alone.
    pub fn add(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        give_away(&path);
        path
    }

    fn control(&self, arguments: &[&str]) -> Command {
        let mut command = as_owner(program("pg_ctl"));
        command.arg("-D").arg(self.folder.join("data"));
        command.args(arguments);
        command
    }

    /// Starts it after a stop.
    pub async fn start_again(&self) {
        let (port, options) = (self.port, &self.options);
        let folder = self.folder.display();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} \
             -c fsync=off {options}"
        );
        let log = self.folder.join("log").display().to_string();
        let command = self.control(&["-w", "-l", &log, "-o", &options, "start"]);
        if let Err(error) = run(command).await {
            let log = fs::read_to_string(log).unwrap_or_default();
            panic!("PostgreSQL did not start: {error}{log}");
        }
    }

    /// Ends it as a crash does: no checkpoint, no word to anybody.
    pub async fn crash(&self) {
        run(self.control(&["-m", "immediate", "-w", "stop"]))
            .await
            .unwrap();
    }

    /// Whether it takes connections.
    pub async fn answers(&self) -> bool {
        self.sql("SELECT 1").await.is_ok()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Its database, for a server.
    pub fn database(&self) -> TestDatabase {
        TestDatabase::Shared(self.url())
    }

    /// By its socket: whom it lets in by the network may be what is tested.
    fn psql(&self) -> Command {
        let (port, folder) = (self.port, self.folder.display());
        let url = format!("postgres://postgres@localhost:{port}/postgres?host={folder}");
        let mut command = Command::new("psql");
        command.args([&url, "-v", "ON_ERROR_STOP=1", "-XqAt"]);
        command
    }

    /// Runs SQL, each statement by itself.
    pub async fn sql(&self, text: &str) -> Result<String, String> {
        let mut command = self.psql();
        for statement in text.split(';').filter(|text| !text.trim().is_empty()) {
            command.args(["-c", statement]);
        }
        run(command).await
    }

    /// Runs one statement, which may have semicolons in it.
    pub async fn sql_as_one(&self, text: &str) -> Result<String, String> {
        let mut command = self.psql();
        command.args(["-c", text]);
        run(command).await
    }

    /// The one value that a query answers.
    pub async fn ask(&self, query: &str) -> String {
        self.sql_as_one(query).await.unwrap().trim().to_owned()
    }

    /// Starts it where it has ended by itself.
    pub async fn revive(&self) {
        if !self.answers().await {
            // What is left of it may still be on its way out.
            let _ = run(self.control(&["-m", "immediate", "-w", "stop"])).await;
            self.start_again().await;
        }
    }

    /// Takes up to so many connections and keeps them until what this answers is dropped.
    pub fn hold_connections(&self, count: usize) -> Vec<tokio::process::Child> {
        let hold = |_| {
            let mut command = Command::new("psql");
            command
                .args([&self.url(), "-Xq"])
                // It waits for what to do: a server hears at once that such a client is gone.
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .kill_on_drop(true);
            command.spawn().unwrap()
        };
        (0..count).map(hold).collect()
    }

    /// The server's processes: the first is the others' parent.
    fn processes(&self) -> Vec<Pid> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"));
        let parent = file.ok().and_then(|text| text.lines().next()?.parse().ok());
        let Some(parent) = parent else { return vec![] };
        let child = |entry: fs::DirEntry| {
            let id: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // After the name in parentheses: the state, then the parent.
            let of: i32 = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            (of == parent).then_some(id)
        };
        let children = fs::read_dir("/proc").unwrap().flatten().filter_map(child);
        let all = std::iter::once(parent).chain(children);
        all.filter_map(Pid::from_raw).collect()
    }

    fn signal(&self, signal: Signal) {
        for process in self.processes() {
            // One that ended in the meantime needs no signal.
            let _ = kill_process(process, signal);
        }
    }

    /// Stops every process of it where it is: connections stay and nothing answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let processes = self.processes();
        // The parent ends its children, and they see it when it is gone at once.
        for signal in [Signal::CONT, Signal::KILL] {
            for process in &processes {
                let _ = kill_process(*process, signal);
            }
        }
        // Who still ends may write into the folder, which is removed now.
        let start = Instant::now();
        let lives = |process: &Pid| test_kill_process(*process).is_ok();
        while processes.iter().any(lives) && start.elapsed() < Duration::from_secs(2) {
            std::thread::yield_now();
        }
    }
}
