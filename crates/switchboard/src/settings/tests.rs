//! The settings as a whole: which source wins, and what is refused.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use super::*;

/// A directory of its own that goes when the test ends.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "switchboard-settings-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.0.join(name), text).unwrap();
        self
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn flags(pairs: &[(&str, &str)]) -> Flags {
    let mut flags = Flags::default();
    for (name, text) in pairs {
        flags.add(setting(name).unwrap(), [(*text).to_owned()]);
    }
    flags
}

fn load(
    flags: &Flags,
    environment: &[(&str, &str)],
    directory: &Directory,
) -> Result<Settings, SettingsError> {
    let environment = environment
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(flags, environment, &directory.0, false)
}

/// The settings of a file alone.
pub fn from_file(text: &str) -> Result<Settings, SettingsError> {
    let directory = Directory::new().with("switchboard.toml", text);
    load(&Flags::default(), &[], &directory)
}

fn from_environment(pairs: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    load(&Flags::default(), pairs, &Directory::new())
}

fn noted<'a>(settings: &'a Settings, name: &str) -> &'a Provenance {
    let mut notes = settings.provenance.iter();
    notes.find(|note| note.name == name).unwrap()
}

/// The only problem there is.
fn problem(result: Result<Settings, SettingsError>) -> String {
    let mut problems = result.unwrap_err().problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn nothing_set_is_a_whole_configuration() {
    let settings = from_environment(&[]).unwrap();
    assert_eq!(settings.data_dir, Path::new("./switchboard-data"));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert!(settings.database_url.is_none());
    assert!(settings.allow_networks.is_empty());
    assert!(settings.allowed_hosts.is_empty());
    assert_eq!(settings.telnyx_url.as_str(), "https://api.telnyx.com/v2");
    assert_eq!(
        settings.master_key_file,
        Path::new("./switchboard-data/master.key")
    );
    assert_eq!(settings.log_format, LogFormat::Json);
    assert_eq!(settings.log_level, LogLevel::Info);
    assert_eq!(settings.shutdown_grace, Duration::from_secs(20));
    assert_eq!(settings.max_body_bytes, 1024 * 1024);
    assert_eq!(settings.call_timeout, Duration::from_secs(10));
    assert_eq!(settings.response_cap_bytes, 1024 * 1024);
    let names: Vec<_> = settings.provenance.iter().map(|note| note.name).collect();
    let table: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    assert_eq!(names, table);
    let mut notes = settings.provenance.iter();
    assert!(notes.all(|note| note.source == Source::Default));
}

#[test]
fn a_person_at_a_terminal_gets_text() {
    let nowhere = Path::new("no-such-directory");
    let settings = Settings::load(&Flags::default(), [], nowhere, true).unwrap();
    assert_eq!(settings.log_format, LogFormat::Text);
    assert_eq!(noted(&settings, "log_format").value, "text");
    let json = [("SWITCHBOARD_LOG_FORMAT".into(), "json".into())];
    let settings = Settings::load(&Flags::default(), json, nowhere, true).unwrap();
    assert_eq!(settings.log_format, LogFormat::Json);
}

/// For each setting of the file: as TOML, in the environment, and as a flag, all different, and
/// all different from the default.
const SAMPLES: &[(&str, &str, &str, &str)] = &[
    ("data_dir", "'f'", "e", "g"),
    ("listen", "'127.0.0.1:1'", "127.0.0.1:2", "127.0.0.1:3"),
    (
        "database_url",
        "'postgres://f/x'",
        "postgres://e/x",
        "postgres://g/x",
    ),
    (
        "allow_networks",
        "['f.internal']",
        "e.internal",
        "g.internal",
    ),
    ("allowed_hosts", "['f.example']", "e.example", "g.example"),
    (
        "telnyx_url",
        "'http://f.example/'",
        "http://e.example/",
        "http://g.example/",
    ),
    (
        "public_url",
        "'http://f.example/'",
        "http://e.example/",
        "http://g.example/",
    ),
    (
        "database_ca_file",
        "'/file/ca.pem'",
        "/environment/ca.pem",
        "/flag/ca.pem",
    ),
    ("database_connections", "20", "21", "22"),
    ("database_statement_cache", "1", "2", "3"),
    (
        "database_listen_url",
        "'postgres://f.example/d'",
        "postgres://e.example/d",
        "postgres://g.example/d",
    ),
    ("idle_timeout_seconds", "1", "2", "3"),
    ("keep_answers_days", "1", "2", "3"),
    ("master_key_file", "'f'", "e", "g"),
    ("log_format", "'text'", "json", "text"),
    ("log_level", "'debug'", "warn", "error"),
    ("log_requests", "['1/2']", "/readyz=failed", "debug"),
    ("shutdown_grace_seconds", "1", "2", "3"),
    ("max_body_bytes", "2001", "2002", "2003"),
    ("call_timeout_ms", "1", "2", "3"),
    ("response_cap_bytes", "0x7_d1", "2002", "2003"),
    ("variable_max_bytes", "2001", "2002", "2003"),
    ("variables_max_bytes", "2001", "2002", "2003"),
    (
        "trusted_proxy_networks",
        "['10.1.0.0/16']",
        "10.2.0.0/16",
        "10.3.0.0/16",
    ),
    ("shutdown_drain_seconds", "1", "2", "4"),
    ("max_connections", "2001", "2002", "2003"),
    ("header_timeout_seconds", "1", "2", "3"),
    ("body_timeout_seconds", "1", "2", "3"),
    ("idle_connection_seconds", "1", "2", "3"),
    ("calls_at_once", "1", "2", "3"),
    ("workspace_calls_at_once", "1", "2", "3"),
    ("workspace_calls_a_second", "1", "2", "3"),
    ("key_calls_at_once", "1", "2", "3"),
    ("key_calls_a_second", "1", "2", "3"),
    ("integration_calls_at_once", "1", "2", "3"),
    ("integration_calls_a_second", "1", "2", "3"),
    ("host_calls_at_once", "1", "2", "3"),
    ("host_calls_a_second", "1", "2", "3"),
    ("call_wait_ms", "1", "2", "3"),
    ("answer_memory_bytes", "2000001", "2000002", "2000003"),
];

#[test]
fn a_flag_beats_the_environment_beats_the_file() {
    let in_file = SETTINGS.iter().filter(|setting| setting.in_file);
    assert_eq!(in_file.count(), SAMPLES.len(), "each setting has a sample");
    for (name, in_file, in_environment, as_flag) in SAMPLES {
        let setting = setting(name).unwrap();
        let entry = format!("# first line\n{name} = {in_file}\n");
        let directory = Directory::new().with("switchboard.toml", &entry);
        let variable = [(setting.variable, *in_environment)];
        let flag = flags(&[(name, as_flag)]);

        let settings = load(&flag, &variable, &directory).unwrap();
        let note = noted(&settings, name);
        assert_eq!(note.value, *as_flag);
        assert_eq!(note.source, Source::Flag(setting.flag));

        let settings = load(&Flags::default(), &variable, &directory).unwrap();
        let note = noted(&settings, name);
        assert_eq!(note.value, *in_environment);
        assert_eq!(note.source, Source::Environment(setting.variable));

        let settings = load(&Flags::default(), &[], &directory).unwrap();
        let note = noted(&settings, name);
        let plain = in_file.trim_matches(['[', ']', '\'']);
        assert_eq!(note.value, plain.replace("0x7_d1", "2001"));
        let path = PathBuf::from("switchboard.toml");
        assert_eq!(note.source, Source::File { path, line: 2 });

        // An empty variable counts as not set.
        let empty = [(setting.variable, "")];
        let settings = load(&Flags::default(), &empty, &directory).unwrap();
        assert_eq!(noted(&settings, name), note);
    }
}

#[test]
fn values_reach_their_fields() {
    let settings = from_file(
        "data_dir = '/srv/sb'\nallow_networks = '10.0.0.0/8, ::1'\nshutdown_grace_seconds = 0\n\
         max_body_bytes = 4096\ncall_timeout_ms = 2_500\nresponse_cap_bytes = 8192\n\
         database_url = 'postgres://ann:hunter2@db/sb'\n",
    )
    .unwrap();
    assert_eq!(settings.data_dir, Path::new("/srv/sb"));
    // What hangs on another setting follows it.
    assert_eq!(settings.master_key_file, Path::new("/srv/sb/master.key"));
    assert_eq!(settings.allow_networks, ["10.0.0.0/8", "::1"]);
    assert_eq!(settings.shutdown_grace, Duration::ZERO);
    assert_eq!(settings.max_body_bytes, 4096);
    assert_eq!(settings.call_timeout, Duration::from_millis(2500));
    assert_eq!(settings.response_cap_bytes, 8192);
    let url = settings.database_url.as_ref().unwrap();
    assert_eq!(url.expose(), "postgres://ann:hunter2@db/sb");
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert_eq!(
        noted(&settings, "database_url").to_string(),
        "database_url = postgres://ann:***@db/sb (switchboard.toml line 7)"
    );
}

#[test]
fn an_empty_list_on_a_stronger_layer_allows_nothing() {
    let directory = Directory::new().with("switchboard.toml", "allow_networks = ['10.0.0.0/8']\n");
    let settings = load(&flags(&[("allow_networks", "")]), &[], &directory).unwrap();
    assert!(settings.allow_networks.is_empty());
}

#[test]
fn another_file_can_be_named() {
    let directory = Directory::new()
        .with("switchboard.toml", "data_dir = 'default'\n")
        .with("a.toml", "data_dir = 'a'\n")
        .with("b.toml", "data_dir = 'b'\n");
    let variable = [("SWITCHBOARD_CONFIG", "a.toml")];
    let settings = load(&Flags::default(), &variable, &directory).unwrap();
    assert_eq!(settings.data_dir, Path::new("a"));
    let settings = load(&flags(&[("config", "b.toml")]), &variable, &directory).unwrap();
    assert_eq!(settings.data_dir, Path::new("b"));
    assert_eq!(noted(&settings, "config").value, "b.toml");
}

#[test]
fn a_named_file_must_exist() {
    let sentence = problem(from_environment(&[("SWITCHBOARD_CONFIG", "gone.toml")]));
    assert!(sentence.contains("gone.toml"), "{sentence}");
    assert!(sentence.contains("SWITCHBOARD_CONFIG"), "{sentence}");
}

#[test]
fn unknown_names_are_refused_by_name() {
    for (result, words) in [
        (
            from_environment(&[("SWITCHBOARD_LISTN", "x")]),
            vec!["SWITCHBOARD_LISTN ", "did you mean SWITCHBOARD_LISTEN?"],
        ),
        (
            from_environment(&[("SWITCHBOARD_ALLOW_NETWORK", "x")]),
            vec!["did you mean SWITCHBOARD_ALLOW_NETWORKS?"],
        ),
        (
            from_environment(&[("SWITCHBOARD_SERVICE_HOST", "x")]),
            vec!["SWITCHBOARD_SERVICE_HOST", "enableServiceLinks"],
        ),
        (
            from_file("\nlisten = '127.0.0.1:1'\nallow_network = []\n"),
            vec![
                "switchboard.toml line 3",
                "`allow_network`",
                "allow_networks?",
            ],
        ),
        (
            from_file("config = 'x'\n"),
            vec!["`config` is not a setting"],
        ),
        (
            from_file("[server]\nlisten = 'x'\n"),
            vec!["line 1", "`server`"],
        ),
    ] {
        let sentence = problem(result);
        for word in words {
            assert!(sentence.contains(word), "{sentence}");
        }
    }
    // Names that are not ours are none of our business.
    assert!(from_environment(&[("SWITCHBOARDS", "x"), ("PATH", "x")]).is_ok());
}

#[test]
fn wrong_values_are_refused_with_where_they_stand() {
    for (result, words) in [
        (
            from_environment(&[("SWITCHBOARD_LISTEN", "8080")]),
            ["`listen`", "SWITCHBOARD_LISTEN", "127.0.0.1:8080"],
        ),
        (
            from_file("\nlisten = 'here'\n"),
            ["`listen`", "switchboard.toml line 2", "`here`"],
        ),
        (
            load(
                &flags(&[("allow_networks", "10.0.0.0/99")]),
                &[],
                &Directory::new(),
            ),
            ["`allow_networks`", "--allow-network", "10.0.0.0/99"],
        ),
        (
            from_file("max_body_bytes = 5\n"),
            ["`max_body_bytes`", "line 1", "from 1024 to"],
        ),
        (
            from_file("max_body_bytes = '5'\n"),
            ["`max_body_bytes`", "line 1", "without quotes"],
        ),
        (
            from_file("listen = 8080\n"),
            ["`listen`", "line 1", "text in quotes"],
        ),
        (
            from_file("allow_networks = [1]\n"),
            ["`allow_networks`", "line 1", "list of texts"],
        ),
        (
            from_file("data_dir = ''\n"),
            ["`data_dir`", "line 1", "empty"],
        ),
        (
            from_file("listen = '127.0.0.1:1'\nlisten = '127.0.0.1:2'\n"),
            ["line 2", "not valid TOML", "duplicate"],
        ),
    ] {
        let sentence = problem(result);
        for word in words {
            assert!(sentence.contains(word), "{word}: {sentence}");
        }
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let directory = Directory::new().with("switchboard.toml", "listen = 'x'\nlissten = 1\n");
    let variables = [
        ("SWITCHBOARD_CALL_TIMEOUT_MS", "soon"),
        ("SWITCHBOARD_NONSENSE", "1"),
    ];
    let error = load(&Flags::default(), &variables, &directory).unwrap_err();
    assert_eq!(error.problems.len(), 4, "{error}");
    assert_eq!(error.to_string().lines().count(), 4);
}

#[test]
fn no_sentence_repeats_a_database_password() {
    for text in [
        "database_url = 'mysql://ann:hunter2@db/sb'\n",
        "database_url = 'postgres://ann:hunter2@db/sb\n",
        "database_url = postgres://ann:hunter2@db/sb\n",
        "database_url = ['postgres://ann:hunter2@db/sb']\n",
        "database_url = 'postgres://ann:hunter2@db/sb' 'x'\n",
    ] {
        let error = from_file(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStringExt as _;
    let variable = [("SWITCHBOARD_LISTEN".into(), OsString::from_vec(vec![0xff]))];
    let nowhere = Path::new("no-such-directory");
    let error = Settings::load(&Flags::default(), variable, nowhere, false).unwrap_err();
    assert!(error.to_string().contains("SWITCHBOARD_LISTEN"), "{error}");
}
