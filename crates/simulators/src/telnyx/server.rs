//! Starting the simulator, and what a test asks of it without HTTP.

use std::net::SocketAddr;
use std::sync::Mutex;

use switchboard_outbound::{Client, ClientSettings, NetworkPolicy, OutboundError};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::behaviour::Rule;
use super::listener::{Cut, CuttingListener};
use super::routes;
use super::shared::{Clock, Inner, Pace, Shared};
use super::signer::Signer;
use super::state::{State, Taken};

/// How a simulator is set up.
#[derive(Clone)]
pub struct Settings {
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// The API key it accepts; none means every one.
    pub api_key: Option<String>,
    /// What its signing key and its ids are made from.
    pub seed: [u8; 32],
    /// Where webhooks go that a message does not send elsewhere.
    pub webhook_url: Option<String>,
    /// The time.
    pub clock: Clock,
    /// How quickly messages live.
    pub pace: Pace,
    /// Whether it knows idempotency keys, as the vendor's newest deployments do.
    pub knows_keys: bool,
}

impl Settings {
    /// A simulator on a free port of loopback that accepts every API key.
    pub fn new(seed: [u8; 32], clock: Clock) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: None,
            seed,
            webhook_url: None,
            clock,
            pace: Pace::default(),
            knows_keys: true,
        }
    }
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen.
    #[error("the Telnyx simulator cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// It cannot send webhooks.
    #[error("the Telnyx simulator cannot send webhooks: {0}")]
    Client(#[from] OutboundError),
    /// Loopback is no network to it.
    #[error(transparent)]
    Network(#[from] switchboard_outbound::InvalidAllowance),
}

/// A simulator that runs until this goes.
pub struct Simulator {
    address: SocketAddr,
    shared: Shared,
    _stop: DropGuard,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Simulator").field(&self.address).finish()
    }
}

/// Starts a simulator.
pub async fn start(settings: Settings) -> Result<Simulator, StartError> {
    let client = Client::new(ClientSettings {
        // It calls back whoever runs it, on the same machine.
        policy: NetworkPolicy::new(["127.0.0.0/8", "::1"])?,
        ..ClientSettings::default()
    })?;
    let listener = TcpListener::bind(settings.listen).await?;
    let address = listener.local_addr()?;
    let shared = Shared::new(Inner {
        state: Mutex::new(State::new(settings.webhook_url)),
        signer: Signer::new(settings.seed),
        clock: settings.clock,
        client,
        pace: settings.pace,
        api_key: settings.api_key,
        knows_keys: settings.knows_keys,
    });
    let router = routes::router(shared.clone()).into_make_service_with_connect_info::<Cut>();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            result = axum::serve(CuttingListener(listener), router) => {
                if let Err(error) = result {
                    tracing::error!(%error, "the Telnyx simulator stopped");
                }
            }
            () = stopped.cancelled() => {}
        }
    });
    Ok(Simulator {
        address,
        shared,
        _stop: stop.drop_guard(),
    })
}

impl Simulator {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, as the setting `telnyx_url` takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that its webhooks are signed with, in base64.
    pub fn public_key(&self) -> String {
        self.shared.signer.public_key()
    }

    /// Sends webhooks there from now on.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.shared.state().webhook_url = url;
    }

    /// Every message that was taken, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.state().taken().to_vec()
    }

    /// Adds a rule, after those that stand.
    pub fn add_rule(&self, rule: Rule) {
        self.shared.state().add_rule(rule);
    }

    /// Behaves well again.
    pub fn clear_rules(&self) {
        self.shared.state().clear_rules();
    }
}
