//! Programs that run while a page is followed, and the terminal that its commands are typed into.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);
/// What ends the output of a command.
const END: &str = "--- end of a command:";

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
#[derive(Debug)]
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Starts a program and reads its output until a line fits.
pub fn start(command: &mut Command, fits: impl Fn(&str) -> bool) -> (Running, Vec<String>) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
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

/// Takes away what is set for the tests alone: the program refuses settings that it does not know.
pub fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"SWITCHBOARD_") {
            command.env_remove(name);
        }
    }
    command
}

/// The reader's terminal.
#[derive(Debug)]
pub struct Terminal {
    _shell: Running,
    input: ChildStdin,
    output: Receiver<String>,
}

impl Terminal {
    /// Opens one, by a shell that is set up.
    pub fn open(shell: &mut Command) -> Self {
        let mut shell = shell
            .args(["-c", "exec 2>&1; exec bash --noprofile --norc"])
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

    /// Runs a command; gives its exit status and what it wrote.
    pub fn run(&mut self, command: &str) -> (i32, String) {
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
