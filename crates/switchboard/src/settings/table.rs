//! The one table of settings: their names, what they mean, and what they may be.

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// Several texts: the flag may be repeated, and every form may be comma separated.
    List,
    /// A whole number within bounds, both included.
    Integer {
        /// The least it may be.
        least: u64,
        /// The most it may be.
        most: u64,
    },
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name, which is its entry in the file.
    pub name: &'static str,
    /// Its flag, without the dashes before it.
    pub flag: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// What stands for its value in help texts.
    pub value_name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is when nobody sets it, read like any other value.
    pub default: Option<&'static str>,
    /// What happens when nobody sets it, where `default` is not a fixed text.
    pub otherwise: &'static str,
    /// Whether it may stand in the file.
    pub in_file: bool,
    /// What it is, in one line.
    pub summary: &'static str,
    /// What else a user should know; may be empty.
    pub details: &'static str,
}

/// What every environment variable of Switchboard starts with.
pub const VARIABLE_PREFIX: &str = "SWITCHBOARD_";

/// The file that is read from the current directory when nobody names another.
pub const DEFAULT_FILE: &str = "switchboard.toml";

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// A whole number: what stands for it, the least, the most and the default.
const fn number(
    name: &'static str,
    flag: &'static str,
    variable: &'static str,
    (value_name, least, most, default): (&'static str, u64, u64, &'static str),
    summary: &'static str,
    details: &'static str,
) -> Setting {
    Setting {
        name,
        flag,
        variable,
        value_name,
        kind: Kind::Integer { least, most },
        default: Some(default),
        otherwise: "",
        in_file: true,
        summary,
        details,
    }
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "config",
        flag: "config",
        variable: "SWITCHBOARD_CONFIG",
        value_name: "PATH",
        kind: Kind::Text,
        default: None,
        otherwise: "`switchboard.toml` in the current directory, if there is one",
        in_file: false,
        summary: "The settings file to read",
        details: "A file that is named here must exist.",
    },
    Setting {
        name: "data_dir",
        flag: "data-dir",
        variable: "SWITCHBOARD_DATA_DIR",
        value_name: "PATH",
        kind: Kind::Text,
        default: Some("./switchboard-data"),
        otherwise: "",
        in_file: true,
        summary: "The directory for the SQLite database and the master key",
        details: "It is made when it does not exist. A relative path starts at the current directory, \
                  also when it stands in the file.",
    },
    Setting {
        name: "listen",
        flag: "listen",
        variable: "SWITCHBOARD_LISTEN",
        value_name: "ADDRESS:PORT",
        kind: Kind::Text,
        default: Some("127.0.0.1:8080"),
        otherwise: "",
        in_file: true,
        summary: "The address and port to serve on",
        details: "The default can be reached from this machine only; `0.0.0.0:8080` or `[::]:8080` \
                  serves on every interface. Port 0 takes a free port.",
    },
    Setting {
        name: "database_url",
        flag: "database-url",
        variable: "SWITCHBOARD_DATABASE_URL",
        value_name: "URL",
        kind: Kind::Text,
        default: None,
        otherwise: "SQLite in the data directory",
        in_file: true,
        summary: "The PostgreSQL database to use instead of SQLite",
        details: "`postgres://user:password@host:5432/name`. Its password is never printed. Prefer the \
                  environment or the file: other users of the machine can see a program's flags. \
                  Percent-encode characters such as `@`, `/`, `?` and `#` in the password.",
    },
    Setting {
        name: "database_ca_file",
        flag: "database-ca-file",
        variable: "SWITCHBOARD_DATABASE_CA_FILE",
        value_name: "PATH",
        kind: Kind::Text,
        default: None,
        otherwise: "the public authorities alone",
        in_file: true,
        summary: "The certificate of the authority that signed the PostgreSQL server's, in a PEM file",
        details: "It is trusted beside the public authorities. The server's certificate and name are then \
                  verified also on loopback (`sslmode=verify-full`), unless the URL says another `sslmode`.",
    },
    Setting {
        name: "database_connections",
        flag: "database-connections",
        variable: "SWITCHBOARD_DATABASE_CONNECTIONS",
        value_name: "NUMBER",
        kind: Kind::Integer {
            least: 14,
            most: 1000,
        },
        default: Some("26"),
        otherwise: "",
        in_file: true,
        summary: "How many connections to PostgreSQL this server opens at most",
        details: "Six are for writing what happens in conversations and four for background work. The \
                  rest is shared by calls and by other requests, so that lists never take a call's \
                  connection. One more listens for changes.",
    },
    Setting {
        name: "database_statement_cache",
        flag: "database-statement-cache",
        variable: "SWITCHBOARD_DATABASE_STATEMENT_CACHE",
        value_name: "NUMBER",
        kind: Kind::Integer {
            least: 0,
            most: 10_000,
        },
        default: Some("256"),
        otherwise: "",
        in_file: true,
        summary: "How many prepared statements a connection to PostgreSQL keeps",
        details: "Set it to 0 behind a pooler that hands connections on between transactions, such as \
                  PgBouncer in transaction mode. Everything is then asked within a transaction, which takes two \
                  more steps for what only reads.",
    },
    Setting {
        name: "database_listen_url",
        flag: "database-listen-url",
        variable: "SWITCHBOARD_DATABASE_LISTEN_URL",
        value_name: "URL",
        kind: Kind::Text,
        default: None,
        otherwise: "the database's URL",
        in_file: true,
        summary: "Where changes of other servers are listened for",
        details: "Behind a pooler in transaction mode, name the PostgreSQL server itself here: `LISTEN` \
                  needs a connection that stays.",
    },
    Setting {
        name: "allow_networks",
        flag: "allow-network",
        variable: "SWITCHBOARD_ALLOW_NETWORKS",
        value_name: "NETWORK",
        kind: Kind::List,
        default: None,
        otherwise: "none",
        in_file: true,
        summary: "A private network, address or host name that outbound calls may reach",
        details: "Outbound calls reach public addresses only. Name here what they may reach although it \
                  is private: `10.1.0.0/16`, `fd00::/8`, `192.168.1.20`, `billing.internal`. Repeat the \
                  flag, or separate by commas.",
    },
    Setting {
        name: "allowed_hosts",
        flag: "allowed-host",
        variable: "SWITCHBOARD_ALLOWED_HOSTS",
        value_name: "HOST",
        kind: Kind::List,
        default: None,
        otherwise: "none",
        in_file: true,
        summary: "A host name, without a port, by which clients reach the MCP endpoints",
        details: "Those endpoints accept requests whose `Host` is this machine's loopback, the address of \
                  `listen`, or a name given here, and pages whose `Origin` is one of those; others get \
                  403, so that no web page can reach them under a name of its own. Name here what a \
                  proxy in front passes on: `switchboard.example`. Repeat the flag, or separate by commas.",
    },
    Setting {
        name: "trusted_proxy_networks",
        flag: "trusted-proxy-network",
        variable: "SWITCHBOARD_TRUSTED_PROXY_NETWORKS",
        value_name: "NETWORK",
        kind: Kind::List,
        default: None,
        otherwise: "none",
        in_file: true,
        summary: "A network or address of proxies whose `X-Forwarded-For` is believed",
        details: "Attempts to sign in are counted by where they come from. Behind a proxy that is the \
                  proxy, for everybody, unless it is named here: `10.0.0.0/8`, `127.0.0.1`. Repeat the flag, \
                  or separate by commas.",
    },
    Setting {
        name: "telnyx_url",
        flag: "telnyx-url",
        variable: "SWITCHBOARD_TELNYX_URL",
        value_name: "URL",
        kind: Kind::Text,
        default: Some("https://api.telnyx.com/v2"),
        otherwise: "",
        in_file: true,
        summary: "The base URL of Telnyx' API",
        details: "Change it to send text messages to a simulator. A URL that ends with `/v2` is taken as it is; \
                  to any other `/v2` is added.",
    },
    Setting {
        name: "public_url",
        flag: "public-url",
        variable: "SWITCHBOARD_PUBLIC_URL",
        value_name: "URL",
        kind: Kind::Text,
        default: None,
        otherwise: "none",
        in_file: true,
        summary: "The URL by which others reach this server: `https://switchboard.example`",
        details: "It has no path. Links for people start with it, its host is one that this server answers \
                  for, and when it starts with `https`, browsers send the session's cookie over https \
                  alone. Telnyx is asked to send delivery receipts there. Without it, receipts come only \
                  where the messaging profile sends them, and otherwise Telnyx is asked from time to time.",
    },
    Setting {
        name: "idle_timeout_seconds",
        flag: "idle-timeout-seconds",
        variable: "SWITCHBOARD_IDLE_TIMEOUT_SECONDS",
        value_name: "SECONDS",
        kind: Kind::Integer {
            least: 0,
            most: 31_536_000,
        },
        default: Some("86400"),
        otherwise: "",
        in_file: true,
        summary: "How long nothing may happen in a conversation before it is ended",
        details: "Its dialogue is ended first, and after as long again the conversation is closed. 0 leaves \
                  conversations open for ever.",
    },
    number(
        "keep_answers_days",
        "keep-answers-days",
        "SWITCHBOARD_KEEP_ANSWERS_DAYS",
        ("DAYS", 1, 3650, "30"),
        "For how many days the answer of a call with an idempotency key is kept",
        "Counted from the call. After that the key is free: a call with it is made anew.",
    ),
    Setting {
        name: "master_key_file",
        flag: "master-key-file",
        variable: "SWITCHBOARD_MASTER_KEY_FILE",
        value_name: "PATH",
        kind: Kind::Text,
        default: None,
        otherwise: "`master.key` in the data directory",
        in_file: true,
        summary: "The file with the key that seals secrets",
        details: "It is made on the first start, readable by its owner only. Keep a copy apart from the \
                  database: without it no secret can be read. All servers on one PostgreSQL database \
                  need the same file.",
    },
    Setting {
        name: "log_format",
        flag: "log-format",
        variable: "SWITCHBOARD_LOG_FORMAT",
        value_name: "FORMAT",
        kind: Kind::Text,
        default: None,
        otherwise: "`text` on a terminal, `json` otherwise",
        in_file: true,
        summary: "How log lines look: `json` or `text`",
        details: "",
    },
    Setting {
        name: "log_level",
        flag: "log-level",
        variable: "SWITCHBOARD_LOG_LEVEL",
        value_name: "LEVEL",
        kind: Kind::Text,
        default: Some("info"),
        otherwise: "",
        in_file: true,
        summary: "The least severe log lines to write: `error`, `warn`, `info`, `debug` or `trace`",
        details: "",
    },
    Setting {
        name: "log_requests",
        flag: "log-request",
        variable: "SWITCHBOARD_LOG_REQUESTS",
        value_name: "RULE",
        kind: Kind::List,
        default: None,
        otherwise: "every request leaves a line",
        in_file: true,
        summary: "Which requests that went well leave a line in the log: `all`, `1/N`, `failed` for none, or `debug`",
        details: "With `ROUTE=` before it a rule is for the requests of one route, written as in the log: \
                  `1/100,/readyz=failed` logs one in a hundred and none of that route. `debug` logs them where \
                  `log_level` is `debug`. Requests that failed always leave a line.",
    },
    Setting {
        name: "shutdown_grace_seconds",
        flag: "shutdown-grace-seconds",
        variable: "SWITCHBOARD_SHUTDOWN_GRACE_SECONDS",
        value_name: "SECONDS",
        kind: Kind::Integer {
            least: 0,
            most: 3600,
        },
        default: Some("20"),
        otherwise: "",
        in_file: true,
        summary: "How long running calls may take to finish after a stop is asked for",
        details: "Give the service manager more time than this before it kills the server.",
    },
    Setting {
        name: "max_body_bytes",
        flag: "max-body-bytes",
        variable: "SWITCHBOARD_MAX_BODY_BYTES",
        value_name: "BYTES",
        kind: Kind::Integer {
            least: KIB,
            most: 64 * MIB,
        },
        default: Some("1048576"),
        otherwise: "",
        in_file: true,
        summary: "The largest request body the API takes",
        details: "A larger one is refused with 413.",
    },
    Setting {
        name: "call_timeout_ms",
        flag: "call-timeout-ms",
        variable: "SWITCHBOARD_CALL_TIMEOUT_MS",
        value_name: "MILLISECONDS",
        kind: Kind::Integer {
            least: 1,
            most: 600_000,
        },
        default: Some("10000"),
        otherwise: "",
        in_file: true,
        summary: "How long an action's call may take when the action does not say",
        details: "It covers the access token, every retry and the response body together.",
    },
    Setting {
        name: "response_cap_bytes",
        flag: "response-cap-bytes",
        variable: "SWITCHBOARD_RESPONSE_CAP_BYTES",
        value_name: "BYTES",
        kind: Kind::Integer {
            least: KIB,
            most: 64 * MIB,
        },
        default: Some("1048576"),
        otherwise: "",
        in_file: true,
        summary: "The largest response body that is read from an upstream, after decompression",
        details: "A call whose response is larger fails.",
    },
    Setting {
        name: "variable_max_bytes",
        flag: "variable-max-bytes",
        variable: "SWITCHBOARD_VARIABLE_MAX_BYTES",
        value_name: "BYTES",
        kind: Kind::Integer {
            least: KIB,
            most: 16 * MIB,
        },
        default: Some("262144"),
        otherwise: "",
        in_file: true,
        summary: "The largest value of a conversation's variable, in bytes of its JSON text",
        details: "A larger one that a call would set is left out and named in `left_out_variables` of the \
                  call's answer and event; one in a request is refused with 422.",
    },
    Setting {
        name: "variables_max_bytes",
        flag: "variables-max-bytes",
        variable: "SWITCHBOARD_VARIABLES_MAX_BYTES",
        value_name: "BYTES",
        kind: Kind::Integer {
            least: KIB,
            most: 64 * MIB,
        },
        default: Some("1048576"),
        otherwise: "",
        in_file: true,
        summary: "The most that all variables of a conversation may hold together",
        details: "What does not fit any more is left out and named, or refused with 422, in the same way.",
    },
    number(
        "shutdown_drain_seconds",
        "shutdown-drain-seconds",
        "SWITCHBOARD_SHUTDOWN_DRAIN_SECONDS",
        ("SECONDS", 0, 3600, "3"),
        "How long the server goes on answering 503 after a stop is asked for, before it closes its port",
        "A load balancer sees in this time that `/readyz` fails. It is a part of `shutdown_grace_seconds`.",
    ),
    number(
        "max_connections",
        "max-connections",
        "SWITCHBOARD_MAX_CONNECTIONS",
        ("COUNT", 8, 1_000_000, "10000"),
        "The most connections that are served at once",
        "Never more than half of the files that the process may have open and does not need for itself. Whoever comes when all are \
         taken is told to come back (503).",
    ),
    number(
        "header_timeout_seconds",
        "header-timeout-seconds",
        "SWITCHBOARD_HEADER_TIMEOUT_SECONDS",
        ("SECONDS", 1, 3600, "15"),
        "How long the head of a request may take to arrive",
        "",
    ),
    number(
        "body_timeout_seconds",
        "body-timeout-seconds",
        "SWITCHBOARD_BODY_TIMEOUT_SECONDS",
        ("SECONDS", 1, 3600, "30"),
        "How long the body of a request may take to arrive",
        "",
    ),
    number(
        "idle_connection_seconds",
        "idle-connection-seconds",
        "SWITCHBOARD_IDLE_CONNECTION_SECONDS",
        ("SECONDS", 1, 86_400, "90"),
        "How long a connection is kept on which nothing happens",
        "Give a proxy in front less time than this.",
    ),
    number(
        "calls_at_once",
        "calls-at-once",
        "SWITCHBOARD_CALLS_AT_ONCE",
        ("COUNT", 1, 1_000_000, "4096"),
        "The most calls under way at once",
        "Never more than a quarter of the files that the process may have open.",
    ),
    number(
        "workspace_calls_at_once",
        "workspace-calls-at-once",
        "SWITCHBOARD_WORKSPACE_CALLS_AT_ONCE",
        ("COUNT", 1, 1_000_000, "1024"),
        "The most calls of one workspace under way at once",
        "Never more than three quarters of `calls_at_once` and of the connections.",
    ),
    number(
        "workspace_calls_a_second",
        "workspace-calls-a-second",
        "SWITCHBOARD_WORKSPACE_CALLS_A_SECOND",
        ("COUNT", 0, 1_000_000, "0"),
        "The most calls of one workspace that begin in a second; 0 is as many as come",
        "",
    ),
    number(
        "key_calls_at_once",
        "key-calls-at-once",
        "SWITCHBOARD_KEY_CALLS_AT_ONCE",
        ("COUNT", 1, 1_000_000, "512"),
        "The most calls of one API key, or one person, under way at once",
        "Never more than half of `calls_at_once` and of the connections.",
    ),
    number(
        "key_calls_a_second",
        "key-calls-a-second",
        "SWITCHBOARD_KEY_CALLS_A_SECOND",
        ("COUNT", 0, 1_000_000, "0"),
        "The most calls of one API key, or one person, that begin in a second; 0 is as many as come",
        "",
    ),
    number(
        "integration_calls_at_once",
        "integration-calls-at-once",
        "SWITCHBOARD_INTEGRATION_CALLS_AT_ONCE",
        ("COUNT", 1, 1_000_000, "256"),
        "The most calls through one integration under way at once",
        "",
    ),
    number(
        "integration_calls_a_second",
        "integration-calls-a-second",
        "SWITCHBOARD_INTEGRATION_CALLS_A_SECOND",
        ("COUNT", 0, 1_000_000, "0"),
        "The most calls through one integration that begin in a second; 0 is as many as come",
        "",
    ),
    number(
        "host_calls_at_once",
        "host-calls-at-once",
        "SWITCHBOARD_HOST_CALLS_AT_ONCE",
        ("COUNT", 1, 1_000_000, "256"),
        "The most calls of one workspace to one host under way at once",
        "",
    ),
    number(
        "host_calls_a_second",
        "host-calls-a-second",
        "SWITCHBOARD_HOST_CALLS_A_SECOND",
        ("COUNT", 0, 1_000_000, "0"),
        "The most calls of one workspace to one host that begin in a second; 0 is as many as come",
        "",
    ),
    number(
        "call_wait_ms",
        "call-wait-ms",
        "SWITCHBOARD_CALL_WAIT_MS",
        ("MILLISECONDS", 0, 60_000, "1000"),
        "How long a call waits for a place under these limits before it is refused",
        "A key or workspace that has too many gets 429, what is full otherwise 503. Nothing was sent.",
    ),
    number(
        "answer_memory_bytes",
        "answer-memory-bytes",
        "SWITCHBOARD_ANSWER_MEMORY_BYTES",
        ("BYTES", MIB, 65_536 * MIB, "16777216"),
        "The most bytes of large response bodies that are held at once",
        "Bodies of up to 16 KiB are not counted; a larger one waits until there is room for it. A process \
         needs some six times as much memory for them.",
    ),
];

/// The setting of a name.
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_one_rule() {
        for setting in SETTINGS {
            let upper = setting.name.to_ascii_uppercase();
            assert_eq!(setting.variable, format!("{VARIABLE_PREFIX}{upper}"));
            // A list's flag names one of its things.
            let flag = setting.name.replace('_', "-");
            let flag = match setting.kind {
                Kind::List => flag.trim_end_matches('s').to_owned(),
                _ => flag,
            };
            assert_eq!(setting.flag, flag);
            assert_eq!(
                setting.default.is_some(),
                setting.otherwise.is_empty(),
                "{} says what happens when it is not set",
                setting.name
            );
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SETTINGS.len());
    }
}
