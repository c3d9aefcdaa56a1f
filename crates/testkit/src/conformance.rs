//! The official conformance suite of MCP, for clients. The suite starts a server for each scenario
//! and then a client with the server's URL as its last argument.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::peers::{fixture, modules, node};
use crate::told;

/// The scenarios that a client without interactive sign-in and without a model passes.
const SCENARIOS: &[(&str, &str)] = &[
    ("initialize", "2025-11-25"),
    ("tools_call", "2025-11-25"),
    ("sse-retry", "2025-11-25"),
    ("json-schema-2020-12-preservation", "2025-11-25"),
    ("tools_call", "2026-07-28"),
    ("request-metadata", "2026-07-28"),
    ("http-standard-headers", "2026-07-28"),
    ("http-custom-headers", "2026-07-28"),
    ("http-invalid-tool-headers", "2026-07-28"),
    ("json-schema-ref-no-deref", "2026-07-28"),
    ("json-schema-2020-12-preservation", "2026-07-28"),
    // An extension: it belongs to no revision.
    ("auth/client-credentials-basic", ""),
];
const NAME: &str = "the_official_suite_passes";

/// What is written into an error when a client fails.
pub type Failure = Box<dyn std::error::Error>;

/// The body of a test program that is both who starts the suite and the client that the suite
/// starts: `client` speaks to the server at a URL, with the suite's context as JSON text.
pub async fn clients<F>(client: impl FnOnce(String, String) -> F) -> ExitCode
where
    F: Future<Output = Result<(), Failure>>,
{
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(url) = arguments.last().filter(|last| last.starts_with("http")) {
        let context = told("MCP_CONFORMANCE_CONTEXT").unwrap_or_else(|| "{}".to_owned());
        if let Err(error) = client(url.clone(), context).await {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
        return ExitCode::SUCCESS;
    }
    // What runners of tests ask.
    if arguments.iter().any(|argument| argument == "--list") {
        if !arguments.iter().any(|argument| argument == "--ignored") {
            println!("{NAME}: test");
        }
        return ExitCode::SUCCESS;
    }
    let (node, modules) = (node(), modules());
    let failed: Vec<_> = SCENARIOS
        .iter()
        .filter(|(scenario, version)| {
            let passed = passes(&node, &modules, scenario, version);
            println!(
                "{} {scenario} {version}",
                if passed { "passed" } else { "FAILED" }
            );
            !passed
        })
        .collect();
    println!(
        "{} passed, {} failed",
        SCENARIOS.len() - failed.len(),
        failed.len()
    );
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn passes(node: &Path, modules: &Path, scenario: &str, version: &str) -> bool {
    let suite = modules.join("@modelcontextprotocol/conformance/dist/index.js");
    let loopback = fixture("loopback.cjs");
    let results = tempfile::tempdir().unwrap();
    let mut command = Command::new(node);
    command
        .arg(suite)
        .args(["client", "--scenario", scenario, "--command"])
        .arg(std::env::current_exe().unwrap())
        .arg("--output-dir")
        .arg(results.path())
        .env(
            "NODE_OPTIONS",
            format!("--require \"{}\"", loopback.display()),
        );
    if !version.is_empty() {
        command.args(["--spec-version", version]);
    }
    let output = command.output().unwrap();
    let passed = output.status.success();
    if !passed {
        println!("{}", String::from_utf8_lossy(&output.stdout));
        println!("{}", String::from_utf8_lossy(&output.stderr));
    }
    passed
}
