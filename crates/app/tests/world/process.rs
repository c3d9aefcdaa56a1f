//! A server within the test's process. Its tasks have threads of their own, so that they can be killed
//! and frozen as a process is: at any moment, and all together.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use switchboard_app::api_keys::{self, NewKey};
use switchboard_app::call::{self, CallAnswer, CallRequest};
use switchboard_app::{
    Admin, App, AppError, AppSettings, Context, Manager, Principal, Runner, Telnyx, installation,
    keys, lifecycle, workspaces,
};
use switchboard_domain::id::InstanceId;
use switchboard_domain::scope::Scope;
use switchboard_outbound::{Client, ClientSettings, NetworkPolicy};
use switchboard_store::{Db, DbSettings, Fault, Faults, Location, Step};
use switchboard_testkit::{FakeClock, eventually};
use switchboard_vault::KeyRing;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{Options, World};

const THREADS: usize = 2;

/// What the database does to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// What it should.
    None,
    /// After so many steps some fail, and nothing is done.
    Fails { after: u32, count: u32 },
    /// After so many commits some are made, and their answers are lost.
    LosesAnswers { after: u32, count: u32 },
    /// Everything fails until it is said otherwise.
    Away,
}

/// One step of some that go well, then of some that do not. Whether it is one of these.
const fn count_down(after: &mut u32, count: &mut u32) -> bool {
    if *after > 0 {
        *after -= 1;
        return false;
    }
    let is_hit = *count > 0;
    *count = count.saturating_sub(1);
    is_hit
}

impl Trouble {
    fn next(&mut self, step: Step) -> Fault {
        let (is_hit, fault) = match self {
            Self::None => (false, Fault::None),
            Self::Away => (true, Fault::Fails),
            Self::Fails { after, count } => (count_down(after, count), Fault::Fails),
            Self::LosesAnswers { after, count } => (
                step == Step::Commit && count_down(after, count),
                Fault::AnswerLost,
            ),
        };
        if is_hit { fault } else { Fault::None }
    }
}

/// A call under way. It comes to nothing when its server is killed.
pub type Calling = JoinHandle<Result<CallAnswer, AppError>>;

#[derive(Debug, Default)]
struct Frozen {
    stands: Mutex<bool>,
    thawed: Condvar,
    threads: AtomicUsize,
}

/// A server.
#[derive(Debug)]
pub struct Process {
    pub clock: FakeClock,
    app: Option<Arc<App>>,
    runtime: Option<Runtime>,
    trouble: Arc<Mutex<Trouble>>,
    frozen: Arc<Frozen>,
    admin: Principal,
}

/// What a server is put together from.
struct Parts {
    location: Location,
    key_file: PathBuf,
    context: Context,
    faults: Faults,
    options: Options,
    number: u128,
}

async fn put_together(parts: Parts) -> (Arc<App>, Principal) {
    let Parts {
        location,
        key_file,
        context,
        faults,
        options,
        number,
    } = parts;

    let settings = DbSettings {
        faults: Some(faults),
        ..DbSettings::default()
    };
    let db = Db::open_exclusively_with(&location, settings)
        .await
        .unwrap();
    let keys = KeyRing::load_or_create(&key_file, &|buffer| context.fill(buffer)).unwrap();
    installation::keep_key_check(&db, &context, &keys)
        .await
        .unwrap();
    let workspace = workspaces::ensure_default(&db, &context).await.unwrap();
    let time = context.clone();
    let client = Client::new(ClientSettings {
        policy: NetworkPolicy::new(["127.0.0.1"]).unwrap(),
        elapsed: Arc::new(move || time.elapsed()),
        ..ClientSettings::default()
    })
    .unwrap();
    let url = options.telnyx_url.as_deref();
    let telnyx = Telnyx::new(client.clone(), url.unwrap_or("http://127.0.0.1:9")).unwrap();
    let settings = AppSettings {
        call_timeout: Duration::from_secs(1),
        idle_timeout: options.idle_timeout,
        ..AppSettings::default()
    };
    let instance = InstanceId::from_uuid(Uuid::from_u128(number));
    let new = NewKey {
        name: "test".to_owned(),
        scope: Scope::Admin,
        expires_at: None,
    };
    let made = api_keys::create_in(&db, &context, workspace.id, "test", &new).await;
    let app = App::new(db, context, keys, client, telnyx, settings, instance);
    lifecycle::recover(&app).await.unwrap();
    drop(lifecycle::start_background(&app));
    let key = made.unwrap().1;
    let admin = keys::authenticate(&app.runtime, key.expose())
        .await
        .unwrap();
    (app, admin)
}

impl Process {
    /// Starts it, as the program does.
    pub(super) async fn start(world: &World, number: u128) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()
            .unwrap();
        let trouble = Arc::new(Mutex::new(Trouble::None));
        let faults: Faults = {
            let trouble = trouble.clone();
            Arc::new(move |step| trouble.lock().unwrap().next(step))
        };
        let clock = FakeClock::at(world.now());
        let parts = Parts {
            location: world.location(),
            key_file: world.key_file(),
            context: clock.context(world.next_seed()),
            faults,
            options: world.options.clone(),
            number,
        };
        // Not a task: it ends before anything else begins.
        let start = move || (runtime.block_on(put_together(parts)), runtime);
        let ((app, admin), runtime) = tokio::task::spawn_blocking(start).await.unwrap();
        Self {
            clock,
            app: Some(app),
            runtime: Some(runtime),
            trouble,
            frozen: Arc::default(),
            admin,
        }
    }

    /// Who may do everything.
    pub fn manager(&self) -> Manager {
        self.admin.clone().try_into().unwrap()
    }

    /// Who may do everything with keys.
    pub fn admin(&self) -> Admin {
        self.admin.clone().try_into().unwrap()
    }

    /// Who may do everything with conversations.
    pub fn runner(&self) -> Runner {
        self.admin.clone().try_into().unwrap()
    }

    /// Does something on the server's threads.
    pub fn spawn<F>(&self, work: impl FnOnce(Arc<App>) -> F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let app = self.app.clone().unwrap();
        self.runtime.as_ref().unwrap().spawn(work(app))
    }

    /// The same, and waits for it.
    pub async fn run<F>(&self, work: impl FnOnce(Arc<App>) -> F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.spawn(work).await.unwrap()
    }

    /// Calls an action.
    pub fn call(&self, request: CallRequest) -> Calling {
        let runner = self.runner();
        self.spawn(|app| async move { call::call(&app.runtime, &runner, request).await })
    }

    /// Says what the database does to it from now on.
    pub fn trouble(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Stops all its threads where they are, as SIGSTOP does.
    pub async fn freeze(&self) {
        *self.frozen.stands.lock().unwrap() = true;
        self.frozen.threads.store(0, Ordering::SeqCst);
        for _ in 0..THREADS {
            let frozen = self.frozen.clone();
            self.spawn(|_| async move {
                frozen.threads.fetch_add(1, Ordering::SeqCst);
                let guard = frozen.stands.lock().unwrap();
                drop(frozen.thawed.wait_while(guard, |frozen| *frozen).unwrap());
            });
        }
        eventually("the server stands still", || async {
            (self.frozen.threads.load(Ordering::SeqCst) == THREADS).then_some(())
        })
        .await;
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        *self.frozen.stands.lock().unwrap() = false;
        self.frozen.thawed.notify_all();
    }

    /// Ends it where it is, as SIGKILL does: nothing is finished, nothing is settled, connections are
    /// gone.
    pub async fn kill(mut self) {
        let app = self.app.take().unwrap();
        let runtime = self.runtime.take().unwrap();
        self.thaw();
        // Each thread ends when it comes to the next point where it would wait.
        let end = move || runtime.shutdown_timeout(Duration::from_secs(10));
        tokio::task::spawn_blocking(end).await.unwrap();
        eventually("nobody holds anything of it", || async {
            (Arc::strong_count(&app) == 1).then_some(())
        })
        .await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.thaw();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
