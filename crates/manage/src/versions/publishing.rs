//! Publishing a draft: locked and made live in one change, or neither; and what is to be known before.

use std::collections::BTreeSet;

use switchboard_contract::problem::Details;
use switchboard_contract::versions::PublishInput;
use switchboard_domain::agent::{AgentDocument, LockedVersion, VersionRef};
use switchboard_domain::drift;
use switchboard_domain::error_code::ErrorCode;
use switchboard_domain::id::{AgentId, WorkspaceId};
use switchboard_domain::link::LinkedAction;
use switchboard_domain::publish::{self, Differences, Review};
use switchboard_store::agent::{AgentRow, VersionRow};
use switchboard_store::{Engine, link, version};

use super::locking::{self, Published};
use super::review::{refused, surroundings};
use crate::change::{ConfigChange, check_revision};
use crate::impact::How;
use crate::{Manage, existing};
use switchboard_operation::{AppError, Manager};

/// What came of publishing a draft.
#[derive(Debug)]
pub enum Outcome {
    /// It is published.
    Done {
        /// The version.
        published: Published,
        /// Whether it was locked for this. The last locked version is published again where the
        /// draft is the same.
        is_new: bool,
    },
    /// It was asked for as a dry run: nothing changed.
    WouldBe(Box<Preview>),
}

/// What publishing a draft would come to.
#[derive(Debug)]
pub struct Preview {
    /// The draft's revision that was looked at.
    pub draft_revision: u64,
    /// The version that is published now.
    pub published_version: Option<u32>,
    /// The version that would be published.
    pub number: u32,
    /// Whether it would be locked for this.
    pub is_new: bool,
    /// How the draft differs from the version that is published now.
    pub differences: Differences,
    /// All that is to be known of it.
    pub review: Review,
    /// Why it would be refused.
    pub refusal: Option<AppError>,
}

/// What is looked at: nothing of it changes until the change ends.
struct Subject {
    agent: AgentRow,
    draft: VersionRow,
    links: Vec<LinkedAction>,
    /// The last locked version, where the draft is the same.
    same: Option<LockedVersion>,
}

/// Publishes the draft: locks it as the next version and makes that one live, in one change. When it
/// is refused nothing is locked.
pub async fn publish(
    manage: &Manage,
    manager: &Manager,
    id: AgentId,
    how: How,
    input: PublishInput,
) -> Result<Outcome, AppError> {
    locking::check_notes(&input.notes)?;
    let workspace = manager.workspace();
    let mut change = ConfigChange::begin(manage, workspace, manager.actor()).await?;
    let engine = &mut change.engine();
    let subject = subject(engine, workspace, id, &input.notes).await?;
    check_revision(how.expected, subject.draft.revision)?;
    let document = &subject.draft.document;
    let (channels, around) = surroundings(engine, workspace, document, &subject.links).await?;
    let review = publish::review(document, &subject.links, &channels, &around);
    let refusal = refusal(&review, &input.accept);
    if how.dry_run {
        let preview = preview(engine, workspace, &subject, review, refusal).await?;
        return Ok(Outcome::WouldBe(Box::new(preview)));
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let Subject {
        mut agent,
        draft,
        same,
        ..
    } = subject;
    let is_new = same.is_none();
    let version = match same {
        Some(version) => version,
        None => locking::add(&mut change, id, input.notes, draft.document).await?,
    };
    if agent.published_version != Some(version.number()) {
        locking::make_live(&mut change, &mut agent, version.number()).await?;
        change.commit().await?;
    }
    let published = Published {
        version: locking::view(&agent, version),
        warnings: review.warnings(),
    };
    Ok(Outcome::Done { published, is_new })
}

async fn subject(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    notes: &str,
) -> Result<Subject, AppError> {
    let agent = existing::agent(engine, workspace, id).await?;
    let draft = existing::draft(engine, workspace, id).await?;
    let links = link::of_version(engine, workspace, id, VersionRef::Draft).await?;
    let same = same_as_last(engine, workspace, id, &draft.document, notes).await?;
    Ok(Subject {
        agent,
        draft,
        links,
        same,
    })
}

/// The last locked version, where locking the draft would only repeat it: the same document, the
/// actions it links unchanged since, and nothing new to say about it. So who repeats a request
/// because its answer was lost does not get a second version.
async fn same_as_last(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    id: AgentId,
    document: &AgentDocument,
    notes: &str,
) -> Result<Option<LockedVersion>, AppError> {
    let last = version::next_number(engine, workspace, id).await? - 1;
    let Some(locked) = version::get(engine, workspace, id, last).await? else {
        return Ok(None);
    };
    if locked.document() != document || !(notes.is_empty() || notes == locked.notes()) {
        return Ok(None);
    }
    let links = link::of_version(engine, workspace, id, VersionRef::Number(last)).await?;
    Ok((!links.iter().any(drift::has_changed)).then_some(locked))
}

async fn preview(
    engine: &mut Engine<'_>,
    workspace: WorkspaceId,
    subject: &Subject,
    review: Review,
    refusal: Option<AppError>,
) -> Result<Preview, AppError> {
    let id = subject.agent.id;
    let published_version = subject.agent.published_version;
    let mut document = AgentDocument::default();
    let mut links = vec![];
    if let Some(number) = published_version
        && let Some(published) = version::get(engine, workspace, id, number).await?
    {
        document = published.document().clone();
        links = link::of_version(engine, workspace, id, VersionRef::Number(number)).await?;
    }
    let number = match &subject.same {
        Some(version) => version.number(),
        None => version::next_number(engine, workspace, id).await?,
    };
    let draft = (&subject.draft.document, &subject.links[..]);
    Ok(Preview {
        draft_revision: subject.draft.revision,
        published_version,
        number,
        is_new: subject.same.is_none(),
        differences: publish::differences((&document, &links), draft),
        review,
        refusal,
    })
}

fn refusal(review: &Review, accepted: &BTreeSet<String>) -> Option<AppError> {
    if !review.verdict.is_publishable() {
        return Some(refused("the draft", &review.verdict, ", and publish again"));
    }
    let left: Vec<_> = review.left(accepted).collect();
    let codes: BTreeSet<_> = left.iter().map(|finding| finding.code).collect();
    if codes.is_empty() {
        return None;
    }
    let list = codes.iter().map(|code| format!("`{code}`"));
    let message = format!(
        "nothing was published: see `findings`, and fix them or name what you accept in `accept`: {}",
        list.collect::<Vec<_>>().join(", ")
    );
    let details = Details {
        findings: Some(left.into_iter().cloned().map(Into::into).collect()),
        accept: Some(codes.iter().copied().collect()),
        ..Details::default()
    };
    Some(AppError::Conflict {
        code: ErrorCode::NeedsAccept,
        message,
        errors: vec![],
        details: Some(Box::new(details)),
    })
}
