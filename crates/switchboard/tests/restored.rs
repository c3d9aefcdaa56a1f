//! A database that is put back from a backup revives nothing that was ended since.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use switchboard_testkit::{Client, Server, TestDatabase, eventually, on_both_databases};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(
    a_restored_database_revives_no_key_and_no_session,
    what_no_file_tells_is_ended_by_a_command,
);

/// A copy of a stopped server's database.
enum Backup {
    Files(PathBuf),
    Database { cluster: String, name: String },
}

const FILES: [&str; 3] = ["switchboard.db", "switchboard.db-wal", "switchboard.db-shm"];

fn psql(cluster: &str, sql: &str) {
    let output = Command::new("psql")
        .args([cluster, "-v", "ON_ERROR_STOP=1", "-q", "-c", sql])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

impl Backup {
    fn of(server: &Server) -> Self {
        if let TestDatabase::Postgres { cluster, name } = server.database() {
            psql(
                cluster,
                &format!("CREATE DATABASE {name}_backup TEMPLATE {name}"),
            );
            return Self::Database {
                cluster: cluster.clone(),
                name: name.clone(),
            };
        }
        let to = server.data_dir().join("backup");
        fs::create_dir(&to).unwrap();
        for name in FILES {
            let _ = fs::copy(server.data_dir().join(name), to.join(name));
        }
        Self::Files(to)
    }

    /// Puts it in the place of a stopped server's database.
    fn restore(&self, server: &Server) {
        match self {
            Self::Files(from) => {
                for name in FILES {
                    let _ = fs::remove_file(server.data_dir().join(name));
                    let _ = fs::copy(from.join(name), server.data_dir().join(name));
                }
            }
            Self::Database { cluster, name } => {
                psql(cluster, &format!("DROP DATABASE {name} WITH (FORCE)"));
                psql(
                    cluster,
                    &format!("CREATE DATABASE {name} TEMPLATE {name}_backup"),
                );
            }
        }
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        if let Self::Database { cluster, name } = self {
            psql(cluster, &format!("DROP DATABASE {name}_backup"));
        }
    }
}

async fn stop(server: &mut Server) {
    server.ask_to_stop();
    assert!(server.stopped().await.success());
}

/// The same key or session at where the server is now.
fn at(server: &Server, key: &str) -> Client {
    Client::new(server.address(), key)
}

async fn standing(server: &Server, who: &Client) -> u16 {
    let (cookie, _) = who.session();
    let reply = server
        .nobody()
        .send(http::Method::GET, "/session", &[("cookie", cookie)], None)
        .await;
    reply.status.as_u16()
}

/// What the data directory remembers, as soon as it has come so far.
async fn remembers(server: &Server, count: u64) -> Value {
    let path = server.data_dir().join("ended.json");
    eventually("what was ended is remembered", || async {
        let text = fs::read_to_string(&path).ok()?;
        let known: Value = serde_json::from_str(&text).ok()?;
        (known["count"].as_u64()? >= count).then_some(known)
    })
    .await
}

async fn a_restored_database_revives_no_key_and_no_session(database: TestDatabase) {
    let mut server = Server::start(BINARY, database).await;
    let out = server.owner().await;
    let stays = server.sign_in("owner@example.com").await;
    let admin = server.key("admin", "default");
    let (kept, leaked) = (server.key("run", "default"), server.key("run", "default"));
    stop(&mut server).await;
    let backup = Backup::of(&server);

    server.launch().await;
    let made = at(&server, &admin).get("/api-keys").await.expect(200);
    let made = made["data"].as_array().unwrap();
    let prefix = &leaked[..leaked.rfind('_').unwrap()];
    let id = made.iter().find(|key| key["prefix"] == prefix).unwrap()["id"].clone();
    let path = format!("/api-keys/{}", id.as_str().unwrap());
    at(&server, &admin).delete(&path).await.expect(204);
    let (cookie, csrf) = out.session();
    let headers = [
        ("cookie", cookie),
        ("x-csrf-token", csrf),
        ("origin", server.address()),
    ];
    let nobody = server.nobody();
    let signed_out = nobody.send(http::Method::DELETE, "/session", &headers, None);
    signed_out.await.expect(204);
    remembers(&server, 2).await;
    stop(&mut server).await;

    backup.restore(&server);
    server.launch().await;
    at(&server, &leaked)
        .get("/conversations")
        .await
        .problem(401);
    at(&server, &kept).get("/conversations").await.expect(200);
    assert_eq!(standing(&server, &out).await, 401);
    // Nobody knows which sessions had been ended, so all are. People sign in again.
    assert_eq!(standing(&server, &stays).await, 401);
    assert!(server.stderr().contains("was put back from a backup"));
    let audit = at(&server, &admin).get("/audit").await.expect(200);
    let done: Vec<_> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["operation"], &row["actor"]))
        .collect();
    for operation in ["api_key.revoke", "session.end_all"] {
        let found = (&json!(operation), &json!("system"));
        assert!(done.contains(&found), "{done:?}");
    }

    // It was put back once: what begins now stays.
    let back = server.sign_in("owner@example.com").await;
    let new = server.key("run", "default");
    stop(&mut server).await;
    server.launch().await;
    assert_eq!(standing(&server, &back).await, 200);
    at(&server, &new).get("/conversations").await.expect(200);
    at(&server, &leaked)
        .get("/conversations")
        .await
        .problem(401);
}

async fn what_no_file_tells_is_ended_by_a_command(database: TestDatabase) {
    let mut server = Server::start(BINARY, database).await;
    let owner = server.owner().await;
    let (kept, leaked) = (server.key("run", "default"), server.key("run", "default"));
    stop(&mut server).await;
    let backup = Backup::of(&server);
    server.launch().await;
    let revoke = |key: &str| {
        let prefix = &key[..key.rfind('_').unwrap()];
        let mut command = server.command();
        assert!(
            command
                .args(["keys", "revoke", prefix])
                .status()
                .unwrap()
                .success()
        );
    };
    revoke(&leaked);
    stop(&mut server).await;
    // As on a new machine: the key file and the database are put back, and nothing else.
    backup.restore(&server);
    fs::remove_file(server.data_dir().join("ended.json")).unwrap();
    server.launch().await;
    at(&server, &leaked).get("/conversations").await.expect(200);

    let restored = |flags: &[&str]| {
        let output = server
            .command()
            .arg("restored")
            .args(flags)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        said
    };
    let said = restored(&["--keep-keys"]);
    assert!(
        said.contains("1 sessions are ended and 0 API keys revoked"),
        "{said}"
    );
    assert_eq!(standing(&server, &owner).await, 401);
    at(&server, &kept).get("/conversations").await.expect(200);
    let said = restored(&[]);
    assert!(
        said.contains("0 sessions are ended and 2 API keys revoked"),
        "{said}"
    );
    for key in [&kept, &leaked] {
        eventually("the key is refused", || async {
            let reply = at(&server, key).get("/conversations").await;
            (reply.status == 401).then_some(())
        })
        .await;
    }
    // The way on.
    let new = server.key("admin", "default");
    at(&server, &new).get("/api-keys").await.expect(200);
    server.sign_in("owner@example.com").await;
}

/// The servers go on while somebody puts the database back beneath them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_put_back_under_a_running_server_revives_nothing() {
    let mut server = Server::start(BINARY, TestDatabase::postgres()).await;
    let owner = server.owner().await;
    let (kept, leaked) = (server.key("run", "default"), server.key("run", "default"));
    stop(&mut server).await;
    let backup = Backup::of(&server);
    server.launch().await;
    let prefix = &leaked[..leaked.rfind('_').unwrap()];
    let mut revoke = server.command();
    let revoked = revoke.args(["keys", "revoke", prefix]).status().unwrap();
    assert!(revoked.success());
    remembers(&server, 1).await;
    backup.restore(&server);
    eventually("what came back is ended", || async {
        let found = server.stderr().contains("was put back from a backup");
        found.then_some(())
    })
    .await;
    eventually("the server is there again", || async {
        let reply = at(&server, &kept).get("/conversations").await;
        (reply.status == 200).then_some(())
    })
    .await;
    at(&server, &leaked)
        .get("/conversations")
        .await
        .problem(401);
    assert_eq!(standing(&server, &owner).await, 401);
}
