//! People: sessions, members, invitations, the first owner.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::list::list;
use crate::wire::{
    EmailAddress, InvitationId, LinkToken, Password, Role, Time, Title, UserId, WorkspaceId,
};

list!(
    /// A page of members.
    MemberList, Member);
list!(
    /// A page of invitations.
    InvitationList, Invitation);

/// Who is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    /// The person.
    pub user: SessionUser,
    /// The workspace that the session is in.
    pub workspace: SessionWorkspace,
    /// The person's role in this workspace.
    pub role: Role,
    /// Every workspace that they are a member of.
    pub workspaces: Vec<OwnWorkspace>,
    /// Send it as `X-CSRF-Token` with every change.
    pub csrf_token: String,
    /// When the session ends by itself.
    pub expires_at: Time,
}

/// A person who is signed in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionUser {
    /// The person.
    pub id: UserId,
    /// Their address.
    pub email: EmailAddress,
    /// What they are called.
    pub name: String,
}

/// The workspace that a session is in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SessionWorkspace {
    /// The workspace.
    pub id: WorkspaceId,
    /// What it is called.
    pub name: String,
}

/// A workspace that one is a member of.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OwnWorkspace {
    /// The workspace.
    pub id: WorkspaceId,
    /// What it is called.
    pub name: String,
    /// The person's role there.
    pub role: Role,
}

/// Address and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInInput {
    /// The address, right or wrong.
    pub email: String,
    /// The password, right or wrong.
    pub password: Password,
}

/// Which workspace to go to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceChoice {
    /// The workspace.
    pub workspace_id: WorkspaceId,
}

/// The password that was and the one that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordInput {
    /// The password that was.
    pub current_password: Password,
    /// The password that is to be.
    pub new_password: Password,
}

/// Whether there is no owner yet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SetupState {
    /// Whether the link of the first start is needed.
    pub needed: bool,
}

/// The first owner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupInput {
    /// What stands behind the `#` of the link that the first start prints.
    pub token: LinkToken,
    /// The owner's address.
    pub email: EmailAddress,
    /// What they are called.
    pub name: Title,
    /// Their password.
    pub password: Password,
}

/// A member of the workspace.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    /// The person.
    pub id: UserId,
    /// Their address.
    pub email: EmailAddress,
    /// What they are called.
    pub name: String,
    /// Their role here.
    pub role: Role,
    /// Since when they are a member.
    pub created_at: Time,
    /// When they were last there, to about a minute.
    #[schema(required = true)]
    pub last_seen_at: Option<Time>,
}

/// Another role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    /// The role.
    pub role: Role,
}

/// An invitation that can be accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who is invited.
    pub email: EmailAddress,
    /// The role that they get.
    pub role: Role,
    /// When it was made.
    pub created_at: Time,
    /// When it stops working.
    pub expires_at: Time,
    /// What the person or the API key is called that invited.
    pub invited_by: String,
}

/// A new invitation, with its link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NewInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// Shown here and never again.
    pub link: String,
}

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationInput {
    /// Their address.
    pub email: EmailAddress,
    /// The role that they get.
    pub role: Role,
}

/// A link's token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectInput {
    /// What stands behind the `#` of the link.
    pub token: LinkToken,
}

/// What an invitation leads to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvitationView {
    /// Who is invited.
    pub email: EmailAddress,
    /// The role that they get.
    pub role: Role,
    /// The workspace that it leads into.
    pub workspace: InvitingWorkspace,
    /// Whether the address has an account already, whose password it takes then.
    pub has_account: bool,
}

/// The workspace that an invitation leads into.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvitingWorkspace {
    /// What it is called.
    pub name: String,
}

/// What makes the holder of a link a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInput {
    /// The link's token.
    pub token: LinkToken,
    /// What the person is called; of no effect when the address has an account.
    #[serde(default)]
    pub name: Option<String>,
    /// The password that the new account gets, or that the account has.
    pub password: Password,
}
