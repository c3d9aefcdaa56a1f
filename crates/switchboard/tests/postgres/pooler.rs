//! `PgBouncer` in transaction mode in between, with the settings that `docs/running.md` names.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use switchboard_testkit::peers::free_port;
use switchboard_testkit::{
    Client, Cluster, Sample, Server, TestDatabase, Upstream, as_owner, eventually,
};
use tokio::process::Child;

use super::BINARY;

/// A running `PgBouncer`. It goes with the test.
struct Pooler {
    child: Child,
    port: u16,
}

/// What `docs/running.md` says to put into `pgbouncer.ini`.
fn documented() -> String {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/running.md");
    let document = fs::read_to_string(here).unwrap();
    let block = document.split("```ini\n").nth(1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

impl Pooler {
    async fn start(cluster: &Cluster) -> Self {
        let port = free_port();
        let users = cluster.add("users.txt", "\"postgres\" \"\"\n");
        // Fewer connections to the server than a Switchboard holds, so that they are handed on.
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n\n{}\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\ndefault_pool_size = 5\nmax_client_conn = 500\n",
            cluster.port(),
            documented(),
            users.display(),
        );
        let settings = cluster.add("pgbouncer.ini", &text);
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .map(std::path::Path::new)
            .find(|path| path.exists())
            .expect("PgBouncer is installed; run scripts/setup.sh");
        let child = as_owner(program)
            .arg(&settings)
            .current_dir("/")
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pooler = Self { child, port };
        eventually("the pooler listens", || {
            let ended = pooler.child.try_wait().unwrap();
            assert!(ended.is_none(), "PgBouncer ended: {ended:?}");
            let connected = std::net::TcpStream::connect(("127.0.0.1", port)).ok();
            std::future::ready(connected)
        })
        .await;
        pooler
    }
}

/// On more connections than there are to the server: each call is made once, and each limit kept.
async fn many_at_once(sample: &Sample, admin: &Client, there: &Client) {
    let mut running = tokio::task::JoinSet::new();
    for number in 0..60 {
        let (here, other) = match number % 2 {
            0 => (admin.clone(), there.clone()),
            _ => (there.clone(), admin.clone()),
        };
        let sample = sample.clone();
        running.spawn(async move {
            let conversation = sample.converse(&here).await;
            let path = format!("/conversations/{conversation}/actions/write_item/call");
            let body = json!({"arguments": {"id": "1"}});
            let first = here.post(&path, body.clone()).await.expect(200);
            assert_eq!(first["status"], "succeeded", "{first}");
            other.post(&path, body).await.expect(409);
            let events = other
                .get(&format!("/conversations/{conversation}/events"))
                .await
                .expect(200);
            let kinds = |event: &Value| event["type"].as_str().unwrap().to_owned();
            let events = events["data"].as_array().unwrap();
            events.iter().map(kinds).collect::<Vec<_>>()
        });
    }
    while let Some(done) = running.join_next().await {
        let kinds = done.unwrap();
        assert_eq!(
            kinds,
            ["conversation.started", "action.succeeded", "action.refused"]
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_behind_pgbouncer_in_transaction_mode_work() {
    let cluster = Cluster::start("-c max_connections=60").await;
    // What the server gives up by itself is said to the role: the pooler passes no such settings on.
    for setting in [
        "statement_timeout = '40s'",
        "idle_in_transaction_session_timeout = '20s'",
    ] {
        let sql = format!("ALTER ROLE postgres SET {setting}");
        cluster.sql_as_one(&sql).await.unwrap();
    }
    let pooler = Pooler::start(&cluster).await;
    let at = |port: u16| format!("postgres://postgres@127.0.0.1:{port}/postgres");
    let direct = at(cluster.port());
    let arguments = [
        "--allow-network",
        "127.0.0.1",
        "--database-statement-cache",
        "0",
        "--database-listen-url",
        &direct,
    ];
    let through = at(pooler.port);
    let database = TestDatabase::Shared(through);
    let server = Server::start_with(BINARY, database, &arguments).await;
    let replica = server.replica().await;
    let key = |scope: &str| {
        let mut command = server.command();
        command
            .args(["keys", "create", "--name", "a", "--scope", scope])
            .args(&arguments[2..]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let key = key("admin");
    let admin = Client::new(server.address(), &key);
    let there = Client::new(replica.address(), &key);
    let upstream = Upstream::echo().await;
    let sample = Sample::create(&admin, &upstream.url, Some(1)).await;

    many_at_once(&sample, &admin, &there).await;

    // What one server changes the other is told of, and follows as it happens.
    let conversation = sample.converse(&admin).await;
    let path = format!("/api/v1/conversations/{conversation}/events");
    let accept = [("accept", "text/event-stream")];
    let mut stream = there
        .open(http::Method::GET, &path, &accept, None)
        .await
        .unwrap();
    assert_eq!(stream.next().await.1["type"], "conversation.started");
    let path = format!("/conversations/{conversation}/actions/read_item/call");
    admin
        .post(&path, json!({"arguments": {"id": "1"}}))
        .await
        .expect(200);
    assert_eq!(stream.next().await.1["type"], "action.succeeded");
    let listening = cluster.ask(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND application_name = 'switchboard'",
    )
    .await;
    assert_eq!(listening, "2", "one connection of each server listens");

    // No statement failed on a connection that was another's before.
    for one in [&server, &replica] {
        let log = one.stderr();
        for sign in [
            "prepared statement",
            "database_error",
            "panicked",
            "not heard",
        ] {
            assert!(!log.contains(sign), "{log}");
        }
    }
    // The migrations' lock is not left behind on a connection of the pooler's.
    let locks = cluster
        .ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        .await;
    assert_eq!(locks, "0");
    let checked = Command::new(BINARY)
        .env_clear()
        .args(["check", "--database-url", &at(pooler.port), "--data-dir"])
        .arg(server.data_dir())
        .args(&arguments[2..])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said}");
}
