//! The client against real servers on loopback.
#![expect(clippy::unwrap_used, reason = "tests fail loudly")]

mod addresses;
mod breakers;
mod compression;
mod limits;
mod pool;
mod redirects;
mod retries;
mod server;
mod streams;
mod tls;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use switchboard_outbound::{
    BoxFuture, Client, ClientSettings, NetworkPolicy, OutboundError, Request, Resolve, Response,
};
use tokio::time::Instant;

/// A client that may reach these.
fn client_allowing(allowances: &[&str]) -> Client {
    Client::new(ClientSettings {
        policy: NetworkPolicy::new(allowances.iter().copied()).unwrap(),
        ..ClientSettings::default()
    })
    .unwrap()
}

fn local() -> Client {
    client_allowing(&["127.0.0.1"])
}

fn request(method: Method, url: &str) -> Request {
    Request::new(method, url.parse().unwrap())
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

async fn send(client: &Client, request: Request) -> Result<Response, OutboundError> {
    client.send(request, soon()).await
}

async fn get(client: &Client, url: &str) -> Result<Response, OutboundError> {
    send(client, request(Method::GET, url)).await
}

/// A resolver that answers from a script: the n-th lookup of a name with its n-th line, the last
/// of them for ever.
#[derive(Default)]
struct Script {
    names: HashMap<&'static str, Vec<Vec<IpAddr>>>,
    asked: Mutex<HashMap<String, usize>>,
    lookups: AtomicUsize,
}

impl Script {
    fn of(names: &[(&'static str, &[&[&str]])]) -> Arc<Self> {
        let addresses = |line: &&[&str]| {
            line.iter()
                .map(|address| address.parse().unwrap())
                .collect()
        };
        let names = names
            .iter()
            .map(|(name, lines)| (*name, lines.iter().map(addresses).collect()))
            .collect();
        Arc::new(Self {
            names,
            ..Self::default()
        })
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }
}

impl Resolve for Script {
    fn resolve(&self, host: String) -> BoxFuture<std::io::Result<Vec<IpAddr>>> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        let answer = self.names.get(host.as_str()).map(|lines| {
            let mut asked = self.asked.lock().unwrap();
            let times = asked.entry(host).or_default();
            let line = lines[(*times).min(lines.len() - 1)].clone();
            *times += 1;
            line
        });
        Box::pin(async move { answer.ok_or_else(|| std::io::Error::other("no such name")) })
    }
}

fn client_resolving(resolver: Arc<dyn Resolve>, allowances: &[&str]) -> Client {
    Client::new(ClientSettings {
        policy: NetworkPolicy::new(allowances.iter().copied()).unwrap(),
        resolver,
        ..ClientSettings::default()
    })
    .unwrap()
}
