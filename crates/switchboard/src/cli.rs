//! The command line.

use std::ffi::OsString;

use clap::{
    Arg, ArgAction, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
};
use switchboard_domain::scope::Scope;

use crate::settings::{Flags, Kind, SETTINGS, Setting};

/// Connects AI agents to the services they act on.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the server
    Serve,
    /// Run the server on a throw-away directory, with a sample workspace and a sample service
    Demo,
    /// Make, list and revoke API keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Make and list workspaces
    #[command(subcommand)]
    Workspaces(WorkspacesCommand),
    /// Help people who cannot sign in
    #[command(subcommand)]
    Users(UsersCommand),
    /// Say that the database was put back from a backup: end all sessions and revoke all API keys
    Restored {
        /// Keep the API keys, but for those that this data directory knows to have been revoked
        #[arg(long)]
        keep_keys: bool,
    },
    /// Write a SQLite database anew without what is free in it; the server must not run
    Compact,
    /// Say what would stop or weaken a start; exit with 1 if anything would
    Check,
}

/// What to do with API keys.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum KeysCommand {
    /// Make a key and print it, alone, on standard output; it is never shown again
    Create {
        /// What the key is for
        #[arg(long)]
        name: String,
        /// What it may do: `admin`, `manage` or `run`; each includes those after it
        #[arg(long)]
        scope: Scope,
        /// The workspace it belongs to
        #[arg(long, default_value = "default")]
        workspace: String,
    },
    /// List keys, without their secret part
    List {
        /// Only those of this workspace
        #[arg(long)]
        workspace: Option<String>,
    },
    /// Revoke a key, for good
    Revoke {
        /// The key's id (`key_...`) or the start of it that is listed (`sb_...`)
        #[arg(value_name = "KEY_ID_OR_PREFIX")]
        key: String,
    },
}

/// What to do with workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum WorkspacesCommand {
    /// Make a workspace
    Create {
        /// Its name
        name: String,
    },
    /// List workspaces
    List,
}

/// What to do with people's accounts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum UsersCommand {
    /// Give somebody a new password and print it, alone, on standard output; their sessions end
    ResetPassword {
        /// The address they sign in with
        #[arg(long)]
        email: String,
    },
}

/// A command line that was understood.
#[derive(Debug)]
pub struct Cli {
    /// What to do.
    pub command: Command,
    /// The settings that were given as flags.
    pub flags: Flags,
}

impl Cli {
    /// Reads a command line, the program's name first. The error also carries help and version
    /// texts; its `exit()` prints each where it belongs.
    pub fn parse<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let matches = with_settings(Arguments::command()).try_get_matches_from(arguments)?;
        let mut flags = Flags::default();
        collect(&matches, &mut flags);
        let Arguments { command } = Arguments::from_arg_matches(&matches)?;
        Ok(Self { command, flags })
    }
}

/// Gives a command and all commands under it the flags of the settings.
///
/// Not clap's global arguments: of a list given before and after a command these keep one half.
fn with_settings(command: clap::Command) -> clap::Command {
    with_settings_of(command, true)
}

/// `serves` says whether all of them matter. To a command that only opens the database few do: its help
/// shows those, and it takes the others as well.
fn with_settings_of(command: clap::Command, serves: bool) -> clap::Command {
    let flags = SETTINGS.iter().map(move |setting| {
        let action = match setting.kind {
            Kind::List => ArgAction::Append,
            Kind::Text | Kind::Integer { .. } => ArgAction::Set,
        };
        Arg::new(setting.name)
            .long(setting.flag)
            .value_name(setting.value_name)
            .help(format!("{} {}", setting.summary, sources(setting)))
            .long_help(format!(
                "{}. {}\n{}",
                setting.summary,
                setting.details,
                sources(setting)
            ))
            .help_heading("Settings")
            .hide(!serves && !OF_DATABASE.contains(&setting.name))
            .action(action)
    });
    command.args(flags).mut_subcommands(move |command| {
        let serves = serves && SERVING.contains(&command.get_name());
        with_settings_of(command, serves)
    })
}

/// The commands to which all settings matter.
const SERVING: [&str; 3] = ["serve", "demo", "check"];
/// The settings that say which database there is, and where.
const OF_DATABASE: [&str; 4] = ["config", "data_dir", "database_url", "database_ca_file"];

/// What a setting is when nobody sets it, and what sets it beside its flag.
fn sources(setting: &Setting) -> String {
    let default = setting.default.unwrap_or(setting.otherwise);
    format!("[default: {default}] [env: {}]", setting.variable)
}

/// Takes the settings' flags from every level of the command line, outermost first.
fn collect(matches: &ArgMatches, flags: &mut Flags) {
    for setting in SETTINGS {
        if let Some(texts) = matches.get_many::<String>(setting.name) {
            flags.add(setting, texts.cloned());
        }
    }
    if let Some((_, matches)) = matches.subcommand() {
        collect(matches, flags);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::Settings;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::parse(line.split_whitespace())
    }

    fn settings(line: &str) -> Settings {
        let nowhere = Path::new("no-such-directory");
        Settings::load(&parse(line).unwrap().flags, [], nowhere, false).unwrap()
    }

    #[test]
    fn the_command_line_is_consistent() {
        with_settings(Arguments::command()).debug_assert();
    }

    #[test]
    fn commands() {
        let default = || "default".to_owned();
        for (line, expected) in [
            ("switchboard serve", Command::Serve),
            ("switchboard demo", Command::Demo),
            ("switchboard check", Command::Check),
            ("switchboard compact", Command::Compact),
            (
                "switchboard restored",
                Command::Restored { keep_keys: false },
            ),
            (
                "switchboard restored --keep-keys",
                Command::Restored { keep_keys: true },
            ),
            (
                "switchboard keys create --name ci --scope run",
                Command::Keys(KeysCommand::Create {
                    name: "ci".to_owned(),
                    scope: Scope::Run,
                    workspace: default(),
                }),
            ),
            (
                "switchboard keys create --workspace w --scope admin --name ci",
                Command::Keys(KeysCommand::Create {
                    name: "ci".to_owned(),
                    scope: Scope::Admin,
                    workspace: "w".to_owned(),
                }),
            ),
            (
                "switchboard keys list",
                Command::Keys(KeysCommand::List { workspace: None }),
            ),
            (
                "switchboard keys list --workspace default",
                Command::Keys(KeysCommand::List {
                    workspace: Some(default()),
                }),
            ),
            (
                "switchboard keys revoke sb_abcdefgh",
                Command::Keys(KeysCommand::Revoke {
                    key: "sb_abcdefgh".to_owned(),
                }),
            ),
            (
                "switchboard workspaces create acme",
                Command::Workspaces(WorkspacesCommand::Create {
                    name: "acme".to_owned(),
                }),
            ),
            (
                "switchboard workspaces list",
                Command::Workspaces(WorkspacesCommand::List),
            ),
            (
                "switchboard users reset-password --email a@b.example",
                Command::Users(UsersCommand::ResetPassword {
                    email: "a@b.example".to_owned(),
                }),
            ),
        ] {
            assert_eq!(parse(line).unwrap().command, expected, "{line}");
        }
    }

    #[test]
    fn wrong_lines_are_refused_with_what_is_wrong() {
        for (line, said) in [
            ("switchboard", "Usage"),
            ("switchboard sevre", "sevre"),
            ("switchboard serve --lisen 1.2.3.4:5", "--lisen"),
            (
                "switchboard serve --listen 1.2.3.4:5 --listen 1.2.3.4:6",
                "--listen",
            ),
            ("switchboard serve extra", "extra"),
            ("switchboard keys create --scope run", "--name"),
            (
                "switchboard keys create --name x --scope root",
                "admin, manage or run",
            ),
            ("switchboard keys revoke", "KEY_ID_OR_PREFIX"),
            ("switchboard workspaces create", "NAME"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.to_string().contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn settings_stand_before_and_after_any_command() {
        for line in [
            "switchboard --listen 127.0.0.1:9 keys create --name a --scope run",
            "switchboard keys --listen 127.0.0.1:9 create --name a --scope run",
            "switchboard keys create --name a --scope run --listen=127.0.0.1:9",
        ] {
            assert_eq!(settings(line).listen.port(), 9, "{line}");
        }
    }

    #[test]
    fn a_list_is_gathered_from_both_sides_of_a_command() {
        let settings = settings(
            "switchboard --allow-network 10.0.0.0/8 serve --allow-network ::1,a.internal \
             --allow-network b.internal",
        );
        let expected = ["10.0.0.0/8", "::1", "a.internal", "b.internal"];
        assert_eq!(settings.allow_networks, expected);
    }

    #[test]
    fn help_names_every_setting() {
        let help = parse("switchboard serve --help").unwrap_err().to_string();
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{}", setting.flag)), "{help}");
        }
    }

    #[test]
    fn help_says_what_is_set_by_default_and_by_what_else() {
        for line in ["switchboard serve --help", "switchboard serve -h"] {
            let help = parse(line).unwrap_err().to_string();
            let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(help.contains("[default: 127.0.0.1:8080]"), "{help}");
            assert!(help.contains("[env: SWITCHBOARD_LISTEN]"), "{help}");
        }
    }

    #[test]
    fn help_of_a_command_shows_what_matters_to_it() {
        let help = parse("switchboard keys create --help").unwrap_err();
        let help = help.to_string();
        for shown in ["--name", "--scope", "--data-dir", "--database-url"] {
            assert!(help.contains(shown), "{help}");
        }
        for hidden in ["--listen", "--telnyx-url", "--log-level"] {
            assert!(!help.contains(hidden), "{help}");
        }
    }

    #[test]
    fn flags_print_no_values() {
        let line = "switchboard serve --database-url postgres://a:hunter2@db/x";
        let cli = parse(line).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"));
        let twice = format!("{line} --database-url postgres://a:hunter2@db/x");
        assert!(!parse(&twice).unwrap_err().to_string().contains("hunter2"));
        let mistyped = line.replace("database-url ", "databse-url=");
        assert!(
            !parse(&mistyped)
                .unwrap_err()
                .to_string()
                .contains("hunter2")
        );
    }
}
