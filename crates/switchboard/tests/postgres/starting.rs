//! Servers that start together on an empty database.

use futures_util::future::join_all;
use serde_json::json;
use switchboard_testkit::{Server, TestDatabase};

use super::BINARY;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_print_one_setup_link_which_works() {
    // It has the key file that whoever deploys several servers gives to each.
    let donor = Server::start(BINARY, TestDatabase::sqlite()).await;
    let database = TestDatabase::empty_postgres();
    let url = database.url().unwrap();
    let servers = join_all((0..3).map(|_| donor.replica_at(&url))).await;
    let said: Vec<_> = servers.iter().map(Server::stdout).collect();
    let links: Vec<_> = said
        .iter()
        .flat_map(|said| said.lines())
        .filter_map(|line| line.trim().split("/setup#").nth(1))
        .collect();
    assert_eq!(links.len(), 1, "{said:#?}");
    let pointers = said
        .iter()
        .filter(|said| said.contains("Another server that started just now printed the link"));
    assert_eq!(pointers.count(), 2, "{said:#?}");
    // It works at each of them.
    for (at, server) in servers.iter().enumerate() {
        let body = json!({
            "token": links[0], "email": "owner@example.com", "name": "Olive",
            "password": Server::PASSWORD,
        });
        let reply = server.nobody().post("/setup", body).await;
        if at == 0 {
            reply.expect(201);
        } else {
            assert_eq!(reply.problem(409), "already_set_up");
        }
    }
}
