//! A TCP proxy in front of a database, which a test can cut, freeze or close.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// Where a proxy leads.
#[derive(Debug, Clone)]
enum Target {
    Socket(PathBuf),
    Address(SocketAddr),
}

/// What is done with new connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// They lead to the target.
    Pass,
    /// They are closed at once.
    Refuse,
    /// They are taken, and nothing ever comes back.
    Hole,
}

/// What happens to a connection that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Pass,
    /// No byte moves any more, and nobody is told.
    Frozen,
    /// It is reset.
    Cut,
}

/// The proxy. It ends with the test's runtime.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    door: watch::Sender<Door>,
    /// The fate of the connections that were made since the last change of it.
    fate: Arc<Mutex<watch::Sender<Fate>>>,
}

impl Proxy {
    /// A proxy in front of the server that a `postgres://` URL names, by address or by the folder
    /// of its socket. The second part of the answer is the URL through the proxy.
    pub async fn before_postgres(url: &str) -> (Self, String) {
        let (head, query) = url.split_once('?').unwrap_or((url, ""));
        let (scheme, rest) = head.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let folder = query.split('&').find_map(|pair| pair.strip_prefix("host="));
        let target = match folder {
            Some(folder) => {
                let folder = folder.replace("%2F", "/").replace("%2f", "/");
                let port = query.split('&').find_map(|pair| pair.strip_prefix("port="));
                let port = port.unwrap_or("5432");
                Target::Socket(PathBuf::from(folder).join(format!(".s.PGSQL.{port}")))
            }
            None => Target::Address(host.parse().expect("an IP address and a port")),
        };
        let proxy = Self::start(target).await;
        let at = if user.is_empty() { "" } else { "@" };
        let through = format!("{scheme}://{user}{at}{}/{path}", proxy.address);
        (proxy, through)
    }

    /// A proxy in front of an address.
    pub async fn before(address: SocketAddr) -> Self {
        Self::start(Target::Address(address)).await
    }

    async fn start(target: Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (door, open) = watch::channel(Door::Pass);
        let fate = Arc::new(Mutex::new(watch::Sender::new(Fate::Pass)));
        let fates = fate.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let fate = fates
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .subscribe();
                let (door, target) = (*open.borrow(), target.clone());
                tokio::spawn(carry(client, target, door, fate));
            }
        });
        Self {
            address,
            door,
            fate,
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// New connections lead to the target again. Frozen ones stay frozen.
    pub fn pass(&self) {
        self.door.send_replace(Door::Pass);
    }

    /// Resets every connection and refuses new ones: the server is gone.
    pub fn refuse(&self) {
        self.door.send_replace(Door::Refuse);
        self.decide(Fate::Cut);
    }

    /// Moves no byte of any connection, and takes new ones without a word: the network is gone.
    pub fn hole(&self) {
        self.door.send_replace(Door::Hole);
        self.decide(Fate::Frozen);
    }

    /// Moves no more byte of the connections that are there; new ones are not concerned.
    pub fn freeze(&self) {
        self.decide(Fate::Frozen);
    }

    /// Resets the connections that are there; new ones are not concerned.
    pub fn cut(&self) {
        self.decide(Fate::Cut);
    }

    fn decide(&self, fate: Fate) {
        let mut current = self.fate.lock().unwrap_or_else(PoisonError::into_inner);
        current.send_replace(fate);
        // Connections that come later have a fate of their own. A frozen one keeps what it got.
        *current = watch::Sender::new(Fate::Pass);
    }
}

async fn carry(client: TcpStream, target: Target, door: Door, fate: watch::Receiver<Fate>) {
    // Whoever is reset hears of it, as of a server that is gone.
    let _ = client.set_zero_linger();
    match (door, target) {
        (Door::Refuse, _) => {}
        (Door::Hole, _) => forever(client).await,
        (Door::Pass, Target::Socket(path)) => {
            if let Ok(server) = UnixStream::connect(path).await {
                pump(client, server, fate).await;
            }
        }
        (Door::Pass, Target::Address(address)) => {
            if let Ok(server) = TcpStream::connect(address).await {
                let _ = server.set_nodelay(true);
                let _ = client.set_nodelay(true);
                pump(client, server, fate).await;
            }
        }
    }
}

async fn pump<S>(mut client: TcpStream, mut server: S, mut fate: watch::Receiver<Fate>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let decided = async {
        // A sender that is dropped decided before.
        let _ = fate.wait_for(|fate| *fate != Fate::Pass).await;
        *fate.borrow()
    };
    let fate = tokio::select! {
        _ = both_ways(&mut client, &mut server) => Fate::Cut,
        fate = decided => fate,
    };
    if fate == Fate::Frozen {
        forever((client, server)).await;
    }
}

async fn both_ways<S>(client: &mut TcpStream, server: &mut S) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read? {
                0 => return Ok(()),
                count => server.write_all(&up[..count]).await?,
            },
            read = server.read(&mut down) => match read? {
                0 => return Ok(()),
                count => client.write_all(&down[..count]).await?,
            },
        }
    }
}

/// Keeps a connection open and silent, for longer than any test.
async fn forever<T>(connection: T) {
    tokio::time::sleep(Duration::from_hours(1)).await;
    drop(connection);
}
