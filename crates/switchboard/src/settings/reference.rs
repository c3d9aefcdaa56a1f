//! `docs/settings.md`, made from the table. Run the tests with `UPDATE_DOCS=1` to write it anew.

use std::fmt::Write as _;
use std::path::Path;

use super::table::{DEFAULT_FILE, Kind, SETTINGS, Setting};

const INTRODUCTION: &str = "\
# Settings

Every setting can be given as a flag, as an environment variable, or as an entry of a settings file
in TOML. A flag is stronger than the environment, the environment stronger than the file, the file
stronger than the default. An environment variable that is empty counts as not set. Flags may stand
before or after the command.

The settings file is `switchboard.toml` in the current directory, or the one that `--config` or
`SWITCHBOARD_CONFIG` names:

```toml
listen = \"0.0.0.0:8080\"
allow_networks = [\"10.1.0.0/16\", \"billing.internal\"]
call_timeout_ms = 5000
```

A setting that does not exist stops the start with its name, wherever it stands: an unknown flag, an
unknown entry of the file, or an unknown environment variable that starts with `SWITCHBOARD_`.
`switchboard check` prints every setting's value and where it came from.
";

/// The settings reference, as it is committed.
fn settings_reference() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n| flag | environment | file | default |\n|---|---|---|---|\n");
    for setting in SETTINGS {
        let _ = writeln!(
            text,
            "| `--{}` | `{}` | {} | {} |",
            setting.flag,
            setting.variable,
            file_entry(setting),
            default(setting)
        );
    }
    for setting in SETTINGS {
        let _ = write!(
            text,
            "\n## {}\n\n`--{} {}` · `{}`\n\n{}. {}\n",
            setting.name,
            setting.flag,
            setting.value_name,
            setting.variable,
            setting.summary,
            sentences(setting)
        );
    }
    text
}

fn file_entry(setting: &Setting) -> String {
    if setting.in_file {
        format!("`{}`", setting.name)
    } else {
        "-".to_owned()
    }
}

fn default(setting: &Setting) -> String {
    setting
        .default
        .map_or_else(|| setting.otherwise.to_owned(), |text| format!("`{text}`"))
}

fn sentences(setting: &Setting) -> String {
    let bounds = match setting.kind {
        Kind::Integer { least, most } => format!("From {least} to {most}. "),
        Kind::Text | Kind::List => String::new(),
    };
    let space = if setting.details.is_empty() { "" } else { " " };
    format!(
        "{bounds}Default: {}.{space}{}",
        default(setting),
        setting.details
    )
}

#[test]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
fn the_committed_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let expected = settings_reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == expected,
        "docs/settings.md is out of date; make it anew with \
         `UPDATE_DOCS=1 cargo nextest run -p switchboard the_committed_reference`"
    );
}

#[test]
fn the_example_of_the_introduction_is_valid() {
    let example = INTRODUCTION
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap_or_default();
    let settings = super::tests::from_file(example);
    assert_eq!(
        settings.map(|settings| settings.allow_networks.len()),
        Ok(2)
    );
    assert!(INTRODUCTION.contains(DEFAULT_FILE));
}
