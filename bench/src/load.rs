//! The load: `wrk` with a script that prints what is needed.

use std::io::Write as _;
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;

/// Where requests go.
pub struct Target {
    /// `http://127.0.0.1:port`.
    pub base: String,
    /// Paths, asked for in turn.
    pub paths: Vec<String>,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The body.
    pub body: String,
    /// The API key, if one is needed.
    pub key: Option<String>,
    /// Further headers.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// What `wrk` saw.
#[derive(Debug, Deserialize)]
pub struct Load {
    /// Requests in all.
    pub requests: f64,
    /// Requests a second.
    pub per_second: f64,
    /// The median, in microseconds.
    pub p50_us: f64,
    /// The 99th percentile, in microseconds.
    pub p99_us: f64,
    /// Answers of another status than 2xx, and broken connections.
    pub errors: u64,
}

fn script(target: &Target) -> String {
    let paths: Vec<String> = target
        .paths
        .iter()
        .map(|path| format!("{path:?}"))
        .collect();
    let key = target.key.as_ref().map_or_else(String::new, |key| {
        format!("wrk.headers[\"Authorization\"] = \"Bearer {key}\"\n")
    });
    let more: Vec<String> = target
        .headers
        .iter()
        .map(|(name, value)| format!("wrk.headers[{name:?}] = {value:?}\n"))
        .collect();
    let more = more.concat();
    format!(
        r#"wrk.method = "{method}"
{key}{more}local body = {body:?}
if body ~= "" then
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end
local paths = {{ {paths} }}
local requests = {{}}
local at = 0
init = function(args)
  for i, path in ipairs(paths) do requests[i] = wrk.format(nil, path) end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{{"requests":%d,"per_second":%f,"p50_us":%f,"p99_us":%f,"errors":%d}}\n',
    summary.requests, summary.requests / summary.duration * 1e6,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
"#,
        method = target.method,
        body = target.body,
        paths = paths.join(", "),
    )
}

/// Puts load on a target.
pub fn run(target: &Target, connections: u32, seconds: u64) -> anyhow::Result<Load> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(script(target).as_bytes())?;
    let output = Command::new("wrk")
        .args(["-t", "1", "-c", &connections.to_string()])
        .args(["-d", &format!("{seconds}s"), "--timeout", "10s", "-s"])
        .arg(file.path())
        .arg(&target.base)
        .output()
        .context("wrk is missing; install it with: apt-get install wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .find(|line| line.starts_with('{'))
        .with_context(|| {
            format!(
                "wrk said: {text}{}",
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
    Ok(serde_json::from_str(line)?)
}
