//! Waiting until what is callable may have changed.

use std::sync::Arc;

use switchboard_domain::conversation::{Conversation, Status};
use switchboard_domain::environment::Environment;
use switchboard_domain::id::{AgentId, ConversationId};
use tokio::sync::watch;

use crate::Runtime;
use crate::conversations;
use crate::news::{News, NewsOf};
use crate::tools::{Offer, Tools};
use switchboard_contract::wire::RequestedVersion;
use switchboard_operation::{AppError, Runner};

/// Whose tools.
#[derive(Debug, Clone, Copy)]
pub enum Whose {
    /// A conversation's.
    Conversation(ConversationId),
    /// What a new conversation would be offered.
    New {
        /// The agent.
        agent: AgentId,
        /// The version; the published one may become another.
        version: RequestedVersion,
        /// Where it would run.
        environment: Environment,
    },
}

/// Watches the tools of one conversation, or of new ones. While nothing changes it costs nothing.
#[derive(Debug)]
pub struct ToolWatch {
    runner: Runner,
    whose: Whose,
    news: Option<NewsOf>,
    catalog: watch::Receiver<u64>,
    seen: Option<Offer>,
}

impl ToolWatch {
    /// Watches from now on. A conversation is given as it was read.
    pub async fn start(
        runtime: &Arc<Runtime>,
        runner: Runner,
        whose: Whose,
        conversation: Option<&Conversation>,
    ) -> Result<Self, AppError> {
        let catalog = runtime.catalog.changes(runner.workspace()).await?;
        Ok(Self {
            news: conversation.map(|conversation| News::of(runtime, conversation)),
            runner,
            whose,
            catalog,
            seen: None,
        })
    }

    /// The tools now: the first time at once, then each time they may have become others. None when
    /// they will not any more, because the conversation is closed.
    pub async fn next(&mut self, runtime: &Runtime) -> Result<Option<Tools>, AppError> {
        loop {
            if self.seen.is_some() {
                self.changed().await;
            }
            let Some(offer) = self.offer(runtime).await? else {
                return Ok(None);
            };
            // Most calls change nothing of it, and seeing that is cheaper than listing it.
            if self.seen.as_ref().is_none_or(|seen| !seen.is_same(&offer)) {
                let tools = offer.tools();
                self.seen = Some(offer);
                return Ok(Some(tools));
            }
        }
    }

    async fn offer(&self, runtime: &Runtime) -> Result<Option<Offer>, AppError> {
        match self.whose {
            Whose::Conversation(id) => {
                let conversation = conversations::get(runtime, &self.runner, id).await?;
                if conversation.status == Status::Closed {
                    return Ok(None);
                }
                Offer::of(runtime, conversation).await.map(Some)
            }
            Whose::New {
                agent,
                version,
                environment,
            } => {
                let version = conversations::version(runtime, &self.runner, agent, version).await?;
                Offer::to_new(runtime, &self.runner, agent, version, environment)
                    .await
                    .map(Some)
            }
        }
    }

    /// Waits for anything that may matter.
    async fn changed(&mut self) {
        let news = async {
            match &mut self.news {
                Some(news) => news.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = news => {}
            heard = self.catalog.changed() => if heard.is_err() {
                // Nobody tells any more: the server stops.
                std::future::pending::<()>().await;
            },
        }
    }
}
