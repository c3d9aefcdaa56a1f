//! Where settings come from: flags, then the environment, then the file. Each value is kept as
//! text here, with its source; what it means is read afterwards, the same for all sources.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::table::{DEFAULT_FILE, Kind, SETTINGS, Setting, VARIABLE_PREFIX, setting};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag on the command line.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// The settings file.
    File {
        /// Which file.
        path: PathBuf,
        /// The line of its entry.
        line: usize,
    },
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag --{flag}"),
            Self::Environment(variable) => write!(f, "environment variable {variable}"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The texts of one setting and where they came from.
#[derive(Clone)]
pub struct Raw {
    /// One text, or each of a list's.
    pub texts: Vec<String>,
    /// Where they came from.
    pub source: Source,
}

/// The texts of all settings that somebody set, and what was wrong on the way.
#[derive(Default)]
pub struct Layers {
    /// By the setting's name.
    pub values: BTreeMap<&'static str, Raw>,
    /// Sentences for the user.
    pub problems: Vec<String>,
}

/// The settings given as flags: texts by the setting's name.
#[derive(Clone, Default)]
pub struct Flags(BTreeMap<&'static str, Vec<String>>);

impl fmt::Debug for Flags {
    /// Names only: a value may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Flags {
    /// Adds what was given for a setting. Lists grow; of single values the last one stays.
    pub fn add(&mut self, setting: &Setting, texts: impl IntoIterator<Item = String>) {
        if let Some(known) = SETTINGS.iter().find(|known| known.name == setting.name) {
            let held = self.0.entry(known.name).or_default();
            if setting.kind != Kind::List {
                held.clear();
            }
            held.extend(texts);
        }
    }
}

impl Layers {
    /// Puts the layers on each other. `directory` is where the default file is looked for.
    pub fn gather(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        directory: &Path,
    ) -> Self {
        let mut layers = Self::default();
        for (&name, texts) in &flags.0 {
            if let Some(setting) = setting(name) {
                layers.put(setting, texts.clone(), Source::Flag(setting.flag));
            }
        }
        for (variable, value) in environment {
            layers.read_variable(&variable, value);
        }
        layers.read_file(directory);
        layers
    }

    /// Keeps a value, unless a stronger layer has one.
    fn put(&mut self, setting: &'static Setting, texts: Vec<String>, source: Source) {
        let texts = match setting.kind {
            Kind::List => texts
                .iter()
                .flat_map(|text| text.split(','))
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .collect(),
            Kind::Text | Kind::Integer { .. } => texts,
        };
        self.values
            .entry(setting.name)
            .or_insert(Raw { texts, source });
    }

    fn read_variable(&mut self, variable: &OsString, value: OsString) {
        let name = variable.to_string_lossy();
        if !name.starts_with(VARIABLE_PREFIX) {
            return;
        }
        let Some(setting) = SETTINGS.iter().find(|setting| setting.variable == name) else {
            let hint = if looks_like_a_service_link(&name) {
                "; Kubernetes sets it for a service named `switchboard`: set \
                 `enableServiceLinks: false` in the pod's specification"
                    .to_owned()
            } else {
                did_you_mean(&name, SETTINGS.iter().map(|setting| setting.variable))
            };
            self.problems.push(format!(
                "the environment variable {name} is not a setting{hint}"
            ));
            return;
        };
        match value.into_string() {
            // Compose files and units often pass a variable on that nobody set.
            Ok(text) if text.is_empty() => {}
            Ok(text) => self.put(setting, vec![text], Source::Environment(setting.variable)),
            Err(_) => self.problems.push(format!(
                "the environment variable {name} is not valid UTF-8"
            )),
        }
    }

    fn read_file(&mut self, directory: &Path) {
        let named = self.values.get("config").and_then(|raw| {
            let path = PathBuf::from(raw.texts.last()?);
            Some((path, raw.source.clone()))
        });
        let (path, source) = match named {
            Some((path, source)) => (path, Some(source)),
            None => (PathBuf::from(DEFAULT_FILE), None),
        };
        match std::fs::read_to_string(directory.join(&path)) {
            Ok(text) => self.read_entries(&path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && source.is_none() => {}
            Err(error) => {
                let by = source.map_or_else(String::new, |source| format!(" named by {source}"));
                self.problems.push(format!(
                    "the settings file {}{by} cannot be read: {error}",
                    path.display()
                ));
            }
        }
    }

    fn read_entries(&mut self, path: &Path, text: &str) {
        let line_at = |offset: usize| {
            let before = text.as_bytes().iter().take(offset);
            before.filter(|&&byte| byte == b'\n').count() + 1
        };
        let table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                // The error's own text would quote the line, which may hold a password.
                let line = error.span().map_or(1, |span| line_at(span.start));
                self.problems.push(format!(
                    "{} line {line} is not valid TOML: {}",
                    path.display(),
                    error.message()
                ));
                return;
            }
        };
        for (key, value) in &table {
            let name: &str = key.get_ref();
            let line = line_at(key.span().start);
            let place = format!("{} line {line}", path.display());
            let known = SETTINGS.iter().filter(|setting| setting.in_file);
            let Some(setting) = known.clone().find(|setting| setting.name == name) else {
                let hint = did_you_mean(name, known.map(|setting| setting.name));
                self.problems
                    .push(format!("{place}: `{name}` is not a setting{hint}"));
                continue;
            };
            match texts(setting, value) {
                Ok(texts) => {
                    let path = path.to_owned();
                    self.put(setting, texts, Source::File { path, line });
                }
                Err(sentence) => self.problems.push(format!("{place}: `{name}` {sentence}")),
            }
        }
    }
}

/// An entry's value as texts.
fn texts(setting: &Setting, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, &'static str> {
    match (setting.kind, value.get_ref()) {
        (Kind::Text | Kind::List, DeValue::String(text)) => Ok(vec![text.to_string()]),
        (Kind::List, DeValue::Array(items)) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or("must be a list of texts in quotes"),
        (Kind::Integer { .. }, DeValue::Integer(number)) => Ok(vec![
            i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| number.as_str().to_owned(), |number| number.to_string()),
        ]),
        (Kind::Text, _) => Err("must be a text in quotes"),
        (Kind::List, _) => Err("must be a list of texts in quotes"),
        (Kind::Integer { .. }, _) => Err("must be a whole number without quotes"),
    }
}

/// Kubernetes gives each pod variables about every service of its namespace; those about a service
/// named `switchboard` start like ours.
fn looks_like_a_service_link(variable: &str) -> bool {
    variable.strip_prefix(VARIABLE_PREFIX).is_some_and(|rest| {
        rest == "PORT"
            || rest == "SERVICE_HOST"
            || rest.starts_with("SERVICE_PORT")
            || (rest.starts_with("PORT_") && (rest.contains("_TCP") || rest.contains("_UDP")))
    })
}

/// A hint at the known name that is nearest to a mistyped one, if one is near.
fn did_you_mean(typed: &str, known: impl Iterator<Item = &'static str>) -> String {
    known
        .map(|name| (distance(typed, name), name))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map_or_else(String::new, |(_, name)| format!("; did you mean {name}?"))
}

/// How many single-byte changes lead from one text to the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, byte) in one.bytes().enumerate() {
        let mut diagonal = at;
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
        for (column, candidate) in other.bytes().enumerate() {
            let above = row[column + 1];
            let changed = diagonal + usize::from(byte != candidate);
            row[column + 1] = changed.min(above + 1).min(row[column] + 1);
            diagonal = above;
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "ab", 1),
            ("abc", "xabc", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn service_links_are_told_from_mistakes() {
        for name in [
            "SWITCHBOARD_PORT",
            "SWITCHBOARD_SERVICE_HOST",
            "SWITCHBOARD_SERVICE_PORT_HTTP",
            "SWITCHBOARD_PORT_8080_TCP_ADDR",
        ] {
            assert!(looks_like_a_service_link(name), "{name}");
        }
        for name in ["SWITCHBOARD_LISTN", "SWITCHBOARD_PORTAL", "PORT"] {
            assert!(!looks_like_a_service_link(name), "{name}");
        }
    }
}
