//! The fenced blocks of a page, and what the page says of each.

use std::process::{Command, Stdio};

/// What is done with a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// Typed into the reader's terminal.
    Typed,
    /// `elsewhere`: typed into another terminal. Its command has to exist.
    Elsewhere,
    /// `server`: typed into another terminal, where it goes on running instead of the one before it.
    Server,
    /// `fill in`: lines `NAME=value` whose values the reader replaces by their own.
    FillIn,
    /// `response`: what the last command printed, where `…` stands for what is left out.
    Response,
    /// `file NAME`: kept by the reader in a file of this name.
    File(String),
    /// `example`: JSON that nobody sends.
    Example,
    /// `not run: REASON`.
    NotRun,
}

/// A fenced block of a page.
#[derive(Debug)]
pub struct Block {
    /// Where it starts.
    pub line: usize,
    /// What it is written in.
    pub language: String,
    /// What is done with it.
    pub used: Use,
    /// What is in it.
    pub text: String,
}

impl Block {
    /// Whether it is for a shell.
    pub fn is_shell(&self) -> bool {
        SHELLS.contains(&self.language.as_str())
    }
}

/// The languages of blocks that are for a shell.
pub const SHELLS: [&str; 5] = ["sh", "bash", "shell", "console", "zsh"];

/// The comment that stands before a block and says what it is: `<!-- test:MARK -->`.
const MARK: &str = "<!-- test:";

/// All blocks of a page, or what is wrong with one of them.
pub fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let mut found: Vec<Block> = vec![];
    let (mut mark, mut open) = (None, None);
    for (line, text) in (1..).zip(page.lines()) {
        let trimmed = text.trim_start();
        if let Some(fence) = open {
            if trimmed == fence {
                open = None;
            } else if let Some(block) = found.last_mut() {
                block.text.push_str(text);
                block.text.push('\n');
            }
        } else if let Some((fence, language)) = ["```", "~~~"]
            .into_iter()
            .find_map(|fence| Some((fence, trimmed.strip_prefix(fence)?)))
        {
            open = Some(fence);
            found.push(Block {
                line,
                language: language.to_owned(),
                used: used(language, mark.take()).map_err(|error| format!("{line}: {error}"))?,
                text: String::new(),
            });
        } else if let Some(comment) = text.strip_prefix(MARK) {
            mark = Some(comment.trim_end_matches("-->").trim());
        } else if mark.is_some() {
            return Err(format!("{line}: a mark stands right before its block"));
        }
    }
    match open {
        None => Ok(found),
        Some(_) => Err("the last block has no end".to_owned()),
    }
}

fn used(language: &str, mark: Option<&str>) -> Result<Use, String> {
    Ok(match (language, mark) {
        ("sh", None) => Use::Typed,
        ("sh", Some("elsewhere")) => Use::Elsewhere,
        ("sh", Some("server")) => Use::Server,
        ("sh", Some("fill in")) => Use::FillIn,
        ("json", None) | ("text", Some("response")) => Use::Response,
        ("json", Some("example")) => Use::Example,
        (_, Some(mark)) => {
            if let Some(name) = mark.strip_prefix("file ") {
                Use::File(name.to_owned())
            } else if mark
                .strip_prefix("not run: ")
                .is_some_and(|why| why.len() > 9)
            {
                Use::NotRun
            } else {
                return Err(format!("what is a block of `{language}` with `{mark}`?"));
            }
        }
        (_, None) => {
            return Err(format!(
                "say what a block of `{language}` is: `{MARK}response -->`, or \
                 `{MARK}not run: a reason -->`"
            ));
        }
    })
}

/// Whether bash can read it.
pub fn parses(shell: &str) -> bool {
    let status = Command::new("bash")
        .args(["-n", "-c", shell])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Takes a block of shell apart into its commands: each is as many lines as make it complete.
pub fn commands(text: &str) -> Vec<String> {
    let mut complete = vec![];
    let mut command = String::new();
    for line in text.lines() {
        command.push_str(line);
        command.push('\n');
        if !line.ends_with('\\') && parses(&command) {
            complete.push(std::mem::take(&mut command));
        }
    }
    assert!(command.trim().is_empty(), "not complete: {command}");
    complete
}

#[test]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
fn blocks_are_what_their_marks_say() {
    for (before, language, expected) in [
        ("", "sh", Some(Use::Typed)),
        ("<!-- test:elsewhere -->\n", "sh", Some(Use::Elsewhere)),
        ("", "json", Some(Use::Response)),
        ("<!-- test:response -->\n", "text", Some(Use::Response)),
        (
            "<!-- test:file a.toml -->\n",
            "toml",
            Some(Use::File("a.toml".to_owned())),
        ),
        (
            "<!-- test:not run: it needs a cloud -->\n",
            "sh",
            Some(Use::NotRun),
        ),
        ("<!-- test:not run: -->\n", "sh", None),
        ("<!-- test:nonsense -->\n", "sh", None),
        ("<!-- test:elsewhere -->\nwords\n", "sh", None),
        ("", "bash", None),
        ("", "text", None),
        ("", "", None),
    ] {
        let page = format!("words\n\n{before}```{language}\nls\n```\n");
        let found = blocks(&page)
            .ok()
            .map(|mut found| found.pop().unwrap().used);
        assert_eq!(found, expected, "{page}");
    }
    assert!(blocks("```sh\nls\n").is_err());
    assert_eq!(commands("a=$(b |\n c)\nd() {\n e\n}\nf \\\n  g\n").len(), 3);
}
