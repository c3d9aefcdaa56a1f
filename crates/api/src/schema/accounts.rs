//! The shapes of people: sessions, members, invitations.

use utoipa::ToSchema;

/// What a person may do in a workspace. Each role includes those before it.
#[derive(ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Viewer,
    Editor,
    Admin,
    Owner,
}

/// Who is signed in.
#[derive(ToSchema)]
pub struct Session {
    user: SessionUser,
    workspace: SessionWorkspace,
    /// The person's role in this workspace.
    role: Role,
    /// Every workspace that they are a member of.
    workspaces: Vec<OwnWorkspace>,
    /// Send it as `X-CSRF-Token` with every change.
    csrf_token: String,
    expires_at: String,
}

/// A person who is signed in.
#[derive(ToSchema)]
pub struct SessionUser {
    id: String,
    email: String,
    name: String,
}

/// The workspace that a session is in.
#[derive(ToSchema)]
pub struct SessionWorkspace {
    id: String,
    name: String,
}

/// A workspace that one is a member of.
#[derive(ToSchema)]
pub struct OwnWorkspace {
    id: String,
    name: String,
    role: Role,
}

/// Address and password.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInInput {
    email: String,
    password: String,
}

/// Which workspace to go to.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceChoice {
    #[schema(pattern = "^wsp_[0-9a-f]{32}$")]
    workspace_id: String,
}

/// The password that was and the one that is to be.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordInput {
    current_password: String,
    #[schema(min_length = 12, max_length = 200)]
    new_password: String,
}

/// Whether there is no owner yet.
#[derive(ToSchema)]
pub struct SetupState {
    needed: bool,
}

/// The first owner.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupInput {
    /// What stands behind the `#` of the link that the first start prints.
    token: String,
    email: String,
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(min_length = 12, max_length = 200)]
    password: String,
}

list!(
    /// A page of members.
    MemberList, Member);
list!(
    /// A page of invitations.
    InvitationList, Invitation);

/// A member of the workspace.
#[derive(ToSchema)]
pub struct Member {
    id: String,
    email: String,
    name: String,
    role: Role,
    created_at: String,
    /// When they were last there, to about a minute.
    #[schema(required = true, nullable = true)]
    last_seen_at: Option<String>,
}

/// Another role.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    role: Role,
}

/// An invitation that can be accepted.
#[derive(ToSchema)]
pub struct Invitation {
    id: String,
    email: String,
    role: Role,
    created_at: String,
    expires_at: String,
    /// What the person or the API key is called that invited.
    invited_by: String,
}

/// A new invitation, with its link.
#[derive(ToSchema)]
pub struct NewInvitation {
    id: String,
    email: String,
    role: Role,
    created_at: String,
    expires_at: String,
    /// What the person or the API key is called that invited.
    invited_by: String,
    /// Shown here and never again.
    link: String,
}

/// Whom to invite.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationInput {
    email: String,
    role: Role,
}

/// A link's token.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InspectInput {
    /// What stands behind the `#` of the link.
    token: String,
}

/// What an invitation leads to.
#[derive(ToSchema)]
pub struct InvitationView {
    email: String,
    role: Role,
    workspace: InvitingWorkspace,
    /// Whether the address has an account already, whose password it takes then.
    has_account: bool,
}

/// The workspace that an invitation leads into.
#[derive(ToSchema)]
pub struct InvitingWorkspace {
    name: String,
}

/// What makes the holder of a link a member.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInput {
    token: String,
    /// What the person is called; of no effect when the address has an account.
    #[schema(required = false)]
    name: Option<String>,
    /// The password that the new account gets, or that the account has.
    password: String,
}
