//! Following a page: its commands are typed, and what comes back is compared with what it shows.

use std::fs;

use super::block::{Use, blocks, commands, parses};
use super::world::{Reader, check_elsewhere, page};

/// What every problem of the API starts with.
const PROBLEM: &str = "{\"type\":\"about:blank\"";

/// Types what a page says, from top to bottom, and compares what comes back.
pub fn follow(name: &str, reader: &mut Reader) {
    let (mut ran, mut compared) = (0, 0);
    let mut last: Option<(String, String)> = None;
    let expected = |last: &Option<(String, String)>, shown: &str| {
        if let Some((command, output)) = last {
            let shows = !output.contains(PROBLEM) || shown.contains("\"code\":");
            assert!(
                shows,
                "{name} shows no problem, and has one: {command}{output}"
            );
        }
    };
    let blocks = blocks(&page(name)).unwrap_or_else(|error| panic!("{name}:{error}"));
    for block in blocks {
        let at = format!("{name}:{}", block.line);
        match &block.used {
            Use::Typed => {
                for command in commands(&block.text) {
                    expected(&last, "");
                    let output = type_in(reader, &at, &command);
                    ran += 1;
                    last = Some((command, output));
                }
            }
            Use::Elsewhere => commands(&block.text)
                .iter()
                .for_each(|line| check_elsewhere(line)),
            Use::Server => {
                reader.serve(block.text.trim());
                ran += 1;
            }
            Use::FillIn => {
                for line in block.text.lines() {
                    let (name, _) = line
                        .split_once('=')
                        .unwrap_or_else(|| panic!("{at}: {line}"));
                    let set = format!("{name}='{}'", reader.value(name));
                    assert_eq!(reader.terminal.run(&set).0, 0, "{at}");
                }
            }
            Use::Response => {
                expected(&last, &block.text);
                let (command, output) = last.take().expect("a response follows a command");
                let missing = first_missing(&block.text, &output);
                assert!(
                    missing.is_none(),
                    "{at}: {missing:?} is not in the response to {command}{output}"
                );
                compared += 1;
            }
            Use::File(name) => {
                fs::write(reader.directory().join(name), &block.text).unwrap();
            }
            Use::Example => {
                let read = serde_json::from_str::<serde_json::Value>(&block.text);
                assert!(read.is_ok(), "{at}: {read:?}");
            }
            Use::NotRun => assert!(!block.is_shell() || parses(&block.text), "{at}"),
        }
    }
    expected(&last, "");
    assert!(
        ran >= 5 && compared >= 3,
        "{name}: {ran} commands ran, {compared} responses were compared"
    );
}

fn type_in(reader: &mut Reader, at: &str, command: &str) -> String {
    let (status, output) = reader.terminal.run(command);
    assert_eq!(status, 0, "{at}: {command}{output}");
    let sets = command.split_once("=$(").map(|(name, _)| name);
    if let Some(name) = sets {
        let (_, value) = reader.terminal.run(&format!("echo \"${name}\""));
        let value = value.trim();
        let is_id = value
            .split_once('_')
            .is_some_and(|(kind, rest)| kind.len() == 3 && rest.len() == 32);
        let wants_id = command.trim_end().ends_with("id)");
        assert!(
            !value.is_empty() && value != "undefined" && (is_id || !wants_id),
            "{at}: {name} is `{value}`"
        );
    }
    output
}

/// Text without its blanks: a page breaks lines where they fit.
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

#[test]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
fn responses_are_compared_piece_by_piece() {
    assert_eq!(
        first_missing("{\"a\": 1,\n…\"c\":3}", "{\"a\":1,\"b\":2,\"c\":3}"),
        None
    );
    assert_eq!(
        first_missing("\"c\":3…\"a\":1", "{\"a\":1,\"c\":3}").unwrap(),
        "\"a\":1"
    );
}
