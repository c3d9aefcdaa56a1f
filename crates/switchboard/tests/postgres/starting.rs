//! Servers that start together on an empty database.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use switchboard_testkit::{Client, Server, TestDatabase, eventually};
use tempfile::TempDir;

use super::BINARY;

/// A server that is starting.
struct Starting {
    directory: TempDir,
    child: Child,
}

impl Starting {
    /// Begins, and waits for nothing.
    fn begin(url: &str, key_file: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("master.key"), key_file).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(directory.path().join("master.key"), mode).unwrap();
        let output = |name: &str| File::create(directory.path().join(name)).unwrap();
        let child = Command::new(BINARY)
            .env_clear()
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url", url])
            .arg("--data-dir")
            .arg(directory.path())
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(output("stdout.log"))
            .stderr(output("stderr.log"))
            .spawn()
            .unwrap();
        Self { directory, child }
    }

    fn said(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap()
    }

    /// Its address, when it serves and has said what it has to say.
    async fn address(&mut self) -> String {
        eventually("the server is ready", || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", self.said("stderr.log"));
            let output = self.said("stdout.log");
            let address = output
                .lines()
                .find_map(|line| line.split("listening on ").nth(1))
                .map(|address| address.trim().to_owned());
            async move {
                let address = address?;
                let client = Client::new(&address, "");
                let ready = client
                    .try_send(http::Method::GET, "/readyz", &[], None)
                    .await?;
                (ready.status == 200).then_some(address)
            }
        })
        .await
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_together_print_one_setup_link_which_works() {
    // A key file, as whoever deploys several servers gives it to each.
    let donor = Server::start(BINARY, TestDatabase::sqlite()).await;
    let key_file = fs::read(donor.data_dir().join("master.key")).unwrap();
    drop(donor);
    let database = TestDatabase::postgres();
    let url = database.url().unwrap();
    let mut servers: Vec<_> = (0..3).map(|_| Starting::begin(&url, &key_file)).collect();
    let mut addresses = vec![];
    for server in &mut servers {
        addresses.push(server.address().await);
    }
    let said: Vec<_> = servers
        .iter()
        .map(|server| server.said("stdout.log"))
        .collect();
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
    for (at, address) in addresses.iter().enumerate() {
        let nobody = Client::new(address, "").nobody();
        let body = json!({
            "token": links[0], "email": "owner@example.com", "name": "Olive",
            "password": Server::PASSWORD,
        });
        let reply = nobody.post("/setup", body).await;
        if at == 0 {
            reply.expect(201);
        } else {
            assert_eq!(reply.problem(409), "already_set_up");
        }
    }
}
