//! What a server says of itself as metrics.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

use http::Method;
use switchboard_testkit::{Server, TestDatabase, eventually, on_both_databases};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

on_both_databases!(the_connections_to_the_database_are_told_by_what_they_are_for);

/// The value of a metric whose line starts so.
fn value(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let line = text.lines().find(|line| {
        let is_it = line
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{'));
        is_it && labels.iter().all(|label| line.contains(label))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

async fn the_connections_to_the_database_are_told_by_what_they_are_for(database: TestDatabase) {
    let is_sqlite = database.url().is_none();
    let server = Server::start(BINARY, database).await;
    let client = server.client("admin");
    client.get("/agents").await.expect(200);
    let text = eventually("connections that were used and are idle", || async {
        let nobody = client.nobody();
        let reply = nobody.try_send(Method::GET, "/metrics", &[], None).await?;
        let idle = |lane| {
            let labels = [lane, "state=\"idle\""];
            value(&reply.text, "switchboard_database_connections", &labels)
        };
        let is_used = idle("lane=\"requests\"")? >= 1.0;
        (is_used && idle("lane=\"background\"").is_some()).then_some(reply.text)
    })
    .await;
    for (lane, most) in [
        ("journal", if is_sqlite { 1.0 } else { 6.0 }),
        ("calls", if is_sqlite { 4.0 } else { 8.0 }),
        ("requests", if is_sqlite { 4.0 } else { 8.0 }),
        ("background", if is_sqlite { 2.0 } else { 4.0 }),
    ] {
        let lane = format!("lane=\"{lane}\"");
        let number = |name: &str, more: &str| value(&text, name, &[&lane, more]).unwrap();
        let there = number("switchboard_database_connections_max", "");
        assert!((there - most).abs() < 0.5, "{lane}: {there}");
        let idle = number("switchboard_database_connections", "state=\"idle\"");
        let in_use = number("switchboard_database_connections", "state=\"in_use\"");
        assert!(idle + in_use <= most, "{lane}: {idle} and {in_use}");
        assert!(number("switchboard_database_waiting", "") >= 0.0);
    }
}
