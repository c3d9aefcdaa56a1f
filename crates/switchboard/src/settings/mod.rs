//! Settings: by flag, environment variable and file, in this order of strength, then the default.
//!
//! One table ([`SETTINGS`]) has every name; the command line, the reading of the environment and
//! the file, and `docs/settings.md` follow it. Nothing here reads the process's environment: it is
//! passed in.

mod layers;
#[cfg(test)]
mod reference;
mod table;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use switchboard_api::{LogRule, RequestLog};
use switchboard_app::{Allowance, CallLimits};
use switchboard_domain::retention::Days;
use switchboard_domain::variable_caps::VariableCaps;
use url::Url;

pub use layers::{Flags, Source};
pub use table::{Kind, SETTINGS, Setting};
pub use values::{DatabaseUrl, LogFormat, LogLevel};

use layers::{Layers, Raw};
use table::setting;

/// What the server was told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of the embedded database and the master key.
    pub data_dir: PathBuf,
    /// Where to serve.
    pub listen: SocketAddr,
    /// Where the database is; none means the embedded one.
    pub database_url: Option<DatabaseUrl>,
    /// The authority of the PostgreSQL server's certificate.
    pub database_ca_file: Option<PathBuf>,
    /// How many connections to PostgreSQL there may be.
    pub database_connections: u32,
    /// How many prepared statements each of them keeps.
    pub database_statement_cache: usize,
    /// Where changes are listened for, if not at `database_url`.
    pub database_listen_url: Option<DatabaseUrl>,
    /// What outbound calls may reach although it is private.
    pub allow_networks: Vec<String>,
    /// The host names that this server answers for, beside its own addresses.
    pub allowed_hosts: Vec<String>,
    /// Telnyx' API.
    pub telnyx_url: Url,
    /// The URL by which others reach this server.
    pub public_url: Option<Url>,
    /// How long nothing may happen in a conversation; none is for ever.
    pub idle_timeout: Option<Duration>,
    /// For how long answers are kept for those who repeat a call.
    pub keep_answers: Days,
    /// The key that seals secrets.
    pub master_key_file: PathBuf,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written.
    pub log_level: LogLevel,
    /// Which requests leave a line in the log.
    pub request_log: RequestLog,
    /// How long running calls may take to finish at a stop.
    pub shutdown_grace: Duration,
    /// The largest request body.
    pub max_body_bytes: usize,
    /// How long a call may take when its action does not say.
    pub call_timeout: Duration,
    /// The largest response of an upstream.
    pub response_cap_bytes: usize,
    /// How much the variables of a conversation may hold.
    pub variable_caps: VariableCaps,
    /// The proxies whose word is taken for where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// How much is taken at once.
    pub caps: Caps,
    /// Where each value came from, in the table's order.
    pub provenance: Vec<Provenance>,
}

/// How much is taken at once, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// How long the port stays open at a stop.
    pub drain: Duration,
    /// Connections.
    pub connections: usize,
    /// The head of a request.
    pub header_timeout: Duration,
    /// The body of a request.
    pub body_timeout: Duration,
    /// A connection on which nothing happens.
    pub idle_timeout: Duration,
    /// Calls.
    pub calls: CallLimits,
    /// Bytes of large answers.
    pub answer_memory: usize,
}

/// A setting's value, as it may be shown, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The setting.
    pub name: &'static str,
    /// Its value, without credentials.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} ({})", self.name, self.value, self.source)
    }
}

/// Settings that cannot be used: every problem that was found, not only the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// A sentence for each.
    pub problems: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Whether nobody set this one.
    pub fn is_default(&self, name: &str) -> bool {
        let note = self.provenance.iter().find(|note| note.name == name);
        note.is_some_and(|note| matches!(note.source, Source::Default))
    }

    /// Reads the settings.
    ///
    /// `directory` is the current directory, where the default file is looked for; `on_terminal`
    /// says whether a person reads the log.
    pub fn load(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        directory: &Path,
        on_terminal: bool,
    ) -> Result<Self, SettingsError> {
        let layers = Layers::gather(flags, environment, directory);
        let mut reader = Reader {
            layers,
            provenance: vec![],
        };
        let read = reader.read(on_terminal);
        let problems = reader.layers.problems;
        match read {
            Ok(settings) if problems.is_empty() => Ok(settings),
            _ => Err(SettingsError { problems }),
        }
    }
}

/// A setting could not be read; the sentence about it is among the problems.
struct Refused;

type Read<T> = Result<T, Refused>;

/// Turns texts into values, and notes what each became.
struct Reader {
    layers: Layers,
    provenance: Vec<Provenance>,
}

impl Reader {
    /// All settings, unless one of them could not be read. Every one is read in any case, so that
    /// all problems are told at once.
    fn read(&mut self, on_terminal: bool) -> Read<Settings> {
        let config = self.optional("config", values::path, |path| path.display().to_string());
        let data_dir = self.required("data_dir", values::path);
        let listen = self.required("listen", values::address);
        let database_url = self.optional("database_url", DatabaseUrl::parse, ToString::to_string);
        let database_ca_file = self.optional("database_ca_file", values::path, |path| {
            path.display().to_string()
        });
        let database_connections = self.integer("database_connections");
        let statement_cache = self.integer("database_statement_cache");
        let listen_url = self.optional(
            "database_listen_url",
            DatabaseUrl::parse,
            ToString::to_string,
        );
        let allow_networks = self.list("allow_networks", values::network);
        let allowed_hosts = self.list("allowed_hosts", values::host);
        let trusted_proxies = self.list("trusted_proxy_networks", values::proxy);
        let telnyx_url = self.required("telnyx_url", values::http_url);
        let public_url = self.optional("public_url", values::public_url, ToString::to_string);
        let idle_timeout = self.integer("idle_timeout_seconds");
        let keep_answers = self.integer("keep_answers_days");
        let master_key_file = self.optional("master_key_file", values::path, |path| {
            path.display().to_string()
        });
        let log_format = self.optional("log_format", LogFormat::parse, |format| {
            format.as_str().to_owned()
        });
        let log_level = self.required("log_level", LogLevel::parse);
        let request_log = self.list("log_requests", LogRule::parse);
        let shutdown_grace = self.integer("shutdown_grace_seconds");
        let max_body_bytes = self.integer("max_body_bytes");
        let call_timeout = self.integer("call_timeout_ms");
        let response_cap_bytes = self.integer("response_cap_bytes");
        let variable_max_bytes = self.integer("variable_max_bytes");
        let variables_max_bytes = self.integer("variables_max_bytes");
        let caps = self.caps();

        let data_dir = data_dir?;
        let master_key_file = master_key_file?.unwrap_or_else(|| data_dir.join("master.key"));
        let log_format = log_format?.unwrap_or(if on_terminal {
            LogFormat::Text
        } else {
            LogFormat::Json
        });
        config?;
        self.show("master_key_file", &master_key_file.display().to_string());
        self.show("log_format", log_format.as_str());
        Ok(Settings {
            data_dir,
            listen: listen?,
            database_url: database_url?,
            database_ca_file: database_ca_file?,
            database_connections: u32::try_from(database_connections?).map_err(|_| Refused)?,
            database_statement_cache: usize::try_from(statement_cache?).map_err(|_| Refused)?,
            database_listen_url: listen_url?,
            allow_networks: allow_networks?,
            allowed_hosts: allowed_hosts?,
            telnyx_url: telnyx_url?,
            public_url: public_url?,
            idle_timeout: Some(Duration::from_secs(idle_timeout?)).filter(|time| !time.is_zero()),
            keep_answers: Days::new(keep_answers?.cast_signed()).ok_or(Refused)?,
            master_key_file,
            log_format,
            log_level: log_level?,
            request_log: request_log?.into_iter().collect(),
            shutdown_grace: Duration::from_secs(shutdown_grace?),
            max_body_bytes: usize::try_from(max_body_bytes?).map_err(|_| Refused)?,
            call_timeout: Duration::from_millis(call_timeout?),
            response_cap_bytes: usize::try_from(response_cap_bytes?).map_err(|_| Refused)?,
            variable_caps: VariableCaps {
                value: usize::try_from(variable_max_bytes?).map_err(|_| Refused)?,
                total: usize::try_from(variables_max_bytes?).map_err(|_| Refused)?,
            },
            trusted_proxies: trusted_proxies?,
            caps: caps?,
            provenance: std::mem::take(&mut self.provenance),
        })
    }

    fn caps(&mut self) -> Read<Caps> {
        let drain = self.seconds("shutdown_drain_seconds");
        let connections = self.count("max_connections");
        let header_timeout = self.seconds("header_timeout_seconds");
        let body_timeout = self.seconds("body_timeout_seconds");
        let idle_timeout = self.seconds("idle_connection_seconds");
        let at_once = self.count("calls_at_once");
        let workspace = self.allowance("workspace_calls_at_once", "workspace_calls_a_second");
        let key = self.allowance("key_calls_at_once", "key_calls_a_second");
        let integration = self.allowance("integration_calls_at_once", "integration_calls_a_second");
        let host = self.allowance("host_calls_at_once", "host_calls_a_second");
        let wait = self.integer("call_wait_ms");
        let answer_memory = self.count("answer_memory_bytes");
        Ok(Caps {
            drain: drain?,
            connections: connections?,
            header_timeout: header_timeout?,
            body_timeout: body_timeout?,
            idle_timeout: idle_timeout?,
            calls: CallLimits {
                at_once: at_once?,
                workspace: workspace?,
                key: key?,
                integration: integration?,
                host: host?,
                wait: Duration::from_millis(wait?),
            },
            answer_memory: answer_memory?,
        })
    }

    fn seconds(&mut self, name: &'static str) -> Read<Duration> {
        self.integer(name).map(Duration::from_secs)
    }

    fn count(&mut self, name: &'static str) -> Read<usize> {
        usize::try_from(self.integer(name)?).map_err(|_| Refused)
    }

    fn allowance(&mut self, at_once: &'static str, a_second: &'static str) -> Read<Allowance> {
        let (at_once, a_second) = (self.count(at_once), self.integer(a_second));
        Ok(Allowance {
            at_once: at_once?,
            a_second: NonZeroU32::new(u32::try_from(a_second?).map_err(|_| Refused)?),
        })
    }

    /// A setting that always has a value.
    fn required<T>(&mut self, name: &'static str, parse: fn(&str) -> Result<T, String>) -> Read<T> {
        let raw = self.raw(name).ok_or(Refused)?;
        let text = raw.texts.last().cloned().unwrap_or_default();
        let value = self.checked(name, &raw.source, parse(&text))?;
        self.note(name, text, raw.source);
        Ok(value)
    }

    /// A setting that may have none.
    fn optional<T>(
        &mut self,
        name: &'static str,
        parse: fn(&str) -> Result<T, String>,
        show: fn(&T) -> String,
    ) -> Read<Option<T>> {
        let Some(raw) = self.raw(name) else {
            let otherwise = setting(name).map_or("", |setting| setting.otherwise);
            self.note(name, format!("none: {otherwise}"), Source::Default);
            return Ok(None);
        };
        let text = raw.texts.last().map_or("", String::as_str);
        let value = self.checked(name, &raw.source, parse(text))?;
        self.note(name, show(&value), raw.source);
        Ok(Some(value))
    }

    /// A setting with any number of values.
    fn list<T>(
        &mut self,
        name: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Read<Vec<T>> {
        let raw = self.raw(name).unwrap_or(Raw {
            texts: vec![],
            source: Source::Default,
        });
        let values: Vec<_> = raw
            .texts
            .iter()
            .filter_map(|text| self.checked(name, &raw.source, parse(text)).ok())
            .collect();
        let all = values.len() == raw.texts.len();
        let shown = if raw.texts.is_empty() {
            "none".to_owned()
        } else {
            raw.texts.join(", ")
        };
        self.note(name, shown, raw.source);
        all.then_some(values).ok_or(Refused)
    }

    /// A whole number within the bounds that the table gives.
    fn integer(&mut self, name: &'static str) -> Read<u64> {
        let Some(Kind::Integer { least, most }) = setting(name).map(|setting| setting.kind) else {
            return Err(Refused);
        };
        let raw = self.raw(name).ok_or(Refused)?;
        let text = raw.texts.last().cloned().unwrap_or_default();
        let value = self.checked(name, &raw.source, values::integer(&text, least, most))?;
        self.note(name, value.to_string(), raw.source);
        Ok(value)
    }

    /// What somebody set, or the table's default.
    fn raw(&self, name: &str) -> Option<Raw> {
        self.layers.values.get(name).cloned().or_else(|| {
            Some(Raw {
                texts: vec![setting(name)?.default?.to_owned()],
                source: Source::Default,
            })
        })
    }

    fn checked<T>(&mut self, name: &str, source: &Source, value: Result<T, String>) -> Read<T> {
        value.map_err(|sentence| {
            let problem = format!("the setting `{name}` ({source}) cannot be used: {sentence}");
            self.layers.problems.push(problem);
            Refused
        })
    }

    fn note(&mut self, name: &'static str, value: String, source: Source) {
        self.provenance.push(Provenance {
            name,
            value,
            source,
        });
    }

    /// Puts the value that was worked out in the place of the note that there was none.
    fn show(&mut self, name: &str, value: &str) {
        if let Some(note) = self.provenance.iter_mut().find(|note| note.name == name) {
            value.clone_into(&mut note.value);
        }
    }
}
