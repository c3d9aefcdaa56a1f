//! A thousand MCP sessions opened and closed again and again: does memory stay flat?

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::hops::Program;
use crate::{process, setup};

/// Sessions that are open at once.
const SESSIONS: usize = 1000;

/// What came of it.
pub struct Soak {
    /// How often all sessions were opened and closed.
    pub rounds: usize,
    /// Memory after the first round, in MiB.
    pub first_mib: f64,
    /// Memory at the end, in MiB.
    pub last_mib: f64,
    /// Memory over time, in MiB a minute, by least squares over the second half.
    pub slope: f64,
}

fn send(port: u16, method: &str, path: &str, headers: &str, body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{headers}\
         accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Opens and closes sessions for a time.
pub fn measure(binary: &Path, time: Duration) -> anyhow::Result<Soak> {
    let program = Program::start(binary, false)?;
    let (port, key) = (program.port, &program.key);
    let ask = |path: &str, body: &Value| setup::ask(port, key, "POST", path, body);
    let agent = ask("/agents", &json!({"name": "Soak"}))?;
    let agent = agent["id"].as_str().context("no agent")?.to_owned();
    ask(&format!("/agents/{agent}/versions"), &json!({}))?;
    ask(&format!("/agents/{agent}/versions/1/publish"), &json!({}))?;
    let path = format!("/mcp/agents/{agent}");
    let hello = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "soak", "version": "1"}},
    })
    .to_string();
    let authorization = format!("authorization: Bearer {key}\r\n");
    let start = Instant::now();
    let mut samples = vec![];
    while start.elapsed() < time {
        let mut sessions = Vec::with_capacity(SESSIONS);
        for _ in 0..SESSIONS {
            let answer = send(port, "POST", &path, &authorization, &hello)?;
            let session = answer.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_it = name.eq_ignore_ascii_case("mcp-session-id");
                is_it.then(|| value.trim().to_owned())
            });
            sessions.push(session.with_context(|| format!("no session: {answer}"))?);
        }
        for session in sessions {
            let headers = format!(
                "{authorization}mcp-session-id: {session}\r\nmcp-protocol-version: 2025-11-25\r\n"
            );
            let answer = send(port, "DELETE", &path, &headers, "")?;
            anyhow::ensure!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        }
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        samples.push((minutes, process::memory_mib(program.process.0.id())));
    }
    let first = samples.first().context("no round was done")?.1;
    let last = samples.last().context("no round was done")?.1;
    Ok(Soak {
        rounds: samples.len(),
        first_mib: first,
        last_mib: last,
        slope: slope(&samples[samples.len() / 2..]),
    })
}

/// The slope of the line that fits best.
#[expect(clippy::cast_precision_loss, reason = "there are few samples")]
fn slope(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| samples.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|sample| sample.0), mean(|sample| sample.1));
    let covariance: f64 = samples.iter().map(|(a, b)| (a - x) * (b - y)).sum();
    let variance: f64 = samples.iter().map(|(a, _)| (a - x).powi(2)).sum();
    if variance == 0.0 {
        0.0
    } else {
        covariance / variance
    }
}
