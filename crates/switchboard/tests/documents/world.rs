//! What runs on a reader's machine: the demo, the services, a server of their own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use switchboard_testkit::peers;

use super::terminal::{Running, Terminal, start, without_settings};

/// The program.
pub const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

/// The repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// A page of `docs`.
pub fn page(name: &str) -> String {
    let path = root().join("docs").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A value that a reader fills in.
pub type Given = (&'static str, String);

/// The demo as `make run` starts it, but on a free port; and what it prints.
pub fn demo() -> (Running, Vec<Given>) {
    let mut command = Command::new(BINARY);
    without_settings(&mut command)
        .args(["demo", "--listen", "127.0.0.1:0"])
        .current_dir(std::env::temp_dir())
        .stderr(Stdio::null());
    let (running, said) = start(&mut command, |line| line.contains("Ctrl-C"));
    let said = said.join("\n");
    let word_with = |part: &str| {
        said.split_whitespace()
            .find(|word| word.contains(part))
            .unwrap_or_else(|| panic!("no {part} in {said}"))
            .to_owned()
    };
    let server = word_with("http://127.0.0.1");
    let given = vec![
        ("SB", format!("{server}/api/v1")),
        ("KEY", word_with("sb_")),
        ("SETUP", word_with("/setup#")),
        ("SERVER", server),
    ];
    (running, given)
}

/// The services as `make services` starts them, but on free ports; and their addresses.
pub fn services() -> (Running, Vec<Given>) {
    let (venv, modules) = (peers::venv(), peers::modules());
    let (ledger, echo) = (peers::free_port(), peers::free_port());
    let mut command = Command::new("bash");
    command
        .arg(root().join("scripts/services.sh"))
        .env("SWITCHBOARD_TEST_VENV", venv)
        .env("SWITCHBOARD_TEST_NPM", modules)
        .args([ledger.to_string(), echo.to_string()])
        .stderr(Stdio::null());
    let (running, _) = start(&mut command, |line| line.contains("Ctrl-C"));
    let address = |port: u16| format!("http://127.0.0.1:{port}");
    let given = vec![("LEDGER", address(ledger)), ("ECHO", address(echo))];
    (running, given)
}

/// Somebody who follows a page, in an empty directory, with `switchboard` in their path.
#[derive(Debug)]
pub struct Reader {
    /// Where their commands go.
    pub terminal: Terminal,
    given: Vec<Given>,
    environment: Vec<Given>,
    server: Option<Running>,
    home: tempfile::TempDir,
}

impl Reader {
    /// Somebody who knows these values; `environment` is set for the program, where a page does not say
    /// it: the port that it listens on.
    pub fn new(given: Vec<Given>, environment: Vec<Given>) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("bin")).unwrap();
        fs::create_dir(home.path().join("work")).unwrap();
        symlink(BINARY, home.path().join("bin/switchboard")).unwrap();
        let mut shell = shell(home.path(), &environment);
        Self {
            terminal: Terminal::open(&mut shell),
            given,
            environment,
            server: None,
            home,
        }
    }

    /// Where they work.
    pub fn directory(&self) -> PathBuf {
        self.home.path().join("work")
    }

    /// The value they have for a name.
    pub fn value(&self, name: &str) -> &str {
        self.given
            .iter()
            .find(|(known, _)| *known == name)
            .map_or_else(
                || panic!("where does a reader get {name} from?"),
                |(_, value)| value.as_str(),
            )
    }

    /// Runs a server until the next one, or until the end of the page.
    pub fn serve(&mut self, command: &str) {
        self.server = None;
        let mut shell = shell(self.home.path(), &self.environment);
        shell
            .envs(self.given.iter().map(|(name, value)| (*name, value)))
            .args(["-c", &format!("exec {command}")])
            .stderr(Stdio::null());
        let (running, _) = start(&mut shell, |line| line.contains("listening"));
        self.server = Some(running);
    }
}

fn shell(home: &Path, environment: &[Given]) -> Command {
    let mut paths = vec![home.join("bin")];
    paths.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let mut shell = Command::new("bash");
    without_settings(&mut shell)
        .args(["--noprofile", "--norc"])
        .current_dir(home.join("work"))
        .env("PATH", std::env::join_paths(paths).unwrap())
        .envs(environment.iter().map(|(name, value)| (*name, value)));
    shell
}

/// What is typed in other terminals: the Makefile has the targets, the program knows the commands.
pub fn check_elsewhere(command: &str) {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let words: Vec<&str> = command.split_whitespace().collect();
    match words[..] {
        ["make", target] => {
            let rule = format!("\n{target}:");
            assert!(makefile.contains(&rule), "the Makefile has no {target}");
        }
        ["./target/release/switchboard" | "switchboard", ..] => {
            let known = without_settings(&mut Command::new(BINARY))
                .args(&words[1..])
                .arg("--help")
                .output()
                .unwrap();
            assert!(
                known.status.success(),
                "{command}: {}",
                String::from_utf8_lossy(&known.stderr)
            );
        }
        _ => panic!("is this typed elsewhere? {command}"),
    }
}
