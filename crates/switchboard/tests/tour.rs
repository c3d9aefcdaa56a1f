//! What the documents tell a reader to type, command by command, against the services
//! that they name: it works, and answers what they say it answers.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use switchboard_testkit::peers;

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");
const PATIENCE: Duration = Duration::from_mins(1);
/// What ends the output of a command.
const END: &str = "--- end of a command:";

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// A fenced block of a document.
#[derive(Debug)]
struct Block {
    line: usize,
    kind: String,
    /// What the comment before it says of it: `elsewhere` is typed in another terminal, `addresses`
    /// is for the reader to fill in, `answer` is what comes back, with parts of it left out.
    mark: Option<String>,
    text: String,
}

fn blocks(tour: &str, first_line: usize) -> Vec<Block> {
    let mut found: Vec<Block> = vec![];
    let (mut mark, mut open) = (None, false);
    for (number, line) in tour.lines().enumerate() {
        if open {
            if line == "```" {
                open = false;
            } else {
                let text = &mut found.last_mut().unwrap().text;
                text.push_str(line);
                text.push('\n');
            }
        } else if let Some(kind) = line.strip_prefix("```") {
            open = true;
            found.push(Block {
                line: first_line + number,
                kind: kind.to_owned(),
                mark: mark.take(),
                text: String::new(),
            });
        } else if let Some(comment) = line.strip_prefix("<!-- tour:") {
            mark = Some(comment.trim_end_matches(" -->").to_owned());
        }
    }
    assert!(!open, "a block has no end");
    found
}

/// Takes a block of shell apart into its commands: each is as many lines as make it complete.
fn commands(text: &str) -> Vec<String> {
    let mut complete = vec![];
    let mut command = String::new();
    for line in text.lines() {
        command.push_str(line);
        command.push('\n');
        let parses = Command::new("bash")
            .args(["-n", "-c", &command])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        if parses.success() && !line.ends_with('\\') {
            complete.push(std::mem::take(&mut command));
        }
    }
    assert!(command.trim().is_empty(), "not complete: {command}");
    complete
}

/// Lines that a program writes, as they come.
fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A program that is asked to stop at the end.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Starts a program and reads its output until a line fits.
fn start(command: &mut Command, fits: impl Fn(&str) -> bool) -> (Running, Vec<String>) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = lines_of(child.stdout.take().unwrap());
    let running = Running(child);
    let (begin, mut seen) = (Instant::now(), vec![]);
    loop {
        let left = PATIENCE.saturating_sub(begin.elapsed());
        let line = lines
            .recv_timeout(left)
            .unwrap_or_else(|_| panic!("{command:?} is not ready, it said {seen:?}"));
        let last = fits(&line);
        seen.push(line);
        if last {
            return (running, seen);
        }
    }
}

/// The reader's terminal.
struct Terminal {
    _shell: Running,
    input: ChildStdin,
    output: Receiver<String>,
}

impl Terminal {
    fn open(directory: &Path) -> Self {
        let mut shell = Command::new("bash")
            .args([
                "--noprofile",
                "--norc",
                "-c",
                "exec 2>&1; exec bash --noprofile --norc",
            ])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = shell.stdin.take().unwrap();
        let output = lines_of(shell.stdout.take().unwrap());
        Self {
            _shell: Running(shell),
            input,
            output,
        }
    }

    /// Runs a command; answers its exit status and what it wrote.
    fn run(&mut self, command: &str) -> (i32, String) {
        // Braces keep it in this shell, so that its variables stay.
        let typed = format!("{{ {command}\n}} </dev/null\nprintf '\\n%s%s\\n' '{END}' $?\n");
        self.input.write_all(typed.as_bytes()).unwrap();
        let mut text = String::new();
        loop {
            let line = self
                .output
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("no end of {command}, which wrote {text}"));
            if let Some(status) = line.strip_prefix(END) {
                return (status.parse().unwrap(), text);
            }
            text.push_str(&line);
            text.push('\n');
        }
    }
}

/// Text without its blanks: a document breaks lines where they fit.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}

/// What was expected and is not in the output, in its order; `…` stands for anything.
fn first_missing(expected: &str, output: &str) -> Option<String> {
    let output = squeeze(output);
    let mut rest = output.as_str();
    for piece in squeeze(expected)
        .split('…')
        .filter(|piece| !piece.is_empty())
    {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return Some(piece.to_owned()),
        }
    }
    None
}

/// What is typed in other terminals: the Makefile has the targets, the program knows the commands.
fn check_elsewhere(command: &str) {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let words: Vec<&str> = command.split_whitespace().collect();
    match words[..] {
        ["make", target] => {
            let rule = format!("\n{target}:");
            assert!(makefile.contains(&rule), "the Makefile has no {target}");
        }
        ["./target/release/switchboard", ..] => {
            let known = Command::new(BINARY)
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

/// The demo as `make run` starts it, but on a free port.
fn demo() -> (Running, String, String) {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"SWITCHBOARD_") {
            command.env_remove(name);
        }
    }
    command
        .args(["demo", "--listen", "127.0.0.1:0"])
        .current_dir(std::env::temp_dir());
    let (running, said) = start(&mut command, |line| line.contains("Ctrl-C"));
    let said = said.join("\n");
    let word_with = |start: &str| {
        said.split_whitespace()
            .find(|word| word.starts_with(start))
            .unwrap_or_else(|| panic!("no {start} in {said}"))
            .to_owned()
    };
    (running, word_with("http://127.0.0.1"), word_with("sb_"))
}

/// The services as `make services` starts them, but on free ports.
fn services() -> (Running, String, String) {
    let (venv, modules) = (peers::venv(), peers::modules());
    let (ledger, echo) = (peers::free_port(), peers::free_port());
    let mut command = Command::new("bash");
    command
        .arg(root().join("scripts/services.sh"))
        .env("SWITCHBOARD_TEST_VENV", venv)
        .env("SWITCHBOARD_TEST_NPM", modules)
        .args([ledger.to_string(), echo.to_string()]);
    let (running, _) = start(&mut command, |line| line.contains("Ctrl-C"));
    let address = |port: u16| format!("http://127.0.0.1:{port}");
    (running, address(ledger), address(echo))
}

/// Types what a document says, and compares what comes back. Answers how many commands ran and how
/// many answers were compared.
fn follow(document: &str, blocks: &[Block], given: &[(&str, String)]) -> (usize, usize) {
    let directory = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(directory.path());
    let (mut ran, mut compared) = (0, 0);
    let mut last = None;
    for block in blocks {
        let at = format!("{document}:{}", block.line);
        match (block.kind.as_str(), block.mark.as_deref()) {
            ("sh", Some("elsewhere")) => commands(&block.text)
                .iter()
                .for_each(|line| check_elsewhere(line)),
            ("sh", Some("addresses")) => {
                let names: Vec<&str> = block
                    .text
                    .lines()
                    .filter_map(|line| Some(line.split_once('=')?.0))
                    .collect();
                let known: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
                assert_eq!(names, known, "{at}");
                for (name, value) in given {
                    assert_eq!(terminal.run(&format!("{name}='{value}'")).0, 0);
                }
            }
            ("sh", None) => {
                for command in commands(&block.text) {
                    let (status, output) = terminal.run(&command);
                    assert_eq!(status, 0, "{at}: {command}{output}");
                    let sets = command.split_once("=$(").map(|(name, _)| name);
                    if let Some(name) = sets.filter(|_| command.trim_end().ends_with("new_id)")) {
                        let (_, id) = terminal.run(&format!("echo \"${name}\""));
                        let id = id.trim();
                        let is_id = id
                            .split_once('_')
                            .is_some_and(|(kind, rest)| kind.len() == 3 && rest.len() == 32);
                        assert!(is_id, "{at}: {name} is `{id}`");
                    }
                    ran += 1;
                    last = Some((command, output));
                }
            }
            ("json", None) | ("text", Some("answer")) => {
                let (command, output) = last.as_ref().expect("an answer follows a command");
                let missing = first_missing(&block.text, output);
                assert!(
                    missing.is_none(),
                    "{at}: {missing:?} is not in the answer of {command}{output}"
                );
                compared += 1;
            }
            (kind, mark) => panic!("{at}: what is a block of {kind} with {mark:?}?"),
        }
    }
    (ran, compared)
}

#[test]
fn the_tour_works() {
    let tour = fs::read_to_string(root().join("docs/tour.md")).unwrap();
    let blocks = blocks(&tour, 1);
    let (_demo, server, key) = demo();
    let (_services, ledger, echo) = services();
    let given = [
        ("SB", format!("{server}/api/v1")),
        ("KEY", key),
        ("LEDGER", ledger),
        ("ECHO", echo),
    ];
    let (ran, compared) = follow("tour.md", &blocks, &given);
    assert!(
        ran >= 20 && compared >= 15,
        "{ran} commands ran, {compared} answers were compared"
    );
}

#[test]
fn what_the_documents_show_on_the_demo_works() {
    let (_demo, server, key) = demo();
    let given = [("SB", format!("{server}/api/v1")), ("KEY", key)];
    for (name, least) in [("kinds-of-action.md", 18), ("connect-telnyx.md", 8)] {
        let document = fs::read_to_string(root().join("docs").join(name)).unwrap();
        let (ran, compared) = follow(name, &blocks(&document, 1), &given);
        assert!(
            ran >= least && compared >= 3,
            "{name}: {ran} commands ran, {compared} answers were compared"
        );
    }
}

#[test]
fn answers_are_compared_piece_by_piece() {
    assert_eq!(
        first_missing("{\"a\": 1,\n…\"c\":3}", "{\"a\":1,\"b\":2,\"c\":3}"),
        None
    );
    assert_eq!(
        first_missing("\"c\":3…\"a\":1", "{\"a\":1,\"c\":3}").unwrap(),
        "\"a\":1"
    );
    assert_eq!(commands("a=$(b |\n c)\nd() {\n e\n}\nf \\\n  g\n").len(), 3);
}
