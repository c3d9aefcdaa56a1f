//! What stands between the load and the upstream.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::load::Target;
use crate::process::{self, Running};
use crate::{floor, setup};

/// Every hop, in the order they are measured.
pub const NAMES: [&str; 11] = [
    "direct",
    "nginx",
    "pass-through",
    "floor",
    "sqlite",
    "sqlite-post",
    "postgres",
    "postgres-post",
    "mcp-direct",
    "mcp-to-http",
    "mcp-to-mcp",
];

/// The upstream.
pub struct Upstream {
    /// Its port.
    pub port: u16,
    _process: Running,
    _directory: TempDir,
}

/// A hop that is ready for load.
pub struct Hop {
    /// Where the load goes.
    pub target: Target,
    /// How long the start took until it was ready.
    pub start_ms: Option<f64>,
    /// The memory it held before any load.
    pub idle_mib: Option<f64>,
    process: Option<Running>,
    checks: bool,
    _more: Vec<Running>,
    _directory: TempDir,
}

impl Hop {
    /// The CPU time it used so far.
    pub fn cpu_us(&self) -> f64 {
        self.process
            .as_ref()
            .map_or(0.0, |process| process::cpu_us(process.0.id()))
    }

    /// The memory it holds.
    pub fn memory_mib(&self) -> f64 {
        self.process
            .as_ref()
            .map_or(0.0, |process| process::memory_mib(process.0.id()))
    }

    /// Makes sure that what was measured are calls that succeed and leave their events.
    pub fn verify(&self) -> anyhow::Result<()> {
        if self.checks {
            setup::verify(&self.target)
        } else {
            Ok(())
        }
    }
}

fn own_binary() -> anyhow::Result<std::path::PathBuf> {
    Ok(std::env::current_exe()?)
}

/// Starts the upstream.
pub fn upstream() -> anyhow::Result<Upstream> {
    let directory = tempfile::tempdir()?;
    let port = process::free_port()?;
    let mut command = Command::new(own_binary()?);
    command.args(["upstream", &port.to_string()]);
    let running = process::start(&mut command, &directory.path().join("log"))?;
    process::wait_for(port)?;
    Ok(Upstream {
        port,
        _process: running,
        _directory: directory,
    })
}

fn plain(port: u16) -> Target {
    Target {
        base: format!("http://127.0.0.1:{port}"),
        paths: vec!["/invoices/inv_1001?expand=lines&currency=EUR".to_owned()],
        method: "GET",
        body: String::new(),
        key: None,
        headers: vec![],
    }
}

/// Starts a hop.
pub fn start(name: &str, binary: &Path, upstream: u16) -> anyhow::Result<Hop> {
    let directory = tempfile::Builder::new().prefix("sbb").tempdir()?;
    let bare = |target: Target, process: Option<Running>, directory: TempDir| Hop {
        target,
        start_ms: None,
        idle_mib: None,
        process,
        checks: false,
        _more: vec![],
        _directory: directory,
    };
    let port = process::free_port()?;
    match name {
        "direct" => Ok(bare(plain(upstream), None, directory)),
        "mcp-direct" => Ok(bare(setup::mcp_direct(upstream), None, directory)),
        "nginx" => {
            let running = nginx(directory.path(), port, upstream)?;
            Ok(bare(plain(port), Some(running), directory))
        }
        "pass-through" => {
            let mut command = Command::new(own_binary()?);
            command.args(["pass-through", &port.to_string(), &upstream.to_string()]);
            let running = process::start(&mut command, &directory.path().join("log"))?;
            process::wait_for(port)?;
            Ok(bare(plain(port), Some(running), directory))
        }
        "floor" => {
            let mut command = Command::new(own_binary()?);
            command.args(["floor", &port.to_string(), &upstream.to_string()]);
            command.arg(directory.path());
            let running = process::start(&mut command, &directory.path().join("log"))?;
            process::wait_for(port)?;
            Ok(bare(floor::target(port), Some(running), directory))
        }
        _ => switchboard(name, binary, upstream),
    }
}

fn nginx(directory: &Path, port: u16, upstream: u16) -> anyhow::Result<Running> {
    let at = directory.display();
    let configuration = format!(
        "daemon off; worker_processes 2; pid {at}/pid; error_log {at}/error.log; \
         events {{ worker_connections 1024; }} \
         http {{ access_log off; keepalive_requests 100000000; client_body_temp_path {at}/a; proxy_temp_path {at}/b; \
         fastcgi_temp_path {at}/c; uwsgi_temp_path {at}/d; scgi_temp_path {at}/e; \
         upstream service {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }} \
         server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://service; \
         proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }} }}"
    );
    let path = directory.join("nginx.conf");
    std::fs::write(&path, configuration)?;
    let program = if Path::new("/usr/sbin/nginx").exists() {
        "/usr/sbin/nginx"
    } else {
        "nginx"
    };
    let mut command = Command::new(program);
    command.arg("-c").arg(&path).arg("-p").arg(directory);
    let running = process::start(&mut command, &directory.join("log"))
        .context("nginx is missing; install it with: apt-get install nginx-light")?;
    process::wait_for(port)?;
    Ok(running)
}

/// A running Switchboard, before anything is set up in it.
pub struct Program {
    /// Its port.
    pub port: u16,
    /// An admin's API key.
    pub key: String,
    /// The URL of its database, where that is PostgreSQL.
    pub database: Option<String>,
    start_ms: f64,
    idle_mib: f64,
    /// The process.
    pub process: Running,
    more: Vec<Running>,
    directory: TempDir,
}

impl Program {
    /// Its database's name.
    pub const fn database_name(&self) -> &'static str {
        match self.database {
            Some(_) => "PostgreSQL",
            None => "SQLite",
        }
    }

    /// Its database, where that is a file.
    pub fn sqlite_file(&self) -> PathBuf {
        self.directory.path().join("data/switchboard.db")
    }

    /// Starts it on a new SQLite file or a new PostgreSQL cluster.
    pub fn start(binary: &Path, on_postgres: bool) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("sbb").tempdir()?;
        let port = process::free_port()?;
        let data = directory.path().join("data");
        let mut more = vec![];
        let database = if on_postgres {
            let (running, url) = setup::postgres(directory.path())?;
            more.push(running);
            Some(url)
        } else {
            None
        };
        let program = |arguments: &[&str]| {
            let mut command = Command::new(binary);
            command
                .args(arguments)
                .env("SWITCHBOARD_DATA_DIR", &data)
                .current_dir(directory.path());
            if let Some(url) = &database {
                command.env("SWITCHBOARD_DATABASE_URL", url);
            }
            command
        };
        let listen = format!("127.0.0.1:{port}");
        let start = || {
            let begin = Instant::now();
            let mut serve =
                program(&["serve", "--listen", &listen, "--allow-network", "127.0.0.1"]);
            let process = process::start(&mut serve, &directory.path().join("log"))?;
            while setup::get(port, "/readyz").is_none_or(|status| status != 200) {
                anyhow::ensure!(
                    begin.elapsed() < Duration::from_secs(20),
                    "the server does not get ready"
                );
                process::pause(1);
            }
            Ok((begin, process))
        };
        // The first start makes the tables; what is timed is a start as they usually are.
        drop(start()?);
        let (begin, process) = start()?;
        let start_ms = begin.elapsed().as_secs_f64() * 1000.0;
        let idle_mib = process::memory_mib(process.0.id());
        let output =
            program(&["keys", "create", "--name", "bench", "--scope", "admin"]).output()?;
        Ok(Self {
            port,
            key: String::from_utf8(output.stdout)?.trim().to_owned(),
            database,
            start_ms,
            idle_mib,
            process,
            more,
            directory,
        })
    }
}

fn switchboard(name: &str, binary: &Path, upstream: u16) -> anyhow::Result<Hop> {
    let program = Program::start(binary, name.starts_with("postgres"))?;
    let sqlite = program.database.is_none();
    let (port, key) = (program.port, &program.key);
    let target = match name {
        "mcp-to-http" => setup::mcp_target(port, upstream, key, false)?,
        "mcp-to-mcp" => setup::mcp_target(port, upstream, key, true)?,
        _ => setup::target(port, upstream, key, name.ends_with("-post"))?,
    };
    Ok(Hop {
        target,
        start_ms: sqlite.then_some(program.start_ms),
        idle_mib: sqlite.then_some(program.idle_mib),
        process: Some(program.process),
        checks: !name.starts_with("mcp"),
        _more: program.more,
        _directory: program.directory,
    })
}
