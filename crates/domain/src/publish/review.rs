//! All that is to be known of a draft before it is published, and what of it needs a word.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    BrokenReference, MissingSecret, ProviderLimit, PublishWarning, Surroundings, UnknownVariable,
    Verdict, check, missing_secrets, provider_limits, unknown_variables, warnings,
};
use crate::agent::AgentDocument;
use crate::drift::{self, Class, LinkChange};
use crate::environment::PerEnvironment;
use crate::id::{BindingId, IntegrationId};
use crate::link::LinkedAction;

/// How much a finding matters for publishing, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing is published while it is there.
    Blocks,
    /// It is published only by somebody who says that they accept it.
    NeedsAccept,
    /// It is only told.
    Warns,
}

/// Something about a draft that is to be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code, by which it is accepted.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Weight,
    /// What it is.
    pub detail: String,
    /// The bindings concerned.
    pub binding_ids: Vec<BindingId>,
}

/// A draft that is to be published, looked at from all sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// What keeps it from being published.
    pub verdict: Verdict,
    /// What changed since the version that was restored into it, and nobody reviewed.
    pub drift: Vec<LinkChange>,
    /// The secrets without a value, by environment.
    pub missing_secrets: PerEnvironment<Vec<MissingSecret>>,
    /// The variables that templates read and nothing sets.
    pub unknown_variables: Vec<UnknownVariable>,
    /// What providers of models refuse or pass over.
    pub provider_limits: Vec<ProviderLimit>,
    /// All of it in one list, what matters most first.
    pub findings: Vec<Finding>,
}

impl Review {
    /// What has to be accepted and is not among `accepted`. What blocks cannot be accepted.
    pub fn left<'a>(&'a self, accepted: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(|finding| {
            finding.severity == Weight::NeedsAccept && !accepted.contains(finding.code)
        })
    }

    /// What is published all the same, as warnings.
    pub fn warnings(&self) -> Vec<PublishWarning> {
        let rest = self.findings.iter();
        rest.filter(|finding| finding.severity != Weight::Blocks)
            .map(|finding| PublishWarning {
                code: finding.code,
                detail: finding.detail.clone(),
                binding_ids: finding.binding_ids.clone(),
            })
            .collect()
    }
}

/// Looks at a draft. `channels` are the messaging channels that there are.
pub fn review(
    document: &AgentDocument,
    links: &[LinkedAction],
    channels: &BTreeSet<IntegrationId>,
    around: &Surroundings,
) -> Review {
    let verdict = check(document, links, channels);
    let drift = drift::since_restored(document, links);
    let mut findings = blocking(&verdict);
    findings.extend(drift.iter().filter_map(of_drift));
    findings.extend(
        warnings(document, links, around)
            .into_iter()
            .map(of_warning),
    );
    findings.sort_by_key(|finding| finding.severity);
    Review {
        verdict,
        drift,
        missing_secrets: missing_secrets(document, links, around),
        unknown_variables: unknown_variables(document, links, around),
        provider_limits: provider_limits(document, links),
        findings,
    }
}

fn blocking(verdict: &Verdict) -> Vec<Finding> {
    let broken = verdict.broken_references.iter().map(of_broken);
    let problems = verdict.problems.iter().map(|problem| Finding {
        code: problem.code,
        severity: Weight::Blocks,
        detail: problem.detail.clone(),
        binding_ids: problem.binding_ids.clone(),
    });
    broken.chain(problems).collect()
}

fn of_broken(broken: &BrokenReference) -> Finding {
    Finding {
        code: "broken_references",
        severity: Weight::Blocks,
        detail: format!(
            "the shared action `{}` was {}; link it again or remove it",
            broken.name,
            broken.reason.as_words()
        ),
        binding_ids: vec![broken.binding_id],
    }
}

/// A link that is broken blocks already, whatever else changed of it.
fn of_drift(change: &LinkChange) -> Option<Finding> {
    if change.change != drift::ChangeKind::Changed {
        return None;
    }
    let (code, severity, what) = match change.class {
        Class::Breaking => (
            "unreviewed_breaking_drift",
            Weight::NeedsAccept,
            "in a way that breaks this agent",
        ),
        Class::Risky | Class::Cosmetic => ("unreviewed_drift", Weight::Warns, "and nobody looked"),
    };
    let name = &change.name;
    Some(Finding {
        code,
        severity,
        detail: format!(
            "`{name}` changed since the restored version {what}; review it in the draft"
        ),
        binding_ids: vec![change.binding_id],
    })
}

/// What is certain to fail in production has to be accepted. What may be meant so, such as a variable
/// that the runtime sets or a limit of a provider that is not used, is only told.
fn of_warning(warning: PublishWarning) -> Finding {
    let severity = match warning.code {
        "empty_production_slot"
        | "secret_missing_in_production"
        | "workspace_variable_missing_in_production" => Weight::NeedsAccept,
        _ => Weight::Warns,
    };
    Finding {
        code: warning.code,
        severity,
        detail: warning.detail,
        binding_ids: warning.binding_ids,
    }
}
