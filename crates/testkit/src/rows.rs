//! A look into a server's database, and changes that no release of ours would make.

use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::server::Server;

/// Prints the rows of a query as JSON, bytes as hex.
const READ: &str = "\
import json, sqlite3, sys
db = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True, timeout=10)
db.row_factory = sqlite3.Row
text = lambda value: value.hex() if isinstance(value, bytes) else value
rows = [{name: text(row[name]) for name in row.keys()} for row in db.execute(sys.argv[2])]
print(json.dumps(rows))";

const WRITE: &str = "\
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10)
db.executescript(sys.argv[2])
db.commit()";

/// The longest that a look may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits beside the runtime's other tasks: one of them may be the way to the database.
async fn run(mut command: Command) -> Result<String, String> {
    let output = tokio::time::timeout(LONGEST, command.kill_on_drop(true).output()).await;
    let output = output.map_err(|_| format!("no answer in {LONGEST:?}"))?;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

impl Server {
    fn python(&self, script: &str, sql: &str) -> Command {
        let mut command = Command::new("python3");
        let path = self.data_dir().join("switchboard.db");
        command.args(["-c", script]).arg(path).arg(sql);
        command
    }

    /// What a query finds in its database. Ids are hex without hyphens on both databases.
    pub async fn try_rows(&self, sql: &str) -> Result<Vec<Value>, String> {
        let text = if let Some(url) = self.database().url() {
            let sql = format!("SELECT coalesce(json_agg(r), '[]') FROM ({sql}) AS r");
            let mut command = Command::new("psql");
            command.args([&url, "-v", "ON_ERROR_STOP=1", "-XqAt", "-c", &sql]);
            run(command).await?
        } else {
            run(self.python(READ, sql)).await?
        };
        serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
    }

    /// Changes its database behind its back.
    pub async fn sql(&self, text: &str) {
        let command = if let Some(url) = self.database().url() {
            let mut command = Command::new("psql");
            command.args([&url, "-v", "ON_ERROR_STOP=1", "-XqAt", "-c", text]);
            command
        } else {
            self.python(WRITE, text)
        };
        run(command).await.unwrap_or_else(|error| panic!("{error}"));
    }
}
