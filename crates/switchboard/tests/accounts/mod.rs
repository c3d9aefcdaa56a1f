//! People: how they get in, what they may do, and that nobody else gets in.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod entry;
mod invitations;
mod lists;
mod pages;
mod records;
mod roles;
mod sessions;

use chrono::{SubsecRound as _, Utc};
use switchboard_store::{Db, Location};
use switchboard_testkit::{Client, Server};

const BINARY: &str = env!("CARGO_BIN_EXE_switchboard");

/// The server's database, opened beside it.
async fn open(server: &Server) -> Db {
    let location = server.database().url().map_or_else(
        || Location::Sqlite(server.data_dir().join("switchboard.db")),
        Location::Postgres,
    );
    Db::open(&location).await.unwrap()
}

async fn id_of(client: &Client) -> String {
    let session = client.get("/session").await.expect(200);
    session["user"]["id"].as_str().unwrap().to_owned()
}

async fn role_of(client: &Client) -> String {
    let session = client.get("/session").await.expect(200);
    session["role"].as_str().unwrap().to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test makes what is too old by now"
)]
fn now() -> chrono::DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
