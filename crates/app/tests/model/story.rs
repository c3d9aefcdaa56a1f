//! A script is acted out: what was asked for, and what came of it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;
use switchboard_app::AppError;
use switchboard_app::call::CallAnswer;
use switchboard_domain::id::ConversationId;

use super::script::{Action, CONVERSATIONS, Call, SERVERS, Step};
use crate::world::{
    Agent, Calling, Options, PATIENCE_MS, Process, Service, Trouble, World, request,
};

const SECOND: Duration = Duration::from_secs(1);
/// The longest that a caller waits, in the time that the test moves.
const LONGEST: u32 = 60;

/// Servers on a database, with an agent, and the service that it calls.
pub struct Stage {
    pub world: World,
    pub service: Service,
    servers: Vec<Option<Process>>,
    agent: Agent,
    stories: usize,
    /// All conversations there were.
    pub conversations: Vec<ConversationId>,
}

/// Somebody who called.
#[derive(Debug)]
pub struct Attempt {
    pub conversation: usize,
    pub action: Action,
    pub id: String,
    pub key: Option<String>,
    /// What came of it; none where the server was killed.
    pub came: Option<Result<CallAnswer, AppError>>,
    calling: Option<Calling>,
}

impl Attempt {
    /// The path at the service.
    pub fn path(&self) -> String {
        format!("/{}/{}", self.action.name(), self.id)
    }

    fn is_over(&self) -> bool {
        self.calling.as_ref().is_none_or(Calling::is_finished)
    }
}

/// What happened.
pub struct Story<'a> {
    pub stage: &'a mut Stage,
    pub conversations: Vec<ConversationId>,
    pub attempts: Vec<Attempt>,
    /// Whether every server ran all the time and could reach the database again before long.
    pub is_calm: bool,
    number: usize,
}

impl Stage {
    /// Sets it.
    pub async fn set(world: World) -> Self {
        let service = Service::start().await;
        let first = world.start(1).await;
        let integration = first.integration(service.url()).await;
        let mut links = vec![];
        for action in Action::ALL {
            let how = (action.method(), action.name());
            let made = first.action(integration, how, PATIENCE_MS).await;
            links.push(json!({
                "link": {"action_id": made}, "overrides": {"max_successful_calls": action.limit()},
            }));
        }
        let agent = Agent::make(&first, links).await;
        let mut servers = vec![Some(first)];
        if world.is_shared() {
            servers.resize_with(SERVERS, || None);
        }
        Self {
            world,
            service,
            servers,
            agent,
            stories: 0,
            conversations: vec![],
        }
    }

    /// Starts those that do not run.
    async fn everybody_runs(&mut self) {
        for number in 0..self.servers.len() {
            if self.servers[number].is_none() {
                let server = self.world.start(number as u128 + 1).await;
                self.servers[number] = Some(server);
            }
        }
    }

    fn running(&self) -> Vec<&Process> {
        self.servers.iter().flatten().collect()
    }

    /// A server; another one where that does not run.
    pub fn server(&self, number: usize) -> &Process {
        let number = number % self.servers.len();
        let running = || self.servers.iter().flatten().next().unwrap();
        self.servers[number].as_ref().unwrap_or_else(running)
    }

    pub async fn pass(&self, duration: Duration) {
        self.world.pass(duration, &self.running()).await;
    }
}

impl<'a> Story<'a> {
    /// Acts a script out to its end, when everybody is answered. The error says who is not.
    pub async fn act(stage: &'a mut Stage, script: &[Step]) -> Result<Self, String> {
        stage.everybody_runs().await;
        stage.stories += 1;
        let mut conversations = vec![];
        for number in 0..CONVERSATIONS {
            let started = stage.server(number).converse(stage.agent).await;
            conversations.push(started.map_err(|error| error.to_string())?);
        }
        stage.conversations.extend(&conversations);
        let mut story = Self {
            number: stage.stories,
            stage,
            conversations,
            attempts: vec![],
            is_calm: script.iter().all(Step::is_calm),
        };
        for step in script {
            story.take(*step).await;
        }
        story.come_to_an_end().await?;
        story.ask_again().await?;
        Ok(story)
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Call(call) => self.call(call),
            Step::Settle => self.settle().await,
            Step::Release(trouble) => self.release(trouble).await,
            Step::Pass(seconds) => self.stage.pass(SECOND * seconds.into()).await,
            Step::Restart(number) => {
                self.kill(number).await;
                self.stage.everybody_runs().await;
            }
            Step::Die(number) => {
                self.stage.everybody_runs().await;
                self.kill(number).await;
                if self.stage.running().is_empty() {
                    self.stage.everybody_runs().await;
                }
                self.stage.pass(30 * SECOND).await;
            }
            Step::Pause(number) => self.pause(number).await,
            Step::Trouble(number, trouble) => self.stage.server(number).trouble(trouble),
        }
    }

    fn call(&mut self, call: Call) {
        let (story, conversation) = (self.number, call.conversation);
        let id = match call.key {
            Some((key, true)) => format!("{story}-{conversation}-key-{key}"),
            Some((key, false)) => format!("{story}-{conversation}-key-{key}-otherwise"),
            None => format!("{story}-{conversation}-{}", self.attempts.len()),
        };
        let key = call.key.map(|(key, _)| key.to_string());
        let mut attempt = Attempt {
            conversation,
            action: call.action,
            id,
            key,
            came: None,
            calling: None,
        };
        let is_new = self
            .attempts
            .iter()
            .all(|other| other.path() != attempt.path());
        if is_new {
            self.stage.service.plan(&attempt.path(), call.does);
        }
        attempt.calling = Some(self.begin(&attempt, call.server));
        self.attempts.push(attempt);
    }

    fn begin(&self, attempt: &Attempt, server: usize) -> Calling {
        let conversation = self.conversations[attempt.conversation];
        let arguments = json!({"id": attempt.id});
        let mut request = request(conversation, attempt.action.name(), arguments);
        request.idempotency_key.clone_from(&attempt.key);
        self.stage.server(server).call(request)
    }

    /// Waits until nothing moves: everybody is answered, at the service, or waits for one of these.
    async fn settle(&self) {
        const STILL: Duration = Duration::from_millis(40);
        let far = || {
            let over = self.attempts.iter().filter(|attempt| attempt.is_over());
            let paths: BTreeSet<_> = self.attempts.iter().map(Attempt::path).collect();
            let hits = paths.iter().map(|path| self.stage.service.hits_of(path));
            (over.count(), hits.sum::<usize>())
        };
        let is_far =
            |attempt: &Attempt| attempt.is_over() || self.stage.service.holds(&attempt.path());
        let (mut last, mut since) = (far(), Instant::now());
        while since.elapsed() < STILL && !self.attempts.iter().all(is_far) {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let now = far();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }

    async fn release(&self, trouble: Trouble) {
        self.settle().await;
        for server in self.stage.running() {
            server.trouble(trouble);
        }
        self.stage.service.release();
        self.settle().await;
        for server in self.stage.running() {
            server.trouble(Trouble::None);
        }
    }

    async fn kill(&mut self, number: usize) {
        let number = number % self.stage.servers.len();
        if let Some(server) = self.stage.servers[number].take() {
            server.kill().await;
        }
    }

    async fn pause(&mut self, number: usize) {
        self.settle().await;
        let number = number % self.stage.servers.len();
        let Some(server) = self.stage.servers[number].take() else {
            return;
        };
        server.freeze().await;
        self.stage.pass(40 * SECOND).await;
        server.clock.jump(40 * SECOND);
        server.thaw();
        self.stage.servers[number] = Some(server);
    }

    /// Nothing fails any more, and everybody is answered in a bounded time.
    async fn come_to_an_end(&mut self) -> Result<(), String> {
        for server in self.stage.running() {
            server.trouble(Trouble::None);
        }
        self.stage.everybody_runs().await;
        self.settle().await;
        for _ in 0..LONGEST {
            self.stage.service.release();
            if self.attempts.iter().all(Attempt::is_over) {
                break;
            }
            self.stage.pass(SECOND).await;
            self.settle().await;
        }
        for attempt in &mut self.attempts {
            let Some(calling) = attempt.calling.take() else {
                continue;
            };
            if !calling.is_finished() {
                return Err(format!("a caller waits for ever: {attempt:?}"));
            }
            match calling.await {
                Ok(came) => attempt.came = Some(came),
                Err(error) if error.is_cancelled() => {}
                Err(error) => return Err(format!("{error}: {attempt:?}")),
            }
        }
        // Whoever looks for what was lost has had time to find it.
        self.stage.pass(12 * SECOND).await;
        Ok(())
    }

    /// Who has a key asks once more what came of it.
    async fn ask_again(&mut self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        let mut again = vec![];
        for attempt in &self.attempts {
            let which = (attempt.conversation, attempt.key.clone(), attempt.path());
            if attempt.key.is_some() && seen.insert(which) {
                again.push(Attempt {
                    conversation: attempt.conversation,
                    action: attempt.action,
                    id: attempt.id.clone(),
                    key: attempt.key.clone(),
                    came: None,
                    calling: Some(self.begin(attempt, again.len())),
                });
            }
        }
        self.attempts.extend(again);
        self.come_to_an_end().await
    }
}

/// Servers on one database, and the time that they share.
pub async fn stage(database: switchboard_testkit::TestDatabase) -> Stage {
    Stage::set(World::new(database, Options::default())).await
}
