//! The rules of the house that a compiler does not check: who may use whom, and what.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod circles;
mod kinds;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Which of our crates each crate may use. ARCHITECTURE.md says why.
const ROOMS: &[(&str, &[&str])] = &[
    ("context", &[]),
    ("spent", &[]),
    ("domain", &[]),
    ("contract", &["domain"]),
    ("vault", &[]),
    ("outbound", &["spent"]),
    ("store", &["domain", "spent"]),
    ("connect", &["domain", "outbound", "vault"]),
    ("mcp", &["domain", "spent", "outbound", "vault", "connect"]),
    (
        "operation",
        &["context", "domain", "contract", "vault", "store", "connect"],
    ),
    ("kinds", &["domain", "outbound", "connect", "mcp"]),
    (
        "runtime",
        &[
            "context",
            "spent",
            "domain",
            "contract",
            "vault",
            "store",
            "outbound",
            "connect",
            "mcp",
            "kinds",
            "operation",
        ],
    ),
    // Never `runtime`: what is committed is announced, and that is all.
    (
        "manage",
        &[
            "context",
            "domain",
            "contract",
            "vault",
            "store",
            "outbound",
            "connect",
            "mcp",
            "kinds",
            "operation",
        ],
    ),
    (
        "accounts",
        &[
            "context",
            "domain",
            "contract",
            "vault",
            "store",
            "operation",
        ],
    ),
    // It puts them together.
    (
        "app",
        &[
            "context",
            "domain",
            "vault",
            "store",
            "outbound",
            "connect",
            "mcp",
            "kinds",
            "operation",
            "runtime",
            "manage",
            "accounts",
        ],
    ),
    ("studio", &[]),
    ("api", &["spent", "domain", "contract", "app", "studio"]),
    ("simulators", &["domain", "outbound"]),
    // It puts the others together, but speaks to services through them alone.
    (
        "switchboard",
        &[
            "domain",
            "vault",
            "store",
            "outbound",
            "app",
            "api",
            "simulators",
        ],
    ),
    ("testkit", &["context"]),
    ("bench", &[]),
];

/// Which crates may use an outside crate directly. What is not here is free.
const KEPT: &[(&str, &[&str])] = &[
    ("sqlx", &["store"]),
    ("sqlx-core", &["store"]),
    ("sqlx-macros", &["store"]),
    ("rusqlite", &["store", "bench"]),
    ("hyper", &["outbound", "switchboard", "testkit", "bench"]),
    (
        "hyper-util",
        &["outbound", "switchboard", "testkit", "bench"],
    ),
    ("hyper-rustls", &["outbound"]),
    ("rustls", &["outbound", "store"]),
    ("reqwest", &["outbound"]),
    ("ureq", &[]),
    ("axum", &["api", "switchboard", "simulators", "bench"]),
    ("utoipa", &["contract", "api"]),
    ("utoipa-axum", &["api"]),
    ("oauth2", &["connect"]),
    ("rmcp", &["mcp", "api"]),
    ("jsonschema", &["domain", "testkit", "bench"]),
    ("serde_json_path", &["domain"]),
    ("regex-automata", &["domain"]),
    ("minijinja", &["domain"]),
    ("phonenumber", &["domain"]),
    ("aes-gcm", &["vault"]),
    ("argon2", &["vault"]),
    ("governor", &["runtime"]),
    ("rust-embed", &["studio"]),
    ("ed25519-dalek", &["connect", "simulators"]),
    ("rand", &["outbound", "switchboard", "testkit"]),
    ("getrandom", &["switchboard"]),
    ("clap", &["switchboard", "bench"]),
    ("anyhow", &["switchboard", "bench"]),
    ("tracing-subscriber", &["switchboard"]),
    ("switchboard-testkit", &[]),
];

/// What the crates without I/O never use.
const IMPURE: &[&str] = &[
    "tokio",
    "futures-util",
    "hyper",
    "axum",
    "sqlx",
    "rustix",
    "tracing",
    "tempfile",
];
const PURE: &[&str] = &["domain", "contract", "vault"];

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .cargo_path(env!("CARGO"))
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap()
}

/// `switchboard-store` is the room `store`; the binary is `switchboard`.
fn room(package: &str) -> &str {
    package.strip_prefix("switchboard-").unwrap_or(package)
}

/// What a crate uses when it is built for its users.
fn uses(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
}

fn is_ours(name: &str) -> bool {
    name == "switchboard" || name.starts_with("switchboard-")
}

/// Files below a directory whose names end so, paths from the root of the checkout.
fn files(below: &str, end: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut open = vec![root().join(below)];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["target", "node_modules"].contains(&name) {
                open.push(path);
            } else if name.ends_with(end) {
                let from_root = path.strip_prefix(root()).unwrap();
                let text = fs::read_to_string(&path).unwrap();
                found.push((from_root.to_str().unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there is no {end} below {below}");
    found
}

/// The source of each crate: its room, its files, and the one that it begins with.
fn sources() -> Vec<(String, BTreeMap<String, String>, String)> {
    let of = |package: &Package| {
        let manifest = package.manifest_path.strip_prefix(root()).unwrap();
        let folder = manifest.with_file_name("src");
        let files: BTreeMap<_, _> = files(folder.as_str(), ".rs").into_iter().collect();
        let first = ["lib.rs", "main.rs"].map(|name| format!("{folder}/{name}"));
        let first = first.into_iter().find(|file| files.contains_key(file));
        (room(&package.name).to_owned(), files, first.unwrap())
    };
    metadata().packages.iter().map(of).collect()
}

#[test]
fn our_crates_use_each_other_in_one_direction() {
    let rooms: BTreeMap<_, _> = ROOMS.iter().copied().collect();
    let metadata = metadata();
    let members: BTreeSet<_> = metadata
        .packages
        .iter()
        .map(|package| room(&package.name))
        .collect();
    assert_eq!(
        members,
        rooms.keys().copied().collect(),
        "a crate came or went: say in ROOMS, and in ARCHITECTURE.md, whom it may use"
    );
    for package in &metadata.packages {
        let allowed = rooms[room(&package.name)];
        for used in uses(package).filter(|name| is_ours(name)) {
            assert!(
                allowed.contains(&room(used)),
                "{} may not use {used}: see the direction in ARCHITECTURE.md",
                package.name
            );
        }
    }
    // The table itself goes one way: whom a room uses stands before it.
    for (at, (name, allowed)) in ROOMS.iter().enumerate() {
        for used in *allowed {
            let before = ROOMS[..at].iter().any(|(earlier, _)| earlier == used);
            assert!(before, "{name} uses {used}, which stands after it");
        }
    }
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    for package in metadata().packages {
        let name = room(&package.name);
        let used: BTreeSet<_> = uses(&package).collect();
        for (kept, rooms) in KEPT {
            assert!(
                !used.contains(kept) || rooms.contains(&name),
                "{name} uses {kept}, which belongs to {rooms:?}"
            );
        }
        if PURE.contains(&name) {
            for impure in IMPURE {
                assert!(
                    !used.contains(impure),
                    "{name} does no I/O, but uses {impure}"
                );
            }
        }
    }
}

/// Whoever tests sees the same policy as whoever runs.
#[test]
fn oauth2_and_jsonschema_bring_no_client_of_their_own() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for library in ["oauth2", "jsonschema"] {
        let line = manifest
            .lines()
            .find(|line| line.starts_with(&format!("{library} = ")))
            .unwrap_or_else(|| panic!("{library} is not in the workspace's dependencies"));
        assert!(line.contains("default-features = false"), "{line}");
        assert!(!line.contains("reqwest"), "{line}");
    }
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for unwanted in ["openssl-sys", "native-tls", "aws-lc-sys"] {
        assert!(
            !lock.contains(&format!("name = \"{unwanted}\"")),
            "{unwanted} came in: one TLS, one crypto provider"
        );
    }
}

#[test]
fn every_crate_keeps_the_common_rules() {
    for package in metadata().packages {
        let name = &package.name;
        assert_eq!(package.license.as_deref(), Some("Apache-2.0"), "{name}");
        assert_eq!(package.edition, cargo_metadata::Edition::E2024, "{name}");
        assert_eq!(
            package.publish.as_deref(),
            Some(&[][..]),
            "{name} is not for a registry"
        );
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        let lints = manifest.split("[lints]").nth(1).unwrap_or_default();
        assert!(
            lints.trim_start().starts_with("workspace = true"),
            "{name} has lints of its own"
        );
    }
    let licence = fs::read_to_string(root().join("LICENSE")).unwrap();
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0, January 2004"));
}

/// What is built for the tests serves the tools that run beside them (schemathesis, the browser), and
/// rustdoc finds what clippy checked: a feature that a test alone brings in would have all of it built
/// twice. `testkit` names such features among what it uses.
#[test]
fn tests_and_the_program_are_built_of_the_same_parts() {
    let parts = |edges| {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--workspace", "--offline", "--prefix", "none"])
            .args(["--edges", edges, "--format", "{p} [{f}]"])
            .current_dir(root())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = |line: &str| line.trim_end_matches(" (*)").to_owned();
        let parts: BTreeSet<_> = text.lines().map(line).collect();
        assert!(parts.len() > 200, "{parts:?}");
        parts
    };
    let with_tests = parts("normal,build,dev");
    for part in parts("normal,build") {
        assert!(
            with_tests.contains(&part),
            "tests want other features than {part}"
        );
    }
}

/// A test in a comment would be run by nobody: nothing here runs them.
#[test]
fn no_test_is_in_a_comment() {
    for below in ["crates", "bench"] {
        for (path, text) in files(below, ".rs") {
            let mut inside = false;
            for (at, line) in text.lines().enumerate() {
                let line = line.trim_start();
                let comment = line.strip_prefix("///").or(line.strip_prefix("//!"));
                if let Some(kind) = comment.and_then(|text| text.trim().strip_prefix("```")) {
                    let harmless = ["text", "json", "sh"].contains(&kind);
                    assert!(
                        inside || harmless,
                        "{path}:{}: a block of code in a comment says what it is: text, json or sh; \
                         a test goes into the module of tests",
                        at + 1
                    );
                    inside = !inside;
                }
            }
        }
    }
}

/// Settings are passed in: only the binary and what runs tests read the environment.
#[test]
fn only_the_binary_reads_the_environment() {
    let mut found = 0;
    for (path, text) in files("crates", ".rs") {
        let may = path.starts_with("crates/switchboard/")
            || path.starts_with("crates/testkit/")
            || path.contains("/tests/");
        for call in ["env::var", "env::vars", "env::current_dir", "env::home_dir"] {
            let at = text.find(call);
            found += usize::from(at.is_some());
            assert!(
                may || at.is_none(),
                "{path} uses std::{call}: take the setting as an argument"
            );
        }
    }
    assert!(found > 0, "the search finds nothing, so it proves nothing");
}

/// A test that is left out looks like one that passes, and policy that tests do not see is not
/// tested.
#[test]
fn tests_run_and_see_what_ships() {
    // In pieces, so that this file does not find itself.
    let ignored = concat!("#[", "ignore");
    let unseen = concat!("cfg(", "not(test))");
    for below in ["crates", "bench"] {
        for (path, text) in files(below, ".rs") {
            assert!(!text.contains(ignored), "{path} leaves a test out");
            assert!(!text.contains(unseen), "{path} ships what tests do not see");
            for (at, line) in text.lines().enumerate() {
                if line.trim() == "#[cfg(test)]" {
                    let next = text
                        .lines()
                        .skip(at + 1)
                        .find(|line| !line.trim_start().starts_with("#["));
                    let next = next.unwrap_or_default().trim();
                    assert!(
                        next.starts_with("mod ")
                            || next.starts_with("pub mod ")
                            || next.starts_with("use "),
                        "{path}:{}: `#[cfg(test)]` stands on a module of tests alone",
                        at + 2
                    );
                }
            }
        }
    }
}

/// Lock files name what is installed, not where one machine got it.
#[test]
fn lock_files_name_no_place() {
    let text = fs::read_to_string(root().join("package-lock.json")).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    for (name, package) in lock["packages"].as_object().unwrap() {
        // A workspace is a link to its folder.
        if package["link"] == true {
            assert!(root().join(package["resolved"].as_str().unwrap()).is_dir());
            continue;
        }
        assert!(
            package.get("resolved").is_none(),
            "{name}: make the lock file again with the .npmrc beside it"
        );
        if name.contains("node_modules/") {
            assert!(package["integrity"].is_string(), "{name}");
            checked += 1;
        }
    }
    assert!(checked > 0);
    for workspace in ["studio", "e2e", "scripts/npm"] {
        let own = root().join(workspace).join("package-lock.json");
        assert!(!own.exists(), "{} is not used", own.display());
    }
}

/// Links between the documents lead somewhere.
#[test]
fn links_between_documents_are_whole() {
    let mut documents = files("docs", ".md");
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_name().unwrap().to_str().unwrap();
            documents.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
    let mut links = 0;
    for (path, text) in &documents {
        let here = root().join(path);
        let here = here.parent().unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.starts_with("http") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                root().join(path)
            } else {
                here.join(file)
            };
            assert!(target.exists(), "{path}: {link} leads nowhere");
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let found = text
                    .lines()
                    .filter(|line| line.starts_with('#'))
                    .any(|line| anchor_of(line) == anchor);
                assert!(found, "{path}: {link} names no heading");
            }
            links += 1;
        }
    }
    assert!(links >= 15, "{links}");
}

/// What `SECURITY.md` promises is held by tests, which are there.
#[test]
fn promises_of_security_are_held_by_tests() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let promises: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("| threat |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(promises.len() >= 15, "{}", promises.len());
    for promise in promises {
        let tests: Vec<_> = promise
            .split("[`")
            .skip(1)
            .map(|link| {
                let (name, rest) = link.split_once("`](").unwrap();
                (name, rest.split_once(')').unwrap().0)
            })
            .collect();
        assert!(!tests.is_empty(), "no test holds: {promise}");
        for (name, path) in tests {
            let source = fs::read_to_string(root().join(path));
            let source = source.unwrap_or_else(|error| panic!("{path}: {error}"));
            assert!(
                source.contains(&format!("fn {name}(")),
                "{path} has no test {name}"
            );
        }
    }
}

/// What a reader copies out of the documents as JSON is JSON. Most examples are commands, which
/// `documents` types.
#[test]
fn examples_in_the_documents_are_json() {
    let mut examples = 0;
    for (path, text) in files("docs", ".md") {
        for block in text.split("\n```json\n").skip(1) {
            let example = block.split("\n```").next().unwrap();
            let parsed = serde_json::from_str::<serde_json::Value>(example);
            assert!(parsed.is_ok(), "{path}: {parsed:?} in {example}");
            examples += 1;
        }
    }
    assert!(examples >= 5, "{examples}");
}

/// How a heading is called in a link.
fn anchor_of(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}
